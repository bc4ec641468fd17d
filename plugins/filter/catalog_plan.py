# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter catalog_plan; its documentation is in catalog_plan.yml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan
from ansible_collections.imageops.glance.plugins.module_utils.catalog.validate import (
    CatalogError,
    Located,
    Place,
    check_catalog,
)
from ansible_collections.imageops.glance.plugins.module_utils.errors import GlanceOpsError


def catalog_plan(entries: Any, images: Any, name: str = "base", **policy: Any) -> dict[str, Any]:
    """The plan of a catalog; raises AnsibleFilterError for input that cannot be planned."""
    for what, value in (("entries", entries), ("images", images)):
        if not isinstance(value, (list, tuple)):
            raise AnsibleFilterError(f"catalog_plan: {what} must be a list, not {type(value).__name__}.")
    if not all(isinstance(image, Mapping) and image.get("id") for image in images):
        raise AnsibleFilterError("catalog_plan: images must be what imageops.glance.image_info returns as 'images'.")
    places = [Located(entry, Place("entries"), f"entry {number}") for number, entry in enumerate(entries, 1)]
    mistakes = check_catalog(places, file_exists=None)
    try:
        if mistakes:
            raise CatalogError(mistakes)
        return plan(entries, images, name, **policy)
    except (GlanceOpsError, TypeError) as error:
        raise AnsibleFilterError(f"catalog_plan: {error}") from error


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"catalog_plan": catalog_plan}
