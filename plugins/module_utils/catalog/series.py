# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps for one series: all versions of one entry. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from ansible_collections.imageops.glance.plugins.module_utils.catalog import matching, metadata, steps
from ansible_collections.imageops.glance.plugins.module_utils.catalog.content import compare, proves, transformed
from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import FORMAT_KEYS, KEEP_ALL
from ansible_collections.imageops.glance.plugins.module_utils.catalog.inventory import Inventory, Policy, Remote
from ansible_collections.imageops.glance.plugins.module_utils.catalog.marks import (
    CATALOG,
    DIGEST,
    ENTRY,
    SOURCE,
    VERSION,
    Image,
)
from ansible_collections.imageops.glance.plugins.module_utils.catalog.matching import Slot
from ansible_collections.imageops.glance.plugins.module_utils.catalog.steps import Step
from ansible_collections.imageops.glance.plugins.module_utils.document import REPLACES

#: By these the module finds an image that another run has made meanwhile, or that a killed one left behind.
_MATCH = (CATALOG, ENTRY, VERSION, SOURCE, DIGEST, *FORMAT_KEYS)


@dataclass
class Series:
    """One series being planned. ``off`` are versions whose entries are switched off: their images are left alone."""

    name: str
    entries: Sequence[Mapping[str, Any]]
    off: frozenset[str]
    policy: Policy
    inventory: Inventory
    remote: Optional[Remote]
    keys: set[str]
    slots: list[Slot] = field(default_factory=list)
    left: list[Image] = field(default_factory=list)
    leftovers: list[Image] = field(default_factory=list)

    def plan(self) -> list[Step]:
        """All steps, those that put something in place first."""
        self.slots = matching.slots_of(self.entries)
        owners = {self.policy.project_id, *(self.policy.owner_of(entry) for entry in self.entries)}
        images = [
            image
            for image in self.inventory.marked.get(self.name, ())
            if image.version not in self.off and (self.policy.project_id is None or image.owner in owners)
        ]
        begun = matching.begun_successors(images)
        remains = {image.id for image in images if not image.has_data or image.id in begun}
        self.leftovers = sorted(
            (image for image in images if image.id in remains), key=lambda image: (image.created, image.id)
        )
        self.left = matching.assign(self.slots, [image for image in images if image.id not in remains])
        matching.adopt(self.slots, self.inventory, self.policy)
        matching.find_predecessors(self.slots, self.left)
        self._go_on(begun)
        fates = self._fates()
        current = self._publish(self.slots[-1], fates)
        published = [current]
        for slot in reversed(self.slots[:-1]):
            step = self._publish(slot, fates)
            if step.element is not None and current.element is not None:
                step.element["after"] = [current.element["key"]]
            published.append(step)
        after = steps.awaited(published)
        return [*published, *self._retire(fates, after), *self._clean(after)]

    def _go_on(self, begun: Mapping[str, str]) -> None:
        """Where an interrupted run has begun a slot's image, go on with that, and with the predecessor that it had."""
        left = {image.id: image for image in self.left}
        for slot in self.slots:
            if slot.image is not None:
                continue
            wanted = self._match(slot)
            slot.begun = next((image for image in self.leftovers if _has(image, wanted)), None)
            if slot.begun is not None:
                self.leftovers.remove(slot.begun)
                slot.predecessor = left.get(begun.get(slot.begun.id, ""), slot.predecessor)

    def _match(self, slot: Slot) -> dict[str, str]:
        wanted = metadata.properties(slot.entry, self.policy, slot.digest)
        if slot.entry.get("convert") == "raw":
            wanted["disk_format"] = "raw"
        for key in FORMAT_KEYS:
            wanted.setdefault(key, slot.entry.get(key))
        # Glance cannot be asked for images whose property is empty.
        return {key: str(wanted[key]) for key in _MATCH if wanted.get(key)}

    def _versions(self) -> set[str]:
        return {slot.version for slot in self.slots}

    def _fates(self) -> dict[str, str]:
        """What each superseded image becomes: the newest ``keep`` are put away, older ones and duplicates deleted."""
        twins = matching.duplicates(self.slots, self.left)
        keep: Union[int, str] = self.slots[-1].entry.get("keep", self.policy.keep)
        fates = {}
        kept = 0
        for image in sorted(self.left, key=lambda one: one.age_key, reverse=True):
            if image.id in twins or self.policy.retire == "delete" or (keep != KEEP_ALL and kept >= int(keep)):
                fates[image.id] = "delete"
            else:
                kept += 1
                fates[image.id] = self.policy.retire
        return fates

    def _publish(self, slot: Slot, fates: Mapping[str, str]) -> Step:
        if slot.image is None:
            return self._create(slot, fates)
        return self._settle(slot, slot.image)

    def _step(self, action: str, slot: Slot) -> Step:
        version = slot.entry.get("version")
        image_id = None if slot.image is None else slot.image.id
        return Step(action, self.name, version, slot.label, slot.name, image_id)

    def _element(self, slot: Slot, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "key": steps.mark_unique(slot.label, self.keys),
            "name": slot.name,
            "state": "deactivated" if slot.entry.get("state") == "deactivated" else "present",
            "hidden": bool(slot.entry.get("hidden", False)),
            **metadata.options(slot.entry),
            "properties": dict(properties),
        }

    def _create(self, slot: Slot, fates: Mapping[str, str]) -> Step:
        """A new image: the first of its kind, or the successor of one that users have now."""
        old = slot.predecessor
        step = self._step(steps.CREATE if old is None else steps.REPLACE, slot)
        wanted = metadata.properties(slot.entry, self.policy, slot.digest)
        element = self._element(slot, wanted)
        element.update(self._source(slot))
        element["match"] = self._match(slot)
        fixed = slot.entry.get("id")
        if old is None:
            step.reasons.append("is not there yet")
            if fixed is not None and fixed not in self.inventory.by_id:
                element["id"] = fixed
                del element["match"]
        else:
            fate = steps.lenient(old, fates[old.id], bool(slot.entry.get("protected")))
            name = steps.retired_name(slot.entry, old, self._versions())
            step.image_id = old.id
            step.reasons.append(_why_replaced(old, slot))
            step.reasons.append(f"the image so far becomes '{name}' and is {steps.BECOMES[fate]}")
            element.update(
                replaces=old.id,
                replaced_state=steps.REPLACED_STATES[fate],
                replaced_name=name,
                on_in_use="hide",
            )
            if slot.digest is None:
                # Everything that is not named is inherited; the predecessor's digest must not be.
                element["properties"][DIGEST] = None
        if slot.begun is not None:
            step.reasons.append(f"goes on with image {slot.begun.id}, left {slot.begun.status}")
        others = self.inventory.unmarked.get(slot.name, ())
        if others and old is None:
            step.reasons.append(f"image {others[0].id} of that name belongs to no catalog and stays as it is")
        if "import_method" in element and element["import_method"] == "glance-download":
            step.reasons.append(f"is fetched from region {element['remote_region']}")
        step.element = element
        return step

    def _source(self, slot: Slot) -> dict[str, Any]:
        """Where the data comes from: from another region when that has it already, else from the entry's source."""
        options = steps.source_options(slot.entry)
        if slot.digest is not None and "checksum" in options:
            options["checksum"] = slot.digest
        if self.remote is None:
            return options
        for image in self.remote.images.get(self.name, ()):
            if compare(image, slot.entry, slot.digest).same and image.version == slot.version:
                # What the other region has is unpacked and converted already.
                kept = FORMAT_KEYS if transformed(slot.entry) else ("checksum", *FORMAT_KEYS)
                options = {key: options[key] for key in kept if key in options}
                options.update(
                    import_method="glance-download", remote_region=self.remote.region, remote_image_id=image.id
                )
                if self.remote.interface is not None:
                    options["remote_interface"] = self.remote.interface
                break
        return options

    def _settle(self, slot: Slot, image: Image) -> Step:
        """An image with the right data: adopted, restored, updated or left as it is."""
        wanted = metadata.properties(slot.entry, self.policy, slot.digest)
        if slot.entry.get("remote_image_id") == image.id:
            # An exported catalog, back where it comes from: that an image is its own source tells nothing new.
            wanted.update((name, image.properties[name]) for name in (SOURCE, DIGEST) if name in image.properties)
        if REPLACES in image.properties:
            wanted[REPLACES] = None
        found = metadata.differences(image, slot.entry, slot.name, wanted, self.policy, self.inventory)
        if not found and not slot.doubt:
            return self._step(steps.UNCHANGED, slot)
        step = self._step(_action(slot, image), slot)
        element = {**self._element(slot, wanted), "id": image.id}
        if slot.adopted:
            alike = "holds the same data" if proves(image, slot.entry, slot.digest) else "has the same name and tag"
            step.reasons.append(f"{alike}, not yet marked")
        elif slot.doubt or _unfinished(step, slot, image):
            step.reasons.append("its data is verified first")
            fate = steps.lenient(image, "delete", bool(slot.entry.get("protected")))
            element.update(
                self._source(slot),
                on_content_change="replace",
                replaced_state=steps.REPLACED_STATES[fate],
                replaced_name=steps.retired_name(slot.entry, image, self._versions()),
                on_in_use="hide",
            )
        step.reasons.extend(reason for reason in found if not (slot.adopted and "not marked" in reason))
        step.element = element
        return step

    def _retire(self, fates: Mapping[str, str], after: list[str]) -> list[Step]:
        """Superseded images: put away or deleted, once what supersedes them is there."""
        replaced = {slot.predecessor.id for slot in self.slots if slot.predecessor is not None}
        newest = self.slots[-1].entry
        wanted = self._versions()
        names = {slot.name for slot in self.slots} | {
            steps.versioned_name(slot.entry, slot.version) for slot in self.slots
        }
        found = []
        for image in sorted(self.left, key=lambda one: one.age_key, reverse=True):
            if image.id in replaced:
                continue
            options, reasons = steps.put_away(image, fates[image.id], bool(newest.get("protected")))
            name = steps.retired_name(newest, image, wanted)
            if options.get("state") != "absent" and image.name in names and image.name != name:
                options["name"] = name
                reasons.append(f"becomes '{name}'")
            if options:
                reasons.insert(0, self._why_retired(image, fates))
                found.append(self._away(steps.RETIRE, image, options, reasons, after))
        return found

    def _why_retired(self, image: Image, fates: Mapping[str, str]) -> str:
        if fates[image.id] == "delete" and self.policy.retire != "delete":
            return "superseded, and more than are kept"
        return "superseded"

    def _clean(self, after: list[str]) -> list[Step]:
        """What interrupted runs left, and no new image goes on with."""
        found = []
        for image in self.leftovers:
            if image.idle or image.has_data:
                options: dict[str, Any] = {"state": "absent", "on_in_use": "hide"}
                if image.document.get("protected"):
                    options["protected"] = False
                reasons = ["an interrupted run left it unfinished", "is deleted"]
                found.append(self._away(steps.RETIRE, image, options, reasons, after))
        return found

    def _away(
        self, action: str, image: Image, options: Mapping[str, Any], reasons: list[str], after: list[str]
    ) -> Step:
        return put_away_step(action, image, options, reasons, after, self.keys)


def put_away_step(
    action: str, image: Image, options: Mapping[str, Any], reasons: list[str], after: list[str], keys: set[str]
) -> Step:
    """A retire or prune step of one image."""
    element = {"key": steps.mark_unique(f"{action} {image.name} {image.id}", keys), "id": image.id, **options}
    # "present" would re-activate an image that is only to be hidden or renamed.
    element.setdefault("state", "deactivated" if image.status == "deactivated" else "present")
    if after:
        element["after"] = after
    name = str(options.get("name", image.name))
    return Step(action, image.properties[ENTRY], image.version or None, image.name, name, image.id, reasons, element)


def _has(image: Image, wanted: Mapping[str, str]) -> bool:
    return all(image.document.get(name) == value for name, value in wanted.items())


def _why_replaced(old: Image, slot: Slot) -> str:
    if old.version != slot.version:
        return f"version {old.version or 'none'} → {slot.version or 'none'}"
    return compare(old, slot.entry, slot.digest).reason


def _action(slot: Slot, image: Image) -> str:
    if slot.adopted:
        return steps.ADOPT
    hidden = image.hidden and not slot.entry.get("hidden")
    deactivated = image.status == "deactivated" and slot.entry.get("state") != "deactivated"
    return steps.RESTORE if hidden or deactivated else steps.UPDATE


def _unfinished(step: Step, slot: Slot, image: Image) -> bool:
    """Whether an interrupted run may have left the image before it was verified.

    A new image gets its visibility, and a successor its place, only after that.
    """
    if slot.digest is None or proves(image, slot.entry, slot.digest):
        return False
    visibility = slot.entry.get("visibility", image.document.get("visibility"))
    private = image.document.get("visibility") == "private" and visibility != "private"
    return image.successor_of is not None or (private and step.action == steps.UPDATE)
