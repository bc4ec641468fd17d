# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with one request, and which request it goes wrong with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass
class Request:
    """One request as the proxy saw it. ``status`` is what the client was answered, None when it was not."""

    server: str
    method: str
    path: str
    query: str
    headers: dict[str, str]  # names in lower case
    passed_on: bool = False
    body_bytes: int = 0
    status: int | None = None
    fault: str = ""

    @property
    def token(self) -> str | None:
        return self.headers.get("x-auth-token")


@dataclass(frozen=True)
class Fault:
    """What happens to a request; the fields are looked at in their order.

    :param before: called before the request is passed on; may block
    :param delay: seconds before it is passed on
    :param lost: the request is swallowed and the connection broken, the server never sees it
    :param body_limit: so many bytes of its body are passed on, then both connections are broken
    :param at_byte: called when ``body_limit`` bytes were passed on, which then does not break anything by itself
    :param acted: with ``status`` or ``raw``: the server sees the request, and only its reply is exchanged
    :param status: answered instead of the server's reply
    :param raw: bytes sent instead of a reply, then the connection is closed
    :param after: called when the server has replied, before the reply is passed on
    :param unanswered: the reply is swallowed and the connection broken
    :param reply_limit: so many bytes of the reply's body are passed on, then the connection is broken
    :param at_reply_byte: called when ``reply_limit`` bytes were passed on, before the connection is broken
    :param reset: break by a TCP reset, not by an orderly end
    """

    told: str
    before: Callable[[Request], None] | None = None
    delay: float = 0.0
    lost: bool = False
    body_limit: int | None = None
    at_byte: Callable[[Request], None] | None = None
    acted: bool = False
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw: bytes | None = None
    after: Callable[[Request], None] | None = None
    unanswered: bool = False
    reply_limit: int | None = None
    at_reply_byte: Callable[[Request], None] | None = None
    reset: bool = False


NONE = Fault("passed on")


@dataclass
class Rule:
    """Applies a fault to the ``nth`` and the following requests that match, ``times`` times (0: to all of them).

    :param path: regular expression, searched for in the path
    :param token: only requests with this token
    """

    method: str
    path: str
    fault: Fault
    nth: int = 1
    times: int = 1
    server: str = "glance"
    token: str | None = None
    seen: int = 0
    fired: int = 0

    def takes(self, request: Request) -> bool:
        """Whether this request is one to disturb; counts."""
        if request.server != self.server or not re.fullmatch(self.method, request.method):
            return False
        if not re.search(self.path, request.path) or (self.token is not None and request.token != self.token):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times and self.fired >= self.times):
            return False
        self.fired += 1
        return True


def lost(reset: bool = False) -> Fault:
    """The line breaks before the server sees the request."""
    return Fault("reset before" if reset else "cut before", lost=True, reset=reset)


def unanswered(reset: bool = False) -> Fault:
    """The server acts, and its reply is lost."""
    return Fault("reset after" if reset else "cut after", unanswered=True, reset=reset)


def answer(
    status: int, retry_after: str | None = None, acted: bool = False, body: bytes = b"<html>proxy error</html>"
) -> Fault:
    """A status as a proxy or an overloaded server gives it."""
    headers = {"Content-Type": "text/html"}
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    return Fault(f"{status}{' after' if acted else ''}", status=status, headers=headers, body=body, acted=acted)


def redirect(location: str, status: int = 307) -> Fault:
    return Fault(f"redirect {status}", status=status, headers={"Location": location})


def cut_body(count: int) -> Fault:
    """The line breaks in the request's body."""
    return Fault(f"cut at byte {count}", body_limit=count)


def cut_reply(count: int) -> Fault:
    """The line breaks in the reply's body."""
    return Fault(f"reply cut at byte {count}", reply_limit=count)


def garbage(acted: bool = False) -> Fault:
    """What comes back is not HTTP."""
    return Fault("garbage", raw=b"\x00\xff no protocol that anybody speaks \r\n\r\n", acted=acted)


def delayed(seconds: float) -> Fault:
    return Fault(f"delayed {seconds:g} s", delay=seconds)


def before(call: Callable[[Request], None]) -> Fault:
    """Something happens elsewhere just before the server sees the request."""
    return Fault("before", before=call)


def after(call: Callable[[Request], None]) -> Fault:
    """Something happens elsewhere just after the server has acted, before the client knows."""
    return Fault("after", after=call)


def at_byte(count: int, call: Callable[[Request], None]) -> Fault:
    """Something happens elsewhere in the middle of the request's body."""
    return Fault(f"at byte {count}", body_limit=count, at_byte=call)


def at_reply_byte(count: int, call: Callable[[Request], None]) -> Fault:
    """Something happens elsewhere in the middle of the reply's body."""
    return Fault(f"at byte {count} of the reply", reply_limit=count, at_reply_byte=call)
