# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogs in the format of openstack-image-manager (https://github.com/osism/openstack-image-manager). Pure.

What its documentation and schema (etc/schema.yaml) say, and what the tool does with it:

* ``multi: true``: the newest version is called ``<name>``, older ones ``<name> (<version>)``; ``multi: false``: each
  version is an image of its own, ``<name> <version>``. ``separator`` stands for the blank.
* Data comes from ``mirror_url`` where there is one; the property image_source always tells ``url``.
* Properties: ``meta`` of the image, then of the version, and those that the tool sets by itself: image_name,
  image_description, image_source, image_build_date, image_original_user, internal_version, os_version.
* Tags: the image's, ``os:<os_distro>``, and the one by which the tool knows its images.
* ``uuid_validity: last-N`` keeps N images, the current one included; ``notice``, ``forever`` and a date to come keep
  all; ``keep: true`` too. ``none`` promises nothing, so the catalog's own policy decides.
* ``latest_url`` and ``latest_checksum_url`` are for another program that writes new versions into the file;
  ``password``, ``shortname`` and ``source`` are for the reader. They have no effect on an image.

The tool ignores keys that it does not know; here a key that is nearly a known one is a typing error.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union
from urllib.parse import urlsplit

from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import (
    KEEP_ALL,
    MOVING,
    as_flag,
    as_version,
)
from ansible_collections.imageops.glance.plugins.module_utils.catalog.inventory import OSISM_TAG
from ansible_collections.imageops.glance.plugins.module_utils.catalog.validate import Located, Mistake, Place, shown

_IMAGE_KEYS = (
    "name",
    "enable",
    "format",
    "keep",
    "latest_checksum_url",
    "latest_url",
    "login",
    "meta",
    "min_disk",
    "min_ram",
    "multi",
    "password",
    "separator",
    "shortname",
    "status",
    "tags",
    "versions",
    "visibility",
)
_REQUIRED = ("name", "format", "login", "status", "versions", "visibility")
_VERSION_KEYS = (
    "build_date",
    "checksum",
    "checksum_url",
    "checksums_url",
    "hidden",
    "id",
    "image_description",
    "meta",
    "mirror_url",
    "os_version",
    "source",
    "url",
    "verify_checksum",
    "version",
    "visibility",
)
#: Properties of its schema, and near neighbours of theirs that are right too.
_META_KEYS = (
    "architecture",
    "hotfix_hours",
    "hw_cdrom_bus",
    "hw_disk_bus",
    "hw_firmware_type",
    "hw_machine_type",
    "hw_rng_model",
    "hw_scsi_model",
    "hw_vif_model",
    "hw_vif_multiqueue_enabled",
    "hw_video_model",
    "hw_watchdog_action",
    "hypervisor_type",
    "image_description",
    "image_name",
    "os_distro",
    "os_purpose",
    "os_type",
    "os_version",
    "patchlevel",
    "provided_until",
    "replace_frequency",
    "uuid_validity",
)
#: Keys that only this format has, or only the native one.
_OWN_KEYS = frozenset(_IMAGE_KEYS) - {"name", "keep", "min_disk", "min_ram", "tags", "visibility"}
_NATIVE_KEYS = frozenset(("url", "uri", "filename", "disk_format", "properties", "checksum", "state", "enabled"))
#: What messages call the keys of a native entry.
_TOLD_AS = {
    "disk_format": "format",
    "properties": "meta",
    "enabled": "enable",
    "state": "status",
    "filename": "url",
    "versioned_name": "separator",
}
_LAST = re.compile(r"last-([0-9]{1,6})\Z")
_ALGORITHM = re.compile(r"sha-?(512|384|256|224|1)(?![0-9])|md5", re.IGNORECASE)
_COMPRESSED = (".bz2", ".xz", ".gz", ".zst")


def is_osism(item: object) -> bool:
    """Whether an entry is in this format. Judged by all its keys, so that one mistyped key does not decide."""
    if not isinstance(item, Mapping):
        return False
    keys = {key for key in item if isinstance(key, str)}
    return "versions" in keys or (len(keys & _OWN_KEYS) > 1 and not keys & _NATIVE_KEYS)


def translate(
    item: Mapping[Any, Any], place: Place, label: str, today: datetime.date
) -> tuple[list[Located], list[Mistake]]:
    """Native entries for one image of such a catalog, one a version, and the mistakes that keep others from being made.

    What both formats know, such as visibility and checksums, is judged with the native entries.
    """
    translation = _Translation(item, place, label, today)
    return translation.entries(), translation.mistakes


class _Translation:
    def __init__(self, item: Mapping[Any, Any], place: Place, label: str, today: datetime.date) -> None:
        self.item = item
        self.place = place
        name = item.get("name")
        self.label = name if isinstance(name, str) and name else label
        self.today = today
        self.mistakes: list[Mistake] = []

    def add(self, key: str, message: str) -> None:
        self.mistakes.append(Mistake(self.place.file, self.label, key, message, self.place.line))

    def entries(self) -> list[Located]:
        self._keys("", self.item, _IMAGE_KEYS)
        for key in _REQUIRED:
            if self.item.get(key) is None:
                self.add(key, "is missing.")
        multi = self._flag("multi", self.item.get("multi"), False)
        meta = self._mapping("meta", self.item.get("meta"))
        self._keys("meta.", meta, _META_KEYS)
        base = self._base(meta)
        versions = self.item.get("versions")
        if versions is not None and (not isinstance(versions, list) or not versions):
            self.add("versions", f"is {shown(versions)}; it must be a list with one version at least.")
        found = []
        for number, version in enumerate(versions if isinstance(versions, list) else (), 1):
            if not isinstance(version, Mapping):
                self.add(f"versions[{number}]", f"is {shown(version)}; it must be a mapping with 'version' and 'url'.")
                continue
            entry = self._version(f"versions[{number}].", version, base, meta, multi)
            found.append(Located(entry, self.place, self.label, _TOLD_AS))
        name = self.item.get("name")
        if name is not None and not isinstance(name, str):
            self.add("name", f"is {shown(name)}; it must be text, so put it in quotes.")
        return found if isinstance(name, str) else []

    def _base(self, meta: Mapping[str, Any]) -> dict[str, Any]:
        """What all versions have in common."""
        item = self.item
        base = {key: item[key] for key in ("visibility", "min_disk", "min_ram") if item.get(key) is not None}
        base["disk_format"] = item.get("format")
        base["container_format"] = "bare"
        base["enabled"] = self._flag("enable", item.get("enable"), True)
        status = item.get("status")
        if status not in (None, "active", "deactivated"):
            self.add("status", f"has the value {shown(status)}. It is one of active, deactivated.")
        base["state"] = status if status == "deactivated" else "active"
        tags = item.get("tags")
        if tags is not None and not isinstance(tags, list):
            self.add("tags", f"is {shown(tags)}; it must be a list of text.")
        own = list(tags) if isinstance(tags, list) else []
        distro = meta.get("os_distro")
        base["tags"] = [*own, OSISM_TAG, *([f"os:{distro}"] if distro is not None else [])]
        return base

    def _version(
        self, path: str, version: Mapping[Any, Any], base: Mapping[str, Any], meta: Mapping[str, Any], multi: bool
    ) -> dict[str, Any]:
        self._keys(path, version, _VERSION_KEYS)
        entry = dict(base)
        text = as_version(version.get("version"))
        if version.get("version") is None:
            self.add(path + "version", "is missing.")
        entry["version"] = text if text is not None else version.get("version")
        entry.update({key: version[key] for key in ("visibility", "hidden", "id") if version.get(key) is not None})
        own = self._mapping(path + "meta", version.get("meta"))
        self._keys(path + "meta.", own, _META_KEYS)
        told = {**meta, **own}
        keep = self._keep(path, told.get("uuid_validity"))
        if self._flag("keep", self.item.get("keep"), False):
            keep = KEEP_ALL
        if keep is not None:
            entry["keep"] = keep
        separator = self.item.get("separator", " ")
        entry["name"] = self.item.get("name")
        if multi:
            entry["versioned_name"] = f"{{name}}{separator}({{version}})"
        else:
            entry["name"] = f"{self.item.get('name')}{separator}{entry['version']}"
        self._source(path, version, entry)
        entry["properties"] = {**meta, **self._properties(version, entry, meta, multi), **own}
        return entry

    def _source(self, path: str, version: Mapping[Any, Any], entry: dict[str, Any]) -> None:
        url = version.get("url")
        if url is None:
            self.add(path + "url", "is missing.")
        source = version.get("mirror_url") or url
        if isinstance(source, str) and source.startswith("file:"):
            entry["filename"] = urlsplit(source).path or source
        elif source is not None:
            entry["url"] = source
        if entry["version"] == MOVING:
            self._latest(path, version, entry)
        elif version.get("checksum") is not None:
            entry["checksum"] = version["checksum"]
        if isinstance(source, str) and source.lower().endswith(_COMPRESSED):
            entry["decompress"] = "auto"

    def _latest(self, path: str, version: Mapping[Any, Any], entry: dict[str, Any]) -> None:
        """A version that moves: what it is today stands in a checksum file."""
        given = [key for key in ("checksums_url", "checksum_url") if version.get(key) is not None]
        if len(given) != 1:
            self.add(path + "checksums_url", "or 'checksum_url', one of them, is needed for the version 'latest'.")
            return
        url = str(version[given[0]])
        algorithm = _ALGORITHM.search(url.rpartition("/")[2]) or _ALGORITHM.search(url)
        name = "sha256" if algorithm is None else algorithm.group(0).lower().replace("-", "")
        entry["checksum"] = f"{name}:{url}"

    def _properties(
        self, version: Mapping[Any, Any], entry: Mapping[str, Any], meta: Mapping[str, Any], multi: bool
    ) -> dict[str, Any]:
        """What the tool tells of an image by itself."""
        name = self.item.get("name")
        url = version.get("url")
        if isinstance(url, str) and url.startswith("file:"):
            url = "file:" + url.rpartition("/")[2]
        built = version.get("build_date")
        told = {
            "image_name": meta.get("image_name", name),
            "image_description": version.get("image_description") or meta.get("image_description", name),
            "image_source": url,
            "image_build_date": built.isoformat()[:10] if isinstance(built, datetime.date) else built,
            "image_original_user": self.item.get("login"),
            "internal_version": entry["version"],
            "os_version": version.get("os_version") if multi else entry["version"],
        }
        return {key: value for key, value in told.items() if value is not None}

    def _keep(self, path: str, validity: object) -> Union[int, str, None]:
        """How many predecessors stay; None leaves it to the catalog."""
        if isinstance(validity, datetime.datetime):
            validity = validity.date()
        if isinstance(validity, str):
            last = _LAST.match(validity)
            if last is not None:
                return max(int(last[1]) - 1, 0)
            if validity in ("forever", "notice"):
                return KEEP_ALL
            validity = _date(validity) or validity
        if isinstance(validity, datetime.date):
            return KEEP_ALL if validity >= self.today else None
        if validity not in (None, "none"):
            self.add(
                "meta.uuid_validity", f"has the value {shown(validity)}; it is none, last-N, notice, forever or a date."
            )
        return None

    def _keys(self, path: str, mapping: Mapping[Any, Any], known: Sequence[str]) -> None:
        # Any property may be in meta, so there only what is all but equal counts as mistyped.
        cutoff = 0.9 if known is _META_KEYS else 0.8
        for key in mapping:
            if not isinstance(key, str):
                self.add(path + shown(key), "is no key; keys are text.")
            elif key not in known:
                near = difflib.get_close_matches(key, known, n=1, cutoff=cutoff)
                if near:
                    self.add(path + key, f"is no key of this format. Did you mean '{near[0]}'?")

    def _flag(self, key: str, value: object, default: bool) -> bool:
        flag = default if value is None else as_flag(value)
        if flag is None:
            self.add(key, f"has the value {shown(value)}; it is true or false.")
            return default
        return flag

    def _mapping(self, key: str, value: object) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.add(key, f"is {shown(value)}; it must be a mapping of names to values.")
            return {}
        return {name: content for name, content in value.items() if isinstance(name, str)}


def _date(text: str) -> Optional[datetime.date]:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
