# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Glance in memory that performs a plan's steps, and refuses what the real one refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.document import (
    OWN_ID,
    OWN_PREFIX,
    WRITABLE,
    apply_operations,
    operations,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.content import (
    DIFFERENT,
    MISSING,
    SAME,
    UNMANAGED,
    Content,
    has_data,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.engine import _continuing, _is_replacing
from ansible_collections.imageops.glance.plugins.module_utils.image.selection import select
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import Wish
from ansible_collections.imageops.glance.plugins.module_utils.plan import make_plan
from ansible_collections.imageops.glance.plugins.module_utils.planning.model import NEW, Found, Plan, Step

Document = dict[str, Any]
ME = "me"
STORES = ("file", "fast")


@dataclass
class Model:
    """Images by id, the content of each, and who shares them."""

    images: dict[str, Document] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    made: int = 0

    def add(self, content: str | None = None, members: set[str] | None = None, **values: Any) -> str:
        """An image that is there from the beginning; active when it has content."""
        self.made += 1
        image_id = f"i{self.made}"
        document = {
            "id": image_id, "name": None, "status": "queued", "visibility": "private", "protected": False,
            "os_hidden": False, "owner": ME, "container_format": None, "disk_format": None, "tags": [], "min_disk": 0,
            "min_ram": 0, "created_at": f"2026-01-{self.made:02}T00:00:00Z", **values,
        }  # fmt: skip
        self.images[image_id] = document
        self.members[image_id] = set(members or ())
        if content is not None:
            self.contents[image_id] = content
            document.update(
                {"status": "active", "disk_format": "raw", "container_format": "bare", "stores": "file", **values}
            )
        return image_id

    def copy(self) -> Model:
        return Model(
            {key: dict(value) for key, value in self.images.items()},
            dict(self.contents),
            {key: set(value) for key, value in self.members.items()},
            self.made,
        )

    # ---- what the plan is made of

    def look(self, wish: Wish) -> tuple[Found, Content]:
        """What the cloud has for a wish, and how its data compares, as the engine finds out."""
        candidates = [image for image in self.images.values() if image["name"] == wish.name]
        chosen = select(candidates, wish.told, None, ME, merge=True)
        found = Found(
            current=chosen.current,
            staged=chosen.staged,
            superseded=chosen.superseded,
            twins=tuple(chosen.twins),
            stores=STORES,
            project_id=ME,
        )
        if wish.members is not None and chosen.current is not None and chosen.current["visibility"] == "shared":
            found = replace(found, members=frozenset(self.members[chosen.current["id"]]))
        content = self.judge(found.current, wish)
        if content.verdict == DIFFERENT and found.staged is not None and _is_replacing(wish, found):
            found = _continuing(found)
            content = self.judge(found.current, wish)
        old = found.old or (found.current if content.verdict == DIFFERENT else None) or found.superseded
        if old is not None and old["visibility"] == "shared":
            found = replace(found, old_members=frozenset(self.members[old["id"]]))
        return found, content

    def judge(self, current: Document | None, wish: Wish) -> Content:
        if wish.state == "absent":
            return Content(UNMANAGED)
        formats = {name: wish.desired.attributes.get(name) for name in ("disk_format", "container_format")}
        if current is None or not has_data(current):
            return Content(MISSING if wish.data else UNMANAGED)
        for name, wanted in formats.items():
            if wanted is not None and wanted != current[name]:
                return Content(DIFFERENT, f"{name} differs")
        if wish.data is None:
            return Content(UNMANAGED)
        return Content(SAME if self.contents[current["id"]] == wish.data.filename else DIFFERENT, "data differs")

    def plan(self, wish: Wish) -> Plan:
        found, content = self.look(wish)
        declared = wish.desired.attributes.get("disk_format")
        return make_plan(wish, found, content, declared or "raw")

    # ---- performing it

    def perform(self, plan: Plan, wish: Wish, steps: int | None = None) -> str | None:
        """Do the first ``steps`` of a plan, all of them by default; the id of the image that it made."""
        made: str | None = None
        for step in plan.steps[:steps]:
            image_id = made if step.image_id == NEW else step.image_id
            result = getattr(self, f"_{step.do}")(image_id, step.data, wish)
            made = result if step.do == "create" else made
        return made

    def _create(self, _id: None, data: Mapping[str, Any], _wish: Wish) -> str:
        given = {key: value for key, value in data["document"].items() if value is not None}
        image_id = self.add(**{"visibility": "shared", **given})
        image = self.images[image_id]
        for name, value in image.items():
            if name.startswith(OWN_PREFIX):
                image[name] = value.replace(OWN_ID, image_id)
        return image_id

    def _transfer(self, image_id: str, data: Mapping[str, Any], wish: Wish) -> None:
        image = self.images[image_id]
        assert image["status"] == "queued", "data can come only into an image that has none"
        assert image["disk_format"], "formats have to be set before"
        assert image["container_format"], "formats have to be set before"
        assert wish.data is not None
        self.contents[image_id] = str(wish.data.filename)
        stores = data.get("stores") or STORES[:1]
        image.update(status="active", stores=stores[0])

    def _update(self, image_id: str, data: Mapping[str, Any], _wish: Wish) -> None:
        image = self.images[image_id]
        changes = {k: v for k, v in data["changes"].items() if v is not None or k in image}
        if image["status"] != "queued":
            assert not {"disk_format", "container_format"} & set(changes), "formats are fixed once there is data"
        assert not set(changes) & {"id", "status", "size"}
        assert all(v is not None for k, v in changes.items() if k in WRITABLE)
        changes = {k: v.replace(OWN_ID, image_id) if k.startswith(OWN_PREFIX) and v else v for k, v in changes.items()}
        self.images[image_id] = apply_operations(image, operations(image, changes))

    def _copy(self, image_id: str, data: Mapping[str, Any], _wish: Wish) -> None:
        image = self.images[image_id]
        assert image["status"] == "active", "only an active image can be copied"
        there = image["stores"].split(",")
        assert not set(there) & set(data["stores"])
        image["stores"] = ",".join([*there, *data["stores"]])

    def _drop(self, image_id: str, data: Mapping[str, Any], _wish: Wish) -> None:
        image = self.images[image_id]
        left = [store for store in image["stores"].split(",") if store not in data["stores"]]
        assert left, "the last copy cannot be removed"
        image["stores"] = ",".join(left)

    def _share(self, image_id: str, data: Mapping[str, Any], _wish: Wish) -> None:
        assert self.images[image_id]["visibility"] == "shared", "only shared images have members"
        self.members[image_id].update(data["members"])

    def _unshare(self, image_id: str, data: Mapping[str, Any], _wish: Wish) -> None:
        assert self.images[image_id]["visibility"] == "shared", "only shared images have members"
        self.members[image_id].difference_update(data["members"])

    def _deactivate(self, image_id: str, _data: Mapping[str, Any], _wish: Wish) -> None:
        assert has_data(self.images[image_id]), "there is nothing to deactivate"
        self.images[image_id]["status"] = "deactivated"

    def _reactivate(self, image_id: str, _data: Mapping[str, Any], _wish: Wish) -> None:
        assert has_data(self.images[image_id])
        self.images[image_id]["status"] = "active"

    def _delete(self, image_id: str, _data: Mapping[str, Any], _wish: Wish) -> None:
        image = self.images.get(image_id)
        if image is not None:
            assert not image["protected"], "a protected image cannot be deleted"
            del self.images[image_id]

    # ---- what a user sees

    def good(self, name: str) -> list[Document]:
        """Images of this name that can be booted from by others than their owner's tools."""
        return [
            image
            for image in self.images.values()
            if image["name"] == name and image["status"] == "active" and not image["os_hidden"]
        ]

    def seen(self) -> Any:
        """Everything but ids and dates, so that two ways to the same end compare equal."""
        told = []
        for image_id, image in self.images.items():
            kept = {k: v for k, v in image.items() if k not in ("id", "created_at") and v is not None}
            kept["tags"] = sorted(kept["tags"])
            kept["stores"] = sorted(str(kept.get("stores", "")).split(","))
            kept["data"] = self.contents.get(image_id)
            kept["members"] = sorted(self.members[image_id]) if image["visibility"] == "shared" else []
            told.append(sorted((k, str(v)) for k, v in kept.items()))
        return sorted(told)


def steps_of(plan: Plan) -> list[str]:
    """Kinds of steps in their order."""
    return [_told(step) for step in plan.steps]


def _told(step: Step) -> str:
    return step.do
