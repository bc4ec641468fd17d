# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image's data out of Glance, over as many connections as that takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, OptionError, TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.web_answer import range_start
from ansible_collections.imageops.glance.plugins.module_utils.transfer.web_client import NoAnswerError, why

if TYPE_CHECKING:
    import requests

READ_SIZE = 256 * 1024
_OLD_READ_SIZE = 16 * 1024
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 10.0
_ENDED = "the connection ended too early"


class DataStream:
    """Reads the data of one image from any offset on; a connection that breaks is taken up again by Range.

    :param image: the image's document; without a size in it, an orderly end is the only sign that all is there
    :param told: how messages name the image
    :param prefer: stores to read from, the best one first
    :param retry_time: seconds for which it is tried again without a byte of progress
    """

    def __init__(
        self,
        glance: Glance,
        image: Mapping[str, Any],
        told: str,
        prefer: Sequence[str] = (),
        retry_time: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._glance = glance
        self._image_id = str(image["id"])
        self._deactivated = image.get("status") == "deactivated"
        self._told = told
        self._size: int | None = image.get("size")
        self._prefer = ",".join(prefer) or None
        self._retry_time = retry_time
        self._clock = clock
        self._sleep = sleep
        self._failing_since: float | None = None
        self._pause = _FIRST_PAUSE

    def probe(self) -> None:
        """Find out whether the data may be had, at the cost of at most its last byte.

        :raises ApiError: it may not
        """
        self._ask(max(0, (self._size or 0) - 1)).close()

    def chunks(self, offset: int = 0) -> Iterator[bytes]:
        """All bytes from an offset on, in order, each once.

        :raises TransferError: they cannot be had whole
        :raises ApiError: Glance refuses
        """
        done = offset
        while self._size is None or done < self._size:
            broken = _ENDED
            answer = self._ask(done)
            try:
                for chunk in _received(answer, self._skip_for(answer, done)):
                    done += len(chunk)
                    self._failing_since = None
                    if self._size is not None and done > self._size:
                        raise TransferError(
                            f"Glance sends more than the {self._size} bytes of {self._told}; run again."
                        )
                    yield chunk
                if self._size is None:
                    return
            except NoAnswerError as exc:
                broken = str(exc)
            finally:
                answer.close()
            if self._size is None or done < self._size:
                self._wait(broken, done)

    def _ask(self, offset: int) -> requests.Response:
        try:
            answer = self._glance.download(self._image_id, offset, self._prefer)
        except ApiError as exc:
            raise self._explained(exc) from exc
        status = answer.status_code
        if status in (200, 206):
            return answer
        answer.close()
        if status == 204:
            raise TransferError(f"{self._told} has no data, although Glance says it is there; upload it again.")
        raise TransferError(f"{self._told} has no byte {offset} (HTTP {status}), but Glance says {self._size} bytes.")

    def _explained(self, exc: ApiError) -> ApiError | OptionError:
        if exc.status == 404:
            return ApiError(f"{self._told} was deleted, or hidden from this project, meanwhile.", 404, exc.request_id)
        if exc.status == 403 and self._deactivated:
            told = f"{self._told} is deactivated, so only an admin can have its data; activate it first."
            return ApiError(told, 403, exc.request_id)
        if exc.status == 400 and self._prefer:
            return OptionError(f"prefer: {exc.message}")
        return exc

    def _skip_for(self, answer: requests.Response, offset: int) -> int:
        """How many bytes of an answer were there already; raises TransferError when it does not fit on."""
        encoding = answer.headers.get("Content-Encoding", "identity")
        if encoding != "identity":
            raise TransferError(
                f"A proxy before Glance sends {self._told} in {encoding} encoding; have it leave image data alone."
            )
        if answer.status_code == 200:
            # A proxy that does not know ranges.
            return offset
        if range_start(answer) != offset:
            raise TransferError(f"Glance answered with another part of {self._told} than the one asked for.")
        return 0

    def _wait(self, broken: str, done: int) -> None:
        """Pause before the next try, or raise when there was no progress for too long."""
        now = self._clock()
        if self._failing_since is None:
            self._failing_since, self._pause = now, _FIRST_PAUSE
        if now - self._failing_since + self._pause > self._retry_time:
            of = "an unknown number of" if self._size is None else self._size
            raise TransferError(
                f"Downloading {self._told} broke off after {done} of {of} bytes ({broken}); "
                f"api_retry_time is {self._retry_time:.0f} s. Run again to go on from there."
            )
        self._sleep(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)


def _received(answer: requests.Response, skip: int) -> Iterator[bytes]:
    """What one connection brings after ``skip`` bytes; raises NoAnswerError when it breaks."""
    from urllib3.exceptions import HTTPError

    raw = answer.raw
    # read() waits for as much as it was asked for, and forgets what it has when the network breaks meanwhile, so it is
    # asked for little; read1() does neither, but urllib3 before 2.1 lacks it. It brings little at a time only while
    # nobody has to wait for it.
    read, size = (raw.read1, READ_SIZE) if hasattr(raw, "read1") else (raw.read, _OLD_READ_SIZE)
    while True:
        try:
            chunk: bytes = read(size, decode_content=False)
        except (HTTPError, OSError, ValueError) as exc:
            raise NoAnswerError(why(exc)) from exc
        if not chunk:
            return
        if skip < len(chunk):
            yield chunk[skip:] if skip else chunk
        skip = max(0, skip - len(chunk))
