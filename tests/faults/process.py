# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run as processes of their own, which can be killed at any moment.

They are forked from a server that has imported Ansible, requests and openstacksdk once, so that a run costs
milliseconds instead of a second: what is measured here is what happens after a module has begun.
"""

from __future__ import annotations

import ctypes
import json
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

PACKAGE = "ansible_collections.imageops.glance.plugins.modules"
MODULES = ("image", "image_download", "image_info", "image_member")
#: What a module may import while it runs.
PRELOADED = ["ansible.module_utils.basic", "jsonpatch", "keystoneauth1.identity", "openstack.config", "requests"]
#: No case takes so long, in seconds; a module that does hangs.
LIMIT = 150.0


@dataclass(frozen=True)
class Limits:
    """What a process may not do.

    :param file_size: bytes that it can write to one file, as if the disk were full then
    :param unprivileged: it is held to the permissions of files, also when it is run by root
    """

    file_size: int | None = None
    unprivileged: bool = False

    def impose(self) -> None:
        """On this very process, for good."""
        if self.file_size is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.file_size, self.file_size))
        if self.unprivileged:
            # capset(2), version 3: no capability in any of the three sets, each of two words.
            header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
            if ctypes.CDLL(None, use_errno=True).capset(header, data):
                raise OSError(ctypes.get_errno(), "capset")


@dataclass
class Run:
    """What came of one module process."""

    result: dict[str, Any] = field(default_factory=dict)
    output: str = ""
    status: int | None = None
    killed: bool = False
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return self.status != 0

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def told(self) -> str:
        """In one line, for the table and for messages."""
        if self.killed:
            return "killed"
        if self.failed:
            return f"failed: {self.result.get('msg') or self.output[-800:] or 'without a word'}"
        return f"ok, changed={str(self.changed).lower()}"


class ModuleProcess:
    """One module on its way."""

    def __init__(self, process: ForkServerProcess, folder: tempfile.TemporaryDirectory[str]) -> None:
        self._process = process
        self._folder = folder
        self._began = time.monotonic()
        self._killed = False

    def kill(self, _request: object = None) -> None:
        """End it as a power cut would, and return when it is gone."""
        self._killed = True
        self._process.kill()
        self._process.join(10)

    def finish(self) -> Run:
        """Wait for its end; a module that hangs is ended and counts as failed."""
        self._process.join(LIMIT)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(10)
        output = "".join((Path(self._folder.name) / name).read_text("utf-8") for name in ("stdout", "stderr"))
        self._folder.cleanup()
        run = Run({}, output, self._process.exitcode, self._killed, time.monotonic() - self._began)
        for line in output.splitlines():
            if line.startswith("{"):
                run.result = json.loads(line)
                break
        return run


class Launcher:
    """Starts modules, all with one base environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([*PRELOADED, *[f"{PACKAGE}.{name}" for name in MODULES], __name__])

    def start(
        self, module: str, options: Mapping[str, Any], check: bool = False, limits: Limits | None = None
    ) -> ModuleProcess:
        """Start a module; options that are None are left out."""
        folder = tempfile.TemporaryDirectory(prefix="imageops-faults-")
        ansible = {"_ansible_check_mode": check, "_ansible_diff": True}
        arguments = Path(folder.name) / "arguments.json"
        for name in ("stdout", "stderr"):
            (Path(folder.name) / name).touch()
        given = {name: value for name, value in options.items() if value is not None}
        arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {**ansible, **given}}), encoding="utf-8")
        process = self._context.Process(
            target=_main, args=(module, folder.name, self.environment, limits or Limits()), daemon=True
        )
        process.start()
        return ModuleProcess(process, folder)

    def run(self, module: str, options: Mapping[str, Any], check: bool = False) -> Run:
        """Start a module and wait for its end."""
        return self.start(module, options, check).finish()


def _main(module: str, folder: str, environment: dict[str, str], limits: Limits) -> None:
    """The module's own main(), in the process that is to run it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    for number, name in ((1, "stdout"), (2, "stderr")):
        handle = os.open(os.path.join(folder, name), os.O_WRONLY | os.O_APPEND)
        os.dup2(handle, number)
        os.close(handle)
    sys.argv = [module, os.path.join(folder, "arguments.json")]
    code = import_module(f"{PACKAGE}.{module}")
    limits.impose()
    code.main()
