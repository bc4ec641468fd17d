# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image with other content than wanted: its successor takes its place, and there is always a good one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.document import (
    OWN_ID,
    OWN_PREFIX,
    REPLACES,
    WRITABLE,
    Desired,
    differing,
    inherited,
)
from ansible_collections.imageops.glance.plugins.module_utils.errors import ConflictError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image.content import DIFFERENT, MISSING, Content
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import Wish
from ansible_collections.imageops.glance.plugins.module_utils.planning.creation import (
    DEFERRED,
    desired_document,
    new_image,
)
from ansible_collections.imageops.glance.plugins.module_utils.planning.model import Document, Found, Plan, Step
from ansible_collections.imageops.glance.plugins.module_utils.planning.parts import (
    after_transfer,
    capitalised,
    deletion,
    finish,
    id_of,
    transfer,
    update,
)


def different(wish: Wish, found: Found, current: Document, content: Content) -> Plan:
    """The content is another one than wanted: replace the image, when the task says so.

    :raises ConflictError: it does not say so
    :raises OptionError: there is no data to replace it with
    """
    what = f"{capitalised(wish.told)} ({current['id']}) has other content than wanted: {content.reason}"
    if wish.on_content_change == "fail":
        raise ConflictError(f"{what}. Data of an image can never change; set on_content_change to replace or ignore.")
    if wish.data is None:
        raise OptionError(f"{what}. To replace it, the new data is needed: give filename or url.")
    if wish.id:
        raise OptionError(f"{what}. A replacement has an id of its own; leave id out and give name.")
    # The members that were looked up are those of the old image.
    return replacement(wish, replace(found, old=current, current=found.staged, members=None), current, content)


def replacement(wish: Wish, found: Found, old: Document, content: Content) -> Plan:
    """A new image is made beside the old one, hidden; it is shown when it is right, and only then the old one goes."""
    target = found.current
    unprotect = wish.desired.attributes.get("protected") is False
    if wish.replaced_state == "absent" and old.get("protected") and not unprotect:
        raise OptionError(
            f"{capitalised(wish.told)} ({old['id']}) is protected, so it cannot be deleted when it is replaced; "
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
        cleaning = deletion(target, wish, clean=True)
        steps = [*cleaning, *plan.steps]
    elif target is None:
        plan = _fresh_successor(wish, found, base, old)
        steps = list(plan.steps)
    else:
        wanted = desired_document(wish, base)
        early = {k: v for k, v in wanted.items() if k not in DEFERRED}
        plan = _continued(wish, found, content, target, early, wanted)
        steps = list(plan.steps)
    steps += retirement(old, wish)
    after = {k: v for k, v in (plan.after or {}).items() if k != REPLACES}
    # Until here the mark has told a run that finds both images which of them is to go.
    steps.append(Step("update", id_of(after), {"changes": {REPLACES: None}, "told": ""}))
    return Plan(tuple(steps), old, after, content.reason)


def _fresh_successor(wish: Wish, found: Found, base: Document, old: Document) -> Plan:
    return new_image(wish, replace(found, current=None), base, {REPLACES: f"{old['id']} {OWN_ID}"})


def _continued(wish: Wish, found: Found, content: Content, target: Document, early: Document, wanted: Document) -> Plan:
    """An earlier run has begun this successor."""
    steps: list[Step] = []
    after = dict(target)
    if content.verdict == MISSING:
        after = update(steps, after, _as_desired(early))
        steps.append(transfer(target["id"], wish, found))
        after = after_transfer(after, wish, found)
    else:
        for name in ("disk_format", "container_format"):
            wanted.pop(name, None)
    after = finish(steps, after, wish, found, _as_desired(wanted))
    return Plan(tuple(steps), None, after)


def _as_desired(document: Mapping[str, Any]) -> Desired:
    attributes = {k: v for k, v in document.items() if k in WRITABLE and k != "owner"}
    return Desired(attributes, {k: v for k, v in document.items() if k not in WRITABLE})


def retirement(old: Document, wish: Wish) -> list[Step]:
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
