# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as one HTML page that needs nothing else: no server, no network, not even scripts. Pure.

All that the cloud or a catalog says is escaped where it enters the page. Should anything slip through all the same,
the page's own policy lets no script run but ours (by its digest) and loads nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape
from string import Template
from typing import Any, Optional
from urllib.parse import quote

from ansible_collections.imageops.glance.plugins.module_utils.report import figures
from ansible_collections.imageops.glance.plugins.module_utils.report.lines import line, lines_head, told_state
from ansible_collections.imageops.glance.plugins.module_utils.report.parts import CHANGED, DIFFERS, FAILED, OK, STATES
from ansible_collections.imageops.glance.plugins.module_utils.report.script import SCRIPT
from ansible_collections.imageops.glance.plugins.module_utils.report.states import COUNTED, SYMBOLS, TITLES
from ansible_collections.imageops.glance.plugins.module_utils.report.style import STYLE
from ansible_collections.imageops.glance.plugins.module_utils.report.view import Cell, Column, View, view_of

#: Lines that stand in the page from the beginning; the others are put there by the script, bit by bit.
FIRST_LINES = 200
#: From how many clouds on paper shows only signs in the overview, and from how many on no overview: it is not so wide.
WIDE, HUGE = 6, 40

_PAGE = Template(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="$policy">
<meta name="referrer" content="no-referrer">
<title>$title</title>
<link rel="icon" href="data:image/svg+xml,$icon">
<style>$style</style>
</head>
<body class="$classes">
<a class="skip" href="#lines">Skip to the list</a>
<header>
<h1>$heading</h1>
<p class="muted">$facts</p>
<p class="verdict $mood">$verdict</p>
$alert
<div class="cards">$cards</div>
</header>
<form id="filter" role="search"><div>
<input type="search" name="filter" placeholder="Filter: image, cloud, version, reason …" aria-label="Filter by text"
 autocomplete="off" spellcheck="false">
<select name="cloud" class="cloud" aria-label="Cloud"><option value="">All clouds</option>$cloud_options</select>
<select name="state" aria-label="State"><option value="">All states</option>$state_options</select>
<button type="reset" hidden>Clear</button>
<output role="status"></output>
</div></form>
<main>
$clouds
$matrix
<section id="lines">
<h2>Images</h2>
<div class="box"><table id="list">
<thead>$lines_head</thead>
<tbody>
$lines
</tbody></table>
$stores<p class="empty" $empty_hidden>$empty</p></div>
<button type="button" class="more" hidden>Show more</button>
$noscript
</section>
</main>
<footer>$footer</footer>
<script>$script</script>
</body>
</html>
"""
)


def render(report: Mapping[str, Any]) -> str:
    """The page of a report, whose shape is in ``parts``."""
    view = view_of(report)
    mood, verdict = _verdict(view)
    name = ", ".join(view.catalogs) or "none"
    lines = [line(view, row) for row in view.rows]
    left = len(lines) - FIRST_LINES
    return _PAGE.substitute(
        policy=_policy(),
        title=escape(f"{SYMBOLS[mood]} Image catalog {name}"),
        icon=_icon(mood),
        style=STYLE,
        script=SCRIPT,
        classes=_classes(view),
        heading=escape(f"Image catalog {name}"),
        facts=escape(_facts(view)),
        mood=mood,
        verdict=escape(verdict),
        alert=_alert(view),
        cards=_cards(view),
        cloud_options=_options((str(index), column.title) for index, column in enumerate(view.columns)),
        state_options=_options((state, TITLES[state]) for state in STATES),
        clouds=_clouds(view),
        matrix=_matrix(view),
        lines_head=lines_head(),
        lines="\n".join(lines[:FIRST_LINES]),
        stores="<template>\n" + "\n".join(lines[FIRST_LINES:]) + "\n</template>\n" if left > 0 else "",
        empty="Nothing like that is here." if lines else "The catalog has no entries.",
        empty_hidden="hidden" if lines else "",
        noscript=_noscript(left) if left > 0 else "",
        footer=_footer(),
    )


def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _icon(state: str) -> str:
    """A dot in the colour of the verdict; fixed colours, since an icon does not see the page's."""
    colour = {FAILED: "d1362f", DIFFERS: "d99a1c", CHANGED: "2f81d6", OK: "2c9a56"}[state]
    dot = f"<circle cx='4' cy='4' r='4' fill='#{colour}'/>"
    return quote(f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'>{dot}</svg>", safe="/:='")


def _classes(view: View) -> str:
    number = len(view.columns)
    names = {"one": number <= 1, "wide": number >= WIDE, "huge": number > HUGE}
    return " ".join(name for name, holds in names.items() if holds)


def _facts(view: View) -> str:
    parts = [
        figures.count(len(view.columns), "cloud", "clouds"),
        figures.count(len(view.subjects), "entry", "entries"),
        figures.size(sum(column.size for column in view.columns)),
    ]
    if len(view.columns) == 1:
        parts[0] = f"{view.columns[0].title}, {_mode(view.columns[0])}"
    return " · ".join([*filter(None, parts), figures.clock(view.latest)])


def _mode(column: Column) -> str:
    if column.failure is not None:
        return ""
    return "checked" if column.check else "published"


def _verdict(view: View) -> tuple[str, str]:
    """The state of the whole, and how it is put."""
    states = view.states
    bad = []
    if states[FAILED]:
        bad.append(figures.count(states[FAILED], "image", "images") + " failed")
    if view.broken:
        bad.append(figures.count(len(view.broken), "cloud", "clouds") + " could not be looked at")
    if bad:
        return FAILED, ", ".join(bad) + "."
    if states[DIFFERS]:
        number = states[DIFFERS]
        return DIFFERS, f"{number:,} {'image differs' if number == 1 else 'images differ'} from the catalog."
    if states[CHANGED]:
        return OK, f"Everything is as wanted, after {figures.count(states[CHANGED], 'change', 'changes')}."
    return OK, "Everything is as wanted."


def _alert(view: View) -> str:
    if not view.broken:
        return ""
    told = "".join(f"<li><b>{escape(c.title)}</b>: {escape(c.failure or '')}</li>" for c in view.broken)
    return f'<ul class="alert failed">{told}</ul>'


def _cards(view: View) -> str:
    cards = [("", "all", len(view.rows), "All")]
    cards += [(state, state, view.states[state], TITLES[state]) for state in STATES]
    return "".join(
        f'<button type="button" class="card {style}" data-state="{state}" data-n="{number}"><b>{number:,}</b> '
        f"{told_state(state, title)}</button>"
        for state, style, number, title in cards
    )


def _options(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(f'<option value="{escape(value)}">{escape(title)}</option>' for value, title in pairs)


def _clouds(view: View) -> str:
    if len(view.columns) < 2:
        return ""
    numbered = sorted(enumerate(view.columns), key=lambda pair: pair[1].urgency)
    rows = "\n".join(_cloud(number, column, view) for number, column in numbered)
    return f"""<section>
<h2>Clouds</h2>
<div class="box scroll" role="region" aria-label="Clouds" tabindex="0"><table class="clouds">
<thead><tr><th scope="col">Cloud<th scope="col">State<th scope="col" class="num">Images<th scope="col" class="num">Size\
<th scope="col">When</tr></thead>
<tbody>
{rows}
</tbody></table></div>
</section>"""


def _cloud(number: int, column: Column, view: View) -> str:
    if column.failure is not None:
        told = f'<span class="state failed">{SYMBOLS[FAILED]} could not be looked at</span>'
        told += f"<p>{escape(column.failure)}</p>"
    else:
        told = _counts(column)
    broken = f' data-s="{FAILED}"' if column.failure is not None else ""
    when = figures.clock(column.at)
    late = figures.age(column.at, view.latest) if column.at is not None and view.latest is not None else ""
    if late.endswith(("d", "mo", "y")):
        when += f" <small>{late} before the latest</small>"
    link = f'<a href="#cloud={_in_hash(column.title)}">{escape(column.title)}</a>'
    return (
        f'<tr data-c="{number}"{broken}><th scope="row">{link}<td class="sum">{told}'
        f'<td class="num images">{column.images:,}<td class="num">{figures.size(column.size) if column.images else ""}'
        f'<td class="when">{when}<small>{_mode(column)}</small></tr>'
    )


def _counts(column: Column) -> str:
    """How many are in which state, in words and as a bar."""
    states = [(state, column.states[state]) for state in STATES if column.states[state]]
    words = "".join(
        f'<span class="state {state}">{SYMBOLS[state]} {number:,} {COUNTED[state]}</span>' for state, number in states
    )
    parts = "".join(f'<i class="{state}" style="--n:{number}"></i>' for state, number in states)
    return f'<div>{words}<div class="bar" aria-hidden="true">{parts}</div></div>'


def _matrix(view: View) -> str:
    if len(view.columns) < 2 or not view.subjects:
        return ""
    heads = "".join(
        f'<th scope="col"><a href="#cloud={_in_hash(column.title)}">{escape(column.title)}</a>'
        for column in view.columns
    )
    rows = "\n".join(
        f'<tr><th scope="row"><a href="#filter={_in_hash(subject)}">{escape(subject)}</a>'
        + "".join(_cell(column, view.cells.get((index, number))) for number, column in enumerate(view.columns))
        + "</tr>"
        for index, subject in enumerate(view.subjects)
    )
    legend = " ".join(f"{SYMBOLS[state]} {TITLES[state].lower()}" for state in STATES)
    return f"""<section class="matrix">
<h2>Entries by cloud <small>{legend}</small></h2>
<div class="box scroll" role="region" aria-label="Entries by cloud" tabindex="0"><table>
<thead><tr><th scope="col">Entry{heads}</tr></thead>
<tbody>
{rows}
</tbody></table></div>
</section>"""


def _cell(column: Column, cell: Optional[Cell]) -> str:
    if cell is None:
        if column.failure is not None:
            return '<td class="none"><abbr title="could not be looked at">?</abbr>'
        return '<td class="none"><abbr title="not in this catalog">&middot;</abbr>'
    sign = f'<abbr title="{TITLES[cell.state]}">{SYMBOLS[cell.state]}</abbr>'
    return f'<td class="{cell.state}">{sign}{_offer(column, cell)}'


def _offer(column: Column, cell: Cell) -> str:
    """Version and age of what a cloud offers."""
    if cell.offered is None:
        return "<span> leaves</span>"
    image = cell.offered["image"]
    if image is None:
        return "" if cell.state in (OK, CHANGED) else "<span> missing</span>"
    version = image["version"] or (cell.offered["version"] if cell.state == OK else None) or ""
    old = figures.age(figures.moment(image["created_at"]), column.at)
    return f"<span> {escape(version)}<i>{old}</i></span>"


def _in_hash(text: str) -> str:
    return escape(quote(text.encode("utf-8", "backslashreplace"), safe=""))


def _noscript(left: int) -> str:
    return (
        f'<noscript><p class="empty">{figures.count(left, "more line", "more lines")} and the filter need JavaScript, '
        "which is off or blocked here. All facts are in the JSON file beside this page too.</p></noscript>"
    )


def _footer() -> str:
    return (
        "Age and state are those of the time that stands beside each cloud. The same facts are in the JSON file "
        "beside this page. Made by the Ansible role imageops.glance.catalog."
    )
