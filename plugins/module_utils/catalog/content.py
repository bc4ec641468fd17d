# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an image holds the data that an entry wants. Pure.

Digests decide where both sides have one of the same algorithm; else the version does, and without a version the
source. Formats are part of the content, since Glance never changes those of an image with data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.imageops.glance.plugins.module_utils.catalog.marks import DIGEST, SOURCE, Image, source_of
from ansible_collections.imageops.glance.plugins.module_utils.document import RECORDED_DIGEST, recorded_digests
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.checksum import parse_checksum

#: Through these a cloud may convert the data on its way (the import plugin image_conversion), almost always to raw.
_CONVERTING = ("web-download", "glance-direct")


class Verdict(NamedTuple):
    """``same``: the image holds what the entry wants. ``reason``: how it does not, else "".

    ``doubt``: the entry's digest is known, but there is nothing at the image to hold it against; the bytes themselves
    have to be asked.
    """

    same: bool
    reason: str = ""
    doubt: bool = False


def digest_of(entry: Mapping[str, Any]) -> Optional[str]:
    """The digest ("<algo>:<hex>") of the entry's published bytes; None when at most a URL of it is known."""
    for key in ("digest", "checksum"):
        given = entry.get(key)
        if not isinstance(given, str):
            continue
        try:
            checksum = parse_checksum(given)
        except OptionError:
            continue
        if checksum.value is not None:
            return f"{checksum.algorithm}:{checksum.value}"
    return None


def digests_of(image: Image) -> set[str]:
    """What is proven of an image's data, each "<algo>:<hex>": by Glance, or recorded by who verified it.

    The mark imageops_digest is not among them: it is written before the data is there.
    """
    known = {f"{algorithm}:{value.lower()}" for algorithm, value in recorded_digests(image.document).items()}
    for name, value in image.properties.items():
        if name.startswith(RECORDED_DIGEST):
            known.add(f"{name[len(RECORDED_DIGEST) :]}:{value.lower()}")
    return known


def transformed(entry: Mapping[str, Any]) -> bool:
    """Whether the published bytes are others than those of the source."""
    return any(entry.get(key, "none") != "none" for key in ("decompress", "convert"))


def proves(image: Image, entry: Mapping[str, Any], digest: Optional[str]) -> Optional[bool]:
    """What digests say of the image: True, False, or None when none of the same algorithm is known.

    A digest that is stated of compressed data, or of data that is converted, need not be that of the outcome.
    """
    if digest is None:
        return None
    known = digests_of(image)
    if digest in known:
        return True
    if transformed(entry):
        return None
    return False if any(_algorithm(one) == _algorithm(digest) for one in known) else None


def compare(image: Image, entry: Mapping[str, Any], digest: Optional[str]) -> Verdict:
    """Whether a marked image with data holds what ``entry`` wants; ``digest`` is ``digest_of(entry)``."""
    formats = _formats(image, entry)
    if formats:
        return Verdict(False, formats)
    proof = proves(image, entry, digest)
    if proof:
        return Verdict(True)
    mark = image.properties.get(DIGEST, "").lower()
    if proof is False and not (mark == digest and _converted(image, entry)):
        return Verdict(False, f"its {_algorithm(digest)} is another")
    if digest and mark != digest and _algorithm(mark) == _algorithm(digest):
        return Verdict(False, f"its {_algorithm(digest)} is another")
    reason = _identity(image, entry)
    return Verdict(not reason, reason, doubt=digest is not None and mark != digest)


def _identity(image: Image, entry: Mapping[str, Any]) -> str:
    """How version, or without one the source, differs."""
    version = str(entry.get("version") or "")
    if version:
        return "" if version == image.version else f"version {image.version or 'none'} → {version}"
    had, source = image.properties.get(SOURCE, ""), source_of(entry)
    return "" if had == source else f"source {had or 'unknown'} → {source}"


def _algorithm(digest: Optional[str]) -> str:
    return (digest or "").partition(":")[0]


def _formats(image: Image, entry: Mapping[str, Any]) -> str:
    disk_format = "raw" if entry.get("convert") == "raw" else entry.get("disk_format")
    for name, value in (("disk_format", disk_format), ("container_format", entry.get("container_format"))):
        had = image.document.get(name)
        if value is not None and value != had and not (name == "disk_format" and _converted(image, entry)):
            return f"{name} {had} → {value}"
    return ""


def _converted(image: Image, entry: Mapping[str, Any]) -> bool:
    """Whether the cloud has turned the published format into its own on import."""
    wanted = entry.get("disk_format")
    if entry.get("import_method") not in _CONVERTING or wanted is None:
        return False
    return image.document.get("disk_format") == "raw" and wanted != "raw"
