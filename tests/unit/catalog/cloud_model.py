# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Glance that performs the ``images:`` of a plan as ``catalog/plan.py`` says the module does, step by step.

Each change that another client could see is one step of a generator, so that a test can look in between, or stop there
as a killed process would.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PROJECT = "11111111111111111111111111111111"
OTHER_PROJECT = "22222222222222222222222222222222"
RECORDED = "owner_specified.openstack."
BASE = (
    "id",
    "name",
    "status",
    "visibility",
    "protected",
    "os_hidden",
    "owner",
    "disk_format",
    "container_format",
    "min_disk",
    "min_ram",
    "tags",
    "size",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "created_at",
    "updated_at",
)
METADATA = ("visibility", "protected", "min_disk", "min_ram", "tags")


def digest(data: str, algorithm: str = "sha256") -> str:
    """ "<algo>:<hex>" of a text that stands for an image's data."""
    return f"{algorithm}:{hashlib.new(algorithm, data.encode()).hexdigest()}"


@dataclass
class Cloud:
    """Images by id, and what the web servers of the world have: ``web`` is text by URL."""

    web: dict[str, str] = field(default_factory=dict)
    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    in_use: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    clock: int = 0

    def ids(self) -> list[str]:
        """Of all images, in the order in which they were made."""
        return [*self.images]

    def listing(self) -> list[dict[str, Any]]:
        """What image_info returns."""
        return [self.shown(image) for image in self.images.values()]

    @staticmethod
    def shown(image: Mapping[str, Any]) -> dict[str, Any]:
        properties = {key: value for key, value in image.items() if key not in BASE}
        return {
            **copy.deepcopy(dict(image)),
            "is_protected": image["protected"],
            "is_hidden": image["os_hidden"],
            "owner_id": image["owner"],
            "hash_algo": image["os_hash_algo"],
            "hash_value": image["os_hash_value"],
            "properties": properties,
        }

    def add(self, data: str | None = None, **attributes: Any) -> dict[str, Any]:
        """An image that is there already; properties by their names."""
        image = self._new(attributes.pop("id", None))
        own_id = image["id"]
        for key, value in attributes.items():
            image[key] = value.replace("{id}", own_id) if isinstance(value, str) else value
        if data is not None:
            self._fill(image, data)
        if "status" in attributes:
            image["status"] = attributes["status"]
        return image

    def _new(self, fixed: str | None) -> dict[str, Any]:
        self.clock += 1
        image: dict[str, Any] = {
            "id": fixed or f"{self.clock:08d}-0000-4000-8000-000000000000",
            "name": None,
            "status": "queued",
            "visibility": "private",
            "protected": False,
            "os_hidden": False,
            "owner": PROJECT,
            "disk_format": "qcow2",
            "container_format": "bare",
            "min_disk": 0,
            "min_ram": 0,
            "tags": [],
            "size": None,
            "checksum": None,
            "os_hash_algo": None,
            "os_hash_value": None,
            "created_at": f"2026-{1 + self.clock // 25 % 12:02d}-{1 + self.clock % 25:02d}T00:00:00Z",
        }
        self.images[image["id"]] = image
        return image

    def _fill(self, image: dict[str, Any], data: str) -> None:
        self.data[image["id"]] = data
        image.update(
            status="active",
            size=len(data),
            checksum=digest(data, "md5").partition(":")[2],
            os_hash_algo="sha512",
            os_hash_value=digest(data, "sha512").partition(":")[2],
        )

    def run(self, elements: list[dict[str, Any]], stop_after: int | None = None) -> dict[str, str]:
        """Perform a plan's images, or only so many steps of it. Gives ok, failed or skipped by key."""
        results: dict[str, str] = {}
        for number, _step in enumerate(self.steps(elements, results), 1):
            if stop_after is not None and number >= stop_after:
                break
        return results

    def steps(self, elements: list[dict[str, Any]], results: dict[str, str]) -> Iterator[str]:
        """One yield a change, named for it."""
        keys = [element["key"] for element in elements]
        assert len(set(keys)) == len(keys), keys
        for number, element in enumerate(elements):
            assert set(element.get("after", ())) <= set(keys[:number]), element
        waiting = list(elements)
        while waiting:
            ready = [one for one in waiting if all(key in results for key in one.get("after", ()))]
            assert ready, [one["key"] for one in waiting]
            element = ready[0]
            waiting.remove(element)
            if any(results[key] != "ok" for key in element.get("after", ())):
                results[element["key"]] = "skipped"
                continue
            try:
                yield from self._perform(element)
            except LookupError:
                results[element["key"]] = "failed"
            else:
                results[element["key"]] = "ok"

    def _perform(self, element: dict[str, Any]) -> Iterator[str]:
        if "id" in element and "match" not in element:
            image = self.images.get(element["id"])
            if image is None and element["state"] == "absent":
                return
            if image is not None:
                yield from self._change(image, element)
                return
            yield from self._create(element, None)
            return
        old = self.images.get(element.get("replaces", ""))
        yield from self._create(element, old)

    def _matching(self, element: Mapping[str, Any]) -> dict[str, Any] | None:
        for image in sorted(self.images.values(), key=lambda one: one["created_at"]):
            if image["id"] == element.get("replaces") or image.get("imageops_image") != image["id"]:
                continue
            if image["owner"] == PROJECT and all(image.get(k) == v for k, v in element.get("match", {}).items()):
                return image
        return None

    def _create(self, element: dict[str, Any], old: dict[str, Any] | None) -> Iterator[str]:
        image = self._matching(element) if "match" in element else None
        if image is None:
            image = self._new(None if element.get("id") in self.images else element.get("id"))
            self.writes.add(image["id"])
            if old is not None:
                kept = {k: v for k, v in old.items() if k not in BASE or k in METADATA}
                image.update({k: v for k, v in kept.items() if not k.startswith((RECORDED, "imageops_replaces"))})
            image["name"] = element["name"]
            self._metadata(image, element)
            image.update(visibility="private", os_hidden=old is not None)
            if old is not None:
                image["imageops_replaces"] = f"{old['id']} {image['id']}"
            yield "posted"
        if image["status"] == "queued":
            for key in ("disk_format", "container_format"):
                if key in element:
                    image[key] = element[key]
            if element.get("convert") == "raw":
                image["disk_format"] = "raw"
            source = self._source(element)
            self._fill(image, source)
            yield "uploaded"
            if not self._verified(element, source):
                del self.images[image["id"]]
                raise LookupError(element["key"])
        self._record(image, element)
        if old is not None and "visibility" not in element:
            image["visibility"] = old["visibility"]
        self._metadata(image, element)
        image.update(name=element["name"], os_hidden=element["hidden"])
        image["status"] = "deactivated" if element["state"] == "deactivated" else "active"
        yield "published"
        if old is not None:
            self._put_away(old, element["replaced_state"], element["replaced_name"])
            yield "superseded"
            image.pop("imageops_replaces", None)

    def _source(self, element: Mapping[str, Any]) -> str:
        if element.get("import_method") == "glance-download":
            url = f"glance:{element['remote_image_id']}"
        else:
            url = element.get("url") or f"file:{element['filename']}"
        if url in self.broken:
            raise LookupError(url)
        return self.web[url]

    @staticmethod
    def _verified(element: Mapping[str, Any], data: str) -> bool:
        wanted = element.get("checksum", "")
        return not wanted or "://" in wanted or digest(data, wanted.partition(":")[0]) == wanted

    def _record(self, image: dict[str, Any], element: Mapping[str, Any]) -> None:
        algorithm, _colon, value = element.get("checksum", "").partition(":")
        if value and "://" not in value:
            image[RECORDED + algorithm] = value

    def _metadata(self, image: dict[str, Any], element: Mapping[str, Any]) -> None:
        for key in METADATA:
            if key in element:
                image[key] = copy.deepcopy(element[key])
        properties = element.get("properties", {})
        if element.get("properties_mode") == "exact":
            for key in [key for key in image if key not in BASE and key not in properties]:
                if not key.startswith((RECORDED, "imageops_", "os_glance_")):
                    del image[key]
        for key, value in properties.items():
            if value is None:
                image.pop(key, None)
            else:
                text = ("true" if value else "false") if isinstance(value, bool) else str(value)
                image[key] = text.replace("{id}", image["id"])

    def _put_away(self, image: dict[str, Any], state: str, name: str) -> None:
        self.writes.add(image["id"])
        if state == "absent":
            # The module lifts a protection first: the plan asks for it only where the catalog has set it.
            if image["id"] not in self.in_use:
                del self.images[image["id"]]
                return
            state = "hidden"
        image["name"] = name
        if state == "hidden":
            image["os_hidden"] = True
        else:
            image["status"] = "deactivated"

    def _change(self, image: dict[str, Any], element: dict[str, Any]) -> Iterator[str]:
        self.writes.add(image["id"])
        if element["state"] == "absent":
            if image["protected"] and element.get("protected") is not False:
                raise LookupError(image["id"])
            if image["id"] in self.in_use:
                image["os_hidden"] = True
            else:
                del self.images[image["id"]]
            yield "removed"
            return
        if element.get("on_content_change") == "replace":
            source = self._source(element)
            if not self._verified(element, source):
                raise LookupError(element["key"])
            if source != self.data[image["id"]]:
                yield from self._create(element, image)
                return
            self._record(image, element)
        self._metadata(image, element)
        if "name" in element:
            image["name"] = element["name"]
        if "hidden" in element:
            image["os_hidden"] = element["hidden"]
        if image["status"] in ("active", "deactivated"):
            image["status"] = "deactivated" if element["state"] == "deactivated" else "active"
        yield "changed"
