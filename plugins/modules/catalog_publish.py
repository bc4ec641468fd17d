#!/usr/bin/python
# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: catalog_publish
short_description: Publish a catalog of images to a cloud
version_added: 1.0.0
author:
  - imageops contributors (@imageops)
description:
  - What the role P(imageops.glance.catalog#role) consists of, as one task. Prefer the role, which adds a report and
    fails when an image failed.
  - Reads and checks the catalog with P(imageops.glance.catalog_entries#lookup), looks at the cloud with
    M(imageops.glance.image_info), plans as P(imageops.glance.catalog_plan#filter) does, prints the plan, and carries
    it out with one call of M(imageops.glance.image).
  - Sets the fact C(ansible_facts.catalog_result), whose shape P(imageops.glance.catalog_result#filter) describes. An
    image that fails does not fail the task; it is in its C(failed). The role makes it the variable C(catalog_result).
extends_documentation_fragment:
  - imageops.glance.attributes
  - imageops.glance.connection
attributes:
  action:
    description: Runs on the controller, and the modules that it uses where the task runs.
    support: full
options:
  name:
    description: Name of the catalog. It marks the images that the catalog owns.
    type: str
    default: base
  images:
    description: The entries of the catalog. Their keys are in the README of the role.
    type: list
    elements: dict
    default: []
  files:
    description: Files with entries, and folders of such files, on the controller.
    type: list
    elements: str
    default: []
  defaults:
    description: Merged below every entry.
    type: dict
    default: {}
  keep:
    description: How many superseded versions of an entry stay; a number or V(all).
    type: str
    default: '1'
  retire:
    description: What a superseded version becomes. Those beyond O(keep) are deleted.
    type: str
    choices: [hide, deactivate, delete]
    default: hide
  prune:
    description: What images of this catalog become whose entry has left it.
    type: str
    choices: [none, hide, deactivate, delete]
    default: none
  adopt:
    description: Which images without marks are taken over, as P(imageops.glance.catalog_plan#filter) explains.
    type: str
    choices: [content, name, none]
    default: content
  adopt_tag:
    description: The tag of images that another tool has managed so far.
    type: str
    default: managed_by_osism
  parallel:
    description: How many images are moved at a time.
    type: int
    default: 4
  timeout:
    description: Seconds that one image may take to be imported.
    type: int
    default: 3600
  check_properties:
    description: Whether properties are held against the cloud's own metadata definitions before anything changes.
    type: bool
    default: true
  replicate_from:
    description: A C(region) of the same cloud, and optionally its C(interface), from which what is missing is fetched.
    type: dict
    default: {}
  details:
    description: Whether the result has the plan and the images of the cloud, for a report.
    type: bool
    default: false
  failure_report:
    description:
      - Path of a report, as M(imageops.glance.catalog_report) writes it, in which to say when the catalog cannot be
        published at all, such as when the cloud cannot be reached. Nowhere when it is empty.
    type: str
    default: ''
seealso:
  - plugin: imageops.glance.catalog_plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Publish a catalog
  imageops.glance.catalog_publish:
    cloud: mycloud
    name: base
    files: [catalog.d]
    prune: hide
"""

RETURN = r"""
plan:
  description: The plan, with its C(steps), its C(table), and whether it has C(changed) anything.
  returned: with O(details)
  type: dict
images:
  description: The images that the plan was made from, as M(imageops.glance.image_info) returns them.
  returned: with O(details)
  type: list
  elements: dict
applied:
  description: What M(imageops.glance.image) returned, in C(results).
  returned: with O(details), when something was to be done
  type: dict
project_id:
  description: The project that the catalog is published in.
  returned: with O(details)
  type: str
"""
