# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of the same name without a process of its own, where that comes to the same."""

from __future__ import annotations

from ansible_collections.imageops.glance.plugins.plugin_utils.module_action import ModuleAction


class ActionModule(ModuleAction):
    """All there is to it is shared."""
