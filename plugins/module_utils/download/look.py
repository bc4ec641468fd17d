# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image is to be downloaded: any that the login can see, not only one's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.download.wish import DownloadWish
from ansible_collections.imageops.glance.plugins.module_utils.errors import ConflictError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.identity import Projects
from ansible_collections.imageops.glance.plugins.module_utils.image.selection import GONE, select
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import UUID
from ansible_collections.imageops.glance.plugins.module_utils.sharing import images_named

Document = dict[str, Any]


def find_image(glance: Glance, wish: DownloadWish) -> Document:
    """The image that the wish means.

    :raises OptionError: there is none that can be seen
    :raises ConflictError: several could be meant
    """
    if wish.owner:
        projects = Projects(glance.http, glance.cloud)
        wish = replace(wish, owner=projects.id_of(wish.owner, "image_owner", wish.owner_domain))
    image = glance.image(wish.id) if wish.id else _named(glance, wish)
    if image is None or image.get("status") in GONE:
        raise OptionError(_nowhere(wish))
    if wish.owner and image.get("owner") != wish.owner:
        raise OptionError(f"image_owner: {wish.told} belongs to project {image.get('owner')}, not to {wish.owner}.")
    return image


def _named(glance: Glance, wish: DownloadWish) -> Document | None:
    # Anybody can publish a community image, or offer one, under any name. So they count only when their owner is named.
    query = [("owner", wish.owner), ("visibility", "all")] if wish.owner else []
    candidates = images_named(glance, str(wish.name), query)
    try:
        found = select(candidates, wish.told, wish.owner, glance.login.project_id).current
    except ConflictError as exc:
        raise ConflictError(exc.message.replace("give id or owner", "give id or image_owner")) from exc
    if found is None and UUID.match(str(wish.name)):
        # openstack.cloud takes an id for a name.
        return glance.image(str(wish.name))
    return found


def _nowhere(wish: DownloadWish) -> str:
    if wish.id:
        return f"id: {wish.told} does not exist, or cannot be seen from this project."
    if wish.owner:
        return f"name: project {wish.owner} has no {wish.told} that can be seen from this project."
    return (
        f"name: there is no {wish.told} among the own, public and accepted shared ones; for a community image, or one "
        "that was not accepted yet, give id or image_owner."
    )
