# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.errors import TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import CHUNK_SIZE, FileSource
from ansible_collections.imageops.glance.tests.unit.transfer.helpers import error_of, read_all


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, 3 * CHUNK_SIZE + 5])
def test_a_file_is_read_whole_and_as_often_as_asked(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.img"
    path.write_bytes(os.urandom(size))
    source = FileSource(str(path))
    assert source.label == "a.img"
    assert source.published_size() == size
    with source.open() as chunks:
        lengths = [len(chunk) for chunk in chunks]
    assert sum(lengths) == size
    assert all(0 < length <= CHUNK_SIZE for length in lengths)
    assert read_all(source) == path.read_bytes()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    source = FileSource(str(tmp_path / "none.img"))
    assert error_of(source) == f"The file '{tmp_path}/none.img' cannot be opened: No such file or directory."
    with pytest.raises(TransferError, match="none"):
        source.published_size()


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    assert "is a directory" in error_of(FileSource(str(tmp_path)))


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "neither a regular file nor a block device" in error_of(FileSource(str(tmp_path / "pipe")))


@pytest.mark.parametrize(
    ("after", "complaint"),
    [(3 * CHUNK_SIZE, "grew beyond"), (CHUNK_SIZE + 1, "shrank from"), (2 * CHUNK_SIZE, "was written to")],
)
def test_a_file_that_changes_while_it_is_read_is_not_taken(tmp_path: Path, after: int, complaint: str) -> None:
    path = tmp_path / "a.img"
    path.write_bytes(bytes(2 * CHUNK_SIZE))
    os.utime(path, (1, 1))
    with FileSource(str(path)).open() as chunks:
        next(chunks)
        path.write_bytes(bytes(after))
        with pytest.raises(TransferError, match=complaint):
            list(chunks)
