# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of a plan, and the element of the module's ``images`` that performs it. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import (
    FORMAT_KEYS,
    SOURCE_KEYS,
    VERSIONED_NAME,
)
from ansible_collections.imageops.glance.plugins.module_utils.catalog.marks import Image

CREATE = "create"
UPDATE = "update"
REPLACE = "replace"
ADOPT = "adopt"
RESTORE = "restore"
RETIRE = "retire"
PRUNE = "prune"
UNCHANGED = "unchanged"
ACTIONS = (CREATE, UPDATE, REPLACE, ADOPT, RESTORE, RETIRE, PRUNE, UNCHANGED)

#: The module's names for what a superseded image becomes.
REPLACED_STATES = {"hide": "hidden", "deactivate": "deactivated", "delete": "absent"}
#: What is told of it.
BECOMES = {"hide": "hidden", "deactivate": "deactivated", "delete": "deleted"}


@dataclass
class Step:
    """What happens to one image. ``element`` is None when nothing does."""

    action: str
    entry: str
    version: Optional[str]
    label: str
    name: str
    image_id: Optional[str] = None
    reasons: list[str] = field(default_factory=list)
    element: Optional[dict[str, Any]] = None

    @property
    def key(self) -> Optional[str]:
        return None if self.element is None else str(self.element["key"])

    def told(self) -> dict[str, Any]:
        """The step as the plan shows it."""
        return {
            "action": self.action,
            "entry": self.entry,
            "version": self.version,
            "label": self.label,
            "name": self.name,
            "image_id": self.image_id,
            "reasons": self.reasons,
            "key": self.key,
        }


def versioned_name(entry: Mapping[str, Any], version: str) -> str:
    """The name of an entry's image that is not the current one."""
    pattern = str(entry.get("versioned_name") or VERSIONED_NAME)
    return pattern.replace("{name}", str(entry["name"])).replace("{version}", version)[:255]


def retired_name(entry: Mapping[str, Any], image: Image, wanted: Container[str]) -> str:
    """What a superseded image is called: by its version, or by its day when that is one of those still ``wanted``."""
    version = image.version if image.version not in wanted else ""
    return versioned_name(entry, version or image.created[:10] or image.id[:8])


def source_options(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Where the data comes from, and what it is."""
    return {key: entry[key] for key in (*SOURCE_KEYS, *FORMAT_KEYS) if key in entry}


def lenient(image: Image, fate: str, may_unprotect: bool) -> str:
    """The fate of an image, considering its protection.

    A protected image is deleted only when the catalog itself has it protected; somebody else's protection is a
    decision, so then it is hidden.
    """
    return "hide" if fate == "delete" and image.document.get("protected") and not may_unprotect else fate


def put_away(image: Image, fate: str, may_unprotect: bool) -> tuple[dict[str, Any], list[str]]:
    """Options that turn a superseded image into what it shall be, and what is said of it; empty: it is that already."""
    mild = lenient(image, fate, may_unprotect)
    if mild == "delete":
        wanted: dict[str, Any] = {"state": "absent", "on_in_use": "hide"}
        if image.document.get("protected"):
            wanted["protected"] = False
        return wanted, ["is deleted"]
    if mild == "deactivate":
        return ({}, []) if image.status == "deactivated" else ({"state": "deactivated"}, ["is deactivated"])
    if image.hidden:
        return {}, []
    return {"hidden": True}, ["is hidden" if mild == fate else "is hidden, since it is protected from deletion"]


def mark_unique(label: str, used: set[str]) -> str:
    """``label``, or with a number when that key is given away."""
    key, number = label, 1
    while key in used:
        number += 1
        key = f"{label} #{number}"
    used.add(key)
    return key


def awaited(published: Sequence[Step]) -> list[str]:
    """Keys that superseded images wait for: the current image's, and those of all that is put in place beside it.

    Mere changes of older versions' metadata are nothing to wait for.
    """
    return [
        step.key
        for number, step in enumerate(published)
        if step.key is not None and (number == 0 or step.action != UPDATE)
    ]
