# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What arrives is hashed and written, whatever happens on the way."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.download.fetch import fill
from ansible_collections.imageops.glance.plugins.module_utils.download.part import Part, open_part
from ansible_collections.imageops.glance.plugins.module_utils.errors import TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests
from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import NoProgress
from ansible_collections.imageops.glance.tests.unit.download.helpers import DATA, sha512


class Stream:
    """The data in pieces; ``fails`` is raised after ``until`` bytes of it."""

    def __init__(self, fails: BaseException | None = None, until: int = len(DATA)) -> None:
        self.fails = fails
        self.until = until
        self.offsets: list[int] = []

    def chunks(self, offset: int = 0) -> Iterator[bytes]:
        self.offsets.append(offset)
        for start in range(offset, self.until, 70_000):
            yield DATA[start : min(start + 70_000, self.until)]
        if self.fails is not None:
            raise self.fails


class Told:
    def __init__(self) -> None:
        self.updates: list[tuple[str, int, int | None]] = []

    def update(self, label: str, done: int, total: int | None) -> None:
        self.updates.append((label, done, total))


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Part]:
    opened, _waited = open_part(str(tmp_path / "x.part"), 1.0)
    yield opened
    opened.close()


def filled(part: Part, stream: Any, algorithms: tuple[str, ...] = ("sha512",), progress: Any = None) -> Digests:
    return fill(part, stream, algorithms, len(DATA), progress or NoProgress(), "Golden")


def test_a_new_file(part: Part) -> None:
    found = filled(part, Stream(), ("sha512", "md5"))
    assert found == Digests(len(DATA), {"sha512": sha512(DATA), "md5": hashlib.md5(DATA).hexdigest()})
    assert Path(part.path).read_bytes() == DATA


@pytest.mark.parametrize("there", [1, 100_000, len(DATA) - 1, len(DATA)])
def test_what_is_there_is_hashed_and_not_fetched_again(part: Part, there: int) -> None:
    part.write(DATA[:there])
    stream, told = Stream(), Told()
    assert filled(part, stream, progress=told).hashes["sha512"] == sha512(DATA)
    assert stream.offsets == [there]
    assert Path(part.path).read_bytes() == DATA
    assert told.updates[-1] == ("Golden", len(DATA), len(DATA))
    assert [done for _label, done, _total in told.updates] == sorted({done for _label, done, _total in told.updates})


@pytest.mark.parametrize("fails", [TransferError("cut"), KeyboardInterrupt(), RuntimeError("ours")])
def test_what_has_arrived_stays_when_the_rest_does_not(part: Part, fails: BaseException) -> None:
    with pytest.raises(type(fails)):
        filled(part, Stream(fails, 300_000))
    assert Path(part.path).read_bytes() == DATA[:300_000]


@pytest.mark.parametrize(("error", "stays"), [(errno.ENOSPC, False), (errno.EDQUOT, False), (errno.EIO, True)])
def test_a_disk_that_fails_is_told_and_a_full_one_is_freed(
    part: Part, monkeypatch: pytest.MonkeyPatch, error: int, stays: bool
) -> None:
    write = part.write

    def failing(chunk: bytes) -> None:
        if part.size > 200_000:
            raise OSError(error, os.strerror(error))
        write(chunk)

    monkeypatch.setattr(part, "write", failing)
    with pytest.raises(TransferError, match=rf"dest: writing .* failed \({os.strerror(error)}\)"):
        filled(part, Stream())
    assert Path(part.path).exists() is stays


def test_a_sync_that_fails_is_told(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(part, "sync", failing)
    with pytest.raises(TransferError, match="Input/output error"):
        filled(part, Stream())
