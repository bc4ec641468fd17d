# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting processes that outlive the command, and ending only those: a pid alone is never believed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Callable, Optional

PROC = Path("/proc")
POLL_SECONDS = 0.05


def parse_stat(text: str) -> Optional[str]:
    """Start time in clock ticks out of /proc/PID/stat, None for a zombie. The name in brackets may hold anything."""
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def started(pid: int) -> Optional[str]:
    """A text that tells this process from any other that ever had the same pid; None where none runs."""
    if not (PROC / "self" / "stat").exists():
        return _started_by_ps(pid)
    try:
        ticks = parse_stat((PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace"))
    except (FileNotFoundError, ProcessLookupError):
        return None
    if ticks is None:
        return None
    # Ticks count from boot, so after a reboot another process may have the same pid and the same ticks.
    boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    return f"{boot}:{ticks}"


def _started_by_ps(pid: int) -> Optional[str]:
    found = subprocess.run(["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _blank, since = found.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else since.strip()


def is_running(pid: int, since: str) -> bool:
    """Whether the process that was started then as ``pid`` still runs."""
    return started(pid) == since


def find_by_title(pattern: re.Pattern[str]) -> list[int]:
    """Pids of processes whose command line or title, words parted by blanks, begins as ``pattern``; not this one's."""
    return [pid for pid, title in _titles() if pattern.match(title) and pid != os.getpid()]


def _titles() -> list[tuple[int, str]]:
    if not (PROC / "self" / "cmdline").exists():
        listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
        rows = (line.strip().partition(" ") for line in listing.stdout.splitlines())
        return [(int(pid), title) for pid, _blank, title in rows]
    titles = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            raw = (entry / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        titles.append((int(entry.name), raw.replace(b"\0", b" ").decode(errors="replace")))
    return titles


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll ``condition``; False where it did not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def end(pid: int, since: str, gentle: signal.Signals, patience: float) -> None:
    """Ask the process to end, after ``patience`` seconds make it. Its own children are its business."""
    for sign in (gentle, signal.SIGKILL):
        if not is_running(pid, since):
            return
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        if wait_until(lambda: not is_running(pid, since), patience):
            return


def kill_titled(pattern: re.Pattern[str], patience: float = 5.0) -> int:
    """Kill what is left of a service whose leader is gone; how many processes there were."""
    pids = find_by_title(pattern)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    wait_until(lambda: not find_by_title(pattern), patience)
    return len(pids)
