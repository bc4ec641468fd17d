#!/usr/bin/python
# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_member
short_description: Accept or reject an image that another project shares (Glance)
version_added: 1.0.0
author:
  - imageops contributors (@imageops)
description:
  - Answers for a project that an image is shared with. An accepted image is in that project's list of images; one that
    is pending or rejected can be used by its id only.
  - To share an image, or to stop that, use O(imageops.glance.image#module:members), as its owner.
extends_documentation_fragment:
  - imageops.glance.attributes
  - imageops.glance.connection
options:
  name:
    description:
      - Name of the image, compared exactly. Only images that are shared with O(member) count, whatever it answered.
      - When there are several of them the task fails and lists them.
    type: str
  id:
    description:
      - Id of the image.
    type: str
  owner:
    description:
      - Id or name of the project that owns the image, when several projects share an image of that name.
    type: str
    aliases: [project]
  owner_domain:
    description:
      - Id or name of the domain of O(owner), when several projects have that name.
    type: str
    aliases: [project_domain]
  member:
    description:
      - Id or name of the project that answers; the own project when not given.
      - Only an admin may answer for another project.
    type: str
  member_domain:
    description:
      - Id or name of the domain of O(member), when several projects have that name.
    type: str
  status:
    description:
      - V(accepted) puts the image into the project's list of images, V(rejected) and V(pending) leave it out.
    type: str
    choices: [accepted, rejected, pending]
    required: true
seealso:
  - module: imageops.glance.image
  - module: imageops.glance.image_info
"""

EXAMPLES = r"""
- name: Accept what the platform team shares
  imageops.glance.image_member:
    cloud: mycloud
    name: Golden
    owner: platform
    status: accepted

- name: Do not show it any more
  imageops.glance.image_member:
    cloud: mycloud
    id: 2b1c6d1e-6a2f-4a0e-9c62-5a8f4c1b7d90
    status: rejected

- name: Accept for another project, as an admin
  imageops.glance.image_member:
    cloud: mycloud-admin
    name: Golden
    member: project-a
    status: accepted
"""

RETURN = r"""
member:
  description: The membership as Glance describes it; in check mode as it would be.
  returned: success
  type: dict
  contains:
    image_id:
      description: Id of the image.
      returned: success
      type: str
    member_id:
      description: Id of the project that the image is shared with.
      returned: success
      type: str
    status:
      description: What that project answered.
      returned: success
      type: str
    created_at:
      description: When the image was shared with it.
      returned: success
      type: str
    updated_at:
      description: When the status was set last.
      returned: success
      type: str
actions:
  description: What was done or, in check mode, would be.
  returned: success
  type: list
  elements: str
  sample: [accept]
status:
  description: HTTP status of Glance's answer.
  returned: when Glance refuses
  type: int
request_id:
  description: Id of the request, by which the operator of the cloud finds it in the server's log.
  returned: when Glance refuses
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.imageops.glance.plugins.module_utils.runner import connect, run_module
from ansible_collections.imageops.glance.plugins.module_utils.sharing import (
    Answer,
    answered,
    find_membership,
    resolved,
    shown,
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str"},
    "id": {"type": "str"},
    "owner": {"type": "str", "aliases": ["project"]},
    "owner_domain": {"type": "str", "aliases": ["project_domain"]},
    "member": {"type": "str"},
    "member_domain": {"type": "str"},
    "status": {"type": "str", "choices": ["accepted", "rejected", "pending"], "required": True},
}
SPEC_RULES: dict[str, Any] = {"required_one_of": [["name", "id"]], "mutually_exclusive": [["name", "id"]]}

ACTIONS = {"accepted": "accept", "rejected": "reject", "pending": "postpone"}


def run(module: AnsibleModule) -> dict[str, Any]:
    glance = connect(module)
    answer = resolved(Answer(**{name: module.params[name] for name in ARGUMENT_SPEC}), glance)
    found = find_membership(glance, answer)
    member = answered(glance, found, answer, module.check_mode)
    glance.close()
    changed = member.get("status") != found.member.get("status")
    title = f"{answer.told}, member {answer.member}"
    return {
        "changed": changed,
        "member": member,
        "actions": [ACTIONS[answer.status]] if changed else [],
        "diff": {
            "before": shown(found.member, found.image),
            "after": shown(member, found.image),
            "before_header": title,
            "after_header": title,
        },
    }


def main() -> None:
    run_module(ARGUMENT_SPEC, run, **SPEC_RULES)


if __name__ == "__main__":
    main()
