# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the images that bear a name is meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.document import (
    OWN_PREFIX,
    READ_ONLY,
    REPLACES,
)
from ansible_collections.imageops.glance.plugins.module_utils.errors import ConflictError

Document = dict[str, Any]

#: Images in these states are on their way out (glance/domain/__init__.py) and count as gone.
GONE = frozenset(("deleted", "pending_delete", "killed"))


@dataclass(frozen=True)
class Selection:
    """The image that is meant, and what an interrupted replacement left beside it.

    ``staged`` is a half-made replacement of ``current``; ``superseded`` is what ``current`` has replaced but not
    yet retired; ``twins`` are what other runs of the same task, or runs that were killed, have begun beside it.
    """

    current: Document | None = None
    staged: Document | None = None
    superseded: Document | None = None
    twins: list[Document] = field(default_factory=list)


class AmbiguousError(ConflictError):
    """Several images could be meant. ``unsettled``: one of them may be about to go, being another run's attempt."""

    def __init__(self, message: str, unsettled: bool) -> None:
        super().__init__(message)
        self.unsettled = unsettled


def unfilled(document: Mapping[str, Any]) -> bool:
    """Whether an image has no data, never had any, and is not about to get some."""
    traces = ("size", "checksum", "stores", "os_glance_import_task")
    return document.get("status") == "queued" and not any(document.get(name) for name in traces)


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two images were made by the same task, as far as can be seen before the last step of it."""
    late = ("name", "visibility", "protected", "os_hidden")

    def shown(document: Mapping[str, Any]) -> dict[str, Any]:
        kept = {k: v for k, v in document.items() if k not in READ_ONLY and k not in late}
        kept = {k: v for k, v in kept.items() if not k.startswith("os_glance_")}
        return {**kept, "tags": sorted(document.get("tags") or ())}

    return shown(one) == shown(other)


def _eldest_first(image: Mapping[str, Any]) -> tuple[str, str]:
    return str(image.get("created_at")), str(image["id"])


def _on_its_way(image: Mapping[str, Any]) -> bool:
    """Whether somebody may be filling the image just now."""
    return not unfilled(image) and image.get("status") not in ("active", "deactivated")


def _lost(image: Mapping[str, Any]) -> bool:
    """Whether an image was made, and never filled, to replace one that does not bear this name any more.

    Those of a catalog may have replaced one of another name; a catalog cleans up after itself.
    """
    own = image.get(OWN_PREFIX + "image") == image.get("id")
    return replaces(image) is not None and not own and unfilled(image)


def _furthest_first(image: Mapping[str, Any]) -> tuple[bool, bool, tuple[str, str]]:
    """Of several half-made images the one that has come furthest, else the eldest, is the one to go on with."""
    return image.get("status") not in ("active", "deactivated"), unfilled(image), _eldest_first(image)


def replaces(document: Mapping[str, Any]) -> str | None:
    """The id of the image that this one was made to replace; None too when the mark was inherited by a snapshot."""
    old, _blank, own = str(document.get(REPLACES, "")).partition(" ")
    return old if own and own == document.get("id") else None


def replaces_mark(old_id: str, new_id: str) -> str:
    """The mark on the image ``new_id`` that ``replaces`` reads; it names its bearer, so that a copy of it is void."""
    return f"{old_id} {new_id}"


def select(
    candidates: Iterable[Document],
    told: str,
    owner: str | None = None,
    project_id: str | None = None,
    others: bool = True,
    merge: bool = False,
) -> Selection:
    """Pick among images of one name.

    Own project first, then (``others``) any project; not hidden before hidden; with data before without.

    :param owner: only images of this project count
    :param project_id: the caller's project, None when unknown
    :param merge: take images that only runs of the same task can have begun for one, the eldest
    :raises AmbiguousError: several images are equally good; lists them
    """
    pool = [image for image in candidates if image.get("status") not in GONE]
    if owner:
        pool = [image for image in pool if image.get("owner") == owner]
    elif project_id:
        own = [image for image in pool if image.get("owner") == project_id]
        pool = own if own or not others else pool
    by_id = {image["id"]: image for image in pool}
    staged: dict[str, Document] = {}
    superseded = {}
    forgotten = []
    for image in sorted(pool, key=_furthest_first):
        old = by_id.get(replaces(image) or "")
        if old is None or old is image:
            continue
        if image.get("os_hidden") and old["id"] in staged:
            # Another one is going to take the old image's place.
            forgotten.append(image)
        elif image.get("os_hidden"):
            # Also when both are to be hidden: the mark is taken away last.
            staged[old["id"]] = image
        else:
            # Also when the old one is hidden: it still bears the name that it has to give up.
            superseded[image["id"]] = old
    set_aside = {image["id"] for image in [*staged.values(), *superseded.values(), *forgotten]}
    best = [image for image in pool if image["id"] not in set_aside]
    visible = [image for image in best if not image.get("os_hidden")]
    lost: list[Document] = []
    if visible:
        # Another one has taken the old image's place.
        lost = [image for image in best if image.get("os_hidden") and _lost(image)]
    best = visible or best
    with_data = [image for image in best if image.get("status") in ("active", "deactivated")]
    without = sorted((image for image in best if unfilled(image)), key=_eldest_first)
    best = with_data if len(with_data) == 1 else best
    if merge and best and all(unfilled(image) and _alike(image, without[0]) for image in best):
        best = without[:1]
    if len(best) > 1:
        raise AmbiguousError(
            f"There are {len(best)} images that {told} could mean: {', '.join(map(_listed, best))}; give id or owner.",
            bool(without),
        )
    if not best:
        return Selection()
    current = best[0]
    twins = [image for image in forgotten if replaces(image) == current["id"] and not _on_its_way(image)] + lost
    if merge:
        twins += [image for image in without if image is not current and _alike(image, current)]
    return Selection(current, staged.get(current["id"]), superseded.get(current["id"]), twins)


def _listed(image: Mapping[str, Any]) -> str:
    hidden = ", hidden" if image.get("os_hidden") else ""
    project, created = image.get("owner"), image.get("created_at")
    return f"{image['id']} ({image.get('status')}{hidden}, project {project}, created {created})"
