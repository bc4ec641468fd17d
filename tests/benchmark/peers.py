# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools that are used today, from PyPI: the collection openstack.cloud, openstack-image-manager, the client."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.imageops.glance.tests.tools.common import WORK

HOME = WORK / "bench"
PACKAGES = ("openstack-image-manager", "python-openstackclient")
#: The package brings some hundred collections, of which one is wanted.
COLLECTIONS_PACKAGE = "ansible>=12,<13"


def collections() -> Path:
    """A collections path that has openstack.cloud; fetched once."""
    target = HOME / "collections"
    wanted = target / "ansible_collections" / "openstack" / "cloud" / "plugins" / "modules" / "image.py"
    if not wanted.exists():
        downloads = HOME / "downloads"
        downloads.mkdir(parents=True, exist_ok=True)
        _run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", downloads, COLLECTIONS_PACKAGE])
        with zipfile.ZipFile(next(downloads.glob("ansible-*.whl"))) as wheel:
            members = [name for name in wheel.namelist() if name.startswith("ansible_collections/openstack/cloud/")]
            wheel.extractall(target, members)
    return target


def command(name: str) -> Path:
    """A command of the environment with the other tools; built once."""
    return _built(WORK / "venv-bench", PACKAGES) / name


def sdk_python() -> Path:
    """A Python with the openstacksdk that openstack.cloud works with; it asks newer ones for what they have not."""
    return _built(WORK / "venv-bench-sdk", ("openstacksdk~=4.4.0", "requests")) / "python"


def _built(environment: Path, packages: Sequence[str]) -> Path:
    stamp = environment / "built"
    if not stamp.exists():
        _run([sys.executable, "-m", "venv", environment])
        _run([environment / "bin" / "pip", "install", "-q", *packages])
        stamp.touch()
    return environment / "bin"


def _run(words: list[str | Path]) -> None:
    subprocess.run([str(word) for word in words], check=True, stdin=subprocess.DEVNULL)
