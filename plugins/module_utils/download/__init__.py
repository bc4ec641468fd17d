# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image data into a file: which image, what its data has to be, how it arrives and is verified.

Nothing in this package knows Ansible; the module puts the finished file in its place.
"""

from __future__ import annotations
