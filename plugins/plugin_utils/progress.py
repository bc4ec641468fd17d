# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the module of the same name, and show meanwhile how far it is."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

from ansible import constants
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display
from ansible_collections.imageops.glance.plugins.plugin_utils.module_action import ModuleAction
from ansible_collections.imageops.glance.plugins.plugin_utils.progress_lines import Lines, read_states

# Tells the module where to write; runner.py reads it.
PROGRESS_VARIABLE = "IMAGEOPS_GLANCE_PROGRESS"
# Turns the lines off for all tasks; the option "progress" does so for one.
SWITCH_VARIABLE = "ANSIBLE_IMAGEOPS_PROGRESS"

LOOK_EVERY = 1.0

# Their output is read by programs, so that lines between it must go elsewhere.
_MACHINE_CALLBACKS = frozenset(("json", "jsonl", "junit", "null"))


class ProgressAction(ModuleAction):
    """Nothing of the progress is in the module's options or its result."""

    def _run_module(self, task_vars: Optional[dict[str, Any]], asynchronous: bool) -> dict[str, Any]:
        with self._watched(task_vars or {}, asynchronous):
            return super()._run_module(task_vars, asynchronous)

    @contextmanager
    def _watched(self, task_vars: Mapping[str, Any], asynchronous: bool) -> Iterator[None]:
        # An asynchronous module outlives this task, and a file on another machine cannot be looked at from here.
        if asynchronous or self._connection.transport != "local" or not self._wanted():
            yield
            return
        try:
            folder = tempfile.mkdtemp(prefix="imageops-progress-", dir=constants.DEFAULT_LOCAL_TMP)
        except OSError:
            # Nothing to write to; the work does not depend on it.
            yield
            return
        path = os.path.join(folder, "progress")
        before = self._task.environment
        self._task.environment = [*(before or []), {PROGRESS_VARIABLE: path}]
        try:
            with _watching(path, _prefix(task_vars)):
                yield
        finally:
            self._task.environment = before
            shutil.rmtree(folder, ignore_errors=True)

    def _wanted(self) -> bool:
        given = self._task.args.get("progress")
        if given is None:
            given = os.environ.get(SWITCH_VARIABLE, True)
        # What is no boolean is the module's to refuse.
        return bool(boolean(given, strict=False))


def _prefix(task_vars: Mapping[str, Any]) -> str:
    """The host's name, where several hosts (clouds, regions) of a play do the same at the same time."""
    if len(task_vars.get("ansible_play_hosts") or ()) < 2:
        return ""
    return f"{task_vars.get('inventory_hostname')}: "


@contextmanager
def _watching(path: str, prefix: str) -> Iterator[None]:
    lines = Lines()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_EVERY):
            _show(lines.due(read_states(path), time.time()), prefix)

    watcher = threading.Thread(target=watch, name="imageops-progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        _show(lines.last(read_states(path), time.time()), prefix)


def _show(lines: list[str], prefix: str) -> None:
    machine = str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2] in _MACHINE_CALLBACKS
    for line in lines:
        Display().display(prefix + line, stderr=machine)
