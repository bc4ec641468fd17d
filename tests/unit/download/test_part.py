# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file in which a download gathers: private, alone, and found again."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from pathlib import Path

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.download.part import (
    Part,
    open_part,
    part_path,
    remove_left_over,
)
from ansible_collections.imageops.glance.plugins.module_utils.errors import ConflictError, TransferError
from ansible_collections.imageops.glance.tests.unit.download.helpers import IMAGE_ID, OTHER_ID


def opened(path: Path) -> Part:
    part, waited = open_part(str(path), 1.0)
    assert not waited
    return part


def test_its_name_tells_the_file_and_the_image() -> None:
    assert part_path("/srv/x.img", IMAGE_ID) == f"/srv/.x.img.{IMAGE_ID}.part"


@pytest.mark.parametrize("name", ["x" * 255, "ä" * 127, "x" + "ä" * 127])
def test_its_name_is_never_too_long(tmp_path: Path, name: str) -> None:
    path = Path(part_path(str(tmp_path / name), IMAGE_ID))
    assert len(os.fsencode(path.name)) == 255
    path.write_bytes(b"1")
    remove_left_over(str(tmp_path / name))
    assert not path.exists()


def test_it_is_private_and_keeps_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "x.part"
    part = opened(path)
    assert path.stat().st_mode & 0o777 == 0o600
    part.write(b"abc")
    part.close()
    part = opened(path)
    assert part.size == 3
    assert b"".join(part.read()) == b"abc"
    part.write(b"def")
    part.sync()
    assert path.read_bytes() == b"abcdef"
    part.clear()
    part.write(b"x")
    assert path.read_bytes() == b"x"
    part.close()
    part.close()


def test_it_is_discarded_but_never_what_took_its_place(tmp_path: Path) -> None:
    path = tmp_path / "x.part"
    part = opened(path)
    part.discard()
    part.discard()
    assert not path.exists()
    part.close()
    part = opened(path)
    path.rename(tmp_path / "x")
    path.write_bytes(b"another run's")
    part.discard()
    assert path.exists()
    assert (tmp_path / "x").exists()
    part.close()


@pytest.mark.parametrize("kind", ["link", "hard link", "foreign"])
def test_what_somebody_else_put_there_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    path = tmp_path / "x.part"
    if kind == "link":
        path.symlink_to(precious)
    elif kind == "hard link":
        path.hardlink_to(precious)
    else:
        path.write_bytes(b"bad")
        own = os.geteuid()
        replies = iter([own + 1])
        monkeypatch.setattr(os, "geteuid", lambda: next(replies, own))
    part = opened(path)
    part.write(b"data")
    part.close()
    assert precious.read_bytes() == b"precious"
    assert path.read_bytes() == b"data"
    assert not path.is_symlink()


def test_what_cannot_be_removed_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.part").mkdir()
    with pytest.raises(TransferError, match=r"dest: .*x\.part cannot be written"):
        open_part(str(tmp_path / "x.part"), 1.0)
    fifo = tmp_path / "y.part"
    os.mkfifo(fifo)
    part = opened(fifo)
    assert part.size == 0
    part.close()


def test_a_second_run_waits_for_the_first(tmp_path: Path) -> None:
    """The first puts its file in place, so the second begins a new one and is told that it had to wait."""
    path = tmp_path / "x.part"
    first = opened(path)
    sleeping = threading.Event()

    def sleep(_seconds: float) -> None:
        if not sleeping.is_set():
            sleeping.set()
            path.rename(tmp_path / "x")
            first.close()

    part, waited = open_part(str(path), 60.0, sleep=sleep)
    assert waited
    assert sleeping.is_set()
    assert (part.size, path.exists(), (tmp_path / "x").exists()) == (0, True, True)
    part.close()


def test_a_second_run_goes_on_where_a_killed_one_ended(tmp_path: Path) -> None:
    path = tmp_path / "x.part"
    first = opened(path)
    first.write(b"half")

    def sleep(_seconds: float) -> None:
        first.close()

    part, waited = open_part(str(path), 60.0, sleep=sleep)
    assert waited
    assert part.size == 4
    part.close()


def test_a_run_that_does_not_get_on_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "x.part"
    first = opened(path)
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        if now[0] < 50:
            first.write(b"more")

    with pytest.raises(ConflictError, match="for 60 s without getting on"):
        open_part(str(path), 60.0, clock=lambda: now[0], sleep=sleep)
    assert now[0] > 100
    first.close()


def test_a_file_system_without_locks_is_used_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(_descriptor: int, _what: int) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    opened(tmp_path / "x.part").close()


def test_what_other_images_left_is_removed(tmp_path: Path) -> None:
    target = tmp_path / "x.img"
    old = Path(part_path(str(target), OTHER_ID))
    in_use = Path(part_path(str(target), IMAGE_ID))
    others = [
        tmp_path / f".y.img.{OTHER_ID}.part",
        tmp_path / f".x.img.bak.{OTHER_ID}.part",
        tmp_path / ".x.img.part",
        tmp_path / f".x_img.{OTHER_ID}.part",
        tmp_path / f"x.img.{OTHER_ID}.part",
    ]
    for path in (old, in_use, *others):
        path.write_bytes(b"1")
    busy = opened(in_use)
    remove_left_over(str(target))
    assert not old.exists()
    assert all(path.exists() for path in (in_use, *others))
    busy.close()


def test_an_unreadable_part_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = opened(tmp_path / "x.part")

    def broken(_descriptor: int, _count: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "read", broken)
    with pytest.raises(TransferError, match=r"Reading .*x\.part failed: Input/output error"):
        list(part.read())
    part.close()
