# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin in plays: several hosts, check mode, and paths that cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

REPO = Path(__file__).resolve().parents[3]
STEP = {
    "action": "update",
    "entry": "A",
    "version": None,
    "label": "A",
    "name": "A",
    "image_id": None,
    "reasons": ["min_disk: 1 → 2"],
    "key": "update A",
}


def play(folder: Path, tasks: list[dict[str, Any]], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tasks for three hosts at once."""
    plays = [{"hosts": "all", "gather_facts": False, "strategy": "free", "tasks": tasks}]
    (folder / "play.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", "one,two,three", "-c", "local", *arguments, "play.yml"],
        cwd=folder,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(REPO / ".work" / "collections"),
            "ANSIBLE_HOME": str(folder / "home"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("arguments", "state"), [((), "changed"), (("--check",), "differs")])
def test_hosts_write_one_report_at_the_same_time(arguments: tuple[str, ...], state: str, tmp_path: Path) -> None:
    tasks = [
        {
            "name": "Report",
            "imageops.glance.catalog_report": {"path": "report.html", "catalog": "base", "steps": [STEP]},
            "when": "inventory_hostname != 'three'",
        },
        {
            "name": "Report what is down",
            "imageops.glance.catalog_report": {"path": "report.html", "failure": "is down"},
            "when": "inventory_hostname == 'three'",
        },
    ]
    ran = play(tmp_path, tasks, *arguments)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "changed=0" in ran.stdout
    assert "changed=1" not in ran.stdout
    parts = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["parts"]
    assert [(p["cloud"], p["failure"], [i["state"] for i in p["items"]]) for p in parts] == [
        ("one", None, [state]),
        ("three", "is down", []),
        ("two", None, [state]),
    ]
    assert {part["check"] for part in parts} == {bool(arguments)}
    assert "min_disk" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_mistakes_are_told(tmp_path: Path) -> None:
    tasks: list[dict[str, Any]] = [
        {"name": "Folder", "imageops.glance.catalog_report": {"path": "gone/report.html", "steps": []}},
        {"name": "Neither", "imageops.glance.catalog_report": {"path": "report.html"}},
        {"name": "Both", "imageops.glance.catalog_report": {"path": "report.html", "steps": [], "failure": "x"}},
    ]
    ran = play(tmp_path, [{**task, "ignore_errors": True} for task in tasks], "--limit", "one")
    said = ran.stdout + ran.stderr
    assert f"catalog_report: the folder {tmp_path}/gone does not exist; make it or give another path" in said
    assert "one of the following is required: steps, failure" in said
    assert "parameters are mutually exclusive: steps|failure" in said
    assert not (tmp_path / "report.html").exists()
