# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The near end of an upload: a thread that reads a source, hashes what it reads and hands it on."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Optional

from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import ParallelHash, new_hash
from ansible_collections.imageops.glance.plugins.module_utils.transfer.pipe import Pipe
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import Source, cancel

# What is known of the data before anything is sent: enough for every header that inspect.py reads.
HEAD_SIZE = 64 * 1024

# A reader that waits for its network ends at that network's own time limit at the latest; nobody waits so long for it.
_JOIN_TIMEOUT = 5.0


class Feed:
    """Reads on its own as far as ``pipe`` has room, once it is started.

    ``close()`` ends its threads whatever state they are in. Raises OptionError for unknown algorithms.
    """

    def __init__(self, source: Source, algorithms: Sequence[str]) -> None:
        for algorithm in algorithms:
            new_hash(algorithm)
        self.pipe = Pipe()
        self._source = source
        self._algorithms = list(algorithms)
        self._head = bytearray()
        self._head_ready = threading.Event()
        self._hashing: Optional[ParallelHash] = None
        self._reader: Optional[threading.Thread] = None

    def start(self) -> ParallelHash:
        """Start the threads, once; what they hash is in the result, complete when the pipe has ended."""
        if self._hashing is None:
            self._hashing = ParallelHash(self._algorithms)
            self._reader = threading.Thread(target=self._read, args=(self._hashing,), name="imageops-read", daemon=True)
            self._reader.start()
        return self._hashing

    def prefetch(self) -> None:
        """Start and return when the first bytes are there, or the source has no more; its error is in the pipe."""
        self.start()
        self._head_ready.wait()

    @property
    def head(self) -> bytes:
        """The first bytes of the data, at most ``HEAD_SIZE``."""
        return bytes(self._head)

    def close(self) -> None:
        """End all threads; may be called again and at any time."""
        self.pipe.break_off()
        if self._reader is not None and self._reader.is_alive():
            cancel(self._source)
        if self._hashing is not None:
            self._hashing.close()
        if self._reader is not None:
            self._reader.join(_JOIN_TIMEOUT)

    def _read(self, hashing: ParallelHash) -> None:
        try:
            with self.pipe, self._source.open() as chunks:
                for chunk in chunks:
                    self._note_head(chunk)
                    hashing.update(chunk)
                    if not self.pipe.put(chunk):
                        return
        finally:
            self._head_ready.set()

    def _note_head(self, chunk: bytes) -> None:
        if not self._head_ready.is_set():
            self._head += chunk[: HEAD_SIZE - len(self._head)]
            if len(self._head) >= HEAD_SIZE:
                self._head_ready.set()
