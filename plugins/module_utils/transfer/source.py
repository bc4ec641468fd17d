# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where image data comes from, as a stream of chunks."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Optional, Protocol

from ansible_collections.imageops.glance.plugins.module_utils.errors import TransferError

# Large enough that one system call and one hash update cost far more than the Python around them, small enough that
# the queues between threads stay within a few MiB.
CHUNK_SIZE = 1024 * 1024


class Source(Protocol):
    """Anything that yields bytes, as often as it is asked to.

    ``label`` names it in messages and progress lines and never holds a secret.
    """

    label: str

    def published_size(self) -> Optional[int]:
        """Count of bytes that ``open()`` yields, or None when that is not known without reading all of them."""

    def open(self) -> AbstractContextManager[Iterator[bytes]]:
        """A stream of non-empty chunks of at most ``CHUNK_SIZE`` bytes; each call starts from the first byte.

        Both entering the context and iterating raise TransferError when the data cannot be had whole.
        """


def cancel(source: Source) -> None:
    """Ask a source that can be asked to end its open streams soon, so that nobody waits for a slow network."""
    method = getattr(source, "cancel", None)
    if method is not None:
        method()


class FileSource:
    """A regular file or a block device of this machine."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.label = os.path.basename(path) or path

    def published_size(self) -> Optional[int]:
        """Bytes; raises TransferError as ``open()`` does when there is no such file."""
        with self._descriptor() as descriptor:
            return _length(descriptor)

    @contextmanager
    def open(self) -> Iterator[Iterator[bytes]]:
        """The file's chunks; raises TransferError when it is missing, unreadable, or changes while it is read."""
        with self._descriptor() as descriptor:
            yield self._chunks(descriptor)

    @contextmanager
    def _descriptor(self) -> Iterator[int]:
        try:
            # Without O_NONBLOCK the open of a named pipe would wait for a writer before it could be refused.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise TransferError(f"The file '{self.path}' cannot be opened: {error.strerror}.") from error
        try:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(mode):
                raise TransferError(f"'{self.path}' is a directory; give the path of an image file.")
            if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
                raise TransferError(f"'{self.path}' is neither a regular file nor a block device.")
            yield descriptor
        finally:
            os.close(descriptor)

    def _chunks(self, descriptor: int) -> Iterator[bytes]:
        expected = _length(descriptor)
        before = os.fstat(descriptor)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        done = 0
        while True:
            try:
                chunk = os.read(descriptor, CHUNK_SIZE)
            except OSError as error:
                raise TransferError(
                    f"Reading '{self.path}' failed after {done} of {expected} bytes: {error.strerror}."
                ) from error
            if not chunk:
                break
            done += len(chunk)
            if done > expected:
                raise self._changed(f"grew beyond {expected} bytes")
            yield chunk
        if done < expected:
            raise self._changed(f"shrank from {expected} to {done} bytes")
        if os.fstat(descriptor).st_mtime_ns != before.st_mtime_ns:
            raise self._changed("was written to")

    def _changed(self, how: str) -> TransferError:
        return TransferError(f"The file '{self.path}' {how} while it was read; run again when nothing writes to it.")


def _length(descriptor: int) -> int:
    """Bytes of an open file; a block device's status says 0, so its end is sought."""
    end = os.lseek(descriptor, 0, os.SEEK_END)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return end
