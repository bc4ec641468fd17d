# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions in the order that a person would put them in. Pure."""

from __future__ import annotations

import re
from typing import Optional

#: Compares like the version: digits by their number, text by letter, digits before text ("latest" is the newest).
NaturalKey = tuple[tuple[tuple[int, int, str], ...], str]

_PARTS = re.compile(r"[0-9]+|[^0-9]+")


def natural_key(version: Optional[str]) -> NaturalKey:
    """A sort key: 9 < 10, 1.2 < 1.2.1 < 1.10, 20241231 < latest; no version sorts before any.

    Digits are compared by length and then by text, since int() refuses very long ones; what is left equal
    ("1.0" and "1.00") is told apart by its spelling, so that the order is total.
    """
    text = version or ""
    parts = []
    for part in _PARTS.findall(text):
        if part[0] in "0123456789":
            digits = part.lstrip("0")
            parts.append((0, len(digits), digits))
        else:
            parts.append((1, 0, part.casefold()))
    return tuple(parts), text
