# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publishes a catalog; its documentation is in the module of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Optional

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader
from ansible.utils.display import Display
from ansible_collections.imageops.glance.plugins.module_utils.argspec import CONNECTION
from ansible_collections.imageops.glance.plugins.module_utils.catalog.outcome import outcome
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan as make_plan
from ansible_collections.imageops.glance.plugins.module_utils.catalog.preview import differences
from ansible_collections.imageops.glance.plugins.module_utils.catalog.properties import (
    unfit_properties,
    wanted_properties,
)
from ansible_collections.imageops.glance.plugins.module_utils.errors import GlanceOpsError
from ansible_collections.imageops.glance.plugins.module_utils.report.parts import failed_part
from ansible_collections.imageops.glance.plugins.module_utils.report.store import write
from ansible_collections.imageops.glance.plugins.plugin_utils.progress import ProgressAction

INFO = "imageops.glance.image_info"
IMAGE = "imageops.glance.image"

_CONNECTION_NAMES = {name for option, spec in CONNECTION.items() for name in (option, *spec.get("aliases", ()))}
_OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "default": "base"},
    "images": {"type": "list", "elements": "dict", "default": []},
    "files": {"type": "list", "elements": "str", "default": []},
    "defaults": {"type": "dict", "default": {}},
    "keep": {"type": "str", "default": "1"},
    "retire": {"type": "str", "choices": ["hide", "deactivate", "delete"], "default": "hide"},
    "prune": {"type": "str", "choices": ["none", "hide", "deactivate", "delete"], "default": "none"},
    "adopt": {"type": "str", "choices": ["content", "name", "none"], "default": "content"},
    "adopt_tag": {"type": "str", "default": "managed_by_osism"},
    "parallel": {"type": "int", "default": 4},
    "timeout": {"type": "int", "default": 3600},
    "check_properties": {"type": "bool", "default": True},
    "replicate_from": {"type": "dict", "default": {}},
    "details": {"type": "bool", "default": False},
    "failure_report": {"type": "str", "default": ""},
}


class ActionModule(ProgressAction):
    """One task for what would be six: thousands of entries and images never pass through variables and templates."""

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        """Read, look, plan, show, apply; in check mode all but apply."""
        result: dict[str, Any] = ActionBase.run(self, tmp, task_vars)
        own = {name: value for name, value in self._task.args.items() if name not in _CONNECTION_NAMES}
        self._connection_arguments = {k: v for k, v in self._task.args.items() if k in _CONNECTION_NAMES}
        options = self._validated(own)
        variables = task_vars or {}
        try:
            entries = self._entries(options, variables)
            self._keep_login()
            found = self._look(entries, options, variables)
            plan = self._plan(entries, found, options, variables)
            self._check_properties(plan, options, variables)
            _show(plan["table"], variables)
            applied = self._apply(plan, options, variables)
        except GlanceOpsError as error:
            self._report_failure(options, error.message, variables)
            raise AnsibleActionFail(error.message) from error
        except AnsibleActionFail as error:
            self._report_failure(options, str(error.message), variables)
            raise
        told = outcome(plan, applied)
        result["ansible_facts"] = {"catalog_result": told}
        result["changed"] = bool(plan["changed"]) if applied is None else bool(applied.get("changed"))
        result["diff"] = differences(plan, found["images"]) if applied is None else applied.get("diff", [])
        if options["details"]:
            # For the report; without the elements, which may hold passwords of web servers.
            result["plan"] = {key: plan[key] for key in ("steps", "table", "changed")}
            result["images"] = found["images"]
            result["project_id"] = found["cloud"]["project_id"]
            if applied is not None:
                result["applied"] = {"results": applied.get("results", [])}
        return result

    def _report_failure(self, options: Mapping[str, Any], failure: str, variables: Mapping[str, Any]) -> None:
        """A cloud that nobody could look at is what a report has to show first."""
        if not options["failure_report"]:
            return
        host, now = str(variables.get("inventory_hostname")), datetime.now(timezone.utc)
        try:
            write(
                options["failure_report"],
                failed_part(host, options["name"], failure, now, bool(self._task.check_mode)),
            )
        except GlanceOpsError as error:
            # The failure itself matters more.
            Display().warning(f"failure_report: {error.message}")

    def _validated(self, own: Mapping[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(own) - set(_OPTIONS))
        if unknown:
            raise AnsibleActionFail(f"catalog_publish has no option {unknown[0]}; it has {', '.join(_OPTIONS)}.")
        before = self._task.args
        self._task.args = dict(own)
        try:
            _result, options = self.validate_argument_spec(_OPTIONS)
        finally:
            self._task.args = before
        return dict(options)

    def _entries(self, options: Mapping[str, Any], variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        lookup = lookup_loader.get("imageops.glance.catalog_entries", loader=self._loader, templar=self._templar)
        try:
            entries: list[dict[str, Any]] = lookup.run(
                options["files"],
                variables=variables,
                images=options["images"],
                defaults=options["defaults"],
                resolve_checksums=True,
            )
        except AnsibleError as error:
            raise AnsibleActionFail(str(error)) from error
        return entries

    def _keep_login(self) -> None:
        """One login for all modules of this task, in the task's own temporary folder, which goes with the task."""
        if "auth_cache" not in self._connection_arguments:
            folder = self._connection._shell.tmpdir or self._make_tmp_path()
            self._connection_arguments["auth_cache"] = self._connection._shell.join_path(folder, "login")

    def _module(self, name: str, arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        return dict(
            self._execute_module(
                module_name=name,
                module_args={**self._connection_arguments, **arguments},
                task_vars=dict(variables),
            )
        )

    def _ask(self, arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        found = self._module(INFO, arguments, variables)
        if found.get("failed"):
            raise AnsibleActionFail(str(found.get("msg")), result=found)
        return found

    def _look(
        self, entries: list[dict[str, Any]], options: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> dict[str, Any]:
        owners = sorted({str(entry["owner"]) for entry in entries if entry.get("owner")})
        asked: dict[str, Any] = {"hidden": "all", "projects": owners, "spellings": False}
        # The images of all projects are of interest only when an entry belongs to another one.
        asked["own"] = not owners
        if any(entry.get("all_stores") for entry in entries):
            asked["cloud_facts"] = ["stores"]
        if any(entry.get("members") is not None for entry in entries):
            asked["include"] = ["members"]
        return self._ask(asked, variables)

    def _plan(
        self,
        entries: list[dict[str, Any]],
        found: Mapping[str, Any],
        options: Mapping[str, Any],
        variables: Mapping[str, Any],
    ) -> dict[str, Any]:
        return make_plan(
            entries,
            found["images"],
            options["name"],
            keep=options["keep"],
            retire=options["retire"],
            prune=options["prune"],
            adopt=options["adopt"],
            adopt_tag=options["adopt_tag"],
            project_id=found["cloud"]["project_id"],
            owners=found["cloud"]["projects"],
            stores=found["cloud"].get("stores"),
            replicate=self._other_region(options, variables),
        )

    def _other_region(self, options: Mapping[str, Any], variables: Mapping[str, Any]) -> Optional[dict[str, Any]]:
        source = options["replicate_from"]
        region = source.get("region")
        if not region or region == self._connection_arguments.get("region_name"):
            return None
        asked = {
            "region_name": region,
            "status": ["active"],
            "properties": {"imageops_catalog": options["name"]},
            "spellings": False,
        }
        return {**source, "images": self._ask(asked, variables)["images"]}

    def _check_properties(
        self, plan: Mapping[str, Any], options: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> None:
        """Before anything changes; what has not changed was checked when it did."""
        if not options["check_properties"] or not wanted_properties(plan):
            return
        told = self._ask({"limit": 0, "cloud_facts": ["metadefs"]}, variables)["cloud"]
        mistakes, warnings = unfit_properties(plan, told["metadefs"])
        for warning in warnings:
            Display().warning(warning)
        if mistakes:
            raise AnsibleActionFail(
                "The cloud's metadata definitions do not allow these properties, and nothing was changed: "
                f"{'; '.join(mistakes)}. Correct them, or set catalog_check_properties to false."
            )

    def _apply(
        self, plan: Mapping[str, Any], options: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> Optional[dict[str, Any]]:
        """The result of the module image; None when nothing is applied."""
        if not plan["changed"] or self._task.check_mode:
            return None
        arguments = {"images": plan["images"], "parallel": options["parallel"], "timeout": options["timeout"]}
        with self._watched(variables, False):
            return self._module(IMAGE, arguments, variables)


def _show(table: str, variables: Mapping[str, Any]) -> None:
    Display().display(f"Plan for {variables.get('inventory_hostname')}:\n{table}")
