# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import ProgressFile
from ansible_collections.imageops.glance.plugins.plugin_utils.progress_lines import Lines, State, read_states

MIB = 1 << 20
START = 1000.0


def state(done: int, after: float, total: int | None = 100 * MIB, label: str = "a", start: float = START) -> State:
    return State(label, done, total, start, start + after)


def told(*readings: tuple[float, list[State]]) -> list[tuple[float, str]]:
    """The lines that successive readings give, with their times."""
    lines = Lines()
    return [(after, line) for after, states in readings for line in lines.due(states, START + after)]


def test_a_short_transfer_is_not_shown() -> None:
    lines = Lines()
    assert lines.due([state(MIB, 1)], START + 1) == []
    assert lines.due([state(99 * MIB, 2.9)], START + 2.9) == []
    assert lines.last([state(100 * MIB, 3.1)], START + 3.1) == []


def test_a_long_one_is_shown_after_three_seconds_and_then_every_ten() -> None:
    readings = [(float(second), [state(second * 4 * MIB, second)]) for second in range(1, 26)]
    assert told(*readings) == [
        (3.0, "a: 12% of 100 MiB, 4.0 MiB/s, 22 s left"),
        (13.0, "a: 52% of 100 MiB, 4.0 MiB/s, 12 s left"),
        (23.0, "a: 92% of 100 MiB, 4.0 MiB/s, 2 s left"),
        (25.0, "a: 100% of 100 MiB, 4.0 MiB/s"),
    ]


def test_the_rate_is_that_since_the_last_line() -> None:
    readings = [(3.0, [state(3 * MIB, 3)]), (13.0, [state(53 * MIB, 13)])]
    assert told(*readings)[-1] == (13.0, "a: 53% of 100 MiB, 5.0 MiB/s, 9 s left")


def test_nothing_new_is_not_told_again() -> None:
    readings = [(float(second), [state(3 * MIB, 3)]) for second in range(3, 60)]
    assert len(told(*readings)) == 1


def test_each_transfer_has_its_own_clock() -> None:
    readings = [
        (float(second), [state(second * MIB, second), state(second * MIB, second - 5, label="b", start=START + 5)])
        for second in range(6, 15)
    ]
    assert [(after, line[0]) for after, line in told(*readings)] == [(6.0, "a"), (8.0, "b")]


def test_the_end_is_told_once_and_only_of_what_was_shown() -> None:
    lines = Lines()
    lines.due([state(50 * MIB, 5)], START + 5)
    ended = [state(100 * MIB, 8), state(100 * MIB, 8, label="b")]
    assert lines.last(ended, START + 8) == ["a: 100% of 100 MiB, 12 MiB/s"]
    assert lines.last(ended, START + 8) == []
    assert lines.due(ended, START + 30) == []


def test_a_transfer_that_failed_has_no_last_line() -> None:
    lines = Lines()
    lines.due([state(50 * MIB, 5)], START + 5)
    assert lines.last([state(60 * MIB, 6)], START + 6) == []


def test_without_a_total_the_bytes_so_far_are_told() -> None:
    lines = Lines()
    assert lines.due([state(50 * MIB, 5, None)], START + 5) == ["a: 50 MiB, 10 MiB/s"]
    assert lines.last([state(80 * MIB, 8, None)], START + 8) == ["a: 80 MiB, 10 MiB/s"]


def test_what_begins_anew_has_no_negative_rate() -> None:
    lines = Lines()
    lines.due([state(50 * MIB, 5)], START + 5)
    again = State("a", 10 * MIB, 100 * MIB, START + 13, START + 15)
    assert lines.due([again], START + 15) == ["a: 10% of 100 MiB, 5.0 MiB/s, 18 s left"]


def test_work_that_only_goes_on() -> None:
    readings = [(float(second), [state(0, second, None, "Import of x")]) for second in range(1, 15)]
    assert told(*readings) == [(3.0, "Import of x: 3 s so far"), (13.0, "Import of x: 13 s so far")]
    assert told((20.0, [state(0, 1, None)]), (40.0, [state(0, 1, None)])) == [(20.0, "a: 1 s so far")]


def test_what_the_module_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "progress"
    ProgressFile(str(path)).update("a", 5, 10)
    found = read_states(str(path))
    assert [(item.label, item.done, item.total, item.complete) for item in found] == [("a", 5, 10, False)]
    assert found[0].started == found[0].updated


@pytest.mark.parametrize("content", [b"", b"{", b"[]\n", b'{"label": "a"}\n', b"\xff\n", b"null\n"])
def test_anything_else_is_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "progress").write_bytes(content)
    assert read_states(str(tmp_path / "progress")) == []
    assert read_states(str(tmp_path / "none")) == []
