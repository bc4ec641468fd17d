# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests on the local cloud have in common."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import Done, Task, play
from ansible_collections.imageops.glance.tests.tools import samples

Runner = Callable[..., list[Done]]


def pytest_configure() -> None:
    """Say what is missing, once, and not by an error in every test."""
    if "LOCAL_CLOUD_STATE" not in os.environ:
        raise pytest.UsageError('these tests need the local cloud: eval "$(tests/local_cloud/cloud env)"')


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small images of several formats, two of a kind that differ."""
    folder = tmp_path_factory.mktemp("files")
    for name in ("a", "b"):
        (folder / f"{name}.qcow2").write_bytes(samples.qcow2(name, clusters=1))
        (folder / f"{name}.raw").write_bytes(samples.raw_disk(name, size=64 << 10))
        (folder / f"{name}.iso").write_bytes(samples.iso(name, size=64 << 10))
    (folder / "noise").write_bytes(samples.noise("noise", 1000))
    (folder / "empty").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def prefix() -> str:
    """Begins the names of all images of a test file, and of nobody else's."""
    return f"t{secrets.token_hex(3)}-"


@pytest.fixture(scope="module")
def admin(prefix: str) -> Iterator[Glance]:
    """The administrator, who cleans up afterwards."""
    glance = Glance("admin")
    yield glance
    glance.remove(prefix)


@pytest.fixture(scope="module")
def member() -> Glance:
    """A user with the role member in the project demo."""
    return Glance("member")


@pytest.fixture(scope="session")
def logins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for finished logins, so that tests that are not about logins do not pay for them."""
    folder = tmp_path_factory.mktemp("logins")
    folder.chmod(0o700)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, files: Path, logins: Path) -> Runner:
    """Run tasks in one play, by default as the administrator; ``$FILES`` stands for the folder of files in paths."""

    def run_tasks(tasks: Sequence[Task], cloud: str = "admin") -> list[Done]:
        defaults = {"cloud": cloud, "auth_cache": str(logins)}
        return play(tasks, tmp_path_factory.mktemp("play"), defaults, {"FILES": str(files)}).done

    return run_tasks
