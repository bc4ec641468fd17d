# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image documents as Glance keeps them, what a user wants of one, and the patch between the two. Pure.

A document is the flat JSON object of the Image API: base attributes and custom properties (always text) together.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.errors import MissingLibraryError, OptionError

Document = dict[str, Any]
Operation = dict[str, Any]

#: Base attributes that a user may change (GET /v2/schemas/image).
WRITABLE = (
    "name",
    "visibility",
    "protected",
    "os_hidden",
    "owner",
    "container_format",
    "disk_format",
    "tags",
    "min_ram",
    "min_disk",
)
#: Base attributes that only Glance writes.
READ_ONLY = frozenset(
    (
        "id",
        "status",
        "size",
        "virtual_size",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "created_at",
        "updated_at",
        "self",
        "file",
        "schema",
        "direct_url",
        "locations",
        "stores",
        "deleted",
        "deleted_at",
    )
)
#: Names that Glance takes for parts of its own objects (api/v2/images.py): the change would fail or vanish.
UNUSABLE_PROPERTIES = frozenset(("image_id", "extra_properties", "member", "delete"))
#: The option to use instead, where a base attribute is given as a property.
OPTION_OF_ATTRIBUTE = {"os_hidden": "hidden"}

#: Marks that this collection writes itself.
OWN_PREFIX = "imageops_"
#: Written by Nova on snapshots, by Cinder on uploaded volumes, by openstacksdk and by Glance itself.
FOREIGN_PREFIXES = ("os_glance_", "owner_specified.", "img_signature", "cinder_encryption_key_", OWN_PREFIX)
FOREIGN_PROPERTIES = frozenset(
    (
        "base_image_ref",
        "bdm_v2",
        "block_device_mapping",
        "boot_roles",
        "image_location",
        "image_state",
        "image_type",
        "instance_uuid",
        "owner_id",
        "owner_project_name",
        "owner_user_name",
        "root_device_name",
        "signature_verified",
        "user_id",
    )
)
#: Tells of an image which one it is going to replace: "<old id> <own id>". The own id makes it void on a snapshot,
#: which inherits all properties of its image.
REPLACES = OWN_PREFIX + "replaces"
#: Where openstacksdk and the openstack client keep a digest of the data (openstack/image/v2/_proxy.py).
RECORDED_DIGEST = "owner_specified.openstack."
#: "<algorithm>:<hex>" of the data as its publisher has it.
SOURCE_DIGEST = OWN_PREFIX + "digest"
#: Stands in a property for the id of the image itself, which is not known before it is created.
OWN_ID = "{id}"


@dataclass(frozen=True)
class Desired:
    """What a task wants of an image's metadata. What is absent from the mappings is not managed.

    ``attributes`` are base attributes by Glance's names; a property that is None is to be removed; with ``exact``,
    so is every property that is not listed and does not belong to Glance or to another service.
    """

    attributes: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, str | None] = field(default_factory=dict)
    exact: bool = False


def as_stored(name: str, value: Any) -> str | None:
    """A property's value as Glance stores it; None stays None (the property is to go).

    :raises OptionError: the value is a list or a dictionary
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    raise OptionError(
        f"properties: the value of '{name}' is a {type(value).__name__}; Glance stores text, so give a plain value."
    )


def properties_as_stored(properties: Mapping[str, Any]) -> dict[str, str | None]:
    """A user's properties as Glance stores them.

    :raises OptionError: a name is no property of an image, or a value is no plain value
    """
    stored = {}
    for name, value in properties.items():
        name = str(name)
        check_property_name(name)
        stored[name] = as_stored(name, value)
    return stored


def check_property_name(name: str) -> None:
    """Refuse names that Glance would refuse, mistake, or be unable to change ever again.

    :raises OptionError: says why, and which option to use instead where there is one
    """
    if name in WRITABLE:
        option = OPTION_OF_ATTRIBUTE.get(name, name)
        raise OptionError(f"properties: '{name}' is no custom property; use the option {option}.")
    if name in READ_ONLY or name.startswith("os_glance"):
        raise OptionError(f"properties: '{name}' is written by Glance alone and cannot be set; remove it.")
    if name in UNUSABLE_PROPERTIES:
        raise OptionError(f"properties: Glance cannot keep a property named '{name}'; choose another name.")
    if not name or name != name.strip() or "\0" in name:
        raise OptionError(
            f"properties: Glance cannot change a property named {name!r} again; use a name without blanks around."
        )
    if len(name) > 255:
        raise OptionError(f"properties: the name '{name[:40]}…' has {len(name)} characters; Glance takes 255 at most.")


def same_value(wanted: str, stored: Any) -> bool:
    """Whether a stored property says what is wanted. Truth values are equal in any spelling of true and false.

    Other tools store str(True), "True"; Nova reads both.
    """
    if wanted == stored:
        return True
    return wanted in ("true", "false") and isinstance(stored, str) and stored.lower() == wanted


def custom_properties(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document's custom properties."""
    return {k: v for k, v in document.items() if k not in READ_ONLY and k not in WRITABLE}


def is_foreign(name: str) -> bool:
    """Whether a property belongs to Glance, another service or this collection, and not to a user's list."""
    return name in FOREIGN_PROPERTIES or name.startswith(FOREIGN_PREFIXES)


def with_spellings(document: Mapping[str, Any]) -> Document:
    """The document plus the names that openstacksdk, and so openstack.cloud, gives to parts of it."""
    told = dict(document)
    told.update(
        is_protected=document.get("protected"),
        is_hidden=document.get("os_hidden"),
        owner_id=document.get("owner"),
        hash_algo=document.get("os_hash_algo"),
        hash_value=document.get("os_hash_value"),
        properties={k: v for k, v in custom_properties(document).items() if not k.startswith("os_glance_")},
    )
    return told


def differing(current: Mapping[str, Any], desired: Desired) -> dict[str, Any]:
    """What has to change: name → new value, None for a property that has to go."""
    changes: dict[str, Any] = {}
    for name, wanted in desired.attributes.items():
        if name == "tags":
            if set(wanted) != set(current.get("tags") or ()):
                changes[name] = sorted(set(wanted))
        elif current.get(name) != wanted:
            changes[name] = wanted
    image_id = str(current.get("id") or OWN_ID)
    for name, value in desired.properties.items():
        if value is None:
            if name in current:
                changes[name] = None
            continue
        value = value.replace(OWN_ID, image_id) if name.startswith(OWN_PREFIX) else value
        if not same_value(value, current.get(name)):
            changes[name] = value
    if desired.exact:
        for name in custom_properties(current):
            if name not in desired.properties and not is_foreign(name):
                changes[name] = None
    return changes


def _library(name: str) -> Any:
    """jsonpatch, or jsonpointer which comes with it.

    :raises MissingLibraryError: it is not installed
    """
    try:
        return import_module(name)
    except ImportError as exc:
        raise MissingLibraryError("jsonpatch", "to change an image") from exc


def operations(current: Mapping[str, Any], changes: Mapping[str, Any]) -> list[Operation]:
    """The changes as RFC 6902 operations, restricted to what Glance takes.

    One path segment, no move, copy or test. Base attributes are replaced, never added (``add /owner`` by a member
    is refused and yet applied); properties are added, which also overwrites.
    """
    escape = _library("jsonpointer").escape
    patch: list[Operation] = []
    for name, value in changes.items():
        path = "/" + escape(name)
        if name in WRITABLE:
            patch.append({"op": "replace", "path": path, "value": value})
        elif value is None:
            if name in current:
                patch.append({"op": "remove", "path": path})
        else:
            patch.append({"op": "add", "path": path, "value": value})
    return patch


def remaining_operations(current: Mapping[str, Any], wanted: list[Operation]) -> list[Operation]:
    """Those operations that a document does not show the outcome of yet."""
    unescape = _library("jsonpointer").unescape
    left = []
    for operation in wanted:
        name = unescape(operation["path"][1:])
        if operation["op"] == "remove":
            done = name not in current
        elif name == "tags":
            done = set(current.get("tags") or ()) == set(operation["value"])
        else:
            done = name in current and current[name] == operation["value"]
        if not done:
            left.append(operation)
    return left


def apply_operations(current: Mapping[str, Any], patch: list[Operation]) -> Document:
    """The document after the patch: what check mode predicts is computed by the very patch that would be sent."""
    jsonpatch = _library("jsonpatch")
    # Glance's documents always have the base attributes, so "replace" finds what it needs.
    whole: Document = dict.fromkeys(WRITABLE)
    whole.update(current)
    result: Document = jsonpatch.JsonPatch(patch).apply(whole)
    return {k: v for k, v in result.items() if k in current or v is not None}


def inherited(old: Mapping[str, Any]) -> Document:
    """What a replacement takes over from the image that it replaces, where the task does not say otherwise."""
    kept = {name: old[name] for name in WRITABLE if name in old and old[name] is not None}
    kept.pop("owner", None)
    for name, value in custom_properties(old).items():
        if not name.startswith(("os_glance_", RECORDED_DIGEST)) and name not in (REPLACES, SOURCE_DIGEST):
            kept[name] = value
    return kept


def recorded_digests(document: Mapping[str, Any]) -> dict[str, str]:
    """The digests known of an image's data, by algorithm: Glance's own, and those recorded beside it."""
    known = {}
    for name, value in document.items():
        # openstacksdk leaves it empty when it did not compute it.
        if name.startswith(RECORDED_DIGEST) and isinstance(value, str) and value:
            known[name[len(RECORDED_DIGEST) :]] = value.lower()
    if document.get("checksum"):
        known["md5"] = document["checksum"]
    if document.get("os_hash_algo") and document.get("os_hash_value"):
        known[document["os_hash_algo"]] = document["os_hash_value"]
    return known
