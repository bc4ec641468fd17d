# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other data under the same name: the new image takes over what the task does not manage, the old one goes as told."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import Done, checked, image, variable

OLD, NEW = "$FILES/a.qcow2", "$FILES/b.qcow2"
#: What an image may have that the task does not speak of.
UNMANAGED = {
    "tags": ["kept"],
    "min_disk": 2,
    "min_ram": 128,
    "protected": True,
    "properties": {"kept": "yes", "os_distro": "x", "base_image_ref": "r", "owner_specified.openstack.md5": "outdated"},
}
#: By a name: what the replacing task says, and what has become of the old image then.
WAYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "hidden": ({}, {"os_hidden": True, "status": "active"}),
    "deactivated": ({"replaced_state": "deactivated"}, {"os_hidden": False, "status": "deactivated"}),
    "absent": ({"replaced_state": "absent", "protected": False}, {}),
    "renamed": ({"replaced_name": "P-an old one"}, {"os_hidden": True, "name": "P-an old one"}),
    "shared": ({"members": ["other"], "visibility": "shared"}, {"os_hidden": True, "status": "active"}),
    "imported": ({"import_method": "glance-direct"}, {"os_hidden": True, "status": "active"}),
}


@pytest.fixture(scope="module")
def ran(run: Runner, admin: Glance, prefix: str) -> dict[str, list[Done]]:
    """Made, replaced in check mode, replaced, and once more for nothing."""
    other = variable("LOCAL_CLOUD_OTHER_PROJECT_ID")
    first = []
    tasks = []
    for label, (options, _then) in WAYS.items():
        name = f"{prefix}{label}"
        told = {k: v.replace("P-", prefix) if isinstance(v, str) else v for k, v in options.items()}
        first.append({"name": name, "filename": OLD, "visibility": "shared", "members": [other], **UNMANAGED})
        wanted = {"name": name, "filename": NEW, "on_content_change": "replace", **told}
        tasks += [checked(**wanted), image(**wanted), image(**wanted)]
    made, *rest = run([image(images=first), *tasks])
    assert not made.failed, made.message
    results = made.result["results"]
    return {
        label: [Done(False, results[number], [], []), *rest[3 * number : 3 * number + 3]]
        for number, label in enumerate(WAYS)
    }


@pytest.mark.parametrize("label", WAYS)
def test_replaced(ran: dict[str, list[Done]], admin: Glance, prefix: str, files: Path, label: str) -> None:
    made, check, replaced, again = ran[label]
    options, then = WAYS[label]
    for done in (check, replaced, again):
        assert not done.failed, done.message
    assert (check.changed, replaced.changed, again.changed) == (True, True, False)
    assert check.writes == again.writes == []
    assert check.result["actions"] == replaced.result["actions"]
    old, new = made.image, replaced.image
    assert new["id"] != old["id"]
    assert new["os_hash_value"] == hashlib.sha512((files / "b.qcow2").read_bytes()).hexdigest()
    assert replaced.result["verified"] is True
    for key in ("name", "tags", "min_disk", "min_ram", "visibility", "kept", "os_distro", "base_image_ref"):
        assert new[key] == old[key], key
    assert new["protected"] == options.get("protected", True)
    assert "owner_specified.openstack.md5" not in new
    members = admin.call("GET", f"images/{new['id']}/members")["members"]
    assert [one["member_id"] for one in members] == [variable("LOCAL_CLOUD_OTHER_PROJECT_ID")]
    left = {one["id"]: one for one in admin.images(prefix)}
    if not then:
        assert old["id"] not in left
    else:
        kept = left[old["id"]]
        expected = {k: v.replace("P-", prefix) if isinstance(v, str) else v for k, v in then.items()}
        assert {key: kept[key] for key in expected} == expected
        assert kept["name"] == expected.get("name", f"{prefix}{label} ({old['created_at'][:10]})")
        assert kept["os_hash_value"] == old["os_hash_value"]


def test_names_are_swapped_in_two_patches(ran: dict[str, list[Done]]) -> None:
    """One shows the new image, one renames the old or lifts its protection; a last one takes the change's mark away."""
    for label, (_made, _check, replaced, _again) in ran.items():
        assert replaced.requests.count("PATCH image") == 3, f"{label}: {replaced.requests}"
        assert replaced.requests.index("PUT stage" if label == "imported" else "PUT file") < replaced.requests.index(
            "PATCH image"
        )


def test_ignore_leaves_data_and_formats(run: Runner, admin: Glance, prefix: str) -> None:
    name = f"{prefix}ignored"
    wanted = {"name": name, "filename": "$FILES/b.raw", "disk_format": "raw", "on_content_change": "ignore"}
    made, ignored, again = run([image(name=name, filename=OLD), image(**wanted, tags=["new"]), image(**wanted)])
    assert not ignored.failed, ignored.message
    assert ignored.result["actions"] == ["update"]
    assert ignored.image["tags"] == ["new"]
    for key in ("id", "disk_format", "os_hash_value"):
        assert ignored.image[key] == made.image[key]
    assert not again.changed


def test_the_same_content_is_never_replaced(run: Runner, admin: Glance, prefix: str, files: Path) -> None:
    """Whatever its name and date: it is recognised by its hash."""
    copy = files / "another name.img"
    copy.write_bytes((files / "a.qcow2").read_bytes())
    name = f"{prefix}same"
    replacing = {"name": name, "on_content_change": "replace"}
    tasks = [image(name=name, filename=OLD), image(**replacing, filename=str(copy))]
    tasks += [image(**replacing, url=f"file://{copy}")]
    tasks += [image(**replacing, checksum=f"md5:{hashlib.md5(copy.read_bytes()).hexdigest()}")]
    done = run(tasks)
    assert [one.failed for one in done] == [False] * 4, [one.message for one in done]
    assert [one.changed for one in done] == [True, False, False, False]


def test_a_refused_replacement_leaves_the_old_image_as_it_was(run: Runner, admin: Glance, prefix: str) -> None:
    name = f"{prefix}refused"
    replacing = {"name": name, "on_content_change": "replace"}
    before = {"name": name, "filename": OLD, "protected": True, "tags": ["x"]}
    made, wrong_sum, wrong_format, still_protected = run(
        [
            image(**before),
            image(**replacing, filename=NEW, checksum=f"sha256:{'0' * 64}"),
            image(**replacing, filename="$FILES/b.raw", disk_format="qcow2"),
            image(**replacing, filename=NEW, replaced_state="absent"),
        ]
    )
    assert "nothing was published" in wrong_sum.message
    assert "does not fit qcow2" in wrong_format.message
    assert "PUT file" not in wrong_format.requests
    assert "is protected, so it cannot be deleted when it is replaced" in still_protected.message
    (kept,) = admin.images(name)
    for key in ("id", "status", "updated_at", "protected", "tags", "os_hash_value"):
        assert kept[key] == made.image[key]
