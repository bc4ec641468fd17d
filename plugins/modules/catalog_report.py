#!/usr/bin/python
# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: catalog_report
short_description: Write a report of a catalog on many clouds
version_added: 1.0.0
author:
  - imageops contributors (@imageops)
description:
  - Writes one HTML page that needs nothing else, and a JSON file with the same facts beside it. It shows for each cloud
    and entry the version, age, size, visibility and state, what differs or was done, and what failed and why. It can be
    filtered and sorted, and is made for desk, phone and paper.
  - Each host puts its own part into the report, so that many hosts can write it at the same time, and a run for a few
    hosts leaves the parts of the others as they are. To forget hosts, remove both files.
  - The role P(imageops.glance.catalog#role) runs it when O(imageops.glance.catalog#role:main:catalog_report) is set.
attributes:
  action:
    description: Runs on the controller.
    support: full
  check_mode:
    description: The report is written in check mode too, since it changes nothing on any cloud; it tells what differs.
    support: full
  diff_mode:
    description: A report has no state to compare.
    support: none
options:
  path:
    description:
      - Where the page is written on the controller. The name ends in C(.html), its folder exists. A relative path
        begins in the folder in which Ansible was started.
      - The JSON file has the same name with C(.json).
    type: str
    required: true
  catalog:
    description:
      - Name of the catalog.
    type: str
    default: base
  steps:
    description:
      - RV(imageops.glance.catalog_plan#filter:_value.steps) of the plan. Give these, and not the whole plan, whose
        C(images) may hold passwords of web servers.
      - Either these or O(failure) must be given.
    type: list
    elements: dict
  result:
    description:
      - What P(imageops.glance.catalog_result#filter) made of the plan.
    type: dict
    default: {}
  images:
    description:
      - The images that the plan was made from.
    type: list
    elements: dict
    default: []
  applied:
    description:
      - The registered result of M(imageops.glance.image), for what the images are like now. Without effect in check
        mode.
    type: dict
    default: {}
  failure:
    description:
      - Why this cloud could not even be looked at.
    type: str
seealso:
  - plugin: imageops.glance.catalog_plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write a report
  imageops.glance.catalog_report:
    path: /srv/www/catalog.html
    steps: "{{ plan.steps }}"
    result: "{{ plan | imageops.glance.catalog_result(applied) }}"
    images: "{{ found.images }}"
    applied: "{{ applied }}"
"""

RETURN = r"""
path:
  description: The page.
  returned: success
  type: str
  sample: /srv/www/catalog.html
data:
  description:
    - The same facts as JSON. Its C(parts) have C(cloud), C(catalog), C(at), C(check), C(failure) and C(items); an item
      has C(label), C(entry), C(version), C(name), C(action), C(reasons), C(state) (C(failed), C(differs), C(changed) or
      C(ok)), C(message), C(notes) and C(image).
  returned: success
  type: str
  sample: /srv/www/catalog.json
"""
