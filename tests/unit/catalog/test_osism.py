# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogs of openstack-image-manager: what becomes of each of its keys."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import normalise
from ansible_collections.imageops.glance.plugins.module_utils.catalog.files import entries_of, read_paths
from ansible_collections.imageops.glance.plugins.module_utils.catalog.osism import is_osism
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan
from ansible_collections.imageops.glance.plugins.module_utils.catalog.validate import check_catalog
from hypothesis import given
from hypothesis import strategies as st

TODAY = datetime.date(2026, 11, 24)
FILE = Path(__file__).parent / "files" / "osism.yml"
HEX = "a" * 64


def image(**more: Any) -> dict[str, Any]:
    """A whole image of that format; None takes a key away."""
    whole = {
        "name": "A",
        "format": "qcow2",
        "login": "root",
        "status": "active",
        "visibility": "public",
        "multi": True,
        "meta": {},
        "tags": [],
        "versions": [{"version": "1", "url": "https://h/1.img"}],
        **more,
    }
    return {key: value for key, value in whole.items() if value is not None}


def version(**more: Any) -> dict[str, Any]:
    whole = {"version": "1", "url": "https://h/1.img", **more}
    return {key: value for key, value in whole.items() if value is not None}


def entries(*items: Any) -> list[dict[str, Any]]:
    reading = entries_of(list(items), "c.yml", TODAY)
    assert reading.mistakes == []
    assert check_catalog(reading.entries, None, None) == []
    return [normalise(located.value) for located in reading.entries]


def mistakes(*items: Any) -> list[str]:
    reading = entries_of(list(items), "c.yml", TODAY)
    return [str(mistake) for mistake in [*reading.mistakes, *check_catalog(reading.entries, None, None)]]


def test_a_whole_file() -> None:
    reading = read_paths([str(FILE)], TODAY)
    assert reading.mistakes == []
    assert check_catalog(reading.entries, None, None) == []
    rolling, newest, fixed, packed, moving = (normalise(located.value) for located in reading.entries)
    common = {
        "architecture": "x86_64",
        "hw_vif_multiqueue_enabled": True,
        "os_distro": "debian",
        "uuid_validity": "last-3",
        "provided_until": "2030-01-31",
        "own_property": "of the cloud",
        "image_name": "Rolling",
        "image_description": "Rolling",
        "image_original_user": "user",
    }
    assert rolling == {
        "name": "Rolling",
        "version": "20260101",
        "versioned_name": "{name} ({version})",
        "url": "https://example.com/20260101.qcow2",
        "checksum": "sha256:" + "a" * 64,
        "disk_format": "qcow2",
        "container_format": "bare",
        "visibility": "community",
        "hidden": True,
        "min_disk": 8,
        "min_ram": 512,
        "tags": ["daily", "managed_by_osism", "os:debian"],
        "enabled": True,
        "state": "active",
        "keep": 2,
        "properties": {
            **common,
            "os_version": "12",
            "internal_version": "20260101",
            "image_source": "https://example.com/20260101.qcow2",
            "image_build_date": "2026-01-01",
        },
    }
    assert newest["url"] == "https://mirror.example.com/20260201.qcow2"
    assert newest["visibility"] == "public"
    assert "hidden" not in newest
    assert newest["properties"] == {
        **common,
        "os_version": "12.1",
        "os_purpose": "generic",
        "internal_version": "20260201",
        "image_source": "https://example.com/20260201.qcow2",
        "image_build_date": "2026-02-01",
    }
    assert (fixed["name"], fixed["version"], fixed["keep"]) == ("Fixed-1.0", "1.0", "all")
    assert fixed["filename"] == "/srv/images/fixed-1.0.raw"
    assert fixed["state"] == "deactivated"
    assert fixed["properties"]["image_source"] == "file:fixed-1.0.raw"
    assert fixed["properties"]["os_version"] == "1.0"
    assert (packed["name"], packed["decompress"]) == ("Fixed-1.1", "auto")
    assert packed["checksum"] == "sha256:" + "c" * 64
    assert (moving["version"], moving["enabled"]) == ("latest", False)
    assert moving["checksum"] == "sha512:https://example.com/SHA512SUMS"


def test_names_in_the_cloud() -> None:
    rolling = image(versions=[version(version=one) for one in ("9", "10")])
    fixed = image(name="B", multi=False, versions=[version(version=one) for one in ("9", "10")])
    outcome = plan(entries(rolling, fixed), [], "base")
    assert [step["name"] for step in outcome["steps"]] == ["A", "A (9)", "B 9", "B 10"]
    parted = plan(entries(image(separator="_", versions=[version(version=one) for one in ("1", "2")])), [], "base")
    assert [step["name"] for step in parted["steps"]] == ["A", "A_(1)"]


@pytest.mark.parametrize(
    ("validity", "keep"),
    [
        (None, None),
        ("none", None),
        ("last-1", 0),
        ("last-3", 2),
        ("last-0", 0),
        ("forever", "all"),
        ("notice", "all"),
        ("2026-11-24", "all"),
        ("2026-11-23", None),
        (datetime.date(2027, 1, 1), "all"),
        (datetime.date(2020, 1, 1), None),
        (datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC), "all"),
    ],
)
def test_how_long_ids_stay_valid(validity: Any, keep: Any) -> None:
    (entry,) = entries(image(meta={"uuid_validity": validity}))
    assert entry.get("keep") == keep


def test_keep_keeps_all() -> None:
    (entry,) = entries(image(keep=True, meta={"uuid_validity": "last-2"}))
    assert entry["keep"] == "all"


@pytest.mark.parametrize(
    ("keys", "checksum"),
    [
        ({"checksums_url": "https://h/SHA256SUMS"}, "sha256:https://h/SHA256SUMS"),
        ({"checksum_url": "https://h/a.img.sha512"}, "sha512:https://h/a.img.sha512"),
        ({"checksum_url": "https://h/a.img.SHA-1"}, "sha1:https://h/a.img.SHA-1"),
        ({"checksums_url": "https://h/MD5SUMS"}, "md5:https://h/MD5SUMS"),
        ({"checksums_url": "https://h/CHECKSUM"}, "sha256:https://h/CHECKSUM"),
        ({"checksums_url": "https://h/sha512/x"}, "sha512:https://h/sha512/x"),
    ],
)
def test_the_version_that_moves(keys: dict[str, str], checksum: str) -> None:
    (entry,) = entries(image(versions=[version(version="latest", **keys)]))
    assert entry["checksum"] == checksum


@pytest.mark.parametrize(
    ("more", "properties"),
    [
        ({"meta": {"image_name": "N", "image_description": "D"}}, {"image_name": "N", "image_description": "D"}),
        ({"versions": [version(image_description="V")]}, {"image_description": "V"}),
        ({"versions": [version(build_date=datetime.date(2026, 1, 2))]}, {"image_build_date": "2026-01-02"}),
        ({"meta": {"hw_disk_bus": None}}, {"hw_disk_bus": None}),
        ({"multi": False}, {"os_version": "1"}),
        ({"multi": False, "versions": [version(meta={"os_version": "9"})]}, {"os_version": "9"}),
        ({"versions": [version(source="https://h/src.xz")]}, {"image_source": "https://h/1.img"}),
    ],
)
def test_properties(more: dict[str, Any], properties: dict[str, Any]) -> None:
    (entry,) = entries(image(**more))
    assert properties.items() <= entry["properties"].items()


def test_what_is_for_the_reader_stays_out() -> None:
    (entry,) = entries(image(password="secret", shortname="a", latest_url="https://h/l"))
    assert "secret" not in str(entry)
    assert set(entry) == {
        "name",
        "version",
        "versioned_name",
        "url",
        "disk_format",
        "container_format",
        "visibility",
        "tags",
        "enabled",
        "state",
        "properties",
    }


@pytest.mark.parametrize(
    "more",
    [
        {"comment": "of the operator"},
        {"meta": {"anything_at_all": "x", "hw_qemu_guest_agent": True}},
        {"versions": [version(verify_checksum=f"sha512:{HEX}", note="x")]},
        {"multi": None},
        {"tags": None},
        {"enable": None},
        {"versions": [version(version=20240703)]},
    ],
)
def test_tolerated(more: dict[str, Any]) -> None:
    assert len(entries(image(**more))) == 1


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"name": None}, "c.yml: image 1: name: is missing."),
        ({"name": 5}, "c.yml: image 1: name: is 5; it must be text, so put it in quotes."),
        ({"format": None}, "c.yml: A: format: is missing."),
        ({"login": None}, "c.yml: A: login: is missing."),
        ({"versions": None}, "c.yml: A: versions: is missing."),
        ({"versions": []}, "c.yml: A: versions: is []; it must be a list with one version at least."),
        ({"versions": [5]}, "c.yml: A: versions[1]: is 5; it must be a mapping with 'version' and 'url'."),
        ({"mutli": True, "multi": None}, "c.yml: A: mutli: is no key of this format. Did you mean 'multi'?"),
        ({"enabled": True}, "c.yml: A: enabled: is no key of this format. Did you mean 'enable'?"),
        ({"visibilty": "x"}, "c.yml: A: visibilty: is no key of this format. Did you mean 'visibility'?"),
        ({"meta": {"os_disto": "x"}}, "c.yml: A: meta.os_disto: is no key of this format. Did you mean 'os_distro'?"),
        ({"meta": ["a"]}, "c.yml: A: meta: is ['a']; it must be a mapping of names to values."),
        ({"meta": {"a": [1]}}, "c.yml: A: meta.a: is a list that Glance cannot store; give a plain value."),
        ({"multi": "perhaps"}, "c.yml: A: multi: has the value 'perhaps'; it is true or false."),
        ({"status": "hidden"}, "c.yml: A: status: has the value 'hidden'. It is one of active, deactivated."),
        ({"format": "qcow"}, "c.yml: A: format: has the value 'qcow'. Did you mean 'qcow2'?"),
        (
            {"visibility": "all"},
            "c.yml: A: visibility: has the value 'all'. It is one of public, private, shared, community.",
        ),
        ({"tags": "a"}, "c.yml: A: tags: is 'a'; it must be a list of text."),
        ({"tags": [5]}, "c.yml: A: tags: holds 5; each item must be text."),
        ({"min_disk": -1}, "c.yml: A: min_disk: has the value -1; it is a whole number from 0 to 2147483647."),
        ({"versions": [version(url=None)]}, "c.yml: A: versions[1].url: is missing."),
        ({"versions": [version(version=None)]}, "c.yml: A: versions[1].version: is missing."),
        (
            {"versions": [version(), version(chekcsum="x", version="2")]},
            "c.yml: A: versions[2].chekcsum: is no key of this format. Did you mean 'checksum'?",
        ),
        ({"versions": [version(url="ftp//h")]}, "c.yml: A: url: is no http or https URL."),
        (
            {"versions": [version(), version()]},
            "c.yml: A: name: stands in the catalog twice with version '1', first at c.yml.",
        ),
        (
            {"versions": [version(version="latest")]},
            "c.yml: A: versions[1].checksums_url: or 'checksum_url', one of them, is needed for the version 'latest'.",
        ),
        (
            {"meta": {"uuid_validity": "last3"}},
            "c.yml: A: meta.uuid_validity: has the value 'last3'; it is none, last-N, notice, forever or a date.",
        ),
    ],
)
def test_mistakes(more: dict[str, Any], expected: str) -> None:
    assert expected in mistakes(image(**more))


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"versions": []}, True),
        ({"name": "A", "format": "raw", "login": "x", "verions": []}, True),
        ({"name": "A", "url": "x"}, False),
        ({"name": "A", "url": "x", "format": "raw", "meta": {}}, False),
        ({"name": "A", "status": "active"}, False),
        ("A", False),
        (None, False),
    ],
)
def test_told_apart(item: Any, expected: bool) -> None:
    assert is_osism(item) == expected


def test_both_formats_in_one_list() -> None:
    assert [entry["name"] for entry in entries(image(), {"name": "B", "url": "https://h/b"})] == ["A", "B"]


PLAIN = st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3) | st.dates() | st.floats()
ANY = PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(st.text(max_size=3) | st.integers(), PLAIN, max_size=2)


OF_IMAGES = st.dictionaries(st.sampled_from(sorted(image())), ANY, max_size=4)
VERSION_KEYS = ["version", "url", "meta", "build_date", "checksum", "mirror_url", "checksums_url"]
OF_VERSIONS = st.dictionaries(st.sampled_from(VERSION_KEYS), ANY)


@given(OF_IMAGES, OF_VERSIONS)
def test_any_values_are_told_or_planned(more: dict[str, Any], one: dict[str, Any]) -> None:
    item = {**image(versions=[version(), {**version(version="2"), **one}]), **more}
    reading = entries_of([item], "c.yml", TODAY)
    found = [*reading.mistakes, *check_catalog(reading.entries, None, None)]
    assert all(str(mistake) for mistake in found)
    if not found:
        assert plan([located.value for located in reading.entries], [], "base")["steps"]
