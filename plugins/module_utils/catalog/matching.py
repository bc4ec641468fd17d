# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image is which version of an entry: those that the catalog has marked, and those that it may adopt. Pure.

Everything is looked up by version, digest or source, so that the time is linear in the number of images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.imageops.glance.plugins.module_utils.catalog.content import (
    Verdict,
    compare,
    digest_of,
    digests_of,
    proves,
)
from ansible_collections.imageops.glance.plugins.module_utils.catalog.inventory import Inventory, Policy
from ansible_collections.imageops.glance.plugins.module_utils.catalog.marks import SOURCE, Image, source_of
from ansible_collections.imageops.glance.plugins.module_utils.catalog.steps import versioned_name
from ansible_collections.imageops.glance.plugins.module_utils.catalog.versions import natural_key


@dataclass
class Slot:
    """One wanted version and what there is of it.

    ``name`` is the name of its image; ``image`` the one that holds its data; ``adopted`` when that bears no marks
    yet; ``predecessor`` the image whose successor is to be made; ``begun`` what an interrupted run has made of it.
    """

    entry: Mapping[str, Any]
    label: str
    name: str
    current: bool
    digest: Optional[str]
    image: Optional[Image] = None
    verdict: Optional[Verdict] = None
    adopted: bool = False
    predecessor: Optional[Image] = None
    begun: Optional[Image] = None

    @property
    def version(self) -> str:
        return str(self.entry.get("version") or "")

    @property
    def doubt(self) -> bool:
        """Whether the image's data has to be held against the entry's digest yet."""
        return self.verdict is not None and self.verdict.doubt


def slots_of(entries: Sequence[Mapping[str, Any]]) -> list[Slot]:
    """The versions of one series, oldest first; the last is the current one and has the plain name."""
    ordered = sorted(entries, key=lambda entry: natural_key(entry.get("version")))
    slots = []
    for entry in ordered:
        current = entry is ordered[-1]
        name = str(entry["name"])
        other = versioned_name(entry, str(entry.get("version") or ""))
        slots.append(Slot(entry, name if current else other, name if current else other, current, digest_of(entry)))
    return slots


def assign(slots: Sequence[Slot], images: Sequence[Image]) -> list[Image]:
    """Give each slot the marked image that holds its data, the best first; returns the images left over.

    The version decides first. An image of another version that holds the wanted data serves too: a version that was
    given another name is no reason to move the data again. Last comes an image of the version whose data is in doubt.
    """
    by_version: dict[str, list[Image]] = {}
    for image in images:
        by_version.setdefault(image.version, []).append(image)
    left = {image.id: image for image in images}
    for slot in slots:
        _take(slot, by_version.get(slot.version, ()), left, doubtful=False)
    if any(slot.image is None for slot in slots):
        by_content: dict[str, list[Image]] = {}
        for image in left.values():
            for key in (*digests_of(image), f"source {image.properties.get(SOURCE, '')}"):
                by_content.setdefault(key, []).append(image)
        for slot in slots:
            key = slot.digest or ("" if slot.version else f"source {source_of(slot.entry)}")
            _take(slot, by_content.get(key, ()), left, doubtful=False)
        for slot in slots:
            _take(slot, by_version.get(slot.version, ()), left, doubtful=True)
    return list(left.values())


def _take(slot: Slot, candidates: Sequence[Image], left: dict[str, Image], doubtful: bool) -> None:
    if slot.image is not None:
        return
    verdicts = [(image, compare(image, slot.entry, slot.digest)) for image in candidates if image.id in left]
    good = [(image, verdict) for image, verdict in verdicts if verdict.same and verdict.doubt == doubtful]
    if good:
        slot.image, slot.verdict = min(good, key=lambda pair: _worth(pair[0], slot.name))
        del left[slot.image.id]


def _worth(image: Image, name: str) -> tuple[bool, bool, bool, str, str]:
    """Sorts the image first that users have in hand: usable, listed, under its name; then the oldest."""
    return image.status != "active", image.hidden, image.name != name, image.created, image.id


def adopt(slots: Sequence[Slot], inventory: Inventory, policy: Policy) -> None:
    """Give slots without an image one that bears no marks: see ``_adoptable``."""
    if policy.adopt == "none":
        return
    for slot in slots:
        if slot.image is None:
            candidates = [image for image in _candidates(slot, inventory) if _adoptable(image, slot, policy)]
            if candidates:
                slot.image = min(candidates, key=lambda image: _worth(image, slot.name))
                slot.adopted = True
                inventory.taken.add(slot.image.id)


def _candidates(slot: Slot, inventory: Inventory) -> list[Image]:
    names = {slot.name, str(slot.entry["name"]), versioned_name(slot.entry, slot.version)}
    found = {image.id: image for name in names for image in inventory.unmarked.get(name, ())}
    if slot.digest is not None:
        found.update((image.id, image) for image in inventory.tagged.get(slot.digest, ()))
    return [image for image in found.values() if image.id not in inventory.taken]


def _adoptable(image: Image, slot: Slot, policy: Policy) -> bool:
    """Same content under one of the entry's names, or in the keeping of openstack-image-manager under any.

    The name counts because the same bytes under another name are likely somebody's own copy. With ``adopt: name`` the
    tag of openstack-image-manager, the exact name and the version that it has noted are enough, unless a digest
    says otherwise.
    """
    verdict = compare(image, {**slot.entry, "version": None}, None)
    formats_differ = "_format " in verdict.reason
    proof = proves(image, slot.entry, slot.digest)
    if formats_differ or proof is False:
        return False
    if proof:
        return True
    if policy.adopt != "name" or policy.adopt_tag not in (image.document.get("tags") or ()):
        return False
    noted = image.properties.get("internal_version")
    return image.name == slot.name and (noted is None or not slot.version or noted == slot.version)


def begun_successors(images: Sequence[Image]) -> dict[str, str]:
    """Ids of images that were being made to replace others that are still there, with the others' ids.

    They have data, but perhaps not verified, and not yet everything that they are to take over.
    """
    there = {image.id for image in images if image.has_data}
    return {
        image.id: str(image.successor_of)
        for image in images
        if image.has_data and image.hidden and image.successor_of in there
    }


def find_predecessors(slots: Sequence[Slot], left: Sequence[Image]) -> None:
    """For slots without an image: whose successor theirs will be.

    The same version with other data; for the current slot else the newest that users have in hand.
    """
    ordered = sorted(left, key=lambda image: image.age_key)
    by_version: dict[str, list[Image]] = {}
    for image in ordered:
        by_version.setdefault(image.version, []).append(image)
    used: set[str] = set()
    for slot in slots:
        if slot.image is None:
            slot.predecessor = next((i for i in reversed(by_version.get(slot.version, ())) if _serves(i, slot)), None)
            used.update(() if slot.predecessor is None else (slot.predecessor.id,))
    current = slots[-1]
    if current.image is None and current.predecessor is None:
        current.predecessor = next((i for i in reversed(ordered) if _serves(i, current) and i.id not in used), None)


def _serves(image: Image, slot: Slot) -> bool:
    """Whether the image is as a slot's image is to be: usable and listed, unless the entry wants it otherwise."""
    if image.hidden and not slot.entry.get("hidden"):
        return False
    return image.status == "active" or slot.entry.get("state") == "deactivated"


def duplicates(slots: Sequence[Slot], left: Sequence[Image]) -> set[str]:
    """Ids of left-over images that hold just what a slot's image holds: two runs at once, or an interrupted one."""
    by_version = {slot.version: slot for slot in slots if slot.image is not None}
    return {
        image.id
        for image in left
        if image.version in by_version
        and compare(image, by_version[image.version].entry, by_version[image.version].digest).same
    }
