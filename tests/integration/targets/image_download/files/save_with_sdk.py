# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Save an image as other clients do, with openstacksdk: save_with_sdk.py CLOUD IMAGE FILE."""

from __future__ import annotations

import sys

import openstack

if __name__ == "__main__":
    cloud, image, file = sys.argv[1:]
    openstack.connect(cloud=cloud).download_image(image, output_path=file)
