#!/usr/bin/python
# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: catalog_show
short_description: Show the plan of a catalog
version_added: 1.0.0
author:
  - imageops contributors (@imageops)
description:
  - Prints the plan that P(imageops.glance.catalog_plan#filter) made, as a table that a person can read.
  - In check mode it is reported as changed when the plan changes something, and tells all changes in diff mode, since
    the task that would make them is not run then.
attributes:
  action:
    description: Runs on the controller.
    support: full
  check_mode:
    description: Stands for the changes that would be made.
    support: full
  diff_mode:
    description: In check mode, tells the changes that would be made.
    support: full
extends_documentation_fragment:
  - action_common_attributes
  - action_common_attributes.conn
  - action_common_attributes.flow
options:
  plan:
    description:
      - The plan.
    type: dict
    required: true
  images:
    description:
      - The images that the plan was made from, for the diff.
    type: list
    elements: dict
    default: []
seealso:
  - plugin: imageops.glance.catalog_plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what would happen
  imageops.glance.catalog_show:
    plan: "{{ entries | imageops.glance.catalog_plan(found.images, name='base') }}"
    images: "{{ found.images }}"
"""

RETURN = r"""#"""
