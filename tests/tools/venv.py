# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a virtual environment to what the requirement files ask for, and do nothing when it is already there.

This is the one tool that runs before anything is installed: standard library only, and parseable by old interpreters,
so that a Python that is too old gets a sentence instead of a syntax error.

    python3 tests/tools/venv.py --venv .work/venv -r tests/requirements.txt
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
OLDEST = (3, 11)
CANDIDATES = ("python3", "python3.13", "python3.12", "python3.11", "python3.14")
STAMP = "imageops-stamp.json"
PROBE = "import json, sys, venv, ensurepip; print(json.dumps([list(sys.version_info[:3]), sys.executable]))"


def probe(python: str) -> tuple[tuple[int, ...], str] | None:
    """The version and real path of an interpreter that can build virtual environments, else None."""
    try:
        done = subprocess.run([python, "-c", PROBE], capture_output=True, text=True, check=True, timeout=60)
        version, executable = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return tuple(version), executable


def choose_python(wanted: str, exact: bool = False) -> tuple[tuple[int, ...], str]:
    """The first usable interpreter: the wanted one, then (unless exact) any that is new enough."""
    seen = []
    for name in (wanted,) if exact else dict.fromkeys((wanted, *CANDIDATES)):
        found = probe(name)
        if found and found[0][:2] >= OLDEST:
            return found
        seen.append(f"{name}: {'.'.join(map(str, found[0])) if found else 'absent, or without venv and ensurepip'}")
    sys.exit(
        "Python {}.{} or newer with its venv module is needed; looked at {}. "
        "Install one (Debian: python3 python3-venv) or name it: make PYTHON=/path/to/python3.12 ...".format(
            *OLDEST, "; ".join(seen)
        )
    )


def requirement_text(path: Path) -> str:
    """A requirement file with the files that it includes, as one text."""
    text = path.read_text(encoding="utf-8")
    nested = re.findall(r"^-r\s+(\S+)", text, flags=re.MULTILINE)
    return text + "".join(requirement_text(path.parent / name) for name in nested)


def link_collection() -> None:
    """Make the checkout importable as a collection, by a link at the path that Ansible looks for."""
    link = REPO / ".work" / "collections" / "ansible_collections" / "imageops" / "glance"
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink() and link.resolve() == REPO:
        return
    if link.is_symlink():
        link.unlink()  # the checkout has moved
    link.symlink_to(REPO)


def read_stamp(venv: Path) -> dict[str, str]:
    """What the environment was built from, empty when it was not finished."""
    try:
        stamp = json.loads((venv / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def ensure(venv: Path, python: str, files: list[Path], packages: list[str], exact: bool = False) -> Path:
    """Build or upgrade ``venv`` and return its interpreter.

    An environment of another Python version or at another place is built anew; otherwise it is upgraded in place,
    because others may be running from it.
    """
    version, executable = choose_python(python, exact)
    wanted = {
        "python": ".".join(map(str, version)),
        "path": str(venv),
        "requirements": hashlib.sha256(
            "\n".join([*(requirement_text(path) for path in files), *packages]).encode()
        ).hexdigest(),
    }
    interpreter = venv / "bin" / "python"
    venv.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{venv}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if read_stamp(venv) == wanted and interpreter.exists():
            return interpreter
        started = time.monotonic()
        print(f"building {os.path.relpath(venv, REPO)} with Python {wanted['python']} ...", flush=True)
        before = probe(str(interpreter))
        same_place = read_stamp(venv).get("path", str(venv)) == str(venv)
        if before is None or before[0] != version or not same_place:
            subprocess.run([executable, "-m", "venv", "--clear", str(venv)], check=True)
        (venv / STAMP).unlink(missing_ok=True)
        command = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for path in files:
            command += ["-r", str(path)]
        subprocess.run([*command, *packages], check=True)
        (venv / STAMP).write_text(json.dumps(wanted), encoding="utf-8")
        print(f"built {os.path.relpath(venv, REPO)} in {time.monotonic() - started:.0f} s", flush=True)
    return interpreter


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="Bring a virtual environment up to date.")
    parser.add_argument("--venv", type=Path, default=REPO / ".work" / "venv")
    parser.add_argument("--python", default="python3", help="interpreter to prefer")
    parser.add_argument("-r", "--requirement", type=Path, action="append", default=[], help="requirement file")
    parser.add_argument("packages", nargs="*", help="further requirements, such as 'ansible-core==2.16.*'")
    options = parser.parse_args()
    link_collection()
    try:
        ensure(options.venv.absolute(), options.python, options.requirement, options.packages)
    except subprocess.CalledProcessError as error:
        print(f"could not build {options.venv}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
