# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import stat
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError, TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer import memory as memory_module
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests, digest_source
from ansible_collections.imageops.glance.plugins.module_utils.transfer.memory import (
    DigestMemory,
    digest_file,
    file_state,
)
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import FileSource

LONG_AGO = 1_700_000_000


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return settled(tmp_path / "a.img", b"content")


@pytest.fixture
def memory(tmp_path: Path) -> DigestMemory:
    return DigestMemory(str(tmp_path / "memory"))


@pytest.fixture(autouse=True)
def settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change time cannot be set from outside, so that all files of these tests would count as just changed."""
    monkeypatch.setattr(memory_module, "RACY_SECONDS", -3600.0)


def settled(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def remembered(memory: DigestMemory, path: Path, algorithms: tuple[str, ...] = ("sha256",)) -> Digests:
    """Digest a file; it must be in the memory afterwards."""
    digests = digest_file(str(path), algorithms, memory)
    assert memory.recall(str(path), algorithms) == digests
    return digests


def entries(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "memory").glob("*.json"))


def test_an_unchanged_file_is_not_read_again(
    memory: DigestMemory, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = remembered(memory, image, ("sha256", "md5"))
    assert first == digest_source(FileSource(str(image)), ["sha256", "md5"])
    monkeypatch.setattr(memory_module, "digest_source", None)
    assert digest_file(str(image), ["sha256", "md5"], memory) == first
    assert digest_file(str(image), ["md5"], memory) == Digests(7, {"md5": first.hashes["md5"]})


def test_a_symbolic_link_is_the_file_it_leads_to(memory: DigestMemory, image: Path, tmp_path: Path) -> None:
    first = remembered(memory, image)
    (tmp_path / "link").symlink_to(image)
    assert memory.recall(str(tmp_path / "link"), ["sha256"]) == first


def test_what_turned_out_wrong_is_forgotten(memory: DigestMemory, image: Path) -> None:
    remembered(memory, image)
    memory.forget(str(image))
    assert memory.recall(str(image), ["sha256"]) is None
    memory.forget(str(image))


def test_algorithms_come_together_over_time(memory: DigestMemory, image: Path) -> None:
    remembered(memory, image, ("sha256",))
    assert memory.recall(str(image), ["sha256", "md5"]) is None
    remembered(memory, image, ("md5",))
    found = memory.recall(str(image), ["sha256", "md5"])
    assert found is not None
    assert set(found.hashes) == {"sha256", "md5"}


def change_content(path: Path) -> None:
    path.write_bytes(b"CONTENT")
    os.utime(path, (LONG_AGO, LONG_AGO))


def replace_by_another(path: Path) -> None:
    other = settled(path.with_suffix(".new"), b"CONTENT")
    os.replace(other, path)


def touch(path: Path) -> None:
    os.utime(path, (LONG_AGO + 1, LONG_AGO + 1))


def lengthen(path: Path) -> None:
    path.write_bytes(b"content and more")


@pytest.mark.parametrize("change", [change_content, replace_by_another, touch, lengthen])
def test_a_changed_file_is_read_again(memory: DigestMemory, image: Path, change: object) -> None:
    remembered(memory, image)
    assert callable(change)
    change(image)
    assert memory.recall(str(image), ["sha256"]) is None
    assert remembered(memory, image) == digest_source(FileSource(str(image)), ["sha256"])


def test_a_file_that_was_written_while_it_was_hashed_is_not_remembered(memory: DigestMemory, image: Path) -> None:
    before, started = file_state(str(image)), time.time()
    digests = digest_source(FileSource(str(image)), ["sha256"])
    change_content(image)
    assert not memory.remember(str(image), digests, before, started)
    assert memory.recall(str(image), ["sha256"]) is None


def test_digests_of_another_size_are_not_remembered(memory: DigestMemory, image: Path) -> None:
    assert not memory.remember(str(image), Digests(8, {}), file_state(str(image)), time.time())


@pytest.mark.parametrize(("age", "kept"), [(1.9, False), (2.1, True), (-5, False)])
def test_a_file_that_changed_just_before_it_was_read_is_not_remembered(
    memory: DigestMemory, image: Path, age: float, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_module, "RACY_SECONDS", 2.0)
    before = file_state(str(image))
    started = before.changed / 1e9 + age
    assert memory.remember(str(image), Digests(7, {"md5": "0" * 32}), before, started) is kept
    assert (memory.recall(str(image), ["md5"]) is not None) is kept


def test_folder_and_files_are_private(memory: DigestMemory, image: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        remembered(memory, image)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "memory").stat().st_mode) == 0o700
    assert [stat.S_IMODE(entry.stat().st_mode) for entry in entries(tmp_path)] == [0o600]
    assert [entry.name for entry in (tmp_path / "memory").iterdir() if entry.suffix != ".json"] == []


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_may_write_to_is_not_trusted(
    memory: DigestMemory, image: Path, tmp_path: Path, mode: int
) -> None:
    remembered(memory, image)
    (tmp_path / "memory").chmod(mode)
    assert memory.recall(str(image), ["sha256"]) is None
    assert digest_file(str(image), ["sha256"], memory).size == 7


def test_a_folder_that_cannot_be_made_is_no_error(image: Path) -> None:
    memory = DigestMemory("/proc/no/such/folder")
    assert digest_file(str(image), ["sha256"], memory).size == 7
    assert memory.recall(str(image), ["sha256"]) is None


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"hashes": {}}',
        b"null",
    ],
)
def test_a_damaged_entry_is_ignored_and_replaced(
    memory: DigestMemory, image: Path, tmp_path: Path, damage: bytes
) -> None:
    remembered(memory, image)
    entries(tmp_path)[0].write_bytes(damage)
    assert memory.recall(str(image), ["sha256"]) is None
    remembered(memory, image)


@pytest.mark.parametrize("hashes", [None, [], {"sha256": 1}, {"sha256": "ab"}, {"nonsense": "0" * 64}])
def test_hashes_that_cannot_be_right_are_ignored(
    memory: DigestMemory, image: Path, tmp_path: Path, hashes: object
) -> None:
    remembered(memory, image)
    entry = entries(tmp_path)[0]
    entry.write_text(json.dumps({**json.loads(entry.read_text()), "hashes": hashes}))
    assert memory.recall(str(image), ["sha256"]) is None
    remembered(memory, image)


def test_the_oldest_are_forgotten(memory: DigestMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "MAX_ENTRIES", 20)
    for number in range(30):
        remembered(memory, settled(tmp_path / f"{number}.img", b"%d" % number))
        for place, entry in enumerate(sorted(entries(tmp_path), key=os.path.getmtime)):
            os.utime(entry, (LONG_AGO + place, LONG_AGO + place))
    assert 18 <= len(entries(tmp_path)) <= 20
    assert memory.recall(str(tmp_path / "0.img"), ["sha256"]) is None
    assert memory.recall(str(tmp_path / "29.img"), ["sha256"]) is not None


def test_many_at_the_same_time(memory: DigestMemory, tmp_path: Path) -> None:
    paths = [settled(tmp_path / f"{number}.img", b"%d" % number) for number in range(10)]

    def work() -> None:
        for path in paths:
            digest_file(str(path), ["sha256"], memory)

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(memory.recall(str(path), ["sha256"]) for path in paths)


def test_a_missing_file_is_an_error(memory: DigestMemory, tmp_path: Path) -> None:
    for action in (memory.recall, digest_file):
        with pytest.raises(TransferError, match=r"none\.img"):
            action(str(tmp_path / "none.img"), ["sha256"])


def test_an_unknown_algorithm_is_an_error(memory: DigestMemory, image: Path) -> None:
    with pytest.raises(OptionError, match="crc32"):
        digest_file(str(image), ["crc32"], memory)


def test_without_a_memory_it_just_reads(image: Path) -> None:
    assert digest_file(str(image), ["sha256"]).size == 7
