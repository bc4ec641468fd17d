# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands, timed: wall time and peak memory of the largest process, medians of several turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Starts a command and tells its wall time and the peak memory (KiB) of its largest process on the last line of stderr.
_LAUNCHER = """
import os, resource, sys, time
began = time.monotonic()
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_process, status, _usage = os.wait4(process, 0)
seconds = time.monotonic() - began
print(f"\\n{seconds} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}", file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Reading:
    """One turn: seconds, MiB, and what the command printed."""

    seconds: float
    memory: float
    output: str


class CommandFailedError(Exception):
    """A command that was to be measured did not do its work."""


def timed(command: Sequence[str | Path], env: Mapping[str, str], cwd: Path | None = None) -> Reading:
    """Run a command once.

    :raises CommandFailedError: it ended with an error; holds the end of its output
    """
    words = [sys.executable, "-c", _LAUNCHER, *map(str, command)]
    done = subprocess.run(
        words, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandFailedError(f"{' '.join(map(str, command))[:200]}\n{(done.stdout + done.stderr)[-2000:]}")
    seconds, memory = done.stderr.rstrip().splitlines()[-1].split()
    return Reading(float(seconds), int(memory) / 1024, done.stdout)


def median(turns: int, work: Callable[[], Reading], before: Callable[[], object] | None = None) -> Reading:
    """The median of several turns; ``before`` prepares each and is not measured."""
    readings = []
    for _turn in range(turns):
        if before is not None:
            before()
        readings.append(work())
    middle = statistics.median(reading.seconds for reading in readings)
    return Reading(middle, max(reading.memory for reading in readings), readings[-1].output)


def side_by_side(turns: int, before: Callable[[], object], *works: Callable[[], Reading]) -> list[Reading]:
    """The medians of several works, measured in turns, so that what slows the machine for a while slows them all."""
    readings: list[list[Reading]] = [[] for _work in works]
    for _turn in range(turns):
        for work, found in zip(works, readings, strict=True):
            before()
            found.append(work())
    return [sorted(found, key=lambda reading: reading.seconds)[len(found) // 2] for found in readings]


def machine() -> str:
    """What it ran on, without a name of it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {sys.version.split()[0]}"
