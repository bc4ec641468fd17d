# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bounded pipe of byte chunks from one thread to another, which either end may break off."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Optional

# How far the faster end may run ahead. Bounded in bytes, since decompressors yield small chunks at times.
CAPACITY = 8 * 1024 * 1024


class Pipe:
    """Written by one thread, read by another; memory stays within ``capacity`` plus one chunk.

    The writer puts its chunks in a ``with`` block of the pipe: leaving it ends the pipe, and an exception that does so
    reaches the reader, since further up in the writer's thread nobody would see it.

    The standard queue cannot be closed on the Python versions supported here, and it counts items instead of bytes.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._ended = False
        self.broken = False
        self.error: Optional[BaseException] = None
        self._changed = threading.Condition()

    def put(self, chunk: bytes) -> bool:
        """Add a chunk, waiting for room; False when nobody reads any more, so that the writer can stop."""
        with self._changed:
            while self._held >= self._capacity and not self.broken:
                self._changed.wait()
            if self.broken:
                return False
            self._chunks.append(chunk)
            self._held += len(chunk)
            self._changed.notify_all()
            return True

    def __enter__(self) -> Pipe:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> bool:
        self.end(error)
        return True

    def end(self, error: Optional[BaseException] = None) -> None:
        """No more chunks follow; with an error, the reader gets it after the last chunk."""
        with self._changed:
            self._ended = True
            self.error = error
            self._changed.notify_all()

    def break_off(self) -> None:
        """Forget what is held and wake both ends: the writer stops, the reader sees the end."""
        with self._changed:
            self.broken = True
            self._chunks.clear()
            self._held = 0
            self._changed.notify_all()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with self._changed:
                while not self._chunks and not self._ended and not self.broken:
                    self._changed.wait()
                if self._chunks:
                    chunk = self._chunks.popleft()
                    self._held -= len(chunk)
                    self._changed.notify_all()
                elif self.error is not None and not self.broken:
                    raise self.error
                else:
                    return
            yield chunk
