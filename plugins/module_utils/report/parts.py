# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a report: one part a cloud and catalog, merged into one document. Pure.

The document, which stands as JSON beside the page::

    {format: 1, parts: [part]}                   sorted by cloud, then catalog

    part = {cloud: str, catalog: str, at: str,   when it was made, UTC, as 2026-11-24T08:00:00Z
            check: bool,                         nothing was changed; what differs is told, not mended
            failure: str|None,                   why the cloud could not even be looked at
            items: [item]}
    item = {label, entry, version, name, action, reasons,    as the plan's step has them
            state: failed|differs|changed|ok,
            message: str|None,                   why it failed
            notes: [str],                        worth knowing, such as data that could not be verified
            image: image|None}                   as it is after the run; None when there is none
    image = {id, name, version, status, visibility, hidden, protected, disk_format, size, created_at}
                                                 version: of its valid marks; size in bytes
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, Optional

from ansible_collections.imageops.glance.plugins.module_utils.catalog import steps as actions
from ansible_collections.imageops.glance.plugins.module_utils.catalog.marks import image_of, marked_by
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError

FORMAT = 1
FAILED, DIFFERS, CHANGED, OK = "failed", "differs", "changed", "ok"
#: From what needs a look first to what does not.
STATES = (FAILED, DIFFERS, CHANGED, OK)


def part_of(
    host: str,
    plan: Mapping[str, Any],
    result: Mapping[str, Any],
    images: Iterable[Mapping[str, Any]],
    now: datetime,
    *,
    catalog: str = "base",
    applied: Optional[Mapping[str, Any]] = None,
    check: bool = False,
) -> dict[str, Any]:
    """The part of one cloud.

    :param host: what the cloud is called
    :param plan: what the filter catalog_plan gave; only its ``steps`` are read, since ``images`` may hold passwords
    :param result: the fact catalog_result
    :param images: what the cloud had before
    :param now: with a time zone
    :param applied: the registered result of the module image; without it the page knows less of what is new
    :param check: whether nothing was changed
    """
    before = {str(image.get("id")): image for image in images}
    done: dict[Any, Mapping[str, Any]] = {}
    if applied and not check:
        results = [one for one in applied.get("results") or () if isinstance(one, Mapping)]
        done = {one["key"]: one for one in results if one.get("key") is not None}
    items = [_item(step, done.get(step["key"]), result, before, check) for step in plan["steps"]]
    return {**_head(host, catalog, now, check), "items": items}


def failed_part(host: str, catalog: str, failure: str, now: datetime, check: bool = False) -> dict[str, Any]:
    """The part of a cloud that could not be looked at, or whose catalog could not be read."""
    return {**_head(host, catalog, now, check), "failure": failure}


def merge(report: Optional[Mapping[str, Any]], part: Mapping[str, Any]) -> dict[str, Any]:
    """The report with this part in place of the cloud's former one of the same catalog; None: there is no report yet.

    :raises OptionError: ``report`` is something else
    """
    parts = [] if report is None else checked(report)["parts"]
    mine = _identity(part)
    kept = [other for other in parts if _identity(other) != mine]
    return {"format": FORMAT, "parts": sorted([*kept, dict(part)], key=_identity)}


def checked(value: Any) -> Mapping[str, Any]:
    """``value``, which is a report of this format.

    :raises OptionError: it is not
    """
    if not isinstance(value, Mapping) or not isinstance(value.get("parts"), list):
        raise OptionError("it holds something else than a report of this collection")
    if value.get("format") != FORMAT:
        raise OptionError(f"it holds a report of format {value.get('format')}, this version writes format {FORMAT}")
    for part in value["parts"]:
        if not isinstance(part, Mapping) or not {"cloud", "catalog", "at", "items"} <= set(part):
            raise OptionError("it holds a report that is damaged")
    return value


def _head(host: str, catalog: str, now: datetime, check: bool) -> dict[str, Any]:
    at = now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"cloud": host, "catalog": catalog, "at": at, "check": check, "failure": None, "items": []}


def _identity(part: Mapping[str, Any]) -> tuple[str, str]:
    return str(part["cloud"]), str(part["catalog"])


def _item(
    step: Mapping[str, Any],
    outcome: Optional[Mapping[str, Any]],
    result: Mapping[str, Any],
    before: Mapping[str, Mapping[str, Any]],
    check: bool,
) -> dict[str, Any]:
    message = None if check else _failure(step, outcome, result.get("failed") or {})
    if message is not None:
        state = FAILED
    elif step["action"] == actions.UNCHANGED:
        state = OK
    else:
        state = DIFFERS if check else CHANGED
    image = before.get(str(step["image_id"]))
    if state == CHANGED:
        image = _afterwards(step, outcome, result, image)
    return {
        **{key: step[key] for key in ("label", "entry", "version", "name", "action")},
        "reasons": list(step["reasons"]),
        "state": state,
        "message": message,
        "notes": [] if check else _notes(step, outcome, result),
        "image": None if image is None else _image(image),
    }


def _failure(
    step: Mapping[str, Any], outcome: Optional[Mapping[str, Any]], failures: Mapping[str, str]
) -> Optional[str]:
    """Why the step failed. Labels may be the same for an entry and a retired image of its name; keys never are."""
    if step["key"] is None:
        return None
    if outcome is not None:
        return str(outcome.get("msg") or "failed") if outcome.get("failed") else None
    message = failures.get(step["label"])
    return None if message is None else str(message)


def _notes(step: Mapping[str, Any], outcome: Optional[Mapping[str, Any]], result: Mapping[str, Any]) -> list[str]:
    if outcome is None:
        start = f"{step['label']}: "
        told = map(str, result.get("notes") or ())
        return [] if step["key"] is None else [note[len(start) :] for note in told if note.startswith(start)]
    notes = [str(note) for note in outcome.get("notes") or ()]
    if outcome.get("verified") is False:
        notes.append(f"not verified: {outcome.get('unverified_reason') or 'nothing to verify it against'}")
    return notes


def _afterwards(
    step: Mapping[str, Any],
    outcome: Optional[Mapping[str, Any]],
    result: Mapping[str, Any],
    before: Optional[Mapping[str, Any]],
) -> Optional[Mapping[str, Any]]:
    """The image that a step left behind: as the module tells it, else what can be known without."""
    if outcome is not None:
        return outcome.get("image") or None
    if step["action"] not in (actions.CREATE, actions.REPLACE):
        return None if step["action"] in (actions.RETIRE, actions.PRUNE) else before
    new = ((result.get("images") or {}).get(step["label"]) or {}).get("id")
    return None if new is None else {"id": new, "name": step["name"]}


def _image(document: Mapping[str, Any]) -> dict[str, Any]:
    image = image_of(document)
    return {
        "id": image.id,
        "name": image.name,
        "version": image.version or None if marked_by(image) is not None else None,
        "status": document.get("status"),
        "visibility": document.get("visibility"),
        "hidden": image.hidden,
        "protected": bool(document.get("protected")),
        "disk_format": document.get("disk_format"),
        "size": document.get("size"),
        "created_at": image.created or None,
    }
