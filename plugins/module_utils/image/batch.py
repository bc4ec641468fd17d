# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many wishes in one process: some at a time, over one login, one listing and one connection pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ansible_collections.imageops.glance.plugins.module_utils.errors import GlanceOpsError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image.engine import Outcome
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import Wish

if TYPE_CHECKING:
    from concurrent.futures import Future


class SkippedError(GlanceOpsError):
    """An entry was not begun, since one that it comes after has failed."""


def check_order(wishes: Sequence[Wish]) -> None:
    """Keys are unique, and every ``after`` names the key of an earlier entry, so that there are no circles.

    :raises OptionError: names the entry that is wrong
    """
    seen: set[str] = set()
    for wish in wishes:
        for key in wish.after:
            if key not in seen:
                raise OptionError(f"images: {wish.told} comes after '{key}', which is the key of no entry before it.")
        if wish.key is not None:
            if wish.key in seen:
                raise OptionError(f"images: the key '{wish.key}' is given twice; keys tell entries apart.")
            seen.add(wish.key)


def fulfil_all(wishes: Sequence[Wish], fulfil: Callable[[Wish], Outcome], parallel: int) -> list[Outcome]:
    """Fulfil every wish, at most ``parallel`` at a time; outcomes in the order of the wishes.

    One that fails stops only those that come ``after`` it.
    """
    check_order(wishes)
    if parallel <= 1 or len(wishes) == 1:
        return _one_by_one(wishes, fulfil)
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

    outcomes: dict[int, Outcome] = {}
    waiting = dict(enumerate(wishes))
    running: dict[Future[Outcome], int] = {}
    with ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="imageops-image") as pool:
        while waiting or running:
            done_keys = _by_key(wishes, outcomes)
            for index, wish in list(waiting.items()):
                if any(key not in done_keys for key in wish.after):
                    continue
                del waiting[index]
                skipped = _skipped(wish, done_keys)
                if skipped is not None:
                    outcomes[index] = skipped
                    done_keys = _by_key(wishes, outcomes)
                else:
                    running[pool.submit(fulfil, wish)] = index
            if running:
                finished, _unfinished = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    index = running.pop(future)
                    outcomes[index] = _outcome_of(future.result, wishes[index])
    return [outcomes[index] for index in range(len(wishes))]


def _outcome_of(result: Callable[[], Outcome], wish: Wish) -> Outcome:
    """A mistake of ours in one entry must not hide what became of the others."""
    try:
        return result()
    except Exception as exc:
        return Outcome(error=GlanceOpsError(f"{wish.told}: unexpected {type(exc).__name__}: {exc}. Please report it."))


def _one_by_one(wishes: Sequence[Wish], fulfil: Callable[[Wish], Outcome]) -> list[Outcome]:
    if len(wishes) == 1:
        return [fulfil(wishes[0])]
    outcomes: dict[int, Outcome] = {}
    for index, wish in enumerate(wishes):
        skipped = _skipped(wish, _by_key(wishes, outcomes)) if wish.after else None
        outcomes[index] = skipped or _outcome_of(partial(fulfil, wish), wish)
    return [outcomes[index] for index in range(len(wishes))]


def _by_key(wishes: Sequence[Wish], outcomes: dict[int, Outcome]) -> dict[str, Outcome]:
    return {str(wishes[i].key): outcome for i, outcome in outcomes.items() if wishes[i].key is not None}


def _skipped(wish: Wish, done: dict[str, Outcome]) -> Outcome | None:
    failed = [key for key in wish.after if done[key].error is not None]
    if not failed:
        return None
    return Outcome(error=SkippedError(f"{wish.told} was left alone, since '{failed[0]}' before it failed."))
