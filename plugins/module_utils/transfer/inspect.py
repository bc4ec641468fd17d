# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What disk format data has, told from its first bytes, and whether Glance will take it as what it is declared to be.

Glance inspects data on its way to the store (``format_inspector`` of oslo.utils 10, called by ``location.py`` of
Glance 33 for container format ``bare``), but it says no only after the last byte, and leaves an image that has to be
deleted. So the same rules are applied here before the first byte is sent. Layouts are from the formats' own
specifications, all offsets in bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Optional

from ansible_collections.imageops.glance.plugins.module_utils.transfer import vmdk

# The farthest header that decides anything is that of ISO 9660, at 32 KiB.
NEEDED_HEAD = 64 * 1024

# What Glance can recognise; anything else (ami, aki, ari, ploop) it takes as declared when the data looks like nothing.
_INSPECTED = frozenset(("raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "qed", "iso", "gpt", "luks"))
_AS_DISK_FORMAT: dict[str, Optional[str]] = {"gpt": "raw", "luks": "raw", "qed": None}
_PLOOP_MAGICS = (b"WithoutFreeSpace", b"WithouFreSpacExt")
# Whole-disk file systems, for which nobody declares anything but raw: (offset, magic).
_FILE_SYSTEMS = (
    (0x438, b"\x53\xef"),  # ext2, ext3, ext4
    (0, b"XFSB"),
    (0, b"hsqs"),  # squashfs
    (3, b"NTFS    "),
    (0x36, b"FAT1"),
    (0x52, b"FAT32"),
)
_COMPRESSED = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)

_VHDX_METADATA_REGION = bytes.fromhex("06a27c8b90479a4bb8fe575f050f886e")
_VHDX_VIRTUAL_DISK_SIZE = bytes.fromhex("2442a52f1bcd7648b2115dbed83bf4b8")


def detect_disk_format(head: bytes, size: Optional[int], tail: bytes = b"") -> Optional[str]:
    """Glance's word for the disk format of data that begins with ``head`` (``NEEDED_HEAD`` bytes, or all there are).

    ``size`` is that of the whole data in bytes, when known; ``tail`` its last 512 bytes or more, when they are at hand:
    a fixed-size VHD shows itself only there. None when the data has no mark of any disk format, or of several.
    """
    found = _recognised(head)
    if found <= {"gpt"} and _is_vhd_footer(tail):
        return "vhd"
    if found == {"iso", "gpt"}:
        # Hybrid images carry a partition table in front so that they boot from a USB stick as well.
        return "iso"
    if len(found) > 1:
        return None
    if found:
        name = next(iter(found))
        return _AS_DISK_FORMAT.get(name, name)
    if head.startswith(_PLOOP_MAGICS):
        return "ploop"
    if any(head[offset:].startswith(magic) for offset, magic in _FILE_SYSTEMS):
        return "raw"
    return None


def format_contradiction(declared: str, head: bytes, size: Optional[int]) -> Optional[str]:
    """Why Glance will refuse this data as ``declared`` in a ``bare`` container, as a sentence, or None."""
    found = _recognised(head)
    if found == {"iso", "gpt"}:
        found = {"iso"}
    if len(found) > 1:
        return f"The data looks like several disk formats at once ({', '.join(sorted(found))}), which Glance refuses."
    name = next(iter(found), "raw")
    if name not in (declared, "raw") and declared != "raw":
        return f"The disk_format is '{declared}', but the data is {_described(name)}."
    if name == "raw" and declared in _INSPECTED - {"raw"}:
        return f"The disk_format is '{declared}', but the data has no {declared} header{_guess(declared, head)}."
    danger = _SAFETY[name](head) if name in _SAFETY else None
    if danger is not None:
        return f"The data is {_described(name)} that Glance refuses: {danger}."
    return None


def virtual_size(head: bytes, disk_format: str, size: Optional[int]) -> Optional[int]:
    """Bytes of the disk that a guest will see, as Glance will report it; None when the head does not tell.

    ``size`` is that of the whole data in bytes, which is the answer for ``raw``.
    """
    if disk_format == "raw":
        return size
    if disk_format not in _VIRTUAL_SIZES or disk_format not in _recognised(head):
        return None
    try:
        return _VIRTUAL_SIZES[disk_format](head) or None
    except struct.error:
        return None


def _recognised(head: bytes) -> set[str]:
    return {name for name, matches in _MATCHES.items() if matches(head)}


def _described(name: str) -> str:
    return {"gpt": "a disk with a partition table", "luks": "a LUKS-encrypted disk"}.get(name, name)


def _guess(declared: str, head: bytes) -> str:
    for magic, compression in _COMPRESSED:
        if head.startswith(magic):
            return f"; it is {compression}-compressed, which the option 'decompress' can undo"
    if declared == "vhd":
        return (
            "; a fixed-size VHD has its mark only at the end, where Glance does not look: convert it to a dynamic one, "
            "or declare it raw"
        )
    if head[:512].lstrip()[:1] == b"<":
        return "; it looks like a web page"
    return ""


# --- recognising ------------------------------------------------------------------------------------------------------


def _begins_with(magic: bytes, least: int = 0) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magic) and len(head) >= least


def _is_vdi(head: bytes) -> bool:
    return len(head) >= 512 and head[0x40:0x44] == b"\x7f\x10\xda\xbe"


def _is_iso(head: bytes) -> bool:
    # ISO 9660 volume descriptor, or UDF's, in the 17th sector of 2 KiB.
    return len(head) >= 34 * 1024 and head[0x8001:0x8006] in (b"CD001", b"NSR02", b"NSR03")


def _is_partitioned(head: bytes) -> bool:
    # A FAT boot sector ends like a master boot record; two FATs on a fixed disk (0xF8) give it away.
    return head[510:512] == b"\x55\xaa" and not (head[0x10] == 2 and head[0x15] == 0xF8)


def _is_vhd_footer(tail: bytes) -> bool:
    return len(tail) >= 512 and tail[-512:].startswith(b"conectix")


_MATCHES: dict[str, Callable[[bytes], bool]] = {
    "qcow2": _begins_with(b"QFI\xfb", 512),
    "qed": _begins_with(b"QED\x00", 512),
    "vhd": _begins_with(b"conectix"),
    "vhdx": _begins_with(b"vhdxfile"),
    "vmdk": vmdk.is_vmdk,
    "vdi": _is_vdi,
    "iso": _is_iso,
    "gpt": _is_partitioned,
    "luks": _begins_with(b"LUKS\xba\xbe"),
}


# --- what Glance refuses although the format is right -----------------------------------------------------------------


def _qcow2_danger(head: bytes) -> Optional[str]:
    version, backing_file = struct.unpack_from(">IQ", head, 4)
    (features,) = struct.unpack_from(">Q", head, 72)
    if backing_file:
        return "it has a backing file"
    if features & 0b100:
        return "its data is in an external file"
    if version == 2:
        return None
    if version != 3:
        return f"its version is {version} instead of 2 or 3"
    if features >> 4:
        return "it uses incompatible features that Glance does not know"
    return None


def _partition_table_danger(head: bytes) -> Optional[str]:
    used = []
    protective = False
    for number in range(4):
        entry = head[446 + 16 * number : 462 + 16 * number]
        boot, kind, first_sector = entry[0], entry[4], int.from_bytes(entry[8:12], "little")
        if boot not in (0x00, 0x80):
            return f"partition {number + 1} has the boot flag {boot:#04x}, so this may be no partition table at all"
        if kind:
            used.append(number)
        if kind == 0xEE:
            protective = True
            if entry[1:4] != b"\x00\x02\x00" or first_sector != 1:
                return "the protective entry for GPT does not start at the second sector"
    if protective and used != [0]:
        return "it has further partitions beside the protective entry for GPT"
    if not used:
        return "its partition table is empty"
    return None


def _luks_danger(head: bytes) -> Optional[str]:
    version = int.from_bytes(head[6:8], "big")
    return None if version == 1 else f"its LUKS version is {version} instead of 1"


_SAFETY: dict[str, Callable[[bytes], Optional[str]]] = {
    "qcow2": _qcow2_danger,
    "qed": lambda _head: "this format is never allowed",
    "vmdk": vmdk.danger,
    "gpt": _partition_table_danger,
    "luks": _luks_danger,
}


# --- virtual sizes ----------------------------------------------------------------------------------------------------


def _number(layout: str, offset: int) -> Callable[[bytes], int]:
    def read(head: bytes) -> int:
        value: int = struct.unpack_from(layout, head, offset)[0]
        return value

    return read


def _iso_virtual_size(head: bytes) -> int:
    # Only a primary volume descriptor (type 1) counts blocks; the first half of each field is little-endian.
    if head[0x8000] != 1:
        return 0
    blocks: int = struct.unpack_from("<I", head, 0x8000 + 80)[0]
    block_size: int = struct.unpack_from("<H", head, 0x8000 + 128)[0]
    return blocks * block_size


def _vhdx_virtual_size(head: bytes) -> int:
    """Through the region table at 192 KiB to the metadata table to the item; usually beyond what a head holds."""
    metadata = _vhdx_entry(head, 192 * 1024, 8, 16, _VHDX_METADATA_REGION, "<Q")
    if metadata is None:
        return 0
    item = _vhdx_entry(head, metadata, 10, 32, _VHDX_VIRTUAL_DISK_SIZE, "<I")
    if item is None:
        return 0
    return _number("<Q", metadata + item)(head)


def _vhdx_entry(head: bytes, table: int, count_at: int, header: int, guid: bytes, layout: str) -> Optional[int]:
    """The offset that a table of 32-byte entries holds for a GUID."""
    (count,) = struct.unpack_from("<H", head, table + count_at)
    for number in range(min(count, 2047)):
        start = table + header + 32 * number
        if head[start : start + 16] == guid:
            return _number(layout, start + 16)(head)
    return None


_VIRTUAL_SIZES: dict[str, Callable[[bytes], int]] = {
    "qcow2": _number(">Q", 24),
    "vhd": _number(">Q", 40),
    "vhdx": _vhdx_virtual_size,
    "vmdk": vmdk.virtual_size,
    "vdi": _number("<Q", 0x170),
    "iso": _iso_virtual_size,
}
