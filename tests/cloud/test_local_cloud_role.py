# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role local_cloud: what it changes, what check mode foretells, and what later tasks get to know."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.tests.tools.common import CLOUD, VENV_BIN, WORK, environment

STATE = WORK / "cloud-role"
PLAY = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.include_role": {"name": "imageops.glance.local_cloud"}},
            {
                "ansible.builtin.copy": {
                    "dest": "{{ told }}",
                    "mode": "0600",
                    "content": "{{ {'env': local_cloud_env | default({}), "
                    "'yaml': local_cloud_clouds_yaml | default('')} | to_json }}",
                },
                "check_mode": False,
                "changed_when": False,
            },
        ],
    }
]


class Role:
    """Runs the role on a cloud of its own."""

    def __init__(self, folder: Path) -> None:
        self.play = folder / "play.json"
        self.play.write_text(json.dumps(PLAY))
        self.told = folder / "told.json"

    def run(self, state: str, *arguments: str, **variables: Any) -> tuple[int, dict[str, Any]]:
        """Number of changed tasks, and the facts that the role left."""
        given = {
            "local_cloud_state": state,
            "local_cloud_dir": str(STATE),
            "local_cloud_venv": str(WORK / "cloud-venv"),
            "told": str(self.told),
            **variables,
        }
        words = [str(VENV_BIN / "ansible-playbook"), str(self.play), "-e", json.dumps(given), *arguments]
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment(), timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        recap = re.search(r"^localhost .* changed=(\d+) ", done.stdout, re.MULTILINE)
        assert recap, done.stdout
        facts: dict[str, Any] = json.loads(self.told.read_text())
        return int(recap[1]), facts


@pytest.fixture(scope="module")
def role(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Role]:
    """No cloud before, none afterwards."""
    down = [str(CLOUD), "down", "--remove", "--state", str(STATE)]
    subprocess.run(down, check=True)
    yield Role(tmp_path_factory.mktemp("role"))
    subprocess.run(down, check=True)


def status() -> dict[str, str]:
    """What the command says of the cloud."""
    words = [str(CLOUD), "status", "--json", "--state", str(STATE)]
    found: dict[str, str] = json.loads(subprocess.run(words, capture_output=True, text=True, check=False).stdout)
    return found


def test_from_nothing_to_nothing(role: Role, tmp_path: Path) -> None:
    changed, facts = role.run("started", "--check")
    assert changed == 1
    assert facts["yaml"] == str(STATE / "clouds.yaml")
    assert not STATE.exists()

    # as on a host that is not reached by a local connection
    copied = {"local_cloud_in_place": False, "local_cloud_program_dir": str(tmp_path / "program")}
    settings = {"DEFAULT.user_storage_quota": "1GB", "DEFAULT.show_multiple_locations": True}
    changed, facts = role.run("started", local_cloud_cloud="member", local_cloud_glance_settings=settings, **copied)
    assert changed == 2
    assert set(status().values()) == {"running"}
    assert facts["env"]["OS_CLOUD"] == "member"
    assert facts["env"]["OS_CLIENT_CONFIG_FILE"] == facts["yaml"] == str(STATE / "clouds.yaml")
    assert facts["env"]["LOCAL_CLOUD_IMAGE_URL"].startswith("http://127.0.0.1:")
    for region in ("glance_one", "glance_two"):
        text = (STATE / region / "glance-api.conf").read_text()
        assert "user_storage_quota = 1GB\n" in text
        assert "show_multiple_locations = True\n" in text

    assert role.run("started")[0] == 0
    assert role.run("reset")[0] == 1

    assert role.run("stopped", "--check")[0] == 1
    assert set(status().values()) == {"running"}
    assert role.run("stopped")[0] == 1
    assert set(status().values()) == {"stopped"}

    assert role.run("absent", "--check")[0] == 1
    assert STATE.exists()
    assert role.run("absent")[0] == 1
    assert not STATE.exists()
    assert role.run("absent")[0] == 0
