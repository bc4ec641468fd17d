# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo``: a real cloud, a catalog published twice, a new version of one image, and a look at what is there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping

from ansible_collections.imageops.glance.tests.tools.common import REPO, VENV_BIN, WORK, cloud_environment, environment
from ansible_collections.imageops.glance.tests.tools.samples import qcow2, write_all

DEMO = REPO / "tests" / "demo"
IMAGES = WORK / "demo" / "images"
PUBLISH = "imageops.glance.publish -i clouds.yml -e @catalog.yml -e folder=$FOLDER"
#: What is run, what is said before, and how many tasks may change something (None: any number).
ACTS: tuple[tuple[str, str, int | None], ...] = (
    (PUBLISH, "Publish a catalog of three images:", None),
    (PUBLISH, "Once more. Everything is there, so nothing is done:", 0),
    (f"{PUBLISH} -e noble=20261101", "A new version of one image takes over the name; the old one is kept, hidden:", 1),
    ("show.yml -i clouds.yml", "What the cloud has now:", 0),
)


def write_images() -> None:
    """Small files of several formats, and two builds of one of them."""
    write_all(IMAGES)
    for version in ("20261001", "20261101"):
        (IMAGES / f"ubuntu-24.04-{version}.qcow2").write_bytes(qcow2(f"ubuntu-24.04 {version}"))


def play(words: str, env: Mapping[str, str]) -> tuple[int, int]:
    """Run one playbook on the screen and return its exit status and how many tasks changed something."""
    print(f"$ ansible-playbook {words}", flush=True)
    command = [str(VENV_BIN / "ansible-playbook"), *shlex.split(words.replace("$FOLDER", shlex.quote(str(IMAGES))))]
    with subprocess.Popen(
        command, cwd=DEMO, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        lines = []
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    changed = [int(count) for count in re.findall(r"\bchanged=(\d+)", "".join(lines))]
    return process.returncode, sum(changed)


def main() -> int:
    """Command line entry."""
    started = time.monotonic()
    print("Starting the local cloud: Keystone and Glance on this machine ...", flush=True)
    env = environment({**cloud_environment(), "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "False"})
    write_images()
    print(f"\nThe files are in {DEMO.relative_to(REPO)}; FOLDER={IMAGES.relative_to(REPO)}", flush=True)
    for words, title, expected in ACTS:
        print(f"\n{title}\n", flush=True)
        status, changed = play(words, env)
        if status or expected not in (None, changed):
            print(f"The demo has failed: exit status {status}, {changed} tasks changed something", file=sys.stderr)
            return 1
    print(
        f"Done in {time.monotonic() - started:.0f} s. "
        'The cloud still runs: eval "$(tests/local_cloud/cloud env)", and `make cloud-down` stops it.',
        flush=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
