# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request body that reads, unpacks and hashes in threads of its own while the request's thread only sends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Optional, Union

from ansible_collections.imageops.glance.plugins.module_utils.errors import TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests, ParallelHash, new_hash
from ansible_collections.imageops.glance.plugins.module_utils.transfer.pipe import Pipe
from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import NoProgress, Progress
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import Source

# What is known of the data before anything is sent: enough for every header that inspect.py reads.
HEAD_SIZE = 64 * 1024

# A reader that waits for its network ends at that network's own time limit; nobody waits that long for it.
_JOIN_TIMEOUT = 5.0


class UploadBody:
    """An iterable for ``requests``' ``data=``, of a length that is not known: it is sent in chunked encoding.

    It has ``__iter__`` and no ``read``, so that chunks go to the socket as they are. Use as a context manager, or call
    ``close()``: it ends all threads whatever happened to the request. Iterating works once, since a body that was sent
    in part cannot be sent again from the middle.

    When the source fails, or yields another count of bytes than ``size``, or ``check`` raises, the iteration raises
    before the last byte was handed over, which makes the HTTP library break the connection off: the server never
    takes a part for the whole. The same exception is in ``error``.
    """

    def __init__(
        self,
        source: Source,
        algorithms: Sequence[str],
        size: Optional[int] = None,
        progress: Optional[Progress] = None,
        check: Optional[Callable[[Digests], None]] = None,
    ) -> None:
        self.label = source.label
        self.size = size
        self.sent = 0
        self.error: Optional[BaseException] = None
        self._source = source
        self._progress = progress or NoProgress()
        self._check = check
        for algorithm in algorithms:
            new_hash(algorithm)
        self._algorithms = list(algorithms)
        self._hashing: Optional[ParallelHash] = None
        self._pipe = Pipe()
        self._head = bytearray()
        self._head_ready = threading.Event()
        self._reader: Optional[threading.Thread] = None
        self._iterated = False
        self._digests: Optional[Digests] = None

    @property
    def head(self) -> bytes:
        """The first bytes of the data, at most ``HEAD_SIZE``; starts the source, so it may raise what that raises."""
        self.prefetch()
        return bytes(self._head)

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
        self._start()
        self._head_ready.wait()
        if self.error is not None and self.sent == 0:
            raise self.error

    def close(self) -> None:
        """End all threads; may be called again and at any time."""
        self._pipe.break_off()
        cancel = getattr(self._source, "cancel", None)
        if self._reader is not None and self._reader.is_alive() and cancel is not None:
            cancel()
        if self._hashing is not None:
            self._hashing.close()
        if self._reader is not None:
            self._reader.join(_JOIN_TIMEOUT)

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
        hashing = self._start()
        try:
            yield from self._chunks(hashing)
        except Exception as error:
            self.error = error
            raise

    def _chunks(self, hashing: ParallelHash) -> Iterator[bytes]:
        # The last chunk is held back until everything is known to be right: what has not been sent whole can still be
        # refused, what has been sent whole is published.
        held = b""
        for chunk in self._pipe:
            if held:
                yield self._counted(held)
            if self.size is not None and self.sent + len(chunk) > self.size:
                raise TransferError(f"'{self.label}' yields more than the {self.size} bytes that were announced.")
            held = chunk
        found = hashing.finish()
        if self.size is not None and found.size != self.size:
            raise TransferError(f"'{self.label}' ended after {found.size} of the {self.size} bytes that were announced.")
        if self._check is not None:
            self._check(found)
        self._digests = found
        if held:
            yield self._counted(held)

    def _counted(self, chunk: bytes) -> bytes:
        self.sent += len(chunk)
        self._progress.update(self.label, self.sent, self.size)
        return chunk

    def _start(self) -> ParallelHash:
        if self._hashing is None:
            self._hashing = ParallelHash(self._algorithms)
            self._reader = threading.Thread(
                target=self._read, args=(self._hashing,), name="imageops-read", daemon=True
            )
            self._reader.start()
        return self._hashing

    def _read(self, hashing: ParallelHash) -> None:
        error: Optional[BaseException] = None
        try:
            with self._source.open() as chunks:
                for chunk in chunks:
                    self._note_head(chunk)
                    hashing.update(chunk)
                    if not self._pipe.put(chunk):
                        return
        except BaseException as caught:
            # Nobody is above this thread to see it: it travels to the sender, and to prefetch() until then.
            error = caught
            self.error = caught
        finally:
            self._pipe.end(error)
            self._head_ready.set()

    def _note_head(self, chunk: bytes) -> None:
        if not self._head_ready.is_set():
            self._head += chunk[: HEAD_SIZE - len(self._head)]
            if len(self._head) >= HEAD_SIZE:
                self._head_ready.set()


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
) -> Union[UploadBody, SizedUploadBody]:
    """The body for a source, with a length when ``size`` or the source tells one.

    ``algorithms`` are hashlib names for ``digests``. ``check`` gets the digests of all bytes before the last of them
    is sent; what it raises breaks the request off, so that wrong data never becomes an image.
    """
    known = source.published_size() if size is None else size
    kind = UploadBody if known is None else SizedUploadBody
    return kind(source, algorithms, known, progress, check)
