# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many images in one task, and how many requests each kind of work costs, which no machine makes faster or slower."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import Done, checked, image

LOOK = ["GET images", "GET images"]  # not hidden, hidden
CREATE = ["POST images", "GET images", "GET images"]  # and twice a look for one that does the same at the same time
SEND = ["PUT file", "GET image"]


@pytest.fixture(scope="module")
def work(run: Runner, admin: Glance, prefix: str) -> dict[str, Done]:
    """Kinds of work, by what they are, with the login at hand."""
    name = f"{prefix}one"
    wanted = {"name": name, "filename": "$FILES/a.qcow2", "disk_format": "qcow2", "visibility": "public"}
    replacing = {**wanted, "filename": "$FILES/b.qcow2", "on_content_change": "replace"}
    twenty = [{"name": f"{prefix}{number}", "tags": ["x"]} for number in range(20)]
    tasks = {
        "log in": image(name=name, state="absent"),
        "create without data": image(name=f"{prefix}bare", tags=["x"]),
        "create with data": image(**wanted),
        "nothing to do": image(**wanted),
        "nothing to do in check mode": checked(**wanted),
        "update": image(**wanted, tags=["y"], min_disk=3, properties={"a": "b", "c": "d"}),
        "clear": image(**wanted, tags=[], properties={"a": None}),
        "replace": image(**replacing),
        "nothing to do after a replacement": image(**replacing),
        "deactivate": image(name=name, state="deactivated"),
        "absent": image(name=name, state="absent"),
        "absent again": image(name=name, state="absent"),
        "twenty": image(images=twenty),
        "twenty again": image(images=twenty),
        "twenty again, one after the other": image(images=twenty, parallel=1),
        "twenty absent": image(images=[{**one, "state": "absent"} for one in twenty]),
    }
    done = dict(zip(tasks, run(list(tasks.values())), strict=True))
    assert {label: one.message for label, one in done.items() if one.failed} == {}
    return done


EXPECTED: dict[str, list[str]] = {
    "create without data": [*LOOK, *CREATE],
    "create with data": [*LOOK, *CREATE, *SEND, "PATCH image"],
    "nothing to do": LOOK,
    "nothing to do in check mode": LOOK,
    "update": [*LOOK, "PATCH image"],
    "clear": [*LOOK, "PATCH image"],
    "replace": [*LOOK, *CREATE, "GET image", *SEND, "PATCH image", "PATCH image", "PATCH image"],
    "nothing to do after a replacement": LOOK,
    "deactivate": [*LOOK, "POST deactivate", "GET image"],
    "absent": [*LOOK, "DELETE image"],
    "absent again": LOOK,
    "twenty again": LOOK,
    "twenty again, one after the other": LOOK,
}


@pytest.mark.parametrize("label", EXPECTED)
def test_requests(work: dict[str, Done], label: str) -> None:
    done = work[label]
    assert Counter(done.requests) <= Counter(EXPECTED[label]), done.requests
    assert [one for one in done.requests if not one.startswith("GET")] == [
        one for one in EXPECTED[label] if not one.startswith("GET")
    ]
    assert done.logins == 0


def test_twenty_cost_what_each_of_them_needs(work: dict[str, Done]) -> None:
    made, gone = work["twenty"], work["twenty absent"]
    assert Counter(made.requests)["POST images"] == 20
    assert len(made.requests) <= 2 + 20 * 3
    assert Counter(gone.requests) == Counter({"GET images": 2, "DELETE image": 20})
    assert [result["changed"] for result in work["twenty again"].result["results"]] == [False] * 20
    assert work["twenty again"].result["diff"] == []


def test_one_that_fails_does_not_stop_the_others(run: Runner, admin: Glance, prefix: str) -> None:
    """Results in the order of the entries, failures named in the end, and what comes after a failure left alone."""
    entries: list[dict[str, Any]] = [
        {"name": f"{prefix}good", "key": "good", "filename": "$FILES/a.raw"},
        {"name": f"{prefix}bad", "key": "bad", "filename": "$FILES/none"},
        {"name": f"{prefix}after good", "after": ["good"], "key": "next"},
        {"name": f"{prefix}after bad", "after": ["bad", "next"], "key": "never"},
        {"name": f"{prefix}after that", "after": ["never"]},
        {"name": f"{prefix}alone", "tags": ["own"], "visibility": "community"},
    ]
    common = {"images": entries, "tags": ["all"], "visibility": "public", "disk_format": "raw", "min_ram": 5}
    check, done, serial = run([checked(**common), image(**common, parallel=3), image(**common, parallel=1)])
    for one in (check, done, serial):
        assert one.failed
        assert one.message.startswith("3 of 6 images failed: ")
        for label, why in (("bad", "filename: "), ("after bad", "'bad' before it failed"), ("after that", "'never'")):
            assert f"[{prefix}{label}] " in one.message
            assert why in one.message
    results = done.result["results"]
    assert [result["name"] for result in results] == [entry["name"] for entry in entries]
    assert [result.get("failed", False) for result in results] == [False, True, False, True, True, False]
    assert [result["changed"] for result in results] == [True, False, True, False, False, True]
    assert [result.get("key") for result in results] == ["good", "bad", "next", "never", None, None]
    assert "skipped_because_of" in results[3]
    assert len(done.result["diff"]) == 3
    assert not serial.changed
    own, general = results[5]["image"], results[0]["image"]
    assert (general["tags"], general["visibility"], general["min_ram"], general["status"]) == (
        ["all"],
        "public",
        5,
        "active",
    )
    assert (own["tags"], own["visibility"], own["min_ram"], own["status"]) == (["own"], "community", 5, "queued")
    there = [entry["name"] for entry in entries if admin.images(entry["name"])]
    assert there == [f"{prefix}{label}" for label in ("good", "after good", "alone")]


def test_order_is_kept_where_it_is_asked_for(run: Runner, admin: Glance, prefix: str) -> None:
    """A kernel and the image that boots it, in one task."""
    entries = [
        {"name": f"{prefix}kernel", "key": "kernel", "disk_format": "aki", "container_format": "aki"},
        {"name": f"{prefix}boots", "kernel": f"{prefix}kernel", "after": ["kernel"]},
    ]
    made, again = run([image(images=entries, parallel=4)] * 2)
    assert not made.failed, made.message
    kernel, boots = (result["image"] for result in made.result["results"])
    assert boots["kernel_id"] == kernel["id"]
    assert not again.changed


def test_an_empty_list_of_images(run: Runner) -> None:
    (done,) = run([image(images=[])])
    assert not done.failed, done.message
    assert (done.changed, done.result["results"]) == (False, [])
