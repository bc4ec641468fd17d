# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud is a program with an environment of its own, not part of the collection's import path."""

from __future__ import annotations

import sys
from pathlib import Path

FILES = Path(__file__).resolve().parents[3] / "roles" / "local_cloud" / "files"

for folder in (FILES, FILES / "local_cloud" / "serve"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
