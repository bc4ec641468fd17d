# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress lines on the controller's terminal: while data moves slowly, and nowhere else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.tools import samples
from ansible_collections.imageops.glance.tests.tools.common import VENV_BIN, environment
from ansible_collections.imageops.glance.tests.web_server.server import Page, WebServer, running

DATA = samples.raw_disk("progress", 6 << 20)
#: Bytes a second at which the data takes six seconds; lines begin after three.
SLOW = len(DATA) / 6
LINE = re.compile(r"^(?P<label>.+): (?P<percent>\d+)% of 6\.0 MiB, \d+(\.\d)? [KM]iB/s(, \d+ s left)?$", re.MULTILINE)


@dataclass(frozen=True)
class Play:
    """A play of one task of the module image; what it printed, and its results by host."""

    output: str
    results: dict[str, dict[str, Any]]

    @property
    def labels(self) -> set[str]:
        """What progress was shown of."""
        return {match["label"] for match in LINE.finditer(self.output)}


def run_play(
    folder: Path, options: Mapping[str, Any], hosts: str, environ: Mapping[str, str], arguments: tuple[str, ...] = ()
) -> Play:
    """Run it on hosts that are all this machine."""
    folder.mkdir()
    results = folder / "results-{{ inventory_hostname }}.json"
    copied = {"content": "{{ outcome }}", "dest": str(results)}
    tasks = [
        {"name": "The transfer", "imageops.glance.image": dict(options), "register": "outcome"},
        {"name": "Keep the result", "ansible.builtin.copy": copied},
    ]
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    command = [str(VENV_BIN / "ansible-playbook"), "-i", hosts, "-c", "local", *arguments, str(folder / "play.yml")]
    command += ["-e", f"ansible_python_interpreter={sys.executable}"]
    env = environment(
        {"ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_FORCE_COLOR": "0", "OS_CLOUD": "admin", **environ}
    )
    ran = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    kept = {path.stem.removeprefix("results-"): path for path in folder.glob("results-*.json")}
    return Play(ran.stdout + ran.stderr, {host: json.loads(path.read_text()) for host, path in kept.items()})


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    """A slow and a quick source."""
    with running() as server:
        server.add("/slow", Page(DATA, rate=SLOW))
        server.add("/quick", Page(DATA))
        yield server


@pytest.fixture(scope="module")
def plays(web: WebServer, admin: Glance, prefix: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Play]:
    """All plays at once, since they do little but wait."""
    slow: dict[str, Any] = {"url": f"{web.url}/slow", "disk_format": "raw"}

    def entries(*names: str) -> dict[str, Any]:
        return {**slow, "images": [{"name": prefix + name} for name in names]}

    chosen: dict[str, tuple[dict[str, Any], str, dict[str, str]]] = {
        "single": ({**slow, "name": f"{prefix}single"}, "localhost,", {}),
        "batch": (entries("first", "second"), "localhost,", {}),
        "import": ({**slow, "name": f"{prefix}import", "import_method": "web-download"}, "localhost,", {}),
        "hosts": ({**slow, "name": f"{prefix}on {{{{ inventory_hostname }}}}"}, "one,two,", {}),
        "quick": ({**slow, "name": f"{prefix}quick", "url": f"{web.url}/quick"}, "localhost,", {}),
        "option": ({**slow, "name": f"{prefix}option", "progress": False}, "localhost,", {}),
        "variable": ({**slow, "name": f"{prefix}variable"}, "localhost,", {"ANSIBLE_IMAGEOPS_PROGRESS": "0"}),
    }
    folder = tmp_path_factory.mktemp("plays")
    with ThreadPoolExecutor(max_workers=len(chosen)) as pool:
        futures = {name: pool.submit(run_play, folder / name, *arguments) for name, arguments in chosen.items()}
        return {name: future.result() for name, future in futures.items()}


def test_a_slow_transfer_tells_how_far_it_is(plays: dict[str, Play], prefix: str) -> None:
    played = plays["single"]
    assert played.labels == {f"{prefix}single"}
    lines = list(LINE.finditer(played.output))
    shown = [int(line["percent"]) for line in lines]
    assert shown == sorted(shown)
    assert 20 < shown[0] < 100
    task = played.output.index("TASK [The transfer]")
    assert task < lines[0].start() < played.output.index("changed: [localhost]")


def test_each_image_of_a_batch_has_lines_of_its_own(plays: dict[str, Play], prefix: str) -> None:
    assert plays["batch"].labels == {f"{prefix}first", f"{prefix}second"}


def test_an_import_tells_that_it_goes_on(plays: dict[str, Play], prefix: str) -> None:
    assert re.search(rf"^{prefix}import.*: \d+ s so far$", plays["import"].output, re.MULTILINE), plays["import"].output


def test_lines_of_several_hosts_say_whose_they_are(plays: dict[str, Play], prefix: str) -> None:
    assert plays["hosts"].labels == {f"one: {prefix}on one", f"two: {prefix}on two"}


@pytest.mark.parametrize("name", ["quick", "option", "variable"])
def test_no_lines_when_there_is_nothing_to_tell_or_nobody_wants_them(name: str, plays: dict[str, Play]) -> None:
    assert plays[name].labels == set()
    assert "%" not in plays[name].output


@pytest.mark.parametrize("name", ["single", "batch", "import", "hosts", "quick", "option", "variable"])
def test_results_hold_no_progress(name: str, plays: dict[str, Play]) -> None:
    played = plays[name]
    assert len(played.results) == (2 if name == "hosts" else 1)
    for result in played.results.values():
        assert result["changed"] is True
        text = json.dumps(result)
        assert "iB/s" not in text
        assert "IMAGEOPS" not in text


def test_nothing_of_the_progress_stays_on_the_disk(
    plays: dict[str, Play], tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert plays
    for folder, _folders, files in os.walk(tmp_path_factory.getbasetemp()):
        assert "imageops-progress-" not in folder
        assert "progress" not in files
