# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Web servers that break in all ways: the data arrives whole in the real Glance by one upload, or nothing is left."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import Done, image, play
from ansible_collections.imageops.glance.tests.tools import samples
from ansible_collections.imageops.glance.tests.web_server.server import Page, Request, WebServer, running

DATA = samples.raw_disk("sources", 1 << 20)
OTHER = samples.raw_disk("another", 1 << 20)
SHA256 = hashlib.sha256(DATA).hexdigest()
KNOWN = {"checksum": f"sha256:{SHA256}"}
PACKED = gzip.compress(DATA, 1)
THIRD = len(DATA) // 3


@dataclass(frozen=True)
class Case:
    """A page, further options of the entry, and what the message of the failure says (None: there is none)."""

    page: Page
    options: dict[str, Any] = field(default_factory=dict)
    failure: str | None = None


def page(**behaviour: Any) -> Page:
    """A page with the data."""
    return Page(**{"content": DATA, **behaviour})


# The module first reads the header of the data, which costs a GET of its own: what happens "once" happens to that one,
# and what happens twice to the upload too.
GOOD = {
    "well-behaved": Case(page()),
    "slow": Case(page(rate=600_000)),
    "cut three times": Case(page(cut_after=THIRD // 2, cut_times=4, etag='"1"')),
    "every connection cut": Case(page(cut_after=THIRD, cut_times=0, modified=1_700_000_000)),
    "cut, tells nothing of its data": Case(page(cut_after=THIRD, cut_times=2), KNOWN),
    "cut, no ranges": Case(page(cut_after=THIRD, cut_times=2, ranges=False, etag='"1"')),
    "cut, no length": Case(page(cut_after=THIRD, cut_times=2, chunked=True, etag='"1"')),
    "no length": Case(page(no_length=True), KNOWN),
    "chunked": Case(page(chunked=True)),
    "no HEAD": Case(page(heads=False)),
    "HEAD lies": Case(page(head_length=17)),
    "500 first": Case(page(status=500, status_times=1)),
    "503 first": Case(page(status=503, status_times=2, retry_after="1")),
    "basic auth": Case(
        page(username="reader", password="let me in"), {"url_username": "reader", "url_password": "let me in"}
    ),
    "headers": Case(page(), {"url_headers": {"X-Key": "the key"}}),
    "redirect": Case(page(redirect="/well-behaved"), {"url_headers": {"X-Key": "the key"}}),
    "cut archive": Case(
        page(content=PACKED, cut_after=THIRD, cut_times=2, etag='"1"'), {"decompress": "gzip", **KNOWN}
    ),
}
BAD = {
    "404": Case(page(status=404), failure="answered with status 404"),
    "401": Case(page(username="reader", password="x"), failure="answered with status 401"),
    "always 500": Case(page(status=500), failure="answered with status 500"),
    "always cut at the same byte": Case(
        page(cut_after=THIRD, cut_times=0, ranges=False, etag='"1"'), failure=f"after {THIRD} of {len(DATA)} bytes"
    ),
    "says more than it has": Case(page(extra_length=1000), failure=f"announced {len(DATA) + 1000} bytes, but has only"),
    "says less than it has": Case(page(extra_length=-1000), KNOWN, failure="nothing was published"),
    "another part than asked for": Case(
        page(cut_after=THIRD, cut_times=2, etag='"1"', range_shift=10), failure="another part of its data"
    ),
    "cut, neither ranges nor validators": Case(
        page(cut_after=THIRD, cut_times=2, ranges=False), failure="neither send the rest alone nor tell"
    ),
    "other data": Case(page(content=OTHER), KNOWN, failure="nothing was published"),
    "redirect to what is not http": Case(page(redirect="ftp://127.0.0.1/x"), failure="not http"),
    "another format": Case(page(), {"disk_format": "qcow2"}, failure="does not fit qcow2"),
}
CASES = {**GOOD, **BAD}


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    """One path a case."""
    with running() as server:
        for name, case in CASES.items():
            server.add(f"/{name}", case.page)
        yield server


@pytest.fixture(scope="module")
def done(run: Runner, web: WebServer, admin: Glance, prefix: str) -> Done:
    """All cases at once, since most of their time is waiting."""
    entries = [
        {"name": prefix + name, "url": f"{web.url}/{name}", "disk_format": "raw", **case.options}
        for name, case in CASES.items()
    ]
    return run([image(images=entries, parallel=12)])[0]


@pytest.fixture(scope="module")
def results(done: Done, prefix: str) -> dict[str, dict[str, Any]]:
    """Results by case."""
    return {result["name"].removeprefix(prefix): result for result in done.result["results"]}


def requests_for(web: WebServer, name: str, method: str = "GET") -> list[Request]:
    """What was asked of the web server for a case."""
    return [request for request in web.requests if unquote(request.path) == f"/{name}" and request.method == method]


@pytest.mark.parametrize("name", GOOD)
def test_data_arrives_whole_by_one_upload(name: str, results: dict[str, dict[str, Any]], done: Done) -> None:
    result = results[name]
    assert "msg" not in result
    assert result["actions"] == ["create", "upload"]
    assert result["verified"] is True
    assert (result["image"]["status"], result["image"]["size"]) == ("active", len(DATA))
    assert result["image"]["os_hash_value"] == hashlib.sha512(DATA).hexdigest()
    assert done.writes.count(f"PUT /v2/images/{result['image']['id']}/file") == 1


@pytest.mark.parametrize("name", BAD)
def test_a_source_that_cannot_be_read_whole_is_told(name: str, results: dict[str, dict[str, Any]]) -> None:
    result = results[name]
    assert result["failed"] is True
    assert re.search(BAD[name].failure or "", result["msg"]), result["msg"]
    assert result["actions"] == []
    assert result["image"] is None


def test_nothing_is_left_of_what_failed(results: dict[str, dict[str, Any]], admin: Glance, prefix: str) -> None:
    assert len(results) == len(CASES)
    assert admin.names(prefix) == sorted(prefix + name for name in GOOD)


@pytest.mark.parametrize(
    ("name", "resumptions"), [("cut three times", 3), ("every connection cut", 2), ("cut archive", 1)]
)
@pytest.mark.usefixtures("done")
def test_only_the_rest_is_fetched_again(name: str, resumptions: int, web: WebServer) -> None:
    ranges = [request.headers.get("Range") for request in requests_for(web, name)]
    asked = [text for text in ranges if text is not None]
    assert len(asked) >= resumptions
    starts = [int(text.removeprefix("bytes=").rstrip("-")) for text in asked]
    assert starts == sorted(starts)
    assert starts[0] > 0


@pytest.mark.usefixtures("done")
def test_headers_reach_the_web_server_that_they_are_for(web: WebServer) -> None:
    for name in ("headers", "redirect"):
        assert all(request.headers.get("X-Key") == "the key" for request in requests_for(web, name))
    assert requests_for(web, "headers")


def test_headers_and_password_do_not_follow_a_redirect_to_another_host(run: Runner, admin: Glance, prefix: str) -> None:
    with running() as mirror, running() as web:
        mirror.add("/disk", page())
        url = web.add("/disk", page(redirect=f"{mirror.url}/disk"))
        secrets = {"url_headers": {"X-Key": "the key"}, "url_username": "reader", "url_password": "let me in"}
        task = image(name=f"{prefix}mirrored", url=url, disk_format="raw", **secrets)
        assert run([task])[0].image["status"] == "active"
    assert {request.headers.get("X-Key") for request in web.requests} == {"the key"}
    assert all(request.headers.get("Authorization", "").startswith("Basic ") for request in web.requests)
    assert mirror.requests
    for request in mirror.requests:
        assert not {"X-Key", "Authorization", "X-Auth-Token"} & set(request.headers)


def test_secrets_of_a_source_are_in_no_output(tmp_path: Path, logins: Path, admin: Glance, prefix: str) -> None:
    password, key, within = "sesame-4711", "key-0815", "inside-2048"
    with running() as web:
        web.add("/open", page())
        web.add("/closed", page(username="somebody", password="else"))
        web.add("/gone", page(status=404))
        secrets = {"url_headers": {"X-Key": key}, "url_username": "reader", "url_password": password}
        tasks = [
            image(name=f"{prefix}secret {path}", url=f"{web.url}/{path}", disk_format="raw", **secrets)
            for path in ("open", "closed", "gone")
        ]
        url = web.url.replace("//", f"//reader:{within}@")
        tasks.append(image(name=f"{prefix}secret within", url=f"{url}/gone", disk_format="raw"))
        entries = [{"name": f"{prefix}secret entry", "url": f"{web.url}/closed", "disk_format": "raw", **secrets}]
        tasks.append(image(images=entries))
        defaults = {"cloud": "admin", "auth_cache": str(logins)}
        ran = play(tasks, tmp_path, defaults, arguments=["-vvvv"])
        sent = {request.headers.get("X-Key") for request in web.requests}
    assert [done.failed for done in ran.done] == [False, True, True, True, True]
    assert key in sent
    assert "url_headers" in ran.output
    results = "".join(str(done.result) for done in ran.done)
    for secret in (password, key):
        assert secret not in ran.output
        assert secret not in results
    assert all(within not in done.message for done in ran.done)
