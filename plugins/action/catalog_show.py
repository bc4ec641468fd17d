# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a catalog's plan; its documentation is in the module of the same name."""

from __future__ import annotations

from typing import Any, Optional

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.imageops.glance.plugins.module_utils.catalog.preview import differences


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Prints on the controller; nothing is sent anywhere."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        """Print the table. In check mode this task stands for the changes that the real run would make."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        spec = {
            "plan": {"type": "dict", "required": True},
            "images": {"type": "list", "elements": "dict", "default": []},
        }
        _spec, arguments = self.validate_argument_spec(spec)
        plan = arguments["plan"]
        host = (task_vars or {}).get("inventory_hostname")
        title = f"Plan for {host}:\n" if host else ""
        Display().display(f"{title}{plan['table']}")
        result["changed"] = bool(self._task.check_mode and plan["changed"])
        if self._task.check_mode and self._task.diff:
            result["diff"] = differences(plan, arguments["images"])
        return result
