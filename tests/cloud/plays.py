# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs tasks of the modules in one ansible-playbook, and tells of each what came of it and what it asked of the cloud.

One play with many tasks is the cheapest way to run a module for real: some tenths of a second each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.imageops.glance.tests.tools.common import VENV_BIN, environment

PLUGINS = Path(__file__).parent / "plugins"
#: Requests that change something.
WRITING = ("POST", "PATCH", "PUT", "DELETE")


@dataclass(frozen=True)
class Task:
    """One task: a module of ours by its short name, its options, and how it is run."""

    module: str
    options: Mapping[str, Any]
    check: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)

    def as_play_has_it(self) -> dict[str, Any]:
        """The task in a playbook; a failure does not end the play."""
        name = self.module if "." in self.module else f"imageops.glance.{self.module}"
        return {
            "name": name,
            name: unsafe(self.options),
            "check_mode": self.check,
            "diff": True,
            "ignore_errors": True,
            "environment": dict(self.environment),
            "vars": dict(self.variables),
        }


def unsafe(value: Any) -> Any:
    """The value kept from being read as a template."""
    if isinstance(value, str):
        return {"__ansible_unsafe": value} if "{" in value else value
    if isinstance(value, Mapping):
        return {key: unsafe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [unsafe(item) for item in value]
    return value


def image(**options: Any) -> Task:
    """A task of the module image."""
    return Task("image", options)


def checked(**options: Any) -> Task:
    """A task of the module image in check mode."""
    return Task("image", options, check=True)


def info(**options: Any) -> Task:
    """A task of the module image_info."""
    return Task("image_info", options)


@dataclass(frozen=True)
class Done:
    """What came of a task, with the requests that it sent to Glance and to Keystone."""

    failed: bool
    result: dict[str, Any]
    glance: list[dict[str, Any]]
    keystone: list[dict[str, Any]]

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def image(self) -> dict[str, Any]:
        """The image in the result."""
        found = self.result["image"]
        assert isinstance(found, dict), self.result
        return found

    @property
    def message(self) -> str:
        return str(self.result.get("msg", ""))

    @property
    def requests(self) -> list[str]:
        """Methods with the kind of what they are about, such as "GET images" or "PUT file"."""
        return [f"{line['method']} {kind_of(line['path'])}" for line in self.glance]

    @property
    def writes(self) -> list[str]:
        return [f"{line['method']} {line['path']}" for line in self.glance if line["method"] in WRITING]

    @property
    def logins(self) -> int:
        """How often it logged in; Glance itself does so, too."""
        asked = [line for line in self.keystone if str(line["user_agent"]).startswith("imageops.glance")]
        return sum(line["method"] == "POST" and line["path"].endswith("/auth/tokens") for line in asked)


def kind_of(path: str) -> str:
    """What a path is about: "images", "image", or what is below the image."""
    parts = path.strip("/").split("/")
    if parts[:2] != ["v2", "images"]:
        return "/".join(parts[1:])
    return {2: "images", 3: "image"}.get(len(parts), "/".join(parts[3:4] if parts[3:4] != ["actions"] else parts[4:]))


@dataclass(frozen=True)
class Run:
    """A whole run of ansible-playbook."""

    done: list[Done]
    output: str
    status: int


def play(
    tasks: Sequence[Task],
    folder: Path,
    defaults: Mapping[str, Any],
    environ: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
) -> Run:
    """Run the tasks one after the other on this machine; ``defaults`` are options of all our modules.

    :param folder: an empty one; it keeps the playbook and Ansible's home
    """
    folder.mkdir(parents=True, exist_ok=True)
    playbook = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "module_defaults": {"group/imageops.glance.all": dict(defaults)},
            "tasks": [task.as_play_has_it() for task in tasks],
        }
    ]
    (folder / "play.yml").write_text(json.dumps(playbook), encoding="utf-8")
    record = folder / "record.jsonl"
    record.unlink(missing_ok=True)
    env = environment(
        {
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_CALLBACKS_ENABLED": "recorder",
            "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS),
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_FORCE_COLOR": "0",
            # What a task was given is in its result, as before ansible-core 2.21; what is secret must be hidden there.
            "ANSIBLE_INJECT_INVOCATION": "1",
            "RECORDER_FILE": str(record),
            "XDG_CACHE_HOME": str(folder / "cache"),
            **(environ or {}),
        }
    )
    command = [str(VENV_BIN / "ansible-playbook"), "-i", "localhost,", "-c", "local"]
    command += ["-e", f"ansible_python_interpreter={sys.executable}", *arguments, str(folder / "play.yml")]
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600, check=False)
    output = ran.stdout + ran.stderr
    lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()] if record.exists() else []
    assert len(lines) == len(tasks), output
    done = [Done(line["status"] == "failed", line["result"], line["glance"], line["keystone"]) for line in lines]
    return Run(done, output, ran.returncode)


def variable(name: str) -> str:
    """What the local cloud says of itself, see ``tests/local_cloud/cloud env``."""
    return os.environ[name]
