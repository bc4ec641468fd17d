# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what is wanted and what is there to ordered steps, with the document that they lead to. Pure.

The same plan is shown by check mode, by the diff, and is what apply performs.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.imageops.glance.plugins.module_utils.image.content import DIFFERENT, MISSING, Content
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import Wish
from ansible_collections.imageops.glance.plugins.module_utils.planning.creation import creation
from ansible_collections.imageops.glance.plugins.module_utils.planning.existing import (
    absent,
    adjustment,
    ignoring,
    renewal,
)
from ansible_collections.imageops.glance.plugins.module_utils.planning.model import Document, Found, Plan
from ansible_collections.imageops.glance.plugins.module_utils.planning.parts import deletion
from ansible_collections.imageops.glance.plugins.module_utils.planning.replacement import different, replacement


def make_plan(wish: Wish, found: Found, content: Content, told_format: str | None = None) -> Plan:
    """The steps from what was found to what is wanted.

    :param content: how the data of ``found.current`` (or of ``found.staged``, when that is its replacement) compares
    :param told_format: the disk format that the source's header tells, when the data has to move
    :raises ConflictError: the content differs and the task does not say what to do then
    :raises OptionError: what is wanted is impossible for this image
    """
    plan = _main_plan(wish, found, content, told_format)
    cleaning = [step for twin in found.twins for step in deletion(twin, wish, clean=True)]
    return replace(plan, steps=(*plan.steps, *cleaning))


def _main_plan(wish: Wish, found: Found, content: Content, told_format: str | None) -> Plan:
    if wish.state == "absent":
        return absent(wish, found)
    wish = _without_id_as_name(wish, found.current)
    ignore = found.old is None and content.verdict == DIFFERENT and wish.on_content_change == "ignore"
    if ignore and found.current is not None:
        return ignoring(wish, found, found.current)
    wish = _with_told_format(_with_learned(wish, content), found, content, told_format)
    if found.old is not None:
        return replacement(wish, found, found.old, content)
    if found.current is None:
        return creation(wish, found)
    if content.verdict == DIFFERENT:
        return different(wish, found, found.current, content)
    if found.broken:
        return renewal(wish, found, found.current, content)
    return adjustment(wish, found, found.current, content)


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
