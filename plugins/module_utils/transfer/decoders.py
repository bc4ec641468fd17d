# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One face for the decompressors of the standard library and for the one that is not in it on older Pythons."""

from __future__ import annotations

import bz2
import importlib
import lzma
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

from ansible_collections.imageops.glance.plugins.module_utils.errors import MissingLibraryError, OptionError

METHODS = ("gzip", "bz2", "xz", "zstd")

# "xz -9" needs 65 MiB to unpack. Custom dictionaries reach 4 GiB, which no data may make this machine spend.
XZ_MEMORY_LIMIT = 256 * 1024 * 1024
# The most that the zstd tool itself unpacks without being told so ("--long=27"): 128 MiB.
ZSTD_WINDOW_LOG = 27

# A zstd block of 4 bytes may unpack to 128 KiB, and the zstandard library returns at once whatever its input unpacks
# to: this much input can become 16 MiB at most.
_ZSTANDARD_FEED = 512
_ZSTANDARD_YIELD = 256 * 1024


class Decoder(Protocol):
    """Unpacks one compressed stream (gzip member, zstd frame …); after its end, ``unused`` is what follows it."""

    errors: tuple[type[Exception], ...]

    @property
    def finished(self) -> bool:
        """Whether the end of the stream was seen."""

    @property
    def unused(self) -> bytes:
        """The input after the end of the stream."""

    def decode(self, data: bytes, limit: int) -> Iterator[bytes]:
        """Unpack more input, in chunks of at most ``limit`` bytes; raises one of ``errors`` when it is not valid."""


def new_decoder(method: str) -> Decoder:
    """A decoder for the next stream of a method; raises MissingLibraryError for zstd when nothing can unpack it."""
    if method == "gzip":
        return _Gzip()
    if method == "bz2":
        return _Standard(bz2.BZ2Decompressor(), (OSError, ValueError))
    if method == "xz":
        return _Standard(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY_LIMIT), (lzma.LZMAError,))
    if method == "zstd":
        return _zstd()
    raise OptionError(f"The compression method '{method}' is not known; use one of {', '.join(METHODS)}.")


class _Gzip:
    errors: tuple[type[Exception], ...] = (zlib.error,)

    def __init__(self) -> None:
        # 16 + the largest window: gzip's header and trailer, with the checksum verified.
        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def finished(self) -> bool:
        return self._inflate.eof

    @property
    def unused(self) -> bytes:
        return self._inflate.unused_data

    def decode(self, data: bytes, limit: int) -> Iterator[bytes]:
        while True:
            unpacked = self._inflate.decompress(data, limit)
            if unpacked:
                yield unpacked
            data = self._inflate.unconsumed_tail
            # A full chunk without leftover input may still have output waiting inside.
            if self._inflate.eof or (not data and len(unpacked) < limit):
                return


class _Standard:
    """bz2, lzma and (from Python 3.14) compression.zstd share one interface."""

    def __init__(self, inner: Any, errors: tuple[type[Exception], ...]) -> None:
        self._inner = inner
        self.errors = errors

    @property
    def finished(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused(self) -> bytes:
        return bytes(self._inner.unused_data)

    def decode(self, data: bytes, limit: int) -> Iterator[bytes]:
        while True:
            unpacked = self._inner.decompress(data, limit)
            if unpacked:
                yield unpacked
            if self._inner.eof or self._inner.needs_input:
                return
            data = b""


class _Zstandard:
    """The zstandard library of PyPI, fed in small pieces since it cannot be told how much to return."""

    def __init__(self, library: Any) -> None:
        self.errors: tuple[type[Exception], ...] = (library.ZstdError,)
        self._inner = library.ZstdDecompressor(max_window_size=1 << ZSTD_WINDOW_LOG).decompressobj()
        self._after = b""

    @property
    def finished(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused(self) -> bytes:
        return bytes(self._inner.unused_data) + self._after

    def decode(self, data: bytes, limit: int) -> Iterator[bytes]:
        gathered: list[bytes] = []
        size = 0
        position = 0
        while position < len(data) and not self._inner.eof:
            unpacked = self._inner.decompress(data[position : position + _ZSTANDARD_FEED])
            position += _ZSTANDARD_FEED
            gathered.append(unpacked)
            size += len(unpacked)
            if size >= _ZSTANDARD_YIELD:
                yield from _sliced(gathered, limit)
                gathered, size = [], 0
        self._after = data[position:]
        yield from _sliced(gathered, limit)


def _sliced(chunks: list[bytes], limit: int) -> Iterator[bytes]:
    whole = b"".join(chunks)
    for start in range(0, len(whole), limit):
        yield whole[start : start + limit]


def _zstd() -> Decoder:
    try:
        zstd = importlib.import_module("compression.zstd")
    except ImportError:
        return _zstandard()
    options = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}
    return _Standard(zstd.ZstdDecompressor(options=options), (zstd.ZstdError,))


def _zstandard() -> Decoder:
    try:
        import zstandard
    except ImportError as error:
        raise MissingLibraryError("zstandard", "to unpack zstd data") from error
    decoder = _Zstandard(zstandard)
    if not hasattr(decoder._inner, "unused_data"):
        # Before 0.19 there is no telling where a frame ends.
        raise MissingLibraryError("zstandard>=0.19", "to unpack zstd data")
    return decoder
