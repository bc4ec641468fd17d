# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the file is, and what makes that impossible."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.download.target import (
    Target,
    check_room,
    check_writable,
    target_of,
)
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError, TransferError

IMAGE = {"name": "Ubuntu 24.04: ä"}


def test_a_new_file(tmp_path: Path) -> None:
    target = target_of(str(tmp_path / "x.img"), IMAGE)
    assert target == Target(str(tmp_path / "x.img"))
    assert not target.exists


def test_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "x.img").write_bytes(b"12345")
    (tmp_path / "x.img").chmod(0o640)
    assert target_of(str(tmp_path / "x.img"), IMAGE) == Target(str(tmp_path / "x.img"), 5, 0o640)


@pytest.mark.parametrize("end", ["", "/"])
def test_in_a_directory_the_file_is_named_after_the_image(tmp_path: Path, end: str) -> None:
    assert target_of(f"{tmp_path}{end}", IMAGE).path == str(tmp_path / "Ubuntu 24.04: ä")


@pytest.mark.parametrize("name", [None, "", ".", "..", "../x", "a/b", ".bashrc", "a\0b", "ä" * 128])
def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str | None) -> None:
    """The owner of the image chose it, who may be anybody."""
    with pytest.raises(OptionError, match=r"dest: .* give the path of a file"):
        target_of(str(tmp_path), {"name": name})


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "current").symlink_to("real/x.img")
    assert target_of(str(tmp_path / "current"), IMAGE) == Target(str(tmp_path / "real" / "x.img"))
    (tmp_path / "real" / "x.img").write_bytes(b"1")
    assert target_of(str(tmp_path / "current"), IMAGE).size == 1


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / IMAGE["name"]).mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for dest, words in (
            (tmp_path / "missing" / "x", f"the directory {tmp_path}/missing does not exist"),
            (f"{tmp_path}/missing/", f"the directory {tmp_path}/missing/ does not exist"),
            (tmp_path / "file" / "x", f"the directory {tmp_path}/file|{tmp_path}/file is not a directory"),
            (tmp_path, "is a directory"),
            (tmp_path / "socket", "no regular file"),
        ):
            with pytest.raises(OptionError, match=words):
                target_of(str(dest), IMAGE)


def test_a_directory_that_takes_no_files_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_writable(Target(str(tmp_path / "x")))
    # Root may write everywhere, so that the system is made to say no.
    monkeypatch.setattr(os, "access", lambda *_given, **_more: False)
    monkeypatch.setattr(os, "supports_effective_ids", set())
    with pytest.raises(OptionError, match="is not writable for this user; nothing was downloaded"):
        check_writable(Target(str(tmp_path / "x")))
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_flag=os.ST_RDONLY))
    with pytest.raises(OptionError, match="read-only file system"):
        check_writable(Target(str(tmp_path / "x")))


def test_a_disk_that_is_too_small_is_told_beforehand(tmp_path: Path) -> None:
    target = Target(str(tmp_path / "x"))
    check_room(target, 1)
    with pytest.raises(TransferError, match=r"has .* free, but 1\.0 EiB|has .* free, but 1048576 TiB"):
        check_room(target, 2**60)


@pytest.mark.parametrize(("user", "enough"), [(0, True), (1000, False)])
def test_room_that_is_kept_for_root_is_only_roots(monkeypatch: pytest.MonkeyPatch, user: int, enough: bool) -> None:
    found = SimpleNamespace(f_blocks=100, f_bfree=20, f_bavail=10, f_frsize=1)
    monkeypatch.setattr(os, "statvfs", lambda _path: found)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    if enough:
        check_room(Target("/x/y"), 15)
    else:
        with pytest.raises(TransferError, match="10 bytes free, but 15 bytes"):
            check_room(Target("/x/y"), 15)


def test_a_file_system_that_does_not_know_its_size_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    found = SimpleNamespace(f_blocks=0, f_bfree=0, f_bavail=0, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _path: found)
    check_room(Target("/x/y"), 2**40)
