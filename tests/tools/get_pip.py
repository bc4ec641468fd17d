# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put pip into an empty virtual environment from the wheel that comes with Python.

ansible-test wants this done by a script that it downloads from its makers' server. With this one in the place where it
keeps that download, sanity tests need nothing but a Python package index. Arguments are those of ``get-pip.py``.
"""

from __future__ import annotations

import ensurepip
import os
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Install what the arguments name, with the bundled pip."""
    bundled = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    wheels = bundled or sorted(Path("/usr/share/python-wheels").glob("pip-*.whl"))  # Debian keeps them there
    if not wheels:
        sys.exit("This Python comes without a pip wheel; install its ensurepip (Debian: python3-venv).")
    sys.path.insert(0, str(wheels[-1]))
    # pip starts itself again to build packages and must find this same wheel there
    os.environ["PYTHONPATH"] = str(wheels[-1])
    arguments = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
    sys.argv = ["pip", "install", *arguments]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
