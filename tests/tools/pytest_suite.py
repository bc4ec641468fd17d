# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one folder of Python tests and save what it counted.

python -m ...tests.tools.pytest_suite [--cloud] NAME FOLDER [PYTEST ARGUMENT ...]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from ansible_collections.imageops.glance.tests.tools.common import (
    COLLECTION,
    REPO,
    RESULTS,
    VENV_BIN,
    Suite,
    cloud_environment,
    environment,
    run,
)


def run_pytest(name: str, folder: str, arguments: Sequence[str] = (), extra: Mapping[str, str] | None = None) -> Suite:
    """Run the tests of a folder of the collection; the outcome counts tests, and skipped ones are noted with reason.

    What fails is run once more when everything else is done: a test of a real service that only fails while the machine
    is overloaded tells nothing about the collection. It is noted, so that nobody overlooks one that does so often.
    """
    RESULTS.mkdir(parents=True, exist_ok=True)
    suite = Suite(name)
    started = time.monotonic()
    selected = (
        [] if any(word.startswith(folder) for word in arguments) else [folder]
    )  # a named test replaces the folder
    status, outcomes = _once(name, [*selected, *arguments], suite, extra)
    recovered = False
    if status and any(not good for good in outcomes.values()):
        again = [*selected, *arguments, "--last-failed", "--last-failed-no-failures=none"]
        _status, second = _once(f"{name}-again", again, Suite(name), extra)
        for test, good in second.items():
            if good and not outcomes.get(test, True):
                outcomes[test] = recovered = True
                suite.notes.append(f"failed first and passed when run again: {test}")
    for test, good in outcomes.items():
        suite.add(test, good)
    if status and all(outcomes.values()) and not recovered:
        suite.add(f"pytest {folder} (exit status {status})", False)
    suite.seconds = time.monotonic() - started
    return suite


def _once(
    name: str, arguments: Sequence[str], suite: Suite, extra: Mapping[str, str] | None
) -> tuple[int, dict[str, bool]]:
    """One run of pytest: its exit status, and which tests were good."""
    report = RESULTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    # through the collection's path, so that test files are imported under their full names
    command = [str(VENV_BIN / "python"), "-m", "pytest", "-p", "no:pytest-ansible", f"--junit-xml={report}"]
    status = run([*command, *arguments], cwd=COLLECTION, env=environment(extra))
    outcomes: dict[str, bool] = {}
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            test = f"{case.get('classname')}::{case.get('name')}"
            skipped = case.find("skipped")
            if skipped is not None:
                suite.notes.append(f"not run: {test}: {skipped.get('message')}")
            else:
                outcomes[test] = case.find("failure") is None and case.find("error") is None
    return status, outcomes


def main(arguments: list[str]) -> int:
    """Command line entry."""
    needs_cloud = arguments[:1] == ["--cloud"]
    name, folder, *rest = arguments[1:] if needs_cloud else arguments
    if not (REPO / folder).is_dir():
        print(f"there are no tests in {folder}", file=sys.stderr)
        return 2
    return run_pytest(name, folder, rest, cloud_environment() if needs_cloud else None).save()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
