# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual environment of Keystone, Glance, gunicorn and PostgreSQL: built once, and when its recipe changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from .errors import LocalCloudError
from .layout import REQUIREMENTS
from .state import exclusive

MINIMUM = (3, 11)
NAMES = ("python3.11", "python3.12", "python3.13", "python3.14", "python3")
STAMP = "local-cloud-stamp"
# Prints a line only where a virtual environment can be made with it: Debian ships Python without ensurepip.
PROBE = "import sys, venv, ensurepip; print('%d.%d.%d' % sys.version_info[:3], sys.executable)"


def stamp_of(requirements: str, python_version: str) -> str:
    """What an environment is recognised by: the recipe and the Python it was built for."""
    digest = hashlib.sha256(f"{python_version}\n{requirements}".encode()).hexdigest()
    return f"{python_version} {digest[:16]}"


def candidates() -> Iterator[str]:
    """Pythons to try, the running one first."""
    yield sys.executable
    for name in NAMES:
        found = shutil.which(name)
        if found:
            yield found


def probe(python: str) -> Optional[str]:
    """Version of ``python`` where it is new enough and can make environments, else None."""
    try:
        done = subprocess.run([python, "-c", PROBE], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = done.stdout.split(" ")[0]
    if done.returncode or tuple(int(part) for part in version.split(".")[:2]) < MINIMUM:
        return None
    return version


def find_python(wanted: Optional[str]) -> tuple[str, str]:
    """Path and version of the Python to build with: ``wanted``, else the first that fits.

    Raises LocalCloudError where there is none.
    """
    tried: list[str] = [wanted] if wanted else list(candidates())
    for python in tried:
        version = probe(python)
        if version:
            return python, version
    raise LocalCloudError(
        f"Keystone and Glance need Python {MINIMUM[0]}.{MINIMUM[1]} or later with the venv module "
        f"(Debian and Ubuntu: python3-venv), and none of {', '.join(tried)} is one; "
        "install it or name it with --python."
    )


def python_in(venv: Path) -> Path:
    """The environment's interpreter."""
    return venv / "bin" / "python"


def current_stamp(venv: Path) -> str:
    """Stamp of a complete environment, "" where there is none."""
    try:
        stamp = (venv / STAMP).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    # The interpreter is a link: it dangles after the Python it was built with is gone.
    return stamp if os.access(python_in(venv), os.X_OK) else ""


def is_current(venv: Path, wanted: Optional[str]) -> bool:
    """Whether ``venv`` is complete and of the present recipe, and of the Python asked for, if one was."""
    stamp = current_stamp(venv)
    if not stamp:
        return False
    version = probe(wanted) if wanted else stamp.split(" ")[0]
    return version is not None and stamp == stamp_of(REQUIREMENTS.read_text(encoding="utf-8"), version)


def ensure(venv: Path, wanted: Optional[str]) -> bool:
    """Build ``venv`` where it is missing or out of date; True where it was. Two callers at once build it once."""
    if is_current(venv, wanted):
        return False
    with exclusive(venv.with_name(f"{venv.name}.lock")):
        if is_current(venv, wanted):
            return False
        _build(venv, wanted)
    return True


def _build(venv: Path, wanted: Optional[str]) -> None:
    python, version = find_python(wanted)
    if venv.exists() and not (venv / "pyvenv.cfg").exists():
        raise LocalCloudError(f"{venv} exists and is no virtual environment; remove it or name another with --venv.")
    print(f"building {venv} with Python {version}; this happens once and takes about a minute", file=sys.stderr)
    log = venv.with_name(f"{venv.name}.log")
    recipe = REQUIREMENTS.read_text(encoding="utf-8")
    pip = [str(python_in(venv)), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    with open(log, "w", encoding="utf-8") as output:
        for command in (
            [python, "-m", "venv", "--clear", str(venv)],
            # Compiling everything takes a third of the time, and most of it is never imported.
            [*pip, "--no-compile", "-r", str(REQUIREMENTS)],
        ):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
            if done.returncode:
                raise LocalCloudError(f"Building {venv} failed at '{' '.join(command)}'; see {log}.")
    (venv / STAMP).write_text(stamp_of(recipe, version) + "\n", encoding="utf-8")
