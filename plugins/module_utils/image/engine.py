# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One image: look, judge its data, plan, apply; and again from the start when somebody else was faster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.document import RECORDED_DIGEST, with_spellings
from ansible_collections.imageops.glance.plugins.module_utils.errors import (
    ConflictError,
    GlanceOpsError,
    OptionError,
    TransferError,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.content import (
    DIFFERENT,
    MISSING,
    Content,
    judge,
    source_digest,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.look import Viewer
from ansible_collections.imageops.glance.plugins.module_utils.image.selection import AmbiguousError
from ansible_collections.imageops.glance.plugins.module_utils.image.waiting import (
    RIVAL_PATIENCE,
    Deadline,
    Overtaken,
    busy,
    has_running_task,
    importing,
    poisoned,
    wait_until_quiet,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import Wish
from ansible_collections.imageops.glance.plugins.module_utils.plan import make_plan
from ansible_collections.imageops.glance.plugins.module_utils.planning.model import Found, Plan

# What only a run that changes something needs is imported when it does: most runs change nothing.
if TYPE_CHECKING:
    from ansible_collections.imageops.glance.plugins.module_utils.image.apply import Applied
    from ansible_collections.imageops.glance.plugins.module_utils.image.sources import Sources

Document = dict[str, Any]

#: How often a run looks again after another one was faster.
TURNS = 8
GIB = 1024**3


@dataclass
class Outcome:
    """What came of one wish; ``error`` is None when it was fulfilled."""

    changed: bool = False
    image: Document | None = None
    before: Document = field(default_factory=dict)
    after: Document = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unverified: str | None = None
    moved: bool = False
    error: GlanceOpsError | None = None


class Engine:
    """Fulfils wishes on one cloud.

    :param timeout: seconds for one wish to wait for imports and for other runs
    """

    def __init__(
        self, glance: Glance, viewer: Viewer, sources: Sources, timeout: float, wait: bool, check: bool
    ) -> None:
        self.glance = glance
        self.viewer = viewer
        self.sources = sources
        self.timeout = timeout
        self.wait = wait
        self.check = check

    def fulfil(self, wish: Wish) -> Outcome:
        """Bring one image to what is wanted, or say in the outcome why not. Raises nothing a user could cause."""
        outcome = Outcome()
        try:
            self._fulfil(wish, outcome)
        except GlanceOpsError as exc:
            outcome.error = exc
        return outcome

    def _fulfil(self, wish: Wish, outcome: Outcome) -> None:
        deadline = Deadline(self.timeout)
        wish = self._resolved(wish)
        for turn in range(TURNS):
            found = self._look(wish, deadline, fresh=turn > 0)
            if self._left_alone(wish, found):
                outcome.image = with_spellings(found.current or {})
                outcome.notes.append("wait is false, so the import that is under way is left alone")
                return
            content = self._judged(wish, found)
            if content.verdict == DIFFERENT and found.staged is not None and _is_replacing(wish, found):
                found = _continuing(found)
                content = replace(judge(found.current, wish, self.sources), reason=content.reason)
            plan, wish_planned = self._planned(wish, found, content)
            if turn == 0:
                outcome.before = _managed(plan.before, plan)
            outcome.notes += [content.doubt] if content.doubt else []
            if self.check or not plan.steps:
                self._predict(outcome, plan)
                _show_members(outcome, wish, found, plan)
                return
            from ansible_collections.imageops.glance.plugins.module_utils.image.apply import Applier

            applier = Applier(self.glance, self.viewer, self.sources, wish_planned, found, deadline, self.wait)
            try:
                applied = applier.apply(plan)
            except Overtaken:
                outcome.notes += applier.result.notes
                continue
            except GlanceOpsError:
                self._report(outcome, applier.result, plan)
                raise
            self._report(outcome, applied, plan)
            _show_members(outcome, wish, found, plan)
            return
        raise ConflictError(f"{wish.told} is being changed by somebody else again and again; run again later.")

    def _resolved(self, wish: Wish) -> Wish:
        wish = self.viewer.resolved(wish)
        if wish.data is not None and wish.data.checksum is not None and not wish.data.checksum.value:
            data = self.sources.resolve_checksum(wish.data)
            wish = replace(wish, data=data, checksum=data.checksum)
        if wish.owner and self.glance.login.is_admin is False and wish.owner != self.glance.login.project_id:
            raise OptionError("owner: only an admin may manage images of another project; leave owner out.")
        return wish

    # ---- look

    def _look(self, wish: Wish, deadline: Deadline, fresh: bool) -> Found:
        found = self._settled(wish, fresh)
        if found.current is not None:
            current, broken = self._quiet(found.current, wish, deadline)
            found = replace(found, current=current, broken=broken)
        if found.staged is not None:
            staged, broken = self._quiet(found.staged, wish, deadline)
            found = replace(found, staged=staged if not broken else {**(staged or found.staged), "status": "broken"})
        return self.viewer.complete(found, wish)

    def _settled(self, wish: Wish, fresh: bool) -> Found:
        """What is there; runs that are making the same image get a moment to agree on one of them.

        :raises AmbiguousError: several images could be meant, and still do after that
        """
        pauses = Deadline(RIVAL_PATIENCE).pauses(first=0.2, longest=0.5)
        while True:
            ambiguity: AmbiguousError | None = None
            try:
                found = self.viewer.find(wish, fresh)
                if self.check or not found.twins:
                    return found
            except AmbiguousError as exc:
                ambiguity = exc
                if self.check or not exc.unsettled:
                    raise
            if not pauses.rest():
                if ambiguity is not None:
                    raise ambiguity
                return found
            fresh = True

    def _quiet(self, image: Document, wish: Wish, deadline: Deadline) -> tuple[Document | None, str | None]:
        if wish.state == "absent" or not (busy(image) or poisoned(image)):
            return image, None
        if self.check:
            # Nobody waits for a prediction: what is on its way is taken as it is.
            return image, "an earlier upload was refused after its last byte" if poisoned(image) else None
        if not self.wait and importing(image) and has_running_task(self.glance, image):
            return image, None
        return wait_until_quiet(self.glance, image, deadline)

    def _left_alone(self, wish: Wish, found: Found) -> bool:
        """Whether an import is under way that the task does not want to wait for; it cannot be hurried or judged."""
        if self.wait or self.check or wish.state == "absent" or found.current is None or found.broken:
            return False
        return importing(found.current)

    def _judged(self, wish: Wish, found: Found) -> Content:
        if wish.state == "absent":
            return Content("unmanaged")
        if found.old is not None and found.current is None:
            return Content(MISSING, "a new version is wanted")
        return judge(found.current, wish, self.sources)

    # ---- plan

    def _planned(self, wish: Wish, found: Found, content: Content) -> tuple[Plan, Wish]:
        told_format = None
        moves = content.verdict == MISSING or _is_replacing(wish, found, content)
        if moves and wish.data is not None:
            wish = self._able_to_fill_stores(wish, found)
            if wish.data is not None and wish.data.method is not None:
                self._check_offered(wish.data.method, "import_method")
            told_format, wish = self._inspected(wish, found, content)
            content = self._recordable(wish, content)
            old = found.old or (found.current if content.verdict == DIFFERENT else None)
            if old is not None:
                found = self.viewer.with_old_members(found, old)
        if found.superseded is not None and wish.members is None and wish.state != "absent":
            found = self.viewer.with_old_members(found, found.superseded)
        self._refuse_foreign_owner(wish, found)
        plan = make_plan(wish, found, content, told_format)
        if any(step.do == "copy" for step in plan.steps):
            self._check_offered("copy-image", "stores")
        return plan, wish

    def _check_offered(self, method: str, option: str) -> None:
        """Before anything is sent, and not when the image is half made."""
        from ansible_collections.imageops.glance.plugins.module_utils.image.importing import check_offered

        check_offered(method, self.viewer.import_methods(), option)

    def _able_to_fill_stores(self, wish: Wish, found: Found) -> Wish:
        """Data for several stores travels by an import where copying it later is for admins only.

        :raises OptionError: this user can do neither
        """
        wanted = found.stores if wish.all_stores else wish.stores or ()
        if wish.data is None or wish.data.method is not None or len(wanted) < 2 or self.glance.login.is_admin:
            return wish
        if "glance-direct" in self.viewer.import_methods():
            return replace(wish, data=replace(wish.data, method="glance-direct"))
        if self.glance.login.is_admin is False:
            raise OptionError(
                "stores: an upload fills one store, and copies are for admins; this cloud offers no glance-direct to "
                "fill several at once. Name one store, or have an admin do it."
            )
        return wish

    def _recordable(self, wish: Wish, content: Content) -> Content:
        """A checksum in an algorithm that Glance does not keep goes onto the image, for the next run to compare."""
        data = wish.data
        if data is None or data.fetched_by_cloud or data.checksum is None or not data.checksum.value:
            return content
        learned = source_digest(data)
        if not learned and data.checksum.algorithm not in ("md5", self.viewer.hash_algorithm()):
            learned = {RECORDED_DIGEST + data.checksum.algorithm: data.checksum.value}
        return replace(content, learned=learned) if learned else content

    def _inspected(self, wish: Wish, found: Found, content: Content) -> tuple[str | None, Wish]:
        """What the header of the data tells: the format, a contradiction, the size of the disk in it."""
        from ansible_collections.imageops.glance.plugins.module_utils.image.mover import refuse_contradiction
        from ansible_collections.imageops.glance.plugins.module_utils.image.sources import head_of
        from ansible_collections.imageops.glance.plugins.module_utils.transfer import inspect

        data = wish.data
        if data is None:
            return None, wish
        attributes = wish.desired.attributes
        old = found.old or (found.current if content.verdict == DIFFERENT else None) or {}
        base = found.remote or (found.current if content.verdict == MISSING else None) or {}
        declared = attributes.get("disk_format") or base.get("disk_format")
        if data.remote_image_id:
            if declared is None:
                raise OptionError("disk_format: the remote region cannot be read from here; set disk_format.")
            return declared, wish
        if declared and data.fetched_by_cloud and not wish.min_disk_auto:
            return declared, wish
        if data.convert == "raw":
            if declared not in (None, "raw"):
                raise OptionError(f"disk_format: convert makes the data raw, not {declared}; leave disk_format out.")
            declared = "raw"
            if self.check:
                # A prediction is not worth fetching and converting an image.
                return declared, wish
        source = self.sources.source(data)
        try:
            size = source.published_size()
            head = head_of(source, inspect.NEEDED_HEAD)
        except TransferError:
            if data.fetched_by_cloud and old.get("disk_format") and not wish.min_disk_auto:
                # The cloud may reach what cannot be reached from here.
                return old["disk_format"], wish
            raise
        told = declared or inspect.detect_disk_format(
            head, size, _tail(data.filename, size) if data.decompress == "none" else b""
        )
        # A header counts for more than what the image that is replaced has been.
        told = told or old.get("disk_format")
        if told is None:
            raise OptionError(f"disk_format: {data.told} has no header of a known disk format; set disk_format.")
        container = next((f for d in (attributes, base, old) for f in [d.get("container_format")] if f), "bare")
        refuse_contradiction({"container_format": container, "disk_format": told}, head, size, data)
        if wish.min_disk_auto:
            wish = _with_min_disk(wish, inspect.virtual_size(head, told, size))
        return told, wish

    def _refuse_foreign_owner(self, wish: Wish, found: Found) -> None:
        """Another project's image is told before anything is sent, and not by a 403 in the middle."""
        login = self.glance.login
        current = found.current
        if current is None or login.is_admin is not False or login.project_id is None:
            return
        if current.get("owner") != login.project_id:
            raise OptionError(
                f"{wish.told} ({current['id']}) belongs to project {current.get('owner')}; only an admin may change it."
            )

    # ---- report

    def _predict(self, outcome: Outcome, plan: Plan) -> None:
        outcome.changed = bool(plan.steps)
        outcome.actions = plan.actions
        outcome.image = None if plan.after is None else with_spellings(plan.after)
        outcome.after = _managed(plan.after, plan)

    def _report(self, outcome: Outcome, applied: Applied, plan: Plan) -> None:
        outcome.changed = outcome.changed or bool(applied.actions)
        outcome.actions += applied.actions
        outcome.notes += applied.notes
        outcome.unverified = applied.unverified
        outcome.moved = applied.moved
        outcome.image = None if applied.document is None else with_spellings(applied.document)
        outcome.after = _managed(applied.document, plan)


def _continuing(found: Found) -> Found:
    """An earlier run has begun to replace the image: what it has made is the one to work on."""
    staged = found.staged or {}
    broken = "it can hold no data any more" if staged.get("status") == "broken" else None
    return replace(found, old=found.current, current=found.staged, staged=None, broken=broken, members=None)


def _is_replacing(wish: Wish, found: Found, content: Content | None = None) -> bool:
    if content is not None and found.old is None and content.verdict != DIFFERENT:
        return False
    return wish.data is not None and (found.old is not None or wish.on_content_change == "replace")


def _with_min_disk(wish: Wish, size: int | None) -> Wish:
    if size is None:
        return wish
    attributes: Mapping[str, Any] = {**wish.desired.attributes, "min_disk": -(-size // GIB)}
    return replace(wish, desired=replace(wish.desired, attributes=attributes))


def _tail(filename: str | None, size: int | None) -> bytes:
    """A fixed VHD shows itself only in its last sector."""
    if filename is None or size is None or size < 512:
        return b""
    try:
        with open(filename, "rb") as stream:
            stream.seek(size - 512)
            return stream.read(512)
    except OSError:
        return b""


#: Shown in a diff when the image has, or gets, data.
_DATA_KEYS = ("status", "size", "os_hash_value")


def _managed(document: Document | None, plan: Plan) -> Document:
    """The part of a document that the plan touches: what a diff shows."""
    if document is None:
        return {}
    names: set[str] = set()
    for step in plan.steps:
        if step.image_id in (document.get("id"), "{id}") or document.get("id") is None:
            names.update(step.data.get("changes", ()))
            names.update(step.data.get("document", ()))
        names.update({"transfer": _DATA_KEYS, "copy": ("stores",), "drop": ("stores",)}.get(step.do, ()))
        names.update({"deactivate": ("status",), "reactivate": ("status",)}.get(step.do, ()))
        if step.do == "delete" and step.image_id == document.get("id"):
            names.update(("id", "name", "status"))
    return {name: document[name] for name in sorted(names) if document.get(name) is not None}


def _show_members(outcome: Outcome, wish: Wish, found: Found, plan: Plan) -> None:
    """Members are no part of Glance's document; a diff shows them beside it."""
    shared = {member for step in plan.steps if step.do == "share" for member in step.data["members"]}
    unshared = {member for step in plan.steps if step.do == "unshare" for member in step.data["members"]}
    if wish.members is not None and (shared or unshared):
        there = found.members or frozenset()
        outcome.before = {**outcome.before, "members": sorted(there)}
        outcome.after = {**outcome.after, "members": sorted((there | shared) - unshared)}
