# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of one entry that are missing beside others, or cannot stand beside them. Pure.

A key whose own value is wrong counts as given, so that one mistake is not told twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import as_flag

_AUTH_KEYS = ("url_headers", "url_username", "url_password")
_URL_KEYS = (*_AUTH_KEYS, "url_validate_certs", "url_ca_cert")
_REMOTE_KEYS = ("remote_region", "remote_image_id")
#: Whole value only beside another key.
_NEEDS = (
    ("url_password", "url_username"),
    ("owner_domain", "owner"),
    ("checksum_signature", "checksum"),
    ("checksum_keyring", "checksum_signature"),
)

Found = tuple[str, str]


def contradictions(entry: Mapping[str, Any], wrong: Collection[str]) -> Iterator[Found]:
    """Yields (key, what is wrong with it). ``wrong`` are the keys whose values are wrong by themselves."""
    given = {key: value for key, value in entry.items() if value is not None}
    yield from _source(given)
    yield from _import_method(given)
    yield from _stores(given)
    yield from _members(given, wrong)
    yield from _signature(given, wrong)
    for key, needed in _NEEDS:
        if key in given and needed not in given:
            yield key, f"has a meaning only with '{needed}'."


def _source(given: Mapping[str, Any]) -> Iterator[Found]:
    if given.get("import_method") == "glance-download":
        yield from _remote_source(given)
        return
    for key in _REMOTE_KEYS:
        if key in given:
            yield key, "has a meaning only with 'import_method: glance-download'."
    if "url" in given:
        if "filename" in given:
            yield "filename", "contradicts 'url'; give one of them."
        return
    if "filename" not in given:
        yield "url", "is missing; an entry needs the place of its data: 'url' or 'filename'."
        return
    for key in _URL_KEYS:
        if key in given:
            yield key, "has a meaning only with 'url'."


def _remote_source(given: Mapping[str, Any]) -> Iterator[Found]:
    for key in _REMOTE_KEYS:
        if key not in given:
            yield key, "is missing; import_method glance-download needs it."
    for key in ("url", "filename"):
        if key in given:
            yield key, "contradicts import_method glance-download, which fetches from another region."


def _import_method(given: Mapping[str, Any]) -> Iterator[Found]:
    method = given.get("import_method")
    if given.get("convert", "none") != "none" and given.get("disk_format", "raw") != given["convert"]:
        yield (
            "disk_format",
            f"is the format of the image, so with 'convert: {given['convert']}' it is that or left out.",
        )
    if method == "web-download" and "filename" in given:
        yield "import_method", "web-download lets the cloud fetch a 'url'; a 'filename' it cannot see."
    if method not in ("web-download", "glance-download"):
        return
    for key in ("decompress", "convert"):
        if given.get(key, "none") != "none":
            yield key, f"has no effect with import_method {method}: the data does not pass through here."
    for key in _AUTH_KEYS:
        if key in given and "url" in given:
            yield key, f"cannot be passed on with import_method {method}."


def _stores(given: Mapping[str, Any]) -> Iterator[Found]:
    if "stores" in given and "all_stores" in given and as_flag(given["all_stores"]) is not False:
        yield "all_stores", "contradicts 'stores'; give one of them."


def _members(given: Mapping[str, Any], wrong: Collection[str]) -> Iterator[Found]:
    visibility = given.get("visibility", "shared")
    if given.get("members") and visibility != "shared" and "visibility" not in wrong:
        yield "members", f"needs 'visibility: shared'; it is '{visibility}'."


def _signature(given: Mapping[str, Any], wrong: Collection[str]) -> Iterator[Found]:
    checksum = given.get("checksum")
    if "checksum_signature" in given and checksum and "checksum" not in wrong and "://" not in str(checksum):
        yield "checksum_signature", "signs a checksum file; give 'checksum' as <algorithm>:<URL>."
