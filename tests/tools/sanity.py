# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test sanity`` on a copy of the checkout, without containers and without an ignore file.

    python -m ...tests.tools.sanity [--test NAME ...] [PATH ...]

The copy holds what version control holds, at the path that ansible-test insists on. Its home lies in ``.work`` too, so
that the environments which ansible-test builds for its tests are there again next time.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from ansible_collections.imageops.glance.tests.tools import interpreters
from ansible_collections.imageops.glance.tests.tools.common import (
    REPO,
    VENV_BIN,
    WORK,
    Suite,
    environment,
    tracked_files,
)

ROOT = WORK / "sanity"
COPY = ROOT / "ansible_collections" / "imageops" / "glance"
HOME = ROOT / "home"
OLDEST_MODULE_PYTHON = (3, 9)
PIP_CHATTER = re.compile(r"\s+|Collecting |Using cached |Installing collected |Successfully installed ")


def copy_checkout() -> None:
    """Make the copy equal to the checkout, rewriting only what differs so that caches stay warm."""
    wanted = set(tracked_files())
    for old in [path for path in COPY.rglob("*") if not path.is_dir()] if COPY.exists() else []:
        name = str(old.relative_to(COPY))
        if name not in wanted and not name.startswith((".git/", "tests/output/")):
            old.unlink()
    for name in wanted:
        source, target = REPO / name, COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != source.read_bytes():
            shutil.copy2(source, target)
        shutil.copymode(source, target)
    if not (COPY / ".git").exists():
        # without a repository of its own, ansible-test asks that of the checkout, which ignores everything in .work
        subprocess.run(["git", "init", "--quiet", str(COPY)], check=True)


def offer_pip_bootstrap() -> None:
    """Lay our pip bootstrap where ansible-test looks for the one that it would download."""
    import ansible_test  # here, because only the environment of the tools has it

    package = Path(str(next(iter(ansible_test.__path__))))
    source = (package / "_internal" / "python_requirements.py").read_text(encoding="utf-8")
    for version in set(re.findall(r"pip='([0-9.]+)'", source)):
        target = HOME / ".ansible" / "test" / "cache" / f"get_pip_{version.replace('.', '_')}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPO / "tests" / "tools" / "get_pip.py", target)


def offer_interpreters() -> Path:
    """A folder with every interpreter of this machine that modules support, under the names ansible-test looks for."""
    folder = ROOT / "pythons"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for version, path in interpreters.find().items():
        if version >= OLDEST_MODULE_PYTHON:
            (folder / f"python{version[0]}.{version[1]}").symlink_to(path)
    return folder


def main(arguments: list[str]) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="Run ansible-test sanity on a copy of the checkout.")
    parser.add_argument("--test", action="append", default=[], help="only this sanity test")
    parser.add_argument("paths", nargs="*", help="only these files of the collection")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    copy_checkout()
    offer_pip_bootstrap()
    pythons = offer_interpreters()
    env = environment({"HOME": str(HOME)})
    env["PATH"] = f"{VENV_BIN}:{pythons}:{env['PATH']}"
    # ansible-test finds collections by its own place on disk; ours would shadow the copy
    for name in ("PYTHONPATH", "ANSIBLE_COLLECTIONS_PATH"):
        env.pop(name, None)
    command = [str(VENV_BIN / "ansible-test"), "sanity", "--local", "--color", "no", "--truncate", "0"]
    for name in options.test:
        command += ["--test", name]
    print("$ " + " ".join(command[1:]), flush=True)
    ran: list[str] = []
    failed: list[str] = []
    notes: list[str] = []
    with subprocess.Popen(
        [*command, *options.paths], cwd=COPY, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        verdict = False
        for line in process.stdout or ():
            if not PIP_CHATTER.match(line):
                print(line, end="", flush=True)
            if verdict:  # the names of the failed tests, one a line, follow the verdict
                failed.append(line.strip())
            elif line.startswith("Running sanity test "):
                ran.append(line)
            elif line.startswith("WARNING: Skipping sanity test "):
                notes.append(line.removeprefix("WARNING: ").strip())
            verdict = verdict or " sanity test(s) listed below " in line
    if process.returncode and not failed:
        failed = ["ansible-test"]
    suite = Suite("sanity", len(ran) - len(failed), len(failed), failures=failed, notes=notes)
    suite.seconds = time.monotonic() - started
    return suite.save()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
