# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter catalog_properties; its documentation is in catalog_properties.yml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.imageops.glance.plugins.module_utils.catalog.properties import unfit_properties


def catalog_properties(plan: Any, definitions: Any) -> dict[str, Any]:
    """Mistakes in the properties that a plan would set; raises AnsibleFilterError for a value that is no plan."""
    if not isinstance(plan, Mapping) or "images" not in plan or not isinstance(definitions, Mapping):
        raise AnsibleFilterError("catalog_properties: the input must be what imageops.glance.catalog_plan returns.")
    mistakes, warnings = unfit_properties(plan, definitions)
    message = "The cloud's metadata definitions do not allow these properties: " + "; ".join(mistakes) + "."
    return {"mistakes": mistakes, "warnings": warnings, "message": message if mistakes else ""}


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"catalog_properties": catalog_properties}
