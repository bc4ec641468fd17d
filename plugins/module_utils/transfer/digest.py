# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hashing a stream: several algorithms at once, beside the reading."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError, TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.pipe import Pipe
from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import NoProgress, Progress
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import Source, cancel

if TYPE_CHECKING:
    # hashlib's own type has no public name; this one exists for type checkers only.
    from hashlib import _Hash


@dataclass(frozen=True)
class Digests:
    """What was read: ``size`` in bytes, ``hashes`` as lower-case hex by the algorithm names that were asked for."""

    size: int
    hashes: dict[str, str]


def new_hash(algorithm: str) -> _Hash:
    """A hash object by its hashlib name; raises OptionError for names that this Python does not know.

    MD5 is what Glance calls ``checksum`` and is no protection, so it is asked for as such: hosts in FIPS mode refuse
    it otherwise.
    """
    try:
        found = hashlib.new(algorithm.lower(), usedforsecurity=False)
    except (ValueError, TypeError) as error:
        raise OptionError(
            f"The hash algorithm '{algorithm}' is not known to this Python; use one of {', '.join(_fixed_length())}."
        ) from error
    if found.digest_size == 0:
        raise OptionError(f"The hash algorithm '{algorithm}' has no fixed length and cannot be used for a checksum.")
    return found


def hex_length(algorithm: str) -> int:
    """How many hexadecimal digits a hash has; raises OptionError as ``new_hash`` does."""
    return int(new_hash(algorithm).digest_size) * 2


def _fixed_length() -> list[str]:
    return sorted(name for name in hashlib.algorithms_guaranteed if not name.startswith("shake"))


class ParallelHash:
    """One thread an algorithm, since hashlib lets go of the interpreter lock while it works.

    ``update`` waits only when the slowest algorithm lags behind by the capacity of a pipe.
    """

    def __init__(self, algorithms: Sequence[str]) -> None:
        self._hashes = {name: new_hash(name) for name in algorithms}
        self._pipes = [Pipe() for _name in self._hashes]
        self._size = 0
        self._threads = [
            threading.Thread(target=_hash_all, args=(pipe, hashed), name="imageops-hash", daemon=True)
            for pipe, hashed in zip(self._pipes, self._hashes.values())
        ]
        for thread in self._threads:
            thread.start()

    def update(self, chunk: bytes) -> None:
        """Take the next chunk; the caller must not change it afterwards."""
        self._size += len(chunk)
        for pipe in self._pipes:
            pipe.put(chunk)

    def finish(self) -> Digests:
        """Wait for all threads and return what they made of all chunks so far."""
        for pipe in self._pipes:
            pipe.end()
        for thread in self._threads:
            thread.join()
        return Digests(self._size, {name: hashed.hexdigest() for name, hashed in self._hashes.items()})

    def close(self) -> None:
        """End all threads, without a result if ``finish`` was not called; may be called again."""
        for pipe in self._pipes:
            pipe.break_off()
        for thread in self._threads:
            thread.join()


def _hash_all(pipe: Pipe, hashed: _Hash) -> None:
    for chunk in pipe:
        hashed.update(chunk)


class DigestingSource:
    """A source that is hashed by the way, such as the published bytes below a decompression.

    ``digests`` is there once a stream has been read to its end. ``progress`` is told about the bytes read.
    """

    def __init__(self, source: Source, algorithms: Sequence[str], progress: Optional[Progress] = None) -> None:
        for algorithm in algorithms:
            new_hash(algorithm)
        self._source = source
        self._algorithms = list(algorithms)
        self._progress = progress or NoProgress()
        self._digests: Optional[Digests] = None
        self.label = source.label

    @property
    def digests(self) -> Digests:
        """Raises TransferError before a stream has been read to its end."""
        if self._digests is None:
            raise TransferError(f"'{self.label}' has not been read to its end.")
        return self._digests

    def published_size(self) -> Optional[int]:
        """As the source below says."""
        return self._source.published_size()

    def cancel(self) -> None:
        """As the source below does."""
        cancel(self._source)

    @contextmanager
    def open(self) -> Iterator[Iterator[bytes]]:
        """The chunks of the source below, unchanged."""
        hashing = ParallelHash(self._algorithms)
        try:
            with self._source.open() as chunks:
                yield self._hashed(chunks, hashing)
        finally:
            hashing.close()

    def _hashed(self, chunks: Iterator[bytes], hashing: ParallelHash) -> Iterator[bytes]:
        total = self._source.published_size()
        done = 0
        for chunk in chunks:
            hashing.update(chunk)
            done += len(chunk)
            self._progress.update(self.label, done, total)
            yield chunk
        self._digests = hashing.finish()


def digest_source(source: Source, algorithms: Sequence[str], progress: Optional[Progress] = None) -> Digests:
    """Read a source to its end and hash it; raises TransferError when it cannot be read whole."""
    hashed = DigestingSource(source, algorithms, progress)
    with hashed.open() as chunks:
        for _chunk in chunks:
            pass
    return hashed.digests
