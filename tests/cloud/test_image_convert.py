# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that are converted to raw on their way, by the real qemu-img."""

from __future__ import annotations

import hashlib
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import Done, Task, image, play
from ansible_collections.imageops.glance.tests.tools import samples
from ansible_collections.imageops.glance.tests.web_server.server import Page, running

MIB = 1 << 20
RAW = samples.raw_disk("convert", 4 * MIB)

with_qemu = pytest.mark.skipif(
    shutil.which("qemu-img") is None, reason="qemu-img is not installed (package qemu-utils or qemu-img)"
)
Convert = Callable[..., list[Done]]


@pytest.fixture
def convert(tmp_path: Path, prefix: str) -> Convert:
    """Run entries that are converted, each in a task of its own, with a cache of their own."""

    def run(*entries: dict[str, Any]) -> list[Done]:
        common = {"convert": "raw", "disk_format": "raw"}
        tasks = [image(**{**common, **entry, "name": f"{prefix} {entry['name']}"}) for entry in entries]
        environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
        return play(tasks, tmp_path / "play", {"cloud": "admin"}, environ).done

    return run


def converted(source: Path, target: Path, disk_format: str) -> Path:
    command = ["qemu-img", "convert", "-f", "raw", "-O", disk_format, str(source), str(target)]
    subprocess.run(command, check=True, capture_output=True)
    return target


@with_qemu
def test_every_format_becomes_the_same_raw_disk(tmp_path: Path, convert: Convert, prefix: str, admin: Glance) -> None:
    raw = tmp_path / "disk.raw"
    raw.write_bytes(RAW)
    formats = {"qcow2": "qcow2", "vmdk": "vmdk", "vdi": "vdi", "vhdx": "vhdx"}
    files = {name: converted(raw, tmp_path / f"disk.{name}", told) for name, told in formats.items()}
    entries = [{"name": name, "filename": str(path), "min_disk": "auto"} for name, path in files.items()]
    done = convert(*entries)
    for one in done:
        assert not one.failed, one.message
        assert one.image["disk_format"] == "raw"
        assert one.image["size"] == len(RAW)
        assert one.image["os_hash_value"] == hashlib.sha512(RAW).hexdigest()
        # The least that the disk needs, in GiB.
        assert one.image["min_disk"] == 1
    again = convert(*entries)
    assert [(one.changed, one.failed) for one in again] == [(False, False)] * len(entries)


@with_qemu
def test_the_outcome_is_kept_under_the_digest_of_the_source(
    tmp_path: Path, convert: Convert, prefix: str, admin: Glance
) -> None:
    raw = tmp_path / "disk.raw"
    raw.write_bytes(RAW)
    content = converted(raw, tmp_path / "disk.qcow2", "qcow2").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    with running() as server:
        url = server.add("/disk.qcow2", Page(content))
        entry = {"url": url, "checksum": f"sha256:{digest}"}
        first, second = convert({**entry, "name": "first"}, {**entry, "name": "second"})
        assert not first.failed, first.message
        assert not second.failed, second.message
        whole = [
            one for one in server.requests if one.method == "GET" and one.received is not None and one.status == 200
        ]
        assert sum(one.sent >= len(content) for one in whole) == 1
    assert first.image["os_hash_value"] == second.image["os_hash_value"] == hashlib.sha512(RAW).hexdigest()
    kept = list((tmp_path / "cache").rglob("*.raw"))
    assert [path.name for path in kept] == [f"sha256-{digest}.raw"]


@with_qemu
def test_what_must_not_be_converted(tmp_path: Path, convert: Convert, prefix: str, admin: Glance) -> None:
    """A file that names another one would bring that one's content into the image."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret" * 1000)
    backed = bytearray(samples.qcow2("backed", clusters=1))
    path = str(secret).encode()
    struct.pack_into(">QI", backed, 8, 4096, len(path))
    backed[4096 : 4096 + len(path)] = path
    (tmp_path / "backed.qcow2").write_bytes(backed)
    (tmp_path / "noise").write_bytes(b"no disk at all" * 1000)
    (tmp_path / "wrong.qcow2").write_bytes(samples.qcow2("wrong", clusters=1))
    done = convert(
        {"name": "bad backed", "filename": str(tmp_path / "backed.qcow2")},
        {"name": "bad noise", "filename": str(tmp_path / "noise")},
        {"name": "bad checksum", "filename": str(tmp_path / "wrong.qcow2"), "checksum": f"sha256:{'0' * 64}"},
    )
    says = ["it has a backing file", "no header of a known disk format", "checksum: .* not 0000"]
    for one, words in zip(done, says, strict=True):
        assert one.failed, words
        assert re.search(words, one.message), one.message
    assert admin.images(f"{prefix} bad") == []
    assert list((tmp_path / "cache").rglob("*.raw")) == []


def test_without_qemu_img_it_says_what_to_install(tmp_path: Path, prefix: str, admin: Glance) -> None:
    path = tmp_path / "a.qcow2"
    path.write_bytes(samples.qcow2("a", clusters=1))
    options = {"name": f"{prefix} none", "filename": str(path), "disk_format": "raw", "convert": "raw"}
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    (done,) = play(
        [Task("image", options, environment={"PATH": "/nowhere"})], tmp_path / "play", {"cloud": "admin"}, environ
    ).done
    assert done.failed
    assert "qemu-img is needed to convert" in done.message
    assert "install it (package qemu-utils or qemu-img)" in done.message
    assert admin.images(f"{prefix} none") == []
