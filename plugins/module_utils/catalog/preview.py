# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes of a plan as Ansible shows a diff: before and after of what each step touches. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import SOURCE_KEYS
from ansible_collections.imageops.glance.plugins.module_utils.transfer.urls import safe_url

#: Options of the module image that say how, not what.
_NOT_SHOWN = frozenset(
    (
        "key",
        "after",
        "match",
        "replaces",
        "id",
        "on_in_use",
        "on_content_change",
        "replaced_state",
        "replaced_name",
        "properties_mode",
        "members_mode",
        "stores_mode",
        "url_headers",
        "url_password",
        "url_username",
    )
)
_DOCUMENT_NAMES = {"hidden": "os_hidden", "kernel": "kernel_id", "ramdisk": "ramdisk_id"}


def differences(plan: Mapping[str, Any], images: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One part a step that changes something: {before, after, before_header, after_header}."""
    by_id = {image["id"]: image for image in images}
    elements = {element["key"]: element for element in plan["images"]}
    parts = []
    for step in plan["steps"]:
        element = elements.get(step["key"])
        if element is None:
            continue
        image = by_id.get(step["image_id"]) or {}
        before, after = _sides(element, image)
        title = f"{step['action']} {step['label']}"
        parts.append({"before": before, "after": after, "before_header": title, "after_header": title})
    return parts


def _sides(element: Mapping[str, Any], image: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    if element.get("state") == "absent":
        return {name: image.get(name) for name in ("id", "name", "status")}, {}
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for option, value in element.items():
        if option in _NOT_SHOWN:
            continue
        if option == "properties":
            for name, stored in value.items():
                _note(before, after, name, image.get(name), None if stored is None else str(stored))
        elif option == "state":
            status = "deactivated" if value == "deactivated" else "active"
            _note(before, after, "status", image.get("status"), status)
        elif option in SOURCE_KEYS:
            after[option] = safe_url(value) if isinstance(value, str) else value
        else:
            name = _DOCUMENT_NAMES.get(option, option)
            _note(before, after, name, image.get(name), value)
    return before, after


def _note(before: dict[str, Any], after: dict[str, Any], name: str, had: Any, wanted: Any) -> None:
    if isinstance(had, list) and isinstance(wanted, list):
        had, wanted = sorted(had), sorted(wanted)
    if had == wanted:
        return
    if had is not None:
        before[name] = had
    if wanted is not None:
        after[name] = wanted
