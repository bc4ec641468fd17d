# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other clients' images are ours and ours are theirs; an unchanged file is not read again."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import image
from ansible_collections.imageops.glance.tests.tools import samples


@pytest.fixture(scope="module")
def sdk() -> Iterator[Any]:
    """What "openstack image create --file" and "openstack image save" work with."""
    with openstack.connect(cloud="admin") as connection:
        yield connection


def test_what_the_openstack_client_uploaded_is_not_uploaded_again(
    run: Runner, sdk: Any, admin: Glance, files: Path, prefix: str
) -> None:
    name = f"{prefix}theirs"
    formats = {"disk_format": "qcow2", "container_format": "bare"}
    theirs = sdk.image.create_image(name=name, filename=str(files / "a.qcow2"), wait=True, **formats)
    sha256 = hashlib.sha256((files / "a.qcow2").read_bytes()).hexdigest()
    done = run(
        [
            image(name=name, filename="$FILES/a.qcow2"),
            image(name=name, filename="$FILES/a.qcow2", checksum=f"sha256:{sha256}", tags=["ours"]),
            image(name=name, filename="$FILES/b.qcow2"),
        ]
    )
    assert not done[0].changed
    assert done[0].writes == []
    assert done[0].image["id"] == theirs.id
    assert done[1].result["actions"] == ["update"]
    assert done[2].failed
    assert admin.image(theirs.id)["tags"] == ["ours"]


def test_the_openstack_client_takes_ours_for_its_own_and_saves_the_same_bytes(
    run: Runner, sdk: Any, files: Path, prefix: str, tmp_path: Path
) -> None:
    name = f"{prefix}ours"
    ours = run([image(name=name, filename="$FILES/a.qcow2")])[0].image
    found = sdk.image.find_image(name)
    assert found.id == ours["id"]
    assert (found.hash_algo, found.hash_value) == (ours["hash_algo"], ours["hash_value"])
    sdk.image.download_image(found, output=str(tmp_path / "saved"))
    assert (tmp_path / "saved").read_bytes() == (files / "a.qcow2").read_bytes()


class Memory:
    """The module's folder of digests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entries(self) -> list[dict[str, Any]]:
        """All that is remembered."""
        return [json.loads(path.read_text(encoding="utf-8")) for path in self.folder.glob("*.json")]

    def forge(self) -> None:
        """Make it remember a digest that the file does not have: whoever reads the file notices nothing."""
        for path in self.folder.glob("*.json"):
            entry = json.loads(path.read_text(encoding="utf-8"))
            entry["hashes"] = {name: "0" * len(value) for name, value in entry["hashes"].items()}
            path.write_text(json.dumps(entry), encoding="utf-8")


@pytest.fixture
def settled(tmp_path: Path) -> Path:
    """A file that has not been written to for a while."""
    path = tmp_path / "disk.raw"
    path.write_bytes(samples.raw_disk("settled", 1 << 20))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    # A file may be written to once more within the same tick of the clock that its times are kept in.
    time.sleep(2.1)
    return path


def test_an_unchanged_file_is_not_read_again(
    run: Runner, admin: Glance, settled: Path, prefix: str, tmp_path: Path
) -> None:
    memory = Memory(tmp_path / "digests")
    options = {"filename": str(settled), "disk_format": "raw", "digest_cache": str(memory.folder)}
    name = f"{prefix}remembered"
    uploaded = run([image(name=name, **options)])[0]
    assert uploaded.result["actions"] == ["create", "upload"]
    # What was read in order to be sent need not be read once more to be compared.
    assert [entry["hashes"].get("sha512") for entry in memory.entries()] == [uploaded.image["os_hash_value"]]
    assert memory.folder.stat().st_mode & 0o777 == 0o700

    memory.forge()
    believed, without_memory = run([image(name=name, **options), image(name=name, **{**options, "digest_cache": ""})])
    assert believed.failed
    assert "0" * 128 in believed.message
    assert not without_memory.failed
    assert not without_memory.changed

    settled.touch()
    reread = run([image(name=name, **options)])[0]
    assert not reread.failed
    assert not reread.changed


def test_the_packed_file_s_digest_is_not_taken_for_that_of_what_is_in_it(
    run: Runner, admin: Glance, settled: Path, prefix: str, tmp_path: Path
) -> None:
    memory = Memory(tmp_path / "digests")
    options = {"filename": str(settled), "disk_format": "raw", "digest_cache": str(memory.folder)}
    run([image(name=f"{prefix}unpacked", decompress="auto", **options)])
    assert memory.entries() == []
