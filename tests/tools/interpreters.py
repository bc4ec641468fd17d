# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python interpreters this machine has, on PATH or kept by pyenv."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ASK = "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.prefix == sys.base_prefix)"


def candidates() -> list[Path]:
    """Every file named like a versioned interpreter, those on PATH first; pyenv's shims are not interpreters."""
    folders = [Path(part) for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part]
    roots = [os.environ.get("PYENV_ROOT", ""), str(Path.home() / ".pyenv")]
    for shims in [folder for folder in folders if folder.name == "shims"]:
        roots.append(str(shims.parent))  # HOME may be another one than that of the pyenv that PATH uses
    for root in dict.fromkeys(filter(None, roots)):
        folders += sorted(Path(root).glob("versions/*/bin"), reverse=True)
    found: list[Path] = []
    for folder in folders:
        if folder.name != "shims" and folder.is_dir():
            found += [path for path in folder.iterdir() if re.fullmatch(r"python3\.\d+", path.name)]
    return found


def find() -> dict[tuple[int, int], Path]:
    """The first working interpreter of each minor version, keyed (3, 12); virtual environments do not count."""
    result: dict[tuple[int, int], Path] = {}
    for path in candidates():
        name_version = (3, int(path.name.rsplit(".", 1)[1]))
        if name_version in result:
            continue
        try:
            done = subprocess.run([str(path), "-c", ASK], capture_output=True, text=True, check=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            continue
        if done.stdout.split() == [f"3.{name_version[1]}", "True"]:
            result[name_version] = path
    return dict(sorted(result.items()))
