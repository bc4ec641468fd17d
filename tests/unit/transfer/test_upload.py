# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from ansible_collections.imageops.glance.plugins.module_utils.errors import (
    OptionError,
    TransferError,
    VerificationError,
)
from ansible_collections.imageops.glance.plugins.module_utils.transfer.decompress import Decompressed
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import FileSource
from ansible_collections.imageops.glance.plugins.module_utils.transfer.upload import (
    SizedUploadBody,
    UploadBody,
    upload_body,
)
from ansible_collections.imageops.glance.plugins.module_utils.transfer.web import UrlSource
from ansible_collections.imageops.glance.tests.unit.transfer.helpers import ListSource
from ansible_collections.imageops.glance.tests.web_server.server import Page, WebServer


class Recorder:
    def __init__(self) -> None:
        self.seen: list[tuple[str, int, int | None]] = []

    def update(self, label: str, done: int, total: int | None) -> None:
        self.seen.append((label, done, total))


class EndlessSource:
    """Never ends; ``cancel`` wakes a reader that waits."""

    label = "endless"

    def __init__(self, wait_after: int) -> None:
        self.wait_after = wait_after
        self.cancelled = threading.Event()

    def published_size(self) -> int | None:
        return None

    def cancel(self) -> None:
        self.cancelled.set()

    @contextmanager
    def open(self) -> Iterator[Iterator[bytes]]:
        yield self._chunks()

    def _chunks(self) -> Iterator[bytes]:
        for _number in range(self.wait_after):
            yield bytes(1 << 20)
        self.cancelled.wait(60)
        raise TransferError("cancelled")


def received(server: WebServer) -> list[tuple[str | None, str | None, int]]:
    return [
        (request.headers.get("Content-Length"), request.headers.get("Transfer-Encoding"), request.received)
        for request in server.requests
        if request.method == "PUT"
    ]


@pytest.mark.parametrize("size", [1, 1000, (1 << 20) + 1, 20 << 20])
def test_a_known_size_is_announced_and_the_data_hashed(server: WebServer, size: int, tmp_path: Path) -> None:
    path = tmp_path / "a.img"
    path.write_bytes(os.urandom(size))
    recorder = Recorder()
    with upload_body(FileSource(str(path)), ["sha512", "md5"], progress=recorder) as body:
        answer = requests.put(server.url + "/_sink", data=body, timeout=60)
    assert answer.text == f"{size}\n"
    assert received(server) == [(str(size), None, size)]
    assert body.sent == size
    assert body.error is None
    data = path.read_bytes()
    assert body.digests == Digests(
        size, {"sha512": hashlib.sha512(data).hexdigest(), "md5": hashlib.md5(data).hexdigest()}
    )
    assert recorder.seen[-1] == ("a.img", size, size)


def test_an_unknown_size_is_sent_in_chunks(server: WebServer) -> None:
    with upload_body(ListSource([b"abc", b"de"]), ["md5"]) as body:
        assert not hasattr(body, "__len__")
        answer = requests.put(server.url + "/_sink", data=body, timeout=60)
    assert answer.text == "5\n"
    assert received(server) == [(None, "chunked", 5)]
    assert body.digests.size == 5


@pytest.mark.parametrize("size", [None, 0])
def test_no_data_at_all_is_a_body_too(server: WebServer, size: int | None) -> None:
    with upload_body(ListSource([], size=size), ["md5"]) as body:
        assert requests.put(server.url + "/_sink", data=body, timeout=60).text == "0\n"
    assert body.digests == Digests(0, {"md5": hashlib.md5(b"").hexdigest()})


def test_it_is_nothing_that_requests_would_read_otherwise() -> None:
    with upload_body(ListSource([b"a"], size=1), []) as body:
        assert isinstance(body, SizedUploadBody)
        assert len(body) == 1
        assert not hasattr(body, "read")
        assert requests.Request("PUT", "http://h/", data=body).prepare().headers["Content-Length"] == "1"
        assert b"".join(body) == b"a"


def test_the_head_is_known_before_anything_is_sent() -> None:
    data = os.urandom(200_000)
    with UploadBody(ListSource([data[:10], data[10:100_000], data[100_000:]]), ["md5"]) as body:
        assert body.head == data[: 64 * 1024]
        assert body.sent == 0
        assert b"".join(body) == data


def test_a_short_head_is_all_there_is() -> None:
    with UploadBody(ListSource([b"abc"]), []) as body:
        assert body.head == b"abc"


def test_a_missing_page_is_known_before_any_request(server: WebServer) -> None:
    with UploadBody(UrlSource(server.url + "/none.img"), []) as body, pytest.raises(TransferError, match="404"):
        body.prefetch()
    with pytest.raises(TransferError, match="404"):
        upload_body(UrlSource(server.url + "/none.img"), [])
    assert received(server) == []


def test_a_url_needs_one_request_only(server: WebServer) -> None:
    url = server.add("/a.img", Page(b"x" * 1000))
    with upload_body(UrlSource(url), ["md5"]) as body:
        assert body.size == 1000
        requests.put(server.url + "/_sink", data=body, timeout=60)
    assert [(request.method, request.path) for request in server.requests] == [("GET", "/a.img"), ("PUT", "/_sink")]


def test_plain_data_with_automatic_decompression_keeps_its_size() -> None:
    with upload_body(Decompressed(ListSource([b"x" * 1000], size=1000), "auto"), []) as body:
        assert body.size == 1000


@pytest.mark.parametrize("size", [None, 3 << 20])
def test_a_source_that_fails_breaks_the_request_off(server: WebServer, size: int | None) -> None:
    source = ListSource([bytes(1 << 20)] * 2, fails=TransferError("the source broke"))
    kind = UploadBody if size is None else SizedUploadBody
    with kind(source, ["md5"], size) as body, pytest.raises(TransferError, match="the source broke"):
        requests.put(server.url + "/_sink", data=body, timeout=60)
    assert isinstance(body.error, TransferError)
    with pytest.raises(TransferError, match="not sent whole"):
        _unsent = body.digests
    # The server must not have taken it for a whole body: its answer to one is a 200 after all bytes.
    deadline = time.monotonic() + 5
    while not received(server) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert all(count < 3 << 20 for _length, _encoding, count in received(server))


@pytest.mark.parametrize(("announced", "complaint"), [(5, "more than the 5 bytes"), (7, "after 6 of the 7 bytes")])
def test_another_size_than_announced_is_never_sent_whole(server: WebServer, announced: int, complaint: str) -> None:
    with upload_body(ListSource([b"abc", b"def"]), [], announced) as body:
        with pytest.raises(TransferError, match=complaint):
            requests.put(server.url + "/_sink", data=body, timeout=60)
        assert body.sent < announced


@pytest.mark.parametrize("size", [None, 6])
def test_a_check_sees_the_digests_before_the_last_byte_is_sent(server: WebServer, size: int | None) -> None:
    checked: list[tuple[Digests, int]] = []

    def check(found: Digests) -> None:
        checked.append((found, body.sent))
        raise VerificationError("not what was asked for")

    with upload_body(ListSource([b"abc", b"def"]), ["md5"], size, check=check) as body:
        with pytest.raises(VerificationError, match="not what was asked for"):
            requests.put(server.url + "/_sink", data=body, timeout=60)
        assert isinstance(body.error, VerificationError)
    assert checked == [(Digests(6, {"md5": hashlib.md5(b"abcdef").hexdigest()}), 3)]


def test_a_body_is_sent_once_only() -> None:
    with upload_body(ListSource([b"abc"]), []) as body:
        assert list(body) == [b"abc"]
        with pytest.raises(TransferError, match="already sent once"):
            list(body)


def test_unknown_algorithms_are_refused_before_the_source_is_opened() -> None:
    source = ListSource([b"a"])
    with pytest.raises(OptionError):
        UploadBody(source, ["sha3"])
    assert source.opened == 0


@pytest.mark.parametrize("taken", [0, 1, 4])
@pytest.mark.parametrize("wait_after", [2, 100])
def test_closing_ends_all_threads(taken: int, wait_after: int) -> None:
    # Whether a thread is left is what the fixture of all these tests asserts.
    body = UploadBody(EndlessSource(wait_after), ["sha512", "md5"])
    started = time.monotonic()
    if taken:
        chunks = iter(body)
        for _number in range(min(taken, wait_after - 1)):
            next(chunks)
    else:
        body.prefetch()
    body.close()
    body.close()
    assert time.monotonic() - started < 4


def test_closing_before_the_start_is_fine() -> None:
    UploadBody(ListSource([b"a"]), ["md5"]).close()


def test_a_body_that_was_closed_does_not_end_as_if_it_were_whole() -> None:
    body = UploadBody(EndlessSource(100), [])
    chunks = iter(body)
    next(chunks)
    body.close()
    with pytest.raises(TransferError, match="broken off"):
        list(chunks)


def test_the_source_is_closed() -> None:
    source = ListSource([b"abc"])
    with upload_body(source, []) as body:
        list(body)
    assert (source.opened, source.closed) == (1, 1)


def test_what_is_known_is_not_hashed_again(server: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.img"
    path.write_bytes(os.urandom(3 << 20))
    known = Digests(3 << 20, {"sha512": "a" * 128})
    monkeypatch.setattr(hashlib, "new", None)
    checked: list[Digests] = []
    with upload_body(FileSource(str(path)), ["sha512"], check=checked.append, known=known) as body:
        requests.put(f"{server.url}/_sink", data=body, timeout=30).raise_for_status()
    assert body.digests == known
    assert checked == [known]
    assert received(server) == [(str(3 << 20), None, 3 << 20)]


def test_what_is_known_of_another_size_breaks_the_upload_off(server: WebServer, tmp_path: Path) -> None:
    path = tmp_path / "a.img"
    path.write_bytes(os.urandom(3 << 20))
    known = Digests(2 << 20, {"sha512": "a" * 128})
    with (
        upload_body(FileSource(str(path)), ["sha512"], known=known) as body,
        pytest.raises(TransferError, match="had 2097152 when it was hashed"),
    ):
        requests.put(f"{server.url}/_sink", data=body, timeout=30)
    assert not body.whole
