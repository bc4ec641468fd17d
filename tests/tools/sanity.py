# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test sanity`` on a copy of the checkout, without containers and without an ignore file.

    python -m ...tests.tools.sanity [--test NAME ...] [PATH ...]

The copy holds what version control holds, at the path that ansible-test insists on. Its home lies in ``.work`` too, so
that the environments which ansible-test builds for its tests are there again next time.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.imageops.glance.tests.tools import interpreters
from ansible_collections.imageops.glance.tests.tools.common import (
    REPO,
    VENV_BIN,
    WORK,
    Suite,
    environment,
    tracked_files,
)

ROOT = WORK / "sanity"
OLDEST_MODULE_PYTHON = (3, 9)
PIP_CHATTER = re.compile(r"\s+|Collecting |Using cached |Installing collected |Successfully installed ")


def copy_checkout(copy: Path) -> None:
    """Make the copy equal to the checkout, rewriting only what differs so that caches stay warm."""
    wanted = set(tracked_files())
    for old in [path for path in copy.rglob("*") if not path.is_dir()] if copy.exists() else []:
        name = str(old.relative_to(copy))
        if name not in wanted and not name.startswith((".git/", "tests/output/")):
            old.unlink()
    for name in wanted:
        source, target = REPO / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != source.read_bytes():
            shutil.copy2(source, target)
        shutil.copymode(source, target)
    if not (copy / ".git").exists():
        # without a repository of its own, ansible-test asks that of the checkout, which ignores everything in .work
        subprocess.run(["git", "init", "--quiet", str(copy)], check=True)


def offer_pip_bootstrap(home: Path, bin_folder: Path) -> None:
    """Lay our pip bootstrap where this ansible-test looks for the one that it would download."""
    for source in bin_folder.parent.glob("lib/python3*/site-packages/ansible_test/_internal/python_requirements.py"):
        for version in set(re.findall(r"pip='([0-9.]+)'", source.read_text(encoding="utf-8"))):
            target = home / ".ansible" / "test" / "cache" / f"get_pip_{version.replace('.', '_')}.py"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPO / "tests" / "tools" / "get_pip.py", target)


def offer_interpreters(folder: Path) -> None:
    """A folder with every interpreter of this machine that modules support, under the names ansible-test looks for."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for version, path in interpreters.find().items():
        if version >= OLDEST_MODULE_PYTHON:
            (folder / f"python{version[0]}.{version[1]}").symlink_to(path)


def run_sanity(
    bin_folder: Path = VENV_BIN, root: Path = ROOT, tests: Sequence[str] = (), paths: Sequence[str] = ()
) -> Suite:
    """Run the sanity tests of the ansible-core in one environment, all or the named ones; each counts once a Python."""
    started = time.monotonic()
    copy, home, pythons = root / "ansible_collections" / "imageops" / "glance", root / "home", root / "pythons"
    copy_checkout(copy)
    offer_pip_bootstrap(home, bin_folder)
    offer_interpreters(pythons)
    env = environment({"HOME": str(home)})
    env["PATH"] = f"{bin_folder}:{pythons}:{env['PATH']}"
    # ansible-test finds collections by its own place on disk; ours would shadow the copy
    for name in ("PYTHONPATH", "ANSIBLE_COLLECTIONS_PATH"):
        env.pop(name, None)
    command = [str(bin_folder / "ansible-test"), "sanity", "--local", "--color", "no", "--truncate", "0"]
    for name in tests:
        command += ["--test", name]
    print("$ " + " ".join(command), flush=True)
    ran: list[str] = []
    failed: list[str] = []
    notes: list[str] = []
    with subprocess.Popen(
        [*command, *paths], cwd=copy, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        verdict = False
        for line in process.stdout or ():
            if not PIP_CHATTER.match(line):
                print(line, end="", flush=True)
            if verdict:  # the names of the failed tests, one a line, follow the verdict
                failed.append(line.strip())
            elif line.startswith("Running sanity test "):
                ran.append(line)
            elif line.startswith("WARNING: Skipping sanity test "):
                notes.append(line.removeprefix("WARNING: ").strip())
            verdict = verdict or " sanity test(s) listed below " in line
    if process.returncode and not failed:
        failed = ["ansible-test"]
    passed = max(0, len(ran) - len(failed))
    return Suite("sanity", passed, len(failed), time.monotonic() - started, failures=failed, notes=notes)


def main(arguments: list[str]) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="Run ansible-test sanity on a copy of the checkout.")
    parser.add_argument("--test", action="append", default=[], help="only this sanity test")
    parser.add_argument("paths", nargs="*", help="only these files of the collection")
    options = parser.parse_args(arguments)
    return run_sanity(tests=options.test, paths=options.paths).save()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
