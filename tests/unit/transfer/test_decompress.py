# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import sys
import tracemalloc
from collections.abc import Callable

import pytest
import zstandard
from ansible_collections.imageops.glance.plugins.module_utils.errors import (
    MissingLibraryError,
    OptionError,
    TransferError,
)
from ansible_collections.imageops.glance.plugins.module_utils.transfer import decoders
from ansible_collections.imageops.glance.plugins.module_utils.transfer.decompress import (
    Decompressed,
    detect_compression,
)
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import CHUNK_SIZE
from ansible_collections.imageops.glance.tests.unit.transfer.helpers import ListSource, error_of, read_all
from hypothesis import given
from hypothesis import strategies as st

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}
METHODS = sorted(COMPRESS)


def split(data: bytes, size: int) -> ListSource:
    return ListSource([data[start : start + size] for start in range(0, len(data), size)], size=len(data))


@pytest.mark.parametrize("method", METHODS)
@given(
    members=st.lists(st.binary(max_size=3000), min_size=1, max_size=4),
    size=st.integers(1, 5000),
    padding=st.integers(0, 3).map(lambda count: bytes(4 * count)),
    automatic=st.booleans(),
)
def test_what_was_packed_comes_out(
    method: str, members: list[bytes], size: int, padding: bytes, automatic: bool
) -> None:
    packed = padding.join(COMPRESS[method](member) for member in members) + padding
    source = Decompressed(split(packed, size), "auto" if automatic else method)
    assert source.published_size() is None
    assert read_all(source) == b"".join(members)
    assert read_all(source) == b"".join(members)


@given(st.binary(max_size=2000), st.integers(1, 10))
def test_plain_data_passes_automatic_decompression(data: bytes, size: int) -> None:
    if detect_compression(data) is not None:
        data = b"plain" + data
    source = Decompressed(split(data, size), "auto")
    assert read_all(source) == data
    assert source.published_size() == len(data)


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data(), content=st.binary(min_size=1, max_size=2000))
def test_an_end_that_comes_too_early_is_an_error(method: str, data: st.DataObject, content: bytes) -> None:
    packed = COMPRESS[method](content)
    cut = data.draw(st.integers(1, len(packed) - 1))
    assert "ends too early" in error_of(Decompressed(split(packed[:cut], 100), method))


@pytest.mark.parametrize("method", METHODS)
@given(garbage=st.binary(min_size=1, max_size=100).filter(lambda data: data.strip(b"\0") != b""))
def test_garbage_after_the_end_is_an_error(method: str, garbage: bytes) -> None:
    message = error_of(Decompressed(split(COMPRESS[method](b"content") + garbage, 1000), method))
    assert f"not valid {method} data after its first 1 streams" in message or "ends too early" in message


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data(), content=st.binary(min_size=100, max_size=2000))
def test_damaged_data_never_comes_out_as_something_else(method: str, data: st.DataObject, content: bytes) -> None:
    packed = bytearray(COMPRESS[method](content))
    position = data.draw(st.integers(0, len(packed) - 1))
    packed[position] ^= 1 << data.draw(st.integers(0, 7))
    found = content
    with contextlib.suppress(TransferError):
        # A header's comment or time is not covered by any checksum.
        found = read_all(Decompressed(split(bytes(packed), 500), method))
    assert found == content


@pytest.mark.parametrize("method", METHODS)
def test_data_of_another_kind_is_an_error(method: str) -> None:
    source = ListSource([b"hello, hello, hello"])
    assert f"is not valid {method} data within its first 19 bytes" in error_of(Decompressed(source, method))
    assert f"which is not valid {method} data" in error_of(Decompressed(ListSource([]), method))


@pytest.mark.parametrize("method", METHODS)
def test_a_bomb_is_unpacked_in_small_pieces(method: str) -> None:
    size = 100 << 20
    packed = COMPRESS[method](bytes(size))
    assert len(packed) < 1 << 20
    tracemalloc.start()
    total = 0
    with Decompressed(ListSource([packed]), method).open() as chunks:
        for chunk in chunks:
            assert 0 < len(chunk) <= CHUNK_SIZE
            total += len(chunk)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == size
    assert most < 40 << 20


def test_an_oversized_xz_dictionary_is_refused() -> None:
    # One "x" with a dictionary of 1 GiB; packing it here would need ten times as much.
    packed = bytes.fromhex(
        "fd377a585a000004e6d6b44602002101240000005e1fc7f9010000780000000045aeef83f8ee160a"
        "00011901a52c81cc1fb6f37d010000000004595a"
    )
    assert "Memory usage limit" in error_of(Decompressed(ListSource([packed]), "xz"))


def test_an_oversized_zstd_window_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28, write_content_size=False)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packer.compress(b"x" * 1000) + packer.flush()
    assert "not valid zstd data" in error_of(Decompressed(ListSource([packed]), "zstd"))


@pytest.mark.parametrize("method", ["none", "lz4", "", "GZIP"])
def test_an_unknown_method_names_the_option(method: str) -> None:
    with pytest.raises(OptionError, match=r"'decompress'.*gzip, bz2, xz, zstd"):
        Decompressed(ListSource([]), method)


def test_an_error_of_the_source_passes_through() -> None:
    source = ListSource([gzip.compress(b"a")[:5]], fails=TransferError("the network broke"))
    assert error_of(Decompressed(source, "gzip")) == "the network broke"


@pytest.mark.parametrize(
    ("head", "method"),
    [(COMPRESS[name](b"x")[:6], name) for name in METHODS] + [(b"QFI\xfb\0\0", None), (b"", None), (b"BZ", None)],
)
def test_magic_bytes(head: bytes, method: str | None) -> None:
    assert detect_compression(head) == method


def test_without_any_zstd_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(MissingLibraryError, match="pip install zstandard"):
        read_all(Decompressed(split(COMPRESS["zstd"](b"x"), 100), "zstd"))


def test_the_library_is_not_needed_for_what_is_not_zstd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    assert read_all(Decompressed(ListSource([b"plain data"]), "auto")) == b"plain data"


class StandardZstd:
    """The interface of compression.zstd in Python 3.14, as far as it is used, over the library of PyPI."""

    class DecompressionParameter:
        window_log_max = 100

    ZstdError = zstandard.ZstdError

    class ZstdDecompressor:
        def __init__(self, options: dict[int, int]) -> None:
            assert options == {100: 27}
            self._inner = zstandard.ZstdDecompressor().decompressobj()
            self._ready = b""

        @property
        def eof(self) -> bool:
            return self._inner.eof and not self._ready

        @property
        def needs_input(self) -> bool:
            return not self._ready

        @property
        def unused_data(self) -> bytes:
            return self._inner.unused_data

        def decompress(self, data: bytes, max_length: int) -> bytes:
            self._ready += self._inner.decompress(data) if data else b""
            result, self._ready = self._ready[:max_length], self._ready[max_length:]
            return result


def test_the_standard_library_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "compression.zstd", StandardZstd)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    packed = COMPRESS["zstd"](b"x" * 5_000_000) + COMPRESS["zstd"](b"y" * 10)
    assert read_all(Decompressed(split(packed, 50), "zstd")) == b"x" * 5_000_000 + b"y" * 10


def test_a_gzip_member_that_ends_exactly_with_a_chunk() -> None:
    content = bytes(CHUNK_SIZE * 2)
    assert read_all(Decompressed(ListSource([gzip.compress(content)]), "gzip")) == content


def test_an_unknown_decoder_is_refused() -> None:
    with pytest.raises(OptionError, match="rar"):
        decoders.new_decoder("rar")
