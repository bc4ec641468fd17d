# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make molecule``: every scenario from prepare to destroy, each with a home of its own.

python -m ...tests.tools.molecule [SCENARIO ...]
"""

from __future__ import annotations

import sys
import time

from ansible_collections.imageops.glance.tests.tools.common import REPO, VENV_BIN, WORK, Suite, environment, run

SCENARIOS = REPO / "extensions" / "molecule"


def main(arguments: list[str]) -> int:
    """Command line entry."""
    known = sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))
    if unknown := sorted(set(arguments) - set(known)):
        print(f"no such scenario: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    suite = Suite("molecule")
    started = time.monotonic()
    for name in arguments or known:
        env = environment(
            {
                "MOLECULE_EPHEMERAL_DIRECTORY": str(WORK / "molecule" / name),
                "ANSIBLE_FORCE_COLOR": "0",
                "LOCAL_CLOUD_VENV": str(WORK / "cloud-venv"),
            }
        )
        command = [str(VENV_BIN / "molecule"), "test", "--scenario-name", name]
        suite.add(f"scenario {name}", run(command, cwd=SCENARIOS.parent, env=env) == 0)
    suite.seconds = time.monotonic() - started
    return suite.save()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
