# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import (
    NoProgress,
    ProgressFile,
    format_bytes,
    format_duration,
    format_line,
)

GIB = 1 << 30
PROGRESS = ProgressFile.__module__


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("Ubuntu 24.04", 924_000_000, 2_254_857_830, 398_458_880, 3.3),
            "Ubuntu 24.04: 40% of 2.1 GiB, 380 MiB/s, 3 s left",
        ),
        (("a", 0, 100, 0, None), "a: 0% of 100 bytes"),
        (("a", 100, 100, 50, 0), "a: 100% of 100 bytes, 50 bytes/s"),
        (("a", 120, 100, 0, None), "a: 100% of 100 bytes"),
        (("a", 5 * GIB, None, 1 << 20, None), "a: 5.0 GiB, 1.0 MiB/s"),
        (("a", 999, 1000, 0.2, 5000), "a: 99% of 1000 bytes, 0 bytes/s, 83 min left"),
        (("a", 0, 0, 0, None), "a: 0 bytes"),
    ],
)
def test_lines(arguments: tuple[str, int, int | None, float, float | None], line: str) -> None:
    assert format_line(*arguments) == line


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (10_188, "9.9 KiB"),
        (10_240, "10 KiB"),
        (1023.6 * 1024, "1.0 MiB"),
        (2.1 * GIB, "2.1 GiB"),
        (5000 * GIB * 1024, "5000 TiB"),
    ],
)
def test_bytes(count: float, text: str) -> None:
    assert format_bytes(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 s"), (3.4, "3 s"), (119, "119 s"), (150, "2 min"), (7100, "118 min"), (9000, "2 h 30 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(f"{PROGRESS}.time.time", lambda: self.now)
        monkeypatch.setattr(f"{PROGRESS}.time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def states(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_file_holds_the_latest_state_of_each_label(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "progress"
    progress = ProgressFile(str(path))
    progress.update("a", 1, 10)
    clock.now += 1
    progress.update("b", 5, None)
    clock.now += 1
    progress.update("a", 2, 10)
    assert states(path) == [
        {"label": "a", "done": 2, "total": 10, "started": 1000.0, "updated": 1002.0},
        {"label": "b", "done": 5, "total": None, "started": 1001.0, "updated": 1001.0},
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["progress"]


def test_it_is_written_rarely_but_the_end_at_once(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "progress"
    progress = ProgressFile(str(path))
    written = []
    for done in range(1, 11):
        progress.update("a", done, 10)
        written.append(states(path)[0]["done"])
        clock.now += 0.1
    assert written == [1, 1, 1, 1, 1, 6, 6, 6, 6, 10]


def test_what_begins_anew_gets_a_new_start(tmp_path: Path, clock: Clock) -> None:
    progress = ProgressFile(str(tmp_path / "progress"))
    progress.update("a", 5, 10)
    clock.now += 1
    progress.update("a", 1, 10)
    assert states(tmp_path / "progress")[0]["started"] == 1001.0


def test_a_path_that_cannot_be_written_does_not_disturb(tmp_path: Path, clock: Clock) -> None:
    progress = ProgressFile(str(tmp_path / "none" / "progress"))
    progress.update("a", 1, 10)
    (tmp_path / "none").mkdir()
    clock.now += 10
    progress.update("a", 2, 10)
    assert list((tmp_path / "none").iterdir()) == []


def test_many_threads_at_once(tmp_path: Path) -> None:
    path = tmp_path / "progress"
    progress = ProgressFile(str(path))

    def work(label: str) -> None:
        for done in range(1001):
            progress.update(label, done, 1000)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(str(state["label"]), state["done"]) for state in states(path)} == {(str(n), 1000) for n in range(5)}


def test_nobody_listens() -> None:
    NoProgress().update("a", 1, None)
    assert vars(NoProgress()) == {}
