# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.catalog.versions import natural_key
from hypothesis import given
from hypothesis import strategies as st

ASCENDING = [
    [None, "0", "1", "9", "10", "11"],
    ["1", "1.2", "1.2.1", "1.10", "2"],
    ["20240703", "20240703-1", "20240703.1", "20241231", "latest"],
    ["v1.9.0", "v1.10.0", "v1.10.0-1"],
    ["24.04", "24.10", "25.04"],
    ["alpha", "Beta", "gamma"],
    ["1.0", "1.00"],
    ["9" * 5000, "1" + "0" * 5000],
]


@pytest.mark.parametrize("versions", ASCENDING)
def test_order(versions: list[str | None]) -> None:
    for low, high in itertools.combinations(versions, 2):
        assert natural_key(low) < natural_key(high)


@given(st.lists(st.text(max_size=8), min_size=2, max_size=6))
def test_any_versions_have_one_order(versions: list[str]) -> None:
    backwards = list(reversed(versions))
    ordered = sorted(versions, key=natural_key)
    assert sorted(backwards, key=natural_key) == ordered
    for low, high in itertools.pairwise(ordered):
        assert (natural_key(low) == natural_key(high)) == (low == high)
