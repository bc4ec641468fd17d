# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an entry wants of its image besides the data, and how an image differs from it. Pure.

Compared with the very functions by which the module ``image`` compares, so that a plan announces what the module
will do, and nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import METADATA_KEYS
from ansible_collections.imageops.glance.plugins.module_utils.catalog.inventory import Inventory, Policy
from ansible_collections.imageops.glance.plugins.module_utils.catalog.marks import DIGEST, Image, marks
from ansible_collections.imageops.glance.plugins.module_utils.document import (
    OWN_PREFIX,
    Desired,
    differing,
    properties_as_stored,
)

_ATTRIBUTES = ("visibility", "protected", "min_ram", "tags")
_TOLD_AS = {"os_hidden": "hidden"}


def options(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the module ``image`` for an entry's metadata, but for its properties."""
    return {key: entry[key] for key in METADATA_KEYS if key in entry and key != "properties"}


def properties(entry: Mapping[str, Any], policy: Policy, digest: Optional[str]) -> dict[str, Any]:
    """An entry's properties and its marks; ``digest`` is the mark of that name, None leaves it alone."""
    wanted = {**entry.get("properties", {}), **marks(policy.catalog, entry)}
    if digest is not None:
        wanted[DIGEST] = digest
    return wanted


def differences(
    image: Image,
    entry: Mapping[str, Any],
    name: str,
    wanted: Mapping[str, Any],
    policy: Policy,
    inventory: Inventory,
) -> list[str]:
    """How the image differs from what the entry wants of it, each in a few words; empty: not at all.

    ``name`` is the name that it should have, ``wanted`` what ``properties`` gave.
    """
    attributes = {key: entry[key] for key in _ATTRIBUTES if key in entry}
    attributes["name"] = name
    attributes["os_hidden"] = bool(entry.get("hidden", False))
    if isinstance(entry.get("min_disk"), int):
        attributes["min_disk"] = entry["min_disk"]
    if entry.get("members") and "visibility" not in attributes:
        attributes["visibility"] = "shared"
    owner = policy.owner_of(entry)
    if owner is not None and owner in (policy.project_id, *policy.owners.values()):
        attributes["owner"] = owner
    needed = properties_as_stored(wanted)
    needed.update(_helpers(entry, inventory))
    changes = differing(image.document, Desired(attributes, needed, entry.get("properties_mode") == "exact"))
    found = [_told(key, image.document.get(key), value, attributes) for key, value in changes.items()]
    state = "deactivated" if entry.get("state") == "deactivated" else "active"
    if image.status != state:
        found.append(f"state {image.status} → {state}")
    found.extend(_members(image, entry))
    found.extend(_stores(image, entry, policy))
    return found


def _told(key: str, had: Any, value: Any, attributes: Mapping[str, Any]) -> str:
    if key.startswith(OWN_PREFIX):
        return f"{key[len(OWN_PREFIX) :]} is not marked" if had is None else f"marked {key[len(OWN_PREFIX) :]} {had}"
    prefix = "" if key in attributes else "properties."
    return f"{prefix}{_TOLD_AS.get(key, key)} {_shown(had)} → {_shown(value)}"


def _shown(value: Any) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(str, sorted(value))) + "]"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _helpers(entry: Mapping[str, Any], inventory: Inventory) -> dict[str, Optional[str]]:
    """The properties behind ``kernel`` and ``ramdisk``, as far as the images tell which ids are meant."""
    found: dict[str, Optional[str]] = {}
    for key in ("kernel", "ramdisk"):
        given = entry.get(key)
        if given is None:
            continue
        ids = [given] if given in inventory.by_id else inventory.ids_by_name.get(str(given), [])
        if len(ids) == 1:
            found[key + "_id"] = str(ids[0])
    return found


def _members(image: Image, entry: Mapping[str, Any]) -> list[str]:
    wanted = entry.get("members")
    if wanted is None or image.members is None:
        return []
    missing = sorted(set(wanted) - image.members)
    surplus = sorted(image.members - set(wanted)) if entry.get("members_mode", "exact") == "exact" else []
    return [f"member {one} is missing" for one in missing] + [f"member {one} is too much" for one in surplus]


def _stores(image: Image, entry: Mapping[str, Any], policy: Policy) -> list[str]:
    """Missing copies. A cloud with one store does not tell ``stores``: then there is nothing to compare."""
    has = image.document.get("stores")
    if not isinstance(has, str) or not has:
        return []
    here = set(has.split(","))
    wanted = set(entry.get("stores") or ())
    if entry.get("all_stores") and policy.stores is not None:
        wanted = set(policy.stores)
    surplus = here - wanted if wanted and entry.get("stores_mode") == "exact" else set()
    return [f"no copy in store {one}" for one in sorted(wanted - here)] + [
        f"a copy in store {one} is too much" for one in sorted(surplus)
    ]
