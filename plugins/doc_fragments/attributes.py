# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and predict the result without writing anything.
    support: full
  diff_mode:
    description: Tells what changes, or would change, when it runs in diff mode.
    support: full
  idempotent:
    description: Run again with the same options, and nothing else having changed, it changes nothing.
    support: full
  action_group:
    description: Use C(group/imageops.glance.all) in C(module_defaults) to set the connection for all modules at once.
    support: full
    membership:
      - imageops.glance.all
"""

    # For modules that only read.
    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Only reads, so it does the same in check mode.
    support: full
  diff_mode:
    description: Only reads, so there is never a difference to tell.
    support: N/A
  idempotent:
    description: Only reads, so it never changes anything.
    support: full
  action_group:
    description: Use C(group/imageops.glance.all) in C(module_defaults) to set the connection for all modules at once.
    support: full
    membership:
      - imageops.glance.all
"""
