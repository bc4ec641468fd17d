# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a plan: its promise, corrected by what the module image has done. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Lists of a plan's result that an action's failure takes its label out of.
_KINDS = ("created", "updated", "replaced", "adopted", "restored", "retired", "pruned")


def outcome(plan: Mapping[str, Any], applied: Mapping[str, Any] | None) -> dict[str, Any]:
    """The fact catalog_result.

    :param plan: what the filter catalog_plan gave
    :param applied: the registered result of the module image; None, or one that was skipped, when nothing was applied:
        then it is what would be
    :returns: created, updated, replaced, adopted, restored, retired, pruned, unchanged (lists of labels), failed
        (label → why), notes (list), images (label → {id, name, version, action}), changed, message
    """
    result: dict[str, Any] = {kind: list(plan["result"][kind]) for kind in (*_KINDS, "unchanged")}
    images = {label: dict(image) for label, image in plan["result"]["images"].items()}
    failed: dict[str, str] = {}
    notes: list[str] = []
    by_key = {done.get("key"): done for done in (applied or {}).get("results", ()) if isinstance(done, Mapping)}
    whole = _whole_failure(applied)
    for step in plan["steps"]:
        if step["key"] is None:
            continue
        label = step["label"]
        done = by_key.get(step["key"])
        if done is None:
            if whole:
                failed[label] = whole
            continue
        notes += [f"{label}: {note}" for note in done.get("notes") or ()]
        if done.get("failed"):
            failed[label] = str(done.get("msg"))
        elif label in images and done.get("image"):
            images[label]["id"] = done["image"]["id"]
    for kind in _KINDS:
        result[kind] = [label for label in result[kind] if label not in failed]
    result.update(failed=failed, notes=notes, images=images)
    result["changed"] = any(result[kind] for kind in _KINDS)
    told = " ".join(f"[{label}] {why}" for label, why in failed.items())
    result["message"] = f"{len(failed)} of the catalog's images failed: {told}" if failed else ""
    return result


def _whole_failure(applied: Mapping[str, Any] | None) -> str:
    """Why nothing at all was done, when the module failed before it began."""
    if applied and applied.get("failed") and not applied.get("results"):
        return str(applied.get("msg"))
    return ""
