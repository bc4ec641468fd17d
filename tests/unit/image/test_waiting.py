# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for an image that somebody works on, and giving up those that nobody works on any more."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.image.waiting import (
    STAGED_PATIENCE,
    Deadline,
    busy,
    importing,
    poisoned,
    wait_until_quiet,
)
from ansible_collections.imageops.glance.tests.unit.module_utils.fakes import Clock

QUEUED = {"id": "i", "status": "queued"}
ACTIVE = {"id": "i", "status": "active", "checksum": "c"}
SAVING = {"id": "i", "status": "saving"}
IMPORTING = {"id": "i", "status": "importing"}
STARTED = {**QUEUED, "os_glance_import_task": "t"}
STAGED = {"id": "i", "status": "uploading", "size": 5}
POISONED = {**QUEUED, "checksum": "c"}


class Cloud:
    """Gives the documents and the tasks' states one after the other, the last one for ever."""

    def __init__(self, documents: list[Any], tasks: list[list[str]]) -> None:
        self.documents = documents
        self.states = tasks

    def image(self, _image_id: str) -> Any:
        return self.documents.pop(0) if len(self.documents) > 1 else self.documents[0]

    def tasks(self, _image_id: str) -> list[dict[str, str]]:
        states = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return [{"status": state} for state in states]


@pytest.mark.parametrize(
    ("document", "is_busy", "is_importing", "is_poisoned"),
    [
        (QUEUED, False, False, False),
        (ACTIVE, False, False, False),
        (SAVING, True, False, False),
        (IMPORTING, True, True, False),
        (STARTED, True, True, False),
        (STAGED, True, False, False),
        (POISONED, False, False, True),
        ({**QUEUED, "stores": "file"}, False, False, True),
        ({**QUEUED, "os_glance_failed_import": "", "os_glance_importing_to_stores": ""}, False, False, False),
    ],
)
def test_what_an_image_is_doing(document: dict[str, Any], is_busy: bool, is_importing: bool, is_poisoned: bool) -> None:
    assert (busy(document), importing(document), poisoned(document)) == (is_busy, is_importing, is_poisoned)


@pytest.mark.parametrize(
    ("document", "later", "tasks", "end", "broken"),
    [
        (QUEUED, [], [], QUEUED, None),
        (ACTIVE, [], [], ACTIVE, None),
        (POISONED, [], [], POISONED, "an earlier upload was refused after its last byte"),
        (SAVING, [SAVING, SAVING, ACTIVE], [], ACTIVE, None),
        (SAVING, [QUEUED], [], QUEUED, None),
        (SAVING, [None], [], None, None),
        (SAVING, [POISONED], [], POISONED, "an earlier upload was refused after its last byte"),
        (SAVING, [SAVING], [], SAVING, "it has been saving for more than 60 s"),
        (IMPORTING, [IMPORTING, ACTIVE], [["processing"]], ACTIVE, None),
        (IMPORTING, [ACTIVE], [["success"]], ACTIVE, None),
        (IMPORTING, [IMPORTING], [["failure"]], IMPORTING, "its import has failed"),
        (IMPORTING, [IMPORTING], [[]], IMPORTING, "its import has failed"),
        (STARTED, [STARTED, IMPORTING, ACTIVE], [["pending"], ["processing"]], ACTIVE, None),
        (STARTED, [QUEUED], [["failure"]], QUEUED, None),
        (STARTED, [STARTED], [["failure"]], STARTED, "its import has failed"),
        (STAGED, [STAGED], [], STAGED, "its data was staged but never imported"),
        (STAGED, [STAGED, IMPORTING, ACTIVE], [["processing"]], ACTIVE, None),
    ],
)
def test_until_it_is_quiet(
    document: Any, later: list[Any], tasks: list[list[str]], end: Any, broken: str | None
) -> None:
    clock = Clock()
    cloud: Any = Cloud([*later, *([] if later else [document])], tasks or [[]])
    assert wait_until_quiet(cloud, document, Deadline(60, clock, clock.sleep)) == (end, broken)
    assert sum(clock.slept) < 60.001
    if broken == "its data was staged but never imported":
        assert STAGED_PATIENCE < sum(clock.slept) < STAGED_PATIENCE + 5


def test_pauses_grow_within_the_deadline() -> None:
    clock = Clock()
    pauses = Deadline(10, clock, clock.sleep).pauses(first=1, longest=3)
    while pauses.rest():
        pass
    assert clock.slept == [1, 1.5, 2.25, 3, 2.25]
