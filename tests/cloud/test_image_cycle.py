# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each option's life on the real Glance: check mode, apply, check mode again, apply again.

Check mode writes nothing and predicts what comes; what was applied needs nothing more.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.argspec import ENTRY, IMAGE
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import checked, image, variable

#: What Glance thinks up itself, so that check mode cannot know it.
INVENTED = {
    *("id", "created_at", "updated_at", "self", "file", "schema", "checksum", "size", "virtual_size", "stores"),
    *("os_hash_algo", "os_hash_value", "hash_algo", "hash_value", "direct_url", "locations"),
    *("os_glance_importing_to_stores", "os_glance_failed_import", "os_glance_import_task"),
}


@dataclass(frozen=True)
class Step:
    """Options of a task that changes something, and what the image has then."""

    options: dict[str, Any]
    then: dict[str, Any]


def step(then: dict[str, Any] | None = None, **options: Any) -> Step:
    """A step that ends in ``then``: the options themselves, where Glance has the same names for them."""
    return Step(options, options if then is None else then)


QCOW2 = {"filename": "$FILES/a.qcow2"}
ACTIVE = {"status": "active"}
#: By a name that says what is shown; each with an image of its own that its steps change one after the other.
CYCLES: dict[str, list[Step]] = {
    "bare name": [step({"status": "queued", "visibility": "private", "tags": [], "min_disk": 0})],
    "tags": [step(tags=["b", "a"], then={"tags": ["a", "b"]}), step(tags=["c"]), step(tags=[])],
    "tags with blanks, commas and letters of all kinds": [step(tags=['x y,"z"', "ä", "100%"], then={})],
    "min_disk and min_ram": [step(min_disk=3, min_ram=64), step(min_disk="0", min_ram=0, then={"min_disk": 0})],
    "min_disk auto": [step(min_disk="auto", **QCOW2, then={"min_disk": 1, **ACTIVE})],
    "visibility": [step(visibility=v) for v in ("public", "private", "shared", "community", "private")],
    "is_public": [step(is_public=True, then={"visibility": "public"}), step(is_public=False, then={})],
    "protected": [step(protected=True), step(is_protected=False, then={"protected": False, "is_protected": False})],
    "hidden": [
        step(hidden=True, then={"os_hidden": True, "is_hidden": True}),
        step(is_hidden=False, then={"os_hidden": False}),
        step(os_hidden=True),
    ],
    "formats of an image without data": [
        step(disk_format="qcow2", container_format="bare"),
        step(disk_format="raw", container_format="ovf"),
    ],
    "properties": [
        step(properties={"a": "1", "b": "x"}, then={"a": "1", "properties": {"a": "1", "b": "x"}}),
        step(properties={"a": "2"}, then={"a": "2", "b": "x"}),
        step(properties={"a": None, "c": ""}, then={"properties": {"b": "x", "c": ""}}),
    ],
    "values that are not text": [
        step(
            properties={"number": 4, "true": True, "false": False, "yes": "yes", "ratio": 1.5, "gone": None},
            then={"properties": {"number": "4", "true": "true", "false": "false", "yes": "yes", "ratio": "1.5"}},
        )
    ],
    "property names with signs": [
        step(properties={"a/b": "1", "c~d": "2", "e:f": "3", "g.h": "4", "~1": "5", "ü": "6", "a b": "7", "%2F": "8"}),
        step(
            properties={"a/b": "x", "c~d": None, "e:f": None, "g.h": "y", "~1": None, "ü": "z", "%2F": None},
            then={"properties": {"a/b": "x", "g.h": "y", "ü": "z", "a b": "7"}},
        ),
    ],
    "properties_mode exact": [
        step(properties={"a": "1", "base_image_ref": "r", "owner_specified.openstack.md5": "m"}, then={}),
        step(
            properties={"b": "2"},
            properties_mode="exact",
            then={"properties": {"b": "2", "base_image_ref": "r", "owner_specified.openstack.md5": "m"}},
        ),
        step(
            properties={},
            properties_mode="exact",
            then={"properties": {"base_image_ref": "r", "owner_specified.openstack.md5": "m"}},
        ),
    ],
    "owner by name": [step(owner="other", then={}), step(owner="other", tags=["x"], then={"tags": ["x"]})],
    "owner in a domain": [step(project="demo", project_domain="second", then={})],
    "filename": [step(**QCOW2, then={"disk_format": "qcow2", "container_format": "bare", **ACTIVE})],
    "filename with all its metadata": [
        step(
            filename="$FILES/b.raw",
            disk_format="raw",
            container_format="bare",
            visibility="public",
            protected=True,
            hidden=True,
            min_disk=1,
            min_ram=2,
            tags=["t"],
            properties={"p": "q"},
            then={"visibility": "public", "protected": True, "os_hidden": True, "min_disk": 1, "p": "q", **ACTIVE},
        )
    ],
    "metadata first, data later": [
        step(tags=["t"], properties={"a": "1"}),
        step(disk_format="iso"),
        step(filename="$FILES/a.iso", then={"disk_format": "iso", "container_format": "bare", "a": "1", **ACTIVE}),
        step(visibility="public"),
    ],
    "url of a file": [step(url="file://$FILES/a.raw", disk_format="raw", then=ACTIVE)],
    "checksum by its kind": [step(**QCOW2, checksum="md5:$A_MD5", then=ACTIVE)],
    "bare checksum": [step(**QCOW2, checksum="$A_SHA256", then=ACTIVE)],
    "deactivated": [
        step(**QCOW2, then=ACTIVE),
        step(state="deactivated", then={"status": "deactivated"}),
        step(state="present", then=ACTIVE),
        step(state="inactive", tags=["x"], then={"status": "deactivated", "tags": ["x"]}),
    ],
    "created deactivated": [step(state="deactivated", **QCOW2, then={"status": "deactivated"})],
    "use_import": [step(use_import=True, **QCOW2, then=ACTIVE)],
    "import_method glance-direct": [step(import_method="glance-direct", **QCOW2, visibility="public", then=ACTIVE)],
    "stores": [
        step(stores=["fast"], **QCOW2, then={"stores": "fast"}),
        step(stores=["file"], then=ACTIVE),
        step(stores=["fast"], stores_mode="exact", then={"stores": "fast"}),
    ],
    "all_stores": [step(**QCOW2, then={"stores": "file"}), step(all_stores=True, then=ACTIVE)],
    "members": [
        step(members=["other"], then={"visibility": "shared"}),
        step(members=["other", "$SECOND"], then={}),
        step(members=["service"], members_mode="merge", then={}),
        step(members=["service"], then={}),
        step(members=[], then={"visibility": "shared"}),
    ],
    "kernel and ramdisk": [
        step(kernel="$PREFIX-kernel", ramdisk="$PREFIX-ramdisk", then={}),
        step(kernel="", ramdisk="", then={}),
    ],
    "replaced by other data": [
        step(**QCOW2, tags=["keep"], properties={"a": "1"}, visibility="public", then={"status": "active"}),
        step(
            filename="$FILES/b.qcow2",
            on_content_change="replace",
            replaced_state="absent",
            then={"tags": ["keep"], "a": "1", "visibility": "public", **ACTIVE},
        ),
    ],
    "replaced by another format": [
        step(**QCOW2, properties={"a": "1"}, then={"disk_format": "qcow2"}),
        step(
            filename="$FILES/b.raw",
            disk_format="raw",
            on_content_change="replace",
            replaced_state="absent",
            then={"disk_format": "raw", "a": "1", **ACTIVE},
        ),
    ],
    "absent": [step(tags=["x"]), step(state="absent", then={})],
    "absent though protected": [step(protected=True), step(state="absent", protected=False, then={})],
}


#: Run as tasks of their own too; the others only as entries of images, which saves a process start each.
ALONE = (
    "bare name",
    "tags",
    "protected",
    "filename with all its metadata",
    "members",
    "replaced by other data",
    "absent",
)


@dataclass(frozen=True)
class Turns:
    """What one step gave: in check mode, applied, in check mode again, applied again. ``writes`` are of check mode."""

    check: dict[str, Any]
    apply: dict[str, Any]
    check_again: dict[str, Any]
    again: dict[str, Any]
    writes: list[str]


@pytest.fixture(scope="module")
def ran(run: Runner, admin: Glance, prefix: str, files: Path) -> dict[str, list[Turns]]:
    """Every cycle in one play; by name, what each step gave."""
    kernel = admin.create(b"kernel", name=f"{prefix}kernel", disk_format="aki", container_format="aki")
    ramdisk = admin.create(b"ramdisk", name=f"{prefix}ramdisk", disk_format="ari", container_format="ari")
    assert kernel["status"] == ramdisk["status"] == "active"
    known = _known(prefix, files)
    phases: list[tuple[list[str], list[dict[str, Any]] | dict[str, Any]]] = []
    for number in range(max(map(len, CYCLES.values()))):
        there = [name for name, steps in CYCLES.items() if number < len(steps)]
        entries = [{"name": f"{prefix}{name}", **_filled(CYCLES[name][number].options, known)} for name in there]
        phases.append((there, entries))
    for name in ALONE:
        for one in CYCLES[name]:
            options = {"name": f"{prefix}alone {name}", **_filled(one.options, known)}
            phases.append(([f"alone: {name}"], options))
    tasks = []
    for _names, given in phases:
        options = {"images": given, "parallel": 2} if isinstance(given, list) else given
        tasks += [checked(**options), image(**options), checked(**options), image(**options)]
    done = iter(run(tasks))
    found: dict[str, list[Turns]] = {}
    for names, given in phases:
        turns = [next(done) for _turn in range(4)]
        results = [turn.result["results"] if isinstance(given, list) else [turn.result] for turn in turns]
        writes = turns[0].writes + turns[2].writes + turns[3].writes
        for name, check, apply, check_again, again in zip(names, *results, strict=True):
            found.setdefault(name, []).append(Turns(check, apply, check_again, again, writes))
    return found


def _known(prefix: str, files: Path) -> dict[str, str]:
    content = (files / "a.qcow2").read_bytes()
    return {
        "$PREFIX-": prefix,
        "$SECOND": variable("LOCAL_CLOUD_SECOND_PROJECT_ID"),
        "file://$FILES": f"file://{files}",
        "$A_MD5": hashlib.md5(content).hexdigest(),
        "$A_SHA256": hashlib.sha256(content).hexdigest(),
    }


def _filled(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, str):
        for placeholder, text in known.items():
            value = value.replace(placeholder, text)
        return value
    if isinstance(value, dict):
        return {key: _filled(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, known) for item in value]
    return value


@pytest.mark.parametrize("name", [*CYCLES, *(f"alone: {name}" for name in ALONE)])
def test_cycle(ran: dict[str, list[Turns]], name: str) -> None:
    for one, turns in zip(CYCLES[name.removeprefix("alone: ")], ran[name], strict=True):
        told = f"{name}, {one.options}"
        for result in (turns.check, turns.apply, turns.check_again, turns.again):
            assert not result.get("failed"), f"{told}: {result.get('msg')}"
        assert turns.writes == [], told
        _predicted(turns.check, turns.apply, told)
        _settled(turns, told)
        found = turns.apply["image"] or {}
        shown = {key: sorted(value) if key == "tags" else value for key, value in found.items()}
        expected = one.then if one.options.get("state") != "absent" else {}
        assert {key: shown.get(key) for key in expected} == expected, told


def _predicted(check: dict[str, Any], apply: dict[str, Any], told: str) -> None:
    """What check mode said is what came."""
    assert (check["changed"], apply["changed"]) == (True, True), told
    assert check["actions"] == apply["actions"] != [], told
    own_id = (apply["image"] or {}).get("id")
    assert _foreseeable(check["image"], own_id) == _foreseeable(apply["image"], own_id), told
    assert _foreseeable(check["diff"]["after"], own_id) == _foreseeable(apply["diff"]["after"], own_id), told
    assert check["diff"]["before"] == apply["diff"]["before"], told
    assert check["diff"]["before"] != check["diff"]["after"], told


def _settled(turns: Turns, told: str) -> None:
    """What was applied needs nothing more."""
    for result in (turns.check_again, turns.again):
        assert not result["changed"], f"{told}: {result['actions']} {result['diff']}"
        assert result["actions"] == [], told
        assert result["diff"]["before"] == result["diff"]["after"], told
        assert _lasting(result["image"]) == _lasting(turns.apply["image"]), told


def _lasting(document: dict[str, Any] | None) -> dict[str, Any]:
    """What does not change by itself: Glance forgets a finished import, and sorts stores and tags as it likes."""
    kept = {key: value for key, value in (document or {}).items() if not key.startswith("os_glance_")}
    return {**kept, "stores": sorted(str(kept.get("stores")).split(",")), "tags": sorted(kept.get("tags") or ())}


def _foreseeable(document: dict[str, Any] | None, own_id: str | None) -> Any:
    """What check mode has to know; order means nothing in tags, and a key without a value is as good as none.

    A mark that holds the image's own id is foretold with ``{id}`` in its place.
    """
    if document is None:
        return None
    known = {key: value for key, value in document.items() if key not in INVENTED and value is not None}
    text = json.dumps({key: sorted(value) if key == "tags" else value for key, value in known.items()}, sort_keys=True)
    return json.loads(text.replace(str(own_id), "{id}") if own_id else text)


def test_every_option_of_an_image_has_its_cycle_somewhere() -> None:
    """An option that is added without a test of its life is found here."""
    elsewhere = {
        *("id", "volume", "on_in_use", "replaced_name"),  # test_image_errors, test_image_replace
        *("url_headers", "url_username", "url_password", "url_validate_certs", "url_ca_cert"),  # need a web server
        *("decompress", "convert", "checksum_signature", "checksum_keyring"),
        *("remote_region", "remote_image_id", "remote_interface"),  # need a second region
    }
    aliases = {alias: option for option, spec in ENTRY.items() for alias in spec.get("aliases", [])}
    used = {aliases.get(key, key) for steps in CYCLES.values() for one in steps for key in one.options}
    assert set(ENTRY) - elsewhere - {"name"} <= used
    assert used <= set(IMAGE)
