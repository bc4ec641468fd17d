# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that earlier, broken-off work has left behind are recognised on the real Glance, and good ones take over."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import Done, checked, image
from ansible_collections.imageops.glance.tests.tools import samples

#: What /a.raw holds.
DATA = samples.raw_disk("a", size=64 << 10)
QCOW2 = {"disk_format": "qcow2", "container_format": "bare"}
OCTETS = {"Content-Type": "application/octet-stream"}
#: Kept by the image that takes a broken one's place.
KEPT = {"tags": ["kept"], "os_distro": "debian", "min_disk": 1, "visibility": "private"}


def refused(admin: Glance, name: str) -> str:
    """Poisoned: Glance says 415 after the last byte, and keeps the bytes."""
    made = admin.call("POST", "images", json={"name": name, **QCOW2, **KEPT})
    url = f"{admin.url}/v2/images/{made['id']}/file"
    answer = admin.session.put(url, data=DATA, headers=OCTETS, timeout=60)
    assert answer.status_code == 415
    found = admin.image(made["id"])
    assert found["status"] == "queued"
    assert found["checksum"]
    return str(made["id"])


def importing_for_ever(admin: Glance, name: str) -> str:
    """An import of staged data whose format is another than declared fails, and the image stays as it was."""
    image_id = staged(admin, name)
    admin.call("POST", f"images/{image_id}/import", json={"method": {"name": "glance-direct"}})
    deadline = time.monotonic() + 60
    while admin.call("GET", f"images/{image_id}/tasks")["tasks"][0]["status"] != "failure":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert admin.image(image_id)["status"] == "importing"
    return image_id


def staged(admin: Glance, name: str) -> str:
    """Staged, and its import forgotten."""
    made = admin.call("POST", "images", json={"name": name, **QCOW2, **KEPT})
    admin.call("PUT", f"images/{made['id']}/stage", data=DATA, headers=OCTETS)
    assert admin.image(made["id"])["status"] == "uploading"
    return str(made["id"])


MAKERS = {"poisoned": refused, "importing": importing_for_ever, "staged": staged}


@pytest.fixture(scope="module")
def stuck(admin: Glance, prefix: str) -> dict[str, str]:
    """Ids of stuck images by what has befallen them."""
    return {name: make(admin, prefix + name) for name, make in MAKERS.items()}


@pytest.fixture(scope="module")
def healed(run: Runner, stuck: dict[str, str], prefix: str) -> list[Done]:
    """Check mode, apply, apply again for all of them at a time."""
    entries = [{"name": prefix + name, "filename": "$FILES/a.raw", "disk_format": "raw"} for name in stuck]
    options = {"images": entries, "parallel": 3}
    return run([checked(**options), image(**options), image(**options)])


@pytest.mark.parametrize(("index", "name"), list(enumerate(MAKERS)))
def test_a_stuck_image_makes_room_for_a_good_one(
    index: int, name: str, healed: list[Done], stuck: dict[str, str], admin: Glance, prefix: str
) -> None:
    result = healed[1].result["results"][index]
    assert result["actions"] == ["clean", "create", "upload"]
    assert result["verified"] is True
    found = [one for one in admin.images(prefix + name) if one["name"] == prefix + name]
    assert [one["id"] for one in found] == [result["image"]["id"]] != [stuck[name]]
    assert found[0]["os_hash_value"] == hashlib.sha512(DATA).hexdigest()
    assert found[0]["disk_format"] == "raw"
    assert {key: found[0][key] for key in KEPT} == KEPT


def test_healing_is_done_once(healed: list[Done]) -> None:
    assert healed[0].changed
    assert healed[0].writes == []
    assert not healed[2].changed
    assert healed[2].writes == []


@contextmanager
def uploading(admin: Glance, image_id: str, data: bytes, seconds: float) -> Iterator[threading.Thread]:
    """Somebody else's upload, which takes so long; seconds below zero: it stands still for ever."""
    ended = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield data[:1000]
        ended.wait(None if seconds < 0 else seconds)
        if seconds >= 0:
            yield data[1000:]

    def put() -> None:
        url = f"{admin.url}/v2/images/{image_id}/file"
        headers = {"X-Auth-Token": admin.token, **OCTETS}
        try:
            requests.put(url, data=pieces(), headers=headers, timeout=60)
        except requests.RequestException:
            # The image was deleted below it.
            assert seconds < 0

    thread = threading.Thread(target=put, daemon=True)
    thread.start()
    while admin.image(image_id)["status"] != "saving":
        time.sleep(0.05)
    yield thread
    ended.set()
    thread.join(60)


def test_an_upload_that_stands_still_is_given_up_after_the_timeout(run: Runner, admin: Glance, prefix: str) -> None:
    name = f"{prefix}saving"
    made = admin.call("POST", "images", json={"name": name, "disk_format": "raw", "container_format": "bare", **KEPT})
    with uploading(admin, made["id"], DATA, -1):
        done = run([image(name=name, filename="$FILES/a.raw", disk_format="raw", timeout=4)])[0]
    assert done.result["actions"] == ["clean", "create", "upload"]
    assert admin.names(name) == [name]
    assert done.image["status"] == "active"
    assert done.image["id"] != made["id"]


def test_an_upload_that_goes_on_is_waited_for_and_its_data_compared(run: Runner, admin: Glance, prefix: str) -> None:
    name = f"{prefix}in use"
    made = admin.call("POST", "images", json={"name": name, "disk_format": "raw", "container_format": "bare"})
    with uploading(admin, made["id"], DATA, 4):
        done = run([image(name=name, filename="$FILES/a.raw", disk_format="raw")])[0]
    assert not done.failed
    assert done.image["id"] == made["id"]
    assert not done.changed
    assert done.result["actions"] == []
    # The one that was waited for.
    assert done.writes == [f"PUT /v2/images/{made['id']}/file"]


def test_a_stuck_image_that_is_named_by_its_id_cannot_be_healed_and_says_so(
    run: Runner, admin: Glance, prefix: str
) -> None:
    image_id = refused(admin, f"{prefix}by id")
    done = run([image(id=image_id, filename="$FILES/a.raw", disk_format="raw")])[0]
    assert done.failed
    assert "is broken" in done.message
    assert "by name" in done.message
    assert admin.image(image_id)["status"] == "queued"
