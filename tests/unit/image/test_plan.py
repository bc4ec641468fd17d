# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every combination of what is there and what is wanted leads to what is wanted, and stays there.

The plan is performed on a Glance in memory that refuses what the real one refuses; see model.py.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.document import REPLACES, Desired
from ansible_collections.imageops.glance.plugins.module_utils.errors import ConflictError, GlanceOpsError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import DataWish, Wish
from ansible_collections.imageops.glance.plugins.module_utils.plan import make_plan
from ansible_collections.imageops.glance.plugins.module_utils.planning.model import Plan
from ansible_collections.imageops.glance.tests.unit.image.model import Model, steps_of

NAME = "x"
#: Labels of what is there, of the state, of the data, of what is to be done to other data, and of what else is wanted.
Combination = tuple[str, str, str | None, str, str]


def wish(state: str = "present", data: str | None = None, **more: Any) -> Wish:
    """A wish for the image NAME; ``data`` is what its content is to be called."""
    attributes = {"name": NAME, **more.pop("attributes", {})}
    desired = Desired(attributes, more.pop("properties", {}), more.pop("exact", False))
    return Wish(NAME, None, state, desired, data=DataWish(filename=data) if data else None, **more)


#: What is there in the beginning.
THERE: dict[str, dict[str, Any] | None] = {
    "nothing": None,
    "queued": {},
    "queued with formats": {"disk_format": "iso", "container_format": "bare"},
    "active": {"content": "A"},
    "active and public": {"content": "A", "visibility": "public", "protected": True, "p": "1", "base_image_ref": "r"},
    "active and shared": {"content": "A", "visibility": "shared", "members": {"m1", "m2"}, "tags": ["t"]},
    "active and hidden": {"content": "A", "os_hidden": True},
    "active in both stores": {"content": "A", "stores": "file,fast"},
    "deactivated": {"content": "A", "status": "deactivated", "owner_specified.openstack.md5": "m"},
}
STATES = ("present", "deactivated", "absent")
DATA = (None, "A", "B")
CHANGES: dict[str, dict[str, Any]] = {
    "fail": {},
    "ignore": {"on_content_change": "ignore"},
    "hide": {"on_content_change": "replace", "replaced_state": "hidden"},
    "deactivate": {"on_content_change": "replace", "replaced_state": "deactivated"},
    "delete": {"on_content_change": "replace", "replaced_state": "absent"},
    "rename": {"on_content_change": "replace", "replaced_state": "hidden", "replaced_name": "other"},
}
MORE: dict[str, dict[str, Any]] = {
    "nothing more": {},
    "metadata": {"attributes": {"tags": ["a"], "min_ram": 5}, "properties": {"p": "2", "q": None}},
    "exact": {"properties": {"q": "1"}, "exact": True},
    "public and protected": {"attributes": {"visibility": "public", "protected": True}},
    "shared": {"attributes": {"visibility": "shared"}, "members": ("m1", "m3")},
    "shared further": {"attributes": {"visibility": "shared"}, "members": ("m3",), "exact_members": False},
    "unprotected": {"attributes": {"protected": False, "os_hidden": False}},
    "hidden": {"attributes": {"os_hidden": True}},
    "another format": {"attributes": {"disk_format": "qcow2"}},
    "fast store": {"stores": ("fast",), "exact_stores": True},
    "all stores": {"all_stores": True},
}
ALL = list(itertools.product(THERE, STATES, DATA, CHANGES, MORE))


def there(label: str) -> Model:
    model = Model()
    values = THERE[label]
    if values is not None:
        model.add(name=NAME, **values)
    model.add(content="Z", name="unrelated", protected=True)
    return model


def planned(combination: Combination) -> tuple[Model, Wish, Plan] | None:
    """The start, the wish and its plan; None when the wish is refused."""
    label, state, data, change, more = combination
    model = there(label)
    wanted = wish(state, data, **CHANGES[change], **MORE[more])
    try:
        return model, wanted, model.plan(wanted)
    except GlanceOpsError as exc:
        message = exc.message
    assert message.endswith("."), message
    assert "\n" not in message
    assert NAME in message or message.startswith(("stores:", "members:")), message
    return None


@functools.cache
def all_plans() -> list[tuple[Combination, Model, Wish, Plan]]:
    """Every combination that is not refused."""
    return [(one, *found) for one in ALL for found in [planned(one)] if found is not None]


def possible() -> Iterator[tuple[Combination, Model, Wish, Plan]]:
    """The same, with models to be used up."""
    for combination, model, wanted, plan in all_plans():
        yield combination, model.copy(), wanted, plan


def test_most_combinations_are_possible() -> None:
    assert len(ALL) > 5000
    assert len(all_plans()) > len(ALL) * 0.75


def test_the_end_is_what_was_foretold_and_needs_nothing_more() -> None:
    for combination, model, wanted, plan in possible():
        model.perform(plan, wanted)
        again = model.plan(wanted)
        assert again.steps == (), f"{combination}: {steps_of(plan)}, and then {steps_of(again)}"
        foretold = None if plan.after is None else {k: v for k, v in plan.after.items() if v is not None}
        current = model.look(wanted)[0].current
        if foretold is None:
            assert current is None, combination
            continue
        assert current is not None, combination
        unknown = ("id", "created_at", "stores") if "stores" not in foretold else ("id", "created_at")
        actual = {k: v for k, v in current.items() if v is not None and k not in unknown}
        expected = {k: v for k, v in foretold.items() if k not in unknown}
        assert actual == expected, combination


def test_the_end_has_what_was_wanted() -> None:
    for combination, model, wanted, plan in possible():
        model.perform(plan, wanted)
        current = model.look(wanted)[0].current
        if wanted.state == "absent":
            assert current is None, combination
            continue
        assert current is not None, combination
        if wanted.state == "deactivated":
            assert current["status"] == "deactivated", combination
        ignoring = wanted.on_content_change == "ignore"
        if wanted.data is not None and not ignoring:
            assert model.contents[current["id"]] == wanted.data.filename, combination
        for name, value in wanted.desired.attributes.items():
            assert current[name] == value or (ignoring and name == "disk_format"), combination
        for name, value in wanted.desired.properties.items():
            assert current.get(name) == value, combination
        if wanted.members is not None:
            shared = model.members[current["id"]]
            assert set(wanted.members) <= shared, combination
            assert not wanted.exact_members or shared == set(wanted.members), combination
        assert REPLACES not in current


def test_nothing_unmanaged_is_lost() -> None:
    """Also by a replacement: what the task does not speak of is as it was."""
    for combination, model, wanted, plan in possible():
        before = model.look(wanted)[0].current
        if before is None or wanted.state == "absent":
            continue
        members = set(model.members[before["id"]])
        model.perform(plan, wanted)
        after = model.look(wanted)[0].current
        assert after is not None, combination
        spoken_of = {
            *wanted.desired.attributes,
            *wanted.desired.properties,
            "id",
            "created_at",
            "status",
            "stores",
            REPLACES,
        }
        spoken_of |= {"disk_format", "container_format"} if wanted.data else set()
        if wanted.desired.exact:
            spoken_of.add("p")
        if before["id"] != after["id"]:
            # a digest of other data, and the place among hidden ones, are not taken over
            spoken_of |= {"owner_specified.openstack.md5", "os_hidden"}
            if before["visibility"] == "shared" and not members:
                spoken_of.add("visibility")
        kept = {k: v for k, v in before.items() if k not in spoken_of and v is not None}
        assert {k: after.get(k) for k in kept} == kept, combination
        if wanted.members is None and after["visibility"] == "shared":
            assert model.members[after["id"]] == members, combination


def test_at_no_moment_is_there_no_good_image() -> None:
    """While one is replaced, one that can be used bears the name, and never two that differ in visibility."""
    for combination, model, wanted, plan in possible():
        if wanted.state != "present" or wanted.desired.attributes.get("os_hidden") or not model.good(NAME):
            continue
        for steps in range(len(plan.steps) + 1):
            midway = model.copy()
            midway.perform(plan, wanted, steps)
            assert midway.good(NAME), f"{combination}: none after {steps_of(plan)[:steps]}"


def test_nobody_sees_data_that_is_not_verified() -> None:
    """A new image is private and not protected until its data has come, and a replacement is hidden too."""
    for combination, model, wanted, plan in possible():
        kinds = steps_of(plan)
        if "create" not in kinds or "transfer" not in kinds:
            continue
        midway = model.copy()
        made = midway.perform(plan, wanted, kinds.index("transfer"))
        assert made is not None
        image = midway.images[made]
        assert (image["visibility"], image["protected"]) == ("private", False), combination
        assert image["os_hidden"] or plan.before is None or plan.reason == "", combination


def test_killed_at_any_step_and_run_again_it_ends_the_same() -> None:
    for combination, model, wanted, plan in possible():
        if not plan.steps:
            continue
        end = model.copy()
        end.perform(plan, wanted)
        for steps in range(1, len(plan.steps)):
            killed = model.copy()
            killed.perform(plan, wanted, steps)
            told = f"{combination}: killed after {steps_of(plan)[:steps]}"
            try:
                rest = killed.plan(wanted)
            except GlanceOpsError as exc:
                pytest.fail(f"{told}: {exc}")
            killed.perform(rest, wanted)
            assert killed.plan(wanted).steps == (), f"{told}, then {steps_of(rest)}"
            assert killed.seen() == end.seen(), f"{told}, then {steps_of(rest)}"


# ---- single rules


def test_what_differs_is_told_and_nothing_is_done() -> None:
    with pytest.raises(
        ConflictError, match=r"^Image 'x' \(i1\) has other content than wanted: data differs\. Data of an"
    ):
        there("active").plan(wish(data="B"))


@pytest.mark.parametrize(
    ("label", "wanted", "error", "says"),
    [
        ("active and public", wish("absent"), OptionError, r"^Image 'x' \(i1\) is protected; set protected to false"),
        (
            "active and public",
            wish(data="B", on_content_change="replace", replaced_state="absent"),
            OptionError,
            r"^Image 'x' \(i1\) is protected, so it cannot be deleted when it is replaced; set replaced_state",
        ),
        ("nothing", wish("deactivated"), OptionError, "^state: image 'x' has no data yet, so it cannot be deactivated"),
        ("queued", wish("deactivated"), OptionError, "^state: image 'x' has no data yet"),
        (
            "active",
            wish(attributes={"disk_format": "qcow2"}, on_content_change="replace"),
            OptionError,
            "disk_format differs. To replace it, the new data is needed: give filename or url",
        ),
        (
            "active",
            wish(members=("m",)),
            OptionError,
            "^members: only shared images have members, but .* set visibility",
        ),
        (
            "active",
            wish(stores=("gone",)),
            OptionError,
            "^stores: the cloud has no store 'gone' .* it offers file, fast",
        ),
    ],
)
def test_what_is_refused(label: str, wanted: Wish, error: type[GlanceOpsError], says: str) -> None:
    with pytest.raises(error, match=says):
        there(label).plan(wanted)


@pytest.mark.parametrize(
    ("label", "wanted", "steps"),
    [
        ("nothing", wish("absent"), []),
        ("nothing", wish(), ["create"]),
        ("nothing", wish(data="A"), ["create", "transfer"]),
        ("nothing", wish(data="A", attributes={"visibility": "public"}), ["create", "transfer", "update"]),
        ("nothing", wish("deactivated", data="A"), ["create", "transfer", "deactivate"]),
        ("nothing", wish(data="A", all_stores=True), ["create", "transfer", "copy"]),
        ("queued", wish(data="A"), ["update", "transfer"]),
        ("queued with formats", wish(data="A"), ["transfer"]),
        ("active", wish(data="A"), []),
        ("active", wish(data="A", attributes={"tags": ["t"], "min_ram": 1}, properties={"p": "1"}), ["update"]),
        ("active", wish("deactivated"), ["deactivate"]),
        ("deactivated", wish(), ["reactivate"]),
        ("deactivated", wish("deactivated", attributes={"tags": ["t"]}), ["update"]),
        ("active", wish("absent"), ["delete"]),
        ("active and public", wish("absent", attributes={"protected": False}), ["update", "delete"]),
        ("active and shared", wish(members=("m2", "m3")), ["share", "unshare"]),
        ("active", wish(data="B", on_content_change="replace"), ["create", "transfer", "update", "update", "update"]),
        (
            "active",
            wish(data="B", on_content_change="replace", replaced_state="absent"),
            ["create", "transfer", "update", "delete", "update"],
        ),
        ("active in both stores", wish(stores=("file",), exact_stores=True), ["drop"]),
        ("active", wish(stores=("fast",), exact_stores=True), ["copy", "drop"]),
    ],
)
def test_no_step_is_idle(label: str, wanted: Wish, steps: list[str]) -> None:
    assert steps_of(there(label).plan(wanted)) == steps


def test_what_is_broken_is_made_anew() -> None:
    """A refused upload leaves an image that can never hold data; all else that it had is kept."""
    model = Model()
    broken = model.add(name=NAME, tags=["t"], p="1", visibility="community", checksum="c", protected=True)
    wanted = wish(data="A")
    found, content = model.look(wanted)
    plan = make_plan(wanted, replace(found, broken="it is poisoned"), content, "raw")
    assert plan.actions == ["unprotect", "clean", "create", "upload", "update"]
    model.perform(plan, wanted)
    (current,) = [*model.images.values()]
    assert current["id"] != broken
    assert (current["tags"], current["p"], current["visibility"], current["protected"]) == (
        ["t"],
        "1",
        "community",
        True,
    )
