# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows progress lines while the module of the same name moves data."""

from __future__ import annotations

from ansible_collections.imageops.glance.plugins.plugin_utils.progress import ProgressAction


class ActionModule(ProgressAction):
    """All there is to it is shared."""
