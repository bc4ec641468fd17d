# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy that stands in front of servers and breaks what passes through it, as it is told while it runs.

::

    with Proxy() as proxy:
        url = proxy.front("glance", "http://127.0.0.1:9292")
        rule = proxy.on("POST", r"/v2/images$", unanswered())
        ...
        assert rule.fired

It speaks just as much HTTP/1.1 as that takes: each request goes to the server over a connection of its own, so that the
end of the reply is the end of that connection. Requests that no rule takes are passed on as they are.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator
from types import TracebackType
from typing import NamedTuple, NoReturn
from urllib.parse import urlsplit

from ansible_collections.imageops.glance.tests.faults.fault import NONE, Fault, Request, Rule

PIECE = 64 * 1024
HEAD_LIMIT = 256 * 1024


class BrokenOff(Exception):
    """The exchange has ended before its time, by the client, the server or a fault."""


class Piece(NamedTuple):
    """A part of a body, with its framing as it came."""

    prefix: bytes
    content: bytes
    suffix: bytes

    @property
    def whole(self) -> bytes:
        return self.prefix + self.content + self.suffix


class Proxy:
    """Use as a context manager. All methods may be called from any thread."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="faults-proxy", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None] | None] = set()  # the loop itself holds on to none of them

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def front(self, server: str, url: str, tls: ssl.SSLContext | None = None) -> str:
        """Stand in front of the server at ``url``, whose requests are told apart by the name; returns the own URL."""
        parts = urlsplit(url)
        host, port = str(parts.hostname), parts.port or 80

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._connection(server, host, port, reader, writer)

        async def start() -> asyncio.Server:
            return await asyncio.start_server(serve, "127.0.0.1", 0, limit=HEAD_LIMIT, ssl=tls)

        started = asyncio.run_coroutine_threadsafe(start(), self._loop).result(10)
        self._servers.append(started)
        return f"{'https' if tls else 'http'}://127.0.0.1:{started.sockets[0].getsockname()[1]}"

    def on(
        self,
        method: str,
        path: str,
        fault: Fault,
        nth: int = 1,
        times: int = 1,
        server: str = "glance",
        token: str | None = None,
    ) -> Rule:
        """Add a rule; of several that take a request, the first one added counts."""
        return self.add(Rule(method, path, fault, nth, times, server, token))

    def add(self, rule: Rule) -> Rule:
        with self._lock:
            self._rules.append(rule)
        return rule

    def calm(self) -> None:
        """Forget all rules."""
        with self._lock:
            self._rules.clear()

    def forget(self) -> list[Request]:
        """Empty the log; returns what was in it."""
        with self._lock:
            seen, self.requests = self.requests, []
        return seen

    # ---- one connection

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        current = asyncio.current_task()
        pending = [task for task in asyncio.all_tasks() if task is not current]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def _connection(
        self, server: str, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        own = asyncio.current_task()
        self._connections.add(own)
        try:
            while await self._exchange(server, host, port, reader, writer):
                pass
        except (BrokenOff, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._connections.discard(own)
            writer.close()

    async def _exchange(
        self, server: str, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """One request and its reply; whether the connection can take another one."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        request = _request_of(server, head)
        with self._lock:
            self.requests.append(request)
            rule = next((rule for rule in self._rules if rule.takes(request)), None)
        fault = rule.fault if rule else NONE
        request.fault = fault.told if rule else ""
        body = _body(reader, request.headers)
        if fault.before is not None:
            await asyncio.to_thread(fault.before, request)
        await asyncio.sleep(fault.delay)
        if fault.lost:
            if not fault.reset:
                await _drained(body)
            _break(writer, fault)
        if not fault.acted and (fault.status is not None or fault.raw is not None):
            await _drained(body)
            return await self._answered(request, fault, writer)
        up_reader, up_writer = await asyncio.open_connection(host, port, limit=HEAD_LIMIT)
        try:
            request.passed_on = True
            up_writer.write(_without_keep_alive(head))
            await self._pass_body(request, fault, body, up_writer, writer)
            return await self._pass_reply(request, fault, up_reader, writer)
        finally:
            up_writer.close()

    async def _pass_body(
        self,
        request: Request,
        fault: Fault,
        body: AsyncIterator[Piece],
        up_writer: asyncio.StreamWriter,
        writer: asyncio.StreamWriter,
    ) -> None:
        limit, call = fault.body_limit, fault.at_byte
        if limit == 0 and call is None:
            _break(writer, fault)
        open_end = True
        async for piece in body:
            rest, uncounted = piece.whole, len(piece.content)
            if limit is not None and request.body_bytes + len(piece.content) >= limit:
                count = limit - request.body_bytes
                part = piece.prefix + piece.content[:count]
                await _write(up_writer, part)
                request.body_bytes, uncounted = limit, uncounted - count
                if call is None:
                    _break(writer, fault)
                else:
                    await asyncio.to_thread(call, request)
                rest, limit = rest[len(part) :], None
            request.body_bytes += uncounted
            if open_end:
                try:
                    await _write(up_writer, rest)
                except OSError:
                    # A server that refuses early stops listening; its reply is read all the same.
                    open_end = False

    async def _pass_reply(
        self, request: Request, fault: Fault, up_reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        try:
            head = await up_reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as exc:
            raise BrokenOff from exc
        status = int(head.split(b" ", 2)[1])
        whole = fault.after is not None or fault.unanswered or fault.acted
        content = await up_reader.read(-1) if whole else b""
        if fault.after is not None:
            await asyncio.to_thread(fault.after, request)
        if fault.unanswered:
            _break(writer, fault)
        if fault.acted:
            return await self._answered(request, fault, writer)
        reply, endless = _reply_head(head, status, request.method)
        request.status = status
        await _write(writer, reply)
        left = fault.reply_limit
        while True:
            piece = content or await up_reader.read(PIECE)
            content = b""
            if left is not None and len(piece) >= left:
                await _write(writer, piece[:left])
                if fault.at_reply_byte is not None:
                    await asyncio.to_thread(fault.at_reply_byte, request)
                _break(writer, fault)
            if not piece:
                break
            left = None if left is None else left - len(piece)
            await _write(writer, piece)
        return not endless

    async def _answered(self, request: Request, fault: Fault, writer: asyncio.StreamWriter) -> bool:
        if fault.raw is not None:
            await _write(writer, fault.raw)
            return False
        lines = [f"HTTP/1.1 {fault.status} Fault", f"Content-Length: {len(fault.body)}"]
        lines += [f"{name}: {value}" for name, value in fault.headers.items()]
        body = b"" if request.method == "HEAD" else fault.body
        request.status = fault.status
        await _write(writer, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)
        return True


# ---- bytes


def _request_of(server: str, head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ", 2)
    path, _mark, query = target.partition("?")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return Request(server, method, path, query, headers)


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> AsyncIterator[Piece]:
    """A request's body in pieces; ends where the body does.

    :raises BrokenOff: the client went away before
    """
    if "chunked" in headers.get("transfer-encoding", ""):
        while True:
            line = await reader.readline()
            if not line:
                raise BrokenOff
            size = int(line.partition(b";")[0], 16)
            content = await reader.readexactly(size + 2)
            yield Piece(line, content[:-2], content[-2:])
            if size == 0:
                return
    left = int(headers.get("content-length", 0))
    while left:
        content = await reader.read(min(left, PIECE))
        if not content:
            raise BrokenOff
        left -= len(content)
        yield Piece(b"", content, b"")


async def _drained(body: AsyncIterator[Piece]) -> None:
    async for _piece in body:
        pass


def _without_keep_alive(head: bytes) -> bytes:
    lines = head[:-4].split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith((b"connection:", b"expect:"))]
    return b"\r\n".join([*kept, b"Connection: close"]) + b"\r\n\r\n"


def _reply_head(head: bytes, status: int, method: str) -> tuple[bytes, bool]:
    """The head for the client, and whether only the end of the connection ends the body."""
    lines = [line for line in head[:-4].split(b"\r\n") if not line.lower().startswith(b"connection:")]
    framed = any(line.lower().startswith((b"content-length:", b"transfer-encoding:")) for line in lines)
    endless = not framed and status not in (204, 304) and method != "HEAD"
    if endless:
        lines.append(b"Connection: close")
    return b"\r\n".join(lines) + b"\r\n\r\n", endless


async def _write(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(content)
    await writer.drain()


def _break(writer: asyncio.StreamWriter, fault: Fault) -> NoReturn:
    """End the client's connection, and with it the exchange."""
    if fault.reset:
        sock = writer.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    raise BrokenOff
