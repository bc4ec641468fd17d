# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogs and clouds in a word each, and the plan between them: what is created, replaced, adopted and put away."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.tests.unit.catalog.cloud_model import OTHER_PROJECT, PROJECT, Cloud, digest

URL = "https://h/x.img"


def entry(version: str | None = None, data: str = "x", **more: Any) -> dict[str, Any]:
    """An entry named A whose data and URL are a letter."""
    made = {"name": "A", "url": f"https://h/{data}.img", **more}
    if version is not None:
        made["version"] = version
    return made


def marks(version: str = "", data: str = "x", catalog: str = "base", name: str = "A") -> dict[str, str]:
    return {
        "imageops_catalog": catalog,
        "imageops_entry": name,
        "imageops_version": version,
        "imageops_source": f"https://h/{data}.img",
        "imageops_image": "{id}",
    }


def marked(version: str = "", data: str = "x", **attributes: Any) -> dict[str, Any]:
    """Attributes of an image of the catalog; the name follows from whether it is hidden."""
    name = f"A ({version})" if attributes.get("os_hidden") else "A"
    return {"name": name, "data": data, **marks(version, data), **attributes}


def cloud_of(*images: dict[str, Any]) -> Cloud:
    cloud = Cloud(web={f"https://h/{data}.img": data for data in "xyz"})
    for image in images:
        cloud.add(**image)
    return cloud


def planned(cloud: Cloud, *entries: dict[str, Any], **policy: Any) -> dict[str, Any]:
    policy.setdefault("project_id", PROJECT)
    return plan(list(entries), cloud.listing(), "base", **policy)


def actions(outcome: dict[str, Any]) -> list[str]:
    """Steps in short: "<action> <label>", with what an image to be put away becomes."""
    elements = {element["key"]: element for element in outcome["images"]}
    told = []
    for step in outcome["steps"]:
        text = f"{step['action']} {step['label']}"
        element = elements.get(step["key"] or "", {})
        if step["action"] in ("retire", "prune"):
            fate = element["state"] if element["state"] != "present" else "hidden" if "hidden" in element else "renamed"
            text += f": {fate}"
        told.append(text)
    return told


SHA = digest("x")
SHA512 = digest("x", "sha512")
OTHER = digest("y")

# entries, images of the cloud, policy -> the steps
CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any], list[str]]] = {
    "nothing wanted, nothing there": ([], [], {}, []),
    "first of its kind": ([entry()], [], {}, ["create A"]),
    "there and right": ([entry("1")], [marked("1")], {}, ["unchanged A"]),
    "there and right without a version": ([entry()], [marked()], {}, ["unchanged A"]),
    "digest recorded by Glance": (
        [entry("1", checksum=SHA512)],
        [marked("1", imageops_digest=SHA512)],
        {},
        ["unchanged A"],
    ),
    "digest only stated": ([entry("1", checksum=SHA)], [marked("1", imageops_digest=SHA)], {}, ["unchanged A"]),
    "digest in upper case": (
        [entry("1", checksum=SHA.upper().replace("SHA256", "sha256"))],
        [marked("1", imageops_digest=SHA)],
        {},
        ["unchanged A"],
    ),
    "a digest that is learned later is verified": ([entry("1", checksum=SHA)], [marked("1")], {}, ["update A"]),
    "a proven digest is only noted": ([entry("1", checksum=SHA512)], [marked("1")], {}, ["update A"]),
    "checksum file not read yet: the version decides": (
        [entry("1", checksum="sha256:https://h/SUMS")],
        [marked("1")],
        {},
        ["unchanged A"],
    ),
    "digest found out beforehand": ([entry("1", digest=SHA512)], [marked("1", "y")], {}, ["replace A"]),
    # metadata
    "renamed by hand": ([entry("1")], [marked("1", name="B")], {}, ["update A"]),
    "other visibility": ([entry("1", visibility="public")], [marked("1")], {}, ["update A"]),
    "visibility not managed": ([entry("1")], [marked("1", visibility="community")], {}, ["unchanged A"]),
    "number stored as text": ([entry("1", properties={"a": 4})], [marked("1", a="4")], {}, ["unchanged A"]),
    "truth as another tool stores it": (
        [entry("1", properties={"a": True})],
        [marked("1", a="True")],
        {},
        ["unchanged A"],
    ),
    "property to go that is not there": ([entry("1", properties={"a": None})], [marked("1")], {}, ["unchanged A"]),
    "property to go": ([entry("1", properties={"a": None})], [marked("1", a="4")], {}, ["update A"]),
    "other properties stay": ([entry("1", properties={"a": "1"})], [marked("1", a="1", b="2")], {}, ["unchanged A"]),
    "exact properties": (
        [entry("1", properties={"a": "1"}, properties_mode="exact")],
        [marked("1", a="1", b="2")],
        {},
        ["update A"],
    ),
    "exact leaves what services write": (
        [entry("1", properties_mode="exact")],
        [marked("1", os_glance_failed_import="", **{"owner_specified.openstack.sha256": SHA[7:]})],
        {},
        ["unchanged A"],
    ),
    "no tags wanted": ([entry("1", tags=[])], [marked("1", tags=["t"])], {}, ["update A"]),
    "tags in another order": ([entry("1", tags=["b", "a"])], [marked("1", tags=["a", "b"])], {}, ["unchanged A"]),
    "min_disk auto is the module's": ([entry("1", min_disk="auto")], [marked("1", min_disk=7)], {}, ["unchanged A"]),
    "source moved": ([{**entry("1"), "url": "https://m/x.img"}], [marked("1")], {}, ["update A"]),
    "deactivated on purpose": (
        [entry("1", state="deactivated")],
        [marked("1", status="deactivated")],
        {},
        ["unchanged A"],
    ),
    "to be deactivated": ([entry("1", state="deactivated")], [marked("1")], {}, ["update A"]),
    "hidden on purpose": ([entry("1", hidden=True)], [marked("1", os_hidden=True, name="A")], {}, ["unchanged A"]),
    # content
    "new version": ([entry("2", "y")], [marked("1")], {}, ["replace A"]),
    "new data under the same version": (
        [entry("1", "y", checksum=digest("y", "sha512"))],
        [marked("1", "x")],
        {},
        ["replace A"],
    ),
    "stated digest differs": ([entry("1", checksum=OTHER)], [marked("1", imageops_digest=SHA)], {}, ["replace A"]),
    "new source without version and digest": ([entry(None, "y")], [marked("", "x")], {}, ["replace A"]),
    "another disk format": ([entry("1", disk_format="raw")], [marked("1")], {}, ["replace A"]),
    "another container format": ([entry("1", container_format="ova")], [marked("1")], {}, ["replace A"]),
    "format converted by the cloud": (
        [entry("1", disk_format="qcow2", import_method="web-download", checksum=digest("q", "sha512"))],
        [marked("1", disk_format="raw", imageops_digest=digest("q", "sha512"))],
        {},
        ["unchanged A"],
    ),
    "converted on the way": ([entry("1", convert="raw")], [marked("1", disk_format="raw")], {}, ["unchanged A"]),
    "to be converted": ([entry("1", convert="raw")], [marked("1")], {}, ["replace A"]),
    "a new name for the same data": (
        [entry("2", checksum=SHA512)],
        [marked("1", imageops_digest=SHA512)],
        {},
        ["update A"],
    ),
    "version dropped, same source": ([entry()], [marked("1")], {}, ["update A"]),
    "the digest of compressed data says nothing of the outcome": (
        [entry("1", decompress="auto", checksum=digest("packed", "sha512"))],
        [marked("1", imageops_digest=digest("packed", "sha512"))],
        {},
        ["unchanged A"],
    ),
    "another compressed file": (
        [entry("1", decompress="auto", checksum=digest("packed", "sha512"))],
        [marked("1", imageops_digest=digest("before", "sha512"))],
        {},
        ["replace A"],
    ),
    "compressed, with the digest of the outcome": (
        [entry("1", decompress="auto", checksum=SHA512)],
        [marked("1")],
        {},
        ["update A"],
    ),
    # predecessors
    "one predecessor is kept": (
        [entry("3", "z")],
        [marked("3", "z"), marked("2", "y", os_hidden=True), marked("1", os_hidden=True)],
        {},
        ["unchanged A", "retire A (1): absent"],
    ),
    "natural order": (
        [entry("10", "z")],
        [marked("10", "z"), marked("9", "y", os_hidden=True), marked("1", os_hidden=True)],
        {},
        ["unchanged A", "retire A (1): absent"],
    ),
    "none is kept": (
        [entry("2", "y")],
        [marked("2", "y"), marked("1", os_hidden=True)],
        {"keep": 0},
        ["unchanged A", "retire A (1): absent"],
    ),
    "all are kept": (
        [entry("3", "z")],
        [marked("3", "z"), marked("2", "y", os_hidden=True), marked("1", os_hidden=True)],
        {"keep": "all"},
        ["unchanged A"],
    ),
    "the entry's own keep": (
        [entry("3", "z", keep=2)],
        [marked("3", "z"), marked("2", "y", os_hidden=True), marked("1", os_hidden=True)],
        {"keep": 0},
        ["unchanged A"],
    ),
    "retire deletes": (
        [entry("2", "y")],
        [marked("2", "y"), marked("1", os_hidden=True)],
        {"retire": "delete", "keep": "all"},
        ["unchanged A", "retire A (1): absent"],
    ),
    "retire deactivates": (
        [entry("2", "y")],
        [marked("2", "y"), marked("1", os_hidden=True)],
        {"retire": "deactivate"},
        ["unchanged A", "retire A (1): deactivated"],
    ),
    "deactivated already": (
        [entry("2", "y")],
        [marked("2", "y"), marked("1", name="A (1)", status="deactivated")],
        {"retire": "deactivate"},
        ["unchanged A"],
    ),
    "a half-made replace: the old one still shows": (
        [entry("2", "y")],
        [marked("1"), marked("2", "y")],
        {},
        ["unchanged A", "retire A: hidden"],
    ),
    "a hidden predecessor still under the name": (
        [entry("2", "y")],
        [marked("2", "y"), marked("1", os_hidden=True, name="A")],
        {},
        ["unchanged A", "retire A: renamed"],
    ),
    "protected by hand": (
        [entry("2", "y")],
        [marked("2", "y"), marked("1", protected=True)],
        {"keep": 0},
        ["unchanged A", "retire A: hidden"],
    ),
    "protected by the catalog": (
        [entry("2", "y", protected=True)],
        [marked("2", "y", protected=True), marked("1", protected=True)],
        {"keep": 0},
        ["unchanged A", "retire A: absent"],
    ),
    "back to a version that is hidden": (
        [entry("1")],
        [marked("2", "y"), marked("1", os_hidden=True)],
        {},
        ["restore A", "retire A: hidden"],
    ),
    "back to a version that is deactivated": (
        [entry("1")],
        [marked("2", "y"), marked("1", name="A (1)", status="deactivated")],
        {},
        ["restore A", "retire A: hidden"],
    ),
    "back to a version that is gone": ([entry("1")], [marked("2", "y")], {}, ["replace A"]),
    "only a hidden predecessor": ([entry("2", "y")], [marked("1", os_hidden=True)], {}, ["create A"]),
    "twins of two runs": (
        [entry("1")],
        [marked("1"), marked("1")],
        {},
        ["unchanged A", "retire A: absent"],
    ),
    # several versions at once
    "two versions": ([entry("1"), entry("2", "y")], [], {}, ["create A", "create A (1)"]),
    "two versions, in any order": ([entry("2", "y"), entry("1")], [], {}, ["create A", "create A (1)"]),
    "a version more": (
        [entry("1"), entry("2", "y")],
        [marked("1")],
        {},
        ["create A", "update A (1)"],
    ),
    "a version less": (
        [entry("2", "y")],
        [marked("2", "y"), marked("1", name="A (1)")],
        {},
        ["unchanged A", "retire A (1): hidden"],
    ),
    "the newest version leaves": (
        [entry("1")],
        [marked("2", "y"), marked("1", name="A (1)")],
        {},
        ["update A", "retire A: hidden"],
    ),
    # adoption
    "same data and name": ([entry("1", checksum=SHA512)], [{"name": "A", "data": "x"}], {}, ["adopt A"]),
    "same data and name, recorded": (
        [entry("1", checksum=SHA)],
        [{"name": "A", "data": "x", "owner_specified.openstack.sha256": SHA[7:]}],
        {},
        ["adopt A"],
    ),
    "same data under the versioned name": (
        [entry("1", checksum=SHA512)],
        [{"name": "A (1)", "data": "x"}],
        {},
        ["adopt A"],
    ),
    "same data under another name": ([entry("1", checksum=SHA512)], [{"name": "mine", "data": "x"}], {}, ["create A"]),
    "same data under another name, but tagged": (
        [entry("1", checksum=SHA512)],
        [{"name": "mine", "data": "x", "tags": ["managed_by_osism"]}],
        {},
        ["adopt A"],
    ),
    "same name, other data": ([entry("1", checksum=SHA512)], [{"name": "A", "data": "y"}], {}, ["create A"]),
    "same name, data unknown": ([entry("1")], [{"name": "A", "data": "x"}], {}, ["create A"]),
    "same data, other format": (
        [entry("1", checksum=SHA512, disk_format="raw")],
        [{"name": "A", "data": "x"}],
        {},
        ["create A"],
    ),
    "adoption switched off": (
        [entry("1", checksum=SHA512)],
        [{"name": "A", "data": "x"}],
        {"adopt": "none"},
        ["create A"],
    ),
    "by name and tag": (
        [entry("1")],
        [{"name": "A", "data": "x", "tags": ["managed_by_osism"], "internal_version": "1"}],
        {"adopt": "name"},
        ["adopt A"],
    ),
    "by name and tag, of another version": (
        [entry("2")],
        [{"name": "A", "data": "x", "tags": ["managed_by_osism"], "internal_version": "1"}],
        {"adopt": "name"},
        ["create A"],
    ),
    "by name without the tag": ([entry("1")], [{"name": "A", "data": "x"}], {"adopt": "name"}, ["create A"]),
    "by name, but the data differs": (
        [entry("1", checksum=SHA512)],
        [{"name": "A", "data": "y", "tags": ["managed_by_osism"]}],
        {"adopt": "name"},
        ["create A"],
    ),
    "by name and another tag": (
        [entry("1")],
        [{"name": "A", "data": "x", "tags": ["old"]}],
        {"adopt": "name", "adopt_tag": "old"},
        ["adopt A"],
    ),
    "instead of moving the new version": (
        [entry("2", "y", checksum=digest("y", "sha512"))],
        [marked("1"), {"name": "A", "data": "y"}],
        {},
        ["adopt A", "retire A: hidden"],
    ),
    "the listed one of two": (
        [entry("1", checksum=SHA512)],
        [{"name": "A", "data": "x", "os_hidden": True}, {"name": "A", "data": "x"}],
        {},
        ["adopt A"],
    ),
    # others
    "another catalog's image": (
        [entry("1", checksum=SHA512)],
        [{"name": "A", "data": "x", **marks("1", catalog="other")}],
        {"prune": "delete"},
        ["create A"],
    ),
    "a snapshot with inherited marks": (
        [entry("1", checksum=SHA512)],
        [{**marked("1"), "imageops_image": "another", "image_type": "snapshot"}],
        {"prune": "delete"},
        ["create A"],
    ),
    "an uploaded volume with inherited marks": (
        [entry("1", checksum=SHA512)],
        [{**marked("1"), "imageops_image": "another"}],
        {"prune": "delete"},
        ["create A"],
    ),
    "marks on another project's image": (
        [entry("1", checksum=SHA512)],
        [marked("1", owner=OTHER_PROJECT)],
        {"prune": "delete"},
        ["create A"],
    ),
    # pruning
    "left, and prune is none": ([], [marked("1")], {}, []),
    "left, to be hidden": ([], [marked("1")], {"prune": "hide"}, ["prune A: hidden"]),
    "left, hidden already": ([], [marked("1", os_hidden=True)], {"prune": "hide"}, []),
    "left, to be deactivated": ([], [marked("1")], {"prune": "deactivate"}, ["prune A: deactivated"]),
    "left, to be deleted": (
        [],
        [marked("1"), marked("2")],
        {"prune": "delete"},
        ["prune A: absent", "prune A: absent"],
    ),
    "left, but protected": ([], [marked("1", protected=True)], {"prune": "delete"}, ["prune A: hidden"]),
    "left without data": ([], [marked("1", status="queued")], {"prune": "hide"}, ["prune A: absent"]),
    "left, but somebody is uploading": ([], [marked("1", status="saving")], {"prune": "delete"}, []),
    "switched off is not left": ([entry("1", enabled=False)], [marked("1")], {"prune": "delete"}, []),
    "switched off is not created": ([entry("1", enabled=False)], [], {}, []),
    "a version switched off stays as it is": (
        [entry("2", "y"), entry("1", enabled=False)],
        [marked("2", "y"), marked("1", name="A (1)")],
        {"keep": 0},
        ["unchanged A"],
    ),
    # leftovers
    "begun for what is wanted": ([entry("1")], [marked("1", status="queued")], {}, ["create A"]),
    "being uploaded": ([entry("1")], [marked("1", status="saving")], {}, ["create A"]),
    "begun for something else": (
        [entry("2", "y")],
        [marked("2", "y"), marked("1", status="queued")],
        {},
        ["unchanged A", "retire A: absent"],
    ),
    "somebody at work on something else": (
        [entry("2", "y")],
        [marked("2", "y"), marked("1", status="importing")],
        {},
        ["unchanged A"],
    ),
    "begun twice": (
        [entry("1")],
        [marked("1", status="queued"), marked("1", status="queued")],
        {},
        ["create A", "retire A: absent"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_steps(case: str) -> None:
    entries, images, policy, expected = CASES[case]
    assert actions(planned(cloud_of(*images), *entries, **policy)) == expected


def world(cloud: Cloud, entries: list[dict[str, Any]]) -> None:
    """Give each entry's URL the data whose digest the entry states, or the one of the URL's letter."""
    for one in entries:
        stated = one.get("digest") or one.get("checksum") or ""
        fitting = [
            data
            for data in (*"xyzq", "packed")
            if digest(data, stated.partition(":")[0].lower() or "md5") == stated.lower()
        ]
        cloud.web[one["url"]] = fitting[0] if fitting else one["url"][-5]


@pytest.mark.parametrize("case", [case for case in CASES if "saving" not in str(CASES[case])])
def test_steps_lead_to_where_nothing_is_to_be_done(case: str) -> None:
    entries, images, policy, _expected = CASES[case]
    cloud = cloud_of(*images)
    world(cloud, entries)
    results = cloud.run(planned(cloud, *entries, **policy)["images"])
    again = planned(cloud, *entries, **policy)
    assert set(results.values()) <= {"ok"}
    assert not again["changed"], again["table"]


def test_marks_on_a_snapshot_are_never_believed() -> None:
    cloud = cloud_of(marked("1", image_type="snapshot"))
    outcome = planned(cloud, entry("1"), prune="delete")
    assert actions(outcome) == ["create A"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("retire", "remove"), ("prune", "all"), ("adopt", "yes"), ("keep", -1), ("keep", "some"), ("keep", True)],
)
def test_policies_that_cannot_be(option: str, value: Any) -> None:
    with pytest.raises(OptionError, match=f"^{option}: "):
        plan([], [], "base", **{option: value})


def test_a_catalog_has_a_name() -> None:
    with pytest.raises(OptionError, match=r"^name: "):
        plan([], [], " ")
