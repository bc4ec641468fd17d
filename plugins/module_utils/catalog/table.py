# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as a person reads it. Pure."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from ansible_collections.imageops.glance.plugins.module_utils.catalog.steps import ACTIONS, UNCHANGED, Step


def table_of(steps: Sequence[Step]) -> str:
    """One line a step that does something, then one line that counts them all."""
    rows = [(step.action, step.label, "; ".join(step.reasons)) for step in steps if step.action != UNCHANGED]
    lines = []
    if rows:
        heads = [("ACTION", "IMAGE", "WHY"), *rows]
        widths = [max(_width(row[column]) for row in heads) for column in (0, 1)]
        lines = ["  ".join((_pad(row[0], widths[0]), _pad(row[1], widths[1]), row[2])).rstrip() for row in heads]
    counts = Counter(step.action for step in steps)
    total = ", ".join(f"{counts[action]} {action}" for action in ACTIONS if counts[action])
    return "\n".join([*lines, total or "nothing in the catalog"])


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
