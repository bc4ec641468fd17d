# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines of progress are worth showing, and when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Optional

from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import format_duration, format_line

# Whatever is over sooner is shown by nothing but its result.
FIRST_AFTER = 3.0
# How often each transfer is told about: a few lines a minute.
EVERY = 10.0


@dataclass(frozen=True)
class State:
    """One line of the file that ``ProgressFile`` writes: bytes, and seconds since the epoch."""

    label: str
    done: int
    total: Optional[int]
    started: float
    updated: float

    @property
    def complete(self) -> bool:
        return self.total is not None and self.done >= self.total


@dataclass
class _Shown:
    """The state of a transfer as it was shown last."""

    at: float
    state: State


def read_states(path: str) -> list[State]:
    """The transfers in a progress file; none when it is not there, or is not what it should be."""
    try:
        with open(path, encoding="utf-8") as handle:
            return [State(**json.loads(line)) for line in handle]
    except (OSError, ValueError, TypeError):
        return []


class Lines:
    """Chooses lines out of successive readings of the file; ``now`` is seconds since the epoch."""

    def __init__(self) -> None:
        self._shown: dict[str, _Shown] = {}

    def due(self, states: list[State], now: float) -> list[str]:
        """Lines for the transfers that have something new to tell and were not told about for long enough."""
        return [self._line(state, now) for state in states if self._is_due(state, now)]

    def last(self, states: list[State], now: float) -> list[str]:
        """When the module has ended: the end of each transfer that was shown before, unless that was shown too."""
        return [
            self._line(state, now)
            for state in states
            if state.label in self._shown and self._news(state) and (state.complete or state.total is None)
        ]

    def _is_due(self, state: State, now: float) -> bool:
        shown = self._shown.get(state.label)
        if shown is None:
            return not state.complete and now - state.started >= FIRST_AFTER
        return self._news(state) and (state.complete or now - shown.at >= EVERY)

    def _news(self, state: State) -> bool:
        before = self._shown[state.label].state
        if state.done == 0 and state.total is None:
            return state.updated > before.updated
        return (state.done, state.total) != (before.done, before.total)

    def _line(self, state: State, now: float) -> str:
        shown = self._shown.get(state.label)
        self._shown[state.label] = _Shown(now, state)
        if state.done == 0 and state.total is None:
            return f"{state.label}: {format_duration(state.updated - state.started)} so far"
        since, before = state.started, 0
        # The last line tells the average; so does the first after a transfer that was begun anew.
        if shown is not None and not state.complete and shown.state.done <= state.done:
            since, before = shown.state.updated, shown.state.done
        seconds = state.updated - since
        rate = (state.done - before) / seconds if seconds > 0 else 0.0
        left = (state.total - state.done) / rate if state.total is not None and rate > 0 else None
        return format_line(state.label, state.done, state.total, rate, left)
