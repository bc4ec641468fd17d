# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

COLLECTIONS = Path(__file__).resolve().parents[3] / ".work" / "collections"

# Plugins beside a playbook: the action plugin under test with a faster clock, and a module that takes its time.
ACTION = """
from ansible_collections.imageops.glance.plugins.plugin_utils import progress, progress_lines

progress.LOOK_EVERY = 0.02
progress_lines.FIRST_AFTER = 0.1
progress_lines.EVERY = 0.15


class ActionModule(progress.ProgressAction):
    pass
"""
MODULE = """
import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import ProgressFile

module = AnsibleModule(
    {"label": {}, "steps": {"type": "int"}, "progress": {"type": "bool"}, "fail": {"type": "bool"}},
    supports_check_mode=True,
)
path = os.environ.get("IMAGEOPS_GLANCE_PROGRESS")
told = ProgressFile(path) if path else None
for step in range(module.params["steps"] + 1):
    if told:
        told.update(module.params["label"], step << 20, module.params["steps"] << 20)
    time.sleep(0.05)
result = {"changed": False, "told": path, "mine": os.environ.get("MINE"), "checked": module.check_mode}
module.fail_json("it failed", **result) if module.params["fail"] else module.exit_json(**result)
"""
# ansible-core has no callback for programs of its own.
JSON_CALLBACK = """
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "json"

    def v2_playbook_on_stats(self, stats):
        self._display.display('{"played": true}')
"""
LINE = re.compile(r"^(?:[\w.]+: )?\w+: \d+% of [\d.]+ MiB.*$", re.MULTILINE)


class Played:
    """What one run of ansible-playbook printed: progress lines, and the results of its tasks in order."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.output = done.stdout
        self.errors = done.stderr
        self.lines = LINE.findall(done.stdout)
        self.results = [
            json.loads(base64.b64decode(text)) for text in re.findall(r"RESULT([A-Za-z0-9+/=]+)", done.stdout)
        ]

    def of(self, label: str) -> list[str]:
        return [line for line in self.lines if f"{label}: " in line]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Callable[..., Played]]:
    for folder, content in (("action_plugins", ACTION), ("library", MODULE)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "slow.py").write_text(content)
    (tmp_path / "tmp").mkdir()

    def run(tasks: Sequence[Mapping[str, Any]], *arguments: str, hosts: str = "one", **environment: str) -> Played:
        shown = {"debug": {"msg": "RESULT{{ result | to_json | b64encode }}"}}
        every = [part for task in tasks for part in ({**task, "register": "result"}, shown)]
        (tmp_path / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": every}]))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        ours = {
            # Where HOME is not what the password file says, both ends of ansible-core's async look elsewhere.
            "ANSIBLE_ASYNC_DIR": str(tmp_path / "async"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "PYTHONPATH": str(COLLECTIONS),
        }
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", f"{hosts},", "-c", "local"]
        command += ["-e", f"ansible_python_interpreter={sys.executable}", *arguments, str(tmp_path / "play.json")]
        env = {**kept, **ours, **environment}
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
        return Played(done)

    yield run
    assert list((tmp_path / "tmp").rglob("*imageops-progress*")) == []


def test_lines_come_when_they_should_and_are_in_no_result(play: Callable[..., Played]) -> None:
    done = play(
        [
            {"slow": {"label": "long", "steps": 12}, "environment": {"MINE": "kept"}},
            {"slow": {"label": "short", "steps": 0}},
            {"slow": {"label": "off", "steps": 8, "progress": False}},
            {"slow": {"label": "word", "steps": 8, "progress": "no"}},
            {"slow": {"label": "async", "steps": 8}, "async": 30, "poll": 1},
            {"slow": {"label": "failing", "steps": 8, "fail": True}, "ignore_errors": True},
            {"slow": {"label": "{{ item }}", "steps": 6}, "loop": ["first", "second"]},
        ]
    )
    long, short, off, word, asynchronous, failing, loop = done.results
    assert 2 <= len(done.of("long")) <= 6
    assert done.of("long")[-1].startswith("long: 100% of 12 MiB, ")
    assert all(re.search(r"MiB/s, \d+ s left$", line) for line in done.of("long")[1:-1])
    assert set(long) == {"changed", "failed", "told", "mine", "checked"}
    assert long["mine"] == "kept"
    assert "imageops-progress" in long["told"]
    assert not Path(long["told"]).exists()
    assert (done.of("short"), short["told"] is None) == ([], False)
    for label, result in (("off", off), ("word", word), ("async", asynchronous)):
        assert (done.of(label), result["told"]) == ([], None)
    assert done.of("failing")
    assert (failing["failed"], failing["msg"]) == (True, "it failed")
    assert done.of("first")
    assert done.of("second")
    assert [item["told"] is None for item in loop["results"]] == [False, False]


def test_several_hosts_at_once_are_named_and_check_mode_is_passed_on(play: Callable[..., Played]) -> None:
    done = play([{"slow": {"label": "a", "steps": 8}}], "--check", "-f", "2", hosts="cloud.one,cloud.two")
    assert {line.split(": ")[0] for line in done.lines} == {"cloud.one", "cloud.two"}
    assert len({result["told"] for result in done.results}) == 2
    assert [result["checked"] for result in done.results] == [True, True]


def test_an_environment_variable_turns_it_off(play: Callable[..., Played]) -> None:
    done = play([{"slow": {"label": "a", "steps": 8}}], ANSIBLE_IMAGEOPS_PROGRESS="0")
    assert done.lines == []
    assert done.results[0]["told"] is None


def test_output_for_programs_stays_clean(play: Callable[..., Played], tmp_path: Path) -> None:
    (tmp_path / "callback_plugins").mkdir()
    (tmp_path / "callback_plugins" / "json.py").write_text(JSON_CALLBACK)
    done = play([{"slow": {"label": "a", "steps": 8}}], ANSIBLE_STDOUT_CALLBACK="json")
    assert done.output == '{"played": true}\n'
    assert LINE.search(done.errors)
