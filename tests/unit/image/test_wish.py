# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options become a wish, or a sentence that says which of them cannot work."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.argspec import BATCH_ONLY, ENTRY
from ansible_collections.imageops.glance.plugins.module_utils.document import Desired
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image.task import wishes_of
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import (
    ENTRY_DEFAULTS,
    Wish,
    wish_of,
    without_credentials,
)

ID = "0f5a1ab9-7e0a-4c5e-9d52-000000000001"


def wish(**options: Any) -> Wish:
    return wish_of({**ENTRY_DEFAULTS, "name": "x", **options})


@pytest.mark.parametrize(
    ("options", "attributes"),
    [
        ({}, {}),
        ({"disk_format": "raw", "container_format": "ovf"}, {"disk_format": "raw", "container_format": "ovf"}),
        ({"visibility": "community"}, {"visibility": "community"}),
        ({"is_public": True}, {"visibility": "public"}),
        ({"is_public": False}, {"visibility": "private"}),
        ({"members": ["p"]}, {"visibility": "shared"}),
        ({"members": ["p"], "visibility": "shared"}, {"visibility": "shared"}),
        ({"members": []}, {}),
        ({"members": [], "visibility": "public"}, {"visibility": "public"}),
        ({"protected": False, "hidden": False}, {"protected": False, "os_hidden": False}),
        ({"min_disk": "0", "min_ram": 0}, {"min_disk": 0, "min_ram": 0}),
        ({"min_disk": "12"}, {"min_disk": 12}),
        ({"min_disk": "auto"}, {}),
        ({"tags": []}, {"tags": []}),
        ({"tags": ["b", "a"]}, {"tags": ["b", "a"]}),
    ],
)
def test_attributes(options: dict[str, Any], attributes: dict[str, Any]) -> None:
    assert wish(**options).desired == Desired({"name": "x", **attributes}, {}, False)


def test_what_is_not_given_is_not_managed() -> None:
    found = wish()
    assert found == Wish("x", None, "present", Desired({"name": "x"}))
    assert (found.data, found.members, found.stores, found.owner) == (None, None, None, None)
    assert wish_of({**ENTRY_DEFAULTS, "id": ID}).desired.attributes == {}


@pytest.mark.parametrize(
    ("options", "properties", "exact"),
    [
        (
            {"properties": {"a": 4, "b": True, "c": None, "d": "yes"}},
            {"a": "4", "b": "true", "c": None, "d": "yes"},
            False,
        ),
        ({"properties": {}, "properties_mode": "exact"}, {}, True),
        ({"properties": None, "properties_mode": "exact"}, {}, True),
    ],
)
def test_properties(options: dict[str, Any], properties: dict[str, Any], exact: bool) -> None:
    found = wish(**options).desired
    assert (found.properties, found.exact) == (properties, exact)


@pytest.mark.parametrize(
    ("options", "method", "told"),
    [
        ({"filename": "/a"}, None, "filename /a"),
        ({"filename": "/a", "use_import": True}, "glance-direct", "filename /a"),
        ({"filename": "/a", "use_import": False}, None, "filename /a"),
        ({"filename": "/a", "import_method": "glance-direct"}, "glance-direct", "filename /a"),
        ({"url": "https://u:p@h/a"}, None, "url https://h/a"),
        ({"url": "http://h/a", "import_method": "web-download"}, "web-download", "url http://h/a"),
        ({"url": "file:///a"}, None, "url file:///a"),
        (
            {"remote_image_id": ID, "remote_region": "r", "import_method": "glance-download"},
            "glance-download",
            f"remote_image_id {ID} in region r",
        ),
    ],
)
def test_where_data_comes_from(options: dict[str, Any], method: str | None, told: str) -> None:
    data = wish(**options).data
    assert data is not None
    assert (data.method, data.told) == (method, told)
    assert data.fetched_by_cloud == (method in ("web-download", "glance-download"))


def test_secrets_of_the_web_server_are_not_shown() -> None:
    data = wish(url="https://user:one@h/a", url_password="two", url_headers={"Authorization": "three"}).data
    assert data is not None
    assert "two" not in repr(data)
    assert "three" not in repr(data)
    assert "one" not in data.told


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@h/a@b", "https://h/a@b"),
        ("https://h/a@b", "https://h/a@b"),
        ("https://u@h", "https://h"),
        ("https://u:p@ss@h/a", "https://h/a"),
        ("https://h?a@b", "https://h?a@b"),
        ("file:///a@b", "file:///a@b"),
    ],
)
def test_urls_without_credentials(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


def test_absent_needs_no_data() -> None:
    found = wish(state="absent", filename="/a", import_method="web-download")
    assert (found.state, found.data) == ("absent", None)


@pytest.mark.parametrize(
    ("state", "same"), [("present", "present"), ("inactive", "deactivated"), ("deactivated", "deactivated")]
)
def test_states(state: str, same: str) -> None:
    assert wish(state=state).state == same


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": None}, "name: give name or id"),
        ({"name": ""}, "name: give name or id"),
        ({"volume": "v"}, r"volume: .* use openstack\.cloud\.volume"),
        ({"id": "x"}, "id: 'x' is no UUID in lower case"),
        ({"id": ID.upper()}, "id: .* is no UUID in lower case"),
        ({"filename": "/a", "url": "http://h/x"}, "filename and url exclude each other"),
        ({"filename": "/a", "remote_image_id": ID}, "filename and remote_image_id exclude"),
        ({"url": "http://h", "remote_image_id": ID}, "url and remote_image_id exclude"),
        ({"visibility": "public", "is_public": True}, "visibility and is_public exclude"),
        ({"stores": ["a"], "all_stores": True}, "stores and all_stores exclude"),
        ({"stores": []}, "stores: an image with data is in one store at least"),
        ({"members": ["p"], "visibility": "private"}, "members: only shared images have members"),
        ({"members": ["p"], "visibility": "public"}, "members: only shared images have members"),
        ({"min_disk": "much"}, "min_disk: 'much' is neither a number of GiB nor 'auto'"),
        ({"min_disk": "-1"}, "min_disk: '-1' is neither"),
        ({"min_disk": "1.5"}, "min_disk: '1.5' is neither"),
        ({"min_disk": "2147483648"}, "min_disk: '2147483648' is neither"),
        ({"min_ram": -1}, "min_ram: -1 is no number of MiB that Glance takes"),
        ({"min_ram": 2**31}, "min_ram: 2147483648 is no number"),
        ({"properties": {"a": ["b"]}}, "properties: the value of 'a' is a list"),
        ({"properties": {"os_hidden": "x"}}, "properties: 'os_hidden' is no custom property; use the option hidden"),
        ({"properties": {"tags": "x"}}, "properties: 'tags' is no custom property; use the option tags"),
        ({"properties": {"checksum": "x"}}, "properties: 'checksum' is written by Glance"),
        ({"properties": {"os_glance_x": "1"}}, "properties: 'os_glance_x' is written by Glance"),
        ({"checksum": "sha256:zz"}, "'checksum' has the value 'sha256:zz'"),
        ({"url": "ftp://h/x"}, "url: 'ftp://h/x' is neither http, https nor file"),
        ({"url": "ftp://u:p@h/x"}, "url: 'ftp://h/x' is neither"),
        ({"url": "file:///a", "import_method": "web-download"}, "url: the cloud cannot fetch a file:// URL"),
        ({"import_method": "web-download"}, "import_method: web-download needs url"),
        ({"import_method": "glance-direct"}, "import_method: glance-direct needs filename or url"),
        ({"import_method": "glance-download"}, "import_method: glance-download needs remote_region and"),
        ({"remote_image_id": ID}, "remote_image_id and remote_region go together"),
        ({"remote_region": "r"}, "remote_image_id and remote_region go together"),
        ({"remote_image_id": ID, "remote_region": "r"}, "import_method: .* set import_method to glance-download"),
        (
            {"remote_image_id": ID, "remote_region": "r", "import_method": "web-download"},
            "import_method: web-download cannot fetch remote_image_id",
        ),
        ({"url": "http://h", "import_method": "web-download", "decompress": "xz"}, "decompress: with web-download"),
        ({"url": "http://h", "import_method": "web-download", "convert": "raw"}, "convert: with web-download"),
        ({"url": "http://h", "import_method": "web-download", "url_username": "u"}, "url_username: Glance fetches"),
        ({"url": "http://h", "import_method": "web-download", "url_headers": {"a": ""}}, "url_headers: Glance fetches"),
    ],
)  # fmt: skip
def test_what_cannot_work(options: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says) as caught:
        wish(**options)
    assert caught.value.message.endswith(".")
    assert "\n" not in caught.value.message


# ---- the task and its entries


def params(**given: Any) -> dict[str, Any]:
    """Parameters as AnsibleModule gives them: every option is there."""
    found: dict[str, Any] = dict.fromkeys(ENTRY)
    found["images"] = None
    images = given.pop("images", None)
    if images is not None:
        found["images"] = [{**dict.fromkeys(ENTRY), **dict.fromkeys(BATCH_ONLY), **entry} for entry in images]
    return {**found, **given}


def test_one_image() -> None:
    (found,), many = wishes_of(params(name="x", tags=["a"]))
    assert not many
    assert (found.name, found.state, found.desired.attributes["tags"]) == ("x", "present", ["a"])


def test_entries_take_what_they_lack_from_the_task() -> None:
    found, many = wishes_of(
        params(
            tags=["all"],
            visibility="public",
            properties={"a": "1"},
            min_ram=1,
            images=[{"name": "x"}, {"name": "y", "tags": [], "is_public": False, "properties": {"b": "2"}, "key": "k"}],
        )
    )
    assert many
    assert [one.name for one in found] == ["x", "y"]
    assert found[0].desired.attributes == {"name": "x", "tags": ["all"], "visibility": "public", "min_ram": 1}
    assert found[1].desired.attributes == {"name": "y", "tags": [], "visibility": "private", "min_ram": 1}
    assert (found[0].desired.properties, found[1].desired.properties) == ({"a": "1"}, {"b": "2"})
    assert (found[0].key, found[1].key) == (None, "k")


@pytest.mark.parametrize(
    ("task", "entry"),
    [
        ({"filename": "/a"}, {"url": "http://h/b"}),
        ({"url": "http://h/b"}, {"filename": "/a"}),
        ({"visibility": "public"}, {"is_public": False}),
        ({"is_public": True}, {"visibility": "private"}),
        ({"all_stores": True}, {"stores": ["a"]}),
        ({"stores": ["a"]}, {"all_stores": True}),
    ],
)
def test_an_entrys_own_choice_sets_aside_the_tasks(task: dict[str, Any], entry: dict[str, Any]) -> None:
    merged, _many = wishes_of(params(**task, images=[{"name": "x", **entry}]))
    alone, _many = wishes_of(params(images=[{"name": "x", **entry}]))
    assert merged == alone


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "x", "images": []}, "name: with images, each entry has its own name; move it there"),
        ({"id": ID, "images": []}, "id: with images, each entry has its own id"),
        ({"images": [{"name": "x"}, {"tags": []}]}, r"images: entry 2 \(without a name\): name: give name or id"),
        ({"images": [{"name": "x", "min_ram": -1}]}, r"images: entry 1 \(x\): min_ram: -1 is no number"),
    ],
)
def test_entries_that_cannot_work(given: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=f"^{says}"):
        wishes_of(params(**given))


def test_no_entries() -> None:
    assert wishes_of(params(images=[])) == ([], True)


def test_every_option_reaches_the_wish() -> None:
    """An option that is added to the argument spec and then forgotten would be accepted and do nothing."""
    given: dict[str, Any] = {
        "name": "y", "id": ID, "state": "deactivated", "disk_format": "raw", "container_format": "ovf",
        "visibility": "community", "protected": True, "hidden": True, "min_disk": "3", "min_ram": 4, "tags": ["t"],
        "owner": "o", "owner_domain": "d", "properties": {"a": "b"}, "properties_mode": "exact", "kernel": "k",
        "ramdisk": "r", "filename": "/f", "url": "http://h", "url_headers": {"a": "b"}, "url_username": "u",
        "url_password": "p", "url_validate_certs": False, "url_ca_cert": "/c", "decompress": "xz", "convert": "raw",
        "checksum": "0" * 32, "checksum_signature": "inline", "checksum_keyring": "/k", "use_import": True,
        "import_method": "glance-direct", "stores": ["s"], "all_stores": True, "stores_mode": "exact",
        "members": ["m"], "members_mode": "merge", "on_content_change": "replace", "replaced_state": "absent",
        "replaced_name": "n", "on_in_use": "hide", "key": "k", "after": ["a"], "match": {"a": "b"}, "replaces": ID,
        "is_public": True,
    }  # fmt: skip
    elsewhere = {"volume", "remote_region", "remote_image_id", "remote_interface"}
    assert set(given) == (set(ENTRY) | set(BATCH_ONLY)) - elsewhere
    plain, from_url = wish(filename="/e"), wish(url="http://e")
    for option, value in given.items():
        base = {"filename": "/e"}
        compared = plain
        if option.startswith("url_"):
            base, compared = {"url": "http://e"}, from_url
        if option in ("filename", "url"):
            base = {}
        if option == "members":
            value = [*value, "other"]
        if option == "owner_domain":
            base["owner"] = "o"
        assert wish(**base, **{option: value}) != compared, option
