# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered, and who may read it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from local_cloud import environment, state
from local_cloud.layout import Layout
from local_cloud.state import ServiceRecord, State

HOLDER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from local_cloud.state import exclusive
with exclusive(Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.readline()
    Path(sys.argv[2] + ".done").touch()
"""


def test_state_survives_the_disk(tmp_path: Path) -> None:
    known = State(ports={"keystone": 20001}, services={"keystone": ServiceRecord(7, "boot:8", "abc")})
    state.save(tmp_path / "state.json", known)
    assert state.load(tmp_path / "state.json") == known


def test_an_unusable_state_is_none(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert state.load(path) is None
    for text in (
        "",
        "{",
        "[]",
        '{"format": 0}',
        '{"format": 1, "passwords": {}}',
        '{"format": 1, "services": {"a": {}}}',
    ):
        path.write_text(text)
        assert state.load(path) is None, text


def test_unknown_keys_of_a_later_version_do_no_harm() -> None:
    raw = json.loads(State().to_json())
    assert State.from_json(json.dumps({**raw, "later": 1})) is not None


def test_passwords_differ_between_accounts_and_clouds() -> None:
    passwords = [*State().passwords.values(), *State().passwords.values()]
    assert len(set(passwords)) == len(passwords)
    assert min(map(len, passwords)) >= 20


def test_files_are_private_even_where_they_were_not(tmp_path: Path) -> None:
    path = tmp_path / "clouds.yaml"
    path.write_text("same")
    path.chmod(0o644)
    assert state.write_private(path, "same")
    assert path.stat().st_mode & 0o777 == 0o600
    assert not state.write_private(path, "same")
    assert state.write_private(path, "other")
    assert path.read_text() == "other"
    assert list(tmp_path.iterdir()) == [path]


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "deep" / "lock"
    files = str(Path(state.__file__).parent.parent)
    command = [sys.executable, "-c", HOLDER, files, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdin
        assert holder.stdout.readline() == b"held\n"
        holder.stdin.write(b"\n")
        holder.stdin.close()
        with state.exclusive(lock):
            assert Path(f"{lock}.done").exists()


def test_variables_survive_a_shell() -> None:
    known = State(
        ports={"keystone": 1, "glance_one": 2, "glance_two": 3},
        ids={"application_credential": "x", "member_project": "abc"},
    )
    layout = Layout(Path("/with blank/and 'quote"))
    found = environment.variables(layout, known, "member")
    script = environment.exports(found) + 'printf %s "$OS_CLIENT_CONFIG_FILE"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "/with blank/and 'quote/clouds.yaml"
    assert found["LOCAL_CLOUD_MEMBER_PROJECT_ID"] == "abc"
    assert "OS_AUTH_TOKEN" not in found
