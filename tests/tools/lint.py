# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Static checks of everything in the repository: ruff, mypy, yamllint, shellcheck, ansible-lint (production)."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ansible_collections.imageops.glance.tests.tools.common import (
    PACKAGE,
    REPO,
    VENV_BIN,
    WORK,
    run_checks,
    tracked_files,
)

# mypy knows no older one; that shipped code also runs on 3.9 is what sanity's import test and ruff's target check
OLDEST_FOR_MYPY = "3.10"


def shell_scripts() -> list[str]:
    """Shell scripts by their first line, whatever their names."""
    found = []
    for name in tracked_files():
        with open(REPO / name, "rb") as file:
            first = file.readline(80)
        if first.startswith(b"#!") and first.split()[-1].rsplit(b"/", 1)[-1] in (b"sh", b"bash"):
            found.append(name)
    return found


def checks() -> Iterator[tuple[str, list[str]]]:
    """Every check as its name and command, cheap ones first."""
    tool = {name: str(VENV_BIN / name) for name in ("ruff", "mypy", "yamllint", "shellcheck", "ansible-lint")}
    mypy = [tool["mypy"], "--config-file", "pyproject.toml", "--cache-dir", str(WORK / "mypy")]
    yield "ruff check", [tool["ruff"], "check", "--cache-dir", str(WORK / "ruff"), "."]
    yield "ruff format", [tool["ruff"], "format", "--check", "--diff", "--cache-dir", str(WORK / "ruff"), "."]
    yield "mypy", [*mypy, "-p", PACKAGE]
    yield "mypy of shipped code", [*mypy, "--python-version", OLDEST_FOR_MYPY, "-p", f"{PACKAGE}.plugins"]
    if (REPO / "roles" / "local_cloud" / "files" / "local_cloud").is_dir():
        # a program with an environment of its own, which imports itself by its own name
        yield "mypy of the local cloud", [*mypy, "-p", "local_cloud"]
    yield "yamllint", [tool["yamllint"], "--strict", *[n for n in tracked_files() if n.endswith((".yml", ".yaml"))]]
    if scripts := shell_scripts():
        yield "shellcheck", [tool["shellcheck"], *scripts]
    yield "ansible-lint", [tool["ansible-lint"], "--offline", "--profile", "production", "--strict", "-q", "--nocolor"]


def main() -> int:
    """Command line entry."""
    return run_checks("lint", checks())


if __name__ == "__main__":
    sys.exit(main())
