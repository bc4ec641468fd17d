# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of a report's page, one line an item of a cloud. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any, Optional

from ansible_collections.imageops.glance.plugins.module_utils.report import figures
from ansible_collections.imageops.glance.plugins.module_utils.report.parts import CHANGED, OK
from ansible_collections.imageops.glance.plugins.module_utils.report.states import SYMBOLS, TITLES, told_action
from ansible_collections.imageops.glance.plugins.module_utils.report.view import Row, View

#: Class, by which the script sorts and the style knows a column, and its title. The last one cannot be sorted by.
_COLUMNS = (
    ("entry", "Image"),
    ("cloud", "Cloud"),
    ("is", "State"),
    ("version", "Version"),
    ("age", "Age"),
    ("size", "Size"),
    ("seen", "Visibility"),
    ("why", "What and why"),
)
_SORTED = ("entry", "cloud", "is", "version", "age", "size")
_NUMBERS = ("age", "size")


def lines_head() -> str:
    """The heads of the columns."""
    cells = []
    for name, title in _COLUMNS:
        key = f' data-key="{name}"' if name in _SORTED else ""
        number = " num" if name in _NUMBERS else ""
        cells.append(f'<th scope="col" class="{name}{number}"{key}>{title}')
    return f"<tr>{''.join(cells)}</tr>"


def line(view: View, row: Row) -> str:
    """One line. End tags that HTML does not ask for are left out: there may be a hundred thousand lines."""
    item, image = row.item, row.item["image"]
    column = view.columns[row.column]
    cells = [
        f'<th scope="row">{escape(str(item["label"]))}{_identity(image)}',
        f'<td class="cloud">{escape(column.title)}',
        f'<td class="is"><span class="state {row.state}">{told_state(row.state, TITLES[row.state])}</span>',
        f'<td class="version">{_version(row, image)}',
        _age(image, column.at),
        _size(image),
        f'<td class="seen">{escape(_visibility(image))}',
        f'<td class="why">{_why(row)}',
    ]
    place = f'class="{row.state}" data-e="{row.subject}" data-c="{row.column}" data-s="{row.state}"'
    return f"<tr {place}>{''.join(cells)}</tr>"


def told_state(state: str, title: str) -> str:
    """A state's sign and name."""
    sign = SYMBOLS.get(state)
    return f"{sign} {title}" if sign else title


def _identity(image: Optional[Mapping[str, Any]]) -> str:
    if image is None:
        return ""
    told = " · ".join(filter(None, (image["disk_format"], image["id"])))
    return f"<small>{escape(told)}</small>"


def _version(row: Row, image: Optional[Mapping[str, Any]]) -> str:
    wanted = row.item["version"]
    has = image["version"] if image is not None else None
    settled = row.state in (OK, CHANGED)
    if settled or image is None or row.leaving or not wanted or has == wanted:
        return escape(str((wanted or has if settled else has or wanted) or ""))
    # Unbroken spaces: it stays on one line wherever that fits.
    return f"{escape(str(has or 'none'))}&nbsp;→&nbsp;{escape(str(wanted))}"


def _age(image: Optional[Mapping[str, Any]], at: Optional[datetime]) -> str:
    created = figures.moment(image["created_at"]) if image is not None else None
    if created is None:
        return '<td class="num age">'
    told = figures.age(created, at)
    return f'<td class="num age" data-n="{int(created.timestamp())}" title="{figures.clock(created)}">{told}'


def _size(image: Optional[Mapping[str, Any]]) -> str:
    size = image["size"] if image is not None else None
    told = figures.size(size)
    return f'<td class="num size" data-n="{size}">{told}' if told else '<td class="num size">'


def _visibility(image: Optional[Mapping[str, Any]]) -> str:
    """Who sees it, and what makes it special."""
    if image is None:
        return ""
    words = [image["visibility"]]
    words += [word for word in ("hidden", "protected") if image[word]]
    if image["status"] != "active":
        words.append(image["status"])
    return ", ".join(str(word) for word in words if word)


def _why(row: Row) -> str:
    item = row.item
    parts = []
    action = told_action(item["action"], row.state)
    reasons = "; ".join(str(reason) for reason in item["reasons"])
    if action:
        parts.append(f"<p><b>{action}</b>{': ' if reasons else ''}{escape(reasons)}</p>")
    elif reasons:
        parts.append(f"<p>{escape(reasons)}</p>")
    if item["message"]:
        parts.append(f'<p class="message">{escape(str(item["message"]))}</p>')
    parts += [f'<p class="note">{escape(str(note))}</p>' for note in item["notes"]]
    return "".join(parts)
