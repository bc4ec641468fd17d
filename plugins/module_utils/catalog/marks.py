# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose an image is: the marks that a catalog writes, and when they are believed. Pure.

Nova's snapshots and Cinder's uploads inherit all custom properties of the image that they come from, so a mark alone
says nothing. It is believed only beside the image's own id, and never on a snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional
from urllib.parse import urlsplit, urlunsplit

from ansible_collections.imageops.glance.plugins.module_utils.catalog.versions import NaturalKey, natural_key
from ansible_collections.imageops.glance.plugins.module_utils.document import (
    OWN_ID,
    READ_ONLY,
    REPLACES,
    WRITABLE,
    custom_properties,
)

CATALOG = "imageops_catalog"
ENTRY = "imageops_entry"
VERSION = "imageops_version"
SOURCE = "imageops_source"
DIGEST = "imageops_digest"
IMAGE = "imageops_image"

#: Set by Nova on a server's snapshot, by Cinder on what it uploads of a bootable volume.
_DERIVED = ("base_image_ref", "instance_uuid", "boot_roles", "image_location")
#: Names that image_info adds to a document; no properties of the image.
_SPELLINGS = ("is_protected", "is_hidden", "owner_id", "hash_algo", "hash_value", "properties", "members", "tasks")
#: Status in which an image has its data for good.
_WITH_DATA = ("active", "deactivated")
#: Status in which nobody is at work on an image without data.
_IDLE = ("queued", "killed")


@dataclass(frozen=True)
class Image:
    """One image of the cloud. ``document`` is the flat Glance document; ``properties`` its custom properties."""

    document: Mapping[str, Any]
    properties: Mapping[str, str]
    members: Optional[frozenset[str]] = None

    @property
    def id(self) -> str:
        return str(self.document.get("id"))

    @property
    def name(self) -> str:
        return str(self.document.get("name") or "")

    @property
    def status(self) -> str:
        return str(self.document.get("status"))

    @property
    def hidden(self) -> bool:
        return bool(self.document.get("os_hidden"))

    @property
    def owner(self) -> Optional[str]:
        owner = self.document.get("owner")
        return None if owner is None else str(owner)

    @property
    def created(self) -> str:
        return str(self.document.get("created_at") or "")

    @property
    def has_data(self) -> bool:
        return self.status in _WITH_DATA

    @property
    def idle(self) -> bool:
        """Without data, and nobody is bringing any."""
        return self.status in _IDLE

    @property
    def derived(self) -> bool:
        """Made from another image by a service: a snapshot, or a volume's upload."""
        if self.properties.get("image_type") == "snapshot" or any(name in self.properties for name in _DERIVED):
            return True
        return self.properties.get(IMAGE, self.id) != self.id

    @property
    def successor_of(self) -> Optional[str]:
        """Id of the image that this one is being made to replace, as the module ``image`` notes it meanwhile."""
        old, _blank, own = self.properties.get(REPLACES, "").partition(" ")
        return old if own == self.id else None

    @property
    def version(self) -> str:
        return self.properties.get(VERSION, "")

    @property
    def age_key(self) -> tuple[NaturalKey, str, str]:
        """Sorts by version, then by age."""
        return natural_key(self.version), self.created, self.id


def image_of(document: Mapping[str, Any]) -> Image:
    """One element of what image_info returns, or a plain Glance document."""
    given = document.get("properties")
    properties = given if isinstance(given, Mapping) else custom_properties(document)
    flat = {name: document[name] for name in (*WRITABLE, *READ_ONLY) if name in document}
    own = {str(k): str(v) for k, v in properties.items() if k not in _SPELLINGS and isinstance(v, str)}
    members = document.get("members")
    ids: Optional[frozenset[str]] = None
    if isinstance(members, (list, tuple)):
        ids = frozenset(str(m.get("member_id") if isinstance(m, Mapping) else m) for m in members)
    return Image({**flat, **own}, own, ids)


def marked_by(image: Image) -> Optional[str]:
    """The catalog whose marks the image truly bears, or None."""
    if image.derived or image.properties.get(IMAGE) != image.id or ENTRY not in image.properties:
        return None
    return image.properties.get(CATALOG)


def source_of(entry: Mapping[str, Any]) -> str:
    """Where an entry's bytes come from, fit for everybody's eyes.

    A public image's properties are read by all users of a cloud: no credentials, no query (where signed URLs have
    theirs), and of a local file its base name alone.
    """
    url = entry.get("url")
    if url:
        try:
            parts = urlsplit(str(url))
        except ValueError:
            return ""
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    filename = entry.get("filename")
    if filename:
        return "file:" + str(filename).replace("\\", "/").rpartition("/")[2]
    return f"glance:{entry.get('remote_region')}/{entry.get('remote_image_id')}"


def marks(catalog: str, entry: Mapping[str, Any]) -> dict[str, str]:
    """The marks of an entry's image, but for its digest; ``"{id}"`` stands for the image's own id."""
    return {
        CATALOG: catalog,
        ENTRY: str(entry["name"]),
        VERSION: str(entry.get("version") or ""),
        SOURCE: source_of(entry),
        IMAGE: OWN_ID,
    }
