# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a report as people read them. Pure."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Optional

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")
_HOUR = 3600
_DAY = 24 * _HOUR


def size(count: Any) -> str:
    """Bytes with a binary unit and three digits at most: 0 B, 612 MiB, 2.1 GiB; "" for none."""
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        return ""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in _UNITS:
        value /= 1024
        if value < 9.95:
            return f"{value:.1f} {unit}"
        if value < 999.5 or unit == _UNITS[-1]:
            break
    return f"{value:.0f} {unit}"


def moment(text: Any) -> Optional[datetime]:
    """A time as Glance and our reports write it, 2026-11-24T08:00:00Z; None when it is no time."""
    written = str(text)
    if len(written) != len("2026-11-24T08:00:00Z") or not written.endswith("Z"):
        return None
    try:
        # strptime() takes ten times as long, and there may be a hundred thousand of them.
        return datetime.fromisoformat(written[:-1]).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def age(since: Optional[datetime], now: Optional[datetime]) -> str:
    """How old something is, in its largest unit that says enough: 40 min, 5 h, 12 d, 7 mo, 3 y; "" for unknown."""
    if since is None or now is None:
        return ""
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < _HOUR:
        return f"{seconds // 60} min"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} h"
    days = seconds // _DAY
    if days < 90:
        return f"{days} d"
    if days < 2 * 365:
        return f"{days // 30} mo"
    return f"{days // 365} y"


def clock(time: Optional[datetime]) -> str:
    """A time of day that is the same for readers everywhere; "" for unknown."""
    return "" if time is None else f"{time.day} {time.strftime('%b %Y, %H:%M')} UTC"


def count(number: int, one: str, many: str) -> str:
    """A number with its noun: 1 cloud, 1,200 images."""
    return f"{number:,} {one if number == 1 else many}"
