# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of several images of one name is meant."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.document import REPLACES
from ansible_collections.imageops.glance.plugins.module_utils.image.selection import (
    GONE,
    AmbiguousError,
    Selection,
    replaces,
    replaces_mark,
    select,
    unfilled,
)

MINE, THEIRS = "mine", "theirs"


def image(image_id: str, **more: Any) -> dict[str, Any]:
    """An active image of the own project that is not hidden."""
    return {
        "id": image_id,
        "name": "x",
        "status": "active",
        "owner": MINE,
        "os_hidden": False,
        "created_at": f"2026-01-0{image_id[0]}",
        **more,
    }


def chosen(*candidates: dict[str, Any], **options: Any) -> str | None:
    """The id of the image that is meant, the same whatever the order in which Glance lists them."""
    found = {
        (selection.current or {}).get("id")
        for order in itertools.permutations(candidates)
        for selection in [select(order, "image 'x'", **{"project_id": MINE, **options})]
    }
    assert len(found) == 1
    return found.pop()


@pytest.mark.parametrize(
    ("candidates", "options", "meant"),
    [
        ([], {}, None),
        ([image("1")], {}, "1"),
        ([image("1", status=status) for status in GONE], {}, None),
        ([image("1", status="queued")], {}, "1"),
        ([image("1", os_hidden=True)], {}, "1"),
        ([image("1", status="deactivated")], {}, "1"),
        ([image("1", owner=THEIRS)], {}, "1"),
        ([image("1", owner=THEIRS)], {"others": False}, None),
        ([image("1", owner=THEIRS)], {"owner": MINE}, None),
        ([image("1", owner=THEIRS)], {"owner": THEIRS}, "1"),
        ([image("1", owner=THEIRS), image("2")], {}, "2"),
        ([image("1", owner=THEIRS), image("2")], {"owner": THEIRS}, "1"),
        ([image("1", owner=THEIRS), image("2", os_hidden=True)], {}, "2"),
        ([image("1", owner=THEIRS), image("2", status="queued")], {}, "2"),
        ([image("1", owner=THEIRS), image("2")], {"project_id": THEIRS}, "1"),
        ([image("1", os_hidden=True), image("2")], {}, "2"),
        ([image("1", os_hidden=True), image("2", os_hidden=True), image("3", status="queued")], {}, "3"),
        ([image("1", status="queued"), image("2")], {}, "2"),
        ([image("1", status="queued"), image("2", status="queued"), image("3")], {}, "3"),
        ([image("1", status="saving"), image("2", status="deactivated")], {}, "2"),
    ],
)
def test_the_one_that_is_meant(candidates: list[dict[str, Any]], options: dict[str, Any], meant: str | None) -> None:
    assert chosen(*candidates, **options) == meant


@pytest.mark.parametrize(
    "candidates",
    [
        [image("1"), image("2")],
        [image("1"), image("2", status="deactivated")],
        [image("1", os_hidden=True), image("2", os_hidden=True)],
        [image("1", owner=THEIRS), image("2", owner="third")],
        [image("1", status="saving"), image("2", status="saving")],
    ],
)
def test_several_are_listed(candidates: list[dict[str, Any]]) -> None:
    with pytest.raises(AmbiguousError) as caught:
        select(candidates, "image 'x'", project_id=MINE)
    for one in candidates:
        assert one["id"] in caught.value.message
        assert one["owner"] in caught.value.message
    assert caught.value.message.startswith("There are 2 images that image 'x' could mean: ")
    assert caught.value.message.endswith("give id or owner.")


def test_without_a_project_all_count() -> None:
    with pytest.raises(AmbiguousError):
        chosen(image("1"), image("2", owner=THEIRS), project_id=None)


# ---- what an interrupted replacement leaves


def marked(image_id: str, old: str, **more: Any) -> dict[str, Any]:
    return image(image_id, **{REPLACES: replaces_mark(old, image_id), **more})


def test_a_mark_counts_for_its_own_image_only() -> None:
    assert replaces(marked("2", "1")) == "1"
    snapshot = {**marked("2", "1"), "id": "3"}
    assert replaces(snapshot) is None
    assert replaces({REPLACES: "1", "id": "1"}) is None
    assert replaces({}) is None


@pytest.mark.parametrize(
    ("candidates", "found"),
    [
        # its data is on its way, or verified, and nobody sees it yet
        ([image("1"), marked("2", "1", os_hidden=True, status="queued")], ("1", "2", None)),
        ([image("1"), marked("2", "1", os_hidden=True)], ("1", "2", None)),
        # it is shown, and the old one has still its name
        ([image("1"), marked("2", "1")], ("2", None, "1")),
        # the old one was hidden already, and has still its name
        ([image("1", os_hidden=True), marked("2", "1")], ("2", None, "1")),
        # a snapshot of a replacement is a snapshot
        ([image("1"), {**marked("2", "1", os_hidden=True), "id": "3"}], ("1", None, None)),
        # what it was made for is another image
        ([image("1"), marked("2", "9", os_hidden=True)], ("1", None, None)),
    ],
)
def test_half_made_replacements(candidates: list[dict[str, Any]], found: tuple[str | None, ...]) -> None:
    for order in itertools.permutations(candidates):
        selection = select(order, "image 'x'", project_id=MINE)
        parts = (selection.current, selection.staged, selection.superseded)
        assert tuple(None if part is None else part["id"] for part in parts) == found


# ---- several runs of the same task at the same time


def begun(image_id: str, **more: Any) -> dict[str, Any]:
    return image(image_id, status="queued", **more)


@pytest.mark.parametrize(
    ("document", "empty"),
    [
        (begun("1"), True),
        (begun("1", size=None, checksum=None, stores=""), True),
        (begun("1", size=5), False),
        (begun("1", checksum="c"), False),
        (begun("1", os_glance_import_task="t"), False),
        (image("1"), False),
        (image("1", status="saving"), False),
    ],
)
def test_what_has_no_data(document: dict[str, Any], empty: bool) -> None:
    assert unfilled(document) is empty


def test_the_eldest_of_what_was_begun_alike_is_taken() -> None:
    images = [begun("3"), begun("1"), begun("2")]
    assert chosen(*images, merge=True) == "1"
    selection = select(images, "image 'x'", project_id=MINE, merge=True)
    assert sorted(twin["id"] for twin in selection.twins) == ["2", "3"]
    with pytest.raises(AmbiguousError) as caught:
        select(images, "image 'x'", project_id=MINE)
    assert caught.value.unsettled


def test_what_was_not_begun_alike_is_somebodys_own() -> None:
    with pytest.raises(AmbiguousError):
        select([begun("1", tags=["mine"]), begun("2", tags=["other"])], "image 'x'", project_id=MINE, merge=True)
    selection = select([image("1", tags=["a"]), begun("2", tags=["b"])], "image 'x'", project_id=MINE, merge=True)
    assert (selection.current or {})["id"] == "1"
    assert selection.twins == []


def test_nothing_is_selected_of_nothing() -> None:
    assert select([], "image 'x'") == Selection()
