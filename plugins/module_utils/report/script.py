# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report's page does where scripts run; without them it is complete but for the filter and long lists.

The filter is kept in the address (#filter=words&cloud=title&state=failed&sort=-size), so that a view can be passed on.
Rows beyond the first ones wait in <template> elements, which cost a browser next to nothing, until they are asked for.
"""

from __future__ import annotations

SCRIPT = """
'use strict';
(() => {
  const STEP = 200;
  const STATES = ['failed', 'differs', 'changed', 'ok'];
  const list = document.querySelector('#list');
  const form = document.querySelector('#filter');
  if (!list || !form) return;
  document.documentElement.classList.add('js');
  const { filter: text, cloud, state } = form.elements;
  const body = list.tBodies[0];
  const matrix = document.querySelector('.matrix table');
  const clouds = document.querySelector('table.clouds');
  const more = document.querySelector('.more');
  const empty = document.querySelector('.empty');
  const rows = [...body.rows];
  for (const store of document.querySelectorAll('template')) rows.push(...store.content.querySelectorAll('tr'));
  rows.forEach((row, index) => { row.place = index; });
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
  let sort = '', matches = rows, shown = 0, printing = false;

  const textOf = (row) => row.text || (row.text = row.textContent.toLowerCase());
  const KEYS = {
    entry: (row) => row.cells[0].textContent,
    cloud: (row) => +row.dataset.c,
    is: (row) => STATES.indexOf(row.dataset.s),
    version: (row) => row.querySelector('.version').textContent,
    age: (row) => -(row.querySelector('.age').dataset.n || Infinity),
    size: (row) => +(row.querySelector('.size').dataset.n || -1),
  };

  function sorted(found) {
    const name = sort.replace('-', '');
    if (!KEYS[name]) return found;
    const keyed = found.map((row) => [KEYS[name](row), row]);
    const sign = sort[0] === '-' ? -1 : 1;
    keyed.sort(([a, one], [b, two]) => {
      const order = typeof a === 'string' ? collator.compare(a, b) : a === b ? 0 : a < b ? -1 : 1;
      return sign * order || one.place - two.place;
    });
    return keyed.map((pair) => pair[1]);
  }

  function grow(count) {
    const upTo = Math.min(matches.length, count);
    body.append(...matches.slice(shown, upTo));
    shown = upTo;
    more.hidden = shown >= matches.length;
  }

  function show() {
    const words = text.value.toLowerCase().split(/\\s+/).filter(Boolean);
    const all = !words.length && !cloud.value && !state.value;
    matches = sorted(rows.filter((row) =>
      (!state.value || row.dataset.s === state.value) && (!cloud.value || row.dataset.c === cloud.value)
      && words.every((word) => textOf(row).includes(word))));
    body.replaceChildren();
    shown = 0;
    grow(printing ? Infinity : STEP);
    empty.hidden = matches.length > 0;
    form.querySelector('output').textContent = all
      ? rows.length.toLocaleString('en') + ' images'
      : matches.length.toLocaleString('en') + ' of ' + rows.length.toLocaleString('en') + ' images';
    form.querySelector('[type=reset]').hidden = all;
    if (matrix) showMatrix(all);
    if (clouds) showClouds(all, words);
    for (const card of document.querySelectorAll('.card')) {
      card.setAttribute('aria-pressed', String(card.dataset.state === state.value));
    }
    for (const head of list.tHead.rows[0].cells) {
      const name = head.dataset.key;
      if (!name) continue;
      if (sort.replace('-', '') === name) head.setAttribute('aria-sort', sort[0] === '-' ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    }
  }

  function showMatrix(all) {
    const entries = new Set(matches.map((row) => +row.dataset.e));
    [...matrix.tBodies[0].rows].forEach((row, index) => { row.hidden = !all && !entries.has(index); });
    for (const row of matrix.rows) {
      [...row.cells].forEach((cell, index) => { cell.hidden = cloud.value && index && index - 1 !== +cloud.value; });
    }
  }

  function showClouds(all, words) {
    const used = new Set(matches.map((row) => +row.dataset.c));
    for (const row of clouds.tBodies[0].rows) {
      const broken = row.dataset.s && (!state.value || state.value === row.dataset.s)
        && (!cloud.value || cloud.value === row.dataset.c) && words.every((word) => textOf(row).includes(word));
      row.hidden = !all && !used.has(+row.dataset.c) && !broken;
    }
  }

  function remember() {
    const said = new URLSearchParams();
    if (text.value) said.set('filter', text.value);
    if (cloud.value) said.set('cloud', cloud.selectedOptions[0].text);
    if (state.value) said.set('state', state.value);
    if (sort) said.set('sort', sort);
    // Not allowed where the page is shown inside another one; then the view just cannot be passed on.
    try { history.replaceState(null, '', '#' + said); } catch { }
    show();
  }

  function recall() {
    const said = new URLSearchParams(location.hash.slice(1));
    if (location.hash.length > 1 && !['filter', 'cloud', 'state', 'sort'].some((key) => said.has(key))) return false;
    text.value = said.get('filter') || '';
    const option = [...cloud.options].find((one) => one.value && one.text === said.get('cloud'));
    cloud.value = option ? option.value : '';
    state.value = STATES.includes(said.get('state')) ? said.get('state') : '';
    sort = said.get('sort') || '';
    show();
    return true;
  }

  const toList = () => document.querySelector('#lines').scrollIntoView();
  let timer;
  text.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(remember, 120); });
  for (const choice of [cloud, state]) choice.addEventListener('change', remember);
  form.addEventListener('submit', (event) => { event.preventDefault(); remember(); });
  form.addEventListener('reset', () => setTimeout(remember));
  window.addEventListener('hashchange', () => { if (recall() && location.hash.length > 1) toList(); });
  more.addEventListener('click', () => grow(shown + STEP));
  if ('IntersectionObserver' in window) {
    new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) grow(shown + STEP); },
      { rootMargin: '600px' }).observe(more);
  }
  for (const card of document.querySelectorAll('.card')) {
    card.addEventListener('click', () => {
      state.value = state.value === card.dataset.state ? '' : card.dataset.state;
      remember();
    });
  }
  if (matrix) {
    matrix.addEventListener('click', (event) => {
      const cell = event.target.closest('td');
      if (!cell || cell.classList.contains('none')) return;
      text.value = cell.parentElement.cells[0].textContent;
      cloud.value = String(cell.cellIndex - 1);
      remember();
      toList();
    });
  }
  for (const head of list.tHead.rows[0].cells) {
    if (!head.dataset.key) continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const up = head.dataset.key, down = '-' + up;
      sort = { [up]: down, [down]: '' }[sort] ?? up;
      remember();
    });
  }
  // On paper stands what the filter lets through, all of it.
  window.addEventListener('beforeprint', () => { printing = true; show(); });
  window.addEventListener('afterprint', () => { printing = false; show(); });
  if (!recall()) show();
})();
"""
