# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalog in the hands of ansible-runner, and what ansible-builder makes of the collection's needs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from textwrap import dedent
from typing import Any

import ansible_runner
import yaml
from ansible_collections.imageops.glance.tests.cloud.catalogs import data_of, sha512
from ansible_collections.imageops.glance.tests.cloud.glance import Glance, account
from ansible_collections.imageops.glance.tests.tools.common import COLLECTION, REPO, VENV_BIN, environment

SCALE_OUT = REPO / "docs" / "docsite" / "rst" / "scale_out.rst"
REGIONS = ("admin", "admin-two")


def job(folder: Path, catalog: str, ident: str) -> ansible_runner.Runner:
    """One job as a controller runs it: what it needs in a private data folder, what it did in the artifacts there."""
    (folder / "job").mkdir(exist_ok=True)
    data = folder / "disk.raw"
    data.write_bytes(data_of(catalog))
    entry = {
        "name": catalog,
        "version": "1",
        "filename": str(data),
        "checksum": f"sha512:{sha512(data_of(catalog))}",
        "disk_format": "raw",
        "visibility": "public",
    }
    return ansible_runner.run(
        private_data_dir=str(folder / "job"),
        playbook="imageops.glance.publish",
        inventory={"all": {"hosts": {name: {"cloud": name} for name in REGIONS}}},
        extravars={"catalog_name": catalog, "catalog_images": [entry]},
        envvars=environment({"ANSIBLE_HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "cache")}),
        ident=ident,
        quiet=True,
    )


def published(ran: ansible_runner.Runner) -> dict[str, dict[str, Any]]:
    """The result of the task that publishes, by host, as it is in the events of the job."""
    found = {}
    for event in ran.events:
        data = event.get("event_data", {})
        if event["event"] == "runner_on_ok" and data.get("task_action") == "imageops.glance.catalog_publish":
            found[data["host"]] = data["res"]
    return found


def test_ansible_runner_publishes_to_two_regions(tmp_path: Path, prefix: str, admin: Glance) -> None:
    catalog, two = f"{prefix}runner", Glance("admin-two")
    try:
        first = job(tmp_path, catalog, "first")
        assert (first.status, first.rc) == ("successful", 0), first.stdout.read()
        results = published(first)
        assert {
            host: len(result["ansible_facts"]["catalog_result"]["created"]) for host, result in results.items()
        } == dict.fromkeys(REGIONS, 1)
        for glance in (admin, two):
            assert [image["os_hash_value"] for image in glance.images(catalog)] == [sha512(data_of(catalog))]
        again = job(tmp_path, catalog, "again")
        assert again.status == "successful"
        assert {host: result["changed"] for host, result in published(again).items()} == dict.fromkeys(REGIONS, False)
        assert {**again.stats["ok"]}.keys() == set(REGIONS)
    finally:
        two.remove(catalog)
    password = account("admin")["auth"]["password"]
    told = [path for path in (tmp_path / "job").rglob("*") if path.is_file() and password in path.read_text("utf-8")]
    assert told == []


def test_ansible_builder_knows_what_an_execution_environment_needs(tmp_path: Path) -> None:
    """The definition in the documentation makes a build context; the collection says what has to be in the image."""
    shown = re.search(
        r"code-block:: yaml\n\n((?:   .*\n|\n)*?   # execution-environment\.yml\n(?:   .*\n|\n)*)",
        SCALE_OUT.read_text("utf-8"),
    )
    assert shown, "scale_out.rst shows no execution-environment.yml"
    (tmp_path / "execution-environment.yml").write_text(dedent(shown.group(1)), encoding="utf-8")
    run("create", "-f", "execution-environment.yml", "--output-filename", "Containerfile", cwd=tmp_path)
    context = tmp_path / "context"
    assert "ansible-galaxy collection install" in (context / "Containerfile").read_text()
    galaxy = yaml.safe_load((context / "_build" / "requirements.yml").read_text())
    assert [one["name"] for one in galaxy["collections"]] == ["imageops.glance"]

    place = tmp_path / "collections" / "ansible_collections" / "imageops"
    place.mkdir(parents=True)
    (place / "glance").symlink_to(COLLECTION.resolve())
    told = run(
        "introspect",
        "--write-pip",
        "pip.txt",
        "--write-bindep",
        "bindep.txt",
        str(tmp_path / "collections"),
        cwd=tmp_path,
    )
    needed = (tmp_path / "pip.txt").read_text()
    for line in (REPO / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            assert line in needed, told
    assert "qemu" in (tmp_path / "bindep.txt").read_text(), told


def run(*words: str, cwd: Path) -> str:
    command = [str(VENV_BIN / "ansible-builder"), *words]
    done = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
