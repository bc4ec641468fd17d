# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report in a real browser: filter, sort, widths, looks, paper, and texts that want out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.report.page import FIRST_LINES, render
from ansible_collections.imageops.glance.plugins.module_utils.report.parts import failed_part, merge, part_of
from ansible_collections.imageops.glance.plugins.module_utils.report.view import view_of
from ansible_collections.imageops.glance.tests.browser.chromium import Browser, executable
from ansible_collections.imageops.glance.tests.unit.report.samples import NOW, report_of, step

SIZES = {"small": (1, 5), "long": (1, 300), "wide": (12, 30)}
REPORTS = {name: report_of(*size, broken=size[0] > 1) for name, size in SIZES.items()}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of each size."""
    folder = tmp_path_factory.mktemp("pages")
    made = {name: folder / f"{name}.html" for name in REPORTS}
    for name, page in made.items():
        page.write_text(render(REPORTS[name]), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Chromium, where there is one: it is too large to be made a condition of running the tests."""
    program = executable()
    if program is None:
        pytest.skip("there is no Chromium on PATH; on Debian it is the package chromium")
    return Browser(program, tmp_path_factory.mktemp("chromium"))


def test_pages_are_whole_without_a_browser(pages: dict[str, Path]) -> None:
    """What is to be seen in the browser is there: every line, in the page or in what the script takes lines from."""
    for name, page in pages.items():
        assert page.read_text(encoding="utf-8").count("<tr class=") == len(view_of(REPORTS[name]).rows)


def test_address_filters(browser: Browser, pages: dict[str, Path]) -> None:
    """The untouched page, under its own policy; so its script has run, and nothing else had to be allowed."""
    said = browser.dom(pages["wide"], "filter=ubuntu+24.04&cloud=ams1&state=ok")
    rows = view_of(REPORTS["wide"]).rows
    mine = [row for row in rows if row.state == "ok" and row.column == 0 and "Ubuntu 24.04" in row.item["label"]]
    assert 0 < len(mine) < len(rows)
    assert f">{len(mine)} of {len(rows):,} images<" in said
    body = re.search(r'<table id="list">.*?<tbody>(.*?)</tbody>', said, re.DOTALL)
    assert body
    assert re.findall(r'data-c="(\d+)" data-s="(\w+)"', body[1]) == [("0", "ok")] * len(mine)
    assert len(re.findall(r'<th scope="row">Ubuntu 24.04', body[1])) == len(mine)


@pytest.mark.parametrize("name", list(SIZES))
def test_nothing_sticks_out_sideways(name: str, browser: Browser, pages: dict[str, Path]) -> None:
    script = """
        const root = document.documentElement;
        const outside = [...document.querySelectorAll('body *')].filter((one) => {
          const box = one.getBoundingClientRect();
          const sticks = box.right > root.clientWidth + 1 || box.left < 0;
          return box.width && sticks && !one.closest('.scroll, .skip, thead');
        });
        const controls = [...document.querySelectorAll('button, input, select')].filter((one) => !one.closest('th'));
        return {
          scroll: root.scrollWidth,
          outside: outside.map((one) => one.outerHTML.slice(0, 120)),
          lines: getComputedStyle(document.querySelector('#list tbody tr')).display,
          small: controls.filter((one) => one.offsetHeight && one.offsetHeight < 24).length,
        };
    """
    looks = {360: "flex", 768: "flex", 1440: "table-row"}
    assert browser.findings_at(pages[name], script, list(looks)) == {
        width: {"scroll": width, "outside": [], "lines": look, "small": 0} for width, look in looks.items()
    }


def test_filter_sort_and_overview_work_together(browser: Browser, pages: dict[str, Path]) -> None:
    script = """
        const $ = (what) => document.querySelector(what);
        const all = (what) => [...document.querySelectorAll(what)];
        const lines = () => all('#list tbody tr');
        const clouds = () => all('.clouds tbody tr:not([hidden]) th').map((one) => one.textContent);
        const found = { first: lines().length, said: $('output').textContent };
        const size = $('th[data-key=size] button');
        const sizes = () => lines().map((row) => +(row.querySelector('.size').dataset.n || -1));
        size.click(); found.up = sizes(); found.aria = size.parentElement.getAttribute('aria-sort');
        size.click(); found.down = sizes(); found.hash = location.hash;
        size.click(); found.unsorted = location.hash;
        $('.card.failed').click();
        found.failed = {
          states: [...new Set(lines().map((row) => row.dataset.s))],
          pressed: $('.card.failed').ariaPressed,
          entries: all('.matrix tbody tr:not([hidden])').length,
          shown: new Set(lines().map((row) => row.dataset.e)).size,
          clouds: clouds(),
        };
        $('[type=reset]').click(); await wait(50);
        found.reset = $('output').textContent;
        const text = $('[name=filter]');
        text.value = 'no such words'; text.dispatchEvent(new Event('input')); await wait(300);
        found.nothing = [lines().length, $('.empty').hidden];
        text.value = ''; text.dispatchEvent(new Event('input')); await wait(300);
        const cell = all('.matrix tbody tr')[0].querySelector('td.ok');
        cell.click();
        found.cell = { text: text.value, cloud: $('[name=cloud]').selectedOptions[0].text,
          clouds: clouds(), heads: all('.matrix thead th:not([hidden])').map((one) => one.textContent) };
        location.hash = '#state=ok'; await wait(100);
        found.link = [...new Set(lines().map((row) => row.dataset.s))];
        dispatchEvent(new Event('beforeprint'));
        found.paper = lines().length;
        dispatchEvent(new Event('afterprint'));
        found.after = lines().length;
        return found;
    """
    found = browser.findings(pages["wide"], script)
    view = view_of(REPORTS["wide"])
    total, failed = f"{len(view.rows):,} images", [row for row in view.rows if row.state == "failed"]
    assert (found["first"], found["said"], found["reset"]) == (FIRST_LINES, total, total)
    every = sorted((row.item["image"] or {}).get("size", -1) for row in view.rows)
    assert (found["up"], found["down"]) == (every[:FIRST_LINES], every[::-1][:FIRST_LINES])
    assert (found["aria"], found["hash"], found["unsorted"]) == ("ascending", "#sort=-size", "")
    entries = len({row.subject for row in failed})
    clouds = ["lab9", *sorted({view.columns[row.column].title for row in failed})]
    expected = {"states": ["failed"], "pressed": "true", "entries": entries, "shown": entries, "clouds": clouds}
    assert found["failed"] == expected
    assert found["nothing"] == [0, False]
    assert found["cell"]["text"] == view.subjects[0]
    assert found["cell"]["clouds"] == [found["cell"]["cloud"]]
    assert found["cell"]["heads"] == ["Entry", found["cell"]["cloud"]]
    assert found["link"] == ["ok"]
    assert (found["paper"], found["after"]) == (view.states["ok"], FIRST_LINES)


def test_heads_stay_in_sight(browser: Browser, pages: dict[str, Path]) -> None:
    script = """
        const box = document.querySelector('.matrix .scroll');
        const at = (what) => document.querySelector(what).getBoundingClientRect();
        const head = () => at('.matrix thead th:nth-child(3)').top;
        const entry = () => at('.matrix tbody tr:nth-child(9) th').left;
        const before = [head(), entry()];
        box.scrollTo(400, 300);
        await wait(50);
        const after = [head(), entry()];
        scrollTo(0, document.body.scrollHeight); await wait(50);
        const stayed = String(after) === String(before);
        return { scrolled: [box.scrollLeft, box.scrollTop], stayed, filter: at('#filter').top };
    """
    assert browser.findings(pages["wide"], script) == {"scrolled": [400, 300], "stayed": True, "filter": 0}


def test_long_list_is_shown_bit_by_bit(browser: Browser, pages: dict[str, Path]) -> None:
    script = """
        const found = [];
        const more = document.querySelector('.more');
        do {
          found.push(document.querySelectorAll('#list tbody tr').length);
          more.click();
        } while (!more.hidden);
        return [...found, document.querySelectorAll('#list tbody tr').length];
    """
    assert browser.findings(pages["long"], script) == [FIRST_LINES, len(view_of(REPORTS["long"]).rows)]


@pytest.mark.parametrize("dark", [False, True])
def test_page_follows_the_look_of_the_system(dark: bool, browser: Browser, pages: dict[str, Path]) -> None:
    script = """
        const light = (colour) => colour.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0) > 382;
        const style = getComputedStyle(document.body);
        return [light(style.backgroundColor), light(style.color)];
    """
    assert browser.findings(pages["small"], script, dark=dark) == [not dark, dark]


@pytest.mark.parametrize(("name", "least", "most"), [("small", 1, 1), ("long", 6, 40)])
def test_paper_has_the_whole_list(
    name: str, least: int, most: int, browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    paper = tmp_path / "report.pdf"
    browser.run(pages[name], f"--print-to-pdf={paper}", dark=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes()))
    assert least <= sheets <= most


def test_hostile_texts_do_nothing(browser: Browser, tmp_path: Path) -> None:
    bite = """"><img src=x onerror="document.title='bitten'"></script><script>document.title='bitten'</script>"""
    report: Any = merge(None, failed_part(bite, bite, bite, NOW))
    changed = step("update", bite, bite, reasons=[bite])
    report = merge(report, part_of("lab", {"steps": [changed]}, {"failed": {bite: bite}}, [], NOW, catalog=bite))
    page = tmp_path / "bite.html"
    page.write_text(render(report), encoding="utf-8")
    script = """
        document.querySelector('.matrix td:not(.none)').click(); await wait(300);
        return { bitten: document.title === 'bitten',
          scripts: document.scripts.length, images: document.images.length,
          lines: document.querySelectorAll('#list tbody tr').length,
          text: document.querySelector('#list tbody th').textContent };
    """
    # two scripts: the page's own, and the one that looks
    expected = {"bitten": False, "scripts": 2, "images": 0, "lines": 1, "text": bite}
    assert browser.findings(page, script) == expected
