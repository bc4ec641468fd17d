# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One mistake, one message: what validation says of each."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils import argspec
from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import (
    SCHEMA,
    canonical,
    merge_defaults,
    normalise,
)
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan
from ansible_collections.imageops.glance.plugins.module_utils.catalog.validate import (
    CatalogError,
    Located,
    Mistake,
    Place,
    check_catalog,
    check_defaults,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import ENTRY_DEFAULTS, wish_of
from hypothesis import given, settings
from hypothesis import strategies as st

HEX = "a" * 64
UUID = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
GOOD: dict[str, Any] = {"name": "A", "url": "https://h/a.img"}


def mistakes(*entries: Any, defaults: Any = None) -> list[str]:
    found = check_catalog([Located(entry, Place("c.yml", 7), "image 1") for entry in entries], defaults, None)
    return [str(mistake) for mistake in found]


VALID: list[dict[str, Any]] = [
    {},
    {"version": "20240703"},
    {"version": 20240703},
    {"checksum": f"sha256:{HEX}"},
    {"checksum": HEX.upper()},
    {"checksum": "SHA-512:https://h/SUMS"},
    {"checksum": f"md5:{'0' * 32}"},
    {"disk_format": "qcow2", "container_format": "bare"},
    {"visibility": "shared", "members": ["p1"]},
    {"members": ["p1"]},
    {"members": [], "visibility": "public"},
    {"properties": {"a": None, "b": 4, "c": True, "d": 1.5, "e": ""}},
    {"properties": {}, "properties_mode": "exact"},
    {"tags": []},
    {"min_disk": "5", "min_ram": 0},
    {"min_disk": "auto"},
    {"protected": "yes", "hidden": "no"},
    {"is_protected": True},
    {"keep": "all"},
    {"keep": 0},
    {"stores": ["fast"], "all_stores": False},
    {"url": None, "filename": "/somewhere/a.img"},
    {"url": "http://[::1]:8080/a?b=c"},
    {"import_method": "web-download"},
    {
        "url": None,
        "import_method": "glance-download",
        "remote_region": "r",
        "remote_image_id": HEX[:8] + "-aaaa" * 3 + "-" + HEX[:12],
    },
    {"url_username": "u", "url_password": "p", "url_headers": {"X-A": "b"}},
    {"decompress": "auto", "convert": "raw"},
    {"convert": "raw", "disk_format": "raw"},
    {"checksum": "sha256:https://h/SUMS", "checksum_signature": "https://h/SUMS.gpg", "checksum_keyring": "/k.gpg"},
    {"state": "deactivated", "enabled": False},
    {"versioned_name": "{name}-{version}", "version": "1"},
    {"project": "p", "project_domain": "d"},
    {"name": "ubuntu:22.04 / ü"},
]


@pytest.mark.parametrize("more", VALID, ids=str)
def test_valid(more: dict[str, Any]) -> None:
    assert mistakes({**GOOD, **more}) == []


@pytest.mark.parametrize("more", VALID, ids=str)
def test_valid_entries_are_valid_for_the_module(more: dict[str, Any]) -> None:
    for element in plan([{**GOOD, **more}], [], "base")["images"]:
        assert wish_of({**ENTRY_DEFAULTS, **element}).name == {**GOOD, **more}["name"]


def test_valid_entries_are_normal_forms_of_themselves() -> None:
    for more in VALID:
        normal = normalise({**GOOD, **more})
        assert normalise(normal) == normal
        assert set(normal) <= set(SCHEMA)


# what is added to a good entry -> key, part of the message
WRONG: list[tuple[dict[Any, Any], str, str]] = [
    ({"nmae": "B"}, "nmae", "Did you mean 'name'?"),
    ({"disk_fromat": "raw"}, "disk_fromat", "Did you mean 'disk_format'?"),
    ({"format": "raw"}, "format", "Did you mean 'disk_format'?"),
    ({"meta": {}}, "meta", "Did you mean 'properties'?"),
    ({"status": "active"}, "status", "Did you mean 'state'?"),
    ({"is_public": True}, "is_public", "Did you mean 'visibility'?"),
    ({"xyzzy": 1}, "xyzzy", "is no key of an entry."),
    ({5: 1}, "5", "is no key; keys are text."),
    ({None: 1}, "None", "is no key; keys are text."),
    ({"uri": "https://h/b"}, "uri", "is the same as 'url'"),
    ({"name": None}, "name", "is missing"),
    ({"name": 5}, "name", "put it in quotes"),
    ({"name": ""}, "name", "is blank"),
    ({"name": " A"}, "name", "has blanks around it"),
    ({"name": "a" * 256}, "name", "255 at most"),
    ({"name": "\U0001f600"}, "name", "emoji"),
    ({"name": "a\0"}, "name", "NUL"),
    ({"version": 24.10}, "version", "lost its spelling"),
    ({"version": True}, "version", "put it in quotes"),
    ({"version": ["1"]}, "version", "put it in quotes"),
    ({"version": " "}, "version", "is blank"),
    ({"version": "v" * 300}, "version", "characters"),
    ({"version": "{id}"}, "version", "stands for an image's own id"),
    ({"url": None}, "url", "is missing"),
    ({"url": "htps://h/a"}, "url", "no http or https URL"),
    ({"url": "https://"}, "url", "no http or https URL"),
    ({"url": "https://h:99999/a"}, "url", "no http or https URL"),
    ({"url": "https://[h/a"}, "url", "no http or https URL"),
    ({"url": "https://h/a b"}, "url", "no http or https URL"),
    ({"url": "/srv/a.img"}, "url", "use 'filename'"),
    ({"url": "file:///srv/a.img"}, "url", "use 'filename'"),
    ({"url": 5}, "url", "must be text"),
    ({"filename": "/a"}, "filename", "contradicts 'url'"),
    ({"checksum": "abc"}, "checksum", "give '<algorithm>:"),
    ({"checksum": f"sha512:{HEX}"}, "checksum", "sha512 is 128"),
    ({"checksum": f"sha2566:{HEX}"}, "checksum", "is not known"),
    ({"checksum": "https://h/SUMS"}, "checksum", "without its algorithm"),
    ({"checksum": 12}, "checksum", "put it in quotes"),
    ({"disk_format": "qcow"}, "disk_format", "Did you mean 'qcow2'?"),
    ({"disk_format": "zip"}, "disk_format", "It is one of"),
    ({"container_format": "bear"}, "container_format", "Did you mean 'bare'?"),
    ({"visibility": "pubilc"}, "visibility", "Did you mean 'public'?"),
    ({"visibility": ["public"]}, "visibility", "must be text"),
    ({"state": "present"}, "state", "It is one of"),
    ({"properties_mode": "replace"}, "properties_mode", "It is one of"),
    ({"import_method": "copy-image"}, "import_method", "It is one of"),
    ({"decompress": "gz"}, "decompress", "Did you mean 'gzip'?"),
    ({"protected": "maybe"}, "protected", "true or false"),
    ({"protected": 2}, "protected", "true or false"),
    ({"min_disk": -1}, "min_disk", "whole number"),
    ({"min_disk": 1.5}, "min_disk", "whole number"),
    ({"min_disk": True}, "min_disk", "whole number"),
    ({"min_ram": "5 GB"}, "min_ram", "whole number"),
    ({"min_ram": 2**31}, "min_ram", "whole number"),
    ({"keep": "two"}, "keep", "'all'"),
    ({"stores": []}, "stores", "name one"),
    ({"tags": "a"}, "tags", "must be a list"),
    ({"tags": {"a": 1}}, "tags", "must be a list"),
    ({"tags": [1]}, "tags", "must be text"),
    ({"tags": [""]}, "tags", "must be text"),
    ({"tags": ["t" * 256]}, "tags", "longer than 255"),
    ({"tags": [str(n) for n in range(129)]}, "tags", "128 at most"),
    ({"properties": ["a"]}, "properties", "must be a mapping"),
    ({"properties": {"a": [1]}}, "properties.a", "Glance cannot store"),
    ({"properties": {"a": {"b": 1}}}, "properties.a", "Glance cannot store"),
    ({"properties": {5: 1}}, "properties", "names are text"),
    ({"properties": {"visibility": "public"}}, "properties.visibility", "use the option visibility"),
    ({"properties": {"os_hidden": True}}, "properties.os_hidden", "use the option hidden"),
    ({"properties": {"size": 5}}, "properties.size", "written by Glance"),
    ({"properties": {" a": 5}}, "properties. a", "without blanks"),
    ({"properties": {"imageops_entry": "B"}}, "properties.imageops_entry", "choose another name"),
    ({"properties": {"image_type": "snapshot"}}, "properties.image_type", "choose another name"),
    ({"properties": {"a": "\U0001f600"}}, "properties.a", "emoji"),
    ({"properties": {"a": 16**5000}}, "properties.a", "Glance cannot store"),
    ({"properties": {str(n): "" for n in range(129)}}, "properties", "128 at most"),
    ({"id": "ABC"}, "id", "no UUID"),
    ({"members": ["p"], "visibility": "public"}, "members", "needs 'visibility: shared'"),
    ({"stores": ["a"], "all_stores": True}, "all_stores", "contradicts 'stores'"),
    ({"remote_region": "r"}, "remote_region", "only with 'import_method: glance-download'"),
    ({"import_method": "glance-download", "remote_image_id": UUID}, "remote_region", "is missing"),
    ({"import_method": "glance-download", "remote_region": "r"}, "remote_image_id", "is missing"),
    ({"import_method": "glance-download"}, "url", "fetches from another region"),
    ({"import_method": "web-download", "decompress": "auto"}, "decompress", "does not pass through here"),
    ({"import_method": "web-download", "url_username": "u"}, "url_username", "cannot be passed on"),
    ({"url": None, "filename": "/a", "import_method": "web-download"}, "import_method", "cannot see"),
    ({"url": None, "filename": "/a", "url_headers": {}}, "url_headers", "only with 'url'"),
    ({"url_password": "p"}, "url_password", "only with 'url_username'"),
    ({"owner_domain": "d"}, "owner_domain", "only with 'owner'"),
    ({"checksum_signature": "s"}, "checksum_signature", "only with 'checksum'"),
    ({"checksum_signature": "s", "checksum": HEX}, "checksum_signature", "signs a checksum file"),
    ({"checksum_keyring": "k"}, "checksum_keyring", "only with 'checksum_signature'"),
    ({"convert": "raw", "disk_format": "qcow2"}, "disk_format", "is the format of the image"),
    ({"versioned_name": "old"}, "versioned_name", "needs {version}"),
]


@pytest.mark.parametrize(
    ("more", "key", "message"), WRONG, ids=[f"{number} {case[1]}" for number, case in enumerate(WRONG)]
)
def test_wrong(more: dict[Any, Any], key: str, message: str) -> None:
    found = check_catalog([Located({**GOOD, **more}, Place("c.yml", 7), "image 1")], None, None)
    assert [mistake.key for mistake in found if message in mistake.message] == [key]
    assert {(mistake.file, mistake.line) for mistake in found} == {("c.yml", 7)}


@pytest.mark.parametrize("entry", [None, 5, "A", ["A"], True, 1.5, set()])
def test_no_entry_at_all(entry: Any) -> None:
    (message,) = mistakes(entry)
    assert message.startswith("c.yml:7: image 1: is ")


def test_all_mistakes_at_once_and_in_order() -> None:
    found = mistakes({"nam": "A"}, {**GOOD, "min_ram": -1, "visibility": "x"}, GOOD)
    assert found == [
        "c.yml:7: image 1: nam: is no key of an entry. Did you mean 'name'?",
        "c.yml:7: image 1: name: is missing.",
        "c.yml:7: image 1: url: is missing; an entry needs the place of its data: 'url' or 'filename'.",
        "c.yml:7: A: min_ram: has the value -1; it is a whole number from 0 to 2147483647.",
        "c.yml:7: A: visibility: has the value 'x'. It is one of public, private, shared, community.",
        "c.yml:7: A: name: stands in the catalog twice, first at c.yml:7.",
    ]


def test_the_error_lists_them() -> None:
    error = CatalogError([Mistake("a.yml", "A", "url", "is missing."), Mistake("b.yml", "", "", "is empty.", 3)])
    assert error.message == (
        "The catalog has 2 mistakes; nothing was touched:\n  - a.yml: A: url: is missing.\n  - b.yml:3: is empty."
    )


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (["1", "2"], []),
        (["1", 1], ["twice with version '1'"]),
        ([None, None], ["twice"]),
        ([None, "1"], ["several times"]),
        (["1", None, "2"], ["several times"]),
        (["1", "1", "1"], ["twice"]),
    ],
)
def test_one_name_several_times(versions: list[Any], expected: list[str]) -> None:
    found = mistakes(*({**GOOD, "version": version} for version in versions))
    assert len(found) == len(expected)
    for message, part in zip(found, expected, strict=True):
        assert part in message


def test_files_that_are_not_there() -> None:
    entries = [
        {"name": "A", "filename": "/there"},
        {"name": "B", "filename": "/gone"},
        {"name": "C", "filename": "/gone", "enabled": False},
        {"name": "D", "filename": "a\0b"},
    ]
    found = check_catalog([Located(entry) for entry in entries], None, lambda path: path == "/there")
    assert [(mistake.entry, mistake.key) for mistake in found] == [("B", "filename"), ("D", "filename")]


def test_defaults_stand_below_each_entry() -> None:
    defaults = {"min_disk": 5, "properties": {"a": 1, "b": 2}, "stores": ["x"], "visibility": "public"}
    merged = merge_defaults({**GOOD, "is_protected": True, "properties": {"b": 3}, "all_stores": True}, defaults)
    assert merged == {
        **GOOD,
        "min_disk": 5,
        "properties": {"a": 1, "b": 3},
        "visibility": "public",
        "all_stores": True,
        "protected": True,
    }
    assert mistakes(GOOD, defaults=defaults) == []


@pytest.mark.parametrize(
    ("defaults", "parts"),
    [
        ({"url": "https://h/a"}, ["url: cannot be a default"]),
        ({"min_disk": "x"}, ["min_disk: has the value 'x'"]),
        ({"visiblity": "public"}, ["Did you mean 'visibility'?"]),
        (["a"], ["must be a mapping"]),
        ({1: 2}, ["keys are text"]),
    ],
)
def test_defaults_are_checked_once(defaults: Any, parts: list[str]) -> None:
    found = check_defaults(defaults)
    assert len(found) == len(parts)
    for mistake, part in zip(found, parts, strict=True):
        assert part in str(mistake)
    assert len(mistakes(GOOD, {**GOOD, "name": "B"}, defaults=defaults)) == len(parts)


def test_a_contradiction_with_a_default_is_told() -> None:
    (message,) = mistakes({**GOOD, "members": ["p"]}, defaults={"visibility": "public"})
    assert "members: needs 'visibility: shared'" in message


# YAML knows no other kinds of values than these; sets and bytes come of !!set and !!binary.
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.dates() | st.datetimes()
VALUES = st.recursive(
    SCALARS | st.binary(max_size=3) | st.sets(st.integers(), max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3),
    max_leaves=6,
)
LIKELY = st.sampled_from(["A", "public", "qcow2", "https://h/a.img", f"sha256:{HEX}", "glance-download", "all", "1"])
ENTRIES = st.dictionaries(st.sampled_from(sorted(SCHEMA)) | st.text(max_size=4), LIKELY | VALUES, max_size=8)


@settings(max_examples=100)
@given(st.lists(VALUES | ENTRIES, max_size=3), ENTRIES | VALUES)
def test_nothing_that_yaml_can_say_is_too_much(entries: list[Any], defaults: Any) -> None:
    found = check_catalog([Located(entry) for entry in entries], None, None)
    assert all(mistake.message for mistake in found)
    check_catalog([Located(entry) for entry in entries], defaults if isinstance(defaults, dict) else {}, None)
    check_defaults(defaults)
    if not found:
        plan(entries, [], "base")


@settings(max_examples=100)
@given(
    st.fixed_dictionaries(
        {"name": LIKELY | st.text(min_size=1), "url": st.just(GOOD["url"])},
        optional={
            "version": st.text() | st.integers() | st.dates(),
            "properties": st.dictionaries(st.text(), SCALARS, max_size=3),
            "tags": st.lists(st.text(), max_size=3),
            "min_disk": st.integers() | st.text(max_size=3),
            "checksum": LIKELY,
        },
    )
)
def test_what_is_valid_can_be_planned(entry: dict[str, Any]) -> None:
    if not check_catalog([Located(entry)], None, None):
        outcome = plan([entry], [], "base")
        assert outcome["result"]["created"] == [entry["name"]]
        assert wish_of({**ENTRY_DEFAULTS, **outcome["images"][0]}).name == entry["name"]


def test_keys_are_the_options_of_the_module() -> None:
    own = {"version", "enabled", "keep", "versioned_name"}
    for key, option in SCHEMA.items():
        if key in own:
            assert key not in argspec.ENTRY
            continue
        spec = argspec.ENTRY[key]
        assert set(option.aliases) <= set(spec.get("aliases", ())), key
        if key != "state" and "choices" in spec:
            assert list(option.choices) == list(spec["choices"]), key


def test_options_of_the_module_that_no_entry_has_are_known_to_be_none() -> None:
    left_out = {
        "is_public",
        "on_content_change",
        "on_in_use",
        "replaced_name",
        "replaced_state",
        "use_import",
        "volume",
    }
    assert {canonical(key) for key in argspec.ENTRY} - set(SCHEMA) == left_out
