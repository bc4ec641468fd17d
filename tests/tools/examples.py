# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the documentation: blocks of code in guides and READMEs, and EXAMPLES of modules.

A block below the comment ``.. run: cloud`` (reStructuredText) or ``<!-- run: cloud -->`` (Markdown) is run by
``tests/cloud/test_docs_examples.py``.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.imageops.glance.tests.tools.common import REPO

RST_BLOCK = re.compile(r"^( *)\.\. code-block:: *(\S+)$")
RST_RUN = re.compile(r"^ *\.\. run: cloud$")
MD_BLOCK = re.compile(r"^( *)```(\w+)$")
MD_RUN = "<!-- run: cloud -->"
FILE_NAME = re.compile(r"\A# ([\w.-]+\.yml)(:.*)?\n")


@dataclass(frozen=True)
class Example:
    """One block: where it begins, what language it is in, and whether it is to be run on the local cloud."""

    page: str
    line: int
    language: str
    text: str
    run: bool = False

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        """The name of the file that it is meant to be, from its first line."""
        named = FILE_NAME.match(self.text)
        return named.group(1) if named else None


def in_rst(page: str, text: str) -> Iterator[Example]:
    """Blocks of a page in reStructuredText: what is indented below the directive."""
    lines = text.splitlines()
    run = False
    for number, line in enumerate(lines):
        if RST_RUN.match(line):
            run = True
        found = RST_BLOCK.match(line)
        if not found:
            continue
        indent = len(found.group(1))
        body = []
        for below in lines[number + 1 :]:
            if below.strip() and len(below) - len(below.lstrip()) <= indent:
                break
            body.append(below)
        yield Example(page, number + 1, found.group(2), textwrap.dedent("\n".join(body)).strip("\n") + "\n", run)
        run = False


def in_markdown(page: str, text: str) -> Iterator[Example]:
    """Fenced blocks of a page in Markdown."""
    lines = text.splitlines()
    run = False
    number = 0
    while number < len(lines):
        if lines[number].strip() == MD_RUN:
            run = True
        found = MD_BLOCK.match(lines[number])
        if found:
            end = lines.index(f"{found.group(1)}```", number + 1)
            body = textwrap.dedent("\n".join(lines[number + 1 : end])) + "\n"
            yield Example(page, number + 1, found.group(2), body, run)
            run = False
            number = end
        number += 1


def in_plugin(page: str, text: str) -> Iterator[Example]:
    """EXAMPLES of a module or another plugin in Python."""
    for node in ast.parse(text).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "EXAMPLES"
            and isinstance(node.value, ast.Constant)
        ):
            yield Example(page, node.lineno, "yaml", str(node.value.value))


def pages() -> list[Path]:
    """Everything that has examples for users."""
    patterns = (
        "README.md",
        "roles/*/README.md",
        "docs/docsite/rst/*.rst",
        "plugins/modules/*.py",
        "plugins/lookup/*.py",
    )
    return sorted(path for pattern in patterns for path in REPO.glob(pattern))


def examples() -> list[Example]:
    """All examples, in the order of their pages."""
    readers = {".rst": in_rst, ".md": in_markdown, ".py": in_plugin}
    found: list[Example] = []
    for path in pages():
        found += readers[path.suffix](str(path.relative_to(REPO)), path.read_text(encoding="utf-8"))
    return found
