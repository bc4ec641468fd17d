# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps that several ways to an image have in common. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.document import (
    Desired,
    apply_operations,
    differing,
    operations,
)
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image.content import has_data
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import Wish
from ansible_collections.imageops.glance.plugins.module_utils.planning.model import NEW, Document, Found, Step

#: Properties that glance-download sets to what the remote image has, over what the new one had (Glance's option
#: glance_download_properties.extra_properties, by its default).
COPIED = ("hw_", "trait:", "os_distro", "os_secure_boot", "os_type")


def capitalised(text: str) -> str:
    """The same text as the beginning of a sentence."""
    return text[0].upper() + text[1:]


def deletion(image: Document, wish: Wish, clean: bool = False) -> list[Step]:
    """The image goes; ``clean``: it is a remnant of ours, whose protection is nobody's wish.

    :raises OptionError: it is protected, and the task does not say that it should not be
    """
    steps = []
    if image.get("protected"):
        if wish.desired.attributes.get("protected") is not False and not clean:
            raise OptionError(
                f"{capitalised(wish.told)} ({image['id']}) is protected; set protected to false to have it deleted."
            )
        steps.append(Step("update", image["id"], {"changes": {"protected": False}, "told": "unprotect"}))
    told = "clean" if clean else "delete"
    return [*steps, Step("delete", image["id"], {"told": told, "on_in_use": wish.on_in_use})]


def transfer(image_id: str, wish: Wish, found: Found) -> Step:
    """The data comes, in the way that the task chose, into the stores that it named."""
    told = (wish.data and wish.data.method) or "upload"
    return Step("transfer", image_id, {"told": told, "stores": _wanted_stores(wish, found)})


def _wanted_stores(wish: Wish, found: Found) -> tuple[str, ...]:
    """Names of the stores that the data has to be in; empty when the task does not say.

    :raises OptionError: the cloud has no such store
    """
    if wish.all_stores:
        return found.stores
    if wish.stores is None:
        return ()
    unknown = [store for store in wish.stores if store not in found.stores]
    if unknown:
        offered = ", ".join(found.stores) or "none that can be named"
        raise OptionError(f"stores: the cloud has no store '{unknown[0]}' to write to; it offers {offered}.")
    return wish.stores


def finish(steps: list[Step], after: Document, wish: Wish, found: Found, desired: Desired) -> Document:
    """Everything that follows when the data is right: status, metadata, copies, members."""
    if wish.state == "present" and after.get("status") == "deactivated":
        steps.append(Step("reactivate", id_of(after), {}))
        after = {**after, "status": "active"}
    after = update(steps, after, desired)
    after = _copies(steps, after, wish, found)
    _members(steps, after, wish, found)
    if wish.state == "deactivated" and after.get("status") == "active":
        steps.append(Step("deactivate", id_of(after), {}))
        after = {**after, "status": "deactivated"}
    return after


def id_of(document: Mapping[str, Any]) -> str:
    """The image's id, or what stands for it as long as there is none."""
    return str(document.get("id") or NEW)


def update(steps: list[Step], after: Document, desired: Desired) -> Document:
    """One PATCH, if anything differs; returns the document as it will be."""
    changes = differing(after, desired)
    if not changes:
        return after
    steps.append(Step("update", id_of(after), {"changes": changes}))
    return apply_operations(after, operations(after, changes))


def stores_of(document: Mapping[str, Any]) -> list[str]:
    """The stores that hold the image's data."""
    return [store for store in str(document.get("stores") or "").split(",") if store]


def _copies(steps: list[Step], after: Document, wish: Wish, found: Found) -> Document:
    wanted = _wanted_stores(wish, found)
    if not wanted or not has_data(after):
        return after
    there = stores_of(after)
    missing = [store for store in wanted if store not in there]
    surplus = [store for store in there if store not in wanted] if wish.exact_stores else []
    if (missing or surplus) and after.get("status") != "active":
        raise OptionError(
            f"stores: copies are made and removed only while an image is active, but {wish.told} is deactivated; "
            "set state to present first."
        )
    if missing:
        steps.append(Step("copy", id_of(after), {"stores": tuple(missing)}))
    if surplus:
        steps.append(Step("drop", id_of(after), {"stores": tuple(surplus)}))
    kept = [store for store in there if store not in surplus]
    return {**after, "stores": ",".join([*kept, *missing])} if missing or surplus else after


def _members(steps: list[Step], after: Document, wish: Wish, found: Found) -> None:
    if wish.members is None:
        return
    there = found.members or frozenset()
    missing = [member for member in wish.members if member not in there]
    surplus = sorted(there - set(wish.members)) if wish.exact_members else []
    if (missing or surplus) and after.get("visibility") != "shared":
        if missing:
            raise OptionError(
                f"members: only shared images have members, but {wish.told} is {after.get('visibility')}; "
                "set visibility to shared."
            )
        return
    if missing:
        steps.append(Step("share", id_of(after), {"members": tuple(missing)}))
    if surplus:
        steps.append(Step("unshare", id_of(after), {"members": tuple(surplus)}))


def after_transfer(document: Document, wish: Wish, found: Found) -> Document:
    """An upload ends in one store, the first that is wanted; an import ends in all of them."""
    if wish.data is not None and wish.data.remote_image_id:
        # Of an image that cannot be read nobody knows what was copied.
        document = {k: v for k, v in document.items() if found.remote is not None or not k.startswith(COPIED)}
        document.update({k: v for k, v in (found.remote or {}).items() if k.startswith(COPIED)})
    stores = _wanted_stores(wish, found)
    if wish.data is not None and wish.data.method is None:
        stores = stores[:1]
    return {**document, "status": "active", **({"stores": ",".join(stores)} if stores else {})}
