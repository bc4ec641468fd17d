# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for an image that somebody is working on, and telling which ones nobody works on any more."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.errors import GlanceOpsError

Document = dict[str, Any]

#: States in which Glance, or somebody's upload, is about to change the image by itself (glance/domain/__init__.py).
BUSY = frozenset(("saving", "uploading", "importing"))
#: How long an image with complete staged data may lie before its import is held for forgotten, in seconds.
STAGED_PATIENCE = 10.0

#: How long several runs that have begun the same image are given to agree on one, in seconds.
RIVAL_PATIENCE = 5.0


class Overtaken(Exception):
    """Another run did, or undid, what this one was about to do: look again."""


class BrokenImage(GlanceOpsError):
    """The image can hold no data any more; it has to be deleted.

    ``refused``: Glance does not take this very data, so that another image would not help either.
    """

    def __init__(self, message: str, refused: bool = True) -> None:
        super().__init__(message)
        self.refused = refused


@dataclass
class Deadline:
    """A point in time, in seconds from now."""

    seconds: float
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        self._end = self.clock() + self.seconds

    @property
    def left(self) -> float:
        return self._end - self.clock()

    def pauses(self, first: float = 0.1, longest: float = 3.0) -> Pauses:
        return Pauses(self, first, longest)


class Pauses:
    """Growing pauses within a deadline; ``rest()`` is False when the time is up."""

    def __init__(self, deadline: Deadline, first: float, longest: float) -> None:
        self._deadline = deadline
        self._pause = first
        self._longest = longest

    def rest(self) -> bool:
        left = self._deadline.left
        if left <= 0:
            return False
        self._deadline.sleep(min(self._pause, left))
        self._pause = min(self._pause * 1.5, self._longest)
        return True


def importing(document: Mapping[str, Any]) -> bool:
    """Whether an import is under way; right after its start the image is still ``queued``, but it bears the task."""
    status = document.get("status")
    return status == "importing" or (status == "queued" and bool(document.get("os_glance_import_task")))


def busy(document: Mapping[str, Any]) -> bool:
    """Whether Glance, or somebody's upload, is about to change the image by itself."""
    return document.get("status") in BUSY or importing(document)


def poisoned(document: Mapping[str, Any]) -> bool:
    """Whether a refused upload left bytes behind: Glance will refuse every further one (500, duplicate object)."""
    return document.get("status") == "queued" and bool(document.get("checksum") or document.get("stores"))


def wait_until_quiet(glance: Glance, document: Document, deadline: Deadline) -> tuple[Document | None, str | None]:
    """Wait while somebody works on the image.

    Returns the document as it is then (None: gone), and why it can never hold data (None: it can).
    """
    pauses = deadline.pauses()
    staged_since: float | None = None
    current: Document | None = document
    while current is not None and busy(current):
        status = current["status"]
        if importing(current) and not has_running_task(glance, current):
            # The task may have ended between the two calls.
            again = glance.image(current["id"])
            if again is not None and importing(again) and not has_running_task(glance, again):
                return again, "its import has failed"
            current = again
            continue
        if status == "uploading" and current.get("size") is not None:
            staged_since = deadline.left if staged_since is None else staged_since
            if staged_since - deadline.left > STAGED_PATIENCE:
                return current, "its data was staged but never imported"
        if not pauses.rest():
            return current, f"it has been {status} for more than {deadline.seconds:.0f} s"
        current = glance.image(current["id"])
    if current is not None and poisoned(current):
        return current, "an earlier upload was refused after its last byte"
    return current, None


def has_running_task(glance: Glance, document: Mapping[str, Any]) -> bool:
    """Whether an import of the image waits to begin or goes on."""
    tasks = glance.tasks(document["id"])
    if not tasks:
        # Tasks are shown to their own project only, so none does not say that there is none.
        return bool(document.get("os_glance_import_task"))
    return any(task.get("status") in ("pending", "processing") for task in tasks)
