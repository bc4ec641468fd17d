# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server that behaves as badly as it is told to.

Three ways to tell it, later ones going before earlier ones:

- from Python: ``server.add("/a.img", Page(data, cut_after=1000))``;
- at start: ``--script FILE``, a JSON object of paths to the fields of ``Page``;
- by a request: the same fields as query parameters, ``/a.img?cut_after=1000&cut_times=2``.

``python server.py --folder DIR`` serves the files of a folder and prints its URL as the first line of its output.
``GET /_log`` answers with all requests so far as JSON, ``DELETE /_log`` forgets them, ``PUT /_sink`` takes any body,
discards it and answers with the count of its bytes.
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import email.utils
import json
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

PIECE = 64 * 1024


@dataclasses.dataclass
class Page:
    """What is served at one path, and what goes wrong with it. Times count over all requests of that path and query."""

    content: bytes = b""
    file: str | None = None  # content from this file instead
    status: int = 200  # answered ``status_times`` times (0: always), then 200
    status_times: int = 0
    retry_after: str | None = None
    cut_after: int | None = None  # bytes of the body after which the connection is closed …
    cut_times: int = 1  # … this many times (0: always)
    extra_length: int = 0  # how much Content-Length is off
    no_length: bool = False  # no Content-Length; the end of the connection is that of the data
    chunked: bool = False
    heads: bool = True  # False: HEAD is refused with 405
    head_length: int | None = None  # what HEAD alone says
    ranges: bool = True
    range_shift: int = 0  # how far the part sent is from the one asked for
    etag: str | None = None
    etag_after: str | None = None  # the ETag from the second GET on
    content_after: bytes | None = None  # the content from the second GET on
    modified: float | None = None  # seconds since the epoch
    content_encoding: str | None = None
    rate: float = 0  # bytes a second, 0: as fast as it goes
    stall: float = 0  # seconds before the answer
    redirect: str | None = None
    redirect_status: int = 302
    username: str | None = None
    password: str | None = None


@dataclasses.dataclass
class Request:
    """One line of the log. ``sent`` are the bytes of the body that went out, ``received`` those that came in."""

    method: str
    path: str
    headers: dict[str, str]
    status: int
    sent: int
    received: int


class WebServer(ThreadingHTTPServer):
    """Use ``running()``; ``url`` has no slash at its end."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: str | None = None, tls: tuple[str, str] | None = None, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.folder = folder
        self.pages: dict[str, Page] = {}
        self.requests: list[Request] = []
        self.lock = threading.Lock()
        self._counts: dict[tuple[str, str], int] = {}
        scheme = "http"
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.server_address[1]}"

    def add(self, path: str, page: Page) -> str:
        """Serve a page; returns its URL."""
        self.pages[path] = page
        return self.url + path

    def count(self, what: str, path: str) -> int:
        """How often this was called for a path before."""
        with self.lock:
            before = self._counts.get((what, path), 0)
            self._counts[what, path] = before + 1
            return before

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is a part of many tests."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def page(self, target: str) -> Page | None:
        """What is at a path, as its query changes it."""
        parts = urlsplit(target)
        path = unquote(parts.path)
        page = self.pages.get(path)
        if page is None and self.folder is not None:
            file = (Path(self.folder) / path.lstrip("/")).resolve()
            if file.is_file() and file.is_relative_to(Path(self.folder).resolve()):
                page = Page(file=str(file), modified=int(file.stat().st_mtime))
        if page is None:
            return None
        return dataclasses.replace(page, **fields(dict(parse_qsl(parts.query))))


def fields(texts: dict[str, Any]) -> dict[str, Any]:
    """Page's fields from texts; unknown names are left out, since real URLs have queries of their own."""
    kinds = {field.name: str(field.type) for field in dataclasses.fields(Page)}
    return {name: _value(kinds[name], text) for name, text in texts.items() if name in kinds}


def _value(kind: str, text: Any) -> Any:
    if not isinstance(text, str):
        return text
    if "bytes" in kind:
        return text.encode()
    if "bool" in kind:
        return text.lower() not in ("", "0", "false", "no")
    if "float" in kind:
        return float(text)
    return int(text) if "int" in kind else text


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: WebServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the standard library's
        pass

    def do_HEAD(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        if self.path == "/_log":
            with self.server.lock:
                log = [dataclasses.asdict(request) for request in self.server.requests]
            self._answer(200, json.dumps(log).encode(), {"Content-Type": "application/json"})
        else:
            self._serve()

    def do_DELETE(self) -> None:
        with self.server.lock:
            self.server.requests.clear()
        self._answer(204, b"", {})

    def do_PUT(self) -> None:
        received = 0
        try:
            for size in self._body():
                received += size
        finally:
            self._note(200, 0, received)
        self._answer(200, f"{received}\n".encode(), {})

    def _body(self) -> Iterator[int]:
        buffer = memoryview(bytearray(1024 * 1024))
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while True:
                line = self.rfile.readline()
                if not line:
                    raise ConnectionError("the client went away between two chunks of its body")
                left = int(line.partition(b";")[0], 16)
                if left == 0:
                    self.rfile.readline()
                    return
                yield from self._discarded(left, buffer)
                self.rfile.readline()
        else:
            yield from self._discarded(int(self.headers.get("Content-Length", 0)), buffer)

    def _discarded(self, left: int, buffer: memoryview) -> Iterator[int]:
        while left:
            size = self.rfile.readinto(buffer[: min(left, len(buffer))])
            if not size:
                raise ConnectionError("the client went away in the middle of its body")
            left -= size
            yield size

    def _serve(self) -> None:
        page = self.server.page(self.path)
        if page is None:
            self._refuse(404)
            return
        time.sleep(page.stall)
        if page.redirect is not None:
            self._note(page.redirect_status, 0, 0)
            self._answer(page.redirect_status, b"", {"Location": page.redirect})
        elif page.username is not None and self.headers.get("Authorization") != _basic(page):
            self._refuse(401, {"WWW-Authenticate": 'Basic realm="test"'})
        elif self.command == "HEAD" and not page.heads:
            self._refuse(405)
        elif page.status != 200 and (
            page.status_times == 0 or self.server.count("status", self.path) < page.status_times
        ):
            self._refuse(page.status, {"Retry-After": page.retry_after} if page.retry_after else {})
        else:
            self._send(page)

    def _refuse(self, status: int, headers: dict[str, str] | None = None) -> None:
        self._note(status, 0, 0)
        self._answer(status, b"no\n", headers or {})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send(self, page: Page) -> None:
        again = self.command == "GET" and self.server.count("get", self.path) > 0
        etag = page.etag_after if again and page.etag_after is not None else page.etag
        content = page.content_after if again and page.content_after is not None else page.content
        total = os.path.getsize(page.file) if page.file is not None else len(content)
        start, end, status = self._part(page, etag, total)
        headers = {"Accept-Ranges": "bytes"} if page.ranges else {}
        if status == 416:
            self._refuse(416, {"Content-Range": f"bytes */{total}"})
            return
        if status == 206:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{total + page.extra_length}"
        length: int | None = end - start + page.extra_length
        if self.command == "HEAD" and page.head_length is not None:
            length = page.head_length
        if page.chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif page.no_length:
            headers["Connection"] = "close"
            self.close_connection = True
        else:
            headers["Content-Length"] = str(length)
        for name, value in (("ETag", etag), ("Content-Encoding", page.content_encoding)):
            if value is not None:
                headers[name] = value
        if page.modified is not None:
            headers["Last-Modified"] = email.utils.formatdate(page.modified, usegmt=True)
        # Noted beforehand, so that a client that has all bytes finds all of them in the log.
        request = self._note(status, 0, 0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            for piece in self._pieces(page, content, start, end):
                request.sent += len(piece)
                self._write(page, piece)
            self._end(page, request.sent, end - start)

    def _part(self, page: Page, etag: str | None, total: int) -> tuple[int, int, int]:
        wanted = self.headers.get("Range", "")
        condition = self.headers.get("If-Range")
        current = {etag}
        if page.modified is not None:
            current.add(email.utils.formatdate(page.modified, usegmt=True))
        if not page.ranges or not wanted.startswith("bytes=") or (condition is not None and condition not in current):
            return 0, total, 200
        first, _dash, last = wanted.removeprefix("bytes=").partition("-")
        start = int(first) + page.range_shift
        end = min(int(last) + 1, total) if last else total
        return (start, end, 206) if start < total else (0, 0, 416)

    def _pieces(self, page: Page, content: bytes, start: int, end: int) -> Iterator[bytes]:
        """The part asked for, up to where it is to be cut."""
        cuts = page.cut_after is not None and end - start > page.cut_after
        if cuts and (page.cut_times == 0 or self.server.count("cut", self.path) < page.cut_times):
            end = start + (page.cut_after or 0)
        size = min(PIECE, max(1, int(page.rate / 10))) if page.rate else PIECE
        begun, first = time.monotonic(), start
        with open(page.file or os.devnull, "rb") as handle:
            handle.seek(start)
            while start < end:
                piece = handle.read(min(size, end - start)) if page.file else content[start : min(end, start + size)]
                yield piece
                start += len(piece)
                # Against the clock, since many short sleeps take far longer on a busy machine than they should.
                early = begun + (start - first) / page.rate - time.monotonic() if page.rate else 0
                if early > 0.005:
                    time.sleep(early)

    def _write(self, page: Page, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if page.chunked else piece)

    def _end(self, page: Page, sent: int, whole: int) -> None:
        if sent < whole or page.extra_length > 0:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif page.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _note(self, status: int, sent: int, received: int) -> Request:
        request = Request(self.command, self.path, dict(self.headers.items()), status, sent, received)
        with self.server.lock:
            self.server.requests.append(request)
        return request


def _basic(page: Page) -> str:
    return "Basic " + base64.b64encode(f"{page.username}:{page.password}".encode()).decode()


@contextmanager
def running(folder: str | None = None, tls: tuple[str, str] | None = None, port: int = 0) -> Iterator[WebServer]:
    """A server on a free port of the loopback interface; ``tls`` are the paths of a certificate and its key."""
    server = WebServer(folder, tls, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """Serve until the standard input ends or a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", help="serve the files in it")
    parser.add_argument("--script", help="a JSON file: {path: {field of Page: value}}")
    parser.add_argument("--port", type=int, default=0, help="by default a free one")
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="serve https")
    given = parser.parse_args()
    with running(given.folder, tuple(given.tls) if given.tls else None, given.port) as server:
        if given.script:
            for path, page in json.loads(Path(given.script).read_text(encoding="utf-8")).items():
                server.add(path, Page(**fields(page)))
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
