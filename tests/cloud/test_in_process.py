# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module within Ansible's own process does what it does in one of its own, and in the same words."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import Done, Run, Task, checked, image, info, play

#: What is another at each run, with each image, or wherever the code lies (ansible-core 2.16 adds tracebacks at -vvv).
VOLATILE = ("id", "created_at", "updated_at", "file", "self", "request_id", "exception")


def same(value: Any) -> Any:
    """A result without what differs between any two runs."""
    if isinstance(value, Mapping):
        # Glance sorts tags as it likes.
        kept = {key: sorted(item) if key == "tags" and item else item for key, item in value.items()}
        return {key: same(item) for key, item in kept.items() if key not in VOLATILE}
    return [same(item) for item in value] if isinstance(value, list) else value


def tasks(prefix: str, data: Path) -> list[Task]:
    name = f"{prefix} here"
    file = {"filename": str(data), "disk_format": "raw"}
    return [
        checked(name=name, **file),
        image(name=name, tags=["ä", "b c"], properties={"hw_disk_bus": "virtio", "none": None}, **file),
        image(name=name, properties={"hw_disk_bus": "virtio"}, **file),
        image(images=[{"name": f"{name} 1", "tags": ["one"]}, {"name": f"{name} 2", "min_disk": -1}]),
        image(name=name, filename="/nowhere/a.raw"),
        image(name=name, colour="red"),
        info(name=name),
        Task("image_member", {"name": name, "status": "accepted"}),
        Task("image_info", {"name": name}, environment={"OS_CLOUD": "nowhere"}),
        Task("image_download", {"name": name, "dest": str(data.parent / "copy")}),
        image(name=name, state="absent"),
        image(name=f"{name} 1", state="absent"),
    ]


def run(folder: Path, prefix: str, data: Path, switch: str) -> Run:
    (data.parent / "copy").unlink(missing_ok=True)
    environ = {"ANSIBLE_IMAGEOPS_IN_PROCESS": switch, "OS_CLOUD": "member"}
    return play(tasks(prefix, data), folder, {}, environ, ["-vvv"])


def test_both_ways_come_to_the_same(tmp_path: Path, admin: Glance, prefix: str) -> None:
    data = tmp_path / "data.raw"
    data.write_bytes(os.urandom(4096))
    here = run(tmp_path / "here", prefix, data, "1")
    there = run(tmp_path / "there", prefix, data, "0")
    assert here.output.count("within this process") == len(here.done)
    assert "within this process" not in there.output
    assert "Using module file" in there.output
    for mine, other in zip(here.done, there.done, strict=True):
        assert told(mine) == told(other)
        assert mine.requests == other.requests
    failed = [number for number, one in enumerate(here.done) if one.failed]
    assert failed == [3, 4, 5, 7, 8]


def told(done: Done) -> tuple[bool, str]:
    return done.failed, json.dumps(same(done.result), sort_keys=True)


@pytest.mark.parametrize("keyword", ["PYTHONPATH", "LD_LIBRARY_PATH"])
def test_what_only_a_new_process_takes_gets_one(tmp_path: Path, keyword: str, admin: Glance) -> None:
    task = Task("image_info", {"limit": 1}, environment={keyword: os.environ.get(keyword, "/nowhere")})
    ran = play([task], tmp_path / "play", {}, {"OS_CLOUD": "member"}, ["-vvv"])
    assert not ran.done[0].failed
    assert "Using module file" in ran.output


def test_a_remembered_digest_is_believed_only_as_far_as_glance_agrees(
    tmp_path: Path, admin: Glance, prefix: str
) -> None:
    """A file is hashed once for several clouds; a memory that is wrong is found out, and dropped."""
    data = tmp_path / "data.raw"
    data.write_bytes(os.urandom(1 << 20))
    os.utime(data, (1_700_000_000, 1_700_000_000))
    memory = tmp_path / "memory"
    memory.mkdir(mode=0o700)
    common = {"filename": str(data), "disk_format": "raw", "digest_cache": str(memory), "cloud": "admin"}

    def put(name: str) -> Done:
        (done,) = play([image(name=f"{prefix} {name}", **common)], tmp_path / name, {}).done
        return done

    wait_until_settled(data)
    first = put("first")
    assert not first.failed, first.message
    (entry,) = memory.glob("*.json")
    kept = json.loads(entry.read_text())
    assert kept["hashes"]["sha512"] == first.image["os_hash_value"]
    second = put("second")
    assert not second.failed, second.message
    assert second.image["os_hash_value"] == first.image["os_hash_value"]

    kept["hashes"]["sha512"] = "0" * 128
    entry.write_text(json.dumps(kept))
    wrong = put("third")
    assert wrong.failed
    assert "it was not published" in wrong.message
    assert admin.images(f"{prefix} third") == []
    assert list(memory.glob("*.json")) == []
    healed = put("third")
    assert not healed.failed, healed.message
    assert healed.image["status"] == "active"


def wait_until_settled(path: Path) -> None:
    """A file that was made just now is not remembered: it might change once more within the clock's step."""
    import time

    time.sleep(max(0.0, path.stat().st_ctime + 2.1 - time.time()))
