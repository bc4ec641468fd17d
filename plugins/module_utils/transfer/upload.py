# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request body that reads, unpacks and hashes in threads of its own while the request's thread only sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Optional, Union

from ansible_collections.imageops.glance.plugins.module_utils.errors import TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests, ParallelHash
from ansible_collections.imageops.glance.plugins.module_utils.transfer.feed import Feed
from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import NoProgress, Progress
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import Source


class UploadBody:
    """An iterable for ``requests``' ``data=``, of a length that is not known: it is sent in chunked encoding.

    It has ``__iter__`` and no ``read``, so that chunks go to the socket as they are. Use as a context manager, or call
    ``close()``: it ends all threads whatever happened to the request. Iterating works once, since a body that was sent
    in part cannot be sent again from the middle.

    When the source fails, or yields another count of bytes than ``size``, or ``check`` raises, the iteration raises
    before the last byte was handed over, which makes the HTTP library break the connection off: the server never
    takes a part for the whole. The same exception is in ``error``.

    With ``known``, the digests of the data from an earlier reading, nothing is hashed again; ``check`` is then the
    place to make sure that it is still the same data.
    """

    def __init__(
        self,
        source: Source,
        algorithms: Sequence[str],
        size: Optional[int] = None,
        progress: Optional[Progress] = None,
        check: Optional[Callable[[Digests], None]] = None,
        feed: Optional[Feed] = None,
        known: Optional[Digests] = None,
    ) -> None:
        self.label = source.label
        self.size = size
        self.sent = 0
        self._progress = progress or NoProgress()
        self._check = check
        self._known = known
        self._feed = feed or Feed(source, algorithms if known is None else ())
        self._refusal: Optional[BaseException] = None
        self._iterated = False
        self._digests: Optional[Digests] = None

    @property
    def head(self) -> bytes:
        """The first bytes of the data, at most 64 KiB; starts the source, so it may raise what that raises."""
        self.prefetch()
        return self._feed.head

    @property
    def error(self) -> Optional[BaseException]:
        """Why the data could not be sent whole, as far as it was not the network to the server."""
        return self._refusal or self._feed.pipe.error

    @property
    def whole(self) -> bool:
        """Whether every byte was handed over and found right."""
        return self._digests is not None

    @property
    def digests(self) -> Digests:
        """Of all bytes sent; raises TransferError before the body was sent whole."""
        if self._digests is None:
            raise TransferError(f"'{self.label}' was not sent whole.")
        return self._digests

    def prefetch(self) -> None:
        """Start the source and return when its first bytes are there; raises what the source raises.

        So a missing page or file is known before a request is made for it.
        """
        self._feed.prefetch()
        error = self.error
        if error is not None and self.sent == 0:
            raise error

    def close(self) -> None:
        """End all threads; may be called again and at any time."""
        self._feed.close()

    def __enter__(self) -> UploadBody:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __bool__(self) -> bool:
        # requests takes a false body, such as one of length 0, for no body at all.
        return True

    def __iter__(self) -> Iterator[bytes]:
        if self._iterated:
            raise TransferError(f"'{self.label}' was already sent once; make a new body to send it again.")
        self._iterated = True
        hashing = self._feed.start()
        try:
            yield from self._chunks(hashing)
        except Exception as error:
            self._refusal = error
            raise

    def _chunks(self, hashing: ParallelHash) -> Iterator[bytes]:
        # The last chunk is held back until everything is known to be right: what has not been sent whole can still be
        # refused, what has been sent whole is published.
        held = b""
        taken = 0
        for chunk in self._feed.pipe:
            taken += len(chunk)
            if self.size is not None and taken > self.size:
                raise TransferError(f"'{self.label}' yields more than the {self.size} bytes that were announced.")
            if held:
                yield self._counted(held)
            held = chunk
        if self._feed.pipe.broken:
            raise TransferError(f"Sending '{self.label}' was broken off.")
        if self.size is not None and taken != self.size:
            raise TransferError(f"'{self.label}' ended after {taken} of the {self.size} bytes that were announced.")
        found = hashing.finish()
        if self._known is not None:
            if taken != self._known.size:
                raise TransferError(f"'{self.label}' has {taken} bytes, and had {self._known.size} when it was hashed.")
            found = self._known
        if self._check is not None:
            self._check(found)
        self._digests = found
        if held:
            yield self._counted(held)

    def _counted(self, chunk: bytes) -> bytes:
        self.sent += len(chunk)
        self._progress.update(self.label, self.sent, self.size)
        return chunk


class SizedUploadBody(UploadBody):
    """The same with a length, which makes ``requests`` send Content-Length."""

    def __len__(self) -> int:
        return self.size or 0


def upload_body(
    source: Source,
    algorithms: Sequence[str],
    size: Optional[int] = None,
    progress: Optional[Progress] = None,
    check: Optional[Callable[[Digests], None]] = None,
    known: Optional[Digests] = None,
) -> Union[UploadBody, SizedUploadBody]:
    """The body for a source, with a length when ``size`` or the source tells one.

    ``algorithms`` are hashlib names for ``digests``. ``check`` gets the digests of all bytes before the last of them
    is sent; what it raises breaks the request off, so that wrong data never becomes an image. ``known`` are digests
    that need not be made again. Without ``size`` the source is started here, which is when it knows its size without
    asking for it twice, so this raises what the source raises.
    """
    feed = Feed(source, algorithms if known is None else ())
    if size is None:
        feed.prefetch()
        if feed.pipe.error is not None:
            feed.close()
            raise feed.pipe.error
        size = source.published_size()
    kind = UploadBody if size is None else SizedUploadBody
    return kind(source, algorithms, size, progress, check, feed, known)
