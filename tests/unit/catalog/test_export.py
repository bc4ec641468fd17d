# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A catalog out of a cloud's images, and back into it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.catalog.export import catalogs, export
from ansible_collections.imageops.glance.plugins.module_utils.catalog.files import entries_of
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan
from ansible_collections.imageops.glance.plugins.module_utils.catalog.validate import check_catalog

PROJECT = "1" * 32
ID = "00000000-0000-4000-8000-00000000000"
HASH = "a" * 128
TODAY = datetime.date(2026, 11, 24)


def image(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{ID}{number}",
        "name": "A",
        "owner": PROJECT,
        "status": "active",
        "os_hidden": False,
        "visibility": "private",
        "protected": False,
        "min_disk": 0,
        "min_ram": 0,
        "tags": [],
        "disk_format": "raw",
        "container_format": "bare",
        "os_hash_algo": "sha512",
        "os_hash_value": HASH,
        "created_at": f"2026-01-0{number}T00:00:00Z",
        **more,
    }


def marked(number: int = 1, **more: Any) -> dict[str, Any]:
    own = {"imageops_catalog": "base", "imageops_entry": "A", "imageops_image": f"{ID}{number}"}
    source = {"imageops_version": "7", "imageops_source": "https://h/a", "imageops_digest": f"sha256:{'b' * 64}"}
    return image(number, **{**own, **source, **more})


BARE = {
    "name": "A",
    "import_method": "glance-download",
    "remote_region": "One",
    "remote_image_id": f"{ID}1",
    "checksum": f"sha512:{HASH}",
    "disk_format": "raw",
    "container_format": "bare",
    "visibility": "private",
}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {}),
        ({"protected": True, "min_disk": 5, "min_ram": 64}, {"protected": True, "min_disk": 5, "min_ram": 64}),
        ({"tags": ["b", "a"]}, {"tags": ["a", "b"]}),
        ({"status": "deactivated"}, {"state": "deactivated"}),
        ({"visibility": "shared", "members": [{"member_id": "m"}]}, {"visibility": "shared", "members": ["m"]}),
        ({"visibility": "public", "members": []}, {"visibility": "public"}),
        ({"os_distro": "debian", "zz": "1"}, {"properties": {"os_distro": "debian", "zz": "1"}}),
        ({"os_glance_failed_import": "", "properties": {"x": "y"}, "is_protected": False}, {}),
        ({"os_hash_algo": None, "os_hash_value": None, "checksum": "c" * 32}, {"checksum": f"md5:{'c' * 32}"}),
    ],
)
def test_entries(more: dict[str, Any], expected: dict[str, Any]) -> None:
    assert export([image(**more)], "One") == {"catalog_images": [{**BARE, **expected}], "left_out": []}


def test_a_version_comes_from_true_marks_only() -> None:
    (entry,) = export([marked()], "One")["catalog_images"]
    assert entry["version"] == "7"
    assert not any(name.startswith("imageops_") for name in entry.get("properties", {}))
    inherited = {**marked(1), "id": f"{ID}2"}
    (entry,) = export([inherited], "One")["catalog_images"]
    assert "version" not in entry


def test_without_a_region_there_is_no_source() -> None:
    (entry,) = export([image()])["catalog_images"]
    assert not {"import_method", "remote_region", "remote_image_id"} & set(entry)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"owner": "2" * 32}, "belongs to another project"),
        ({"status": "queued"}, "is queued"),
        ({"os_hidden": True}, "is hidden"),
        ({"name": None}, "has no name"),
        ({"image_type": "snapshot"}, "is a snapshot of a server"),
        ({"base_image_ref": "x"}, "is a snapshot of a server"),
    ],
)
def test_left_out(more: dict[str, Any], why: str) -> None:
    found = export([image(**more)], "One", PROJECT)
    assert found["catalog_images"] == []
    (sentence,) = found["left_out"]
    assert sentence.endswith(why)


def test_of_two_with_one_name_the_younger_is_taken() -> None:
    found = export([image(1), image(2)], "One")
    assert [entry["remote_image_id"] for entry in found["catalog_images"]] == [f"{ID}2"]
    assert found["left_out"] == [f"A ({ID}1): bears the same name as the younger {ID}2"]


def test_names_of_catalogs() -> None:
    copied = {**marked(1), "id": f"{ID}2", "imageops_catalog": "copied"}
    assert catalogs([marked(3, imageops_catalog="other"), marked(1), copied, image(4)]) == ["base", "other"]


OLDER = {"name": "A (6)", "imageops_version": "6", "os_hash_value": "c" * 128}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A (6)", {"name": "A", "version": "6"}),
        ("A-6", {"name": "A", "version": "6", "versioned_name": "{name}-{version}"}),
        ("A 6 of 6", {"name": "A 6 of 6"}),
        ("renamed", {"name": "renamed"}),
    ],
)
def test_an_older_version_that_is_shown_is_one_of_the_same_entry(name: str, expected: dict[str, Any]) -> None:
    entries = export([marked(1), marked(2, **{**OLDER, "name": name})], "One")["catalog_images"]
    (entry,) = (one for one in entries if one["remote_image_id"] == f"{ID}2")
    assert {key: entry[key] for key in ("name", "version", "versioned_name") if key in entry} == expected
    (alone,) = export([marked(2, **{**OLDER, "name": name})], "One")["catalog_images"]
    assert alone["name"] == name


@pytest.mark.parametrize(
    "have",
    [
        [marked()],
        [marked(visibility="public", tags=["x"], os_distro="debian", min_ram=9)],
        [marked(1), marked(2, **OLDER)],
    ],
)
def test_back_where_it_comes_from_there_is_nothing_to_do(have: list[dict[str, Any]]) -> None:
    reading = entries_of(export(have, "One", PROJECT)["catalog_images"], "c.yml", TODAY)
    assert [*reading.mistakes, *check_catalog(reading.entries, None)] == []
    made = plan([located.value for located in reading.entries], have, "base", project_id=PROJECT)
    assert not made["changed"], made["table"]


def test_images_of_nobody_are_adopted() -> None:
    made = plan(export([image()], "One", PROJECT)["catalog_images"], [image()], "base", project_id=PROJECT)
    assert made["result"]["adopted"] == ["A"]
