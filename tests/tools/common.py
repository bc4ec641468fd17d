# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tools share: where things are, how a command is run, how a suite's outcome is written down."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
WORK = REPO / ".work"
RESULTS = WORK / "results"
COLLECTIONS = WORK / "collections"
COLLECTION = COLLECTIONS / "ansible_collections" / "imageops" / "glance"
PACKAGE = "ansible_collections.imageops.glance"
CLOUD = REPO / "tests" / "local_cloud" / "cloud"
VENV_BIN = Path(sys.executable).parent  # not resolved: the environment's own bin, not that of its base Python


@dataclass
class Suite:
    """Outcome of one suite; ``passed`` and ``failed`` count its checks, ``failures`` names those that failed."""

    name: str
    passed: int = 0
    failed: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, check: str, good: bool) -> None:
        """Count one check."""
        if good:
            self.passed += 1
        else:
            self.failed += 1
            self.failures.append(check)

    def save(self) -> int:
        """Write the outcome where ``make test`` sums it up, print one line, and return the exit status."""
        RESULTS.mkdir(parents=True, exist_ok=True)
        result_file(self.name).write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        print(f"{self.name}: {self.passed} passed, {self.failed} failed in {self.seconds:.0f} s", flush=True)
        return 1 if self.failed or not self.passed else 0


def result_file(name: str) -> Path:
    """Where a suite's outcome is kept."""
    return RESULTS / f"{name}.json"


def load_suite(name: str) -> Suite | None:
    """A suite's outcome of this run, None when it never got as far as writing one."""
    try:
        return Suite(**json.loads(result_file(name).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for child processes: our tools first on PATH, our checkout as the collection, no pyenv shims.

    The shims answer for interpreters that are not there (``python3.12`` exists as a file and fails when it is run),
    which ansible-test takes for interpreters to test with.
    """
    env = dict(os.environ)
    paths = [part for part in env.get("PATH", os.defpath).split(os.pathsep) if not part.endswith("/shims")]
    env["PATH"] = os.pathsep.join([str(VENV_BIN), *[part for part in paths if part != str(VENV_BIN)]])
    env["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
    env["PYTHONPATH"] = str(COLLECTIONS)
    env["PYTHONUNBUFFERED"] = "1"
    env["ANSIBLE_NOCOWS"] = "1"
    env["LC_ALL"] = "C.UTF-8"
    env.update(extra or {})
    return env


def run(
    command: Sequence[str | Path],
    cwd: Path = REPO,
    env: Mapping[str, str] | None = None,
    quiet: bool = False,
    timeout: float | None = None,
) -> int:
    """Run one command and return its exit status; ``quiet`` shows its output only when it fails.

    A command that is not there, or that outlives ``timeout`` seconds, counts as failed.
    """
    words = [str(word) for word in command]
    print("$ " + shlex.join(words), flush=True)
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=dict(environment() if env is None else env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            text=True,
            check=False,
            timeout=timeout,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"could not run to its end: {error}", flush=True)
        return 127
    if quiet and done.returncode:
        print(done.stdout, flush=True)
    return done.returncode


def run_checks(name: str, checks: Iterable[tuple[str, Sequence[str | Path]]]) -> int:
    """Run every named command, also after one has failed, and save them as a suite."""
    suite = Suite(name)
    started = time.monotonic()
    for label, command in checks:
        suite.add(label, run(command) == 0)
    suite.seconds = time.monotonic() - started
    for label in suite.failures:
        print(f"FAILED: {label}", flush=True)
    return suite.save()


def tracked_files() -> list[str]:
    """Files of the checkout that are, or would be, in version control; paths relative to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=REPO, capture_output=True, text=True, check=True
    )
    return sorted({name for name in listed.stdout.split("\0") if name and (REPO / name).is_file()})


def cloud_environment() -> dict[str, str]:
    """Bring the local cloud up and return the environment that it asks its users to set."""
    subprocess.run([str(CLOUD), "up"], cwd=REPO, env=environment(), stdin=subprocess.DEVNULL, check=True)
    printed = subprocess.run(
        [str(CLOUD), "env"], cwd=REPO, env=environment(), capture_output=True, text=True, check=True
    )
    found: dict[str, str] = {}
    for line in printed.stdout.splitlines():
        words = shlex.split(line)
        if words[:1] == ["export"]:
            words = words[1:]
        for word in words:
            name, equals, value = word.partition("=")
            if equals:
                found[name] = value
    return found
