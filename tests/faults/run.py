# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Play the cases on the local cloud and print a table of them.

python -m ...tests.faults.run [--short] [--jobs N] [--list] [-k WORDS]
"""

# Nothing is imported up here that takes time: every module process looks at this file when it begins.
from __future__ import annotations

import sys

if __name__ == "__main__":
    from ansible_collections.imageops.glance.tests.faults.player import main

    sys.exit(main(sys.argv[1:]))
