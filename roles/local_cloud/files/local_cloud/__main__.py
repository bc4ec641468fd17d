# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run as ``python3 path/to/local_cloud up --state DIR``."""

from __future__ import annotations

import sys
from pathlib import Path

# Run as a folder, Python looks for modules inside the package; make it the package itself.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from local_cloud.cli import main  # noqa: E402  (the path above is needed first)

sys.exit(main())
