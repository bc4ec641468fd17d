# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the report of a catalog; its documentation is in the module of the same name."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Optional

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.imageops.glance.plugins.module_utils.errors import GlanceOpsError
from ansible_collections.imageops.glance.plugins.module_utils.report.parts import failed_part, part_of
from ansible_collections.imageops.glance.plugins.module_utils.report.store import write

_SPEC = {
    "path": {"type": "str", "required": True},
    "catalog": {"type": "str", "default": "base"},
    "steps": {"type": "list", "elements": "dict"},
    "result": {"type": "dict", "default": {}},
    "images": {"type": "list", "elements": "dict", "default": []},
    "applied": {"type": "dict", "default": {}},
    "failure": {"type": "str"},
}


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Runs on the controller, in check mode too: a report changes nothing on any cloud."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        """Put this host's part into the report. It is never a change: what is new in it is mostly the time."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _spec, arguments = self.validate_argument_spec(
            _SPEC, mutually_exclusive=[("steps", "failure")], required_one_of=[("steps", "failure")]
        )
        host = str((task_vars or {}).get("inventory_hostname") or "localhost")
        try:
            path = write(arguments["path"], self._part(host, arguments))
        except GlanceOpsError as exc:
            raise AnsibleActionFail(f"catalog_report: {exc.message}") from exc
        result.update(changed=False, path=str(path), data=str(path.with_suffix(".json")))
        return result

    def _part(self, host: str, arguments: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        catalog, check = arguments["catalog"], bool(self._task.check_mode)
        if arguments["failure"] is not None:
            return failed_part(host, catalog, arguments["failure"], now, check)
        return part_of(
            host,
            {"steps": arguments["steps"]},
            arguments["result"],
            arguments["images"],
            now,
            catalog=catalog,
            applied=arguments["applied"],
            check=check,
        )
