# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud whose storage quota is reached: said in a sentence, and nothing is left behind."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import Done, image
from ansible_collections.imageops.glance.tests.tools import samples
from ansible_collections.imageops.glance.tests.tools.common import CLOUD, WORK, environment

MIB = 1 << 20


@pytest.fixture(scope="module")
def small_cloud() -> Iterator[None]:
    """A cloud of its own, in which each user may store 2 MiB; it takes the place of the common one."""
    state = ["--state", str(WORK / "cloud-quota")]
    quota = ["--glance-set", f"DEFAULT.user_storage_quota={2 * MIB}"]
    subprocess.run([str(CLOUD), "up", *state, *quota], env=environment(), check=True, capture_output=True)
    told = subprocess.run([str(CLOUD), "env", *state, "--json"], env=environment(), check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in json.loads(told.stdout).items():
            patch.setenv(name, value)
        yield
    subprocess.run([str(CLOUD), "down", *state], env=environment(), check=True, capture_output=True)


@pytest.fixture(scope="module")
def ran(small_cloud: None, run: Runner, files: Path) -> Iterator[tuple[dict[str, Done], Glance]]:
    """What was tried, by name, and the cloud afterwards."""
    (files / "large.raw").write_bytes(samples.raw_disk("large", size=3 * MIB))
    glance = Glance("admin")
    glance.remove("quota")
    large = {"filename": "$FILES/large.raw", "disk_format": "raw"}
    tasks = {
        "small": image(name="quota small", filename="$FILES/a.raw", disk_format="raw", tags=["t"]),
        "uploaded": image(name="quota uploaded", **large),
        "imported": image(name="quota imported", import_method="glance-direct", **large),
        "replaced": image(name="quota small", on_content_change="replace", **large),
        "several": image(images=[{"name": "quota one", **large}, {"name": "quota two", "filename": "$FILES/b.raw"}]),
    }
    yield dict(zip(tasks, run(list(tasks.values())), strict=True)), glance
    glance.remove("quota")


@pytest.mark.parametrize("name", ["uploaded", "replaced"])
def test_it_is_told(ran: tuple[dict[str, Done], Glance], name: str) -> None:
    done = ran[0][name]
    assert done.failed
    assert "failed with HTTP 413: " in done.message
    assert "a limit or quota of the cloud is reached (request id req-" in done.message
    assert done.message.endswith(").")
    assert done.result["status"] == 413
    assert done.result["request_id"] in done.message


def test_an_import_tells_what_glance_tells(ran: tuple[dict[str, Done], Glance]) -> None:
    done = ran[0]["imported"]
    assert done.failed
    assert re.search(r"glance-direct of filename .*large\.raw|failed with HTTP 413", done.message)
    assert done.message.endswith(".")


def test_the_others_go_on(ran: tuple[dict[str, Done], Glance]) -> None:
    done = ran[0]["several"]
    assert done.message.startswith("1 of 2 images failed: [quota one] ")
    assert [result.get("status") for result in done.result["results"]] == [413, None]


def test_nothing_is_left_behind_and_nothing_lost(ran: tuple[dict[str, Done], Glance]) -> None:
    done, glance = ran
    assert glance.names("quota") == ["quota small", "quota two"]
    small = done["small"].image
    (kept,) = glance.images("quota small")
    assert {key: kept[key] for key in ("id", "status", "tags", "os_hash_value", "updated_at")} == {
        key: small[key] for key in ("id", "status", "tags", "os_hash_value", "updated_at")
    }
