# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image that is not there yet: created, filled, verified, and only then shown and protected. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.document import (
    OWN_PREFIX,
    RECORDED_DIGEST,
    Desired,
    differing,
    inherited,
)
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import Wish
from ansible_collections.imageops.glance.plugins.module_utils.planning.model import NEW, Document, Found, Plan, Step
from ansible_collections.imageops.glance.plugins.module_utils.planning.parts import (
    COPIED,
    after_transfer,
    finish,
    transfer,
)

#: What a data-carrying image gets only after its data is verified.
DEFERRED = ("visibility", "protected", "os_hidden")


def creation(wish: Wish, found: Found) -> Plan:
    """An image that nobody has made yet; one that comes out of another region takes over what that one has.

    :raises OptionError: it is to be deactivated, and there is no data for it
    """
    if wish.data is None and wish.state == "deactivated":
        raise OptionError(f"state: {wish.told} has no data yet, so it cannot be deactivated; give filename or url.")
    base: Document = {}
    if found.remote is not None:
        base = {k: v for k, v in inherited(found.remote).items() if k not in ("visibility", "protected", "os_hidden")}
        base = {k: v for k, v in base.items() if not k.startswith(OWN_PREFIX)}
        # The bytes are the same, and so are their digests.
        base.update({k: v for k, v in found.remote.items() if k.startswith(RECORDED_DIGEST)})
    return new_image(wish, found, base, {})


def new_image(wish: Wish, found: Found, base: Document, marks: Mapping[str, str]) -> Plan:
    """Create; then move, verify, and only then show and protect."""
    wanted = desired_document(wish, base)
    wanted.update(marks)
    first = dict(wanted)
    moves = wish.data is not None
    deferred = Desired()
    if moves:
        late = {name: wanted[name] for name in DEFERRED if name in wanted}
        deferred = Desired(late, overwritten(wanted, wish, found))
        for name in DEFERRED:
            first.pop(name, None)
        first["visibility"] = "private"
        if marks:
            first["os_hidden"] = True
    steps = [Step("create", NEW, {"document": first})]
    after = as_created(first, found.project_id)
    if moves:
        steps.append(transfer(NEW, wish, found))
        after = after_transfer(after, wish, found)
    after = finish(steps, after, wish, found, deferred)
    return Plan(tuple(steps), None, after)


def desired_document(wish: Wish, base: Mapping[str, Any]) -> Document:
    """The document of an image that has all that is wanted, upon what it takes over."""
    document = dict(base)
    changes = differing(document, wish.desired)
    for name, value in changes.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = value
    if "name" not in document and wish.name:
        document["name"] = wish.name
    if wish.owner:
        document["owner"] = wish.owner
    # Glance's own default is "shared", which without members is the same; "private" says what it is.
    document.setdefault("visibility", "private")
    return document


def as_created(document: Mapping[str, Any], project_id: str | None) -> Document:
    """What Glance makes of a create request: the schema's defaults below what was sent, no id yet."""
    defaults: Document = {
        "id": None,
        "name": None,
        "status": "queued",
        "visibility": "shared",
        "protected": False,
        "os_hidden": False,
        "owner": project_id,
        "container_format": None,
        "disk_format": None,
        "tags": [],
        "min_disk": 0,
        "min_ram": 0,
        "size": None,
        "virtual_size": None,
        "checksum": None,
        "os_hash_algo": None,
        "os_hash_value": None,
        "created_at": None,
        "updated_at": None,
    }
    return {**defaults, **document}


def overwritten(wanted: Mapping[str, Any], wish: Wish, found: Found) -> dict[str, Any]:
    """Properties that have to be set once more after the data has come, None for those that have to go again."""
    if wish.data is None or not wish.data.remote_image_id:
        return {}
    names = {name for name in (*wanted, *(found.remote or {})) if name.startswith(COPIED)}
    return {name: wanted.get(name) for name in sorted(names)}
