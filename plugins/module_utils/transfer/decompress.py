# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data that is unpacked while it is read, in bounded memory whatever it unpacks to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Optional

from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError, TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.decoders import METHODS, Decoder, new_decoder
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import CHUNK_SIZE, Source, cancel

# What each method's data begins with; bzip2's fourth byte is its block size.
_MAGICS = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
_LONGEST_MAGIC = 6
# The input is fed in pieces, so that a decoder that keeps what it could not use yet keeps little.
_FEED = 256 * 1024


class Decompressed:
    """A source whose data is unpacked: ``method`` is gzip, bz2, xz, zstd, or auto.

    ``auto`` looks at the first bytes and passes on as it is what is none of these. Several compressed streams after
    each other are one, as the command line tools of all four methods have it, and so are trailing zero bytes, which
    tapes and block devices leave. Anything else after the end, and an end that comes too early, is a TransferError.
    """

    def __init__(self, source: Source, method: str) -> None:
        if method not in (*METHODS, "auto"):
            raise OptionError(f"The option 'decompress' is '{method}'; use none, auto, {', '.join(METHODS)}.")
        self._source = source
        self._method = method
        self._plain: Optional[bool] = None
        self.label = source.label

    @property
    def below(self) -> Source:
        """The source of the compressed data."""
        return self._source

    def published_size(self) -> Optional[int]:
        """Bytes when the data turned out not to be compressed at all, None before that is known and otherwise."""
        return self._source.published_size() if self._plain else None

    def cancel(self) -> None:
        """As the source below does."""
        cancel(self._source)

    @contextmanager
    def open(self) -> Iterator[Iterator[bytes]]:
        """The unpacked bytes; raises MissingLibraryError when zstd data comes and nothing can unpack it."""
        with self._source.open() as chunks:
            if self._method != "auto":
                yield self._unpacked(chunks, self._method)
                return
            head, chunks = _peek(chunks)
            method = detect_compression(head)
            self._plain = method is None
            yield chunks if method is None else self._unpacked(chunks, method)

    def _unpacked(self, chunks: Iterator[bytes], method: str) -> Iterator[bytes]:
        decoder: Optional[Decoder] = None
        done = 0
        members = 0
        for piece in _pieces(chunks):
            done += len(piece)
            rest = piece
            while rest:
                if decoder is None:
                    rest = rest.lstrip(b"\x00") if members else rest
                    if not rest:
                        break
                    decoder = new_decoder(method)
                yield from self._decoded(decoder, rest, method, members, done)
                rest = b""
                if decoder.finished:
                    rest, decoder = decoder.unused, None
                    members += 1
        if decoder is not None:
            raise TransferError(
                f"'{self.label}' is not whole: its {method} data ends too early, after {done} compressed bytes."
            )
        if members == 0:
            raise TransferError(f"'{self.label}' is empty, which is not valid {method} data.")

    def _decoded(self, decoder: Decoder, data: bytes, method: str, members: int, done: int) -> Iterator[bytes]:
        try:
            yield from decoder.decode(data, CHUNK_SIZE)
        except decoder.errors as error:
            where = f"after its first {members} streams" if members else f"within its first {done} bytes"
            raise TransferError(f"'{self.label}' is not valid {method} data {where}: {error}.") from error


def detect_compression(head: bytes) -> Optional[str]:
    """The method that data beginning with these bytes (six or more) is compressed with; None for none of them."""
    for magic, name in _MAGICS:
        if head.startswith(magic):
            return "bz2" if name == "bzip2" else name
    return None


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    taken: list[bytes] = []
    head = b""
    for chunk in chunks:
        taken.append(chunk)
        head += chunk[:_LONGEST_MAGIC]
        if len(head) >= _LONGEST_MAGIC:
            break
    return head, chain(taken, chunks)


def _pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), _FEED):
            yield chunk[start : start + _FEED]
