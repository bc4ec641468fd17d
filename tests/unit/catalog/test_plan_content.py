# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the elements of a plan's ``images``, its reasons, its table and its result."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils import argspec
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image.batch import check_order
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import ENTRY_DEFAULTS, wish_of
from ansible_collections.imageops.glance.tests.unit.catalog.cloud_model import OTHER_PROJECT, PROJECT, Cloud, digest
from ansible_collections.imageops.glance.tests.unit.catalog.test_plan_steps import (
    CASES,
    actions,
    cloud_of,
    entry,
    marked,
    planned,
)

SHA = digest("x")


def the_element(outcome: dict[str, Any]) -> dict[str, Any]:
    (element,) = outcome["images"]
    assert isinstance(element, dict)
    return element


def test_create() -> None:
    made = entry("1", checksum=SHA, disk_format="qcow2", visibility="public", properties={"os": "x"}, tags=["t"])
    assert the_element(planned(Cloud(), made)) == {
        "key": "A",
        "name": "A",
        "state": "present",
        "hidden": False,
        "match": {
            "imageops_catalog": "base",
            "imageops_entry": "A",
            "imageops_version": "1",
            "imageops_source": "https://h/x.img",
            "imageops_digest": SHA,
            "disk_format": "qcow2",
        },
        "url": "https://h/x.img",
        "checksum": SHA,
        "disk_format": "qcow2",
        "visibility": "public",
        "tags": ["t"],
        "properties": {
            "os": "x",
            "imageops_catalog": "base",
            "imageops_entry": "A",
            "imageops_version": "1",
            "imageops_source": "https://h/x.img",
            "imageops_digest": SHA,
            "imageops_image": "{id}",
        },
    }


def test_replace() -> None:
    cloud = cloud_of(marked("1", imageops_digest=SHA))
    (old,) = cloud.ids()
    element = the_element(planned(cloud, entry("2", "y")))
    assert element["replaces"] == old
    assert element["replaced_state"] == "hidden"
    assert element["replaced_name"] == "A (1)"
    assert element["on_in_use"] == "hide"
    assert "id" not in element
    # Not named, it would be inherited.
    assert element["properties"]["imageops_digest"] is None


@pytest.mark.parametrize(
    ("policy", "attributes", "state"),
    [
        ({"retire": "hide"}, {}, "hidden"),
        ({"retire": "deactivate"}, {}, "deactivated"),
        ({"retire": "delete"}, {}, "absent"),
        ({"keep": 0}, {}, "absent"),
        ({"keep": 0}, {"protected": True}, "hidden"),
    ],
)
def test_what_the_predecessor_becomes(policy: dict[str, Any], attributes: dict[str, Any], state: str) -> None:
    element = the_element(planned(cloud_of(marked("1", **attributes)), entry("2", "y"), **policy))
    assert element["replaced_state"] == state


def test_the_same_version_with_other_data_is_kept_under_its_day() -> None:
    cloud = cloud_of(marked("latest", imageops_digest=SHA))
    outcome = planned(cloud, entry("latest", "x", checksum=digest("y")))
    day = next(iter(cloud.images.values()))["created_at"][:10]
    assert the_element(outcome)["replaced_name"] == f"A ({day})"
    assert outcome["steps"][0]["reasons"] == [
        "its sha256 is another",
        f"the image so far becomes 'A ({day})' and is hidden",
    ]


def test_update_holds_no_source() -> None:
    cloud = cloud_of(marked("1", imageops_digest=SHA, visibility="community"))
    outcome = planned(cloud, entry("1", checksum=SHA, visibility="public", hidden=True, min_disk=3))
    element = the_element(outcome)
    assert element["id"] == next(iter(cloud.images))
    assert not {"url", "checksum", "match", "replaces", "disk_format"} & set(element)
    assert (element["visibility"], element["hidden"], element["min_disk"]) == ("public", True, 3)
    assert set(outcome["steps"][0]["reasons"]) == {"visibility community → public", "min_disk 0 → 3", "hidden no → yes"}


def test_data_in_doubt_is_verified() -> None:
    outcome = planned(cloud_of(marked("1")), entry("1", checksum=SHA))
    element = the_element(outcome)
    assert (element["url"], element["checksum"], element["on_content_change"]) == ("https://h/x.img", SHA, "replace")
    assert outcome["steps"][0]["reasons"] == ["its data is verified first", "digest is not marked"]


def test_an_unfinished_image_is_verified_before_it_is_shown() -> None:
    left = marked("1", imageops_digest=SHA)
    outcome = planned(cloud_of(left), entry("1", checksum=SHA, visibility="public"))
    assert the_element(outcome)["checksum"] == SHA
    proven = {**left, "owner_specified.openstack.sha256": SHA[7:]}
    assert "checksum" not in the_element(planned(cloud_of(proven), entry("1", checksum=SHA, visibility="public")))


def test_a_begun_replacement_goes_on() -> None:
    cloud = cloud_of(marked("1"), marked("2", "y", os_hidden=True, name="A"))
    old, new = cloud.ids()
    cloud.images[new]["imageops_replaces"] = f"{old} {new}"
    outcome = planned(cloud, entry("2", "y"))
    assert actions(outcome) == ["replace A"]
    assert the_element(outcome)["replaces"] == old
    assert f"goes on with image {new}, left active" in outcome["steps"][0]["reasons"]
    other = planned(cloud, entry("3", "z"))
    assert actions(other) == ["replace A", "retire A: absent"]


def test_a_retired_image_is_never_reactivated() -> None:
    cloud = cloud_of(marked("2", "y"), marked("1", name="A", status="deactivated"))
    element = the_element(planned(cloud, entry("2", "y")))
    assert (element["state"], element["hidden"], element["name"]) == ("deactivated", True, "A (1)")


def test_retire_waits_for_the_whole_series() -> None:
    cloud = cloud_of(marked("1"), marked("0", os_hidden=True))
    outcome = planned(cloud, entry("1"), entry("2", "y"), keep=0)
    assert actions(outcome) == ["create A", "update A (1)", "retire A (0): absent"]
    created, renamed, retired = outcome["images"]
    assert renamed["after"] == [created["key"]]
    assert retired["after"] == [created["key"]]
    newest, newer, replaced = planned(cloud, entry("2", "y"), entry("3", "z"), keep=0)["images"]
    assert replaced["after"] == [newest["key"], newer["key"]]


@pytest.mark.parametrize("missing", ["A", "B"])
def test_of_a_bad_entry_nothing_is_retired(missing: str) -> None:
    cloud = cloud_of(marked("1"), {**marked("1"), "name": "B", "imageops_entry": "B"}, marked("0", os_hidden=True))
    cloud.web = {"https://h/A2": "y", "https://h/B2": "z"}
    cloud.broken = {f"https://h/{missing}2"}
    entries = [{"name": name, "version": "2", "url": f"https://h/{name}2"} for name in "AB"]
    outcome = planned(cloud, *entries, keep=0)
    results = cloud.run(outcome["images"])
    assert results.pop(missing) == "failed"
    old = [image for image in cloud.images.values() if image["imageops_entry"] == missing]
    assert any(image["name"] == missing and not image["os_hidden"] and image["status"] == "active" for image in old)
    if missing == "A":
        assert [result for key, result in results.items() if key.startswith("retire")] == ["skipped"]
        assert any(image["name"] == "A (0)" for image in old)
    assert results[{"A": "B", "B": "A"}[missing]] == "ok"


def test_a_fixed_id() -> None:
    fixed = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
    element = the_element(planned(Cloud(), entry("1", id=fixed)))
    assert element["id"] == fixed
    assert "match" not in element
    cloud = cloud_of(marked("1"))
    assert "id" not in the_element(planned(cloud, entry("2", "y", id=fixed)))
    cloud.add("x", id=fixed)
    assert "id" not in the_element(planned(cloud, entry("2", "y", id=fixed)))


@pytest.mark.parametrize(
    ("source", "mark"),
    [
        ({"url": "https://user:secret@h:8/a.img?token=secret#x"}, "https://h:8/a.img"),
        ({"filename": "/home/me/a.img"}, "file:a.img"),
        ({"import_method": "glance-download", "remote_region": "r", "remote_image_id": "i"}, "glance:r/i"),
    ],
)
def test_sources_are_fit_for_everybodys_eyes(source: dict[str, str], mark: str) -> None:
    element = the_element(plan([{"name": "A", **source}], [], "base"))
    assert element["properties"]["imageops_source"] == mark
    assert "secret" not in str(element["properties"])
    assert "secret" not in str(element["match"])


def test_replication() -> None:
    primary = cloud_of(marked("1"), {**marked("1", "y"), "name": "B", "imageops_entry": "B"})
    first, second = primary.ids()
    remote = {"region": "one", "images": primary.listing(), "interface": "internal"}
    entries = [entry("1", checksum="sha256:https://h/SUMS"), entry("1", "y", name="B"), entry("1", "z", name="C")]
    outcome = planned(Cloud(), *entries, replicate=remote)
    by_key = {element["key"]: element for element in outcome["images"]}
    assert {key: element.get("remote_image_id") for key, element in by_key.items()} == {
        "A": first,
        "B": second,
        "C": None,
    }
    assert by_key["A"]["import_method"] == "glance-download"
    assert (by_key["A"]["remote_region"], by_key["A"]["remote_interface"]) == ("one", "internal")
    assert by_key["A"]["properties"]["imageops_source"] == "https://h/x.img"
    assert "url" not in by_key["A"]
    assert by_key["C"]["url"] == "https://h/z.img"
    assert outcome["steps"][0]["reasons"] == ["is not there yet", "is fetched from region one"]


def test_replication_of_what_was_unpacked() -> None:
    packed = digest("packed")
    primary = cloud_of(marked("1", imageops_digest=packed))
    remote = {"region": "one", "images": primary.listing()}
    outcome = planned(Cloud(), entry("1", decompress="xz", checksum=packed, disk_format="qcow2"), replicate=remote)
    element = the_element(outcome)
    assert element["remote_image_id"] == next(iter(primary.images))
    assert not {"checksum", "decompress", "url"} & set(element)
    assert element["properties"]["imageops_digest"] == packed


def test_only_what_the_primary_has_of_this_very_version() -> None:
    primary = cloud_of(marked("1"), marked("2", "y", status="queued"))
    outcome = planned(Cloud(), entry("2", "y"), replicate={"region": "one", "images": primary.listing()})
    assert "remote_image_id" not in the_element(outcome)


def test_replication_needs_a_region() -> None:
    with pytest.raises(OptionError, match=r"^replicate: "):
        plan([], [], "base", replicate={"images": []})


def listing_with(cloud: Cloud, **more: Any) -> list[dict[str, Any]]:
    return [{**image, **more} for image in cloud.listing()]


@pytest.mark.parametrize(
    ("wanted", "there", "reasons"),
    [
        ({"members": ["p"]}, {"members": [{"member_id": "p"}]}, ["visibility private → shared"]),
        ({"members": ["p"], "visibility": "private"}, {"members": []}, ["member p is missing"]),
        ({"members": []}, {"members": [{"member_id": "q"}]}, ["member q is too much"]),
        ({"members": [], "members_mode": "merge"}, {"members": ["q"]}, []),
        ({"members": []}, {}, []),
        ({"stores": ["a", "b"]}, {"stores": "a"}, ["no copy in store b"]),
        ({"stores": ["a"]}, {"stores": "a,b"}, []),
        ({"stores": ["a"], "stores_mode": "exact"}, {"stores": "a,b"}, ["a copy in store b is too much"]),
        ({"all_stores": True}, {"stores": "a"}, ["no copy in store b"]),
        ({"all_stores": True}, {}, []),
        ({"kernel": "k"}, {"kernel_id": "x"}, ["properties.kernel_id unset → 00000002-0000-4000-8000-000000000000"]),
        ({"ramdisk": "nowhere"}, {}, []),
        ({"owner": "team"}, {}, [f"owner {PROJECT} → {OTHER_PROJECT}"]),
        ({"owner": "unknown"}, {}, []),
    ],
)
def test_what_lies_outside_of_the_document(wanted: dict[str, Any], there: dict[str, Any], reasons: list[str]) -> None:
    cloud = cloud_of(marked("1"), {"name": "k", "data": "x"})
    images = listing_with(cloud, **there)
    outcome = plan(
        [entry("1", **wanted)], images, "base", project_id=PROJECT, owners={"team": OTHER_PROJECT}, stores=["a", "b"]
    )
    assert outcome["steps"][0]["reasons"] == reasons


def test_images_given_away_stay_the_catalogs() -> None:
    cloud = cloud_of(marked("1", owner=OTHER_PROJECT))
    policy = {"owners": {"team": OTHER_PROJECT}, "prune": "delete"}
    assert actions(planned(cloud, entry("1", owner="team"), **policy)) == ["unchanged A"]
    assert actions(planned(cloud, entry("1"), **policy)) == ["create A"]


def test_kernels_come_first() -> None:
    kernel = {"name": "K", "url": "https://h/k", "disk_format": "aki"}
    outcome = planned(Cloud(), entry(kernel="K", ramdisk="R"), kernel, {**kernel, "name": "R", "kernel": "K"})
    assert [(element["key"], element.get("after")) for element in outcome["images"]] == [
        ("K", None),
        ("R", ["K"]),
        ("A", ["K", "R"]),
    ]
    assert [step["key"] for step in outcome["steps"]] == ["K", "R", "A"]


@pytest.mark.parametrize("helper", ["A", "B"])
def test_kernels_of_each_other_do_not_wait_for_ever(helper: str) -> None:
    outcome = planned(Cloud(), entry(kernel=helper), entry(name="B", kernel="A"))
    seen: set[str] = set()
    for element in outcome["images"]:
        assert set(element.get("after", ())) <= seen
        seen.add(element["key"])


def test_keys_are_unique() -> None:
    names = [entry("1"), entry("2", "y"), {"name": "A (1)", "url": "https://h/z.img"}]
    keys = [element["key"] for element in planned(Cloud(), *names)["images"]]
    assert keys == ["A", "A (1)", "A (1) #2"]


def test_result_and_steps() -> None:
    cloud = cloud_of(marked("1"), {**marked("1"), "name": "B", "imageops_entry": "B"})
    first, second = cloud.ids()
    outcome = planned(cloud, entry("1"), entry("1", "y", name="C"), prune="hide")
    assert outcome["changed"]
    assert outcome["result"] == {
        "created": ["C"],
        "updated": [],
        "replaced": [],
        "adopted": [],
        "restored": [],
        "retired": [],
        "pruned": ["B"],
        "unchanged": ["A"],
        "images": {
            "A": {"id": first, "name": "A", "version": "1", "action": "unchanged"},
            "C": {"id": None, "name": "C", "version": "1", "action": "create"},
        },
    }
    assert outcome["steps"][2] == {
        "action": "prune",
        "entry": "B",
        "version": "1",
        "label": "B",
        "name": "B",
        "image_id": second,
        "reasons": ["'B' is no longer in the catalog", "is hidden"],
        "key": f"prune B {second}",
    }


def test_the_table() -> None:
    cloud = cloud_of(marked("1"), {**marked("1"), "name": "B", "imageops_entry": "B"})
    outcome = planned(cloud, entry("2", "y"), entry("1", "x", name="B"), entry("1", "z", name="日本"))
    assert outcome["table"].splitlines() == [
        "ACTION   IMAGE  WHY",
        "replace  A      version 1 → 2; the image so far becomes 'A (1)' and is hidden",
        "create   日本   is not there yet",
        "1 create, 1 replace, 1 unchanged",
    ]
    assert planned(cloud)["table"] == "nothing in the catalog"


def test_a_plain_glance_document_will_do() -> None:
    cloud = cloud_of(marked("1"))
    assert plan([entry("1")], list(cloud.images.values()), "base")["changed"] is False


def test_names_of_unmarked_images_are_told() -> None:
    cloud = cloud_of({"name": "A", "data": "x"})
    reasons = planned(cloud, entry("1"))["steps"][0]["reasons"]
    assert reasons[1] == f"image {next(iter(cloud.images))} of that name belongs to no catalog and stays as it is"


@pytest.mark.parametrize("series", [1, 5000])
def test_time_is_linear_in_entries_and_images(series: int) -> None:
    """5,000 entries and 10,000 images; thousands of names, or thousands of versions of one."""

    def seconds(size: int) -> float:
        entries, images = [], []
        for number in range(size):
            name, version = f"I{number % series}", str(number)
            url = f"https://h/{number}.img"
            entries.append({"name": name, "version": version, "url": url, "checksum": f"sha256:{number:064x}"})
            for old in (False, True):
                image_id = f"{number:08d}-000{int(old)}"
                properties = {
                    "imageops_catalog": "base",
                    "imageops_entry": name,
                    "imageops_version": version + (".old" if old else ""),
                    "imageops_source": url,
                    "imageops_digest": f"sha256:{number + old * size:064x}",
                    "imageops_image": image_id,
                }
                images.append(
                    {"id": image_id, "name": name, "status": "active", "os_hidden": old, "properties": properties}
                )
        started = time.process_time()
        assert len(plan(entries, images, "base")["steps"]) >= size
        return time.process_time() - started

    small = seconds(1250)
    large = seconds(5000)
    # Four times as much in about four times as long; quadratic would be sixteen times.
    assert large < 8 * max(small, 0.05)


@pytest.mark.parametrize("case", CASES)
def test_the_module_takes_every_element(case: str) -> None:
    entries, images, policy, _expected = CASES[case]
    elements = planned(cloud_of(*images), *entries, **policy)["images"]
    options = {**argspec.ENTRY, **argspec.BATCH_ONLY}
    for element in elements:
        assert set(element) <= set(options)
        for name, value in element.items():
            assert value in options[name].get("choices", [value])
    check_order([wish_of({**ENTRY_DEFAULTS, **element}) for element in elements])
