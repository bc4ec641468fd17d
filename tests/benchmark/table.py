# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured, as a table on the terminal and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"


@dataclass(frozen=True)
class Row:
    """One comparison: ours against a limit, as a ratio with a goal.

    ``most``: ours / theirs has to be at most the goal; else theirs / ours at least.
    """

    work: str
    compared_with: str
    ours: float
    theirs: float
    goal: float
    most: bool = True
    unit: str = "s"

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs if self.most else self.theirs / self.ours

    @property
    def reached(self) -> bool:
        return self.ratio <= self.goal if self.most else self.ratio >= self.goal

    def cells(self) -> list[str]:
        sign = "≤" if self.most else "≥"
        return [
            self.work,
            self.compared_with,
            f"{self.ours:.2f} {self.unit}",
            f"{self.theirs:.2f} {self.unit}",
            f"{self.ratio:.2f} x",
            f"{sign} {self.goal:g} x",
            "yes" if self.reached else "no",
        ]


HEAD = ["work", "compared with", "ours", "that", "ratio", "goal", "reached"]


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [HEAD, ["---"] * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def terminal(rows: Sequence[Row]) -> str:
    """The rows with columns of even width."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def replaced(page: str, measured: str) -> str:
    """The page with the measured part between its two marks renewed."""
    head, _mark, rest = page.partition(BEGIN)
    _old, _mark, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{measured}\n\n{END}{tail}"
