# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays cases, some at a time, and tells how each of them went."""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.imageops.glance.tests.faults.case import Case
from ansible_collections.imageops.glance.tests.faults.stage import staged
from ansible_collections.imageops.glance.tests.faults.table import table
from ansible_collections.imageops.glance.tests.tools.common import Suite, cloud_environment

NAME_WIDTH, EXPECTED_WIDTH = 52, 34


@dataclass(frozen=True)
class Verdict:
    """How one case went. ``told`` is what the disturbed run said, or why the case failed."""

    case: Case
    good: bool
    told: str
    seconds: float


def play(cases: list[Case], variables: Mapping[str, str], workers: int) -> list[Verdict]:
    """Play all cases; each line is printed when its case has ended."""
    waiting: queue.SimpleQueue[Case] = queue.SimpleQueue()
    for case in cases:
        waiting.put(case)
    verdicts: list[Verdict] = []
    screen = threading.Lock()

    def work() -> None:
        with staged(variables) as stage:
            while True:
                try:
                    case = waiting.get_nowait()
                except queue.Empty:
                    return
                began = time.monotonic()
                try:
                    told, good = case.play(stage), True
                except AssertionError as exc:
                    told, good = str(exc) or traceback.format_exc(limit=-2), False
                except Exception:  # noqa: BLE001 - one case that cannot be played must not keep the others from it
                    told, good = traceback.format_exc(), False
                verdict = Verdict(case, good, told, time.monotonic() - began)
                with screen:
                    verdicts.append(verdict)
                    print(_line(verdict), flush=True)

    threads = [threading.Thread(target=work) for _number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return verdicts


def _line(verdict: Verdict) -> str:
    width = max(40, shutil.get_terminal_size((200, 24)).columns - NAME_WIDTH - EXPECTED_WIDTH - 16)
    told = " ".join(verdict.told.split())
    shown = told if not verdict.good or len(told) <= width else told[: width - 1] + "…"
    start = f"{verdict.case.name:{NAME_WIDTH}} {verdict.case.expected:{EXPECTED_WIDTH}}"
    return f"{start} {verdict.seconds:5.1f} s  {'ok    ' if verdict.good else 'FAILED'} {shown}"


def main(arguments: list[str]) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(prog="faults", description="Faults, kills and races on the local cloud.")
    parser.add_argument("--short", action="store_true", help="a representative part, for every run of all tests")
    parser.add_argument("--jobs", type=int, default=2, help="cases at a time")
    parser.add_argument("--list", action="store_true", help="only print the names")
    parser.add_argument("-k", metavar="PATTERN", default="", help="only cases whose names this regular expression fits")
    given = parser.parse_args(arguments)
    cases = [case for case in table() if re.search(given.k, case.name) and (case.short or not given.short)]
    if given.list:
        print("\n".join(case.name for case in cases))
        return 0
    variables = dict(os.environ) if os.environ.get("LOCAL_CLOUD_STATE") else cloud_environment()
    print(f"{'case':{NAME_WIDTH}} {'expected':{EXPECTED_WIDTH}} {'time':>7}  result", flush=True)
    suite = Suite("faults-short" if given.short else "faults")
    began = time.monotonic()
    for verdict in play(cases, variables, given.jobs):
        suite.add(verdict.case.name, verdict.good)
    suite.seconds = time.monotonic() - began
    for name in suite.failures:
        print(f"FAILED: {name}", file=sys.stderr)
    return suite.save()
