# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of local files, kept between runs: a file that did not change is not read again."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Optional

from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError, TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests, digest_source, hex_length
from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import Progress
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import FileSource

MAX_ENTRIES = 4096

# A file that changed this shortly before it was read may change once more without its times showing it: file systems
# keep times in steps of up to two seconds (FAT; ext4, xfs and NFS in milliseconds).
RACY_SECONDS = 2.0


@dataclass(frozen=True)
class FileState:
    """What identifies a file's content without reading it. Times are in nanoseconds since the epoch."""

    path: str
    device: int
    inode: int
    size: int
    modified: int
    changed: int

    def unsettled(self, now: float) -> bool:
        """Whether the file changed within ``RACY_SECONDS`` before ``now`` (seconds), or later, by its own clock."""
        return max(self.modified, self.changed) > (now - RACY_SECONDS) * 1e9


def file_state(path: str) -> FileState:
    """The state of the regular file that a path leads to; raises TransferError when there is none."""
    real = os.path.realpath(path)
    try:
        found = os.stat(real)
    except OSError as error:
        raise TransferError(f"The file '{path}' cannot be examined: {error.strerror}.") from error
    return FileState(real, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


class DigestMemory:
    """A folder with one small JSON file for each file whose digests are known.

    It is a cache: whatever is wrong with the folder or an entry means that nothing is remembered, never an error. A
    folder that others may write to is not trusted, since a forged digest would make new content look published.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def recall(self, path: str, algorithms: Sequence[str]) -> Optional[Digests]:
        """The digests of an unchanged file, when all ``algorithms`` are known of it."""
        known = self._hashes(file_state(path))
        if known is None or any(name not in known for name in algorithms):
            return None
        return Digests(os.stat(path).st_size, {name: known[name] for name in algorithms})

    def remember(self, path: str, digests: Digests, stat_before: FileState, started: float) -> bool:
        """Keep what was read of a file between ``stat_before`` (its state then) and now; say whether it is kept.

        ``started`` is the time at which ``stat_before`` was taken (seconds since the epoch). A file that changed since,
        or so shortly before that a further change would not show, is not kept.
        """
        state = file_state(path)
        if state != stat_before or state.size != digests.size or state.unsettled(started) or not self._trusted():
            return False
        hashes = {**(self._hashes(state) or {}), **digests.hashes}
        try:
            self._write(self._entry(state.path), {**asdict(state), "hashes": hashes})
            self._forget_oldest()
        except OSError:
            return False
        return True

    def forget(self, path: str) -> None:
        """Drop what is known of a file; it turned out to be wrong."""
        with suppress(OSError):
            os.unlink(self._entry(os.path.realpath(path)))

    def _entry(self, real_path: str) -> str:
        name = hashlib.sha256(os.fsencode(real_path)).hexdigest()
        return os.path.join(self._folder, f"{name}.json")

    def _hashes(self, state: FileState) -> Optional[dict[str, str]]:
        if not self._trusted(create=False):
            return None
        try:
            with open(self._entry(state.path), encoding="utf-8") as handle:
                entry: Any = json.load(handle)
        except (OSError, ValueError):
            return None
        if not isinstance(entry, dict) or any(entry.get(key) != value for key, value in asdict(state).items()):
            return None
        hashes = entry.get("hashes")
        return hashes if _plausible(hashes) else None

    def _trusted(self, create: bool = True) -> bool:
        try:
            if create:
                os.makedirs(self._folder, mode=0o700, exist_ok=True)
            found = os.stat(self._folder)
        except OSError:
            return False
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022

    def _write(self, path: str, entry: dict[str, object]) -> None:
        # mkstemp's files are 0600.
        descriptor, beside = tempfile.mkstemp(prefix=".new-", dir=self._folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
                json.dump(entry, handle)
            os.replace(beside, path)
        except BaseException:
            os.unlink(beside)
            raise

    def _forget_oldest(self) -> None:
        with os.scandir(self._folder) as listing:
            names = [entry.path for entry in listing if entry.name.endswith(".json")]
        if len(names) <= MAX_ENTRIES:
            return
        # A tenth more than needed, so that not every further entry costs a look at all of them.
        names.sort(key=os.path.getmtime)
        for name in names[: len(names) - MAX_ENTRIES + MAX_ENTRIES // 10]:
            os.unlink(name)


def _plausible(hashes: object) -> bool:
    if not isinstance(hashes, dict):
        return False
    try:
        return all(isinstance(value, str) and len(value) == hex_length(name) for name, value in hashes.items())
    except OptionError:
        return False


def digest_file(
    path: str,
    algorithms: Sequence[str],
    memory: Optional[DigestMemory] = None,
    progress: Optional[Progress] = None,
) -> Digests:
    """Digests of a local file, from memory when it did not change since it was last read.

    Raises TransferError when the file is missing, unreadable or changes meanwhile, OptionError for unknown algorithms.
    """
    if memory is not None:
        known = memory.recall(path, algorithms)
        if known is not None:
            return known
    started = time.time()
    before = file_state(path)
    digests = digest_source(FileSource(path), algorithms, progress)
    if memory is not None:
        memory.remember(path, digests, before, started)
    return digests
