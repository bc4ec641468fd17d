# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image documents, comparison and patch: what differs is sent, nothing else, and in no form that Glance refuses."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils import document as doc
from ansible_collections.imageops.glance.plugins.module_utils.document import Desired, differing, operations
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from hypothesis import given
from hypothesis import strategies as st

#: As GET gives it: all base attributes are there.
IMAGE: dict[str, Any] = {
    "id": "11111111-1111-1111-1111-111111111111",
    "name": "x",
    "status": "active",
    "visibility": "private",
    "protected": False,
    "os_hidden": False,
    "owner": "p",
    "container_format": "bare",
    "disk_format": "raw",
    "tags": ["b", "a"],
    "min_disk": 0,
    "min_ram": 0,
    "size": 4,
    "checksum": "c",
    "os_hash_algo": "sha512",
    "os_hash_value": "h",
    "created_at": "2026-01-01T00:00:00Z",
    "self": "/v2/images/1",
    "os_distro": "ubuntu",
    "a/b~c:d.e": "1",
    "os_glance_failed_import": "",
    "owner_specified.openstack.md5": "m",
    "base_image_ref": "r",
}


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (None, None),
        ("", ""),
        ("4", "4"),
        (4, "4"),
        (-1, "-1"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        ("yes", "yes"),
        ("True", "True"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC), "2026-01-02T03:04:05+00:00"),
    ],
)
def test_values_become_text(given: Any, stored: str | None) -> None:
    assert doc.as_stored("p", given) == stored


@pytest.mark.parametrize("given", [[], ["a"], {}, {"a": 1}, (1,), b"bytes", object()])
def test_values_that_are_no_text(given: Any) -> None:
    with pytest.raises(OptionError, match=r"^properties: the value of 'p' is a "):
        doc.as_stored("p", given)


@pytest.mark.parametrize("name", [*doc.WRITABLE, *sorted(doc.READ_ONLY), *sorted(doc.UNUSABLE_PROPERTIES)])
def test_attributes_are_no_properties(name: str) -> None:
    with pytest.raises(OptionError, match=f"^properties: .*{name}"):
        doc.properties_as_stored({name: "x"})


@pytest.mark.parametrize("name", ["", " a", "a ", "\ta", "a\0b", "os_glance_x", "os_glance", "k" * 256])
def test_names_that_glance_cannot_keep(name: str) -> None:
    with pytest.raises(OptionError, match=r"^properties: .*\.$"):
        doc.check_property_name(name)


@pytest.mark.parametrize(
    "name", ["a", "a/b", "~", "a~1b", "e:f", "g.h", "ü", "a b", "is_public", "hw_cpu_min", "k" * 255]
)
def test_names_that_it_can(name: str) -> None:
    assert doc.properties_as_stored({name: 1}) == {name: "1"}


def test_names_need_not_be_text() -> None:
    given: Any = {4: True}
    assert doc.properties_as_stored(given) == {"4": "true"}


@pytest.mark.parametrize(
    ("wanted", "stored", "same"),
    [
        ("x", "x", True),
        ("x", "X", False),
        ("x", None, False),
        ("", None, False),
        ("true", "True", True),
        ("true", "TRUE", True),
        ("false", "False", True),
        ("true", "yes", False),
        ("true", "1", False),
        ("yes", "Yes", False),
        ("True", "true", False),
        ("4", 4, False),
    ],
)
def test_equal_values(wanted: str, stored: Any, same: bool) -> None:
    assert doc.same_value(wanted, stored) is same


@pytest.mark.parametrize(
    ("desired", "changes"),
    [
        (Desired(), {}),
        (Desired({"name": "x", "tags": ["a", "b", "a"], "protected": False}), {}),
        (Desired({"name": "y"}), {"name": "y"}),
        (Desired({"tags": []}), {"tags": []}),
        (Desired({"tags": ["c", "a"]}), {"tags": ["a", "c"]}),
        (Desired({"min_disk": 0, "min_ram": 1}), {"min_ram": 1}),
        (Desired({"protected": True, "os_hidden": True}), {"protected": True, "os_hidden": True}),
        (Desired(properties={"os_distro": "ubuntu"}), {}),
        (Desired(properties={"os_distro": "debian"}), {"os_distro": "debian"}),
        (Desired(properties={"os_distro": None, "absent": None}), {"os_distro": None}),
        (Desired(properties={"new": ""}), {"new": ""}),
        (Desired(exact=True), {"os_distro": None, "a/b~c:d.e": None}),
        (Desired(properties={"os_distro": "ubuntu"}, exact=True), {"a/b~c:d.e": None}),
        (
            Desired(properties={"base_image_ref": None}, exact=True),
            {"os_distro": None, "a/b~c:d.e": None, "base_image_ref": None},
        ),
        (Desired(properties={"imageops_image": "{id}"}), {"imageops_image": IMAGE["id"]}),
        (Desired(properties={"other": "{id}"}), {"other": "{id}"}),
    ],
)
def test_what_differs(desired: Desired, changes: dict[str, Any]) -> None:
    assert differing(IMAGE, desired) == changes


def test_properties_of_others_survive_exact() -> None:
    theirs = dict.fromkeys(doc.FOREIGN_PROPERTIES, "x")
    theirs |= {f"{prefix}x": "x" for prefix in doc.FOREIGN_PREFIXES}
    assert differing({**IMAGE, **theirs, "mine": "x"}, Desired(exact=True)) == {
        "os_distro": None,
        "a/b~c:d.e": None,
        "mine": None,
    }


@pytest.mark.parametrize(
    ("changes", "patch"),
    [
        ({}, []),
        ({"name": "y"}, [{"op": "replace", "path": "/name", "value": "y"}]),
        ({"owner": "q"}, [{"op": "replace", "path": "/owner", "value": "q"}]),
        ({"tags": []}, [{"op": "replace", "path": "/tags", "value": []}]),
        ({"os_distro": "z"}, [{"op": "add", "path": "/os_distro", "value": "z"}]),
        ({"new": ""}, [{"op": "add", "path": "/new", "value": ""}]),
        ({"os_distro": None}, [{"op": "remove", "path": "/os_distro"}]),
        ({"absent": None}, []),
        ({"a/b~c:d.e": "2"}, [{"op": "add", "path": "/a~1b~0c:d.e", "value": "2"}]),
        ({"a/b~c:d.e": None}, [{"op": "remove", "path": "/a~1b~0c:d.e"}]),
        ({"~1": "2"}, [{"op": "add", "path": "/~01", "value": "2"}]),
    ],
)
def test_patch(changes: dict[str, Any], patch: list[dict[str, Any]]) -> None:
    assert operations(IMAGE, changes) == patch


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(
    lambda name: (
        name == name.strip()
        and name not in doc.WRITABLE
        and name not in doc.READ_ONLY
        and not name.startswith("os_glance")
    )
)
PROPERTIES = st.dictionaries(
    NAMES | st.sampled_from(["a/b", "~", "~0", "~1", "a:b", "imageops_x"]), st.text(max_size=4)
)
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(max_size=4),
        "tags": st.lists(st.sampled_from(["a", "b", "c"]), max_size=4),
        "protected": st.booleans(),
        "visibility": st.sampled_from(["public", "private", "shared"]),
        "min_disk": st.integers(0, 3),
        "disk_format": st.sampled_from([None, "raw", "qcow2"]),
    },
)
DESIRED = st.builds(
    Desired,
    ATTRIBUTES.map(lambda found: {k: v for k, v in found.items() if v is not None}),
    st.dictionaries(
        NAMES | st.sampled_from(["a/b", "~", "imageops_x"]), st.none() | st.sampled_from(["true", "x", "{id}"])
    ),
    st.booleans(),
)


@given(PROPERTIES, ATTRIBUTES, DESIRED)
def test_one_patch_is_enough_and_changes_nothing_else(
    properties: dict[str, str], attributes: dict[str, Any], desired: Desired
) -> None:
    current = {**IMAGE, **properties, **attributes}
    changes = differing(current, desired)
    patch = operations(current, changes)
    after = doc.apply_operations(current, patch)
    assert differing(after, desired) == {}
    untouched = {name for name in current if name not in changes}
    assert {name: after[name] for name in untouched} == {name: current[name] for name in untouched}
    assert set(after) <= set(current) | set(changes)
    assert not (
        desired.exact
        and [n for n in doc.custom_properties(after) if n not in desired.properties and not doc.is_foreign(n)]
    )


@given(PROPERTIES, ATTRIBUTES, DESIRED)
def test_glance_takes_every_patch(properties: dict[str, str], attributes: dict[str, Any], desired: Desired) -> None:
    """Replace of base attributes, add and remove of properties that are there, one path segment each."""
    current = {**IMAGE, **properties, **attributes}
    for operation in operations(current, differing(current, desired)):
        name = operation["path"][1:].replace("~1", "/").replace("~0", "~")
        assert "/" not in operation["path"][1:]
        assert operation["op"] == (
            "replace" if name in doc.WRITABLE else "remove" if "value" not in operation else "add"
        )
        if operation["op"] == "remove":
            assert name in current
        else:
            assert operation["value"] is not None


@given(PROPERTIES, ATTRIBUTES, DESIRED, st.data())
def test_what_is_left_of_a_patch(
    properties: dict[str, str], attributes: dict[str, Any], desired: Desired, data: st.DataObject
) -> None:
    """After a lost answer, only what the image does not show yet is sent again."""
    current = {**IMAGE, **properties, **attributes}
    patch = operations(current, differing(current, desired))
    assert doc.remaining_operations(current, patch) == patch
    part = data.draw(st.lists(st.sampled_from(patch), unique_by=lambda one: one["path"])) if patch else []
    assert doc.remaining_operations(doc.apply_operations(current, part), patch) == [
        one for one in patch if one not in part
    ]
    assert doc.remaining_operations(doc.apply_operations(current, patch), patch) == []


def test_spellings_of_openstacksdk() -> None:
    told = doc.with_spellings(IMAGE)
    assert {k: v for k, v in told.items() if k in IMAGE} == IMAGE
    assert (told["is_protected"], told["is_hidden"], told["owner_id"]) == (False, False, "p")
    assert (told["hash_algo"], told["hash_value"]) == ("sha512", "h")
    assert told["properties"] == {
        "os_distro": "ubuntu",
        "a/b~c:d.e": "1",
        "owner_specified.openstack.md5": "m",
        "base_image_ref": "r",
    }


def test_what_a_replacement_takes_over() -> None:
    old = {**IMAGE, doc.REPLACES: "mark"}
    kept = doc.inherited(old)
    assert kept["os_distro"] == "ubuntu"
    assert kept["base_image_ref"] == "r"
    assert kept["tags"] == IMAGE["tags"]
    gone = {"owner", "id", "size", "os_glance_failed_import", "owner_specified.openstack.md5", doc.REPLACES}
    assert not gone & set(kept)


@pytest.mark.parametrize(
    ("document", "known"),
    [
        ({}, {}),
        ({"checksum": "m", "os_hash_algo": "sha512", "os_hash_value": "h"}, {"md5": "m", "sha512": "h"}),
        ({"checksum": None, "os_hash_algo": "sha512", "os_hash_value": None}, {}),
        ({"owner_specified.openstack.sha256": "AB", "checksum": "m"}, {"sha256": "ab", "md5": "m"}),
        ({"owner_specified.openstack.md5": "old", "checksum": "m"}, {"md5": "m"}),
    ],
)
def test_digests_that_are_known(document: dict[str, Any], known: dict[str, str]) -> None:
    found = doc.recorded_digests(document)
    assert {name: found.get(name) for name in known} == known
    assert bool(found) == bool(known)
