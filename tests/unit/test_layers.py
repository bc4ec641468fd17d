# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependencies between our files point downwards only, and nothing is imported before it is needed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
UTILS = REPO / "plugins" / "module_utils"
OURS = "ansible_collections.imageops.glance.plugins."
# the only two that may know Ansible: one runs modules, the other takes its fallbacks from there
KNOW_ANSIBLE = ("runner.py", "argspec.py")


def utils() -> list[str]:
    """Files below the modules, as paths inside module_utils."""
    return sorted(str(path.relative_to(UTILS)) for path in UTILS.rglob("*.py"))


def imported(node: ast.AST) -> list[str]:
    """Modules that one statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return ["." if node.level else str(node.module)]
    return []


def at_import_time(body: list[ast.stmt]) -> Iterator[str]:
    """Modules imported as soon as the file is; not those in functions, in ``try``, or for type checkers only."""
    for node in body:
        yield from imported(node)
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            yield from at_import_time([*node.body, *node.orelse])
        elif isinstance(node, ast.ClassDef):
            yield from at_import_time(node.body)


@pytest.mark.parametrize("path", utils())
def test_ansible_is_known_to_the_runner_only(path: str) -> None:
    tree = ast.parse((UTILS / path).read_text(encoding="utf-8"))
    names = [name for node in ast.walk(tree) for name in imported(node)]
    if path not in KNOW_ANSIBLE:
        assert [name for name in names if name.split(".")[0] == "ansible"] == []


@pytest.mark.parametrize("path", utils())
def test_imports_stay_below_and_are_absolute(path: str) -> None:
    tree = ast.parse((UTILS / path).read_text(encoding="utf-8"))
    names = [name for node in ast.walk(tree) for name in imported(node)]
    assert "." not in names
    ours = [name for name in names if name.startswith(OURS)]
    assert [name for name in ours if not name.startswith(f"{OURS}module_utils")] == []


@pytest.mark.parametrize("path", utils())
def test_libraries_are_imported_when_they_are_needed(path: str) -> None:
    allowed = {*sys.stdlib_module_names, "ansible", "ansible_collections"}
    tree = ast.parse((UTILS / path).read_text(encoding="utf-8"))
    assert [name for name in at_import_time(tree.body) if name.split(".")[0] not in allowed] == []
