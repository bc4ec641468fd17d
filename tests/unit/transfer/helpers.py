# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ansible_collections.imageops.glance.plugins.module_utils.errors import TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import Source


class ListSource:
    """Chunks from a list; ``fails`` is raised after them."""

    def __init__(self, chunks: Sequence[bytes], size: int | None = None, fails: Exception | None = None) -> None:
        self.label = "data"
        self.chunks = list(chunks)
        self.size = size
        self.fails = fails
        self.opened = 0
        self.closed = 0

    def published_size(self) -> int | None:
        return self.size

    @contextmanager
    def open(self) -> Iterator[Iterator[bytes]]:
        self.opened += 1
        try:
            yield self._stream()
        finally:
            self.closed += 1

    def _stream(self) -> Iterator[bytes]:
        yield from self.chunks
        if self.fails is not None:
            raise self.fails


def read_all(source: Source) -> bytes:
    with source.open() as chunks:
        return b"".join(chunks)


def error_of(source: Source) -> str:
    """The message of the TransferError that reading must end in."""
    try:
        read_all(source)
    except TransferError as error:
        return error.message
    raise AssertionError("the source could be read")
