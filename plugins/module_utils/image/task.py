# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module image's work between its options and its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.argspec import ENTRY
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, GlanceOpsError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image.batch import SkippedError
from ansible_collections.imageops.glance.plugins.module_utils.image.engine import Outcome
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import ENTRY_DEFAULTS, Wish, wish_of


def wishes_of(params: Mapping[str, Any]) -> tuple[list[Wish], bool]:
    """The wishes of a task, and whether they come from ``images``.

    :raises OptionError: names the option, and the entry when there are several
    """
    images = params.get("images")
    own = {name: params.get(name) for name in ENTRY}
    if images is None:
        return [wish_of(_with_defaults(own))], False
    for option in ("name", "id"):
        if own[option]:
            raise OptionError(f"{option}: with images, each entry has its own {option}; move it there.")
    wishes = []
    for number, entry in enumerate(images, start=1):
        merged = dict(own)
        for option, value in entry.items():
            if value is not None:
                _give_way(merged, option)
                merged[option] = value
        try:
            wishes.append(wish_of(_with_defaults(merged)))
        except OptionError as exc:
            label = entry.get("name") or entry.get("id") or "without a name"
            raise OptionError(f"images: entry {number} ({label}): {exc.message}") from exc
    return wishes, True


#: Options of which an entry's own sets aside the task's.
_ALTERNATIVES = (("filename", "url", "remote_image_id"), ("visibility", "is_public"), ("stores", "all_stores"))


def _give_way(merged: dict[str, Any], option: str) -> None:
    for group in _ALTERNATIVES:
        if option in group:
            for other in group:
                merged[other] = None


def _with_defaults(options: Mapping[str, Any]) -> dict[str, Any]:
    filled = dict(options)
    for name, default in ENTRY_DEFAULTS.items():
        if filled.get(name) is None:
            filled[name] = default
    return filled


def result_of(outcome: Outcome, wish: Wish) -> dict[str, Any]:
    """One outcome in the module's result shape."""
    result: dict[str, Any] = {
        "changed": outcome.changed,
        "image": outcome.image,
        "actions": outcome.actions,
        "diff": diff_of(outcome, wish),
    }
    if outcome.moved:
        result["verified"] = outcome.unverified is None
        if outcome.unverified is not None:
            result["unverified_reason"] = outcome.unverified
    if outcome.notes:
        result["notes"] = outcome.notes
    if outcome.error is not None:
        result.update(failure_of(outcome.error))
    return result


def failure_of(error: GlanceOpsError) -> dict[str, Any]:
    """The part of a result that tells of a failure; status and request id are those of the answer that caused it."""
    failure: dict[str, Any] = {"failed": True, "msg": error.message}
    if isinstance(error, SkippedError):
        failure["skipped_because_of"] = error.message
    if isinstance(error, ApiError):
        failure.update(status=error.status, request_id=error.request_id)
    return failure


def diff_of(outcome: Outcome, wish: Wish) -> dict[str, Any]:
    """Before and after of what the task manages and changes; equal when nothing does."""
    title = str(wish.name or wish.id)
    return {
        "before": outcome.before,
        "after": outcome.after,
        "before_header": f"image {title}",
        "after_header": f"image {title}",
    }


def batch_result(wishes: list[Wish], outcomes: list[Outcome]) -> dict[str, Any]:
    """The result of a task with ``images``; its ``diff`` has one part an entry that changes."""
    results = []
    for wish, outcome in zip(wishes, outcomes):
        result = result_of(outcome, wish)
        result["name"] = wish.name
        if wish.key is not None:
            result["key"] = wish.key
        diff = result.pop("diff")
        result["diff"] = {"before": diff["before"], "after": diff["after"]}
        results.append(result)
    return {
        "changed": any(outcome.changed for outcome in outcomes),
        "results": results,
        "diff": [diff_of(o, w) for w, o in zip(wishes, outcomes) if o.changed],
    }


def batch_failure(wishes: list[Wish], outcomes: list[Outcome]) -> str | None:
    """One sentence a failed entry, or None."""
    failed = [(w, o.error) for w, o in zip(wishes, outcomes) if o.error is not None]
    if not failed:
        return None
    told = " ".join(f"[{wish.name or wish.id or wish.key}] {error.message}" for wish, error in failed if error)
    return f"{len(failed)} of {len(wishes)} images failed: {told}"
