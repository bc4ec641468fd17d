# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole ansible-playbook runs: for what only Ansible itself can show, and for the role."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.imageops.glance.tests.tools.common import COLLECTIONS, VENV_BIN

#: No playbook here takes so long, in seconds.
LIMIT = 300.0


@dataclass
class Playbook:
    """A run of ansible-playbook on its way."""

    process: subprocess.Popen[str]
    killed: bool = False

    def kill(self, _request: object = None) -> None:
        """End it and everything that it has started, as a power cut would.

        (Ansible's workers are in sessions of their own, so that a signal to a process group does not reach them.)
        """
        self.killed = True
        for pid in [self.process.pid, *_descendants(self.process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def finish(self) -> tuple[int, str]:
        """Its exit status and all that it has printed."""
        try:
            output, _nothing = self.process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            output, _nothing = self.process.communicate()
        return self.process.returncode, output


def _descendants(pid: int) -> list[int]:
    """All processes below one (proc(5): the fourth field of stat is the parent)."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
    found, pending = [], [pid]
    while pending:
        above = pending.pop()
        below = [child for child, parent in parents.items() if parent == above]
        found += below
        pending += below
    return found


def start(folder: Path, plays: list[dict[str, Any]], environment: Mapping[str, str], *arguments: str) -> Playbook:
    """Run plays whose files, temporary ones too, are all in a folder."""
    folder.mkdir(exist_ok=True)
    for name in ("tmp", "home"):
        (folder / name).mkdir(exist_ok=True)
    file = folder / "play.json"
    file.write_text(json.dumps(plays), encoding="utf-8")
    own = {
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PYTHON_INTERPRETER": str(VENV_BIN / "python"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "tmp"),
        "HOME": str(folder / "home"),
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(folder / "tmp"),
    }
    process = subprocess.Popen(
        [str(VENV_BIN / "ansible-playbook"), "-i", "localhost,", "-c", "local", str(file), *arguments],
        cwd=folder,
        env={**environment, **own},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    return Playbook(process)
