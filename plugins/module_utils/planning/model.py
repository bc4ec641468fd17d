# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found, and the plan that comes of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.document import OWN_ID

Document = dict[str, Any]

#: Stands for the id of the image that the plan creates.
NEW = OWN_ID


@dataclass(frozen=True)
class Found:
    """What a look at the cloud gave.

    :param current: the image that is meant
    :param old: the image that ``current``, or a new image, takes the place of
    :param staged: a half-made replacement of ``current``
    :param broken: why ``current`` can never hold data any more, None when it can
    :param members: project ids that share ``current``; None when not asked
    :param stores: stores of the cloud that can be written to, the default one first
    :param remote: the image in another region that glance-download copies
    :param twins: images that runs which were killed have begun beside ``current``, and never filled
    """

    current: Document | None = None
    old: Document | None = None
    staged: Document | None = None
    superseded: Document | None = None
    broken: str | None = None
    members: frozenset[str] | None = None
    old_members: frozenset[str] = frozenset()
    stores: tuple[str, ...] = ()
    remote: Document | None = None
    twins: tuple[Document, ...] = ()
    project_id: str | None = None


@dataclass(frozen=True)
class Step:
    """One thing to do. ``do`` names a method of apply; ``image_id`` may be NEW."""

    do: str
    image_id: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """Steps in order; ``before`` and ``after`` are documents of the image that bears the name, None for no image."""

    steps: tuple[Step, ...]
    before: Document | None
    after: Document | None
    reason: str = ""

    @property
    def actions(self) -> list[str]:
        """What is told of the steps; bookkeeping of ours, told by nothing, is left out."""
        told = [step.data.get("told", step.do) for step in self.steps]
        return [action for action in told if action]
