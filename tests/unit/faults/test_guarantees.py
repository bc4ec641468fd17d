# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of guarantees and the table of cases speak of the same things."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from ansible_collections.imageops.glance.tests.faults.table import table

PAGE = Path(__file__).resolve().parents[3] / "docs" / "docsite" / "rst" / "guarantees.rst"


def proofs() -> list[str]:
    """Names of cases that the page gives as proof."""
    paragraphs = re.findall(r"Proved by: (.*?)\n\n", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(paragraphs) > 20
    found = [name for text in paragraphs for name in re.findall(r"``(.+?)``", text)]
    return [" ".join(name.split()) for name in found if "/" not in name]


def test_every_proof_is_a_case() -> None:
    names = {case.name for case in table()}
    assert [name for name in proofs() if name not in names] == []


def test_every_promise_has_a_proof() -> None:
    promised, _heading, _rest = PAGE.read_text(encoding="utf-8").partition("What is not promised\n")
    _start, _heading, promised = promised.partition("Data is right, or it is not published\n")
    assert promised.count("\n- ") == promised.count("Proved by: ")


def test_names_of_cases_are_unique() -> None:
    assert [name for name, count in Counter(case.name for case in table()).items() if count > 1] == []


def test_there_are_enough_of_them() -> None:
    cases = table()
    assert len(cases) >= 60
    assert 20 <= sum(case.short for case in cases) <= 60
