# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the module of the same name, within this process where that comes to the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.imageops.glance.plugins.plugin_utils import in_process

in_process.preload()


class ModuleAction(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """The module does all the work; options and result pass through."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        """Run the module as ansible-core does for modules that have no action plugin."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        asynchronous = bool(self._task.async_val) and not self._connection.has_native_async
        result.update(self._run_module(task_vars, asynchronous))
        if not asynchronous:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _run_module(self, task_vars: Optional[dict[str, Any]], asynchronous: bool) -> dict[str, Any]:
        return self._execute_module(task_vars=task_vars, wrap_async=asynchronous)

    def _execute_module(
        self,
        module_name: Optional[str] = None,
        module_args: Optional[dict[str, Any]] = None,
        task_vars: Optional[dict[str, Any]] = None,
        wrap_async: bool = False,
        **more: Any,
    ) -> dict[str, Any]:
        """As that of ansible-core, which it calls when the module cannot as well run in this process."""
        variables = task_vars or {}
        name = module_name or str(self._task.resolved_action)
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        here = not wrap_async and self._local() and in_process.suits(name, self._interpreter(variables), environment)
        if not here:
            result: dict[str, Any] = super()._execute_module(
                module_name=module_name, module_args=module_args, task_vars=task_vars, wrap_async=wrap_async, **more
            )
            return result
        arguments = dict(self._task.args if module_args is None else module_args)
        self._update_module_args(name, arguments, variables)
        Display().vvv(f"Running {name} within this process", host=variables.get("inventory_hostname"))
        return in_process.run_module(name, arguments, environment)

    def _local(self) -> bool:
        """Whether a module's process would be one of this machine and this user."""
        return self._connection.transport == "local" and getattr(self._connection, "become", None) is None

    def _interpreter(self, variables: Mapping[str, Any]) -> str:
        delegated = variables.get("ansible_delegated_vars", {}).get(self._task.delegate_to)
        told = in_process.interpreter_of(variables if delegated is None else delegated)
        return str(self._templar.template(told))
