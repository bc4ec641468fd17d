# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a transfer is, told from the thread that moves data to whoever shows it."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Optional, Protocol, TypedDict

# A reader looks at the file a few times a minute; writing more often would only cost the transfer time.
WRITE_INTERVAL = 0.5

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


class Progress(Protocol):
    """Told about each chunk, from any thread; must return at once."""

    def update(self, label: str, done: int, total: Optional[int]) -> None:
        """``done`` of ``total`` bytes of ``label`` have moved; total is None when it is not known.

        0 of None is for work of which nothing is known but that it goes on, such as what a server does by itself.
        """


class NoProgress:
    """For callers to whom nobody listens."""

    def update(self, label: str, done: int, total: Optional[int]) -> None:
        """Do nothing."""


class _State(TypedDict):
    label: str
    done: int
    total: Optional[int]
    started: float
    updated: float


class ProgressFile:
    """Keeps the latest state of every transfer in a small file: one JSON object a line, one line a label.

    Objects hold ``label``, ``done`` and ``total`` (bytes, null when unknown), ``started`` and ``updated`` (seconds
    since the epoch). The file is replaced as a whole, so that a reader never sees half of a line. A transfer must not
    fail because its progress cannot be written: such errors end the reports, silently.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._states: dict[str, _State] = {}
        self._next_write = 0.0
        self._usable = True

    def update(self, label: str, done: int, total: Optional[int]) -> None:
        """Note the state; write it when the last writing was long enough ago or the transfer is complete."""
        now = time.time()
        with self._lock:
            before = self._states.get(label)
            # What has less than before was begun anew.
            started = now if before is None or done < before["done"] else before["started"]
            self._states[label] = _State(label=label, done=done, total=total, started=started, updated=now)
            finished = total is not None and done >= total and (before is None or before["done"] != done)
            if self._usable and (finished or time.monotonic() >= self._next_write):
                self._write()

    def _write(self) -> None:
        self._next_write = time.monotonic() + WRITE_INTERVAL
        beside = f"{self._path}.new"
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
                handle.writelines(json.dumps(state) + "\n" for state in self._states.values())
            os.replace(beside, self._path)
        except OSError:
            self._usable = False


def format_line(label: str, done: int, total: Optional[int], rate: float, left: Optional[float]) -> str:
    """One line for a terminal, such as ``Ubuntu 24.04: 41% of 2.1 GiB, 380 MiB/s, 3 s left``.

    ``rate`` is in bytes a second, ``left`` in seconds; parts that are not known (0 and None) are left out.
    """
    if total:
        parts = [f"{label}: {min(100, done * 100 // total)}% of {format_bytes(total)}"]
    else:
        parts = [f"{label}: {format_bytes(done)}"]
    if rate > 0:
        parts.append(f"{format_bytes(rate)}/s")
    if total and left is not None and done < total:
        parts.append(f"{format_duration(left)} left")
    return ", ".join(parts)


def format_bytes(count: float) -> str:
    """Binary units, with one decimal below ten: ``999 bytes``, ``2.1 GiB``, ``380 MiB``."""
    power = 0
    while count >= 1023.5 and power < len(_UNITS) - 1:
        count /= 1024
        power += 1
    decimals = 1 if power and count < 9.95 else 0
    return f"{count:.{decimals}f} {_UNITS[power]}"


def format_duration(seconds: float) -> str:
    """Whole seconds, minutes above two minutes, hours and minutes above two hours."""
    whole = max(1, round(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
