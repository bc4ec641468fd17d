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
    """Run the tests of a folder of the collection; the outcome counts tests, and skipped ones are noted with reason."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    report = RESULTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    suite = Suite(name)
    started = time.monotonic()
    # through the collection's path, so that test files are imported under their full names
    command = [str(VENV_BIN / "python"), "-m", "pytest", "-p", "no:pytest-ansible", f"--junit-xml={report}"]
    if not any(word.startswith(folder) for word in arguments):  # a test named by the caller replaces the folder
        command.append(folder)
    status = run([*command, *arguments], cwd=COLLECTION, env=environment(extra))
    suite.seconds = time.monotonic() - started
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            test = f"{case.get('classname')}::{case.get('name')}"
            skipped = case.find("skipped")
            if skipped is not None:
                suite.notes.append(f"not run: {test}: {skipped.get('message')}")
            else:
                suite.add(test, case.find("failure") is None and case.find("error") is None)
    if status and not suite.failed:
        suite.add(f"pytest {folder} (exit status {status})", False)
    return suite


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
