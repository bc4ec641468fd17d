# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter and the lookup as Ansible calls them, and the examples of their documentation as a play."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError, AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.imageops.glance.plugins.filter.catalog_plan import FilterModule, catalog_plan
from ansible_collections.imageops.glance.plugins.lookup import catalog_entries
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan

REPO = Path(__file__).resolve().parents[3]
COLLECTIONS = REPO / ".work" / "collections"
ENTRY = {"name": "A", "version": "1", "url": "https://h/a.img"}
SIDECAR = yaml.safe_load((REPO / "plugins" / "filter" / "catalog_plan.yml").read_text(encoding="utf-8"))
SECRET = VaultSecret(b"password")


class Lookup(catalog_entries.LookupModule):
    """The lookup without Ansible's reading of options from its documentation, for which a play is needed."""

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        self.given = {"images": None, "defaults": None, "check_files": True, "resolve_checksums": False, **direct}

    def get_option(self, option: str, hostvars: Any = None) -> Any:
        return self.given[option]


def look_up(*terms: Any, folder: Path | None = None, vault: bool = False, **options: Any) -> list[dict[str, Any]]:
    loader = DataLoader()
    loader.set_basedir(str(folder or REPO))
    if vault:
        loader.set_vault_secrets([("default", SECRET)])
    return Lookup(loader=loader).run(list(terms), {}, **options)


def test_filter() -> None:
    outcome = FilterModule().filters()["catalog_plan"]([ENTRY], [], keep="2")
    assert outcome["result"]["created"] == ["A"]
    assert outcome["images"][0]["match"]["imageops_catalog"] == "base"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({}, []), "catalog_plan: entries must be a list, not dict."),
        (([], "x"), "catalog_plan: images must be a list, not str."),
        (([], [{"name": "A"}]), "catalog_plan: images must be what imageops.glance.image_info returns"),
        (([], ["A"]), "catalog_plan: images must be what imageops.glance.image_info returns"),
        (([{"nam": "A"}, 5], []), "nam: is no key of an entry. Did you mean 'name'?"),
        (([], [], ""), "name: a catalog needs a name"),
    ],
)
def test_filter_refuses(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        catalog_plan(*arguments)
    assert message in str(caught.value)


def test_filter_refuses_an_unknown_policy() -> None:
    with pytest.raises(AnsibleFilterError, match="remain"):
        catalog_plan([], [], remain=3)


def test_the_filters_page_is_true() -> None:
    documented = SIDECAR["DOCUMENTATION"]["options"]
    parameters = dict(inspect.signature(plan).parameters)
    assert set(documented) - {"_input"} == set(parameters) - {"entries"}
    for name, option in documented.items():
        if "default" in option and name != "name":
            assert (parameters[name].default or {}) == option["default"], name
    outcome = plan([ENTRY], [], "base")
    contains = SIDECAR["RETURN"]["_value"]["contains"]
    assert set(contains) == set(outcome)
    assert set(contains["steps"]["contains"]) == set(outcome["steps"][0])


def test_lookup_of_files_and_a_variable(tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text("images: [{name: B, url: 'https://h/b', properties: {x: 1}}]")
    found = look_up(["c.yml"], folder=tmp_path, images=[ENTRY], defaults={"min_ram": "64", "properties": {"y": 2}})
    assert found == [
        {"name": "B", "url": "https://h/b", "min_ram": 64, "properties": {"y": 2, "x": 1}},
        {**ENTRY, "min_ram": 64, "properties": {"y": 2}},
    ]


def test_lookup_of_nothing() -> None:
    assert look_up() == []


def test_lookup_tells_all_mistakes_at_once(tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text("images:\n - {name: B, url: 'https://h/b', visiblity: public}\n")
    with pytest.raises(AnsibleLookupError) as caught:
        look_up("c.yml", "gone.yml", folder=tmp_path, images=[{"name": "A"}], defaults={"min_ram": -1})
    lines = str(caught.value).splitlines()
    assert lines[0] == "The catalog has 4 mistakes; nothing was touched:"
    assert [line.rpartition("/")[2].strip(" -") for line in lines[1:]] == [
        "gone.yml: does not exist.",
        "catalog_defaults: defaults: min_ram: has the value -1; it is a whole number from 0 to 2147483647.",
        "c.yml:2: B: visiblity: is no key of an entry. Did you mean 'visibility'?",
        "catalog_images: A: url: is missing; an entry needs the place of its data: 'url' or 'filename'.",
    ]


def test_files_of_images_are_looked_for_unless_they_are_elsewhere(tmp_path: Path) -> None:
    missing = {"name": "A", "filename": str(tmp_path / "a.img")}
    with pytest.raises(AnsibleLookupError, match="is no file that can be found"):
        look_up(images=[missing])
    assert look_up(images=[missing], check_files=False) == [missing]


def test_lookup_opens_vaults(tmp_path: Path) -> None:
    vault = VaultLib([("default", SECRET)])
    text = "images: [{name: A, url: 'https://h/a'}]"
    (tmp_path / "whole.yml").write_bytes(vault.encrypt(text))
    secret = "\n".join("      " + line for line in vault.encrypt("secret").decode().splitlines())
    (tmp_path / "value.yml").write_text(
        f"images:\n - name: B\n   url: https://h/b\n   url_username: u\n   url_password: !vault |\n{secret}\n"
    )
    found = look_up("whole.yml", "value.yml", folder=tmp_path, vault=True)
    assert found[0] == {"name": "A", "url": "https://h/a"}
    assert found[1]["url_password"] == "secret"
    with pytest.raises(AnsibleLookupError, match=r"value\.yml:5: has a value in a vault that cannot be opened"):
        look_up("value.yml", folder=tmp_path)
    with pytest.raises(AnsibleLookupError, match=r"whole\.yml"):
        look_up("whole.yml", folder=tmp_path)


@pytest.mark.parametrize(
    "examples", [SIDECAR["EXAMPLES"], catalog_entries.EXAMPLES], ids=["catalog_plan", "catalog_entries"]
)
def test_examples_run(examples: str, tmp_path: Path) -> None:
    (tmp_path / "catalog.d").mkdir()
    (tmp_path / "catalog.d" / "a.yml").write_text("images: [{name: A, url: 'https://h/a'}]")
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": yaml.safe_load(examples)}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump(play))
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", "play.yml"],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed=0" in done.stdout
