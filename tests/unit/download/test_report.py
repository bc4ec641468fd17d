# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run tells, and that a prediction has the same shape."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.download.engine import Fetched
from ansible_collections.imageops.glance.plugins.module_utils.download.plan import Plan, Wanted
from ansible_collections.imageops.glance.plugins.module_utils.download.report import Attributes, result_of
from ansible_collections.imageops.glance.plugins.module_utils.download.target import Target
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests
from ansible_collections.imageops.glance.tests.unit.download.helpers import DATA, document, sha512

SIZE = len(DATA)
GOOD = Digests(SIZE, {"sha512": sha512(DATA)})
NEW = Target("/x")
THERE = Target("/x", SIZE, 0o644)
SHORT = Target("/x", 5, 0o600)
FETCHED = Fetched("/.x.part", GOOD, 7)
WHOLE = {"state": "file", "size": SIZE, "mode": "0640", "sha512": sha512(DATA)}


def plan(target: Target, reason: str | None, local: Digests | None = None, wanted: Wanted | None = None) -> Plan:
    return Plan(document(), target, wanted or Wanted(SIZE, ("sha512", sha512(DATA))), reason, local)


def sides(result: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return result["diff"]["before"], result["diff"]["after"]


@pytest.mark.parametrize("changed", [True, False])
def test_a_new_file_is_predicted_as_it_comes(changed: bool) -> None:
    """Attributes of a new file differ from nothing, so they are no action of their own."""
    new = plan(NEW, "there is no file yet")
    predicted = result_of(new, None, Attributes(True, mode=0o640), check=True)
    done = result_of(new, FETCHED, Attributes(changed, mode=0o640), check=False)
    assert sides(predicted) == sides(done) == ({"state": "absent"}, WHOLE)
    assert predicted["actions"] == done["actions"] == ["download"]
    assert predicted.keys() == done.keys()
    assert (predicted["resumed"], done["resumed"]) == (0, 7)
    assert done["verified"]


def test_what_is_not_known_is_left_out() -> None:
    bare = plan(NEW, "there is no file yet", wanted=Wanted(None))
    predicted = result_of(bare, None, Attributes(), check=True)
    assert sides(predicted)[1] == {"state": "file"}
    assert not predicted["verified"]
    assert predicted["unverified_reason"]


@pytest.mark.parametrize("check", [True, False])
def test_a_file_that_is_right_has_no_difference(check: bool) -> None:
    result = result_of(plan(THERE, None, GOOD), None, Attributes(mode=0o644), check)
    before, after = sides(result)
    assert before == after == {**WHOLE, "mode": "0644"}
    assert (result["changed"], result["actions"]) == (False, [])
    assert "reason" not in result
    assert "resumed" not in result


@pytest.mark.parametrize("check", [True, False])
def test_a_file_that_is_replaced_shows_what_is_known_of_it(check: bool) -> None:
    changed = Attributes(True, {"mode": "0600"}, {"mode": "0640"}, 0o640)
    result = result_of(plan(SHORT, "the file has 5 bytes"), None if check else FETCHED, changed, check)
    assert sides(result) == ({"state": "file", "size": 5, "mode": "0600"}, WHOLE)
    assert result["actions"] == ["download", "attributes"]


@pytest.mark.parametrize("check", [True, False])
def test_attributes_alone_are_a_change(check: bool) -> None:
    changed = Attributes(True, {"mode": "0644", "owner": 0}, {"mode": "0640", "owner": 1}, 0o640)
    result = result_of(plan(THERE, None, GOOD), None, changed, check)
    assert sides(result) == ({**WHOLE, "mode": "0644", "owner": 0}, {**WHOLE, "owner": 1})
    assert (result["changed"], result["actions"]) == (True, ["attributes"])


def test_a_file_that_another_run_has_put_there_is_no_change() -> None:
    result = result_of(plan(NEW, "there is no file yet"), None, Attributes(mode=0o644), check=False)
    assert (result["changed"], result["actions"]) == (False, [])
    assert "reason" not in result
