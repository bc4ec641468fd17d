# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module says of itself in several places is the same in all of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.imageops.glance.plugins.module_utils.argspec import CONNECTION

REPO = Path(__file__).resolve().parents[2]
PACKAGE = "ansible_collections.imageops.glance.plugins"
MODULES = sorted(path.stem for path in (REPO / "plugins" / "modules").glob("*.py") if path.stem != "__init__")
# a file that only documents an action plugin has no spec, no connection and nothing to do on a cloud
ON_A_CLOUD = [
    name
    for name in MODULES
    if "ARGUMENT_SPEC" in (REPO / "plugins" / "modules" / f"{name}.py").read_text(encoding="utf-8")
]
FRAGMENT_PREFIX = "imageops.glance."
HEADER = (
    "# Copyright: (c) 2026, imageops contributors",
    "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
)
# what an option is when nothing is said, in an argument spec as in its documentation
SILENT: dict[str, Any] = {"type": "str", "required": False, "default": None, "elements": None}


def documentation_source(name: str) -> str:
    """The text of a module's file."""
    return (REPO / "plugins" / "modules" / f"{name}.py").read_text(encoding="utf-8")


each_module = pytest.mark.parametrize("name", MODULES)
each_on_a_cloud = pytest.mark.parametrize("name", ON_A_CLOUD)


def module(name: str) -> Any:
    """A module, imported."""
    return importlib.import_module(f"{PACKAGE}.modules.{name}")


def accepted_options(name: str) -> dict[str, Any]:
    """The module's own argument spec and the connection's, which the runner adds to each."""
    return {**CONNECTION, **module(name).ARGUMENT_SPEC}


def fragment(reference: str) -> dict[str, Any]:
    """Documentation that is shared: ``imageops.glance.x`` of ours, ``x`` of ansible-core, ``.y`` its part Y."""
    if reference.startswith(FRAGMENT_PREFIX):
        file, _dot, part = reference.removeprefix(FRAGMENT_PREFIX).partition(".")
        holder = importlib.import_module(f"{PACKAGE}.doc_fragments.{file}")
    else:
        file, _dot, part = reference.partition(".")
        holder = importlib.import_module(f"ansible.plugins.doc_fragments.{file}")
    loaded = yaml.safe_load(getattr(holder.ModuleDocFragment, (part or "documentation").upper()))
    assert isinstance(loaded, dict), reference
    return loaded


def documentation(name: str) -> dict[str, Any]:
    """What ansible-doc shows: the module's own documentation over that of its fragments."""
    own: dict[str, Any] = yaml.safe_load(module(name).DOCUMENTATION)
    for reference in own.get("extends_documentation_fragment", []):
        for section, content in fragment(reference).items():
            if section in ("options", "attributes"):
                own[section] = {**content, **own.get(section, {})}
    return own


def said(option: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an option that argument spec and documentation both state, in a form that can be compared."""
    facts = {key: option.get(key, silent) for key, silent in SILENT.items()}
    facts["choices"] = list(option.get("choices") or [])
    facts["aliases"] = sorted(option.get("aliases") or [])
    return facts


def differences(spec: Mapping[str, Any], docs: Mapping[str, Any], where: str = "") -> list[str]:
    """Every contradiction between options as accepted and options as documented, suboptions included."""
    found = [f"{where}{name}: only in the argument spec" for name in sorted(set(spec) - set(docs))]
    found += [f"{where}{name}: only in the documentation" for name in sorted(set(docs) - set(spec))]
    for name in sorted(set(spec) & set(docs)):
        accepted, documented = said(spec[name]), said(docs[name])
        found += [
            f"{where}{name}: {key} is {accepted[key]!r} in the argument spec, {documented[key]!r} in the documentation"
            for key in accepted
            if accepted[key] != documented[key]
        ]
        if not docs[name].get("description"):
            found.append(f"{where}{name}: not described")
        found += differences(spec[name].get("options") or {}, docs[name].get("suboptions") or {}, f"{where}{name}.")
    return found


def test_there_are_modules() -> None:
    assert {"image", "image_info"} <= set(MODULES)


@each_on_a_cloud
def test_options_are_documented_as_they_are_accepted(name: str) -> None:
    assert differences(accepted_options(name), documentation(name)["options"]) == []


def test_a_contradiction_is_found() -> None:
    """The comparison above is worth something only if it sees each kind of contradiction."""
    spec = {"a": {"type": "int"}, "b": {"choices": ["x"]}, "c": {}, "d": {"type": "dict", "options": {"e": {}}}}
    docs = {
        "a": {"description": "a"},
        "b": {"description": "b", "choices": ["x", "y"]},
        "d": {"description": "d", "type": "dict", "suboptions": {"f": {"description": "f"}}},
    }
    assert differences(spec, docs) == [
        "c: only in the argument spec",
        "a: type is 'int' in the argument spec, 'str' in the documentation",
        "b: choices is ['x'] in the argument spec, ['x', 'y'] in the documentation",
        "d.e: only in the argument spec",
        "d.f: only in the documentation",
    ]


@each_on_a_cloud
def test_rules_name_options_that_exist(name: str) -> None:
    options = set(accepted_options(name))
    mentioned: set[str] = set()
    for rule, groups in module(name).SPEC_RULES.items():
        if rule in ("mutually_exclusive", "required_together", "required_one_of"):
            mentioned.update(option for group in groups for option in group)
        elif rule == "required_if":
            mentioned.update(option for group in groups for option in [group[0], *group[2]])
        elif rule == "required_by":
            mentioned.update([*groups, *(option for needed in groups.values() for option in needed)])
    assert mentioned <= options


@each_on_a_cloud
def test_shared_documentation_is_used(name: str) -> None:
    references = documentation(name)["extends_documentation_fragment"]
    ours = [reference for reference in references if reference.startswith(FRAGMENT_PREFIX)]
    assert any("connection" in reference for reference in ours)
    assert any("attributes" in reference for reference in ours)


@each_on_a_cloud
def test_check_and_diff_mode_are_complete(name: str) -> None:
    attributes = documentation(name)["attributes"]
    assert attributes["check_mode"]["support"] == "full"
    # a module that only reads has no difference to show
    assert attributes["diff_mode"]["support"] == ("N/A" if name.endswith("_info") else "full")


@each_on_a_cloud
def test_result_is_documented(name: str) -> None:
    def incomplete(entries: Mapping[str, Any], where: str = "") -> list[str]:
        found = []
        for key, entry in entries.items():
            # parts of a documented whole come with it
            needed = ("description", "type") if where else ("description", "type", "returned")
            found += [f"{where}{key}: {part}" for part in needed if not entry.get(part)]
            found += incomplete(entry.get("contains") or {}, f"{where}{key}.")
        return found

    result = yaml.safe_load(module(name).RETURN)
    assert result
    assert incomplete(result) == []


@each_module
def test_examples_are_tasks_with_full_names(name: str) -> None:
    tasks = yaml.safe_load(module(name).EXAMPLES)
    used = {key for task in tasks for key in task if "." in key}
    assert f"imageops.glance.{name}" in used
    for task in tasks:
        assert task["name"][0].isupper()
        short = [key for key in task if key in MODULES]
        assert short == [], f"{task['name']}: {short} without its collection's name"


@each_on_a_cloud
def test_examples_use_options_that_exist(name: str) -> None:
    spec = accepted_options(name)
    accepted = set(spec) | {alias for option in spec.values() for alias in option.get("aliases", [])}
    for task in yaml.safe_load(module(name).EXAMPLES):
        assert set(task.get(f"imageops.glance.{name}") or {}) <= accepted, task["name"]


@each_module
def test_module_name_is_its_file_name(name: str) -> None:
    own = documentation(name)
    assert own["module"] == name
    assert own["version_added"]
    assert own["author"]


def test_other_modules_are_documented_action_plugins() -> None:
    actions = {path.stem for path in (REPO / "plugins" / "action").glob("*.py")}
    assert set(MODULES) - set(ON_A_CLOUD) <= actions


def test_action_group_is_the_modules() -> None:
    runtime = yaml.safe_load((REPO / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    connected = [name for name in MODULES if "imageops.glance.connection" in documentation_source(name)]
    assert runtime["action_groups"]["all"] == connected
    assert set(ON_A_CLOUD) <= set(connected)


@each_on_a_cloud
def test_module_has_an_integration_target(name: str) -> None:
    """One of the module's name, or several that begin with it, in which the module is run."""
    targets = REPO / "tests" / "integration" / "targets"
    tasks = [*targets.glob(f"{name}/tasks/*.yml"), *targets.glob(f"{name}_*/tasks/*.yml")]
    assert any(f"imageops.glance.{name}:" in path.read_text(encoding="utf-8") for path in tasks)


def python_files() -> list[str]:
    """Python files of ours, as paths inside the repository."""
    return sorted(
        str(path.relative_to(REPO))
        for folder in ("plugins", "roles", "tests", "docs")
        for path in (REPO / folder).rglob("*.py")
        if path.stat().st_size and "build" not in path.parts
    )


@pytest.mark.parametrize("path", python_files())
def test_python_file_says_its_licence(path: str) -> None:
    lines = (REPO / path).read_text(encoding="utf-8").splitlines()
    if lines[0].startswith("#!"):
        lines = lines[1:]
    assert tuple(lines[: len(HEADER)]) == HEADER


def test_galaxy_and_runtime_agree_with_what_is_promised() -> None:
    galaxy = yaml.safe_load((REPO / "galaxy.yml").read_text(encoding="utf-8"))
    runtime = yaml.safe_load((REPO / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert (galaxy["namespace"], galaxy["name"], galaxy["license"]) == ("imageops", "glance", ["GPL-3.0-or-later"])
    assert runtime["requires_ansible"] == ">=2.16.0"
