# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation shows can be typed in: it parses, and its options, variables and names exist."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.imageops.glance.plugins.module_utils.argspec import CONNECTION
from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import ALIASES, SCHEMA
from ansible_collections.imageops.glance.plugins.module_utils.catalog.validate import Located, Place, check_catalog
from ansible_collections.imageops.glance.tests.tools.common import REPO
from ansible_collections.imageops.glance.tests.tools.examples import Example, examples, in_markdown, in_rst, pages

OURS = "imageops.glance."
GROUP = f"group/{OURS}all"
MODULES = {path.stem for path in (REPO / "plugins" / "modules").glob("*.py")}
#: Facts and variables of playbooks that begin as a role's variables do.
OTHER_VARIABLES = {"catalog_result", "local_cloud_env", "local_cloud_clouds_yaml"}

YAML = [example for example in examples() if example.language == "yaml"]
each_yaml = pytest.mark.parametrize("example", YAML, ids=str)


def parsed(example: Example) -> Any:
    return yaml.safe_load(example.text)


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    """All mappings in a value, at any depth."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from mappings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from mappings(inner)


def documented_options(module: str) -> dict[str, Any]:
    """Options of a module that only documents an action plugin, in the form of an argument spec."""
    source = importlib.import_module(f"ansible_collections.imageops.glance.plugins.modules.{module}")
    options: dict[str, Any] = yaml.safe_load(source.DOCUMENTATION)["options"]
    return options


def options_of(module: str) -> dict[str, Any]:
    """The argument spec of a module with that of the connection."""
    loaded = importlib.import_module(f"ansible_collections.imageops.glance.plugins.modules.{module}")
    own = getattr(loaded, "ARGUMENT_SPEC", None)
    if own is None:
        return {**CONNECTION, **documented_options(module)}
    return {**CONNECTION, **own}


def mistakes(given: Mapping[str, Any], spec: Mapping[str, Any], where: str) -> Iterator[str]:
    """What a module with this spec would refuse of the options given."""
    by_name = {alias: option for option, facts in spec.items() for alias in facts.get("aliases", ())}
    for name, value in given.items():
        facts = spec.get(by_name.get(name, name))
        if facts is None:
            yield f"{where}: there is no option {name}"
            continue
        if isinstance(value, str) and "{{" in value:
            continue
        choices = facts.get("choices")
        if choices and not all(one in choices for one in (value if isinstance(value, list) else [value])):
            yield f"{where}: {name} cannot be {value}"
        inner = facts.get("options") or facts.get("suboptions")
        if inner:
            for entry in value if isinstance(value, list) else [value]:
                yield from mistakes(entry, inner, f"{where}: {name}")
    for name, facts in spec.items():
        if facts.get("required") and not {name, *facts.get("aliases", ())} & set(given):
            yield f"{where}: {name} is missing"


@functools.cache
def role_variables() -> dict[str, Any]:
    """Variables of all roles, with their specs."""
    found: dict[str, Any] = {}
    for path in sorted(REPO.glob("roles/*/meta/argument_specs.yml")):
        for entry_point in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            found.update(entry_point["options"])
    return found


@each_yaml
def test_it_parses(example: Example) -> None:
    assert parsed(example) is not None


@each_yaml
def test_options_are_those_of_the_module(example: Example) -> None:
    found: list[str] = []
    for mapping in mappings(parsed(example)):
        for key, value in mapping.items():
            if key == GROUP:
                found += mistakes(value, CONNECTION, key)
            elif str(key).startswith(OURS):
                module = key.removeprefix(OURS)
                found += mistakes(value, options_of(module), key) if module in MODULES else [f"no module {key}"]
    assert found == []


@each_yaml
def test_variables_are_those_of_the_roles(example: Example) -> None:
    known = role_variables()
    found: list[str] = []
    for mapping in mappings(parsed(example)):
        given = {key: value for key, value in mapping.items() if re.match(r"(catalog|local_cloud)_", str(key))}
        given = {key: value for key, value in given.items() if key not in OTHER_VARIABLES}
        found += [problem for problem in mistakes(given, known, "variable") if "is missing" not in problem]
    assert found == []


@each_yaml
def test_entries_are_valid(example: Example) -> None:
    for mapping in mappings(parsed(example)):
        found = mapping.get("catalog_images", [])
        located = [Located(entry, Place(str(example), number)) for number, entry in enumerate(found, start=1)]
        told = check_catalog(located, mapping.get("catalog_defaults"), file_exists=None)
        assert [str(mistake) for mistake in told] == []


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(REPO)))
def test_names_of_ours_exist(path: Path) -> None:
    kinds = ("plugins/*", "roles", "playbooks")
    known = {found.stem for kind in kinds for found in REPO.glob(f"{kind}/*")}
    known |= {"all", "attributes", "connection", "docsite", "plugins"}
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"\bimageops\.glance\.([a-z_]+)", text)
    assert set(named) - known == set()


def test_the_guide_has_all_keys_of_an_entry() -> None:
    text = (REPO / "docs/docsite/rst/catalog_guide.rst").read_text(encoding="utf-8")
    table = text.partition("Entries\n-------")[2].partition("\n\n\nVersions")[0]
    assert set(re.findall(r"^   \* - ``(\w+)``$", table, re.MULTILINE)) == set(SCHEMA)
    assert {alias for alias in ALIASES if f"``{alias}``" not in table} == set()


def test_choices_are_told_apart() -> None:
    """The checks above find what they are for."""
    spec = {"a": {"choices": ["x", "y"], "aliases": ["b"]}, "c": {"options": {"d": {}}}, "e": {"required": True}}
    assert list(mistakes({"b": "x", "c": [{"d": 1}], "e": 1}, spec, "t")) == []
    assert list(mistakes({"b": "z", "c": {"f": 1}, "g": 1}, spec, "t")) == [
        "t: b cannot be z",
        "t: c: there is no option f",
        "t: there is no option g",
        "t: e is missing",
    ]


def test_blocks_are_found() -> None:
    rst = "A\n\n.. run: cloud\n\n.. code-block:: yaml\n\n   # a.yml\n   a:\n\n     b\n\nC\n\n"
    rst += ".. code-block:: shell\n\n   d\n"
    first, second = in_rst("p", rst)
    assert (first.text, first.run, first.file, first.line) == ("# a.yml\na:\n\n  b\n", True, "a.yml", 5)
    assert (second.text, second.run, second.file, second.language) == ("d\n", False, None, "shell")
    (block,) = in_markdown("p", "<!-- run: cloud -->\n```yaml\na: 1\n```\n")
    assert (block.text, block.run, str(block)) == ("a: 1\n", True, "p:2")


def test_there_are_examples_of_each_kind() -> None:
    kinds = {example.page.rpartition(".")[2] for example in YAML}
    assert kinds == {"md", "rst", "py"}
    assert sum(example.run for example in examples()) >= 12
