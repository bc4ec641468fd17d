# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report turned into what its page shows: columns, rows, cells and counts. Pure.

*Column*: a cloud, and its catalog when the report has several. *Subject*: a row of the overview, an entry of a catalog;
what is retired or pruned belongs to the entry that it came from. *Row*: a line of the list, one item of one cloud.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

from ansible_collections.imageops.glance.plugins.module_utils.catalog import steps as actions
from ansible_collections.imageops.glance.plugins.module_utils.catalog.versions import natural_key
from ansible_collections.imageops.glance.plugins.module_utils.report.figures import moment
from ansible_collections.imageops.glance.plugins.module_utils.report.parts import STATES

_LEAVING = (actions.RETIRE, actions.PRUNE)


@dataclass(frozen=True)
class Row:
    """An item of a cloud; ``column`` and ``subject`` are positions in the view's lists."""

    column: int
    subject: int
    item: Mapping[str, Any]

    @property
    def state(self) -> str:
        return str(self.item["state"])

    @property
    def leaving(self) -> bool:
        """Whether it is about an image that the catalog no longer offers."""
        return self.item["action"] in _LEAVING


@dataclass
class Column:
    """A cloud. ``size`` counts the bytes of the images that its catalog offers."""

    title: str
    at: Optional[datetime]
    check: bool
    failure: Optional[str]
    states: Counter[str] = field(default_factory=Counter)
    images: int = 0
    size: int = 0

    @property
    def urgency(self) -> int:
        """Sorts the clouds that need a look before the others."""
        return -1 if self.failure is not None else min(map(STATES.index, self.states), default=len(STATES))


@dataclass
class Cell:
    """Where a subject meets a column: its worst state, and the item that the catalog offers there, if it does."""

    state: str
    offered: Optional[Mapping[str, Any]] = None


@dataclass
class View:
    """All that the page shows. ``rows`` are in the order in which they want to be read."""

    catalogs: list[str]
    columns: list[Column]
    subjects: list[str]
    cells: dict[tuple[int, int], Cell]
    rows: list[Row]
    states: Counter[str]

    @property
    def latest(self) -> Optional[datetime]:
        return max((column.at for column in self.columns if column.at is not None), default=None)

    @property
    def broken(self) -> list[Column]:
        """Clouds that could not be looked at."""
        return [column for column in self.columns if column.failure is not None]


def view_of(report: Mapping[str, Any]) -> View:
    """The view of a report."""
    parts = report["parts"]
    catalogs = sorted({str(part["catalog"]) for part in parts})
    titles = sorted({_subject(item) for part in parts for item in part["items"]}, key=natural_key)
    number = {title: index for index, title in enumerate(titles)}
    view = View(catalogs, [], titles, {}, [], Counter())
    for index, part in enumerate(parts):
        view.columns.append(_column(part, many=len(catalogs) > 1))
        for item in part["items"]:
            _add(view, Row(index, number[_subject(item)], item))
    view.rows.sort(key=lambda row: (STATES.index(row.state), row.subject, row.column, row.leaving))
    return view


def worst(states: Sequence[str]) -> str:
    """The state that needs a look most."""
    return min(states, key=STATES.index)


def _subject(item: Mapping[str, Any]) -> str:
    return str(item["entry"] if item["action"] in _LEAVING else item["label"])


def _column(part: Mapping[str, Any], many: bool) -> Column:
    title = f"{part['cloud']} / {part['catalog']}" if many else str(part["cloud"])
    failure = part.get("failure")
    return Column(title, moment(part["at"]), bool(part.get("check")), None if failure is None else str(failure))


def _add(view: View, row: Row) -> None:
    view.rows.append(row)
    view.states[row.state] += 1
    column = view.columns[row.column]
    column.states[row.state] += 1
    cell = view.cells.setdefault((row.subject, row.column), Cell(row.state))
    cell.state = worst((cell.state, row.state))
    if row.leaving:
        return
    cell.offered = row.item
    image = row.item["image"]
    if image is not None:
        column.images += 1
        column.size += image.get("size") or 0
