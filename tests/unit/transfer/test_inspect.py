# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import struct

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.transfer.inspect import (
    NEEDED_HEAD,
    detect_disk_format,
    format_contradiction,
    virtual_size,
)
from hypothesis import given
from hypothesis import strategies as st

MIB = 1 << 20


def at(size: int, *parts: tuple[int, bytes], fill: bytes = b"\0") -> bytes:
    """Data of a size with parts at their offsets."""
    data = bytearray(fill * size)
    for offset, part in parts:
        data[offset : offset + len(part)] = part
    return bytes(data)


def qcow2(version: int = 3, backing: int = 0, features: int = 0, size: int = 10 * MIB) -> bytes:
    return at(
        NEEDED_HEAD,
        (0, b"QFI\xfb" + struct.pack(">IQIIQ", version, backing, 0, 16, size)),
        (72, struct.pack(">Q", features)),
    )


DESCRIPTOR = '# Disk DescriptorFile\nversion=1\nCID=1\ncreateType="{kind}"\n{extent}\n\nddb.adapterType = "ide"\n'
EXTENT = 'RW 20480 SPARSE "disk.vmdk"'


def vmdk(
    kind: str = "monolithicSparse", extent: str = EXTENT, version: int = 1, sector: int = 1, text: str | None = None
) -> bytes:
    header = struct.pack("<4sIIQQQQIQQ", b"KDMV", version, 3, 20480, 128, sector, 20, 512, 21, 26)
    descriptor = DESCRIPTOR.format(kind=kind, extent=extent) if text is None else text
    return at(NEEDED_HEAD, (0, header), (512, descriptor.encode()))


def partition(boot: int = 0x80, kind: int = 0x83, start: int = 2048, chs: bytes = b"\0\x02\0") -> bytes:
    return struct.pack("<B3sB3sII", boot, chs, kind, b"\xff\xff\xff", start, 1000)


def disk(*partitions: bytes, fat: bool = False) -> bytes:
    parts = [(446 + 16 * number, entry) for number, entry in enumerate(partitions)]
    if fat:
        parts += [(0x10, b"\x02"), (0x15, b"\xf8")]
    return at(NEEDED_HEAD, *parts, (510, b"\x55\xaa"))


def iso(kind: int = 1, mark: bytes = b"CD001") -> tuple[int, bytes]:
    return 0x8000, at(2048, (0, bytes([kind]) + mark), (80, struct.pack("<I", 100)), (128, struct.pack("<H", 2048)))


ISO = at(NEEDED_HEAD, iso())
GPT = disk(partition(boot=0, kind=0xEE, start=1))
MBR = disk(partition())
VHD = at(NEEDED_HEAD, (0, b"conectix"), (40, struct.pack(">Q", 10 * MIB)))
VHDX_HEADER = (0, b"vhdxfile")
VDI = at(NEEDED_HEAD, (0x40, b"\x7f\x10\xda\xbe"), (0x170, struct.pack("<Q", 10 * MIB)))
QED = at(NEEDED_HEAD, (0, b"QED\0"))
LUKS1 = at(NEEDED_HEAD, (0, b"LUKS\xba\xbe\0\x01"))
LUKS2 = at(NEEDED_HEAD, (0, b"LUKS\xba\xbe\0\x02"))
HYBRID = at(NEEDED_HEAD, iso(), (446, partition()), (510, b"\x55\xaa"))
POLYGLOT = at(NEEDED_HEAD, iso(), (0, qcow2()[:512]))
TEXT_VMDK = DESCRIPTOR.format(kind="monolithicFlat", extent='RW 20480 FLAT "disk-flat.vmdk" 0').encode()
FIXED_VHD_TAIL = at(512, (0, b"conectix"))


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (qcow2(), "qcow2"),
        (qcow2()[:512], "qcow2"),
        (qcow2()[:511], None),
        (vmdk(), "vmdk"),
        (vmdk(kind="streamOptimized"), "vmdk"),
        (TEXT_VMDK, "vmdk"),
        (VHD, "vhd"),
        (at(NEEDED_HEAD, VHDX_HEADER), "vhdx"),
        (VDI, "vdi"),
        (ISO, "iso"),
        (at(NEEDED_HEAD, iso(mark=b"NSR03")), "iso"),
        (ISO[: 34 * 1024], "iso"),
        (ISO[: 34 * 1024 - 1], None),
        (HYBRID, "iso"),
        (GPT, "raw"),
        (MBR, "raw"),
        (disk(fat=True), None),
        (at(NEEDED_HEAD, (0x52, b"FAT32   "), (510, b"\x55\xaa"), (0x10, b"\x02"), (0x15, b"\xf8")), "raw"),
        (at(NEEDED_HEAD, (0x438, b"\x53\xef")), "raw"),
        (at(NEEDED_HEAD, (0, b"XFSB")), "raw"),
        (LUKS1, "raw"),
        (at(NEEDED_HEAD, (0, b"WithoutFreeSpace")), "ploop"),
        (at(NEEDED_HEAD, (0, b"WithouFreSpacExt")), "ploop"),
        (QED, None),
        (POLYGLOT, None),
        (b"", None),
        (bytes(NEEDED_HEAD), None),
        (b"\x1f\x8b\x08" + bytes(NEEDED_HEAD), None),
        (b"<!DOCTYPE html>" + b" " * 1000, None),
    ],
)
def test_what_data_is(head: bytes, expected: str | None) -> None:
    assert detect_disk_format(head, None) == expected


@pytest.mark.parametrize(
    ("head", "tail", "expected"),
    [
        (MBR, FIXED_VHD_TAIL, "vhd"),
        (bytes(NEEDED_HEAD), bytes(100) + FIXED_VHD_TAIL, "vhd"),
        (bytes(NEEDED_HEAD), FIXED_VHD_TAIL + bytes(1), None),
        (bytes(NEEDED_HEAD), b"conectix", None),
        (qcow2(), FIXED_VHD_TAIL, "qcow2"),
    ],
)
def test_a_fixed_vhd_shows_itself_at_its_end(head: bytes, tail: bytes, expected: str | None) -> None:
    assert detect_disk_format(head, 10 * MIB, tail) == expected


@pytest.mark.parametrize(
    ("declared", "head"),
    [
        ("qcow2", qcow2()),
        ("qcow2", qcow2(version=2)),
        ("qcow2", qcow2(features=0b1011)),
        ("vmdk", vmdk()),
        ("vmdk", vmdk(kind="streamOptimized")),
        ("vmdk", vmdk(version=3)),
        ("vhd", VHD),
        ("vhdx", at(NEEDED_HEAD, VHDX_HEADER)),
        ("vdi", VDI),
        ("iso", ISO),
        ("iso", HYBRID),
        ("raw", ISO),
        ("raw", HYBRID),
        ("raw", qcow2()),
        ("raw", vmdk()),
        ("raw", GPT),
        ("raw", MBR),
        ("raw", LUKS1),
        ("raw", b""),
        ("raw", bytes(NEEDED_HEAD)),
        ("raw", disk(fat=True)),
        ("raw", disk(partition(boot=0), partition(), partition(kind=0))),
        ("ami", bytes(NEEDED_HEAD)),
        ("aki", b"\x7fELF"),
        ("ploop", at(NEEDED_HEAD, (0, b"WithoutFreeSpace"))),
    ],
)
def test_what_glance_takes(declared: str, head: bytes) -> None:
    assert format_contradiction(declared, head, None) is None


@pytest.mark.parametrize(
    ("declared", "head", "complaint"),
    [
        ("vmdk", qcow2(), "The disk_format is 'vmdk', but the data is qcow2."),
        ("qcow2", vmdk(), "The disk_format is 'qcow2', but the data is vmdk."),
        ("qcow2", GPT, "but the data is a disk with a partition table"),
        ("iso", GPT, "but the data is a disk with a partition table"),
        ("qcow2", ISO, "but the data is iso"),
        ("ami", qcow2(), "but the data is qcow2"),
        ("aki", MBR, "a disk with a partition table"),
        ("qcow2", LUKS1, "but the data is a LUKS-encrypted disk"),
        ("qcow2", bytes(NEEDED_HEAD), "but the data has no qcow2 header."),
        ("qcow2", b"", "but the data has no qcow2 header."),
        ("qcow2", b"\x1f\x8b\x08" + bytes(99), "gzip-compressed, which the option 'decompress' can undo"),
        ("qcow2", b"\xfd7zXZ\0" + bytes(99), "xz-compressed"),
        ("raw", QED, "The data is qed that Glance refuses: this format is never allowed."),
        ("iso", b"\n<html>404</html>", "it looks like a web page"),
        ("vhd", bytes(NEEDED_HEAD), "a fixed-size VHD has its mark only at the end"),
        ("raw", POLYGLOT, "several disk formats at once (iso, qcow2)"),
        ("qcow2", qcow2(backing=0x70), "it has a backing file"),
        ("raw", qcow2(backing=0x70), "it has a backing file"),
        ("qcow2", qcow2(features=0b100), "its data is in an external file"),
        ("qcow2", qcow2(features=0b10000), "incompatible features"),
        ("qcow2", qcow2(features=1 << 40), "incompatible features"),
        ("qcow2", qcow2(version=1), "its version is 1 instead of 2 or 3"),
        ("vmdk", vmdk(kind="monolithicFlat"), "its createType is monolithicflat instead of"),
        ("vmdk", vmdk(text="nothing"), "its createType is missing"),
        ("vmdk", vmdk(version=4), "its version is 4"),
        ("vmdk", vmdk(sector=2), "its descriptor is not in the second sector"),
        ("vmdk", vmdk(extent='RW 1 FLAT "/etc/passwd" 0'), "refers to a file by path"),
        ("vmdk", vmdk(extent=""), "names no extent"),
        ("vmdk", vmdk(extent="something else"), "the line 'something else', which is not understood"),
        ("vmdk", TEXT_VMDK, "it is only the descriptor"),
        ("raw", disk(), "its partition table is empty"),
        ("raw", disk(partition(boot=0x12)), "partition 1 has the boot flag 0x12"),
        ("raw", disk(partition(kind=0xEE, start=2)), "does not start at the second sector"),
        ("raw", disk(partition(kind=0xEE, start=1, chs=b"\1\2\0")), "does not start at the second sector"),
        ("raw", disk(partition(kind=0xEE, start=1), partition()), "further partitions"),
        ("raw", LUKS2, "its LUKS version is 2"),
    ],
)
def test_what_glance_refuses(declared: str, head: bytes, complaint: str) -> None:
    found = format_contradiction(declared, head, None)
    assert found is not None
    assert complaint in found


def vhdx() -> bytes:
    region = bytes.fromhex("06a27c8b90479a4bb8fe575f050f886e") + struct.pack("<QII", 256 * 1024, MIB, 1)
    other = bytes(16) + struct.pack("<QII", 0, 0, 0)
    item = bytes.fromhex("2442a52f1bcd7648b2115dbed83bf4b8") + struct.pack("<III", 65536, 8, 0)
    return at(
        400 * 1024,
        VHDX_HEADER,
        (192 * 1024, b"regi" + struct.pack("<III", 0, 2, 0) + other + region),
        (256 * 1024, b"metadata" + struct.pack("<HH", 0, 2)),
        (256 * 1024 + 32, bytes(32) + item),
        (320 * 1024, struct.pack("<Q", 10 * MIB)),
    )


@pytest.mark.parametrize(
    ("disk_format", "head", "expected"),
    [
        ("raw", b"", 12345),
        ("qcow2", qcow2(), 10 * MIB),
        ("vmdk", vmdk(), 10 * MIB),
        ("vmdk", vmdk(kind="custom"), None),
        ("vmdk", TEXT_VMDK, None),
        ("vhd", VHD, 10 * MIB),
        ("vdi", VDI, 10 * MIB),
        ("iso", ISO, 100 * 2048),
        ("iso", at(NEEDED_HEAD, iso(kind=0)), None),
        ("vhdx", vhdx(), 10 * MIB),
        ("vhdx", vhdx()[:NEEDED_HEAD], None),
        ("vhdx", at(400 * 1024, VHDX_HEADER), None),
        ("vhd", b"conectix", None),
        ("qcow2", vmdk(), None),
        ("ami", b"", None),
    ],
)
def test_virtual_sizes(disk_format: str, head: bytes, expected: int | None) -> None:
    assert virtual_size(head, disk_format, 12345) == expected


MAGICS = [b"QFI\xfb", b"KDMV", b"conectix", b"vhdxfile", b"QED\0", b"LUKS\xba\xbe", b'createType="x"', b""]


@given(
    st.sampled_from(MAGICS), st.binary(max_size=1200), st.booleans(), st.sampled_from(["raw", "qcow2", "vmdk", "vhd"])
)
def test_no_header_is_too_broken_to_look_at(magic: bytes, rest: bytes, signed: bool, declared: str) -> None:
    head = magic + rest
    if signed and len(head) >= 512:
        head = head[:510] + b"\x55\xaa" + head[512:]
    detected = detect_disk_format(head, len(head), head[-512:])
    assert detected in (None, "raw", "qcow2", "vmdk", "vhd", "vhdx", "vdi", "iso", "ploop")
    told = format_contradiction(declared, head, len(head))
    assert told is None or told.endswith(".")
    size = virtual_size(head, declared, len(head))
    assert size is None or size >= 0
