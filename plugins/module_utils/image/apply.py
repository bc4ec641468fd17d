# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Performs a plan's steps on the cloud, one after the other. One method a kind of step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.document import (
    OWN_ID,
    OWN_PREFIX,
    Desired,
    differing,
    operations,
)
from ansible_collections.imageops.glance.plugins.module_utils.errors import (
    ApiError,
    ConflictError,
    GlanceOpsError,
    OptionError,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.importing import (
    check_offered,
    copy_to_stores,
    import_data,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.look import Viewer
from ansible_collections.imageops.glance.plugins.module_utils.image.mover import Moved, upload
from ansible_collections.imageops.glance.plugins.module_utils.image.selection import GONE, replaces, unfilled
from ansible_collections.imageops.glance.plugins.module_utils.image.sources import Sources
from ansible_collections.imageops.glance.plugins.module_utils.image.waiting import (
    RIVAL_PATIENCE,
    BrokenImage,
    Deadline,
    Overtaken,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import Wish
from ansible_collections.imageops.glance.plugins.module_utils.planning.model import NEW, Found, Plan, Step

Document = dict[str, Any]

#: How often the list of members is read until it names everybody once; every second time it is mended.
NOTING_TURNS = 9


@dataclass
class Applied:
    """What was done so far. ``document`` is the image that bears the name in the end."""

    document: Document | None
    actions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unverified: str | None = None
    moved: bool = False


class Applier:
    """Applies one plan. An image that this run has made, and that did not become right, is deleted again."""

    def __init__(
        self, glance: Glance, viewer: Viewer, sources: Sources, wish: Wish, found: Found, deadline: Deadline, wait: bool
    ) -> None:
        self.glance = glance
        self.viewer = viewer
        self.sources = sources
        self.wish = wish
        self.found = found
        self.deadline = deadline
        self.wait = wait
        self.made: str | None = None
        self.before_making = 0
        self.verified = False
        self.unwatched = False
        self.documents: dict[str, Document] = {}
        for image in (found.current, found.old, found.staged, found.superseded):
            if image is not None:
                self.documents[image["id"]] = image
        self.result = Applied(found.current)
        self.after: Document | None = None

    def apply(self, plan: Plan) -> Applied:
        """Every step; returns what was done.

        :raises Overtaken: another run has changed the image meanwhile; what this one made is gone again
        :raises GlanceOpsError: a step failed; ``self.result`` holds what was done before it
        """
        self.after = plan.after
        if plan.after is not None and plan.after.get("id"):
            self.result.document = self.documents.get(plan.after["id"], self.result.document)
        try:
            for step in plan.steps:
                told = str(step.data.get("told", step.do))
                if self._perform(step) and told:
                    self.result.actions.append(told)
                if self.unwatched:
                    # What follows presumes that the data is there and right; a later run does it.
                    break
        except (Overtaken, GlanceOpsError) as exc:
            self._take_back(exc)
            raise
        if plan.after is None:
            self.result.document = None
        return self.result

    def _perform(self, step: Step) -> bool:
        """Do one step; False when there was nothing left to do."""
        method: Callable[[str, Mapping[str, Any]], bool | None] = getattr(self, f"_{step.do}")
        image_id = self.made if step.image_id == NEW else step.image_id
        return method(str(image_id), step.data) is not False

    def _take_back(self, exc: Exception) -> None:
        if self.made is None or self.verified:
            return
        try:
            if isinstance(exc, Overtaken) and not unfilled(self.glance.image(self.made) or {"status": "queued"}):
                # Another run has taken it for its own and fills it, or has done so and told its user.
                return
            self.glance.delete(self.made)
            # As if it had never been made.
            self.result.actions = self.result.actions[: self.before_making]
            self.result.document = self.found.current
        except GlanceOpsError as left:
            if isinstance(exc, GlanceOpsError):
                exc.args = (f"{exc} Image {self.made} could not be removed and is left behind: {left}",)
                exc.message = str(exc.args[0])

    # ---- steps

    def _create(self, _image_id: str, data: Mapping[str, Any]) -> None:
        self._check_beforehand()
        document = self._created(data["document"])
        self.made = document["id"]
        self.before_making = len(self.result.actions)
        self._keep(document)
        if not self.wish.id:
            self._settle(document)
        # Without data there is nothing to verify.
        self.verified = self.wish.data is None

    def _check_beforehand(self) -> None:
        """What would fail after the image is made has to fail before."""
        data = self.wish.data
        if data is not None and data.method is not None:
            check_offered(data.method, self.viewer.import_methods())

    def _created(self, wanted: Mapping[str, Any]) -> Document:
        while True:
            image_id = self.wish.id or str(uuid4())
            body = {k: _with_id(k, v, image_id) for k, v in wanted.items() if v is not None}
            document = self.glance.create({**body, "id": image_id})
            if document is not None:
                return document
            if self.wish.id:
                if self.glance.image(self.wish.id) is not None:
                    raise Overtaken()
                raise ConflictError(
                    f"id: {self.wish.id} cannot be used; an image with it was deleted, or belongs to another project. "
                    "Choose another one or leave id out."
                )

    def _settle(self, mine: Document) -> None:
        """Of two runs that created the same image at once, one gives way before it sends data.

        The later one to commit sees both. Whoever sees a rival that is elder, or that already moves data, gives way;
        the elder waits a moment for the younger to do so.

        :raises Overtaken: this run gave way
        """
        patience = Deadline(RIVAL_PATIENCE)
        pauses = patience.pauses(first=0.2, longest=0.5)
        while True:
            rivals = self._rivals(mine)
            if not rivals:
                self._check_replaced(mine)
                return
            age = (str(mine.get("created_at")), mine["id"])
            elder = [r for r in rivals if r["status"] != "queued" or (str(r.get("created_at")), r["id"]) < age]
            if elder or not pauses.rest():
                self.result.notes.append("another run was creating the same image")
                raise Overtaken()

    def _check_replaced(self, mine: Document) -> None:
        """:raises Overtaken: another run has meanwhile put the image away that this one is to replace"""
        old = self.documents.get(replaces(mine) or "")
        if old is None:
            return
        now = self.glance.image(old["id"]) or {}
        if any(now.get(name) != old.get(name) for name in ("name", "os_hidden")):
            self.result.notes.append("another run was replacing the same image")
            raise Overtaken()

    def _rivals(self, mine: Document) -> list[Document]:
        # A successor is hidden at first; one that is not hidden any more has taken the old image's place already.
        where = (False, True) if replaces(mine) else (bool(mine.get("os_hidden")),)
        # By name, although a catalog's images are told apart by their marks: each property in a query costs Glance a
        # join, whose time grows with all images that the cloud has ever had.
        candidates = [i for hidden in where for i in self.viewer.named(str(mine.get("name")), hidden=hidden)]
        if self.wish.match:
            candidates = [i for i in candidates if i.get("imageops_image") == i["id"] and self._matches(i)]
        return [
            image
            for image in candidates
            if image["id"] != mine["id"]
            and image["id"] not in self.documents
            and image.get("owner") == mine.get("owner")
            and image.get("status") not in GONE
            and replaces(image) == replaces(mine)
        ]

    def _matches(self, image: Document) -> bool:
        return all(image.get(name) == value for name, value in self.wish.match.items())

    def _transfer(self, image_id: str, data: Mapping[str, Any]) -> None:
        wished = self.wish.data
        if wished is None:
            raise GlanceOpsError(f"{self.wish.told} has to get data, but none was given; give filename or url.")
        self._check_beforehand()
        document = self.documents[image_id]
        self._check_visibility(document)
        stores: tuple[str, ...] = data.get("stores") or ()
        label = str(self.wish.name or image_id)
        algorithm = self.viewer.hash_algorithm()
        moved: Moved
        try:
            if wished.method is None:
                store = stores[0] if stores else None
                moved = upload(self.glance, document, wished, self.sources, algorithm, self.deadline, store, label)
            else:
                moved = import_data(
                    self.glance,
                    document,
                    wished,
                    self.sources,
                    algorithm,
                    self.deadline,
                    stores,
                    self.found.remote,
                    self.wait,
                    label,
                )
        except BrokenImage as exc:
            # Its bytes stay in the store until it is deleted; made by an earlier task or not, it is of no use.
            if image_id != self.made or not exc.refused:
                self.glance.delete(image_id)
            if exc.refused:
                raise
            raise Overtaken() from exc
        self.verified = True
        self.result.moved = True
        self.result.unverified = moved.unverified
        self.unwatched = wished.method is not None and not self.wait
        self._keep(moved.document)

    def _check_visibility(self, document: Document) -> None:
        """Whether this user may show the image to all, asked before its data is moved.

        :raises OptionError: the user may not
        """
        wanted = (self.after or {}).get("visibility")
        if wanted != "public" or document.get("visibility") == wanted or self.glance.login.is_admin:
            return
        refused = self.glance.refuses_visibility(document, wanted)
        if refused is not None:
            raise OptionError(
                f"visibility: this user may not make images {wanted}, so nothing was uploaded; have an admin do it, "
                f"or choose another visibility. {refused}"
            )

    def _update(self, image_id: str, data: Mapping[str, Any]) -> bool:
        current = self.documents[image_id]
        changes = dict(data["changes"])
        # Against the document as it is now: another run may have done part of it.
        wanted = {k: v for k, v in changes.items() if k in current or v is not None}
        patch = operations(current, wanted)
        if not patch:
            return False
        try:
            self._keep(self.glance.patch(image_id, patch))
        except ApiError as exc:
            if exc.status != 404:
                raise
            if image_id == self.result_id:
                raise Overtaken() from exc
            # An image that was to be put away, and somebody has deleted.
            return False
        return True

    def _reactivate(self, image_id: str, _data: Mapping[str, Any]) -> None:
        self.glance.reactivate(image_id)
        self._reread(image_id)

    def _deactivate(self, image_id: str, _data: Mapping[str, Any]) -> bool:
        try:
            self.glance.deactivate(image_id)
        except ApiError as exc:
            if exc.status != 404:
                raise
            if image_id == self.result_id:
                raise Overtaken() from exc
            return False
        self._reread(image_id)
        return True

    def _copy(self, image_id: str, data: Mapping[str, Any]) -> bool:
        document = self.documents[image_id]
        there = str(document.get("stores") or "").split(",")
        missing = tuple(store for store in data["stores"] if store not in there)
        if not missing:
            return False
        label = str(self.wish.name or image_id)
        self._keep(copy_to_stores(self.glance, document, missing, self.sources, self.deadline, label))
        return True

    def _drop(self, image_id: str, data: Mapping[str, Any]) -> None:
        for store in data["stores"]:
            self.glance.delete_from_store(image_id, store)
        self._reread(image_id)

    def _share(self, image_id: str, data: Mapping[str, Any]) -> None:
        for member in data["members"]:
            self.glance.add_member(image_id, member)
        self._note_once(image_id, data["members"])

    def _note_once(self, image_id: str, members: Sequence[str]) -> None:
        """Two runs that share at the same moment make Glance note a member twice; such an image can never be deleted.

        Each DELETE takes away one of the notes. Of several runs that see it, the first one to wake mends it.
        """
        for turn in range(NOTING_TURNS):
            noted = Counter(member["member_id"] for member in self.glance.members(image_id))
            wrong = [member for member in members if noted[member] != 1]
            if not wrong:
                return
            if turn % 2 == 0:
                self.deadline.sleep(0.1 + uuid4().int % 1000 / 1000)
                continue
            for member in wrong:
                if noted[member]:
                    self.glance.remove_member(image_id, member)
                else:
                    self.glance.add_member(image_id, member)

    def _unshare(self, image_id: str, data: Mapping[str, Any]) -> None:
        for member in data["members"]:
            self.glance.remove_member(image_id, member)

    def _delete(self, image_id: str, data: Mapping[str, Any]) -> bool:
        try:
            return self.glance.delete(image_id)
        except ApiError as exc:
            if exc.status != 409 or data.get("on_in_use") != "hide":
                raise
            self.result.notes.append(f"image {image_id} is in use, so it was hidden and not deleted ({exc})")
            return self._hide_used(image_id)

    def _hide_used(self, image_id: str) -> bool:
        """False when an earlier run has hidden it."""
        current = self.glance.image(image_id)
        if current is None:
            return True
        name = self.wish.replaced_name or current.get("name")
        patch = operations(current, differing(current, Desired({"os_hidden": True, "name": name})))
        if patch:
            self.glance.patch(image_id, patch)
        return bool(patch)

    # ---- memory of this run

    @property
    def result_id(self) -> str | None:
        return None if self.result.document is None else str(self.result.document["id"])

    def _keep(self, document: Document) -> None:
        self.documents[document["id"]] = document
        if document["id"] in (self.made, self.result_id) or self.result.document is None:
            self.result.document = document

    def _reread(self, image_id: str) -> None:
        document = self.glance.image(image_id)
        if document is None:
            raise Overtaken()
        self._keep(document)


def _with_id(name: str, value: Any, image_id: str) -> Any:
    """The image's own id, where a mark has to carry it."""
    if isinstance(value, str) and name.startswith(OWN_PREFIX):
        return value.replace(OWN_ID, image_id)
    return value
