# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One reading of a URL from its first byte to its last, over as many connections as that takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, NoReturn, Optional

from ansible_collections.imageops.glance.plugins.module_utils.errors import TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.urls import safe_url
from ansible_collections.imageops.glance.plugins.module_utils.transfer.web_answer import (
    UrlInfo,
    if_range,
    range_start,
    same_data,
    told,
)
from ansible_collections.imageops.glance.plugins.module_utils.transfer.web_client import NoAnswerError, WebClient, why

if TYPE_CHECKING:
    import requests
    from urllib3.util import Retry

# Gathered from what the network brings at a time, so that the threads behind have little to do for each byte.
READ_SIZE = 256 * 1024
_OLD_READ_SIZE = 16 * 1024
# Servers that ask for a longer pause are asked again after this many seconds all the same.
MAX_PAUSE = 120.0

_TRY_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_ENDED = "the connection ended too early"


class WebStream:
    """``start()``, then ``chunks()``, then ``close()``; ``look()`` instead when only the headers matter.

    A broken connection is taken up again by Range, and by reading once more what was already read when the server
    does not know ranges: then only if it tells that the data is still the same. ``retries`` is how often in a row that
    may fail without a byte of progress.
    """

    def __init__(self, client: WebClient, retries: int) -> None:
        self._client = client
        self._retries = retries
        self._failures: Optional[Retry] = None
        self._shown = safe_url(client.url)
        self._cancelled = Event()
        self._answer: Optional[requests.Response] = None
        self._first: Optional[UrlInfo] = None
        self._done = 0

    def look(self) -> UrlInfo:
        """The headers alone. A server that does not take HEAD, or says nothing of use, gets a GET that is not read."""
        try:
            answer = self._client.send("HEAD", {})
        except NoAnswerError:
            return self.start()
        answer.close()
        # Servers that make pages on the fly like to say 0 here.
        if answer.status_code == 200 and told(answer).size:
            return told(answer)
        return self.start()

    def start(self) -> UrlInfo:
        """Ask for all bytes; returns when the server begins to send them."""
        while True:
            answer = self._asked({}, None)
            if answer is None:
                continue
            if answer.status_code != 200:
                self._refuse(answer)
            self._answer = answer
            self._first = told(answer)
            return self._first

    def chunks(self) -> Iterator[bytes]:
        """All bytes, in order, each once."""
        skip = 0
        while True:
            broken = _ENDED
            ended = False
            try:
                for chunk in self._received(skip):
                    self._done += len(chunk)
                    self._failures = None
                    yield chunk
                ended = True
            except NoAnswerError as error:
                broken = str(error)
            if self._complete(ended):
                return
            self._pause(broken, None)
            resumed = self._resumed()
            if resumed is None:
                return
            skip = resumed

    def cancel(self) -> None:
        """Make the reading thread stop soon, with a TransferError; called from another one."""
        self._cancelled.set()
        # urllib3 2.3 and later can wake a thread that waits for the network; others wait for the time limit.
        shutdown = getattr(self._answer.raw, "shutdown", None) if self._answer is not None else None
        if shutdown is not None:
            # Where it is closed already, that is as good.
            with suppress(OSError, ValueError, RuntimeError):
                shutdown()

    def close(self) -> None:
        """Close all connections."""
        if self._answer is not None:
            self._answer.close()
        self._client.close()

    @property
    def _total(self) -> Optional[int]:
        return self._first.size if self._first is not None else None

    def _complete(self, ended: bool) -> bool:
        # Without a length, an orderly end is the only sign that all is there.
        return ended if self._total is None else self._done >= self._total

    def _received(self, skip: int) -> Iterator[bytes]:
        """What the present connection brings after ``skip`` bytes; raises NoAnswerError when it breaks."""
        pieces = self._pieces()
        broken: Optional[NoAnswerError] = None
        while broken is None:
            chunk, broken = _gathered(pieces)
            if not chunk:
                break
            if skip < len(chunk):
                yield chunk[skip:] if skip else chunk
            skip = max(0, skip - len(chunk))
        if broken is not None:
            raise broken
        if skip:
            raise NoAnswerError(_ENDED)

    def _pieces(self) -> Iterator[bytes]:
        """As the network brings them; raises NoAnswerError when it breaks."""
        from urllib3.exceptions import HTTPError

        if self._answer is None:
            return
        raw = self._answer.raw
        # read() waits for as much as it was asked for, and forgets what it has when the network breaks meanwhile, so it
        # is asked for little; read1() does neither, but urllib3 before 2.1 lacks it.
        read, size = (raw.read1, READ_SIZE) if hasattr(raw, "read1") else (raw.read, _OLD_READ_SIZE)
        while True:
            if self._cancelled.is_set():
                self._break_off()
            try:
                piece: bytes = read(size, decode_content=False)
            except (HTTPError, OSError, ValueError) as error:
                raise NoAnswerError(why(error)) from error
            if not piece:
                return
            yield piece

    def _resumed(self) -> Optional[int]:
        """Connect again; how many bytes to skip of what comes, or None when all bytes were there already."""
        headers = {"Range": f"bytes={self._done}-"}
        validator = if_range(self._first) if self._first is not None else None
        if validator is not None:
            headers["If-Range"] = validator
        # The mirror that a redirect led to has the same validators, but the redirect may have expired meanwhile.
        mirror = self._first.url if self._first is not None and self._first.url != self._client.url else None
        while True:
            if self._answer is not None:
                self._answer.close()
            at, mirror = mirror, None
            answer = self._asked(headers, at)
            if answer is None or (at is not None and answer.status_code not in (200, 206, 416)):
                continue
            self._answer = answer
            return self._skip_for(answer)

    def _skip_for(self, answer: requests.Response) -> Optional[int]:
        """How an answer continues what was read; raises TransferError when it does not."""
        if answer.status_code not in (200, 206, 416) or self._first is None:
            self._refuse(answer)
        again = told(answer)
        if answer.status_code == 416 and again.size == self._done:
            if self._total is None:
                return None
            raise TransferError(f"{self._shown} announced {self._total} bytes, but has only {again.size}.")
        same = same_data(self._first, again)
        if answer.status_code == 416 or same is False:
            raise TransferError(f"{self._shown} changed while it was read, after {self._done} bytes; run again.")
        if answer.status_code == 206:
            if range_start(answer) != self._done:
                raise TransferError(f"{self._shown} answered with another part of its data than the one asked for.")
            return 0
        if same is None:
            raise TransferError(
                f"The connection to {self._shown} broke after {self._done} bytes, and the server can neither send the "
                "rest alone nor tell whether its data is still the same; run again."
            )
        return self._done

    def _asked(self, headers: dict[str, str], at: Optional[str]) -> Optional[requests.Response]:
        """One attempt at an answer; None, after a pause, when it is worth another one."""
        try:
            answer = self._client.send("GET", headers, at)
        except NoAnswerError as error:
            self._pause(str(error), None)
            return None
        if answer.status_code in _TRY_AGAIN:
            answer.close()
            self._pause(f"it answered with status {answer.status_code}", answer.headers.get("Retry-After"))
            return None
        return answer

    def _pause(self, broken: str, retry_after: Optional[str]) -> None:
        """Wait as long as the server or the number of failures demands; raises TransferError when it is enough."""
        from urllib3.exceptions import InvalidHeader, MaxRetryError
        from urllib3.util import Retry

        failures = self._failures or Retry(total=self._retries, backoff_factor=0.5, redirect=0)
        try:
            failures = self._failures = failures.increment("GET", self._shown)
        except MaxRetryError as error:
            after = f" after {self._done} of {self._total or 'an unknown number of'} bytes" if self._first else ""
            raise TransferError(f"{self._shown} cannot be read{after}: {broken}.") from error
        seconds = failures.get_backoff_time()
        if retry_after is not None:
            with suppress(InvalidHeader):
                seconds = failures.parse_retry_after(retry_after)
        if self._cancelled.wait(min(seconds, MAX_PAUSE)):
            self._break_off()

    def _refuse(self, answer: requests.Response) -> NoReturn:
        answer.close()
        status = f"{answer.status_code} {answer.reason or ''}".rstrip()
        raise TransferError(f"{self._shown} cannot be read: it answered with status {status}.")

    def _break_off(self) -> NoReturn:
        raise TransferError(f"Reading {self._shown} was broken off.")


def _gathered(pieces: Iterator[bytes]) -> tuple[bytes, Optional[NoAnswerError]]:
    """Pieces up to ``READ_SIZE`` as one, and what they broke off with; no bytes at the end."""
    gathered: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            gathered.append(piece)
            size += len(piece)
            if size >= READ_SIZE:
                break
    except NoAnswerError as error:
        return b"".join(gathered), error
    return (gathered[0] if len(gathered) == 1 else b"".join(gathered)), None
