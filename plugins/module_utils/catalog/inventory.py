# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan is made of besides the entries: the policy, and the cloud's images sorted by whose they are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from ansible_collections.imageops.glance.plugins.module_utils.catalog.content import digests_of
from ansible_collections.imageops.glance.plugins.module_utils.catalog.marks import ENTRY, Image, image_of, marked_by
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError

RETIRE = ("hide", "deactivate", "delete")
PRUNE = ("none", *RETIRE)
ADOPT = ("content", "name", "none")
#: The tag by which openstack-image-manager knows its images (its option --tag).
OSISM_TAG = "managed_by_osism"


@dataclass(frozen=True)
class Policy:
    """What the catalog's owner has decided. ``project_id`` None: all images given are the caller's own.

    ``owners`` gives project ids for the names that entries have as ``owner``; ``stores`` the ids of the cloud's
    stores, when known. ``adopt_tag`` marks images that may be adopted by their name.
    """

    catalog: str
    keep: Union[int, str] = 1
    retire: str = "hide"
    prune: str = "none"
    project_id: Optional[str] = None
    adopt: str = "content"
    adopt_tag: str = OSISM_TAG
    owners: Mapping[str, str] = field(default_factory=dict)
    stores: Optional[frozenset[str]] = None

    def owner_of(self, entry: Mapping[str, Any]) -> Optional[str]:
        """Id of the project that an entry gives its images to; None for the caller's own."""
        owner = entry.get("owner")
        return None if owner is None else self.owners.get(str(owner), str(owner))

    def is_own(self, image: Image) -> bool:
        return self.project_id is None or image.owner == self.project_id


@dataclass(frozen=True)
class Remote:
    """Another region that has the catalog already: where data comes from, server to server."""

    region: str
    images: Mapping[str, list[Image]]
    interface: Optional[str] = None


@dataclass
class Inventory:
    """The images of a cloud, by what a plan asks for. ``taken`` are ids that a step of the plan has already."""

    marked: dict[str, list[Image]] = field(default_factory=dict)
    unmarked: dict[str, list[Image]] = field(default_factory=dict)
    tagged: dict[str, list[Image]] = field(default_factory=dict)
    by_id: dict[str, Image] = field(default_factory=dict)
    ids_by_name: dict[str, list[str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)


def inventory(images: Iterable[Mapping[str, Any]], policy: Policy, owners: frozenset[str]) -> Inventory:
    """Sort the images. Those of other projects count only for names of kernels and ramdisks.

    ``owners`` are ids of further projects that entries of the catalog give images to. Marks on anybody else's image
    prove nothing: whoever owns an image can write them.
    """
    found = Inventory()
    for document in images:
        image = image_of(document)
        found.ids_by_name.setdefault(image.name, []).append(image.id)
        if not policy.is_own(image) and image.owner not in owners:
            continue
        found.by_id[image.id] = image
        catalog = marked_by(image)
        if catalog == policy.catalog:
            found.marked.setdefault(image.properties[ENTRY], []).append(image)
        elif catalog is None and not image.derived and image.has_data and policy.is_own(image):
            found.unmarked.setdefault(image.name, []).append(image)
            if policy.adopt_tag in (image.document.get("tags") or ()):
                for digest in digests_of(image):
                    found.tagged.setdefault(digest, []).append(image)
    return found


def remote_of(replicate: Optional[Mapping[str, Any]], catalog: str) -> Optional[Remote]:
    """The region to replicate from: ``{region: name, images: [...], interface: public}``.

    :raises OptionError: a key is missing
    """
    if not replicate:
        return None
    region = replicate.get("region")
    if not region:
        raise OptionError("replicate: give the primary's 'region' beside its 'images'.")
    by_entry: dict[str, list[Image]] = {}
    for document in replicate.get("images") or ():
        image = image_of(document)
        if image.status == "active" and marked_by(image) == catalog:
            by_entry.setdefault(image.properties[ENTRY], []).append(image)
    interface = replicate.get("interface")
    return Remote(str(region), by_entry, None if interface is None else str(interface))
