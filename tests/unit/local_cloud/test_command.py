# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line, finding a Python, and refusing what could do harm."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pytest
from local_cloud import cli, postgres, venv
from local_cloud.errors import LocalCloudError
from local_cloud.layout import REQUIREMENTS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DEFAULT.user_storage_quota=3MB", ("DEFAULT.user_storage_quota", "3MB")),
        ("a.b=c=d", ("a.b", "c=d")),
        ("a.b=", ("a.b", "")),
    ],
)
def test_settings(text: str, expected: tuple[str, str]) -> None:
    assert cli.setting(text) == expected


@pytest.mark.parametrize("text", ["a.b", "b=c", ".b=c", "a.=c", "a b.c=d"])
def test_a_setting_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"section\.key=value"):
        cli.setting(text)


def test_a_folder_with_other_things_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for arguments in (["up"], ["reset"], ["down"], ["down", "--remove"]):
        assert cli.main([*arguments, "--state", str(tmp_path)]) == 1
        assert "name an empty or a new folder" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_down_without_a_cloud_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["down", "--json", "--state", str(tmp_path / "none")]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is False
    assert not (tmp_path / "none").exists()


def test_status_and_env_without_a_cloud(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--json", "--state", str(tmp_path)]) == cli.STOPPED
    assert json.loads(capsys.readouterr().out) == {}
    assert cli.main(["env", "--state", str(tmp_path)]) == 1
    assert "run up first" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_running_python_comes_first() -> None:
    path, version = venv.find_python(None)
    assert path == sys.executable
    assert version == "{}.{}.{}".format(*sys.version_info[:3])


def test_a_python_that_does_not_fit_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "python3.12"
    broken.write_text("#!/bin/sh\necho this version is not installed >&2\nexit 127\n")
    broken.chmod(0o755)
    old = tmp_path / "python3.8"
    old.write_text("#!/bin/sh\necho 3.8.18 /usr/bin/python3.8\n")
    old.chmod(0o755)
    for python in (broken, old, tmp_path / "missing"):
        assert venv.probe(str(python)) is None
        with pytest.raises(LocalCloudError, match=f"none of {python} is one"):
            venv.find_python(str(python))


def test_an_environment_is_of_one_recipe_and_one_python(tmp_path: Path) -> None:
    assert not venv.is_current(tmp_path, None)
    version = "{}.{}.{}".format(*sys.version_info[:3])
    recipe = REQUIREMENTS.read_text()
    python = venv.python_in(tmp_path)
    python.parent.mkdir()
    (tmp_path / venv.STAMP).write_text(venv.stamp_of(recipe, version))
    assert not venv.is_current(tmp_path, None), "its interpreter is gone"
    python.symlink_to(sys.executable)
    assert venv.is_current(tmp_path, None)
    assert venv.is_current(tmp_path, sys.executable)
    (tmp_path / venv.STAMP).write_text(venv.stamp_of(recipe + "more\n", version))
    assert not venv.is_current(tmp_path, None)


def test_every_requirement_is_held_to_a_major_version() -> None:
    for line in REQUIREMENTS.read_text().splitlines():
        assert line.startswith("#") or ("<" in line and ">=" in line), line


def test_what_others_can_reach(tmp_path: Path) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir(mode=0o755)
    tmp_path.chmod(0o700)
    assert not postgres.reachable_by_others(open_folder)
    assert postgres.reachable_by_others(Path("/"))
    open_folder.chmod(0o750)
    assert not postgres.reachable_by_others(open_folder)
