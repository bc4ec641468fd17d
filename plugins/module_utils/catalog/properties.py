# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which properties of a plan the cloud's metadata definitions do not allow. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.document import OWN_PREFIX, RECORDED_DIGEST
from ansible_collections.imageops.glance.plugins.module_utils.metadefs import check_properties


def wanted_properties(plan: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a plan would set, by image and name; our own marks are left out, and so are images without any."""
    wanted = {
        str(element["key"]): {
            name: value
            for name, value in (element.get("properties") or {}).items()
            if not name.startswith((OWN_PREFIX, RECORDED_DIGEST))
        }
        for element in plan["images"]
    }
    return {image: properties for image, properties in wanted.items() if properties}


def unfit_properties(plan: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Mistakes and warnings, a sentence each, of what a plan would set."""
    return check_properties(wanted_properties(plan), definitions)
