# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The style of the report's page: light and dark, phone, desk and paper.

Colours are named once, each with the surface that it stands on; a test holds their contrast against WCAG AA. Paper is
always light. No state is told by colour alone.
"""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --bg: #f4f5f7; --surface: #ffffff; --text: #1a1f26; --muted: #566070; --line: #d6dbe3; --link: #0a58a8;
  --failed: #a8201a; --failed-bg: #fcebea; --differs: #7d4c00; --differs-bg: #fff1d0;
  --changed: #0a58a8; --changed-bg: #e4f0fc; --ok: #17663a; --ok-bg: #e5f4ea;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --bg: #0f1216; --surface: #181c22; --text: #e5e9ef; --muted: #9ba6b4; --line: #313842; --link: #86bfff;
    --failed: #ff9d94; --failed-bg: #3d1715; --differs: #f0c356; --differs-bg: #36290b;
    --changed: #86bfff; --changed-bg: #102c48; --ok: #7fd79b; --ok-bg: #10301d;
  }
}
.failed { --c: var(--failed); --b: var(--failed-bg) } .differs { --c: var(--differs); --b: var(--differs-bg) }
.changed { --c: var(--changed); --b: var(--changed-bg) } .ok { --c: var(--ok); --b: var(--ok-bg) }
.all, .none { --c: var(--text); --b: var(--surface) }

* { box-sizing: border-box }
[hidden] { display: none !important }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 5rem }
body {
  margin: 0; background: var(--bg); color: var(--text); overflow-wrap: anywhere;
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, Cantarell, sans-serif;
  font-variant-numeric: tabular-nums;
}
body > * { padding: 0 clamp(.75rem, 3vw, 2rem); max-width: 110rem; margin-inline: auto }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 1.5rem 0 .25rem }
h2 { font-size: 1.05rem; margin: 1.75rem 0 .6rem }
h2 small { font-weight: 400; color: var(--muted); margin-left: .4rem }
p { margin: 0 }
a { color: var(--link); text-decoration: none }
a:hover { text-decoration: underline }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
.muted, small { color: var(--muted) }
small { font-size: .8125rem }
.skip { position: absolute; left: -99rem }
.skip:focus { left: 1rem; top: .5rem; background: var(--surface); padding: .4rem .8rem; z-index: 9 }
.verdict { margin-top: 1rem; font-size: 1.15rem; font-weight: 600; color: var(--c) }
.alert {
  margin: .75rem 0 0; padding: .6rem .9rem; list-style: none; background: var(--b); color: var(--c);
  border-left: 4px solid var(--c); border-radius: 4px;
}

.cards { display: grid; grid-template-columns: repeat(5, minmax(0, 12rem)); gap: .6rem; margin-top: 1rem }
.card {
  font: inherit; text-align: left; color: var(--text); background: var(--surface); border: 1px solid var(--line);
  border-radius: 8px; padding: .55rem .9rem .6rem; border-top: 4px solid var(--c);
}
.card b { display: block; font-size: 1.6rem; line-height: 1.2; color: var(--c) }
.card[data-n="0"] b { color: var(--muted); font-weight: 400 }
.js .card { cursor: pointer }
.js .card:hover { border-color: var(--c) }
.card[aria-pressed=true] { background: var(--b); border-color: var(--c); box-shadow: 0 0 0 1px var(--c) }

#filter { display: none }
.js #filter {
  display: block; position: sticky; top: 0; z-index: 5; margin-top: 1rem; padding-block: .6rem;
  background: var(--bg); border-bottom: 1px solid var(--line);
}
#filter div { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center }
#filter input, #filter select, #filter button, .more {
  font: inherit; color: inherit; background: var(--surface); border: 1px solid var(--line); border-radius: 6px;
  padding: .4rem .6rem; min-height: 2.4rem;
}
#filter input { flex: 1 1 14rem; min-width: 0; max-width: 30rem }
#filter select { flex: 0 1 auto; min-width: 0; max-width: 16rem }
#filter button, .more { cursor: pointer; color: var(--link) }
#filter output { color: var(--muted); margin-left: auto }
.more { display: block; margin: .75rem auto 0 }

.box { background: var(--surface); border: 1px solid var(--line); border-radius: 8px }
.scroll { overflow: auto; overscroll-behavior-x: contain }
table { border-collapse: separate; border-spacing: 0; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem; border-top: 1px solid var(--line) }
thead th { border-top: 0; color: var(--muted); font-weight: 600; white-space: nowrap; background: var(--surface) }
tbody th { font-weight: 600 }
.num { text-align: right; white-space: nowrap }
.state {
  display: inline-block; padding: .05rem .5rem; border-radius: 99px; white-space: nowrap; font-size: .875rem;
  color: var(--c); background: var(--b); font-weight: 600;
}
.bar { display: flex; gap: 2px; flex: 1 1 8rem; height: .5rem; overflow: hidden; border-radius: 3px }
.bar i { flex: var(--n) 0 3px; background: var(--c) }
.bar .ok { opacity: .4 }

.clouds thead th { position: sticky; top: 0; z-index: 1; box-shadow: 0 1px 0 var(--line) }
.clouds tbody tr:first-child > * { border-top: 0 }
.clouds .sum { width: 60% }
.clouds .sum > div { display: flex; flex-wrap: wrap; gap: .25rem; align-items: center }
.clouds .when { white-space: nowrap }
.clouds .when small { display: block }
.matrix .scroll { width: fit-content; max-width: 100% }
@media screen {
  .scroll:has(.clouds) { max-height: 24rem }
  .matrix .scroll { max-height: min(75vh, 60rem) }
}
.matrix table { width: auto }
.matrix th, .matrix td { padding: .3rem .6rem; white-space: nowrap }
.matrix td { border-left: 1px solid var(--line); color: var(--c); background: var(--b) }
.matrix td.ok, .matrix td.none { background: var(--surface); color: var(--muted) }
.matrix td.ok abbr { color: var(--ok) }
.matrix abbr { text-decoration: none; font-weight: 700; display: inline-block; min-width: 1.1em }
.matrix td i { font-style: normal; font-size: .8125rem; margin-left: .35rem }
.matrix thead th { position: sticky; top: 0; z-index: 2; border-left: 1px solid var(--line) }
.matrix tr > :first-child {
  position: sticky; left: 0; z-index: 1; background: var(--surface); border-left: 0; white-space: normal;
  min-width: min(15rem, 40vw); max-width: min(22rem, 42vw); box-shadow: 1px 0 0 var(--line);
}
.matrix thead tr > :first-child { z-index: 3 }
.js .matrix td:not(.none) { cursor: pointer }
.matrix td.none { text-align: center }

#list th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer }
#list th button:hover { text-decoration: underline }
#list th[aria-sort=ascending] button::after { content: " \\2191" }
#list th[aria-sort=descending] button::after { content: " \\2193" }
#list tbody th { min-width: 11rem; max-width: 24rem }
#list th, #list td { padding-inline: .5rem }
#list tbody th small { display: block; font-weight: 400; white-space: nowrap; font-size: .75rem }
#list tbody td { white-space: nowrap }
#list tbody .cloud, #list tbody .version, #list tbody .seen { white-space: normal; overflow-wrap: break-word }
#list tbody .why { white-space: normal; min-width: 16rem; width: 34% }
.why p + p { margin-top: .25rem }
.why .message { color: var(--failed) }
.why .note { color: var(--muted) }
.empty { padding: 1.5rem; text-align: center; color: var(--muted) }
.one .cloud { display: none !important }
footer { color: var(--muted); font-size: .8125rem; padding-block: 1.75rem 2rem !important }

@media screen and (min-width: 62rem) {
  .clouds .when small { display: inline; margin-left: .4rem }
  #list thead th { position: sticky; top: 3.65rem; z-index: 4; box-shadow: 0 1px 0 var(--line) }
  #list tbody tr:first-child > * { border-top: 0 }
}
@media screen and (max-width: 61.99rem) {
  .cards { grid-template-columns: repeat(4, 1fr) }
  .cards .all { display: none }
  .card { padding: .4rem .65rem }
  .card b { font-size: 1.3rem }
  #filter input { flex-basis: 100%; max-width: none }
  #filter select { flex: 1 1 6rem }
  #lines .box { border: 0; background: none }
  #list, #list tbody, #list tr, #list th, #list td { display: block }
  #list thead { position: absolute; left: -99rem }
  #list tbody tr {
    display: flex; flex-wrap: wrap; gap: .15rem .9rem; align-items: baseline; margin-bottom: .6rem;
    padding: .65rem .8rem; background: var(--surface); border: 1px solid var(--line); border-left: 4px solid var(--c);
    border-radius: 6px;
  }
  #list tbody th, #list tbody td { padding: 0; border: 0; min-width: 0; max-width: none; text-align: left }
  #list tbody th { flex: 1 1 60%; order: -2 }
  #list tbody th small { white-space: normal }
  #list tbody .is { order: -1 }
  #list tbody .cloud { flex-basis: 100%; color: var(--muted) }
  #list tbody td:empty { display: none }
  #list tbody .why { flex-basis: 100%; margin-top: .25rem }
  #list td::before { color: var(--muted); font-size: .8125rem }
  #list .version::before { content: "version " }
  #list .age::before { content: "age " }
}
@media screen and (max-width: 40rem) {
  .cards { grid-template-columns: repeat(2, 1fr) }
  .clouds, .clouds tbody, .clouds tr, .clouds th, .clouds td { display: block }
  .clouds thead { position: absolute; left: -99rem }
  .clouds tbody tr { display: flex; flex-wrap: wrap; gap: .1rem .8rem; padding: .6rem .75rem }
  .clouds tbody tr { border-top: 1px solid var(--line) }
  .clouds tbody tr:first-child { border-top: 0 }
  .clouds tbody th, .clouds tbody td { padding: 0; border: 0 }
  .clouds tbody th, .clouds tbody .sum { flex-basis: 100% }
  .clouds .images::after { content: " images" }
  .clouds .when small { display: inline; margin-left: .4rem }
  #filter select { padding-inline: .3rem; font-size: .9rem }
}
@media print {
  @page { size: landscape; margin: 11mm }
  html { font-size: 11px }
  body { font-size: 9pt; background: none; -webkit-print-color-adjust: exact; print-color-adjust: exact }
  body > * { padding: 0; max-width: none }
  .js #filter, .more, .skip, .all.card { display: none }
  .cards { grid-template-columns: repeat(4, 1fr) }
  .card { break-inside: avoid }
  .box { border: 0 }
  .scroll { overflow: visible }
  .clouds thead th, .matrix thead th, .matrix tr > :first-child { position: static; box-shadow: none }
  th, td { padding: .25rem .4rem }
  thead { display: table-header-group }
  tr { break-inside: avoid }
  h2 { break-after: avoid }
  a { color: inherit }
  #list tbody th, #list tbody .why { min-width: 0 }
  #list tbody th small { white-space: normal }
  .wide .matrix .scroll { width: auto }
  .wide .matrix table { width: 100%; table-layout: fixed }
  .wide .matrix td { text-align: center; padding: .2rem 0 }
  .wide .matrix td span { display: none }
  .wide .matrix thead th { padding: .3rem .1rem; white-space: normal; vertical-align: bottom }
  .wide .matrix thead a { display: inline-block; writing-mode: vertical-rl; max-height: 10rem }
  .wide .matrix tr > :first-child { min-width: 0; max-width: none; width: 22% }
  .huge .matrix { display: none }
}
"""
