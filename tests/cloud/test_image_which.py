# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image a task means, whatever its name, its owner and its state."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import Done, Task, checked, image, info, variable

NAMES = (
    "ubuntu:22.04",
    "a/b",
    "ä",
    'x"y,z',
    "100%",
    "a+b",
    "a&b=c",
    "?a#b",
    "in:a,b",
    "eq:x",
    "*",
    "[0-9]",
    "{{ 1 }}",
    "back\\slash 'quote'",
    "a" * 200,
)


def test_any_name_is_found_exactly(run: Runner, admin: Glance, prefix: str) -> None:
    """Made, found again for nothing to do, told by image_info, and deleted, each by its name alone."""
    names = [f"{prefix}{name}" for name in NAMES] + [f"{NAMES[0]}{prefix}"]
    tasks = [image(images=[{"name": name, "tags": ["x"]} for name in names[:8]])]
    tasks += [image(images=[{"name": name, "tags": ["x"]} for name in names[8:]])]
    # up to eight names are asked for one by one, more are listed
    tasks += [image(images=[{"name": name, "tags": ["x"]} for name in some]) for some in (names[:8], names[8:], names)]
    tasks += [info(name=name) for name in names[:6]]
    tasks += [image(name=names[0], tags=["x"]), image(name=names[-1], state="absent")]
    tasks += [image(images=[{"name": name, "state": "absent"} for name in names])] * 2
    done = run(tasks)
    assert [one.failed for one in done] == [False] * len(tasks), [one.message for one in done]
    assert [one.changed for one in done[:5]] == [True, True, False, False, False]
    for name, one in zip(names, done[5:11], strict=False):
        assert [found["name"] for found in one.result["images"]] == [name]
    assert [one.changed for one in done[11:]] == [False, True, True, False]
    assert admin.images(prefix) == []


#: Images that are there, as makers of the test's own; ``*`` marks the one that is meant.
Maker = Callable[[Glance, Glance, str], list[str]]


def _own_before_others(admin: Glance, other: Glance, name: str) -> list[str]:
    other.create(name=name, visibility="public" if other is admin else "shared")
    return [admin.create(name=name)["id"]]


def _of_another_project(admin: Glance, other: Glance, name: str) -> list[str]:
    return [other.create(name=name)["id"]]


def _shown_before_hidden(admin: Glance, other: Glance, name: str) -> list[str]:
    admin.create(name=name, os_hidden=True)
    admin.create(name=name, os_hidden=True)
    return [admin.create(name=name)["id"]]


def _hidden(admin: Glance, other: Glance, name: str) -> list[str]:
    return [admin.create(name=name, os_hidden=True)["id"]]


def _deactivated(admin: Glance, other: Glance, name: str) -> list[str]:
    made = admin.create(b"data", name=name)["id"]
    admin.deactivate(made)
    return [made]


def _with_data_before_without(admin: Glance, other: Glance, name: str) -> list[str]:
    admin.create(name=name)
    return [admin.create(b"data", name=name)["id"]]


def _similar_names(admin: Glance, other: Glance, name: str) -> list[str]:
    for similar in (name.upper(), f"{name}x", f"x{name}", f"{name} ", name.replace("e", "*")):
        admin.create(name=similar)
    return [admin.create(name=name)["id"]]


MAKERS: dict[str, Maker] = {
    "own before others": _own_before_others,
    "of another project": _of_another_project,
    "shown before hidden": _shown_before_hidden,
    "hidden": _hidden,
    "deactivated": _deactivated,
    "with data before without": _with_data_before_without,
    "similar names": _similar_names,
}


@pytest.fixture(scope="module")
def selections(run: Runner, admin: Glance, prefix: str) -> dict[str, tuple[str, Done]]:
    """For each maker the id of the image that is meant, and what a task by its name did."""
    other = Glance("other")
    meant = {label: maker(admin, other, f"{prefix}the {label}")[0] for label, maker in MAKERS.items()}
    done = run([image(name=f"{prefix}the {label}", properties={"found": "yes"}) for label in MAKERS])
    return {label: (meant[label], one) for label, one in zip(MAKERS, done, strict=True)}


@pytest.mark.parametrize("label", MAKERS)
def test_the_best_of_one_name(selections: dict[str, tuple[str, Done]], label: str) -> None:
    meant, done = selections[label]
    assert not done.failed, done.message
    assert done.image["id"] == meant
    assert done.image["found"] == "yes"


def test_a_member_does_not_take_others_images_for_its_own(run: Runner, admin: Glance, prefix: str) -> None:
    name = f"{prefix}public"
    theirs = admin.create(name=name, visibility="public")
    made, again, gone, gone_again = run(
        [image(name=name), image(name=name), image(name=name, state="absent"), image(name=name, state="absent")],
        "member",
    )
    assert made.changed
    assert made.image["id"] != theirs["id"]
    assert made.image["owner"] == variable("LOCAL_CLOUD_MEMBER_PROJECT_ID")
    assert (again.changed, gone.changed, gone_again.changed) == (False, True, False)
    assert admin.image(theirs["id"])["status"] == "queued"


def test_owner_narrows_and_owns(run: Runner, admin: Glance, prefix: str) -> None:
    """Projects by id, by name, and by name and domain where two domains have one of that name."""
    name = f"{prefix}owned"
    owners = {
        "admin": variable("LOCAL_CLOUD_ADMIN_PROJECT_ID"),
        "demo": variable("LOCAL_CLOUD_MEMBER_PROJECT_ID"),
        "demo in second": variable("LOCAL_CLOUD_SECOND_PROJECT_ID"),
        "other": variable("LOCAL_CLOUD_OTHER_PROJECT_ID"),
    }
    options = {
        "admin": {},
        "demo": {"owner": "demo", "owner_domain": "Default"},
        "demo in second": {"project": "demo", "project_domain": variable("LOCAL_CLOUD_SECOND_DOMAIN_ID")},
        "other": {"owner": owners["other"]},
    }
    tasks = [image(name=name, **given) for given in options.values()] * 2
    tasks += [info(name=name, visibility="all", **given) for given in options.values()]
    tasks += [image(name=name, owner="other", state="absent"), info(name=name, visibility="all")]
    done = run(tasks)
    assert [one.failed for one in done] == [False] * len(tasks), [one.message for one in done]
    for label, made, again, told in zip(owners, done[:4], done[4:8], done[8:12], strict=True):
        assert (made.changed, again.changed) == (True, False), label
        assert made.image["owner"] == made.image["owner_id"] == owners[label]
        assert again.image["id"] == made.image["id"]
        if label != "admin":
            assert [found["id"] for found in told.result["images"]] == [made.image["id"]]
    assert done[12].changed
    assert {found["owner"] for found in done[13].result["images"]} == set(owners.values()) - {owners["other"]}


def test_an_id_names_and_renames(run: Runner, admin: Glance, prefix: str) -> None:
    chosen = "0f5a1ab9-7e0a-4c5e-9d52-" + prefix[1:7] + "000000"
    tasks: list[Task] = [
        checked(id=chosen, name=f"{prefix}chosen"),
        image(id=chosen, name=f"{prefix}chosen"),
        image(id=chosen, name=f"{prefix}renamed"),
        image(id=chosen, tags=["x"]),
        image(name=chosen, tags=["x"]),
        info(id=chosen),
        info(image=chosen),
        image(id=chosen, state="absent"),
        image(id=chosen, state="absent"),
        info(id=chosen),
    ]
    done = run(tasks)
    assert [one.failed for one in done] == [False] * len(tasks), [one.message for one in done]
    assert [one.changed for one in done] == [True, True, True, True, False, False, False, True, False, False]
    assert done[0].image["id"] in (chosen, None)
    assert [done[turn].image["name"] for turn in (1, 2, 3)] == [
        f"{prefix}chosen",
        f"{prefix}renamed",
        f"{prefix}renamed",
    ]
    assert [found["id"] for found in done[5].result["images"] + done[6].result["images"]] == [chosen, chosen]
    assert done[9].result["images"] == []
