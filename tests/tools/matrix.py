# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make test-matrix``: sanity, unit tests and chosen integration targets with each supported ansible-core.

Every pair of ansible-core and Python has an environment in ``.work/matrix``. A pair whose interpreter is not on this
machine, on PATH or kept by pyenv, is reported as not run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from ansible_collections.imageops.glance.tests.tools import interpreters, venv
from ansible_collections.imageops.glance.tests.tools.common import (
    COLLECTION,
    REPO,
    WORK,
    Suite,
    cloud_environment,
    environment,
    run,
)
from ansible_collections.imageops.glance.tests.tools.integration import run_targets
from ansible_collections.imageops.glance.tests.tools.sanity import run_sanity

# ansible-core with a Python that it supports on the controller; the test tools themselves need 3.11
MATRIX = (
    ("2.16", (3, 11)),
    ("2.19", (3, 11)),
    ("2.21", (3, 12)),
    ("2.21", (3, 13)),
)
TARGETS = ("image", "image_data", "image_info", "image_download", "image_member", "image_stores")
#: What ansible-core does with results, variables and action plugins differs most between its versions.
CLOUD_TESTS = (
    "tests/cloud/test_in_process.py",
    "tests/cloud/test_catalog_cycle.py",
    "tests/cloud/test_catalog_playbooks.py",
)
REQUIREMENTS = REPO / "requirements.txt"
# what the tests import beside what the modules do; the pins of the lint tools do not fit every ansible-core
PACKAGES = ("hypothesis", "pytest>=8", "PyYAML", "zstandard")


def label(core: str, python: tuple[int, int]) -> str:
    """Name of one pair."""
    return f"ansible-core {core} on Python {python[0]}.{python[1]}"


def prepare(core: str, python: tuple[int, int], path: Path) -> Path:
    """Build the environment of one pair and return its interpreter."""
    place = WORK / "matrix" / f"core{core}-py{python[0]}{python[1]}"
    return venv.ensure(place, str(path), [REQUIREMENTS], [f"ansible-core=={core}.*", *PACKAGES], exact=True)


def run_pair(name: str, interpreter: Path, suite: Suite, cloud: Mapping[str, str] | None, jobs: int) -> None:
    """Run the tests of one pair and count each part."""
    folder = interpreter.parent
    env = environment()
    env["PATH"] = f"{folder}:{env['PATH']}"
    command = [str(interpreter), "-m", "pytest", "-p", "no:pytest-ansible", "-q", "tests/unit"]
    suite.add(f"{name}: units", run(command, cwd=COLLECTION, env=env) == 0)
    sanity = run_sanity(folder, WORK / "sanity" / folder.parent.name)
    suite.add(f"{name}: sanity", not sanity.failed and bool(sanity.passed))
    suite.notes += [f"{name}: {note}" for note in sanity.notes]
    if cloud is None:
        return
    command = [str(interpreter), "-m", "pytest", "-p", "no:pytest-ansible", "-q", *CLOUD_TESTS]
    suite.add(f"{name}: catalogs", run(command, cwd=COLLECTION, env={**env, **cloud}) == 0)
    place = WORK / "integration" / folder.parent.name
    for outcome in run_targets(TARGETS, cloud, jobs, bin_folder=folder, folder=place):
        suite.add(f"{name}: target {outcome.target}", outcome.good)
        if not outcome.good:
            print(outcome.log.read_text(encoding="utf-8", errors="replace"))


def main(arguments: list[str]) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="Test with each supported ansible-core.")
    parser.add_argument("--core", action="append", default=[], help="only this ansible-core, such as 2.16")
    parser.add_argument("--no-cloud", action="store_true", help="leave out the integration targets")
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time")
    options = parser.parse_args(arguments)
    available = interpreters.find()
    cloud = None if options.no_cloud else cloud_environment()
    suite = Suite("test-matrix")
    started = time.monotonic()
    for core, python in MATRIX:
        name = label(core, python)
        if options.core and core not in options.core:
            continue
        print(f"\n===== {name} =====", flush=True)
        if python not in available:
            suite.notes.append(f"not run: {name}: this interpreter is not on this machine")
            continue
        try:
            interpreter = prepare(core, python, available[python])
        except subprocess.CalledProcessError as error:
            print(error)
            suite.add(f"{name}: environment", False)
            continue
        run_pair(name, interpreter, suite, cloud, options.jobs)
    suite.seconds = time.monotonic() - started
    print()
    for line in (*(f"FAILED: {line}" for line in suite.failures), *suite.notes):
        print(line)
    return suite.save()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
