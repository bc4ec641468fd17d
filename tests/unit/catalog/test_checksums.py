# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksum files that are read before a catalog is planned, from a web server that notes what it is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.catalog.checksums import resolved

HEX = "a" * 64


class Web:
    """Serves SHA256SUMS for a.img; everything else is not there."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append(self.path)
                body = f"{HEX}  a.img\n".encode() if self.path == "/SHA256SUMS" else b""
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def entry(self, **more: Any) -> dict[str, Any]:
        return {"name": "A", "url": f"{self.url}/a.img", "checksum": f"sha256:{self.url}/SHA256SUMS", **more}


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    thread = threading.Thread(target=server.server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.server.shutdown()
    thread.join()
    server.server.server_close()


@pytest.mark.parametrize("more", [{}, {"version": "latest"}])
def test_what_moves_is_read(web: Web, more: dict[str, Any]) -> None:
    entries, problems = resolved([web.entry(**more)])
    assert entries == [web.entry(**more, checksum=f"sha256:{HEX}")]
    assert problems == []


@pytest.mark.parametrize(
    "more", [{"version": "1"}, {"enabled": False}, {"checksum": f"sha256:{HEX}"}, {"checksum": None}]
)
def test_what_is_known_is_not_asked(web: Web, more: dict[str, Any]) -> None:
    entries = [web.entry(**more)]
    assert resolved(entries) == (entries, [])
    assert web.asked == []


def test_one_file_is_read_once_for_many(web: Web) -> None:
    entries, problems = resolved([web.entry(name=str(number)) for number in range(5)])
    assert {entry["checksum"] for entry in entries} == {f"sha256:{HEX}"}
    assert [entry["name"] for entry in entries] == list("01234")
    assert problems == []


def test_what_cannot_be_read_fails_alone(web: Web) -> None:
    bad = [
        web.entry(name="B", checksum=f"sha256:{web.url}/gone"),
        web.entry(name="C", url=f"{web.url}/c.img"),
    ]
    entries, problems = resolved([*bad, web.entry()])
    assert entries[:2] == bad
    assert entries[2]["checksum"] == f"sha256:{HEX}"
    assert [problem[:3] for problem in problems] == ["B: ", "C: "]
