# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run integration targets with plain ansible-playbook against the local cloud, then the Python tests that need it.

python -m ...tests.tools.integration [--jobs N] [--no-pytest] [--bin FOLDER] [TARGET ...] [-- PLAYBOOK ARGUMENT ...]

A target is a role, as ansible-test has it. It is given these variables:

``output_dir``  an empty folder of its own
``target_id``   a short text that no other target and no other run has, for the names of what it makes in the cloud

Targets run side by side. One that needs the cloud for itself says ``# parallel: no`` in its ``aliases`` file.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from ansible_collections.imageops.glance.tests.tools.common import (
    REPO,
    VENV_BIN,
    WORK,
    Suite,
    cloud_environment,
    environment,
)
from ansible_collections.imageops.glance.tests.tools.pytest_suite import run_pytest

TARGETS = REPO / "tests" / "integration" / "targets"
PYTHON_TESTS = "tests/cloud"
TIME_LIMIT = 1200.0
PLAYBOOK = """---
- name: {target}
  hosts: testhost
  gather_facts: false
  roles:
    - role: {target}
"""


@dataclass(frozen=True)
class Outcome:
    """How one target ended."""

    target: str
    good: bool
    seconds: float
    log: Path
    tries: int = 1


def all_targets() -> list[str]:
    """Names of the targets; what starts with ``setup_`` is only there for others to depend on."""
    if not TARGETS.is_dir():
        return []
    return sorted(path.name for path in TARGETS.iterdir() if path.is_dir() and not path.name.startswith("setup_"))


def runs_alone(target: str) -> bool:
    """True when the target must not share the cloud with another one."""
    aliases = TARGETS / target / "aliases"
    return aliases.exists() and "# parallel: no" in aliases.read_text(encoding="utf-8").splitlines()


def run_target(target: str, cloud: Mapping[str, str], folder: Path, bin_folder: Path, extra: Sequence[str]) -> Outcome:
    """Run one target in its own folder with its own Ansible home."""
    place = folder / target
    shutil.rmtree(place, ignore_errors=True)
    (place / "output").mkdir(parents=True)
    (place / "play.yml").write_text(PLAYBOOK.format(target=target), encoding="utf-8")
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": str(bin_folder / "python"),
        "output_dir": str(place / "output"),
        "target_id": f"{target}-{secrets.token_hex(3)}",
    }
    inventory = {"all": {"hosts": {"testhost": variables}}}
    (place / "inventory.json").write_text(json.dumps(inventory, indent=1), encoding="utf-8")
    env = environment(cloud)
    env["PATH"] = f"{bin_folder}{os.pathsep}{env['PATH']}"
    env["ANSIBLE_HOME"] = str(place / "home")
    env["ANSIBLE_ROLES_PATH"] = str(TARGETS)
    env["ANSIBLE_FORCE_COLOR"] = "0"
    env["ANSIBLE_LOCALHOST_WARNING"] = "0"
    log = place / "log.txt"
    started = time.monotonic()
    command = [
        str(bin_folder / "ansible-playbook"),
        "-i",
        str(place / "inventory.json"),
        *extra,
        str(place / "play.yml"),
    ]
    with open(log, "w", encoding="utf-8") as output:
        try:
            good = (
                subprocess.run(
                    command,
                    cwd=place,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    check=False,
                    timeout=TIME_LIMIT,
                ).returncode
                == 0
            )
        except subprocess.TimeoutExpired:
            output.write(f"\nkilled after {TIME_LIMIT:.0f} s\n")
            good = False
    outcome = Outcome(target, good, time.monotonic() - started, log)
    print(f"{'ok    ' if good else 'FAILED'} {target} ({outcome.seconds:.0f} s)", flush=True)
    return outcome


def run_targets(
    targets: Sequence[str],
    cloud: Mapping[str, str],
    jobs: int,
    extra: Sequence[str] = (),
    bin_folder: Path = VENV_BIN,
    folder: Path = WORK / "integration",
) -> list[Outcome]:
    """Run targets, ``jobs`` at a time, those that want the cloud for themselves last."""
    together = [target for target in targets if not runs_alone(target)]
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        outcomes = list(pool.map(lambda target: run_target(target, cloud, folder, bin_folder, extra), together))
    for target in [target for target in targets if runs_alone(target)]:
        outcomes.append(run_target(target, cloud, folder, bin_folder, extra))
    # Once more, with the cloud for itself: what only fails on an overloaded machine tells nothing. The table shows it.
    return [
        outcome if outcome.good else replace(run_target(outcome.target, cloud, folder, bin_folder, extra), tries=2)
        for outcome in outcomes
    ]


def show(outcomes: Sequence[Outcome]) -> None:
    """The output of every target that failed, then a table of all."""
    for outcome in outcomes:
        if not outcome.good:
            print(f"\n--- {outcome.target} ---\n{outcome.log.read_text(encoding='utf-8', errors='replace')}")
    width = max((len(outcome.target) for outcome in outcomes), default=0)
    print(f"\n{'target':{width}}  result  seconds")
    for outcome in outcomes:
        again = "  at the second try" if outcome.tries > 1 else ""
        print(f"{outcome.target:{width}}  {'ok' if outcome.good else 'FAILED':6}  {outcome.seconds:7.1f}{again}")
    print(flush=True)


def main(arguments: list[str]) -> int:
    """Command line entry."""
    extra: list[str] = []
    if "--" in arguments:
        cut = arguments.index("--")
        arguments, extra = arguments[:cut], arguments[cut + 1 :]
    parser = argparse.ArgumentParser(description="Run integration targets against the local cloud.")
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1), help="targets at a time")
    parser.add_argument("--no-pytest", action="store_true", help=f"leave out {PYTHON_TESTS}")
    parser.add_argument("--bin", type=Path, default=VENV_BIN, help="bin folder of the environment to test with")
    parser.add_argument("targets", nargs="*", help="only these, and no Python tests")
    options = parser.parse_args(arguments)
    known = all_targets()
    if unknown := sorted(set(options.targets) - set(known)):
        parser.error(f"no such target: {', '.join(unknown)}; there are: {', '.join(known)}")
    started = time.monotonic()
    cloud = cloud_environment()
    outcomes = run_targets(options.targets or known, cloud, options.jobs, extra, options.bin)
    suite = Suite("integration")
    for outcome in outcomes:
        suite.add(f"target {outcome.target}", outcome.good)
    if not options.targets and not options.no_pytest and (REPO / PYTHON_TESTS).is_dir():
        python_tests = run_pytest("integration-pytest", PYTHON_TESTS, extra=cloud)
        suite.passed += python_tests.passed
        suite.failed += python_tests.failed
        suite.failures += python_tests.failures
        suite.notes += python_tests.notes
    show(outcomes)
    suite.seconds = time.monotonic() - started
    return suite.save()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
