# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image that is there and stays, is broken, or has to go. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.document import REPLACES, inherited
from ansible_collections.imageops.glance.plugins.module_utils.errors import ConflictError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image.content import MISSING, UNMANAGED, Content, has_data
from ansible_collections.imageops.glance.plugins.module_utils.image.selection import replaces
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import Wish
from ansible_collections.imageops.glance.plugins.module_utils.planning.creation import DEFERRED, new_image
from ansible_collections.imageops.glance.plugins.module_utils.planning.model import Document, Found, Plan, Step
from ansible_collections.imageops.glance.plugins.module_utils.planning.parts import (
    after_transfer,
    deletion,
    finish,
    id_of,
    transfer,
    update,
)
from ansible_collections.imageops.glance.plugins.module_utils.planning.replacement import retirement


def absent(wish: Wish, found: Found) -> Plan:
    """The image goes, with what interrupted replacements have left of it."""
    steps: list[Step] = []
    for image in (found.staged, found.superseded):
        if image is not None:
            steps += deletion(image, wish, clean=True)
    if found.current is not None:
        steps += deletion(found.current, wish)
    return Plan(tuple(steps), found.current, None)


def adjustment(wish: Wish, found: Found, current: Document, content: Content) -> Plan:
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
        after = update(steps, after, replace(desired, attributes=early))
        steps.append(transfer(current["id"], wish, found))
        after = after_transfer(after, wish, found)
    elif wish.state == "deactivated" and not has_data(current):
        raise OptionError(f"state: {wish.told} has no data yet, so it cannot be deactivated; give filename or url.")
    after = finish(steps, after, wish, found, desired)
    if found.superseded is not None:
        steps += retirement(found.superseded, wish)
    if replaces(current) is not None:
        after = _unmarked(steps, after, wish)
    if found.staged is not None:
        steps += deletion(found.staged, wish, clean=True)
    return Plan(tuple(steps), current, after)


def _unmarked(steps: list[Step], after: Document, wish: Wish) -> Document:
    """What was left to do for a replacement whose run was interrupted at its very end, or whose predecessor is gone."""
    changes: dict[str, Any] = {REPLACES: None}
    if after.get("os_hidden") and wish.desired.attributes.get("os_hidden") is None:
        changes["os_hidden"] = False
    steps.append(Step("update", id_of(after), {"changes": changes, "told": "finish"}))
    return {k: v for k, v in {**after, **changes}.items() if k != REPLACES}


def ignoring(wish: Wish, found: Found, current: Document) -> Plan:
    """The data stays as it is, and so do the formats, which cannot change without it."""
    attributes = {k: v for k, v in wish.desired.attributes.items() if k not in ("disk_format", "container_format")}
    kept = replace(wish, desired=replace(wish.desired, attributes=attributes))
    return adjustment(kept, found, current, Content(UNMANAGED))


def renewal(wish: Wish, found: Found, current: Document, content: Content) -> Plan:
    """A broken image cannot be mended: it goes, and a new one with all that it had takes its place."""
    if wish.id:
        raise ConflictError(
            f"Image {wish.id} is broken ({found.broken}) and its id can never be used again; "
            "delete it, and let the task go by name."
        )
    if wish.data is None:
        return adjustment(wish, replace(found, broken=None), current, content)
    plan = new_image(wish, replace(found, current=None, members=None), inherited(current), {})
    cleaning = []
    if current.get("protected"):
        cleaning.append(Step("update", current["id"], {"changes": {"protected": False}, "told": "unprotect"}))
    cleaning.append(Step("delete", current["id"], {"told": "clean", "on_in_use": "fail"}))
    return Plan((*cleaning, *plan.steps), current, plan.after, str(found.broken))
