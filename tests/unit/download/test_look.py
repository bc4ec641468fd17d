# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image a name means to somebody who wants its data."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.download.look import find_image
from ansible_collections.imageops.glance.plugins.module_utils.errors import ConflictError, OptionError
from ansible_collections.imageops.glance.tests.unit.download.helpers import IMAGE_ID, OTHER_ID, Listed, wish

PROJECT = "0123456789abcdef0123456789abcdef"
FOREIGN = "fedcba9876543210fedcba9876543210"


def image(image_id: str, owner: str, **more: Any) -> dict[str, Any]:
    return {"id": image_id, "name": "Golden", "status": "active", "owner": owner, "created_at": "2026-01-01", **more}


def found(cloud: Listed, **given: Any) -> str:
    return str(find_image(cloud, wish("/x", **{"id": None, "name": "Golden", **given}))["id"])  # type: ignore[arg-type]  # stands in


def test_the_own_image_goes_before_a_public_one() -> None:
    assert found(Listed([image("a", FOREIGN), image("b", PROJECT)], PROJECT)) == "b"


def test_a_public_image_will_do() -> None:
    assert found(Listed([image("a", FOREIGN)], PROJECT)) == "a"


def test_not_hidden_goes_before_hidden_and_hidden_will_do() -> None:
    assert found(Listed([image("a", PROJECT, os_hidden=True), image("b", PROJECT)], PROJECT)) == "b"
    assert found(Listed([image("a", PROJECT, os_hidden=True)], PROJECT)) == "a"


def test_several_are_listed_and_the_option_is_named() -> None:
    cloud = Listed([image("a", "p1"), image("b", "p2")], PROJECT)
    with pytest.raises(ConflictError, match=r"2 images that image 'Golden' could mean: a .*; give id or image_owner"):
        found(cloud)


def test_community_images_count_only_with_their_owner() -> None:
    cloud = Listed([image("a", FOREIGN), image("b", PROJECT)], PROJECT)
    assert found(cloud, owner=FOREIGN) == "a"
    assert {query.get("visibility") for query in cloud.queries} == {"all"}
    assert {query.get("owner") for query in cloud.queries} == {FOREIGN}
    found(cloud)
    assert "visibility" not in cloud.queries[-1]


def test_the_own_project_may_be_named() -> None:
    assert found(Listed([image("a", PROJECT)], PROJECT), owner="demo-name") == "a"


def test_a_name_that_is_an_id_will_do() -> None:
    assert found(Listed([image(IMAGE_ID, PROJECT)], PROJECT), name=IMAGE_ID) == IMAGE_ID


def test_an_id_is_taken_whoever_owns_it() -> None:
    assert found(Listed([image(IMAGE_ID, FOREIGN)], PROJECT), id=IMAGE_ID, name=None) == IMAGE_ID


def test_an_id_of_another_owner_than_named_is_refused() -> None:
    with pytest.raises(OptionError, match=f"image_owner: image {IMAGE_ID} belongs to project {FOREIGN}"):
        found(Listed([image(IMAGE_ID, FOREIGN)], PROJECT), id=IMAGE_ID, name=None, owner=PROJECT)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "name: there is no image 'Golden' among the own, public and accepted"),
        ({"owner": FOREIGN}, f"name: project {FOREIGN} has no image 'Golden'"),
        ({"id": OTHER_ID, "name": None}, f"id: image {OTHER_ID} does not exist"),
    ],
)
def test_none_is_told(given: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        found(Listed([], PROJECT), **given)


def test_an_image_that_is_being_deleted_is_none() -> None:
    with pytest.raises(OptionError, match="does not exist"):
        found(Listed([image(IMAGE_ID, PROJECT, status="pending_delete")]), id=IMAGE_ID, name=None)
