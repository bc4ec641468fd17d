# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image data as bytes: where they come from, what they are, how they are hashed, unpacked and handed to a request.

Nothing in this package knows Ansible or Glance; every function takes and returns plain values.
"""

from __future__ import annotations
