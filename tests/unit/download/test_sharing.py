# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answering the offer of an image, as the project that it is shared with."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, ConflictError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.sharing import (
    Answer,
    Membership,
    answered,
    find_membership,
    resolved,
    shown,
)
from ansible_collections.imageops.glance.tests.unit.download.helpers import Listed

OWN = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"


def image(image_id: str, **more: Any) -> dict[str, Any]:
    return {"id": image_id, "name": "Golden", "visibility": "shared", "owner": OTHER, **more}


def offer(image_id: str, project: str = OWN, status: str = "pending") -> dict[tuple[str, str], dict[str, Any]]:
    return {(image_id, project): {"image_id": image_id, "member_id": project, "status": status}}


def look(cloud: Any, **given: Any) -> Membership:
    if "id" not in given:
        given.setdefault("name", "Golden")
    return find_membership(cloud, resolved(Answer(**{"status": "accepted", **given}), cloud))


def test_by_id() -> None:
    cloud = Listed([image("a")], OWN, members=offer("a"))
    assert look(cloud, id="a").member["status"] == "pending"


def test_by_name_only_what_is_offered_counts() -> None:
    cloud = Listed([image("a"), image("b"), image("c", os_hidden=True)], OWN, members=offer("c"), not_shared=["b"])
    assert look(cloud).image["id"] == "c"
    assert all((q["visibility"], q["member_status"]) == ("shared", "all") for q in cloud.queries)


def test_the_owner_narrows() -> None:
    cloud = Listed([image("a")], OWN, members=offer("a"))
    look(cloud, owner=OTHER)
    assert {query["owner"] for query in cloud.queries} == {OTHER}


def test_several_are_listed() -> None:
    cloud = Listed([image("a"), image("b")], OWN, members={**offer("a"), **offer("b", status="accepted")})
    with pytest.raises(ConflictError, match=rf"2 images .*a \(of project {OTHER}, pending\), b .*; give id or owner"):
        look(cloud)


@pytest.mark.parametrize(
    ("images", "given", "words"),
    [
        ([], {"id": "a"}, "id: image a does not exist or cannot be seen"),
        ([], {}, "name: no image 'Golden' is shared"),
        ([image("a")], {}, f"member: image 'Golden' is not shared with project {OWN}"),
        ([image("a")], {"id": "a"}, f"member: image a is not shared with project {OWN}"),
        ([image("a", visibility="public")], {"id": "a"}, "image a is public; only shared images have members"),
    ],
)
def test_why_there_is_nothing_to_answer(images: list[dict[str, Any]], given: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        look(Listed(images, OWN), **given)


def test_another_refusal_is_not_hidden() -> None:
    class Broken(Listed):
        def member(self, image_id: str, project: str) -> dict[str, Any] | None:
            raise ApiError("no", 500)

    with pytest.raises(ApiError):
        look(Broken([image("a")], OWN))


def test_a_project_that_is_not_known_has_to_be_given() -> None:
    cloud = Listed([image("a")], None, admin=None, members=offer("a"))
    with pytest.raises(OptionError, match="member: the own project is not known"):
        look(cloud, id="a")
    assert look(cloud, id="a", member=OWN).member["member_id"] == OWN


@pytest.mark.parametrize("before", ["pending", "accepted", "rejected"])
@pytest.mark.parametrize("wanted", ["pending", "accepted", "rejected"])
def test_every_answer(before: str, wanted: str) -> None:
    cloud: Any = Listed([image("a")], OWN, members=offer("a", status=before))
    answer = resolved(Answer(wanted, id="a"), cloud)
    found = find_membership(cloud, answer)
    assert answered(cloud, found, answer, check=True)["status"] == wanted
    assert cloud.answers == []
    assert answered(cloud, found, answer, check=False)["status"] == wanted
    assert cloud.answers == ([] if before == wanted else [("a", OWN, wanted)])


@pytest.mark.parametrize(
    ("cloud", "member", "words"),
    [
        (Listed([image("a")], OWN, members=offer("a", OTHER)), OTHER, "only project .* itself or an admin may answer"),
        (Listed([image("a", owner=OWN)], OWN, members=offer("a")), OWN, "image a belongs to this very project"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_who_may_not_answer_is_told_in_check_mode_too(cloud: Any, member: str, words: str, check: bool) -> None:
    answer = Answer("accepted", id="a", member=member)
    with pytest.raises(OptionError, match=words):
        answered(cloud, find_membership(cloud, answer), answer, check)
    assert cloud.answers == []


def test_an_admin_answers_for_others() -> None:
    cloud: Any = Listed([image("a")], OTHER, admin=True, members=offer("a"))
    answer = Answer("accepted", id="a", member=OWN)
    assert answered(cloud, find_membership(cloud, answer), answer, False)["status"] == "accepted"


def test_what_a_diff_shows() -> None:
    assert shown({"member_id": OWN, "status": "pending", "schema": "x"}, image("a")) == {
        "image_id": "a",
        "member_id": OWN,
        "status": "pending",
    }
