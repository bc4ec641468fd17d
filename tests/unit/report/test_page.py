# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report as text: what is in it, and that nothing gets out of its place."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.report.page import FIRST_LINES, render
from ansible_collections.imageops.glance.plugins.module_utils.report.parts import failed_part, merge, part_of
from ansible_collections.imageops.glance.plugins.module_utils.report.script import SCRIPT
from ansible_collections.imageops.glance.plugins.module_utils.report.style import STYLE
from ansible_collections.imageops.glance.plugins.module_utils.report.view import view_of
from ansible_collections.imageops.glance.tests.unit.report.samples import NOW, document, report_of, step
from hypothesis import given
from hypothesis import strategies as st

VOID = {"meta", "link", "input"}
#: Whose end HTML lets be left out, and what ends them.
LOOSE = {"td", "th"}


class Page(HTMLParser):
    """A page read as a tree's events; ``mistakes`` has what is not nested as it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.cells: dict[int, list[str]] = {}
        self.mistakes: list[str] = []
        self.texts: list[str] = []
        self.rows = 0
        self.feed(text)
        self.close()
        self.mistakes += [f"never closed: {tag}" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in LOOSE and self.open[-1] in LOOSE:
            self.open.pop()
        if tag == "tr":
            self.rows += 1
        if tag in LOOSE:
            self.cells.setdefault(self.rows, []).append("")
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr" and self.open[-1] in LOOSE:
            self.open.pop()
        if not self.open or self.open.pop() != tag:
            self.mistakes.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.open and "tr" in self.open and self.cells.get(self.rows):
            self.cells[self.rows][-1] += data

    def having(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def lines(self) -> list[list[str]]:
        """Texts of the cells of the list's lines."""
        return [cells for cells in self.cells.values() if len(cells) == 8 and cells[0] != "Image"]


def page_of(*steps: dict[str, Any], images: list[dict[str, Any]] | None = None, **more: Any) -> Page:
    result = more.pop("result", {})
    part = part_of("lab", {"steps": list(steps)}, result, images or [], NOW, **more)
    page = Page(render(merge(None, part)))
    assert page.mistakes == []
    return page


def verdict(report: dict[str, Any]) -> str:
    found = re.search(r'<p class="verdict (\w+)">(.*?)</p>', render(report))
    assert found
    return f"{found[1]}: {found[2]}"


@pytest.mark.parametrize(("clouds", "entries", "broken"), [(1, 5, False), (1, 0, False), (7, 40, True), (45, 3, False)])
def test_page_is_well_formed_and_asks_for_nothing(clouds: int, entries: int, broken: bool) -> None:
    text = render(report_of(clouds, entries, check=True, broken=broken))
    page = Page(text)
    assert page.mistakes == []
    assert {tag for tag, _attributes in page.elements} & {"img", "iframe", "object", "embed", "base", "audio"} == set()
    for _tag, attributes in page.elements:
        assert attributes.get("src") is None
        assert attributes.get("href", "#").startswith(("#", "data:"))
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert [word for word in ("fetch(", "XMLHttpRequest", "import(", "innerHTML", "eval(") if word in SCRIPT] == []


def test_only_our_script_may_run() -> None:
    text = render(report_of(1, 5))
    policy = next(m["content"] for m in Page(text).having("meta") if m.get("http-equiv") == "Content-Security-Policy")
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}';" in policy


def test_what_a_screen_reader_needs() -> None:
    page = Page(render(report_of(3, 5, broken=True)))
    assert page.having("html")[0]["lang"] == "en"
    assert all(head.get("scope") in ("col", "row") for head in page.having("th"))
    controls = [*page.having("input"), *page.having("select")]
    assert all(control.get("aria-label") for control in controls)
    regions = [element for _tag, element in page.elements if element.get("role") == "region"]
    assert len(regions) == 2
    assert all(element["tabindex"] == "0" and element["aria-label"] for element in regions)
    ids = [attributes["id"] for _tag, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert [f"#{one}" for one in ids if one == "lines"] == [page.having("a")[0]["href"]]


def page_saying(text: str) -> Page:
    """A page that has ``text`` wherever a text comes from outside."""
    changed = step("update", text, text, image_id="i", reasons=[text])
    told = dict.fromkeys(("visibility", "disk_format", "status", "created_at"), text)
    image = document(text, text, id="i", imageops_image="i", **told)
    part = part_of(text, {"steps": [changed]}, {"failed": {text: text}}, [image], NOW, catalog=text)
    return Page(render(merge(merge(None, part), failed_part(f"{text}2", "other", text, NOW))))


@given(st.text(max_size=40), st.sampled_from(("</script>", "<!--", '"', "'", "]]>", "<b>", "&lt;", "</title>")))
def test_no_text_gets_out_of_its_place(text: str, bite: str) -> None:
    page, harmless = page_saying(f"x{text}{bite}{text}<script>alert(1)</script>"), page_saying("x")
    assert page.mistakes == []
    assert [(tag, list(attributes)) for tag, attributes in page.elements] == [
        (tag, list(attributes)) for tag, attributes in harmless.elements
    ]


def test_lines_are_in_the_order_of_need() -> None:
    steps = [
        step("unchanged", "A", "1", image_id="a"),
        step("update", "B", "2", reasons=["min_disk: 1 → 2"], image_id="b"),
        step("create", "C", "3", reasons=["is not there yet"]),
    ]
    images = [document("A", "1", id="a", imageops_image="a"), document("B", "2", id="b", imageops_image="b")]
    page = page_of(*steps, images=images, result={"failed": {"C": "no room"}})
    assert page.lines() == [
        ["C", "lab", "✗ Failed", "3", "", "", "", "Could not be created: is not there yetno room"],
        ["Bqcow2 · b", "lab", "↑ Changed", "2", "22 d", "610 MiB", "public", "Updated: min_disk: 1 → 2"],
        ["Aqcow2 · a", "lab", "✓ As wanted", "1", "22 d", "610 MiB", "public", ""],
    ]


@pytest.mark.parametrize(
    ("wanted", "has", "check", "told"),
    [
        ("2", "1", True, "1\xa0→\xa02"),
        ("2", None, True, "none\xa0→\xa02"),
        ("2", "2", True, "2"),
        (None, "1", True, "1"),
        ("2", None, False, "2"),
        (None, None, True, ""),
    ],
)
def test_version_as_it_is_and_as_it_is_to_be(wanted: str | None, has: str | None, check: bool, told: str) -> None:
    image = document("A", has, id="a", imageops_image="a")
    page = page_of(step("update", "A", wanted, image_id="a"), images=[image], check=check)
    assert page.lines()[0][3] == told


def test_special_images_are_told() -> None:
    image = document("A", "1", status="deactivated", os_hidden=True, protected=True, visibility="shared")
    page = page_of(step("retire", "A", "1", image_id=image["id"], reasons=["is hidden"]), images=[image], check=True)
    assert page.lines()[0][6:] == ["shared, hidden, protected, deactivated", "To be retired: is hidden"]


def test_one_cloud_needs_no_overview() -> None:
    text = render(report_of(1, 5))
    assert '<body class="one">' in text
    assert "<h2>Clouds" not in text
    assert "lab9" not in text


def test_overview_has_a_cell_for_each_entry_and_cloud() -> None:
    other = step("unchanged", "B", image_id="gone")
    report = merge(None, part_of("one", {"steps": [step("create", "A", "1"), other]}, {}, [], NOW, check=True))
    report = merge(report, part_of("two", {"steps": [step("prune", "A", "1", label="old A")]}, {}, [], NOW, check=True))
    report = merge(report, failed_part("three", "base", "is down", NOW))
    page = Page(render(report))
    cells = [cells for cells in page.cells.values() if len(cells) == 4]
    assert cells == [
        ["Entry", "one", "three", "two"],
        ["A", "≠ missing", "?", "≠ leaves"],
        ["B", "✓", "?", "·"],
    ]
    assert "three: is down" in "".join(page.texts)


def test_worst_state_of_an_entry_is_that_of_its_cell() -> None:
    steps = [step("unchanged", "A", "2"), step("retire", "A", "1", label="A (1)", name="A (1)")]
    view = view_of(merge(None, part_of("one", {"steps": steps}, {}, [], NOW, check=True)))
    assert view.subjects == ["A"]
    assert view.cells[0, 0].state == "differs"
    assert view.cells[0, 0].offered is not None


def test_several_catalogs_have_columns_of_their_own() -> None:
    report = merge(None, part_of("lab", {"steps": [step("unchanged", "A")]}, {}, [], NOW, catalog="base"))
    report = merge(report, part_of("lab", {"steps": [step("unchanged", "A")]}, {}, [], NOW, catalog="extra"))
    assert [column.title for column in view_of(report).columns] == ["lab / base", "lab / extra"]
    assert "<h1>Image catalog base, extra</h1>" in render(report)


def test_verdicts() -> None:
    changed = step("update", "A")
    good = part_of("lab", {"steps": [step("unchanged", "A")]}, {}, [], NOW)
    told = [
        merge(None, good),
        merge(None, part_of("lab", {"steps": [changed]}, {}, [], NOW)),
        merge(None, part_of("lab", {"steps": [changed]}, {}, [], NOW, check=True)),
        merge(None, part_of("lab", {"steps": [changed]}, {"failed": {"A": "x"}}, [], NOW)),
        merge(merge(None, good), failed_part("down", "base", "x", NOW)),
    ]
    assert [verdict(report) for report in told] == [
        "ok: Everything is as wanted.",
        "ok: Everything is as wanted, after 1 change.",
        "differs: 1 image differs from the catalog.",
        "failed: 1 image failed.",
        "failed: 1 cloud could not be looked at.",
    ]


def test_old_part_is_told_apart() -> None:
    old = {**part_of("one", {"steps": []}, {}, [], NOW), "at": "2026-11-20T08:00:00Z"}
    text = render(merge(merge(None, old), part_of("two", {"steps": []}, {}, [], NOW)))
    assert text.count("4 d before the latest") == 1


def test_lines_beyond_the_first_wait_in_a_template() -> None:
    text = render(report_of(2, FIRST_LINES))
    at_once, _mark, later = text.partition("<template>")
    total = view_of(report_of(2, FIRST_LINES)).rows
    assert at_once.count("<tr class=") == FIRST_LINES
    assert later.count("<tr class=") == len(total) - FIRST_LINES
    assert f"{len(total) - FIRST_LINES:,} more lines and the filter need JavaScript" in later


def colours() -> dict[str, dict[str, str]]:
    """The named colours of each of the page's two looks."""
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in STYLE.split("@media", 2)[:2])
    return {"light": light, "dark": {**light, **dark}}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("state", ["text", "muted", "link", "failed", "differs", "changed", "ok"])
def test_contrast_is_enough_for_small_text(look: str, state: str) -> None:
    named = colours()[look]
    assert len(named) == 14
    for surface in {"bg", "surface", f"{state}-bg"} & set(named):
        light, dark = sorted((luminance(named[state]), luminance(named[surface])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, surface
