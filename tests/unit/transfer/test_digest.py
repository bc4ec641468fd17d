# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import os

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError, TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import (
    DigestingSource,
    Digests,
    digest_source,
    new_hash,
)
from ansible_collections.imageops.glance.tests.unit.transfer.helpers import ListSource, read_all


class Recorder:
    def __init__(self) -> None:
        self.seen: list[tuple[str, int, int | None]] = []

    def update(self, label: str, done: int, total: int | None) -> None:
        self.seen.append((label, done, total))


@pytest.mark.parametrize("algorithms", [[], ["md5"], ["sha512"], ["md5", "sha1", "sha256", "sha512", "sha3_256"]])
@pytest.mark.parametrize("sizes", [[], [1], [1 << 20, 1 << 20, 17], [1] * 500])
def test_digests_are_those_of_hashlib(algorithms: list[str], sizes: list[int]) -> None:
    chunks = [os.urandom(size) for size in sizes]
    whole = b"".join(chunks)
    found = digest_source(ListSource(chunks), algorithms)
    assert found == Digests(len(whole), {name: hashlib.new(name, whole).hexdigest() for name in algorithms})


def test_progress_is_told_with_the_total() -> None:
    recorder = Recorder()
    digest_source(ListSource([b"ab", b"c"], size=3), ["md5"], recorder)
    assert recorder.seen == [("data", 2, 3), ("data", 3, 3)]


def test_the_key_is_the_name_that_was_asked_for() -> None:
    assert set(digest_source(ListSource([b"a"]), ["SHA256"]).hashes) == {"SHA256"}


@pytest.mark.parametrize(("name", "complaint"), [("sha257", "not known"), ("", "not known"), ("shake_128", "length")])
def test_an_unusable_algorithm_is_named_before_anything_is_read(name: str, complaint: str) -> None:
    source = ListSource([b"a"])
    with pytest.raises(OptionError, match=complaint):
        digest_source(source, ["md5", name])
    assert source.opened == 0


def test_known_algorithms_are_listed() -> None:
    with pytest.raises(OptionError, match=r"md5, .*sha256, .*sha512") as caught:
        new_hash("crc32")
    assert "shake" not in caught.value.message


def test_an_error_of_the_source_passes_through() -> None:
    with pytest.raises(TransferError, match="broke"):
        digest_source(ListSource([b"a"], fails=TransferError("it broke")), ["md5"])


def test_a_source_is_hashed_by_the_way() -> None:
    source = DigestingSource(ListSource([b"ab", b"c"], size=3), ["md5"])
    with pytest.raises(TransferError, match="not been read to its end"):
        _unread = source.digests
    assert source.published_size() == 3
    assert read_all(source) == b"abc"
    assert source.digests == Digests(3, {"md5": hashlib.md5(b"abc").hexdigest()})


def test_reading_in_part_gives_no_digest() -> None:
    source = DigestingSource(ListSource([b"ab", b"c"]), ["md5"])
    with source.open() as chunks:
        next(chunks)
    with pytest.raises(TransferError):
        _unread = source.digests
