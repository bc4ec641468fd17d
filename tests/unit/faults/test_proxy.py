# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy breaks what it is told to break, where it is told to, and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import requests
from ansible_collections.imageops.glance.tests.faults.fault import (
    Fault,
    Request,
    after,
    answer,
    at_byte,
    at_reply_byte,
    before,
    cut_body,
    cut_reply,
    delayed,
    garbage,
    lost,
    redirect,
    unanswered,
)
from ansible_collections.imageops.glance.tests.faults.proxy import Proxy
from ansible_collections.imageops.glance.tests.web_server.server import Page, WebServer, running

DATA = bytes(range(256)) * 1024


@pytest.fixture
def server() -> Iterator[WebServer]:
    with running() as web:
        web.add("/data", Page(DATA))
        web.add("/chunked", Page(DATA, chunked=True))
        web.add("/endless", Page(DATA, no_length=True))
        yield web


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as running_proxy:
        yield running_proxy


@pytest.fixture
def url(proxy: Proxy, server: WebServer) -> str:
    return proxy.front("glance", server.url)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        yield opened


def acted(server: WebServer) -> list[str]:
    return [f"{request.method} {request.path}" for request in server.requests]


@pytest.mark.parametrize("path", ["/data", "/chunked", "/endless"])
def test_what_no_rule_takes_passes_as_it_is(path: str, url: str, proxy: Proxy, session: requests.Session) -> None:
    for _turn in range(2):
        assert session.get(url + path).content == DATA
    assert [(r.method, r.path, r.status) for r in proxy.requests] == [("GET", path, 200)] * 2


@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_pass_as_they_are(chunked: bool, url: str, proxy: Proxy, session: requests.Session) -> None:
    body = iter([DATA[:1000], DATA[1000:]]) if chunked else DATA
    assert session.put(url + "/_sink", data=body).text == f"{len(DATA)}\n"
    assert proxy.requests[0].body_bytes == len(DATA)


@pytest.mark.parametrize("fault", [lost(), lost(reset=True), unanswered(), unanswered(reset=True), garbage(acted=True)])
def test_the_server_acts_or_not_and_the_client_hears_nothing(
    fault: Fault, url: str, proxy: Proxy, server: WebServer, session: requests.Session
) -> None:
    rule = proxy.on("PUT", "/_sink", fault)
    with pytest.raises(requests.ConnectionError):
        session.put(url + "/_sink", data=DATA)
    assert rule.fired == 1
    assert acted(server) == ([] if fault.lost else ["PUT /_sink"])
    assert session.put(url + "/_sink", data=DATA).status_code == 200


def test_an_answer_of_its_own(url: str, proxy: Proxy, server: WebServer, session: requests.Session) -> None:
    proxy.on("PUT", "", answer(503, retry_after="7"))
    proxy.on("PUT", "", answer(502, acted=True))
    proxy.on("GET", "", redirect("http://elsewhere.invalid/"))
    first = session.put(url + "/_sink", data=DATA)
    assert (first.status_code, first.headers["Retry-After"], acted(server)) == (503, "7", [])
    assert (session.put(url + "/_sink", data=DATA).status_code, acted(server)) == (502, ["PUT /_sink"])
    assert session.get(url + "/data", allow_redirects=False).headers["Location"] == "http://elsewhere.invalid/"


@pytest.mark.parametrize("count", [0, 1, len(DATA) // 2, len(DATA)])
def test_a_body_is_cut_where_it_is_told(count: int, url: str, proxy: Proxy, session: requests.Session) -> None:
    proxy.on("PUT", "", cut_body(count))
    with pytest.raises(requests.ConnectionError):
        session.put(url + "/_sink", data=DATA)
    assert proxy.requests[0].body_bytes == count


@pytest.mark.parametrize("count", [0, 1, 1000, len(DATA) - 1])
def test_a_reply_is_cut_where_it_is_told(count: int, url: str, proxy: Proxy, session: requests.Session) -> None:
    proxy.on("GET", "", cut_reply(count))
    answered = session.get(url + "/data", stream=True)
    assert answered.raw.read(count) == DATA[:count]
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        assert answered.content


def test_the_nth_and_as_many_as_wanted(url: str, proxy: Proxy, session: requests.Session) -> None:
    rule = proxy.on("GET", r"/data$", answer(500), nth=2, times=2)
    statuses = [session.get(url + "/data").status_code for _turn in range(5)]
    assert statuses == [200, 500, 500, 200, 200]
    assert (rule.seen, rule.fired) == (5, 2)
    proxy.on("GET", r"/data$", answer(418), times=0)
    assert {session.get(url + "/data").status_code for _turn in range(3)} == {418}
    proxy.calm()
    assert session.get(url + "/data").status_code == 200


def test_only_one_token_or_one_server(url: str, proxy: Proxy, server: WebServer, session: requests.Session) -> None:
    other = proxy.front("keystone", server.url)
    proxy.on(".*", "", answer(401), times=0, token="old")
    tokens = [{"X-Auth-Token": token} for token in ("old", "new")]
    assert [session.get(url + "/data", headers=headers).status_code for headers in tokens] == [401, 200]
    assert session.get(other + "/data", headers=tokens[0]).status_code == 200


def test_calls_come_at_their_moment(url: str, proxy: Proxy, server: WebServer, session: requests.Session) -> None:
    seen: list[tuple[str, int, list[str]]] = []

    def note(what: str) -> Fault:
        def call(request: Request) -> None:
            seen.append((what, request.body_bytes, acted(server)))

        if what == "middle":
            return at_byte(1000, call)
        return before(call) if what == "before" else after(call)

    for what in ("before", "middle", "after"):
        proxy.on("PUT", "", note(what))
        assert session.put(url + "/_sink", data=DATA).text == f"{len(DATA)}\n"
    assert seen == [
        ("before", 0, []),
        ("middle", 1000, ["PUT /_sink"]),
        ("after", len(DATA), ["PUT /_sink"] * 3),
    ]


def test_a_call_in_the_middle_of_a_reply(url: str, proxy: Proxy, session: requests.Session) -> None:
    called = threading.Event()
    proxy.on("GET", "", at_reply_byte(1000, lambda _request: called.set()))
    answered = session.get(url + "/data", stream=True)
    assert answered.raw.read(1000) == DATA[:1000]
    assert called.wait(5)
    answered.close()


def test_a_delay_is_one(url: str, proxy: Proxy, session: requests.Session) -> None:
    proxy.on("GET", "", delayed(0.3))
    began = time.monotonic()
    assert session.get(url + "/data").status_code == 200
    assert time.monotonic() - began >= 0.3


def test_a_server_that_is_not_there_breaks_the_line(proxy: Proxy, session: requests.Session) -> None:
    url = proxy.front("glance", "http://127.0.0.1:1")
    with pytest.raises(requests.ConnectionError):
        session.get(url + "/data")
