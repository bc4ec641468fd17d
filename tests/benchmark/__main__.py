# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make bench``: measures on the local cloud, side by side with other tools; writes docs/performance.md.

python -m ...tests.benchmark [CASE ...] [--turns N] [--no-page]

What each case gave is kept in ``.work/bench/rows.json``, so that some cases can be measured again without the others;
the page has the latest of each, with the day and the machine it was measured on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ansible_collections.imageops.glance.tests.benchmark.bench import Bench
from ansible_collections.imageops.glance.tests.benchmark.cases import CASES
from ansible_collections.imageops.glance.tests.benchmark.measure import machine
from ansible_collections.imageops.glance.tests.benchmark.peers import HOME
from ansible_collections.imageops.glance.tests.benchmark.table import Row, markdown, replaced, terminal
from ansible_collections.imageops.glance.tests.tools.common import REPO

PAGE = REPO / "docs" / "performance.md"
KEPT = HOME / "rows.json"


def known() -> dict[str, dict[str, Any]]:
    """What the cases gave when they were last measured: rows, and how they were measured."""
    found: dict[str, dict[str, Any]] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    return found


def keep(case: str, rows: Sequence[Row], how: str) -> None:
    """Remember what a case gave."""
    entry = {"how": how, "rows": [asdict(row) for row in rows]}
    KEPT.write_text(json.dumps({**known(), case: entry}, indent=1), encoding="utf-8")


def page(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """All cases as one table, with what they were measured on."""
    rows = [Row(**row) for name in CASES for row in kept[name]["rows"]]
    ways = sorted({str(kept[name]["how"]) for name in CASES})
    return f"`make bench` ({'; '.join(ways)}):\n\n{markdown(rows)}"


def main() -> int:
    """Command line entry; exit status 1 when a goal was not reached."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--turns", type=int, default=3, help="turns of which the median is taken")
    parser.add_argument("--no-page", action="store_true", help="leave docs/performance.md as it is")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.cases) - set(CASES))
    if unknown:
        parser.error(f"no such case: {', '.join(unknown)}; there are: {', '.join(CASES)}")
    bench = Bench(HOME)
    rows = []
    try:
        for name in chosen.cases or CASES:
            print(f"measuring {name} ...", flush=True)
            measured = CASES[name](bench, chosen.turns)
            print(terminal(measured), flush=True)
            rows += measured
            keep(name, measured, f"{time.strftime('%Y-%m-%d')}, medians of {chosen.turns} turns or more, {machine()}")
    finally:
        bench.close()
    print("\n" + terminal(rows))
    kept = known()
    missing = [name for name in CASES if name not in kept]
    if missing:
        print(f"The page is as it was: not measured yet: {', '.join(missing)}.")
    elif not chosen.no_page:
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), page(kept)), encoding="utf-8")
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
