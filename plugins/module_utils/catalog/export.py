# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A catalog out of the images that a cloud has. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import VERSIONED_NAME
from ansible_collections.imageops.glance.plugins.module_utils.catalog.marks import CATALOG, ENTRY, IMAGE, VERSION
from ansible_collections.imageops.glance.plugins.module_utils.document import custom_properties, is_foreign

Document = Mapping[str, Any]

#: Base attributes that become keys of an entry when they are not what a new image has anyway.
_ATTRIBUTES = {"protected": False, "min_disk": 0, "min_ram": 0}
#: What image_info adds to a document.
_SPELLINGS = frozenset(("is_protected", "is_hidden", "owner_id", "hash_algo", "hash_value", "properties", "members"))


def export(images: Iterable[Document], region: str | None = None, project_id: str | None = None) -> dict[str, Any]:
    """Entries for the images of one project that can be booted by name.

    The source of an entry is the image itself, fetched with glance-download from its region, so that the catalog can be
    published to other regions as it is; its checksum is the one that Glance keeps, so that it is known again here.

    :param images: what image_info returns
    :param region: the region that the images are in; without it a source has to be added by hand
    :param project_id: only images of this project; None: all
    :returns: {catalog_images: [entry], left_out: [sentence]}
    """
    left_out: list[str] = []
    taken: dict[str, Document] = {}
    for image in sorted(images, key=lambda i: (str(i.get("name")), str(i.get("created_at")), i["id"]), reverse=True):
        why = _unfit(image, project_id) or _second(image, taken)
        if why:
            left_out.append(f"{image.get('name')} ({image['id']}): {why}")
        else:
            taken[str(image["name"])] = image
    left_out.reverse()
    # Entries whose current image is exported; older versions of them that are shown too become entries of theirs.
    whole = {name for name, image in taken.items() if _is_marked(image) and image.get(ENTRY) == name}
    return {
        "catalog_images": [_entry(image, region, whole) for image in reversed(taken.values())],
        "left_out": left_out,
    }


def catalogs(images: Iterable[Document]) -> list[str]:
    """Names of the catalogs whose valid marks the images bear."""
    return sorted({str(image[CATALOG]) for image in images if _is_marked(image)})


def _is_marked(image: Document) -> bool:
    return image.get(IMAGE) == image.get("id") and bool(image.get(CATALOG))


def _unfit(image: Document, project_id: str | None) -> str | None:
    if project_id and image.get("owner") != project_id:
        return "belongs to another project"
    if image.get("status") not in ("active", "deactivated"):
        return f"is {image.get('status')}"
    if image.get("os_hidden"):
        return "is hidden"
    if not image.get("name"):
        return "has no name"
    if image.get("image_type") == "snapshot" or image.get("base_image_ref"):
        return "is a snapshot of a server"
    return None


def _second(image: Document, taken: Mapping[str, Document]) -> str | None:
    first = taken.get(str(image.get("name")))
    return f"bears the same name as the younger {first['id']}" if first else None


def _checksum(image: Document) -> str | None:
    if image.get("os_hash_algo") and image.get("os_hash_value"):
        return f"{image['os_hash_algo']}:{image['os_hash_value']}"
    return f"md5:{image['checksum']}" if image.get("checksum") else None


def _versioned_name(image: Document) -> str | None:
    """The pattern by which the image of an older version got its name, or None when it did not get it so."""
    entry, version, name = image[ENTRY], image[VERSION], str(image["name"])
    rest = name[len(entry) :]
    if not name.startswith(entry) or rest.count(version) != 1:
        return None
    return "{name}" + rest.replace(version, "{version}")


def _place(image: Document, whole: Container[str]) -> dict[str, Any]:
    """Name and version of the entry: those of its marks where they are true and say what can be seen."""
    name = image["name"]
    if not _is_marked(image) or not image.get(ENTRY) or not image.get(VERSION):
        return {"name": name}
    if image[ENTRY] == name:
        return {"name": name, "version": image[VERSION]}
    pattern = _versioned_name(image)
    if image[ENTRY] not in whole or pattern is None:
        return {"name": name}
    place = {"name": image[ENTRY], "version": image[VERSION]}
    return place if pattern == VERSIONED_NAME else {**place, "versioned_name": pattern}


def _entry(image: Document, region: str | None, whole: Container[str]) -> dict[str, Any]:
    entry = _place(image, whole)
    if region:
        entry.update(import_method="glance-download", remote_region=region, remote_image_id=image["id"])
    if checksum := _checksum(image):
        entry["checksum"] = checksum
    for name in ("disk_format", "container_format", "visibility"):
        if image.get(name):
            entry[name] = image[name]
    if image.get("status") == "deactivated":
        entry["state"] = "deactivated"
    for name, usual in _ATTRIBUTES.items():
        if image.get(name) not in (None, usual):
            entry[name] = image[name]
    if image.get("tags"):
        entry["tags"] = sorted(image["tags"])
    if image.get("visibility") == "shared" and image.get("members"):
        entry["members"] = sorted(member["member_id"] for member in image["members"])
    properties = {
        name: value
        for name, value in sorted(custom_properties(image).items())
        if name not in _SPELLINGS and not is_foreign(name)
    }
    if properties:
        entry["properties"] = properties
    return entry
