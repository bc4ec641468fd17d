# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML with line numbers, without duplicate keys, and with secrets of Ansible Vault in place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional

from ansible_collections.imageops.glance.plugins.module_utils.errors import MissingLibraryError

if TYPE_CHECKING:
    from yaml.nodes import MappingNode, Node

#: A catalog needs five levels.
MAX_DEPTH = 200
_BRACKETS = re.compile(r"[\[\]{}]")

#: Gives the clear text of a vault's text.
Decrypt = Callable[[str], str]


@dataclass
class Document:
    """A YAML document. ``lines`` are the lines on which the items of the lists at its top level begin, by key.

    For a document that is a list, the key is "". ``problems`` are (line, message); with any, ``value`` may be None.
    """

    value: Any = None
    lines: dict[str, list[int]] = field(default_factory=dict)
    problems: list[tuple[Optional[int], str]] = field(default_factory=list)


def load(text: str, decrypt: Optional[Decrypt] = None) -> Document:
    """Read one document. Whatever the text is, the outcome is a document: what is wrong with it is in ``problems``.

    :param decrypt: for values tagged ``!vault``; None when no secrets are known
    :raises MissingLibraryError: PyYAML is not installed
    """
    try:
        import yaml
    except ImportError as error:
        raise MissingLibraryError("PyYAML", "to read catalog files") from error

    document = Document()
    loader = _loader_class(document, decrypt)(text)
    try:
        if _may_be_deep(text):
            _check_depth(text)
        node = loader.get_single_node()
        if node is not None:
            document.value = loader.construct_document(node)
            document.lines = _item_lines(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(str(part) for part in (error.context, error.problem) if part)
        column = "" if mark is None else f" (column {mark.column + 1})"
        if "nesting depth" in reason:
            # PyYAML counts from 6.0.4 on, and ran out of stack before.
            document.problems.append((None, "is nested too deeply."))
            return document
        document.problems.append((None if mark is None else mark.line + 1, f"is no valid YAML: {reason}{column}."))
    except yaml.YAMLError as error:
        document.problems.append((None, f"is no valid YAML: {' '.join(str(error).split())}."))
    except RecursionError:
        document.problems.append((None, "is nested too deeply."))
    except (ValueError, OverflowError) as error:
        document.problems.append((None, f"holds a number or date that cannot be: {error}; put it in quotes."))
    finally:
        loader.dispose()
    return document


def _may_be_deep(text: str) -> bool:
    """Whether collections may be nested beyond the limit: each level takes an open bracket or a column more."""
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth += 1 if bracket.group() in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return any(len(line) > MAX_DEPTH for line in text.splitlines())


def _check_depth(text: str) -> None:
    """Count levels without recursion. libyaml's composer recurses in C, where too much ends the whole process.

    :raises RecursionError: there are more than MAX_DEPTH
    """
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise RecursionError


def _loader_class(document: Document, decrypt: Optional[Decrypt]) -> Any:
    """A loader class of its own for each document, since PyYAML ties constructors to classes."""
    import yaml

    # libyaml is ten times faster; PyYAML can be built without it.
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]  # the base is chosen at run time
        def construct_mapping(self, node: MappingNode, deep: bool = False) -> Any:
            _find_duplicates(node, document)
            return super().construct_mapping(node, deep=deep)

    def vault(loader: Any, node: Node) -> Any:
        line = node.start_mark.line + 1
        if decrypt is None:
            document.problems.append((line, "has a value in a vault, but no vault password is known here."))
            return None
        try:
            return decrypt(str(loader.construct_scalar(node)))
        except Exception as error:  # noqa: BLE001 - whatever the vault raises, it is this value's problem
            document.problems.append((line, f"has a value in a vault that cannot be opened: {error}."))
            return None

    def unsafe(loader: Any, node: Node) -> Any:
        return loader.construct_scalar(node)

    Loader.add_constructor("!vault", vault)
    Loader.add_constructor("!vault-encrypted", vault)
    Loader.add_constructor("!unsafe", unsafe)
    return Loader


def _find_duplicates(node: Any, document: Document) -> None:
    """PyYAML takes the last of two equal keys without a word."""
    seen: dict[str, int] = {}
    for key, _value in getattr(node, "value", ()):
        text = getattr(key, "value", None)
        if not isinstance(text, str) or text == "<<":
            continue
        line = key.start_mark.line + 1
        if text in seen:
            document.problems.append((line, f"has the key '{text}' twice, first on line {seen[text]}."))
        seen.setdefault(text, line)


def _item_lines(node: Any) -> dict[str, list[int]]:
    def starts(sequence: Any) -> list[int]:
        return [item.start_mark.line + 1 for item in sequence.value]

    if node.id == "sequence":
        return {"": starts(node)}
    if node.id != "mapping":
        return {}
    return {str(key.value): starts(value) for key, value in node.value if value.id == "sequence"}
