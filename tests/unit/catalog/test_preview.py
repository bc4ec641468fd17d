# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diff of a plan: before and after of what each step touches, and no secret."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan
from ansible_collections.imageops.glance.plugins.module_utils.catalog.preview import differences

OLD = {
    "id": "1",
    "name": "A",
    "status": "active",
    "os_hidden": False,
    "visibility": "private",
    "min_disk": 0,
    "tags": ["b", "a"],
    "os_distro": "debian",
}


def part(action: str = "update", **element: Any) -> dict[str, Any]:
    """The diff of one step, whose element has these options."""
    step = {"action": action, "label": "A", "key": "k", "image_id": "1"}
    (found,) = differences({"steps": [step], "images": [{"key": "k", "id": "1", **element}]}, [OLD])
    assert found["before_header"] == found["after_header"] == f"{action} A"
    return found


@pytest.mark.parametrize(
    ("element", "before", "after"),
    [
        ({}, {}, {}),
        ({"visibility": "private", "min_disk": 0, "name": "A"}, {}, {}),
        ({"min_disk": 5}, {"min_disk": 0}, {"min_disk": 5}),
        ({"tags": ["a", "b"]}, {}, {}),
        ({"tags": ["c"]}, {"tags": ["b", "a"]}, {"tags": ["c"]}),
        ({"tags": []}, {"tags": ["b", "a"]}, {"tags": []}),
        ({"hidden": True}, {"os_hidden": False}, {"os_hidden": True}),
        ({"state": "present"}, {}, {}),
        ({"state": "deactivated"}, {"status": "active"}, {"status": "deactivated"}),
        ({"state": "absent"}, {"id": "1", "name": "A", "status": "active"}, {}),
        ({"properties": {"os_distro": "debian"}}, {}, {}),
        ({"properties": {"os_distro": None}}, {"os_distro": "debian"}, {}),
        ({"properties": {"os_distro": "ubuntu"}}, {"os_distro": "debian"}, {"os_distro": "ubuntu"}),
        ({"properties": {"cores": 4}}, {}, {"cores": "4"}),
        ({"replaces": "0", "replaced_state": "hidden", "on_in_use": "hide", "after": ["x"]}, {}, {}),
        ({"url": "https://u:secret@h/a?signature=secret", "url_password": "secret"}, {}, {"url": "https://h/a"}),
    ],
)
def test_sides(element: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
    found = part(**element)
    if "url" in element:
        assert "secret" not in str(found)
        assert found["after"]["url"].startswith("https://")
        return
    assert {key: sorted(v) if isinstance(v, list) else v for key, v in found["before"].items()} == {
        key: sorted(v) if isinstance(v, list) else v for key, v in before.items()
    }
    assert found["after"] == after


def test_a_new_image_has_no_before() -> None:
    made = plan([{"name": "A", "url": "https://h/a", "tags": ["x"]}], [], "base")
    (found,) = differences(made, [])
    assert found["before"] == {}
    assert found["after"]["tags"] == ["x"]
    assert found["after"]["url"] == "https://h/a"
    assert found["after_header"] == "create A"


def test_what_stays_is_not_shown() -> None:
    step = {"action": "unchanged", "label": "A", "key": None, "image_id": "1"}
    assert differences({"steps": [step], "images": []}, [OLD]) == []
