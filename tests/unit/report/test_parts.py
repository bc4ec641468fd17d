# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report knows: parts of clouds, and how they come together."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.catalog.outcome import outcome
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.report.parts import (
    checked,
    failed_part,
    merge,
    part_of,
)
from ansible_collections.imageops.glance.tests.unit.report.samples import NOW, document, step

OLD = document("A", "1")
REPLACE = step("replace", "A", "2", image_id=OLD["id"], reasons=["version 1 → 2"])


def item(one: dict[str, Any], images: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    result = more.pop("result", {})
    part = part_of("lab", {"steps": [one]}, result, images or [], NOW, **more)
    assert len(part["items"]) == 1
    found: dict[str, Any] = part["items"][0]
    return found


def done(**more: Any) -> dict[str, Any]:
    return {"results": [{"key": "replace A", "image": None, **more}]}


def test_head_of_a_part() -> None:
    east = datetime(2026, 11, 24, 10, 0, tzinfo=timezone(timedelta(hours=2)))
    assert part_of("lab", {"steps": []}, {}, [], east, catalog="base", check=True) == {
        "cloud": "lab",
        "catalog": "base",
        "at": "2026-11-24T08:00:00Z",
        "check": True,
        "failure": None,
        "items": [],
    }


def test_unchanged_entry_tells_its_image() -> None:
    found = item(step("unchanged", "A", "1", image_id=OLD["id"]), [OLD])
    assert found == {
        "label": "A",
        "entry": "A",
        "version": "1",
        "name": "A",
        "action": "unchanged",
        "reasons": [],
        "state": "ok",
        "message": None,
        "notes": [],
        "image": {
            "id": OLD["id"],
            "name": "A",
            "version": "1",
            "status": "active",
            "visibility": "public",
            "hidden": False,
            "protected": False,
            "disk_format": "qcow2",
            "size": 640_000_000,
            "created_at": "2026-11-02T06:00:00Z",
        },
    }


def test_check_mode_tells_what_differs_and_what_is_there() -> None:
    # a module in check mode foretells a new image; it is not there yet
    found = item(REPLACE, [OLD], check=True, applied=done(image=document("A", "2")), result={"failed": {"A": "x"}})
    assert (found["state"], found["message"], found["image"]["version"]) == ("differs", None, "1")
    assert found["reasons"] == ["version 1 → 2"]


def test_done_step_tells_the_new_image() -> None:
    found = item(REPLACE, [OLD], applied=done(image=document("A", "2", size=5)))
    assert (found["state"], found["image"]["version"], found["image"]["size"]) == ("changed", "2", 5)


def test_done_step_without_the_modules_result_tells_the_id() -> None:
    found = item(REPLACE, [OLD], result={"images": {"A": {"id": "new"}}, "notes": ["A: is slow", "B: is not"]})
    assert (found["state"], found["image"]["id"], found["image"]["size"]) == ("changed", "new", None)
    assert found["notes"] == ["is slow"]


@pytest.mark.parametrize(("action", "left"), [("update", True), ("retire", False), ("prune", False)])
def test_image_that_an_untold_step_leaves_behind(action: str, left: bool) -> None:
    found = item(step(action, "A", "1", image_id=OLD["id"]), [OLD])
    assert (found["image"] is not None) is left


def test_failed_step_keeps_the_old_image_and_says_why() -> None:
    found = item(REPLACE, [OLD], applied=done(failed=True, msg="no room"))
    assert (found["state"], found["message"], found["image"]["id"]) == ("failed", "no room", OLD["id"])


def test_failure_of_another_step_with_the_same_label_is_not_this_ones() -> None:
    """The image that is retired may bear the entry's plain name."""
    retire = step("retire", "A", "0", image_id=OLD["id"], key="retire A")
    applied = {"results": [{"key": "replace A", "failed": True, "msg": "no room"}, {"key": "retire A", "image": None}]}
    part = part_of("lab", {"steps": [REPLACE, retire]}, {"failed": {"A": "no room"}}, [OLD], NOW, applied=applied)
    assert [one["state"] for one in part["items"]] == ["failed", "changed"]


def test_module_that_failed_as_a_whole() -> None:
    unchanged = step("unchanged", "A", "1", image_id=OLD["id"])
    result = {"failed": {"A": "the cloud is gone"}}
    assert item(REPLACE, [OLD], result=result, applied={"failed": True, "msg": "x"})["message"] == "the cloud is gone"
    assert item(unchanged, [OLD], result=result)["state"] == "ok"


def test_notes_and_data_that_could_not_be_verified() -> None:
    applied = done(
        image=OLD, notes=["is in use, so it was hidden"], verified=False, unverified_reason="no digest given"
    )
    assert item(REPLACE, [OLD], applied=applied)["notes"] == [
        "is in use, so it was hidden",
        "not verified: no digest given",
    ]
    assert item(REPLACE, [OLD], applied=done(image=OLD, verified=True))["notes"] == []


def test_marks_of_another_image_are_no_version() -> None:
    """A snapshot inherits the properties of its image."""
    snapshot = document("A", "1", imageops_image="another")
    assert item(step("unchanged", "A", image_id=snapshot["id"]), [snapshot])["image"]["version"] is None


def test_real_plan_and_outcome_fit() -> None:
    entries = [{"name": "A", "version": "2", "url": "https://h/a", "url_username": "u", "url_password": "swordfish"}]
    made = plan(entries, [OLD], "base")
    applied = {"results": [{"key": made["images"][0]["key"], "image": document("A", "2"), "changed": True}]}
    part = part_of("lab", made, outcome(made, applied), [OLD], NOW, applied=applied)
    assert [(one["label"], one["action"], one["state"]) for one in part["items"]] == [("A", "replace", "changed")]
    assert "swordfish" in str(made)
    assert "swordfish" not in str(part)


def test_merge_replaces_the_part_of_the_same_cloud_and_catalog() -> None:
    report = None
    for cloud, catalog in (("b", "x"), ("a", "y"), ("a", "x"), ("b", "x")):
        report = merge(report, failed_part(cloud, catalog, "down", NOW))
    newer = part_of("b", {"steps": []}, {}, [], NOW, catalog="x")
    merged = merge(report, newer)
    assert [(part["cloud"], part["catalog"]) for part in merged["parts"]] == [("a", "x"), ("a", "y"), ("b", "x")]
    assert [part["failure"] for part in merged["parts"]] == ["down", "down", None]
    assert report is not None
    assert report["parts"][2]["failure"] == "down"  # what was given is as it was


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "something else than a report"),
        ({"parts": {}}, "something else than a report"),
        ({"format": 2, "parts": []}, "a report of format 2, this version writes format 1"),
        ({"format": 1, "parts": [{"cloud": "a"}]}, "damaged"),
    ],
)
def test_what_is_no_report_is_refused(value: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        checked(value)
