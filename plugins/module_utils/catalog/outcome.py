# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a plan: its promise, corrected by what the module image has done. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

#: Lists of the result that hold what was done, by the action of a step.
_KINDS = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "adopt": "adopted",
    "restore": "restored",
    "retire": "retired",
    "prune": "pruned",
}
#: Actions on images that are no entry's any more.
_AWAY = ("retire", "prune")


def outcome(plan: Mapping[str, Any], applied: Optional[Mapping[str, Any]]) -> dict[str, Any]:
    """The fact catalog_result.

    :param plan: what the filter catalog_plan gave
    :param applied: the registered result of the module image; None, or one that was skipped, when nothing was applied:
        then it is what would be
    :returns: created, updated, replaced, adopted, restored, retired, pruned, unchanged (lists of labels), failed
        (label → why), notes (list), images (label → {id, name, version, action}), changed, message
    """
    result: dict[str, Any] = {kind: [] for kind in _KINDS.values()}
    result["unchanged"] = list(plan["result"]["unchanged"])
    images = {label: dict(image) for label, image in plan["result"]["images"].items()}
    failed: dict[str, str] = {}
    notes: list[str] = []
    by_key = {done.get("key"): done for done in (applied or {}).get("results", ()) if isinstance(done, Mapping)}
    whole = _whole_failure(applied)
    for step in plan["steps"]:
        if step["key"] is None:
            continue
        label, action = step["label"], step["action"]
        done = by_key.get(step["key"], {})
        notes += [f"{label}: {note}" for note in done.get("notes") or ()]
        why = str(done.get("msg")) if done.get("failed") else "" if done else whole
        if why:
            # An image that goes may bear the very name of the entry that it was of.
            failed[step["key"] if action in _AWAY and label in images else label] = why
            continue
        result[_KINDS[action]].append(label)
        if action not in _AWAY and done.get("image"):
            images[label]["id"] = done["image"]["id"]
    result.update(failed=failed, notes=notes, images=images)
    result["changed"] = any(result[kind] for kind in _KINDS.values())
    told = " ".join(f"[{label}] {why}" for label, why in failed.items())
    result["message"] = f"{len(failed)} of the catalog's images failed: {told}" if failed else ""
    return result


def _whole_failure(applied: Optional[Mapping[str, Any]]) -> str:
    """Why nothing at all was done, when the module failed before it began."""
    if applied and applied.get("failed") and not applied.get("results"):
        return str(applied.get("msg"))
    return ""
