# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter catalog_export; its documentation is in catalog_export.yml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Optional

from ansible.errors import AnsibleFilterError
from ansible_collections.imageops.glance.plugins.module_utils.catalog.export import catalogs, export


def catalog_export(images: Any, region: Optional[str] = None, project_id: Optional[str] = None) -> dict[str, Any]:
    """Entries for images; raises AnsibleFilterError for a value that is no list of images."""
    if not isinstance(images, (list, tuple)) or not all(isinstance(i, Mapping) and i.get("id") for i in images):
        raise AnsibleFilterError(
            "catalog_export: the input must be what imageops.glance.image_info returns as 'images'."
        )
    return {**export(images, region, project_id), "catalogs": catalogs(images)}


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"catalog_export": catalog_export}
