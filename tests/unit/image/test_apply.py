# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real Glance on files cannot show: images in use, and images that cannot be taken back."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.document import Desired, apply_operations
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError
from ansible_collections.imageops.glance.plugins.module_utils.image.apply import Applied, Applier
from ansible_collections.imageops.glance.plugins.module_utils.image.waiting import Deadline
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import DataWish, Wish
from ansible_collections.imageops.glance.plugins.module_utils.planning.model import Found, Plan, Step

IMAGE: dict[str, Any] = {"id": "i", "name": "x", "status": "active", "os_hidden": False, "visibility": "private"}
IN_USE = ApiError("Deleting image i failed with HTTP 409: it is in use (request id req-1).", 409, "req-1")


class FakeGlance:
    """One image; every delete fails as told."""

    def __init__(self, delete: ApiError | None) -> None:
        self.document: dict[str, Any] | None = dict(IMAGE)
        self.failure = delete
        self.patches: list[Any] = []

    def delete(self, _image_id: str) -> bool:
        if self.failure is not None:
            raise self.failure
        self.document = None
        return True

    def image(self, _image_id: str) -> dict[str, Any] | None:
        return self.document

    def patch(self, _image_id: str, patch: Any) -> dict[str, Any]:
        assert self.document is not None
        self.patches.append(patch)
        self.document = apply_operations(self.document, patch)
        return self.document


def applier(glance: FakeGlance, **more: Any) -> Applier:
    wish = Wish("x", None, "absent", Desired({"name": "x"}), **more)
    anything: Any = glance
    return Applier(anything, anything, anything, wish, Found(current=dict(IMAGE)), Deadline(5), True)


def delete(glance: FakeGlance, on_in_use: str, **more: Any) -> Applied:
    step = Step("delete", "i", {"told": "delete", "on_in_use": on_in_use})
    return applier(glance, on_in_use=on_in_use, **more).apply(Plan((step,), dict(IMAGE), None))


def test_an_image_in_use_is_not_deleted() -> None:
    with pytest.raises(ApiError, match="it is in use"):
        delete(FakeGlance(IN_USE), "fail")


def test_an_image_in_use_is_hidden_where_that_is_wanted() -> None:
    glance = FakeGlance(IN_USE)
    first, second = delete(glance, "hide"), delete(glance, "hide")
    assert glance.patches == [[{"op": "replace", "path": "/os_hidden", "value": True}]]
    assert (first.actions, second.actions) == (["delete"], [])
    assert first.notes == second.notes
    assert first.notes[0].startswith("image i is in use, so it was hidden and not deleted (Deleting image i failed")


def test_it_gives_its_name_free_too() -> None:
    glance = FakeGlance(IN_USE)
    delete(glance, "hide", replaced_name="x (old)")
    assert glance.document is not None
    assert (glance.document["name"], glance.document["os_hidden"]) == ("x (old)", True)


def test_any_other_refusal_is_told() -> None:
    with pytest.raises(ApiError) as caught:
        delete(FakeGlance(ApiError("No.", 403)), "hide")
    assert caught.value.status == 403


def test_an_image_that_cannot_be_taken_back_is_named() -> None:
    """Its data could not be sent, and then it could not be deleted either."""
    glance = FakeGlance(ApiError("Deleting image i failed with HTTP 500: oops.", 500))
    apply = applier(glance, data=DataWish(filename="/x"))
    apply.made = "i"
    step = Step("delete", "j", {"told": "delete", "on_in_use": "fail"})
    with pytest.raises(ApiError) as caught:
        apply.apply(Plan((step,), None, None))
    assert caught.value.message.endswith(
        " Image i could not be removed and is left behind: Deleting image i failed with HTTP 500: oops."
    )
