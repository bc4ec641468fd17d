# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many wishes in one process: some at a time, over one login, one listing and one connection pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    if len(wishes) == 1:
        return [fulfil(wishes[0])]
    from concurrent.futures import ThreadPoolExecutor

    futures: dict[int, Future[Outcome]] = {}
    by_key: dict[str, Future[Outcome]] = {}
    with ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="imageops-image") as pool:
        # A wish waits in its thread for those that it comes after. They were begun before it, so it cannot wait for
        # ever; and it is begun after all that wait for nothing, so that no thread waits while there is work.
        for index in sorted(range(len(wishes)), key=lambda index: bool(wishes[index].after)):
            wish = wishes[index]
            before = {key: by_key[key] for key in wish.after}
            futures[index] = pool.submit(_in_turn, wish, fulfil, before)
            if wish.key is not None:
                by_key[wish.key] = futures[index]
    return [futures[index].result() for index in range(len(wishes))]


def _in_turn(wish: Wish, fulfil: Callable[[Wish], Outcome], before: Mapping[str, Future[Outcome]]) -> Outcome:
    for key, future in before.items():
        if future.result().error is not None:
            return Outcome(error=SkippedError(f"{wish.told} was left alone, since '{key}' before it failed."))
    try:
        return fulfil(wish)
    except Exception as exc:
        # A mistake of ours in one entry must not hide what became of the others.
        return Outcome(error=GlanceOpsError(f"{wish.told}: unexpected {type(exc).__name__}: {exc}. Please report it."))
