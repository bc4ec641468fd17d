# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the states of a report are called, and the signs that stand for them. Pure."""

from __future__ import annotations

from ansible_collections.imageops.glance.plugins.module_utils.catalog import steps as actions
from ansible_collections.imageops.glance.plugins.module_utils.report.parts import CHANGED, DIFFERS, FAILED, OK

TITLES = {FAILED: "Failed", DIFFERS: "Differs", CHANGED: "Changed", OK: "As wanted"}
#: What follows a number.
COUNTED = {FAILED: "failed", DIFFERS: "differ", CHANGED: "changed", OK: "as wanted"}
#: All of them are in the fonts that systems bring.
SYMBOLS = {FAILED: "\u2717", DIFFERS: "\u2260", CHANGED: "\u2191", OK: "\u2713"}

#: Actions as what was done.
DONE = {
    actions.CREATE: "created",
    actions.UPDATE: "updated",
    actions.REPLACE: "replaced",
    actions.ADOPT: "adopted",
    actions.RESTORE: "restored",
    actions.RETIRE: "retired",
    actions.PRUNE: "pruned",
}


def told_action(action: str, state: str) -> str:
    """An action with what became of it: Replaced, To be replaced, Could not be replaced; "" when there is none."""
    done = DONE.get(action)
    if done is None:
        return ""
    return {DIFFERS: f"To be {done}", FAILED: f"Could not be {done}"}.get(state, done.capitalize())
