# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image's data arrives whole, each byte once, over as many connections as that takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.download.stream import DataStream
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, OptionError, TransferError
from ansible_collections.imageops.glance.tests.unit.download.helpers import DATA, IMAGE_ID, PATH, asked_for, service
from ansible_collections.imageops.glance.tests.web_server.server import WebServer

TOLD = "image 'Golden'"


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)


def stream_of(glance: Glance, size: int | None = len(DATA), retry_time: float = 60.0, **more: Any) -> DataStream:
    clock = more.pop("clock", None) or Clock()
    image = {"id": IMAGE_ID, "status": more.pop("image_status", "active"), "size": size}
    return DataStream(glance, image, TOLD, retry_time=retry_time, clock=clock, sleep=clock.sleep, **more)


def whole(stream: DataStream, offset: int = 0) -> bytes:
    return b"".join(stream.chunks(offset))


@pytest.mark.parametrize("page", [{}, {"chunked": True}, {"no_length": True}, {"ranges": False}])
@pytest.mark.parametrize("size", [len(DATA), None])
def test_all_data_in_one_go(server: WebServer, page: dict[str, Any], size: int | None) -> None:
    assert whole(stream_of(service(server, **page), size)) == DATA
    assert asked_for(server) == [None]


@pytest.mark.parametrize("offset", [1, 100, len(DATA) - 1])
def test_from_where_it_broke_off(server: WebServer, offset: int) -> None:
    assert whole(stream_of(service(server)), offset) == DATA[offset:]
    assert asked_for(server) == [f"bytes={offset}-"]


def test_nothing_is_asked_for_when_all_is_there(server: WebServer) -> None:
    assert whole(stream_of(service(server)), len(DATA)) == b""
    assert whole(stream_of(service(server), 0)) == b""
    assert asked_for(server) == []


def test_a_server_that_does_not_know_ranges_sends_what_was_there_again(server: WebServer) -> None:
    assert whole(stream_of(service(server, ranges=False)), 300_000) == DATA[300_000:]


@pytest.mark.parametrize("cut", [0, 1, 100_000])
@pytest.mark.parametrize("more", [{}, {"chunked": True}, {"ranges": False}, {"no_length": True}])
def test_a_broken_connection_is_taken_up_again(server: WebServer, cut: int, more: dict[str, Any]) -> None:
    clock = Clock()
    assert whole(stream_of(service(server, cut_after=cut, cut_times=2, **more), clock=clock)) == DATA
    assert len(asked_for(server)) == 3
    assert len(clock.pauses) == 2


def test_no_byte_is_asked_for_twice(server: WebServer) -> None:
    assert whole(stream_of(service(server, cut_after=100_000, cut_times=3))) == DATA
    assert asked_for(server) == [None, "bytes=100000-", "bytes=200000-", "bytes=300000-"]


def test_an_old_urllib3_does_as_well(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (urllib3.HTTPResponse, urllib3.BaseHTTPResponse):
        monkeypatch.delattr(kind, "read1", raising=False)
    assert whole(stream_of(service(server, cut_after=100_000, cut_times=3))) == DATA


def test_progress_gives_time_again(server: WebServer) -> None:
    """Each connection brings something, so the retry time never ends although there are more breaks than it allows."""
    clock = Clock()
    stream = stream_of(service(server, cut_after=20_000, cut_times=30), retry_time=0.3, clock=clock)
    assert whole(stream) == DATA
    assert clock.now > 5


def test_without_progress_it_ends(server: WebServer) -> None:
    clock = Clock()
    stream = stream_of(service(server, cut_after=0, cut_times=0), retry_time=30.0, clock=clock)
    with pytest.raises(TransferError, match=rf"{TOLD} broke off after 5 of {len(DATA)} bytes .*Run again to go on"):
        whole(stream, 5)
    assert clock.pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0]


def test_nothing_is_tried_again_where_that_is_not_wanted(server: WebServer) -> None:
    with pytest.raises(TransferError, match="broke off after 9 of an unknown number of bytes"):
        whole(stream_of(service(server, cut_after=9), None, retry_time=0.0))
    assert len(asked_for(server)) == 1


def test_a_length_that_is_too_short_is_noticed(server: WebServer) -> None:
    """The answer ends in good order, but Glance says that there is more: the rest is asked for."""
    glance = service(server, extra_length=-1000)
    stream = stream_of(glance, retry_time=0.0)
    with pytest.raises(TransferError, match=f"broke off after {len(DATA) - 1000} of {len(DATA)} bytes"):
        whole(stream)


def test_more_than_there_is_is_refused(server: WebServer) -> None:
    with pytest.raises(TransferError, match="sends more than the 1000 bytes"):
        whole(stream_of(service(server), 1000))


def test_another_part_than_asked_for_is_refused(server: WebServer) -> None:
    with pytest.raises(TransferError, match="another part of image 'Golden'"):
        whole(stream_of(service(server, range_shift=1)), 1000)


def test_an_encoding_that_a_proxy_put_on_is_told(server: WebServer) -> None:
    with pytest.raises(TransferError, match="in gzip encoding; have it leave image data alone"):
        whole(stream_of(service(server, content_encoding="gzip")))


def test_an_offset_behind_the_end_is_told(server: WebServer) -> None:
    with pytest.raises(TransferError, match=r"has no byte 800000 \(HTTP 416\)"):
        whole(stream_of(service(server), 900_000), 800_000)


@pytest.mark.parametrize(
    ("status", "prefer", "kind", "words"),
    [
        (204, (), TransferError, "has no data"),
        (404, (), ApiError, "was deleted, or hidden from this project, meanwhile"),
        (403, (), ApiError, "failed with HTTP 403"),
        (400, ("nowhere",), OptionError, "^prefer: .*HTTP 400"),
        (400, (), ApiError, "failed with HTTP 400"),
    ],
)
@pytest.mark.parametrize("way", [whole, DataStream.probe])
def test_what_glance_refuses_is_told(
    server: WebServer,
    status: int,
    prefer: tuple[str, ...],
    kind: type[Exception],
    words: str,
    way: Callable[[DataStream], object],
) -> None:
    with pytest.raises(kind, match=words):
        way(stream_of(service(server, status=status), prefer=prefer))


def test_a_deactivated_image_is_told(server: WebServer) -> None:
    with pytest.raises(ApiError, match="is deactivated, so only an admin can have its data") as told:
        whole(stream_of(service(server, status=403), image_status="deactivated"))
    assert told.value.status == 403
    assert told.value.request_id


def test_stores_are_asked_for_in_their_order(server: WebServer) -> None:
    stream_of(service(server), prefer=("fast", "file")).probe()
    assert server.requests[-1].path == f"{PATH}?prefer=fast%2Cfile"


def test_a_probe_asks_for_the_last_byte_only(server: WebServer) -> None:
    stream_of(service(server)).probe()
    stream_of(service(server, content=b""), 0).probe()
    assert asked_for(server) == [f"bytes={len(DATA) - 1}-", None]


def test_leaving_in_the_middle_closes_the_connection(server: WebServer) -> None:
    chunks = stream_of(service(server)).chunks()
    assert DATA.startswith(next(iter(chunks)))
    chunks.close()  # type: ignore[attr-defined]  # an iterator for its callers, a generator in fact
