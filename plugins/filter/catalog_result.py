# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter catalog_result; its documentation is in catalog_result.yml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.imageops.glance.plugins.module_utils.catalog.outcome import outcome


def catalog_result(plan: Any, applied: Any = None) -> dict[str, Any]:
    """What became of a plan; raises AnsibleFilterError for a value that is no plan."""
    if not isinstance(plan, Mapping) or not {"steps", "result"} <= set(plan):
        raise AnsibleFilterError("catalog_result: the input must be what imageops.glance.catalog_plan returns.")
    return outcome(plan, applied if isinstance(applied, Mapping) else None)


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"catalog_result": catalog_result}
