# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file beside the target in which the data gathers, so that a download that broke off can go on."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from ansible_collections.imageops.glance.plugins.module_utils.download.target import LONGEST_NAME
from ansible_collections.imageops.glance.plugins.module_utils.errors import ConflictError, TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import CHUNK_SIZE

_SUFFIX = ".part"
_POLL = 0.5
_UUID_LENGTH = 36


def part_path(target: str, image_id: str) -> str:
    """Where the data of one image gathers on its way to a path: the data behind an image id never changes."""
    folder, name = os.path.split(target)
    end = f".{image_id}{_SUFFIX}"
    room = LONGEST_NAME - len(end) - 1
    return os.path.join(folder, f".{_shortened(name, room)}{end}")


def _shortened(name: str, room: int) -> str:
    return os.fsdecode(os.fsencode(name)[:room])


class Part:
    """An open part file that no other run can open meanwhile. ``close()`` lets go of it."""

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor

    @property
    def size(self) -> int:
        """Bytes in it."""
        return os.fstat(self.descriptor).st_size

    def read(self) -> Iterator[bytes]:
        """What is in it, from the start; the next ``write`` goes behind what was read."""
        try:
            os.lseek(self.descriptor, 0, os.SEEK_SET)
            while True:
                chunk = os.read(self.descriptor, CHUNK_SIZE)
                if not chunk:
                    return
                yield chunk
        except OSError as exc:
            raise TransferError(f"Reading {self.path} failed: {exc.strerror}.") from exc

    def write(self, chunk: bytes) -> None:
        """Add a chunk; raises OSError."""
        view = memoryview(chunk)
        while view:
            view = view[os.write(self.descriptor, view) :]

    def clear(self) -> None:
        """Forget what is in it."""
        os.ftruncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)

    def sync(self) -> None:
        """Return when everything is on the disk, so that no crash leaves a file in place that is not whole."""
        os.fsync(self.descriptor)

    def discard(self) -> None:
        """Remove the file; where it was put in its place already, or is gone, nothing."""
        if _is_at(self.descriptor, self.path):
            with suppress(FileNotFoundError):
                os.unlink(self.path)

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def open_part(
    path: str,
    patience: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Part, bool]:
    """Open a part file, alone; also whether another run had it first, so that the target may have changed.

    :param patience: seconds that another run's file may stay as it is before we give up on it
    :raises ConflictError: another run has it and does not get on
    :raises TransferError: it cannot be opened
    """
    waited = False
    while True:
        descriptor = _opened(path)
        try:
            if not _locked(descriptor):
                waited = True
                _wait_for_progress(descriptor, path, patience, clock, sleep)
            # Whoever had the lock may have put the file in its place, or removed it.
            if _is_at(descriptor, path):
                part, descriptor = Part(path, descriptor), -1
                return part, waited
        finally:
            if descriptor >= 0:
                os.close(descriptor)


def _opened(path: str) -> int:
    """An own, private, regular file. What somebody else put at this name in a shared directory is not used."""
    for last in (False, True):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        except OSError as exc:
            if exc.errno != errno.ELOOP or last:
                raise TransferError(f"dest: {path} cannot be written: {exc.strerror}.") from exc
        else:
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and found.st_nlink < 2:
                return descriptor
            os.close(descriptor)
        try:
            os.unlink(path)
        except OSError as exc:
            raise TransferError(f"dest: {path} is in the way and cannot be removed: {exc.strerror}.") from exc
    raise TransferError(f"dest: {path} is in the way; remove it.")


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # Some network file systems have no locks; a lone run works without.
        return True
    return True


def _wait_for_progress(
    descriptor: int, path: str, patience: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> None:
    size, since = -1, clock()
    while not _locked(descriptor):
        now = os.fstat(descriptor).st_size
        if now != size:
            size, since = now, clock()
        elif clock() - since > patience:
            raise ConflictError(
                f"dest: another run has been downloading to {path} for {patience:.0f} s without getting on; "
                "run again when it has ended."
            )
        sleep(_POLL)


def _is_at(descriptor: int, path: str) -> bool:
    try:
        at = os.lstat(path)
    except OSError:
        return False
    own = os.fstat(descriptor)
    return (at.st_dev, at.st_ino) == (own.st_dev, own.st_ino)


def remove_left_over(target: str) -> None:
    """Remove what downloads of other images to the same path have left; not what another run is working on."""
    folder, name = os.path.split(target)
    # The id is one of Glance's own form here; a name of the longest kind may have been shortened before it.
    start = re.escape(_shortened(name, LONGEST_NAME - _UUID_LENGTH - len("...part")))
    left = re.compile(rf"\.{start}\.[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}{re.escape(_SUFFIX)}\Z")
    with suppress(OSError), os.scandir(folder) as listing:
        found = [entry.path for entry in listing if left.match(entry.name) and entry.is_file(follow_symlinks=False)]
        for path in found:
            _remove_unused(path)


def _remove_unused(path: str) -> None:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            if _locked(descriptor):
                os.unlink(path)
        finally:
            os.close(descriptor)


def sync_folder(folder: str) -> None:
    """Make a rename in a directory last; where directories cannot be synced, it lasts as their file system does it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
