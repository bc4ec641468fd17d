# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo``: a real cloud, a small catalog published twice with a playbook that can be copied, and a look at it."""

from __future__ import annotations

import re
import subprocess
import sys
import time

from ansible_collections.imageops.glance.tests.tools.common import REPO, VENV_BIN, WORK, cloud_environment, environment
from ansible_collections.imageops.glance.tests.tools.samples import write_all

DEMO = REPO / "tests" / "demo"
IMAGES = WORK / "demo" / "images"


def play(name: str, env: dict[str, str]) -> tuple[int, int]:
    """Run one playbook on the screen and return its exit status and how many tasks changed something."""
    command = [str(VENV_BIN / "ansible-playbook"), "-i", "localhost,", "-c", "local", "-e", f"folder={IMAGES}"]
    command += ["-e", f"ansible_python_interpreter={VENV_BIN / 'python'}", "--diff", str(DEMO / name)]
    print(f"\n$ ansible-playbook -e folder={IMAGES.relative_to(REPO)} {(DEMO / name).relative_to(REPO)}", flush=True)
    with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        lines = []
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    changed = [int(count) for count in re.findall(r"\bchanged=(\d+)", "".join(lines))]
    return process.returncode, sum(changed)


def main() -> int:
    """Command line entry."""
    started = time.monotonic()
    print("starting the local cloud: Keystone and Glance on this machine ...", flush=True)
    env = environment({**cloud_environment(), "ANSIBLE_LOCALHOST_WARNING": "False"})
    write_all(IMAGES)
    for name, times in (("publish.yml", "first"), ("publish.yml", "second"), ("show.yml", "only")):
        status, changed = play(name, env)
        if status:
            print(f"{name} failed", file=sys.stderr)
            return 1
        if times == "second" and changed:
            print(f"{name} changed {changed} task(s) when run a second time", file=sys.stderr)
            return 1
    print(
        f"Done in {time.monotonic() - started:.0f} s; the second run changed nothing. "
        'The cloud still runs: eval "$(tests/local_cloud/cloud env)", and `make cloud-down` stops it.',
        flush=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
