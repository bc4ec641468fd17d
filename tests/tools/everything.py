# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make test``: all suites, two at a time, each one's output whole, and one line in the end that says how it went.

A suite that fails does not keep the others from running. Suites that need the cloud share a lane, because they would
see each other's images and because timing tests need a machine that is not busy with two of them. A molecule scenario
starts a cloud of its own, so it runs in the other one.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from ansible_collections.imageops.glance.tests.tools.common import REPO, RESULTS, Suite, load_suite, result_file

LANES = (("units", "integration", "faults-short"), ("lint", "sanity", "release-check", "browser", "molecule"))
SCREEN = threading.Lock()


def run_suite(name: str) -> Suite:
    """Run one make target with its output in a file, show the file, and return the outcome."""
    result_file(name).unlink(missing_ok=True)
    log = RESULTS / f"{name}.log"
    started = time.monotonic()
    with open(log, "w", encoding="utf-8") as output:
        status = subprocess.run(
            ["make", "--no-print-directory", name],
            cwd=REPO,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    suite = load_suite(name) or Suite(name)
    suite.seconds = time.monotonic() - started
    if status and not suite.failed:
        suite.add(f"make {name} (exit status {status})", False)
    with SCREEN:
        print(f"\n===== {name} =====", flush=True)
        # bytes a test printed on purpose may not be text
        print(log.read_text(encoding="utf-8", errors="replace"), flush=True)
    return suite


def main() -> int:
    """Command line entry."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    outcomes: dict[str, Suite] = {}

    def run_lane(names: tuple[str, ...]) -> None:
        for name in names:
            outcomes[name] = run_suite(name)

    started = time.monotonic()
    print("running " + ", ".join(name for lane in LANES for name in lane) + "; output follows suite by suite")
    threads = [threading.Thread(target=run_lane, args=(lane,)) for lane in LANES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    print(f"\n===== all suites, {time.monotonic() - started:.0f} s =====")
    for suite in outcomes.values():
        print(f"{suite.name:14} {suite.passed:6} passed {suite.failed:4} failed {suite.seconds:6.0f} s")
        for line in suite.failures:
            print(f"    FAILED {line}")
        for line in suite.notes:
            print(f"    note: {line}")
    passed = sum(suite.passed for suite in outcomes.values())
    failed = sum(suite.failed for suite in outcomes.values())
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
