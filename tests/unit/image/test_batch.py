# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many wishes at a time: order, parallelism, and what a failure stops."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.document import Desired
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, ConflictError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image import task
from ansible_collections.imageops.glance.plugins.module_utils.image.batch import SkippedError, check_order, fulfil_all
from ansible_collections.imageops.glance.plugins.module_utils.image.engine import Outcome
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import Wish
from hypothesis import given
from hypothesis import strategies as st


def wish(name: str, key: str | None = None, after: tuple[str, ...] = ()) -> Wish:
    return Wish(name, None, "present", Desired({"name": name}), key=key, after=after)


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ([wish("a", after=("k",))], "image 'a' comes after 'k', which is the key of no entry before it"),
        ([wish("a", "k", after=("k",))], "image 'a' comes after 'k'"),
        ([wish("a", "k", after=("l",)), wish("b", "l", after=("k",))], "image 'a' comes after 'l'"),
        ([wish("a", "k"), wish("b", "k")], "the key 'k' is given twice"),
    ],
)
def test_orders_that_make_no_sense(wishes: list[Wish], says: str) -> None:
    with pytest.raises(OptionError, match=f"^images: {says}"):
        check_order(wishes)


#: Wishes whose ``after`` name earlier ones, and which of them fail.
PLANS = st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 100), max_size=3)), max_size=12)


@given(PLANS, st.integers(1, 5))
def test_everything_is_done_once_and_in_order(plan: list[tuple[bool, list[int]]], parallel: int) -> None:
    wishes = [
        wish(str(number), f"k{number}", tuple(sorted({f"k{one % number}" for one in before})) if number else ())
        for number, (_fails, before) in enumerate(plan)
    ]
    lock = threading.Lock()
    running: set[str] = set()
    most = [0]
    ended: list[str] = []

    def fulfil(one: Wish) -> Outcome:
        with lock:
            assert set(one.after) <= {f"k{name}" for name in ended}
            running.add(str(one.name))
            most[0] = max(most[0], len(running))
        fails = plan[int(str(one.name))][0]
        with lock:
            running.discard(str(one.name))
            ended.append(str(one.name))
        return Outcome(changed=True, error=ConflictError(f"{one.name}.") if fails else None)

    outcomes = fulfil_all(wishes, fulfil, parallel)
    assert len(outcomes) == len(wishes)
    assert most[0] <= parallel
    skipped = {number for number, one in enumerate(outcomes) if isinstance(one.error, SkippedError)}
    assert sorted(map(int, ended)) == [number for number in range(len(wishes)) if number not in skipped]
    bad = {number for number, one in enumerate(outcomes) if one.error is not None}
    for number, one in enumerate(wishes):
        blocked = any(int(key[1:]) in bad for key in one.after)
        assert (number in skipped) == blocked
        assert blocked or (number in bad) == plan[number][0]


def test_they_really_go_on_side_by_side() -> None:
    """Each waits for all others, which would never end one after the other."""
    barrier = threading.Barrier(3, timeout=20)

    def fulfil(_wish: Wish) -> Outcome:
        barrier.wait()
        return Outcome()

    assert len(fulfil_all([wish(str(number)) for number in range(3)], fulfil, 3)) == 3


def test_one_that_waits_does_not_keep_later_ones_from_running() -> None:
    order: list[str] = []

    def fulfil(one: Wish) -> Outcome:
        if one.name == "slow":
            time.sleep(0.2)
        order.append(str(one.name))
        return Outcome()

    fulfil_all([wish("slow", "k"), wish("next", after=("k",)), wish("free")], fulfil, 2)
    assert order == ["free", "slow", "next"]


@pytest.mark.parametrize("parallel", [1, 3])
def test_a_mistake_of_ours_in_one_does_not_hide_the_others(parallel: int) -> None:
    def fulfil(one: Wish) -> Outcome:
        if one.name == "b":
            raise ZeroDivisionError("oops")
        return Outcome(changed=True)

    found = fulfil_all([wish("a"), wish("b", "k"), wish("c"), wish("d", after=("k",))], fulfil, parallel)
    assert [one.changed for one in found] == [True, False, True, False]
    assert "image 'b': unexpected ZeroDivisionError: oops" in str(found[1].error)
    assert isinstance(found[3].error, SkippedError)


def test_a_lone_one_is_reported_whole() -> None:
    """With its traceback, by the runner."""

    def fulfil(_wish: Wish) -> Outcome:
        raise ZeroDivisionError("oops")

    with pytest.raises(ZeroDivisionError):
        fulfil_all([wish("a")], fulfil, 4)


# ---- results


def test_results_of_many() -> None:
    wishes = [wish("a", "k"), wish("b"), wish("c")]
    outcomes = [
        Outcome(changed=True, image={"id": "1"}, before={"x": 1}, after={"x": 2}, actions=["update"], notes=["n"]),
        Outcome(image={"id": "2"}, error=ApiError("Refused.", 413, "req-1")),
        Outcome(changed=True, image={"id": "3"}, actions=["upload"], moved=True, unverified="why"),
    ]
    result = task.batch_result(wishes, outcomes)
    first, second, third = result["results"]
    assert result["changed"] is True
    assert [(one["name"], one.get("key"), one.get("failed")) for one in (first, second, third)] == [
        ("a", "k", None),
        ("b", None, True),
        ("c", None, None),
    ]
    assert (first["notes"], first["diff"]) == (["n"], {"before": {"x": 1}, "after": {"x": 2}})
    assert (second["msg"], second["status"], second["request_id"]) == ("Refused.", 413, "req-1")
    assert (third["verified"], third["unverified_reason"]) == (False, "why")
    assert [part["before_header"] for part in result["diff"]] == ["image a", "image c"]
    assert task.batch_failure(wishes, outcomes) == "1 of 3 images failed: [b] Refused."
    assert task.batch_failure(wishes[:1], outcomes[:1]) is None


@pytest.mark.parametrize(
    ("outcome", "keys"),
    [
        (Outcome(), {"changed", "image", "actions", "diff"}),
        (Outcome(moved=True), {"changed", "image", "actions", "diff", "verified"}),
        (
            Outcome(error=SkippedError("No.")),
            {"changed", "image", "actions", "diff", "failed", "msg", "skipped_because_of"},
        ),
    ],
)
def test_keys_of_a_result(outcome: Outcome, keys: set[str]) -> None:
    result: dict[str, Any] = task.result_of(outcome, wish("a"))
    assert set(result) == keys
