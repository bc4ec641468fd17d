# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection is importable by its full name however pytest was started, and hypothesis is set alike for all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import settings

COLLECTIONS = Path(__file__).resolve().parents[2] / ".work" / "collections"

if str(COLLECTIONS) not in sys.path:
    sys.path.insert(0, str(COLLECTIONS))

# A deadline per example fails on a machine that is busy with something else; the same examples every time in CI, so
# that a failure there can be had again here.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
