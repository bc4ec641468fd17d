# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong is told in a sentence that names the option or the image, and leaves nothing behind in Glance."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.auth import Cloud, ConnectionOptions
from ansible_collections.imageops.glance.plugins.module_utils.client import Glance as OurGlance
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError
from ansible_collections.imageops.glance.plugins.module_utils.image import mover, task
from ansible_collections.imageops.glance.plugins.module_utils.image.engine import Engine
from ansible_collections.imageops.glance.plugins.module_utils.image.look import Viewer
from ansible_collections.imageops.glance.plugins.module_utils.image.sources import Sources
from ansible_collections.imageops.glance.plugins.module_utils.image.waiting import BrokenImage
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import checked, image, variable

ZEROS = "0" * 64


@dataclass(frozen=True)
class Case:
    """A mistake: options, what the message has to say, the HTTP status, and whether it can be found in check mode.

    ``N`` stands for a name that no image has, ``P-`` before the name of one that the test has made, ``I-`` for its id.
    """

    options: dict[str, Any]
    says: str
    status: int | None = None
    surprise: bool = False
    cloud: str = "admin"


def case(says: str, status: int | None = None, surprise: bool = False, cloud: str = "admin", **options: Any) -> Case:
    return Case({"name": "N", **options}, says, status, surprise, cloud)


QCOW2 = "$FILES/a.qcow2"
CASES: dict[str, Case] = {
    # ---- what the cloud has, or has not
    "unknown store": case(
        "stores: the cloud has no store 'nowhere'.* offers file, fast", filename=QCOW2, stores=["nowhere"]
    ),
    "unknown project": case("owner: project 'nobody' does not exist", owner="nobody"),
    "unknown member": case("members: project 'nobody' does not exist", members=["nobody"]),
    "ambiguous project": case("owner: there are several projects named 'demo'.* domain", owner="demo"),
    "unknown kernel": case("kernel: there is no image 'N-kernel'", kernel="N-kernel"),
    "unknown ramdisk": case("ramdisk: there is no image 'N-ramdisk'", ramdisk="N-ramdisk"),
    "id of a deleted image": case("id: I-deleted cannot be used", id="I-deleted", surprise=True),
    "twins": Case({"name": "P-twin", "tags": ["x"]}, "There are 2 images that image 'P-twin' could mean: .*give id or"),
    "absent twins": Case({"name": "P-twin", "state": "absent"}, "There are 2 images that image 'P-twin' could mean"),
    "protected": Case({"name": "P-protected", "state": "absent"}, "Image 'P-protected' .* is protected; set protected"),
    "deactivated without data": case("state: image 'N' has no data yet", state="deactivated"),
    "deactivated without data, queued": Case({"name": "P-queued", "state": "inactive"}, "state: .*has no data yet"),
    "owner as a member": case("owner: only an admin", owner="O-other", cloud="member"),
    "image of others": Case({"id": "I-public", "tags": ["x"]}, "belongs to project .* only an admin", cloud="member"),
    # ---- data
    "no such file": case("filename: The file .*/none' cannot be opened: No such file", filename="$FILES/none"),
    "folder": case("filename: .*/files.*' is a directory", filename="$FILES"),
    "unknown format": case("disk_format: filename .*noise has no header of a known", filename="$FILES/noise"),
    "format that contradicts": case(
        "disk_format: .*a.raw does not fit qcow2", filename="$FILES/a.raw", disk_format="qcow2"
    ),
    "unpacked wrongly": case("(gzip|decompress)", filename="$FILES/a.raw", decompress="gzip", disk_format="raw"),
    "wrong checksum": case(
        "checksum: filename .*a.qcow2 has the sha256 [0-9a-f]{64}, not 0+; nothing was published",
        filename=QCOW2,
        checksum=f"sha256:{ZEROS}",
        surprise=True,
    ),
    "wrong checksum, staged": case(
        "checksum: .*nothing was published", filename=QCOW2, checksum=f"sha256:{ZEROS}", use_import=True, surprise=True
    ),
    "other content": Case(
        {"name": "P-full", "filename": QCOW2},
        "Image 'P-full' .* has other content than wanted: .* set on_content_change to replace or ignore",
    ),
    "other format": Case(
        {"name": "P-full", "disk_format": "qcow2"}, "other content than wanted: disk_format is raw, not qcow2"
    ),
    "other checksum, and nothing to replace it by": Case(
        {"name": "P-full", "checksum": f"md5:{'0' * 32}", "on_content_change": "replace"},
        "other content than wanted: its md5 is .*give filename or url",
    ),
    # ---- refused by Glance
    "too many tags": case("HTTP 413.*Maximum: 128", 413, True, tags=[f"t{n}" for n in range(129)]),
    "too many tags, later": Case(
        {"name": "P-queued", "tags": [f"t{n}" for n in range(129)]}, "413.*Maximum", 413, True
    ),
    "long tag": case("failed with HTTP 400: tags/0: 'x.*x' is too long", 400, True, tags=["x" * 256]),
    "unknown disk_format": case("HTTP 400: disk_format: 'floppy' is not one of", 400, True, disk_format="floppy"),
    "publishing as a member": case("Creating image N failed with HTTP 403", 403, True, "member", visibility="public"),
    "publishing later as a member": Case(
        {"name": "P-own", "visibility": "public"}, "Updating image .* failed with HTTP 403", 403, True, "member"
    ),
    "copying as a member": Case(
        {"name": "P-own", "stores": ["fast"]}, "stores: this user may not copy images", None, True, "member"
    ),
}


#: Also run as tasks of their own; the others only as entries of images, which saves a process start each.
ALONE = ("protected", "no such file", "wrong checksum", "too many tags", "publishing as a member")


@dataclass(frozen=True)
class Ran:
    """A case, what check mode said to it and what happened, and the ids of the requests that Glance has answered."""

    case: Case
    check: dict[str, Any]
    result: dict[str, Any]
    requests: set[str]


@pytest.fixture(scope="module")
def ran(run: Runner, admin: Glance, member: Glance, prefix: str) -> dict[str, Ran]:
    """Every case in check mode and for real."""
    ids = _set_up(admin, member, prefix)
    cases = {name: _filled(one, f"{prefix}N{number}", prefix, ids) for number, (name, one) in enumerate(CASES.items())}
    groups = [[name for name in CASES if CASES[name].cloud == cloud] for cloud in ("admin", "member")]
    groups += [[name] for name in ALONE]
    tasks = []
    for names in groups:
        options = {"images": [cases[name].options for name in names]} if len(names) > 1 else cases[names[0]].options
        options = {"cloud": cases[names[0]].cloud, **options}
        tasks += [checked(**options), image(**options)]
    done = iter(run(tasks))
    found: dict[str, Ran] = {}
    for names in groups:
        check, real = next(done), next(done)
        assert (check.failed, real.failed) == (True, True) or len(names) == 1
        assert check.writes == []
        answered = {str(line["request_id"]) for line in real.glance}
        for number, name in enumerate(names):
            if len(names) > 1:
                found[name] = Ran(
                    cases[name], check.result["results"][number], real.result["results"][number], answered
                )
            else:
                foretold, told = ({**one.result, "failed": one.failed} for one in (check, real))
                found[f"alone: {name}"] = Ran(cases[name], foretold, told, answered)
    return found


def _set_up(admin: Glance, member: Glance, prefix: str) -> dict[str, str]:
    ids = {
        "O-other": variable("LOCAL_CLOUD_OTHER_PROJECT_ID"),
        "I-deleted": admin.create(name=f"{prefix}deleted")["id"],
        "I-public": admin.create(name=f"{prefix}public", visibility="public")["id"],
    }
    admin.call("DELETE", f"images/{ids['I-deleted']}")
    for _turn in range(2):
        admin.create(name=f"{prefix}twin")
    admin.create(b"data", name=f"{prefix}protected", protected=True)
    admin.create(name=f"{prefix}queued")
    admin.create(b"data", name=f"{prefix}full")
    member.create(b"data", name=f"{prefix}own")
    return ids


def _filled(one: Case, new: str, prefix: str, ids: dict[str, str]) -> Case:
    words = {r"\bN\b": new, r"\bP-": prefix, **ids}

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            for pattern, text in words.items():
                value = re.sub(pattern, text, value)
            return value
        if isinstance(value, dict):
            return {key: fill(item) for key, item in value.items()}
        return [fill(item) for item in value] if isinstance(value, list) else value

    return replace(one, options=fill(one.options), says=fill(one.says))


def a_sentence(result: dict[str, Any]) -> str:
    """A failure that is told in words, on one line, and never by a traceback."""
    assert result["failed"]
    message = str(result["msg"])
    assert message.endswith("."), message
    assert "\n" not in message
    assert len(message) < 700, message
    assert "Unexpected" not in message
    assert "Traceback" not in str(result), result
    return message


@pytest.mark.parametrize("name", [*CASES, *(f"alone: {name}" for name in ALONE)])
def test_mistake(ran: dict[str, Ran], name: str) -> None:
    one = ran[name]
    message = a_sentence(one.result)
    assert re.search(one.case.says, message, re.IGNORECASE), message
    assert one.result.get("status") == one.case.status
    if one.case.status is not None:
        assert one.result["request_id"] in one.requests
        assert one.result["request_id"] in message
    # Only what Glance alone can know, and what is found on the last byte, may come as a surprise.
    if one.case.surprise:
        assert not one.check.get("failed"), one.check
    else:
        assert one.check["msg"] == message


def test_nothing_is_left_behind(ran: dict[str, Ran], admin: Glance, prefix: str) -> None:
    there = ["full", "own", "protected", "public", "queued", "twin", "twin"]
    assert admin.names(prefix) == [f"{prefix}{name}" for name in there]
    for one in admin.images(prefix):
        assert one["tags"] == []
        assert not one["os_hidden"]
        assert one["visibility"] == ("public" if one["name"] == f"{prefix}public" else "shared")


def test_data_that_glance_refuses_leaves_no_poisoned_image(
    admin: Glance, prefix: str, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """415 comes after the last byte. What we know of formats prevents it, so that knowledge is taken away here."""
    monkeypatch.setattr(mover, "refuse_contradiction", lambda *_arguments: None)
    monkeypatch.setattr(Engine, "_inspected", lambda _self, wish, _found, _content: ("qcow2", wish))
    wanted = {"name": f"{prefix}poisoned", "disk_format": "qcow2", "filename": str(files / "a.raw")}
    (wish,), _many = task.wishes_of(wanted)
    glance = OurGlance(Cloud(ConnectionOptions(endpoint=admin.url, token=admin.token)))
    viewer = Viewer(glance, [f"{prefix}poisoned"])
    outcome = Engine(glance, viewer, Sources(), timeout=60, wait=True, check=False).fulfil(wish)
    glance.close()
    assert isinstance(outcome.error, (ApiError, BrokenImage))
    assert "415" in outcome.error.message
    assert "Image disk_format qcow2 does not match stream data" in outcome.error.message
    assert "req-" in outcome.error.message
    assert admin.images(f"{prefix}poisoned") == []


def test_options_are_checked_before_the_cloud_is_asked(run: Runner) -> None:
    """What cannot work is told at once, by Ansible or by us, with the option's name; see the unit tests for all."""
    wrong: dict[str, dict[str, Any]] = {
        "state": {"name": "x", "state": "gone"},
        "no_such_option": {"name": "x", "no_such_option": 1},
        "volume: ": {"name": "x", "volume": "v"},
        "images: entry 2 ": {"images": [{"name": "x"}, {"tags": []}]},
    }
    for told, done in zip(wrong, run([image(**options) for options in wrong.values()]), strict=True):
        assert done.failed
        assert told in done.message
        assert done.glance == []
