# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the data that an image has the data that is wanted? Reads as little of the source as the answer allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.imageops.glance.plugins.module_utils.document import (
    RECORDED_DIGEST,
    SOURCE_DIGEST,
    recorded_digests,
)
from ansible_collections.imageops.glance.plugins.module_utils.errors import TransferError
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import DataWish, Wish

if TYPE_CHECKING:
    from ansible_collections.imageops.glance.plugins.module_utils.image.sources import Sources

Document = dict[str, Any]

UNMANAGED = "unmanaged"
MISSING = "missing"
SAME = "same"
DIFFERENT = "different"


@dataclass(frozen=True)
class Content:
    """The answer, and what finding it has taught.

    ``reason`` says how a difference shows; ``learned`` are properties by which the next run has the answer at once;
    ``doubt`` says why the answer is not certain.
    """

    verdict: str
    reason: str = ""
    learned: Mapping[str, str] = field(default_factory=dict)
    doubt: str | None = None


def has_data(document: Mapping[str, Any]) -> bool:
    """Whether Glance keeps data for the image: a status that only data leads to."""
    return document.get("status") in ("active", "deactivated")


def judge(current: Document | None, wish: Wish, sources: Sources) -> Content:
    """Compare: size first, then a digest that both sides know, then the digest of the source itself.

    :raises TransferError: the source is not there or cannot be read
    """
    data = wish.data
    if data is None:
        return _against_checksum_alone(current, wish)
    if data.filename:
        # A missing file is an error even when the image is complete: the next cloud would need it.
        try:
            sources.source(data).published_size()
        except TransferError as exc:
            raise TransferError(f"filename: {exc.message}") from exc
    if current is None or not has_data(current):
        return Content(MISSING)
    formats = _other_format(current, wish)
    if formats:
        return Content(DIFFERENT, formats)
    known = recorded_digests(current)
    told = _told_by_checksum(current, data, known)
    if told is not None:
        return told
    if data.remote_image_id:
        return _against_remote(current, data, sources)
    return _against_source(current, data, sources, known)


def _told_by_checksum(current: Document, data: DataWish, known: Mapping[str, str]) -> Content | None:
    """The answer, when the checksum alone gives it.

    Where data was unpacked or converted, the checksum is that of what it was made from, which the mark remembers.
    """
    if data.checksum is None or not data.checksum.value:
        return None
    if data.decompress == "none" and data.convert == "none":
        if data.checksum.algorithm not in known:
            return None
        return _compare(data.checksum.algorithm, known[data.checksum.algorithm], data.checksum.value)
    mark = current.get(SOURCE_DIGEST)
    if mark is None:
        return None
    wanted = f"{data.checksum.algorithm}:{data.checksum.value.lower()}"
    if mark == wanted:
        return Content(SAME)
    if str(mark).partition(":")[0] != data.checksum.algorithm:
        return None
    return Content(DIFFERENT, f"it was made from data with the {mark}, not {wanted}")


def source_digest(data: DataWish) -> dict[str, str]:
    """The property by which _told_by_checksum knows unpacked or converted data again; none for other data."""
    if data.checksum is None or not data.checksum.value or (data.decompress == "none" and data.convert == "none"):
        return {}
    return {SOURCE_DIGEST: f"{data.checksum.algorithm}:{data.checksum.value.lower()}"}


def _other_format(current: Mapping[str, Any], wish: Wish) -> str | None:
    for name in ("disk_format", "container_format"):
        wanted = wish.desired.attributes.get(name)
        if wanted is not None and wanted != current.get(name):
            return f"{name} is {current.get(name)}, not {wanted}"
    return None


def _against_checksum_alone(current: Document | None, wish: Wish) -> Content:
    if current is None or not has_data(current):
        return Content(UNMANAGED)
    formats = _other_format(current, wish)
    if formats:
        return Content(DIFFERENT, formats)
    if wish.checksum is None or not wish.checksum.value:
        return Content(UNMANAGED)
    known = recorded_digests(current)
    if wish.checksum.algorithm in known:
        return _compare(wish.checksum.algorithm, known[wish.checksum.algorithm], wish.checksum.value)
    return Content(
        UNMANAGED, doubt=f"the cloud knows no {wish.checksum.algorithm} of the image to hold against checksum"
    )


def _compare(algorithm: str, has: str, wanted: str) -> Content:
    if has.lower() == wanted.lower():
        return Content(SAME)
    return Content(DIFFERENT, f"its {algorithm} is {has}, not {wanted}")


def _against_remote(current: Document, data: DataWish, sources: Sources) -> Content:
    remote = sources.remote_image(data)
    if remote is None:
        return Content(SAME, doubt=f"region {data.remote_region} cannot be read from here to compare the data")
    known, wanted = recorded_digests(current), recorded_digests(remote)
    for algorithm in ("sha512", "sha256", *sorted(wanted)):
        if algorithm in known and algorithm in wanted:
            return _compare(algorithm, known[algorithm], wanted[algorithm])
    return Content(SAME, doubt="the two regions use no common hash algorithm to compare the data by")


def _against_source(current: Document, data: DataWish, sources: Sources, known: Mapping[str, str]) -> Content:
    source = sources.source(data)
    unfetched = data.fetched_by_cloud
    if data.url and (unfetched or data.checksum is None) and data.convert == "none":
        try:
            info = sources.url_info(data)
        except TransferError:
            if not unfetched:
                raise
            return Content(SAME, doubt="the url cannot be read from here to compare the data")
        size = info.size if data.decompress == "none" else None
        if size is not None and current.get("size") is not None and size != current["size"]:
            return Content(DIFFERENT, f"it has {current['size']} bytes, the source {size}")
        if _older(info.last_modified, current):
            return Content(SAME)
    else:
        size = source.published_size()
        if size is not None and current.get("size") is not None and size != current["size"]:
            return Content(DIFFERENT, f"it has {current['size']} bytes, the source {size}")
    algorithm = current.get("os_hash_algo") or ("md5" if current.get("checksum") else None)
    if algorithm is None or algorithm not in known:
        return Content(SAME, doubt="the cloud keeps no hash of the image to compare by")
    algorithms = [algorithm]
    if data.checksum is not None and data.convert == "none":
        algorithms.append(data.checksum.algorithm)
    digests = sources.digests(data, tuple(dict.fromkeys(algorithms)))
    verdict = _compare(algorithm, known[algorithm], digests.hashes[algorithm])
    if verdict.verdict != SAME or data.checksum is None:
        return verdict
    # Next time what is recorded answers, without reading the source.
    learned = source_digest(data)
    if not learned and data.url:
        learned = {RECORDED_DIGEST + data.checksum.algorithm: digests.hashes[data.checksum.algorithm]}
    return Content(SAME, learned=learned)


def _older(modified: datetime | None, current: Mapping[str, Any]) -> bool:
    """Whether the source was last written before the image was made from it (RFC 9110, Last-Modified)."""
    if modified is None or not current.get("created_at"):
        return False
    created = datetime.strptime(current["created_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return modified < created
