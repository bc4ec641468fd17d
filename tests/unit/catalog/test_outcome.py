# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""catalog_result: what was planned, corrected by what was done."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.catalog.outcome import outcome
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan

KINDS = ("created", "updated", "replaced", "adopted", "restored", "retired", "pruned")
NOTHING: dict[str, Any] = {kind: [] for kind in KINDS}
RESULT_OF = dict(zip(("create", "update", "replace", "adopt", "restore", "retire", "prune"), KINDS, strict=True))


def step(action: str, label: str = "A", key: str | None = "k") -> dict[str, Any]:
    return {"action": action, "label": label, "key": key, "image_id": "old"}


def plan_of(*steps: dict[str, Any]) -> dict[str, Any]:
    """As much of a plan as the outcome looks at."""
    images = {
        one["label"]: {"id": None, "name": one["label"], "version": "1", "action": one["action"]}
        for one in steps
        if one["action"] not in ("retire", "prune")
    }
    unchanged = [one["label"] for one in steps if one["action"] == "unchanged"]
    return {"steps": list(steps), "result": {"unchanged": unchanged, "images": images}}


def done(key: str = "k", **more: Any) -> dict[str, Any]:
    return {"key": key, "image": {"id": "new"}, **more}


def failed(key: str = "k", why: str = "no") -> dict[str, Any]:
    return {"key": key, "failed": True, "msg": why, "image": None}


@pytest.mark.parametrize("applied", [None, {}, {"skipped": True}, {"results": [done()]}])
@pytest.mark.parametrize(("action", "kind"), RESULT_OF.items())
def test_what_is_planned_is_what_comes_of_it(action: str, kind: str, applied: dict[str, Any] | None) -> None:
    found = outcome(plan_of(step(action)), applied)
    assert {one: found[one] for one in KINDS} == {**NOTHING, kind: ["A"]}
    assert found["changed"] is True
    assert (found["failed"], found["notes"], found["message"]) == ({}, [], "")
    if kind not in ("retired", "pruned"):
        assert found["images"]["A"]["id"] == ("new" if applied and "results" in applied else None)


@pytest.mark.parametrize("action", RESULT_OF)
def test_what_failed_is_not_told_as_done(action: str) -> None:
    found = outcome(plan_of(step(action)), {"failed": True, "results": [failed(why="404 Not Found")]})
    assert {one: found[one] for one in KINDS} == NOTHING
    assert found["failed"] == {"A": "404 Not Found"}
    assert found["changed"] is False
    assert found["message"] == "1 of the catalog's images failed: [A] 404 Not Found"


def test_a_module_that_failed_before_it_began_has_done_nothing() -> None:
    steps = [step("create", "A", "a"), step("retire", "B", "b"), step("unchanged", "C", None)]
    found = outcome(plan_of(*steps), {"failed": True, "msg": "no login"})
    assert found["failed"] == {"A": "no login", "B": "no login"}
    assert found["unchanged"] == ["C"]
    assert found["changed"] is False


def test_one_failure_leaves_the_others() -> None:
    steps = [step("create", "A", "a"), step("replace", "B", "b"), step("prune", "C", "c")]
    found = outcome(plan_of(*steps), {"failed": True, "results": [failed("a"), done("b"), done("c")]})
    assert (found["created"], found["replaced"], found["pruned"]) == ([], ["B"], ["C"])
    assert found["images"]["B"]["id"] == "new"
    assert found["changed"] is True


def test_an_old_image_of_the_same_name_is_not_taken_for_the_entrys() -> None:
    """Superseded images may bear the plain name, by somebody's hand."""
    steps = [step("create", "A", "A"), step("retire", "A", "retire A 1")]
    found = outcome(plan_of(*steps), {"results": [done("A"), {"key": "retire A 1", "image": {"id": "other"}}]})
    assert found["images"]["A"]["id"] == "new"
    assert (found["created"], found["retired"]) == (["A"], ["A"])
    found = outcome(plan_of(*steps), {"failed": True, "results": [done("A"), failed("retire A 1")]})
    assert (found["created"], found["retired"]) == (["A"], [])
    assert found["failed"] == {"retire A 1": "no"}


def test_notes_say_of_which_image() -> None:
    found = outcome(plan_of(step("retire")), {"results": [done(notes=["in use", "hidden"])]})
    assert found["notes"] == ["A: in use", "A: hidden"]


def test_a_plan_as_it_is_made() -> None:
    """The shapes of plan and outcome fit."""
    made = plan([{"name": "A", "url": "https://h/a"}, {"name": "B", "url": "https://h/b"}], [], "base")
    keys = [element["key"] for element in made["images"]]
    found = outcome(made, {"failed": True, "results": [done(keys[0]), failed(keys[1])]})
    assert found["created"] == ["A"]
    assert found["failed"] == {"B": "no"}
    assert found["images"]["A"] == {"id": "new", "name": "A", "version": None, "action": "create"}
