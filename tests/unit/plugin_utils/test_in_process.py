# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
from ansible.module_utils import basic
from ansible_collections.imageops.glance.plugins.plugin_utils import in_process

NAME = "imageops.glance.image_info"
HERE = Path(sys.executable)


@pytest.mark.parametrize(
    ("name", "interpreter", "environment", "expected"),
    [
        (NAME, sys.executable, {}, True),
        (NAME, "auto_silent", {}, True),
        (NAME, str(HERE.with_name("python3")), {}, True),
        (NAME, sys.executable, {"OS_CLOUD": "one", "HTTPS_PROXY": "http://proxy"}, True),
        ("openstack.cloud.image_info", sys.executable, {}, False),
        (NAME, "/usr/bin/env", {}, False),
        (NAME, "/nowhere/python3", {}, False),
        (NAME, sys.executable, {"PYTHONPATH": "/elsewhere"}, False),
        (NAME, sys.executable, {"LD_LIBRARY_PATH": "/elsewhere"}, False),
    ],
)
def test_where_a_module_can_run_here(name: str, interpreter: str, environment: dict[str, str], expected: bool) -> None:
    assert in_process.suits(name, interpreter, environment) is expected


def test_the_same_program_of_another_environment_is_another_python(tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(os.path.realpath(sys.executable))
    assert not in_process.suits(NAME, str(tmp_path / "python"), {})


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(in_process.SWITCH_VARIABLE, "no")
    assert not in_process.suits(NAME, sys.executable, {})


def test_not_where_a_fork_may_not_ask_for_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not in_process.suits(NAME, sys.executable, {})


def test_not_without_the_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonpatch", None)
    assert not in_process.suits(NAME, sys.executable, {})


def test_a_failure_is_a_result_and_everything_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLOUD", "kept")
    monkeypatch.delenv("OS_IMAGE_URL", raising=False)
    before = dict(os.environ), basic._ANSIBLE_ARGS
    arguments = {"token": "secret word", "api_retry_time": 0}
    result = in_process.run_module(NAME, arguments, {"OS_CLOUD": "", "OS_IMAGE_URL": "http://127.0.0.1:9"})
    assert result["failed"]
    # The address comes from the task's own environment, and the token is hidden as in every module.
    assert "http://127.0.0.1:9" in result["msg"]
    assert "secret word" not in str(result)
    assert (dict(os.environ), basic._ANSIBLE_ARGS) == before


def test_wrong_options_are_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    result = in_process.run_module(NAME, {"colour": "red"}, {})
    assert result["failed"]
    assert "Unsupported parameters" in result["msg"]
    assert "colour" in result["msg"]


def test_what_libraries_say_is_neither_shown_nor_part_of_the_result(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        print("Retrying", file=sys.stderr)
        basic.AnsibleModule({"name": {}}).exit_json(changed=True, name="x")

    module = ModuleType("talkative")
    module.main = main  # type: ignore[attr-defined]  # what every module has
    monkeypatch.setitem(sys.modules, f"{in_process.MODULES}.talkative", module)
    result = in_process.run_module(f"{in_process.COLLECTION}talkative", {"name": "x"}, {})
    assert (result["changed"], result["name"]) == (True, "x")
    assert capfd.readouterr() == ("", "")
