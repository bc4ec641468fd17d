# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand in front of an Image service and cut downloads as told.

cutting_proxy.py URL

Prints its own URL. ``PUT /_cut?after=BYTES&times=COUNT`` cuts the next COUNT answers with image data after so many
bytes (0 times: all of them) and forgets the log; ``GET /_log`` answers with the Range header of each request for data.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PIECE = 64 * 1024


class Proxy(ThreadingHTTPServer):
    """Knows what is still to be cut."""

    daemon_threads = True

    def __init__(self, service: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.service = urlsplit(service)
        self.lock = threading.Lock()
        self.ranges: list[str | None] = []
        self.after = 0
        self.left: int | None = 0  # None: cut all

    def tell(self, query: dict[str, list[str]]) -> None:
        """What is to be cut from now on."""
        with self.lock:
            self.ranges.clear()
            self.after = int(query["after"][0])
            self.left = int(query["times"][0]) or None

    def cut_for(self, wanted: str | None) -> int | None:
        """After how many bytes this answer ends; None: it is whole."""
        with self.lock:
            self.ranges.append(wanted)
            if self.left == 0:
                return None
            if self.left is not None:
                self.left -= 1
            return self.after


class Handler(BaseHTTPRequestHandler):
    """Passes requests on, one connection each."""

    server: Proxy

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        pass

    def do_PUT(self) -> None:
        if self.path.startswith("/_cut?"):
            self.server.tell(parse_qs(urlsplit(self.path).query))
            self._head(204, {})
        else:
            self._pass_on()

    def do_GET(self) -> None:
        if self.path == "/_log":
            self._head(200, {"Content-Type": "application/json"})
            self.wfile.write(json.dumps(self.server.ranges).encode())
        else:
            self._pass_on()

    def _pass_on(self) -> None:
        service = self.server.service
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        connection = http.client.HTTPConnection(service.hostname or "", service.port)
        try:
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            is_data = urlsplit(self.path).path.endswith("/file") and answer.status in (200, 206)
            cut = self.server.cut_for(self.headers.get("Range")) if is_data else None
            kept = ("content-type", "content-length", "content-range", "x-openstack-request-id")
            self._head(answer.status, {k: v for k, v in answer.getheaders() if k.lower() in kept})
            self._copy(answer, cut)
        finally:
            connection.close()

    def _copy(self, answer: http.client.HTTPResponse, cut: int | None) -> None:
        sent = 0
        while cut is None or sent < cut:
            piece = answer.read(PIECE if cut is None else min(PIECE, cut - sent))
            if not piece:
                return
            self.wfile.write(piece)
            sent += len(piece)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def main() -> None:
    """Serve until killed."""
    with Proxy(sys.argv[1]) as proxy:
        print(f"http://127.0.0.1:{proxy.server_address[1]}", flush=True)
        proxy.serve_forever()


if __name__ == "__main__":
    main()
