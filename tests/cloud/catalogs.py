# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of catalogs share: entries with data behind them, publishing as one task, and the playbooks by name."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.imageops.glance.plugins.module_utils.catalog.marks import ENTRY, VERSION
from ansible_collections.imageops.glance.tests.cloud.plays import PLUGINS, Done, Task
from ansible_collections.imageops.glance.tests.tools import samples
from ansible_collections.imageops.glance.tests.tools.common import VENV_BIN, environment
from ansible_collections.imageops.glance.tests.web_server.server import Page, WebServer

Entry = dict[str, Any]
Image = dict[str, Any]


def data_of(seed: str) -> bytes:
    """A small raw disk, another one for each seed."""
    return samples.raw_disk(seed, 8 << 10)


def sha512(data: bytes) -> str:
    return hashlib.sha512(data).hexdigest()


class Shop:
    """Entries whose data a web server has; their names begin as those of a test file do."""

    def __init__(self, web: WebServer, prefix: str) -> None:
        self.web = web
        self.prefix = prefix

    def entry(self, name: str, version: str = "1", **more: Any) -> Entry:
        """An entry with data that name and version fix."""
        path = f"/{self.prefix}{name}-{version}.raw"
        data = data_of(path)
        self.web.add(path, Page(data))
        return {
            "name": f"{self.prefix}{name}",
            "version": version,
            "url": f"{self.web.url}{path}",
            "checksum": f"sha512:{sha512(data)}",
            "disk_format": "raw",
            **more,
        }

    def data(self, name: str, version: str = "1") -> bytes:
        return data_of(f"/{self.prefix}{name}-{version}.raw")

    def asked(self) -> list[str]:
        """Paths that were asked for since the last call."""
        paths = [request.path for request in self.web.requests]
        self.web.requests.clear()
        return paths


def publish(catalog: str, entries: Iterable[Entry], check: bool = False, **options: Any) -> Task:
    """The one task that the role consists of."""
    return Task("catalog_publish", {"name": catalog, "images": list(entries), **options}, check)


def told(done: Done) -> dict[str, Any]:
    """The fact catalog_result."""
    assert not done.failed, done.message
    found: dict[str, Any] = done.result["ansible_facts"]["catalog_result"]
    return found


def without_ids(result: Mapping[str, Any]) -> dict[str, Any]:
    """A catalog_result but for the ids, which nobody can foretell."""
    images = {label: {**image, "id": None} for label, image in result["images"].items()}
    return {**result, "images": images}


def seen(images: Iterable[Image]) -> list[tuple[Any, ...]]:
    """What users see of images, whatever their ids: name, version, hidden, status, visibility, hash, tags."""
    return sorted(
        (
            image["name"],
            image.get(ENTRY, ""),
            image.get(VERSION, ""),
            image["os_hidden"],
            image["status"],
            image["visibility"],
            image["os_hash_value"] or "",
            tuple(sorted(image["tags"])),
        )
        for image in images
    )


@dataclass(frozen=True)
class PlaybookRun:
    """A playbook that has run: its tasks' results in order, what was on the screen, and its exit status."""

    status: int
    output: str
    tasks: list[dict[str, Any]]

    @property
    def facts(self) -> dict[str, Any]:
        """The fact catalog_result."""
        found = [
            task["result"]["ansible_facts"]["catalog_result"]
            for task in self.tasks
            if "catalog_result" in task["result"].get("ansible_facts", {})
        ]
        # That of the task, and the variable of the role.
        assert found[1:] == found[:1] * (len(found) - 1), found
        result: dict[str, Any] = found[0]
        return result

    def requests(self, *methods: str) -> list[str]:
        """Requests to the first region's Image service."""
        return [f"{r['method']} {r['path']}" for task in self.tasks for r in task["glance"] if r["method"] in methods]

    @property
    def recap(self) -> str:
        return self.output.rpartition("PLAY RECAP")[2]


def playbook(
    name: str,
    folder: Path,
    hosts: Mapping[str, Mapping[str, Any]],
    variables: Mapping[str, Any] | None = None,
    arguments: Sequence[str] = (),
) -> PlaybookRun:
    """Run a playbook of the collection by its name, on an inventory as its users write one.

    :param folder: an empty one; it keeps inventory, variables and Ansible's home
    """
    folder.mkdir(parents=True, exist_ok=True)
    inventory = {"all": {"hosts": {host: dict(values) for host, values in hosts.items()}}}
    (folder / "clouds.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    (folder / "catalog.yml").write_text(yaml.safe_dump(dict(variables or {}), sort_keys=False), encoding="utf-8")
    record = folder / "record.jsonl"
    record.touch()
    env = environment(
        {
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_CALLBACKS_ENABLED": "recorder",
            "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS),
            "ANSIBLE_FORCE_COLOR": "0",
            "RECORDER_FILE": str(record),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
    )
    # The hosts say which cloud.
    env.pop("OS_CLOUD", None)
    command = [str(VENV_BIN / "ansible-playbook"), name, "-i", "clouds.yml", "-e", "@catalog.yml"]
    command += ["-e", f"ansible_playbook_python={sys.executable}", *arguments]
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600, check=False)
    lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    return PlaybookRun(ran.returncode, ran.stdout + ran.stderr, lines)
