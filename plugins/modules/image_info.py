#!/usr/bin/python
# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_info
short_description: Tell which images an OpenStack Image service (Glance) has
version_added: 1.0.0
author:
  - imageops contributors (@imageops)
description:
  - Lists images by name, id or any filter that Glance has. The list is always complete, however many pages it has.
  - Takes the place of M(openstack.cloud.image_info).
extends_documentation_fragment:
  - imageops.glance.attributes.info
  - imageops.glance.connection
options:
  image:
    description:
      - Name or id of the images to tell of. A text that looks like an id is taken for one, and for a name when there
        is no image with that id.
    type: str
  name:
    description:
      - Exact name of the images to tell of, whatever characters it has.
    type: str
  id:
    description:
      - Id of the image to tell of. It is found whatever its visibility, also when it is hidden.
    type: str
  tags:
    description:
      - Only images that have all these tags.
    type: list
    elements: str
    default: []
  status:
    description:
      - Only images in one of these states, such as V(active), V(queued) or V(deactivated).
    type: list
    elements: str
    default: []
  visibility:
    description:
      - Only images of this visibility. V(all) brings in community images of other projects too.
    type: str
    choices: [public, private, shared, community, all]
  owner:
    description:
      - Only images of this project, by id or name.
    type: str
    aliases: [project]
  owner_domain:
    description:
      - Id or name of the domain of O(owner), when several projects have that name.
    type: str
    aliases: [project_domain]
  own:
    description:
      - Only images of the project that the login is for. An admin sees the images of all projects otherwise.
    type: bool
    default: false
  hidden:
    description:
      - V(false) leaves hidden images out, V(true) tells of hidden ones only, V(all) of both.
    type: str
    choices: ['false', 'true', 'all']
    default: 'false'
  properties:
    description:
      - Only images with these custom properties. V(true) and V(false) are found in any spelling.
    type: dict
    default: {}
  filters:
    description:
      - Further query parameters of C(GET /v2/images), such as C(disk_format), C(size_min), C(created_at) or
        C(member_status). A list repeats the parameter.
    type: dict
    default: {}
  sort:
    description:
      - Order of the images, such as V(name:asc,created_at:desc). The youngest comes first when not given.
    type: str
  limit:
    description:
      - At most so many images. All when not given; V(0) when only RV(cloud) is of interest.
    type: int
  include:
    description:
      - What to ask for beside each image. V(members) are the projects that share it, V(tasks) its imports.
      - Each costs one more request an image.
    type: list
    elements: str
    choices: [members, tasks]
    default: []
  cloud_facts:
    description:
      - What to tell of the cloud itself in RV(cloud), at one request each, and for V(metadefs) one a namespace.
    type: list
    elements: str
    choices: [import_methods, metadefs, stores]
    default: []
  spellings:
    description:
      - Whether RV(images) has the additional names of openstacksdk. Without them the result is half as large.
    type: bool
    default: true
  projects:
    description:
      - Names of projects whose ids are wanted in RV(cloud).
    type: list
    elements: str
    default: []
seealso:
  - module: imageops.glance.image
"""

EXAMPLES = r"""
- name: All images of one name
  imageops.glance.image_info:
    cloud: mycloud
    name: Ubuntu 24.04
  register: ubuntu

- name: Everything that a catalog has published, hidden versions too
  imageops.glance.image_info:
    cloud: mycloud
    hidden: all
    properties:
      imageops_catalog: base

- name: Large images of last year
  imageops.glance.image_info:
    cloud: mycloud
    filters:
      size_min: 10737418240
      created_at: lt:2026-01-01T00:00:00Z
    sort: size:desc
    limit: 20

- name: With whom is it shared
  imageops.glance.image_info:
    cloud: mycloud
    image: Golden
    include: [members]
"""

RETURN = r"""
images:
  description:
    - The images as Glance describes them, and in addition the names that openstacksdk gives to parts of them, as
      M(imageops.glance.image) returns them.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Id of the image.
      type: str
    name:
      description: Name of the image.
      type: str
    status:
      description: Status, such as C(active), C(queued) or C(deactivated).
      type: str
    os_hash_value:
      description: Digest of the data, by the algorithm C(os_hash_algo).
      type: str
    properties:
      description: Custom properties, which also stand beside the other keys.
      type: dict
    members:
      description: Members as Glance describes them; empty for an image that is not shared.
      type: list
      returned: with O(include=members)
    tasks:
      description: Import tasks as Glance describes them; only those of the own project can be seen.
      type: list
      returned: with O(include=tasks)
cloud:
  description: The cloud itself.
  returned: always
  type: dict
  contains:
    project_id:
      description: The project that the login is for; V(null) when only a token is known.
      type: str
    region:
      description: Name of the region, as the catalog has it; V(null) when only a token is known.
      type: str
    stores:
      description: Ids of the stores that take data, the default one first.
      type: list
      elements: str
      returned: with O(cloud_facts=stores)
    import_methods:
      description: The import methods that the cloud offers.
      type: list
      elements: str
      returned: with O(cloud_facts=import_methods)
    metadefs:
      description: Definitions of image properties by name, as JSON schemas, from all namespaces for images.
      type: dict
      returned: with O(cloud_facts=metadefs)
    projects:
      description: Ids of the projects named in O(projects).
      type: dict
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.imageops.glance.plugins.module_utils.argspec import Spec
from ansible_collections.imageops.glance.plugins.module_utils.client import Document, Glance
from ansible_collections.imageops.glance.plugins.module_utils.document import with_spellings
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image.look import Viewer
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import UUID
from ansible_collections.imageops.glance.plugins.module_utils.metadefs import property_definitions
from ansible_collections.imageops.glance.plugins.module_utils.query import Question, merged, question
from ansible_collections.imageops.glance.plugins.module_utils.runner import connect, run_module

ARGUMENT_SPEC: Spec = {
    "image": {"type": "str"},
    "name": {"type": "str"},
    "id": {"type": "str"},
    "tags": {"type": "list", "elements": "str", "default": []},
    "status": {"type": "list", "elements": "str", "default": []},
    "visibility": {"type": "str", "choices": ["public", "private", "shared", "community", "all"]},
    "owner": {"type": "str", "aliases": ["project"]},
    "owner_domain": {"type": "str", "aliases": ["project_domain"]},
    "own": {"type": "bool", "default": False},
    "hidden": {"type": "str", "choices": ["false", "true", "all"], "default": "false"},
    "properties": {"type": "dict", "default": {}},
    "filters": {"type": "dict", "default": {}},
    "sort": {"type": "str"},
    "limit": {"type": "int"},
    "include": {"type": "list", "elements": "str", "choices": ["members", "tasks"], "default": []},
    "cloud_facts": {
        "type": "list",
        "elements": "str",
        "choices": ["import_methods", "metadefs", "stores"],
        "default": [],
    },
    "spellings": {"type": "bool", "default": True},
    "projects": {"type": "list", "elements": "str", "default": []},
}
#: How many are on their way, where there is a request for each image or namespace.
AT_A_TIME = 4
SPEC_RULES: dict[str, Any] = {"mutually_exclusive": [("image", "name", "id")]}


def run(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    if params["limit"] is not None and params["limit"] < 0:
        raise OptionError(f"limit: {params['limit']} is no number of images; leave it out for all of them.")
    # Every mistake in the options is told before the cloud is asked anything.
    asked(params, None, None)
    glance = connect(module)
    viewer = Viewer(glance)
    found = find(glance, viewer, params)
    images = [with_spellings(image) for image in found] if params["spellings"] else found
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        list(pool.map(lambda image: image.update(beside(glance, image, params["include"])), images))
    told = about_cloud(glance, viewer, params)
    glance.close()
    return {"changed": False, "images": images, "cloud": told}


def beside(glance: Glance, image: Document, include: list[str]) -> dict[str, Any]:
    """What Glance does not tell with the image itself."""
    told: dict[str, Any] = {}
    if "members" in include:
        # Only these have members; for others Glance answers 403.
        told["members"] = glance.members(image["id"]) if image.get("visibility") == "shared" else []
    if "tasks" in include:
        told["tasks"] = glance.tasks(image["id"])
    return told


def about_cloud(glance: Glance, viewer: Viewer, params: dict[str, Any]) -> dict[str, Any]:
    """What was asked about the cloud itself."""
    login = glance.login
    regions = [region for region, endpoint in login.regions.items() if endpoint == login.endpoint]
    told: dict[str, Any] = {"project_id": login.project_id, "region": regions[0] if len(regions) == 1 else None}
    if "stores" in params["cloud_facts"]:
        told["stores"] = list(viewer.stores())
    if "import_methods" in params["cloud_facts"]:
        told["import_methods"] = viewer.import_methods()
    if "metadefs" in params["cloud_facts"]:
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            namespaces = list(pool.map(glance.metadef_namespace, glance.metadef_namespaces()))
        told["metadefs"] = property_definitions(namespaces)
    told["projects"] = {name: viewer.project_id(name, "projects") for name in params["projects"]}
    return told


def find(glance: Glance, viewer: Viewer, params: dict[str, Any]) -> list[Document]:
    """The images that the options speak of."""
    wanted_id = params["id"] or (params["image"] if UUID.match(params["image"] or "") else None)
    if wanted_id:
        image = glance.image(wanted_id)
        if image is not None or params["id"]:
            return [] if image is None else [image]
    if params["limit"] == 0:
        return []
    owner = glance.login.project_id if params["own"] else None
    if params["owner"]:
        owner = viewer.project_id(params["owner"], "owner", params["owner_domain"])
    asking = asked(params, params["name"] or params["image"], owner)
    found: list[Document] = []
    for hidden in {"false": ("false",), "true": ("true",), "all": ("false", "true")}[params["hidden"]]:
        # What is sifted here may thin out a page, so that Glance must not count it.
        limit = None if asking.sift else params["limit"]
        found += [i for i in glance.images([*asking.query, ("os_hidden", hidden)], limit) if asking.keep(i)]
    return merged(found, asking.sort, params["limit"])


def asked(params: dict[str, Any], name: str | None, owner: str | None) -> Question:
    return question(
        name=name,
        tags=params["tags"],
        status=params["status"],
        visibility=params["visibility"],
        owner=owner,
        properties=params["properties"],
        filters=params["filters"],
        sort=params["sort"],
    )


def main() -> None:
    run_module(ARGUMENT_SPEC, run, **SPEC_RULES)


if __name__ == "__main__":
    main()
