# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make bench``: measures on the local cloud, side by side with other tools; writes docs/performance.md.

python -m ...tests.benchmark [CASE ...] [--turns N] [--no-page]
"""

from __future__ import annotations

import argparse
import sys
import time

from ansible_collections.imageops.glance.tests.benchmark.bench import Bench
from ansible_collections.imageops.glance.tests.benchmark.cases import CASES
from ansible_collections.imageops.glance.tests.benchmark.measure import machine
from ansible_collections.imageops.glance.tests.benchmark.peers import HOME
from ansible_collections.imageops.glance.tests.benchmark.table import markdown, replaced, terminal
from ansible_collections.imageops.glance.tests.tools.common import REPO

PAGE = REPO / "docs" / "performance.md"


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
    finally:
        bench.close()
    print("\n" + terminal(rows))
    if not chosen.cases and not chosen.no_page:
        told = f"`make bench`, medians of {chosen.turns} turns, {time.strftime('%Y-%m-%d')}, {machine()}:\n\n"
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), told + markdown(rows)), encoding="utf-8")
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
