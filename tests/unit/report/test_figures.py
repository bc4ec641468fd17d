# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.report import figures

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (None, ""),
        (True, ""),
        (-1, ""),
        ("12", ""),
        (0, "0 B"),
        (1023, "1023 B"),
        (KIB, "1.0 KiB"),
        (612 * MIB, "612 MiB"),
        (9 * GIB + 900 * MIB, "9.9 GiB"),
        (9 * GIB + 1000 * MIB, "10 GiB"),
        (999 * GIB, "999 GiB"),
        (1000 * GIB, "1.0 TiB"),
        (5000 * (1 << 50), "5000 PiB"),
    ],
)
def test_size(count: Any, told: str) -> None:
    assert figures.size(count) == told


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 d"),
        (timedelta(days=89), "89 d"),
        (timedelta(days=90), "3 mo"),
        (timedelta(days=729), "24 mo"),
        (timedelta(days=730), "2 y"),
    ],
)
def test_age(passed: timedelta, told: str) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert figures.age(now - passed, now) == told


def test_unknown_times_are_told_by_nothing() -> None:
    now = datetime(2026, 11, 24, 8, 5, tzinfo=UTC)
    assert figures.age(None, now) == figures.age(now, None) == figures.clock(None) == ""
    assert figures.clock(now) == "24 Nov 2026, 08:05 UTC"


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-11-24", "2026-11-24T08:00:00+0", "2026-13-24T08:00:00Z"])
def test_what_is_no_time(text: Any) -> None:
    assert figures.moment(text) is None


def test_moment() -> None:
    assert figures.moment("2026-11-24T08:05:00Z") == datetime(2026, 11, 24, 8, 5, tzinfo=UTC)


def test_count() -> None:
    assert [figures.count(n, "cloud", "clouds") for n in (0, 1, 1200)] == ["0 clouds", "1 cloud", "1,200 clouds"]
