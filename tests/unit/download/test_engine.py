# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole download against a server: decided, fetched, verified, and nothing left behind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.download import engine, part
from ansible_collections.imageops.glance.plugins.module_utils.download.engine import Downloader, Fetched
from ansible_collections.imageops.glance.plugins.module_utils.download.part import open_part, part_path
from ansible_collections.imageops.glance.plugins.module_utils.download.wish import DownloadWish, wish_of
from ansible_collections.imageops.glance.plugins.module_utils.errors import (
    GlanceOpsError,
    OptionError,
    TransferError,
    VerificationError,
)
from ansible_collections.imageops.glance.plugins.module_utils.transfer.checksum import Checksum
from ansible_collections.imageops.glance.tests.unit.download.helpers import (
    DATA,
    IMAGE_ID,
    OTHER_ID,
    asked_for,
    document,
    service,
    sha512,
    wish,
)
from ansible_collections.imageops.glance.tests.web_server.server import WebServer

OTHER_DATA = bytes(reversed(DATA))


def download(glance: Glance, wanted: DownloadWish) -> Fetched | None:
    """As the module does it, with a plain rename."""
    downloader = Downloader(glance)
    plan = downloader.look(wanted)
    if plan.reason is None:
        return None
    with downloader.fetched(plan, wanted) as fetched:
        if fetched is not None:
            os.replace(fetched.path, plan.target.path)
    return fetched


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "golden.raw"


def beside(dest: Path) -> list[str]:
    return sorted(path.name for path in dest.parent.iterdir() if path != dest)


def test_a_new_file_and_the_same_again(server: WebServer, dest: Path) -> None:
    glance = service(server)
    fetched = download(glance, wish(dest))
    assert fetched is not None
    assert (fetched.resumed, fetched.digests.hashes) == (0, {"sha512": sha512(DATA)})
    assert dest.read_bytes() == DATA
    assert download(glance, wish(dest)) is None
    assert beside(dest) == []
    assert len(asked_for(server)) == 1


def test_looking_and_probing_write_nothing(server: WebServer, dest: Path) -> None:
    downloader = Downloader(service(server))
    plan = downloader.look(wish(dest))
    downloader.probe(plan, wish(dest))
    assert plan.reason == "there is no file yet"
    assert list(dest.parent.iterdir()) == []


@pytest.mark.parametrize("there", [b"", b"short", OTHER_DATA])
def test_other_content_is_replaced(server: WebServer, dest: Path, there: bytes) -> None:
    dest.write_bytes(there)
    assert download(service(server), wish(dest)) is not None
    assert dest.read_bytes() == DATA


def test_force_fetches_what_is_there(server: WebServer, dest: Path) -> None:
    dest.write_bytes(DATA)
    assert download(service(server), wish(dest, force=True)) is not None
    assert len(asked_for(server)) == 1


def test_an_empty_image(server: WebServer, dest: Path) -> None:
    glance = service(server, document(b""), content=b"")
    assert download(glance, wish(dest)) is not None
    assert dest.read_bytes() == b""
    assert download(glance, wish(dest)) is None


def test_a_download_that_broke_off_is_gone_on_with_by_the_next_run(server: WebServer, dest: Path) -> None:
    dest.write_bytes(b"old")
    with pytest.raises(TransferError, match="broke off after 200000"):
        download(service(server, retry_time=0.0, cut_after=200_000), wish(dest))
    assert dest.read_bytes() == b"old"
    assert beside(dest) == [f".golden.raw.{IMAGE_ID}.part"]
    fetched = download(service(server), wish(dest))
    assert fetched is not None
    assert fetched.resumed == 200_000
    assert dest.read_bytes() == DATA
    assert asked_for(server) == [None, "bytes=200000-"]
    assert beside(dest) == []


def test_a_part_with_other_bytes_is_fetched_anew_at_once(server: WebServer, dest: Path) -> None:
    """So it is after a crash of the machine, which leaves blocks that were never written."""
    Path(part_path(str(dest), IMAGE_ID)).write_bytes(bytes(300_000))
    fetched = download(service(server), wish(dest))
    assert fetched is not None
    assert fetched.resumed == 0
    assert dest.read_bytes() == DATA
    assert asked_for(server) == ["bytes=300000-", None]


def test_a_part_that_is_too_long_is_not_used(server: WebServer, dest: Path) -> None:
    Path(part_path(str(dest), IMAGE_ID)).write_bytes(DATA + b"x")
    download(service(server), wish(dest))
    assert dest.read_bytes() == DATA
    assert asked_for(server) == [None]


def test_a_part_that_was_never_put_in_place_needs_no_request(server: WebServer, dest: Path) -> None:
    Path(part_path(str(dest), IMAGE_ID)).write_bytes(DATA)
    fetched = download(service(server), wish(dest))
    assert fetched is not None
    assert fetched.resumed == len(DATA)
    assert asked_for(server) == []


def test_wrong_data_is_removed_and_the_file_stays(server: WebServer, dest: Path) -> None:
    dest.write_bytes(b"old")
    with pytest.raises(VerificationError, match=r"arrived with the sha512 .*, but Glance keeps"):
        download(service(server, content=OTHER_DATA), wish(dest))
    assert dest.read_bytes() == b"old"
    assert beside(dest) == []


def test_data_that_is_not_the_one_asked_for_is_removed(server: WebServer, dest: Path) -> None:
    with pytest.raises(VerificationError, match=r"checksum: .* has the sha256"):
        download(service(server), wish(dest, checksum=Checksum("sha256", "0" * 64, None)))
    assert list(dest.parent.iterdir()) == []


@pytest.mark.parametrize("there", [None, DATA, OTHER_DATA])
def test_without_a_digest_the_data_itself_decides(server: WebServer, dest: Path, there: bytes | None) -> None:
    glance = service(server, document(checksum=None, os_hash_value=None, os_hash_algo=None))
    if there is not None:
        dest.write_bytes(there)
    fetched = download(glance, wish(dest))
    assert (fetched is None) is (there == DATA)
    assert dest.read_bytes() == DATA
    assert beside(dest) == []


def test_without_a_size_the_part_of_an_earlier_run_is_not_trusted(server: WebServer, dest: Path) -> None:
    Path(part_path(str(dest), IMAGE_ID)).write_bytes(DATA[:1000])
    download(service(server, document(size=None)), wish(dest))
    assert dest.read_bytes() == DATA
    assert asked_for(server) == [None]


def test_what_an_earlier_image_left_is_removed(server: WebServer, dest: Path) -> None:
    Path(part_path(str(dest), OTHER_ID)).write_bytes(b"1")
    download(service(server), wish(dest))
    assert beside(dest) == []


@pytest.mark.parametrize("result", [DATA, OTHER_DATA])
def test_a_second_run_looks_again_when_the_first_has_ended(
    server: WebServer, dest: Path, monkeypatch: pytest.MonkeyPatch, result: bytes
) -> None:
    glance = service(server)
    first, _waited = open_part(part_path(str(dest), IMAGE_ID), 1.0)

    def other_run_ends(_seconds: float) -> None:
        dest.write_bytes(result)
        first.discard()
        first.close()

    monkeypatch.setattr(part, "open_part", lambda path, patience: open_part(path, patience, sleep=other_run_ends))
    fetched = download(glance, wish(dest))
    assert (fetched is None) is (result == DATA)
    assert dest.read_bytes() == DATA
    assert beside(dest) == []


def test_no_room_is_told_before_anything_is_fetched(
    server: WebServer, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_target: Any, needed: int) -> None:
        raise TransferError(f"{needed} are too many")

    monkeypatch.setattr(engine, "check_room", no_room)
    glance = service(server)
    with pytest.raises(TransferError, match=f"{len(DATA)} are too many"):
        download(glance, wish(dest))
    with pytest.raises(TransferError, match="too many"):
        Downloader(glance).probe(Downloader(glance).look(wish(dest)), wish(dest))
    assert asked_for(server) == []
    assert list(dest.parent.iterdir()) == []


def test_only_the_rest_needs_room(server: WebServer, dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(part_path(str(dest), IMAGE_ID)).write_bytes(DATA[:700_000])
    needed: list[int] = []
    monkeypatch.setattr(engine, "check_room", lambda _target, count: needed.append(count))
    download(service(server), wish(dest))
    assert needed == [1]


def test_a_file_that_could_not_be_put_in_place_is_kept_for_the_next_run(server: WebServer, dest: Path) -> None:
    downloader = Downloader(service(server))
    plan = downloader.look(wish(dest))
    with pytest.raises(OSError, match="busy"), downloader.fetched(plan, wish(dest)):
        raise OSError("busy")
    assert Path(part_path(str(dest), IMAGE_ID)).read_bytes() == DATA


def test_an_image_that_is_not_there(server: WebServer, dest: Path) -> None:
    with pytest.raises(OptionError, match=f"id: image {OTHER_ID} does not exist"):
        download(service(server), wish(dest, id=OTHER_ID))


def test_options_become_a_wish() -> None:
    options = {"dest": "/x", "name": "a", "image_owner": "p", "checksum": "sha256:" + "A" * 64, "prefer": ["f", "g"]}
    assert wish_of(options) == DownloadWish(
        "/x", name="a", owner="p", prefer=("f", "g"), checksum=Checksum("sha256", "a" * 64, None)
    )
    assert wish_of({"dest": "/x", "id": "i"}).told == "image i"


@pytest.mark.parametrize("checksum", ["sha256:https://example.org/SHA256SUMS", "sha256:00", "what"])
def test_a_checksum_that_cannot_be_used_is_refused(checksum: str) -> None:
    with pytest.raises(GlanceOpsError, match="checksum"):
        wish_of({"dest": "/x", "id": "i", "checksum": checksum})
