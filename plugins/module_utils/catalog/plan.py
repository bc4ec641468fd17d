# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalog entries + current images + policy -> ordered steps, and the one ``images:`` list that performs them. Pure.

Words
    *entry*: one dict of the catalog, normalised by ``entry.normalise``; its keys are options of the module ``image``
    plus ``version``, ``enabled``, ``keep``, ``versioned_name`` and ``state`` (active|deactivated).
    *series*: all enabled entries of one ``name``. The newest version (natural order) is the current one and bears the
    plain name; older versions that are listed too stay published as ``<name> (<version>)``.
    *marks*: custom properties that tell whose an image is::

        imageops_catalog   name of the catalog
        imageops_entry     name of the entry
        imageops_version   its version, or "" when the entry has none
        imageops_source    where the bytes come from (no credentials, no query; of a local file its base name)
        imageops_digest    "<algo>:<hex>" of the bytes as the catalog states it; absent when it does not
        imageops_image     the image's own id

    Servers' snapshots and volumes' uploads inherit all properties of the image that they come from. Therefore marks
    are believed only when ``imageops_image`` is the image's own id, and on images of the own project. The plan sends
    the literal ``"{id}"`` for it; the module puts the id in. Marks are part of the create request, so that an
    interrupted run leaves nothing behind that nobody owns. They prove nothing of the data: what was verified is what
    Glance tells (``os_hash_value``, ``checksum``), and ``owner_specified.openstack.<algo>``, which the module writes
    after it has verified the data, and the plan never does.

``plan()`` returns a dict of::

    steps: [ {action: create|update|replace|adopt|restore|retire|prune|unchanged,
              entry: str, version: str|None, label: str, name: str, image_id: str|None, reasons: [str], key: str|None} ]
    images: [ {...} ]     options for ONE call of the module ``image``, in the order of the steps
    result: {created, updated, replaced, adopted, restored, retired, pruned, unchanged: [label],
             images: {label: {id: str|None, name: str, version: str|None, action: str}}}
    table: str            what a person reads before anything moves
    changed: bool

A *label* is the entry's name, or ``<name> (<version>)`` for an older version of a series; of an image that is retired
or pruned, the image's name. ``key`` ties a step to its element of ``images`` (None when nothing is to be done), and so
to the module's result for it. ``image_id`` of a replace is the old image.

Elements of ``images:``
    Each is one entry of the module's ``images:`` with the options below. What is not in it is not managed.

    ``key``      unique in the list
    ``after``    keys; the element runs only when all of them ended well, and is skipped otherwise
    ``state``    present (which re-activates) | deactivated | absent
    ``id``       the image that is meant. Never looked up by name: an image that no catalog owns may bear the same one
    ``match``    instead of ``id``: {name: value} of custom properties and formats. Of the images of the own project
                 that have these, their own id in ``imageops_image``, and are not ``replaces``, the oldest is meant;
                 none -> it is created. A second run that creates the same image at the same time is found by the same
                 look after the create (the younger gives way), and so is what a killed run left behind, in whatever
                 status. Names play no part
    ``replaces`` with ``match``: id of the image whose successor this one is. The plan has decided that the content
                 differs; nothing is compared. The successor inherits what the element does not manage, is verified,
                 takes over the name, and then ``replaced_state`` (absent|hidden|deactivated) and ``replaced_name`` are
                 applied to the old image (absent lifts its protection first). An old image that is gone, or in that
                 state already, is fine
    ``on_in_use: hide``  a delete that is refused because the image is in use hides it instead, and says so
    ``protected: false`` with ``state: absent``: lift the protection first, then delete

    create   match, name, source options (url|filename|import_method...), checksum, formats, metadata, properties,
             marks. With ``id`` instead of ``match`` the entry asks for a fixed id: the image is created with it
    replace  as create, with replaces, replaced_state, replaced_name, on_in_use
    update, adopt, restore   id, name, state, hidden, metadata, properties, marks; no source: the content is right.
             Only when that is doubtful (an interrupted run may not have verified it, or the catalog has learned the
             digest later) the source is there too, with ``on_content_change: replace``: verify, note, replace if wrong
    retire, prune   id, and hidden: true | state: deactivated | state: absent + on_in_use: hide; ``name`` when the
             plain name has to be given up; ``after`` the elements of its series

Properties in an element are merged into those of the image; ``null`` removes one (a successor must not inherit the
digest of its predecessor). With ``properties_mode: exact`` the marks are listed, so they stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional, Union

from ansible_collections.imageops.glance.plugins.module_utils.catalog import steps
from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import KEEP_ALL, Entry, as_count, normalise
from ansible_collections.imageops.glance.plugins.module_utils.catalog.inventory import (
    ADOPT,
    OSISM_TAG,
    PRUNE,
    RETIRE,
    Inventory,
    Policy,
    inventory,
    remote_of,
)
from ansible_collections.imageops.glance.plugins.module_utils.catalog.series import Series, put_away_step
from ansible_collections.imageops.glance.plugins.module_utils.catalog.steps import Step
from ansible_collections.imageops.glance.plugins.module_utils.catalog.table import table_of
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError

#: Key of the result for each action.
_RESULT = {
    steps.CREATE: "created",
    steps.UPDATE: "updated",
    steps.REPLACE: "replaced",
    steps.ADOPT: "adopted",
    steps.RESTORE: "restored",
    steps.RETIRE: "retired",
    steps.PRUNE: "pruned",
    steps.UNCHANGED: "unchanged",
}


def plan(
    entries: Iterable[Mapping[str, Any]],
    images: Iterable[Mapping[str, Any]],
    name: str,
    keep: Union[int, str] = 1,
    retire: str = "hide",
    prune: str = "none",
    project_id: Optional[str] = None,
    adopt: str = "content",
    adopt_tag: str = OSISM_TAG,
    owners: Optional[Mapping[str, str]] = None,
    stores: Optional[Iterable[str]] = None,
    replicate: Optional[Mapping[str, Any]] = None,
) -> dict[str, Any]:
    """The plan that turns ``images`` into what ``entries`` want; see the top of this file for its shape.

    :param entries: valid entries (``validate.check_catalog``)
    :param images: all images of the project, hidden ones too, as module image_info returns them
    :param name: the catalog's name
    :param keep: predecessors that stay, or "all"
    :param project_id: the caller's project; images of others are left alone. None: all images are the caller's
    :param adopt: content (same digest under the entry's name) | name (also: same name and ``adopt_tag``) | none
    :param owners: project ids of the names that entries have as ``owner``
    :param stores: ids of the cloud's stores, to see copies that ``all_stores`` lacks
    :param replicate: {region, images, interface}: fetch what these images of another region hold from there
    :raises OptionError: an option has a value that it cannot have
    """
    policy = _policy(name, keep, retire, prune, project_id, adopt, adopt_tag, owners, stores)
    series: dict[str, list[Entry]] = {}
    for entry in entries:
        normal = normalise(entry)
        series.setdefault(str(normal["name"]), []).append(normal)
    given_to = frozenset(
        owner for group in series.values() for owner in map(policy.owner_of, group) if owner is not None
    )
    found = inventory(images, policy, given_to)
    remote = remote_of(replicate, policy.catalog)
    keys: set[str] = set()
    planned: list[Step] = []
    for title, group in series.items():
        wanted = [entry for entry in group if entry.get("enabled", True)]
        off = frozenset(str(entry.get("version") or "") for entry in group if not entry.get("enabled", True))
        if wanted:
            planned.extend(Series(title, wanted, off, policy, found, remote, keys).plan())
    planned = _helpers_first(planned)
    planned.extend(_prune(series, found, policy, keys))
    return _compiled(planned)


def _policy(
    name: str,
    keep: Union[int, str],
    retire: str,
    prune: str,
    project_id: Optional[str],
    adopt: str,
    adopt_tag: str,
    owners: Optional[Mapping[str, str]],
    stores: Optional[Iterable[str]],
) -> Policy:
    if not isinstance(name, str) or not name.strip():
        raise OptionError("name: a catalog needs a name; it marks what the catalog owns.")
    for option, value, choices in (("retire", retire, RETIRE), ("prune", prune, PRUNE), ("adopt", adopt, ADOPT)):
        if value not in choices:
            raise OptionError(f"{option}: '{value}' is none of {', '.join(choices)}.")
    number: Union[int, str, None] = KEEP_ALL if keep == KEEP_ALL else as_count(keep)
    if number is None:
        raise OptionError(f"keep: '{keep}' is neither a number from 0 nor '{KEEP_ALL}'.")
    known = None if stores is None else frozenset(stores)
    return Policy(name, number, retire, prune, project_id or None, adopt, adopt_tag, owners or {}, known)


def _helpers_first(planned: Sequence[Step]) -> list[Step]:
    """An image whose kernel or ramdisk is made by the same plan comes after it; the module wants it later in the list.

    Images that are each other's kernels would wait for each other; there the one that is met second does not wait.
    """
    makers = {step.name: step for step in planned if step.action in (steps.CREATE, steps.REPLACE)}
    ordered: dict[int, Step] = {}
    begun: set[int] = set()

    def place(step: Step) -> None:
        begun.add(id(step))
        for option in ("kernel", "ramdisk"):
            maker = makers.get(str((step.element or {}).get(option)))
            if maker is None or step.element is None or maker.key is None:
                continue
            if id(maker) not in begun:
                place(maker)
            if id(maker) in ordered and maker.key not in step.element.get("after", ()):
                step.element["after"] = [*step.element.get("after", ()), maker.key]
        ordered[id(step)] = step

    for step in planned:
        if id(step) not in begun:
            place(step)
    return list(ordered.values())


def _prune(series: Mapping[str, Any], found: Inventory, policy: Policy, keys: set[str]) -> list[Step]:
    """Images of this catalog whose entry has left it."""
    if policy.prune == "none":
        return []
    pruned = []
    for title, images in found.marked.items():
        if title in series:
            continue
        for image in images:
            fate = "delete" if image.idle else policy.prune
            if not policy.is_own(image) or not (image.has_data or image.idle):
                continue
            options, reasons = steps.put_away(image, fate, may_unprotect=False)
            if options:
                reasons.insert(0, f"'{title}' is no longer in the catalog")
                pruned.append(put_away_step(steps.PRUNE, image, options, reasons, [], keys))
    return pruned


def _compiled(planned: Sequence[Step]) -> dict[str, Any]:
    result: dict[str, Any] = {key: [] for key in _RESULT.values()}
    images: dict[str, dict[str, Any]] = {}
    for step in planned:
        result[_RESULT[step.action]].append(step.label)
        if step.action not in (steps.RETIRE, steps.PRUNE):
            new = step.action in (steps.CREATE, steps.REPLACE)
            images[step.label] = {
                "id": None if new else step.image_id,
                "name": step.name,
                "version": step.version,
                "action": step.action,
            }
    result["images"] = images
    return {
        "steps": [step.told() for step in planned],
        "images": [step.element for step in planned if step.element is not None],
        "result": result,
        "table": table_of(planned),
        "changed": any(step.action != steps.UNCHANGED for step in planned),
    }
