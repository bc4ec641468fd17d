# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module of this collection within Ansible's own process for the task, when that is where it would run anyway.

Packing a module, starting a Python for it and importing its libraries costs several times what most of our tasks do.
Nothing else differs: AnsibleModule checks the options, hides what is secret and shapes the result as always.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any

from ansible import constants
from ansible.module_utils import basic
from ansible.module_utils.parsing.convert_bool import boolean

COLLECTION = "imageops.glance."
MODULES = f"ansible_collections.{COLLECTION}plugins.modules"

#: Set to false, modules get a process of their own in any case.
SWITCH_VARIABLE = "ANSIBLE_IMAGEOPS_IN_PROCESS"

# What a running Python does not look at again.
_PROCESS_VARIABLES = ("PYTHON", "LD_", "OPENSSL_", "TMPDIR", "TZ")


def preload() -> None:
    """Import what modules need. Ansible loads an action plugin before it forks, so that all tasks and hosts share this.

    Whatever is missing here, the module itself says what it is needed for.
    """
    names = ["requests", "jsonpatch", f"{MODULES}.image", f"{MODULES}.image_info"]
    if not all(os.environ.get(name) for name in ("OS_IMAGE_URL", "OS_AUTH_TOKEN")):
        # There will be a login.
        names.append("openstack.config")
    for name in names:
        with suppress(ImportError):
            importlib.import_module(name)


def suits(name: str, interpreter: str, environment: Mapping[str, Any]) -> bool:
    """Whether a local module with this interpreter and environment can as well run here.

    :param name: the module's full name
    :param interpreter: what ``ansible_python_interpreter`` says: a path, a command, or ``auto`` and its variants
    """
    if not name.startswith(COLLECTION) or not boolean(os.environ.get(SWITCH_VARIABLE, True), strict=False):
        return False
    # Apple's frameworks, which requests asks for proxies, do not survive a fork.
    if sys.platform == "darwin" or any(variable.startswith(_PROCESS_VARIABLES) for variable in environment):
        return False
    return _this_python(interpreter) and _has_libraries()


def run_module(name: str, arguments: Mapping[str, Any], environment: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a module, as ``_execute_module`` returns it.

    :param name: the module's full name
    :param arguments: its options, and the ``_ansible_*`` ones that ansible-core adds
    :param environment: variables that are set while it runs
    """
    module = importlib.import_module(f"{MODULES}.{name.removeprefix(COLLECTION)}")
    printed = io.StringIO()
    # What libraries say beside the result, such as urllib3's warnings, is shown of no module.
    quiet = redirect_stderr(io.StringIO())
    # AnsibleModule prints its result and ends by SystemExit.
    with _environment(environment), _arguments(arguments), redirect_stdout(printed), quiet, suppress(SystemExit):
        module.main()
    return _loaded(printed.getvalue())


def _this_python(interpreter: str) -> bool:
    if interpreter.startswith("auto"):
        return True
    path = shutil.which(interpreter)
    if path is None:
        return False
    # Two names of one environment's Python: the same folder, the same program in the end.
    same_folder = os.path.dirname(os.path.abspath(path)) == os.path.dirname(os.path.abspath(sys.executable))
    return same_folder and os.path.realpath(path) == os.path.realpath(sys.executable)


def _has_libraries() -> bool:
    try:
        importlib.import_module("requests")
        importlib.import_module("jsonpatch")
    except ImportError:
        return False
    return True


@contextmanager
def _environment(wanted: Mapping[str, Any]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update({name: str(value) for name, value in wanted.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _arguments(arguments: Mapping[str, Any]) -> Iterator[None]:
    """Where AnsibleModule finds its arguments (ansible/module_utils/basic.py, _load_params)."""
    text = _dumped({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    profile = {"_ANSIBLE_PROFILE": "legacy"} if hasattr(basic, "_ANSIBLE_PROFILE") else {}
    wanted = {"_ANSIBLE_ARGS": text, **profile}
    before = {name: getattr(basic, name) for name in wanted}
    try:
        for name, value in wanted.items():
            setattr(basic, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(basic, name, value)


def _dumped(arguments: Any) -> str:
    """As ansible-core writes a module's arguments: it knows values that came out of a template or a vault."""
    try:
        from ansible.module_utils.common.json import Direction, get_module_encoder
    except ImportError:  # before 2.19
        from ansible.module_utils.common.json import AnsibleJSONEncoder

        return json.dumps(arguments, cls=AnsibleJSONEncoder, vault_to_text=True)
    return json.dumps(arguments, cls=get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE))


def _loaded(text: str) -> dict[str, Any]:
    """As ansible-core reads a module's result."""
    try:
        from ansible.module_utils.common.json import Direction, get_module_decoder
    except ImportError:  # before 2.19
        return dict(json.loads(text))
    return dict(json.loads(text, cls=get_module_decoder("legacy", Direction.MODULE_TO_CONTROLLER)))


def interpreter_of(variables: Mapping[str, Any]) -> Any:
    """What is said about the host's Python: by a variable, ansible.cfg or the environment; may be a template."""
    # Not made a str here: that would take the mark away by which ansible-core knows a template that it may trust.
    return constants.config.get_config_value("INTERPRETER_PYTHON", variables=dict(variables))
