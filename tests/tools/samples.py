# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small image files that are really of their format, the same bytes on every machine, made without qemu-img.

python -m ...tests.tools.samples FOLDER   writes one of each
"""

from __future__ import annotations

import hashlib
import struct
import sys
from pathlib import Path

MIB = 1 << 20
SECTOR = 512


def noise(seed: str, size: int) -> bytes:
    """Bytes that do not compress, fixed by their seed."""
    block = hashlib.shake_256(seed.encode()).digest(min(size, MIB))
    return (block * (size // max(1, len(block)) + 1))[:size]


def raw_disk(seed: str, size: int = 4 * MIB) -> bytes:
    """A disk with a master boot record and one Linux partition of noise."""
    entry = struct.pack("<B3sB3sII", 0x80, b"\x00\x02\x00", 0x83, b"\xff\xff\xff", 1, size // SECTOR - 1)
    boot = bytes(446) + entry + bytes(48) + b"\x55\xaa"
    return boot + noise(seed, size - len(boot))


def qcow2(seed: str, clusters: int = 16, virtual_size: int = 64 * MIB) -> bytes:
    """A qcow2 (version 3) whose first ``clusters`` guest clusters of 64 KiB hold noise, the rest unallocated.

    Layout by cluster: header, refcount table, refcount block, L1, L2, data
    (QEMU's docs/interop/qcow2.txt).
    """
    size = 1 << 16
    copied = 1 << 63
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII",
        b"QFI\xfb",
        3,
        0,  # no backing file
        0,
        16,  # cluster bits
        virtual_size,
        0,  # not encrypted
        1,  # L1 entries: one L2 table covers 512 MiB
        3 * size,
        1 * size,
        1,  # refcount table clusters
        0,  # no snapshots
        0,
        0,
        0,
        0,
        4,  # refcount order: 16 bits
        104,  # header length
    )
    used = 5 + clusters
    refcount_table = struct.pack(">Q", 2 * size)
    refcount_block = struct.pack(">H", 1) * used
    l1 = struct.pack(">Q", copied | 4 * size)
    l2 = b"".join(struct.pack(">Q", copied | (5 + index) * size) for index in range(clusters))
    tables = [header, refcount_table, refcount_block, l1, l2]
    return b"".join(table.ljust(size, b"\0") for table in tables) + noise(seed, clusters * size)


def iso(seed: str, size: int = MIB) -> bytes:
    """An ISO 9660 volume: sixteen empty sectors, one primary descriptor, the terminator, noise."""
    sector = 2048
    primary = (b"\x01CD001\x01\x00" + b"LINUX".ljust(32) + seed.upper()[:32].encode().ljust(32)).ljust(sector, b"\0")
    terminator = b"\xffCD001\x01".ljust(sector, b"\0")
    start = bytes(16 * sector) + primary + terminator
    return start + noise(seed, size - len(start))


def write_all(folder: Path) -> dict[str, Path]:
    """Write one file of each format; keys are disk formats. Files that are there with these bytes are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {
        "qcow2": ("ubuntu-24.04.qcow2", qcow2("ubuntu-24.04")),
        "raw": ("debian-13.raw", raw_disk("debian-13")),
        "iso": ("alpine-3.22.iso", iso("alpine-3.22")),
    }
    paths = {}
    for disk_format, (name, data) in made.items():
        path = paths[disk_format] = folder / name
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
    return paths


def main(arguments: list[str]) -> int:
    """Command line entry."""
    for path in write_all(Path(arguments[0])).values():
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
