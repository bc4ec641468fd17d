# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what is wanted and what is there to ordered steps, with the document that they lead to. Pure.

The same plan is shown by check mode, by the diff, and is what apply performs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.document import (
    OWN_ID,
    OWN_PREFIX,
    RECORDED_DIGEST,
    REPLACES,
    Desired,
    apply_operations,
    differing,
    inherited,
    operations,
)
from ansible_collections.imageops.glance.plugins.module_utils.errors import ConflictError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image.content import (
    DIFFERENT,
    MISSING,
    SAME,
    UNMANAGED,
    Content,
    has_data,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.selection import replaces
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import Wish

Document = dict[str, Any]

#: Stands for the id of the image that the plan creates.
NEW = OWN_ID

#: What a data-carrying image gets only after its data is verified.
DEFERRED = ("visibility", "protected", "os_hidden")

#: Properties that glance-download sets to what the remote image has, over what the new one had (Glance's option
#: glance_download_properties.extra_properties, by its default).
COPIED = ("hw_", "trait:", "os_distro", "os_secure_boot", "os_type")


@dataclass(frozen=True)
class Found:
    """What a look at the cloud gave.

    :param current: the image that is meant
    :param old: the image that ``current``, or a new image, takes the place of
    :param staged: a half-made replacement of ``current``
    :param broken: why ``current`` can never hold data any more, None when it can
    :param members: project ids that share ``current``; None when not asked
    :param stores: stores of the cloud that can be written to, the default one first
    :param remote: the image in another region that glance-download copies
    :param twins: images that runs which were killed have begun beside ``current``, and never filled
    """

    current: Document | None = None
    old: Document | None = None
    staged: Document | None = None
    superseded: Document | None = None
    broken: str | None = None
    members: frozenset[str] | None = None
    old_members: frozenset[str] = frozenset()
    stores: tuple[str, ...] = ()
    remote: Document | None = None
    twins: tuple[Document, ...] = ()
    project_id: str | None = None


@dataclass(frozen=True)
class Step:
    """One thing to do. ``do`` names a method of apply; ``image_id`` may be NEW."""

    do: str
    image_id: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """Steps in order; ``before`` and ``after`` are documents of the image that bears the name, None for no image."""

    steps: tuple[Step, ...]
    before: Document | None
    after: Document | None
    reason: str = ""

    @property
    def actions(self) -> list[str]:
        """What is told of the steps; bookkeeping of ours, told by nothing, is left out."""
        told = [step.data.get("told", step.do) for step in self.steps]
        return [action for action in told if action]


def make_plan(wish: Wish, found: Found, content: Content, told_format: str | None = None) -> Plan:
    """The steps from what was found to what is wanted.

    :param content: how the data of ``found.current`` (or of ``found.staged``, when that is its replacement) compares
    :param told_format: the disk format that the source's header tells, when the data has to move
    :raises ConflictError: the content differs and the task does not say what to do then
    :raises OptionError: what is wanted is impossible for this image
    """
    plan = _main_plan(wish, found, content, told_format)
    cleaning = [step for twin in found.twins for step in _deletion(twin, wish, clean=True)]
    return replace(plan, steps=(*plan.steps, *cleaning))


def _main_plan(wish: Wish, found: Found, content: Content, told_format: str | None) -> Plan:
    if wish.state == "absent":
        return _absent(wish, found)
    wish = _without_id_as_name(wish, found.current)
    ignore = found.old is None and content.verdict == DIFFERENT and wish.on_content_change == "ignore"
    if ignore and found.current is not None:
        return _ignoring(wish, found, found.current)
    wish = _with_told_format(_with_learned(wish, content), found, content, told_format)
    if found.old is not None:
        return _replacement(wish, found, found.old, content)
    if found.current is None:
        return _creation(wish, found, content)
    if content.verdict == DIFFERENT:
        return _different(wish, found, found.current, content)
    if found.broken:
        return _renewal(wish, found, found.current, content)
    return _adjustment(wish, found, found.current, content)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


# ---- absent


def _absent(wish: Wish, found: Found) -> Plan:
    steps: list[Step] = []
    for image in (found.staged, found.superseded):
        if image is not None:
            steps += _deletion(image, wish, clean=True)
    if found.current is not None:
        steps += _deletion(found.current, wish)
    return Plan(tuple(steps), found.current, None)


def _deletion(image: Document, wish: Wish, clean: bool = False) -> list[Step]:
    steps = []
    if image.get("protected"):
        if wish.desired.attributes.get("protected") is not False and not clean:
            raise OptionError(
                f"{_capital(wish.told)} ({image['id']}) is protected; set protected to false to have it deleted."
            )
        steps.append(Step("update", image["id"], {"changes": {"protected": False}, "told": "unprotect"}))
    told = "clean" if clean else "delete"
    return [*steps, Step("delete", image["id"], {"told": told, "on_in_use": wish.on_in_use})]


# ---- present


def _without_id_as_name(wish: Wish, current: Document | None) -> Wish:
    """An image that was found by an id given as its name keeps the name that it has."""
    if current is None or wish.name != current["id"]:
        return wish
    attributes = {k: v for k, v in wish.desired.attributes.items() if k != "name"}
    return replace(wish, name=current.get("name"), desired=replace(wish.desired, attributes=attributes))


def _with_learned(wish: Wish, content: Content) -> Wish:
    """Digests that were found out go onto the image, so that the next run need not find them out again."""
    if not content.learned:
        return wish
    properties = {**wish.desired.properties, **content.learned}
    return replace(wish, desired=replace(wish.desired, properties=properties))


def _with_told_format(wish: Wish, found: Found, content: Content, told_format: str | None) -> Wish:
    """Formats that nobody named: from the data's header, else as they are; container bare, as nearly always."""
    if content.verdict not in (MISSING, DIFFERENT) or wish.data is None:
        return wish
    attributes = dict(wish.desired.attributes)
    base = found.current if content.verdict == MISSING else None
    old = found.old or (found.current if content.verdict == DIFFERENT else None) or {}
    container = old.get("container_format") or "bare"
    for name, default in (("disk_format", told_format), ("container_format", container)):
        there = base.get(name) if base is not None else None
        if name not in attributes and not there and default:
            attributes[name] = default
    return replace(wish, desired=replace(wish.desired, attributes=attributes))


def _creation(wish: Wish, found: Found, content: Content) -> Plan:
    if wish.data is None and wish.state == "deactivated":
        raise OptionError(f"state: {wish.told} has no data yet, so it cannot be deactivated; give filename or url.")
    base: Document = {}
    if found.remote is not None:
        base = {k: v for k, v in inherited(found.remote).items() if k not in ("visibility", "protected", "os_hidden")}
        base = {k: v for k, v in base.items() if not k.startswith(OWN_PREFIX)}
        # The bytes are the same, and so are their digests.
        base.update({k: v for k, v in found.remote.items() if k.startswith(RECORDED_DIGEST)})
    return _new_image(wish, found, base, {})


def _renewal(wish: Wish, found: Found, current: Document, content: Content) -> Plan:
    """A broken image cannot be mended: it goes, and a new one with all that it had takes its place."""
    if wish.id:
        raise ConflictError(
            f"Image {wish.id} is broken ({found.broken}) and its id can never be used again; "
            "delete it, and let the task go by name."
        )
    if wish.data is None:
        return _adjustment(wish, replace(found, broken=None), current, content)
    plan = _new_image(wish, replace(found, current=None, members=None), inherited(current), {})
    cleaning = []
    if current.get("protected"):
        cleaning.append(Step("update", current["id"], {"changes": {"protected": False}, "told": "unprotect"}))
    cleaning.append(Step("delete", current["id"], {"told": "clean", "on_in_use": "fail"}))
    return Plan((*cleaning, *plan.steps), current, plan.after, str(found.broken))


def _new_image(wish: Wish, found: Found, base: Document, marks: Mapping[str, str]) -> Plan:
    """Create; then move, verify, and only then show and protect."""
    wanted = _desired_document(wish, base)
    wanted.update(marks)
    first = dict(wanted)
    moves = wish.data is not None
    deferred = Desired()
    if moves:
        late = {name: wanted[name] for name in DEFERRED if name in wanted}
        deferred = Desired(late, _overwritten(wanted, wish, found))
        for name in DEFERRED:
            first.pop(name, None)
        first["visibility"] = "private"
        if marks:
            first["os_hidden"] = True
    steps = [Step("create", NEW, {"document": first})]
    after = _as_created(first, found.project_id)
    if moves:
        steps.append(_transfer(NEW, wish, found))
        after = _after_transfer(after, wish, found)
    after = _finish(steps, after, wish, found, deferred)
    return Plan(tuple(steps), None, after)


def _desired_document(wish: Wish, base: Mapping[str, Any]) -> Document:
    """The document of an image that has all that is wanted, upon what it takes over."""
    document = dict(base)
    changes = differing(document, wish.desired)
    for name, value in changes.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = value
    if "name" not in document and wish.name:
        document["name"] = wish.name
    if wish.owner:
        document["owner"] = wish.owner
    # Glance's own default is "shared", which without members is the same; "private" says what it is.
    document.setdefault("visibility", "private")
    return document


def _adjustment(wish: Wish, found: Found, current: Document, content: Content) -> Plan:
    """The image stays the same one; data comes only into one that has none."""
    steps: list[Step] = []
    after = dict(current)
    if found.superseded is not None and wish.members is None and found.old_members:
        # A run that was killed has shown the image, and not yet shared it.
        wish = replace(wish, members=tuple(sorted(found.old_members)), exact_members=False)
    desired = wish.desired
    if wish.owner and wish.owner != current.get("owner"):
        desired = replace(desired, attributes={**desired.attributes, "owner": wish.owner})
    if content.verdict == MISSING:
        early = {k: v for k, v in desired.attributes.items() if k not in DEFERRED}
        after = _update(steps, after, replace(desired, attributes=early))
        steps.append(_transfer(current["id"], wish, found))
        after = _after_transfer(after, wish, found)
    elif wish.state == "deactivated" and not has_data(current):
        raise OptionError(f"state: {wish.told} has no data yet, so it cannot be deactivated; give filename or url.")
    after = _finish(steps, after, wish, found, desired)
    if found.superseded is not None:
        steps += _retirement(found.superseded, wish)
    if replaces(current) is not None:
        after = _unmarked(steps, after, wish)
    if found.staged is not None:
        steps += _deletion(found.staged, wish, clean=True)
    return Plan(tuple(steps), current, after)


def _unmarked(steps: list[Step], after: Document, wish: Wish) -> Document:
    """What was left to do for a replacement whose run was interrupted at its very end, or whose predecessor is gone."""
    changes: dict[str, Any] = {REPLACES: None}
    if after.get("os_hidden") and wish.desired.attributes.get("os_hidden") is None:
        changes["os_hidden"] = False
    steps.append(Step("update", _id_of(after), {"changes": changes, "told": "finish"}))
    return {k: v for k, v in {**after, **changes}.items() if k != REPLACES}


def _ignoring(wish: Wish, found: Found, current: Document) -> Plan:
    """The data stays as it is, and so do the formats, which cannot change without it."""
    attributes = {k: v for k, v in wish.desired.attributes.items() if k not in ("disk_format", "container_format")}
    kept = replace(wish, desired=replace(wish.desired, attributes=attributes))
    return _adjustment(kept, found, current, Content(UNMANAGED))


def _different(wish: Wish, found: Found, current: Document, content: Content) -> Plan:
    what = f"{_capital(wish.told)} ({current['id']}) has other content than wanted: {content.reason}"
    if wish.on_content_change == "fail":
        raise ConflictError(f"{what}. Data of an image can never change; set on_content_change to replace or ignore.")
    if wish.data is None:
        raise OptionError(f"{what}. To replace it, the new data is needed: give filename or url.")
    if wish.id:
        raise OptionError(f"{what}. A replacement has an id of its own; leave id out and give name.")
    # The members that were looked up are those of the old image.
    return _replacement(wish, replace(found, old=current, current=found.staged, members=None), current, content)


def _replacement(wish: Wish, found: Found, old: Document, content: Content) -> Plan:
    """A new image is made beside the old one, hidden; it is shown when it is right, and only then the old one goes."""
    target = found.current
    unprotect = wish.desired.attributes.get("protected") is False
    if wish.replaced_state == "absent" and old.get("protected") and not unprotect:
        raise OptionError(
            f"{_capital(wish.told)} ({old['id']}) is protected, so it cannot be deleted when it is replaced; "
            "set replaced_state to hidden, or protected to false."
        )
    base = inherited(old)
    base.update(visibility=old.get("visibility", "private"), os_hidden=False, protected=bool(old.get("protected")))
    if wish.members is None and found.old_members:
        wish = replace(wish, members=tuple(sorted(found.old_members)), exact_members=False)
    elif not found.old_members and base["visibility"] == "shared":
        base["visibility"] = "private" if wish.members is None else "shared"
    if target is not None and (found.broken or content.verdict == DIFFERENT):
        plan = _fresh_successor(wish, found, base, old)
        cleaning = _deletion(target, wish, clean=True)
        steps = [*cleaning, *plan.steps]
    elif target is None:
        plan = _fresh_successor(wish, found, base, old)
        steps = list(plan.steps)
    else:
        wanted = _desired_document(wish, base)
        early = {k: v for k, v in wanted.items() if k not in DEFERRED}
        plan = _continued(wish, found, content, target, early, wanted)
        steps = list(plan.steps)
    steps += _retirement(old, wish)
    after = {k: v for k, v in (plan.after or {}).items() if k != REPLACES}
    # Until here the mark has told a run that finds both images which of them is to go.
    steps.append(Step("update", _id_of(after), {"changes": {REPLACES: None}, "told": ""}))
    return Plan(tuple(steps), old, after, content.reason)


def _fresh_successor(wish: Wish, found: Found, base: Document, old: Document) -> Plan:
    return _new_image(wish, replace(found, current=None), base, {REPLACES: f"{old['id']} {OWN_ID}"})


def _continued(wish: Wish, found: Found, content: Content, target: Document, early: Document, wanted: Document) -> Plan:
    """An earlier run has begun this successor."""
    steps: list[Step] = []
    after = dict(target)
    if content.verdict == MISSING:
        after = _update(steps, after, _as_desired(early))
        steps.append(_transfer(target["id"], wish, found))
        after = _after_transfer(after, wish, found)
    else:
        for name in ("disk_format", "container_format"):
            wanted.pop(name, None)
    after = _finish(steps, after, wish, found, _as_desired(wanted))
    return Plan(tuple(steps), None, after)


def _as_desired(document: Mapping[str, Any]) -> Desired:
    from ansible_collections.imageops.glance.plugins.module_utils.document import WRITABLE

    attributes = {k: v for k, v in document.items() if k in WRITABLE and k != "owner"}
    return Desired(attributes, {k: v for k, v in document.items() if k not in WRITABLE})


def _retirement(old: Document, wish: Wish) -> list[Step]:
    """What happens to the image whose place was taken; each step is skipped when an earlier run has done it."""
    if wish.replaced_state == "absent":
        steps = []
        if old.get("protected"):
            steps.append(Step("update", old["id"], {"changes": {"protected": False}, "told": "unprotect"}))
        return [*steps, Step("delete", old["id"], {"told": "delete old", "on_in_use": wish.on_in_use})]
    wanted: dict[str, Any] = {"name": wish.replaced_name or replaced_name(old, wish.name)}
    if wish.replaced_state == "hidden":
        wanted["os_hidden"] = True
    steps = []
    if wish.replaced_state == "deactivated" and old.get("status") == "active":
        # While it still bears the name, so that a run after a crash finds it.
        steps.append(Step("deactivate", old["id"], {"told": "deactivate old"}))
    changes = differing(old, Desired(wanted))
    if changes:
        told = "hide old" if wish.replaced_state == "hidden" else "rename old"
        steps.append(Step("update", old["id"], {"changes": changes, "told": told}))
    return steps


def replaced_name(old: Mapping[str, Any], name: str | None) -> str:
    """The name of an image whose own was taken over: with its version, or the day of its creation."""
    version = old.get(OWN_PREFIX + "version") or str(old.get("created_at") or "")[:10]
    base = name or old.get("name")
    return f"{base} ({version})"


# ---- parts that all ways share


def _transfer(image_id: str, wish: Wish, found: Found) -> Step:
    told = (wish.data and wish.data.method) or "upload"
    return Step("transfer", image_id, {"told": told, "stores": _wanted_stores(wish, found)})


def _wanted_stores(wish: Wish, found: Found) -> tuple[str, ...]:
    """Names of the stores that the data has to be in; empty when the task does not say.

    :raises OptionError: the cloud has no such store
    """
    if wish.all_stores:
        return found.stores
    if wish.stores is None:
        return ()
    unknown = [store for store in wish.stores if store not in found.stores]
    if unknown:
        offered = ", ".join(found.stores) or "none that can be named"
        raise OptionError(f"stores: the cloud has no store '{unknown[0]}' to write to; it offers {offered}.")
    return wish.stores


def _finish(steps: list[Step], after: Document, wish: Wish, found: Found, desired: Desired) -> Document:
    """Everything that follows when the data is right: status, metadata, copies, members."""
    if wish.state == "present" and after.get("status") == "deactivated":
        steps.append(Step("reactivate", _id_of(after), {}))
        after = {**after, "status": "active"}
    after = _update(steps, after, desired)
    after = _copies(steps, after, wish, found)
    _members(steps, after, wish, found)
    if wish.state == "deactivated" and after.get("status") == "active":
        steps.append(Step("deactivate", _id_of(after), {}))
        after = {**after, "status": "deactivated"}
    return after


def _id_of(document: Mapping[str, Any]) -> str:
    return str(document.get("id") or NEW)


def _update(steps: list[Step], after: Document, desired: Desired) -> Document:
    changes = differing(after, desired)
    if not changes:
        return after
    steps.append(Step("update", _id_of(after), {"changes": changes}))
    return apply_operations(after, operations(after, changes))


def stores_of(document: Mapping[str, Any]) -> list[str]:
    """The stores that hold the image's data."""
    return [store for store in str(document.get("stores") or "").split(",") if store]


def _copies(steps: list[Step], after: Document, wish: Wish, found: Found) -> Document:
    wanted = _wanted_stores(wish, found)
    if not wanted or not has_data(after):
        return after
    there = stores_of(after)
    missing = [store for store in wanted if store not in there]
    surplus = [store for store in there if store not in wanted] if wish.exact_stores else []
    if (missing or surplus) and after.get("status") != "active":
        raise OptionError(
            f"stores: copies are made and removed only while an image is active, but {wish.told} is deactivated; "
            "set state to present first."
        )
    if missing:
        steps.append(Step("copy", _id_of(after), {"stores": tuple(missing)}))
    if surplus:
        steps.append(Step("drop", _id_of(after), {"stores": tuple(surplus)}))
    kept = [store for store in there if store not in surplus]
    return {**after, "stores": ",".join([*kept, *missing])} if missing or surplus else after


def _members(steps: list[Step], after: Document, wish: Wish, found: Found) -> None:
    if wish.members is None:
        return
    there = found.members or frozenset()
    missing = [member for member in wish.members if member not in there]
    surplus = sorted(there - set(wish.members)) if wish.exact_members else []
    if (missing or surplus) and after.get("visibility") != "shared":
        if missing:
            raise OptionError(
                f"members: only shared images have members, but {wish.told} is {after.get('visibility')}; "
                "set visibility to shared."
            )
        return
    if missing:
        steps.append(Step("share", _id_of(after), {"members": tuple(missing)}))
    if surplus:
        steps.append(Step("unshare", _id_of(after), {"members": tuple(surplus)}))


def _as_created(document: Mapping[str, Any], project_id: str | None) -> Document:
    """What Glance makes of a create request: the schema's defaults below what was sent, no id yet."""
    defaults: Document = {
        "id": None,
        "name": None,
        "status": "queued",
        "visibility": "shared",
        "protected": False,
        "os_hidden": False,
        "owner": project_id,
        "container_format": None,
        "disk_format": None,
        "tags": [],
        "min_disk": 0,
        "min_ram": 0,
        "size": None,
        "virtual_size": None,
        "checksum": None,
        "os_hash_algo": None,
        "os_hash_value": None,
        "created_at": None,
        "updated_at": None,
    }
    return {**defaults, **document}


def _overwritten(wanted: Mapping[str, Any], wish: Wish, found: Found) -> dict[str, Any]:
    """Properties that have to be set once more after the data has come, None for those that have to go again."""
    if wish.data is None or not wish.data.remote_image_id:
        return {}
    names = {name for name in (*wanted, *(found.remote or {})) if name.startswith(COPIED)}
    return {name: wanted.get(name) for name in sorted(names)}


def _after_transfer(document: Document, wish: Wish, found: Found) -> Document:
    """An upload ends in one store, the first that is wanted; an import ends in all of them."""
    if wish.data is not None and wish.data.remote_image_id:
        # Of an image that cannot be read nobody knows what was copied.
        document = {k: v for k, v in document.items() if found.remote is not None or not k.startswith(COPIED)}
        document.update({k: v for k, v in (found.remote or {}).items() if k.startswith(COPIED)})
    stores = _wanted_stores(wish, found)
    if wish.data is not None and wish.data.method is None:
        stores = stores[:1]
    return {**document, "status": "active", **({"stores": ",".join(stores)} if stores else {})}


__all__ = ["NEW", "SAME", "Found", "Plan", "Step", "make_plan", "replaced_name", "stores_of"]
