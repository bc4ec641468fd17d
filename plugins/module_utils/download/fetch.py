# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data into a part file: read, hashed and written side by side, in bounded memory."""

from __future__ import annotations

import errno
import os
import threading
from contextlib import suppress
from typing import Optional

from ansible_collections.imageops.glance.plugins.module_utils.download.part import Part
from ansible_collections.imageops.glance.plugins.module_utils.download.stream import DataStream
from ansible_collections.imageops.glance.plugins.module_utils.errors import TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests, ParallelHash
from ansible_collections.imageops.glance.plugins.module_utils.transfer.pipe import Pipe
from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import Progress

#: Writing to the disk is begun after so many bytes, so that the last sync has little left to wait for.
FLUSH_STEP = 16 * 1024 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def fill(
    part: Part,
    stream: DataStream,
    algorithms: tuple[str, ...],
    size: int | None,
    progress: Progress,
    label: str,
) -> Digests:
    """Complete a part file and return the digests of all of it, what was there before included.

    What has arrived stays in the file when the line breaks; it is removed when the disk is full, since others need the
    room too.

    :raises TransferError: the data cannot be had or written whole
    """
    hashing = ParallelHash(algorithms)
    writing: Optional[_Writing] = None
    done = 0
    try:
        for chunk in part.read():
            hashing.update(chunk)
            done += len(chunk)
            progress.update(label, done, size)
        writing = _Writing(part)
        for chunk in stream.chunks(done):
            hashing.update(chunk)
            writing.put(chunk)
            done += len(chunk)
            progress.update(label, done, size)
        # Both have something left to do, and neither needs the other.
        writing.end()
        digests = hashing.finish()
        writing.finish()
    except BaseException:
        if writing is not None:
            writing.save()
        raise
    finally:
        hashing.close()
    return digests


class _Writing:
    """A thread that writes to a part file; its error is raised in the thread that brings the data."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._pipe = Pipe()
        self._error: Optional[OSError] = None
        self._thread = threading.Thread(target=self._run, name="imageops-write", daemon=True)
        self._thread.start()

    def put(self, chunk: bytes) -> None:
        if not self._pipe.put(chunk):
            self._raise()

    def end(self) -> None:
        """Nothing follows."""
        self._pipe.end()

    def finish(self) -> None:
        """Return when everything is on the disk."""
        self._pipe.end()
        self._thread.join()
        self._raise()

    def save(self) -> None:
        """Write what was handed over, for the next run to go on from."""
        self._pipe.end()
        self._thread.join()

    def _raise(self) -> None:
        if self._error is None:
            return
        advice = "run again to go on from there."
        if self._error.errno in _FULL:
            self._part.discard()
            advice = "make room and run again."
        raise TransferError(
            f"dest: writing {self._part.path} failed ({self._error.strerror}); {advice}"
        ) from self._error

    def _run(self) -> None:
        try:
            since = begun = self._part.size
            for chunk in self._pipe:
                self._part.write(chunk)
                since += len(chunk)
                if since - begun >= FLUSH_STEP:
                    _begin_flush(self._part.descriptor, begun, since - begun)
                    begun = since
            self._part.sync()
        except OSError as error:
            self._error = error
            self._pipe.break_off()


def _begin_flush(descriptor: int, offset: int, length: int) -> None:
    """Have the kernel begin to write a range out, without waiting for it.

    Linux does that when it is told that the range is not needed any more (mm/fadvise.c); what is not on the disk yet
    stays in its cache all the same.
    """
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(descriptor, offset, length, os.POSIX_FADV_DONTNEED)
