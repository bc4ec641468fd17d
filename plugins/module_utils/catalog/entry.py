# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an entry of a catalog may say, as data: every key with its type, choices and meaning. Pure.

Keys are the options of the module ``image``, with its aliases, plus those that only a catalog has: ``version``,
``state``, ``enabled``, ``keep`` and ``versioned_name``. Values of one kind have one reading, which ``validate`` checks
and ``normalise`` applies.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

#: A normalised entry: keys by their canonical names, only those that were given, values in their one type.
Entry = dict[str, Any]

TRUE = ("yes", "true", "on")
FALSE = ("no", "false", "off")
KEEP_ALL = "all"
#: The version of what is published under one address again and again.
MOVING = "latest"
DISK_AUTO = "auto"
VERSIONED_NAME = "{name} ({version})"

#: What stock Glance takes (GET /v2/schemas/image of Glance 33); a cloud may be configured for others.
DISK_FORMATS = ("ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop")
CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")


@dataclass(frozen=True)
class Option:
    """One key. ``kind``: text, version, flag, count, keep, disk, texts (a list of text), mapping, checksum or url."""

    kind: str
    about: str
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


SCHEMA: dict[str, Option] = {
    "name": Option("text", "Name of the entry, and of its current image."),
    "version": Option("version", "Which build it is; sorts naturally. Text, so numbers belong in quotes."),
    "id": Option("text", "A fixed UUID for the image when it is created. Glance never gives out a deleted one again."),
    "url": Option("url", "Where the data is, http or https.", aliases=("uri",)),
    "filename": Option("text", "A file with the data."),
    "checksum": Option("checksum", "<algorithm>:<hex>, bare hex, or <algorithm>:<URL of a checksum file>."),
    "checksum_signature": Option("text", "Signature of the checksum file: a path or URL, or inline."),
    "checksum_keyring": Option("text", "Keyring that the checksum file must be signed with."),
    "disk_format": Option("text", "Format of the data; told from its header when not given.", DISK_FORMATS),
    "container_format": Option("text", "What is around the disk; bare when not given.", CONTAINER_FORMATS),
    "decompress": Option("text", "How the source is compressed.", ("none", "auto", "gzip", "bz2", "xz", "zstd")),
    "convert": Option("text", "Format to convert the data into on its way.", ("none", "raw")),
    "import_method": Option(
        "text", "How data travels; streamed when not given.", ("glance-direct", "web-download", "glance-download")
    ),
    "remote_region": Option("text", "Region to fetch from with glance-download."),
    "remote_image_id": Option("text", "Image there."),
    "remote_interface": Option("text", "Endpoint there; public when not given.", ("admin", "internal", "public")),
    "url_headers": Option("mapping", "HTTP headers for the url."),
    "url_username": Option("text", "User for the url."),
    "url_password": Option("text", "Password for the url."),
    "url_validate_certs": Option("flag", "Whether the url's certificate is checked."),
    "url_ca_cert": Option("text", "File with the authority that signed it."),
    "visibility": Option("text", "Who sees the image.", ("public", "private", "shared", "community")),
    "protected": Option("flag", "Whether the image cannot be deleted.", aliases=("is_protected",)),
    "hidden": Option(
        "flag", "Whether lists leave the current image out; no when not given.", aliases=("is_hidden", "os_hidden")
    ),
    "min_disk": Option("disk", "Smallest root disk in GiB, or 'auto' for what the data needs."),
    "min_ram": Option("count", "Least memory in MB."),
    "tags": Option("texts", "Tags; an empty list removes all."),
    "properties": Option("mapping", "Custom properties; null removes one."),
    "properties_mode": Option("text", "exact removes properties that are not listed.", ("merge", "exact")),
    "owner": Option("text", "Project that owns the image.", aliases=("project",)),
    "owner_domain": Option("text", "Domain of that project.", aliases=("project_domain",)),
    "kernel": Option("text", "Kernel image, by name or id."),
    "ramdisk": Option("text", "Ramdisk image, by name or id."),
    "members": Option("texts", "Projects that a shared image is shared with; an empty list removes all."),
    "members_mode": Option("text", "merge leaves other members alone; exact when not given.", ("merge", "exact")),
    "stores": Option("texts", "Stores that hold a copy."),
    "stores_mode": Option("text", "exact removes copies from other stores.", ("merge", "exact")),
    "all_stores": Option("flag", "Whether every store holds a copy."),
    "state": Option("text", "Whether the current image can be used; active when not given.", ("active", "deactivated")),
    "enabled": Option("flag", "no leaves the entry and its images alone."),
    "versioned_name": Option("text", "Name of an image that is not the current one; '{name} ({version})' by default."),
    "keep": Option("keep", "Predecessors that stay, or 'all'; the catalog's own number when not given."),
}

ALIASES = {alias: key for key, option in SCHEMA.items() for alias in option.aliases}

#: Near in meaning, not in letters: what other tools call these.
OTHER_NAMES = {
    "format": "disk_format",
    "meta": "properties",
    "metadata": "properties",
    "enable": "enabled",
    "disabled": "enabled",
    "status": "state",
    "is_public": "visibility",
    "public": "visibility",
    "path": "filename",
    "file": "filename",
    "src": "url",
    "image_url": "url",
    "sha256": "checksum",
    "sha512": "checksum",
    "md5": "checksum",
    "digest": "checksum",
}

#: Where the data comes from and how it travels; of no use to an image that has its data.
SOURCE_KEYS = (
    "url",
    "filename",
    "checksum",
    "checksum_signature",
    "checksum_keyring",
    "decompress",
    "convert",
    "import_method",
    "remote_region",
    "remote_image_id",
    "url_headers",
    "url_username",
    "url_password",
    "url_validate_certs",
    "url_ca_cert",
    "remote_interface",
)
FORMAT_KEYS = ("disk_format", "container_format")
METADATA_KEYS = (
    "visibility",
    "protected",
    "min_disk",
    "min_ram",
    "tags",
    "properties",
    "properties_mode",
    "owner",
    "owner_domain",
    "kernel",
    "ramdisk",
    "members",
    "members_mode",
    "stores",
    "stores_mode",
    "all_stores",
)
#: Of each group one entry has at most one; a default gives way to what the entry itself says.
EXCLUSIVE = (("url", "filename", "remote_image_id"), ("stores", "all_stores"))
#: Pointless as a default for many.
NO_DEFAULT = ("name", "version", "id", "url", "filename", "checksum", "remote_image_id")


def canonical(key: str) -> str:
    """The key's canonical name."""
    return ALIASES.get(key, key)


def as_flag(value: object) -> Optional[bool]:
    """A truth value in YAML's or a template's spelling; None when it is none."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if word in TRUE or word in FALSE:
            return word in TRUE
    return None


def as_count(value: object) -> Optional[int]:
    """A number that is not negative, also as text; None when it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value) if value >= 0 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        return int(value)
    return None


def as_version(value: object) -> Optional[str]:
    """A version as text; None for what lost its spelling in YAML (24.10 is the number 24.1) or is no version."""
    if isinstance(value, (bool, float)):
        return None
    if isinstance(value, int):
        return str(int(value)) if abs(value) < 10**30 else None
    if isinstance(value, datetime.datetime):
        return None
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else None


def merge_defaults(entry: Mapping[str, Any], defaults: Mapping[str, Any]) -> Entry:
    """The entry above the defaults. Properties and headers are merged key by key; everything else is replaced."""
    own = {canonical(key): value for key, value in entry.items()}
    below = {canonical(key): value for key, value in defaults.items()}
    for group in EXCLUSIVE:
        if any(own.get(key) is not None for key in group):
            for key in group:
                below.pop(key, None)
    merged = {**below, **own}
    for key in ("properties", "url_headers"):
        if isinstance(own.get(key), Mapping) and isinstance(below.get(key), Mapping):
            merged[key] = {**below[key], **own[key]}
    return merged


def normalise(entry: Mapping[str, Any]) -> Entry:
    """A valid entry (see ``validate``) with canonical keys and values in their one type; null keys are left out.

    Keys that no entry may have are kept: the plan adds its own.
    """
    result: Entry = {}
    for given, value in entry.items():
        key = canonical(given)
        if value is None:
            continue
        kind = SCHEMA[key].kind if key in SCHEMA else ""
        if kind == "flag":
            result[key] = as_flag(value)
        elif kind == "count":
            result[key] = as_count(value)
        elif kind == "disk":
            result[key] = DISK_AUTO if value == DISK_AUTO else as_count(value)
        elif kind == "version":
            result[key] = as_version(value)
        elif kind == "keep":
            result[key] = KEEP_ALL if value == KEEP_ALL else as_count(value)
        elif kind == "mapping":
            result[key] = {name: _plain(content) for name, content in value.items()}
        elif kind == "texts":
            result[key] = list(value)
        else:
            result[key] = value
    return result


def _plain(value: Any) -> Any:
    """Dates as text: what leaves here has to pass through JSON."""
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value
