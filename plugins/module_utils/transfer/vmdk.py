# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMware's disk format: a sparse extent with an embedded text descriptor, or the descriptor alone.

Source: VMware's "Virtual Disk Format 5.0" and what oslo.utils' ``format_inspector`` accepts of it: one file that holds
all data (``monolithicSparse``, ``streamOptimized``), since anything else refers to other files.
"""

from __future__ import annotations

import re
import struct
from typing import Optional

_MAGIC = b"KDMV"
_SPARSE_HEADER = 64
_DESCRIPTOR_OFFSET = 512
_SELF_CONTAINED = ("monolithicsparse", "streamoptimized")
_CREATE_TYPE = re.compile(r'createtype="([^"]{0,63})"')
_EXTENT_ACCESS = ("rw", "rdonly", "noaccess")


def is_vmdk(head: bytes) -> bool:
    """Either the magic of a sparse extent, or a text that names its ``createType``."""
    if head.startswith(_MAGIC):
        return len(head) >= _SPARSE_HEADER
    return _is_text(head[:512]) and _create_type(_text(head)) is not None


def virtual_size(head: bytes) -> int:
    """Bytes, 0 when the descriptor is of a kind that Glance does not read."""
    if not head.startswith(_MAGIC) or _create_type(_descriptor(head)) not in _SELF_CONTAINED:
        return 0
    sectors: int = struct.unpack_from("<Q", head, 12)[0]
    return sectors * 512


def danger(head: bytes) -> Optional[str]:
    """Why Glance refuses this VMDK, None when it does not (the footer at the end of the file aside)."""
    if not head.startswith(_MAGIC):
        return "it is only the descriptor, whose data is in other files"
    (version,) = struct.unpack_from("<I", head, 4)
    if version not in (1, 2, 3):
        return f"its version is {version} instead of 1, 2 or 3"
    (sector,) = struct.unpack_from("<Q", head, 28)
    if sector * 512 != _DESCRIPTOR_OFFSET:
        return "its descriptor is not in the second sector"
    descriptor = _descriptor(head)
    kind = _create_type(descriptor)
    if kind not in _SELF_CONTAINED:
        return f"its createType is {kind or 'missing'} instead of monolithicSparse or streamOptimized"
    return _bad_lines(descriptor)


def _bad_lines(descriptor: str) -> Optional[str]:
    extents = []
    for line in (part.strip() for part in descriptor.split("\n")):
        if not line or line.startswith(("#", "ddb")):
            continue
        if "=" in line and " " not in line.split("=")[0]:
            continue
        if line.split(" ")[0] not in _EXTENT_ACCESS:
            return f"its descriptor has the line '{line[:60]}', which is not understood"
        extents.append(line)
    if any("/" in extent for extent in extents):
        return "its descriptor refers to a file by path"
    if not extents:
        return "its descriptor names no extent"
    return None


def _descriptor(head: bytes) -> str:
    (sectors,) = struct.unpack_from("<Q", head, 36)
    return _text(head[_DESCRIPTOR_OFFSET : _DESCRIPTOR_OFFSET + sectors * 512])


def _text(data: bytes) -> str:
    return data.partition(b"\x00")[0].decode("ascii", "replace").lower()


def _is_text(data: bytes) -> bool:
    # As oslo.utils tells text from data: at least a header's length of printable ASCII and white space.
    if len(data) < _SPARSE_HEADER or not data.isascii():
        return False
    return all(character.isprintable() or character.isspace() for character in data.decode("ascii"))


def _create_type(descriptor: str) -> Optional[str]:
    match = _CREATE_TYPE.search(descriptor)
    return match.group(1) if match else None
