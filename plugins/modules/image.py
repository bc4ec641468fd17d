#!/usr/bin/python
# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image
short_description: Manage images of the OpenStack Image service (Glance)
version_added: 1.0.0
author:
  - imageops contributors (@imageops)
description:
  - Brings one image, or many at once, to what the task says, and sends only the requests that this needs.
  - Data comes from a local file, is streamed from a web server, or is fetched by the cloud itself. It is verified
    before the image becomes visible to others; what cannot be verified is removed again.
  - Takes the place of M(openstack.cloud.image). Its options and aliases are accepted and its result is contained in
    this module's.
  - An option that is not given is not managed. An empty list clears, and a property that is V(null) is removed.
extends_documentation_fragment:
  - imageops.glance.attributes
  - imageops.glance.connection
options:
  name: &name
    description:
      - Name of the image. It is compared exactly, whatever characters it has; hidden and deactivated images count.
      - Images of the own project come first; an admin may also mean another project's image. Not hidden comes before
        hidden, and with data before without.
      - When several images are equally good the task fails and lists them.
      - With O(id), the name that this image shall have.
    type: str
  id: &id
    description:
      - Id of the image. When there is no such image it is created with this id, which has to be a UUID in lower case.
    type: str
  state: &state
    description:
      - V(present) makes the image what the other options say, and reactivates a deactivated one.
      - V(deactivated) does so too, and then forbids downloads of its data. V(inactive) is another word for it.
      - V(absent) deletes the image.
      - V(present) when not given.
    type: str
    choices: [present, absent, deactivated, inactive]
  disk_format: &disk_format
    description:
      - Format of the disk, such as V(qcow2), V(raw), V(vmdk), V(iso) or any other that the cloud knows.
      - When not given it is told from the header of the data. A format that contradicts the header is refused before
        anything is sent.
    type: str
  container_format: &container_format
    description:
      - Format of the container. V(bare) when not given and the image gets data.
    type: str
  visibility: &visibility
    description:
      - Who can see the image. A new image is V(private) when this is not given.
    type: str
    choices: [public, private, shared, community]
  is_public: &is_public
    description:
      - V(true) is O(visibility=public), V(false) is O(visibility=private). Prefer O(visibility).
    type: bool
  protected: &protected
    description:
      - Whether the image is protected from deletion.
      - With O(state=absent), V(false) lifts the protection first.
    type: bool
    aliases: [is_protected]
  hidden: &hidden
    description:
      - Whether the image is left out of the default list of images.
    type: bool
    aliases: [is_hidden, os_hidden]
  min_disk: &min_disk
    description:
      - Least size in GiB of a disk to boot the image from.
      - V(auto) takes the size of the disk in the image, rounded up, when the data is moved.
    type: str
  min_ram: &min_ram
    description:
      - Least memory in MiB to boot the image.
    type: int
  tags: &tags
    description:
      - All tags of the image; their order means nothing.
    type: list
    elements: str
  owner: &owner
    description:
      - Id or name of the project that owns the image. It also narrows the search for the image.
      - Only an admin may name another project than the own one.
    type: str
    aliases: [project]
  owner_domain: &owner_domain
    description:
      - Id or name of the domain of O(owner), when several projects have that name.
    type: str
    aliases: [project_domain]
  properties: &properties
    description:
      - Custom properties. Values are compared as Glance stores them, which is as text; V(null) removes a property.
    type: dict
  properties_mode: &properties_mode
    description:
      - V(merge) leaves properties alone that are not listed.
      - V(exact) removes them, except those that Glance, Nova, Cinder, openstacksdk or this collection writes.
      - V(merge) when not given.
    type: str
    choices: [merge, exact]
  kernel: &kernel
    description:
      - Name or id of the image with the kernel, for O(properties) C(kernel_id). An empty text removes it.
    type: str
  ramdisk: &ramdisk
    description:
      - Name or id of the image with the initial RAM disk, for O(properties) C(ramdisk_id). An empty text removes it.
    type: str
  filename: &filename
    description:
      - Path of a file, where the module runs, with the data of the image.
      - The digest of an unchanged file is remembered, so that it is not read again.
    type: path
  url: &url
    description:
      - URL (http, https or file) of the data of the image.
      - "Without O(import_method) it is streamed through the module into the cloud: no temporary file, constant
        memory, and hashed on the way."
    type: str
    aliases: [uri]
  url_headers: &url_headers
    description:
      - Headers to send to the web server of O(url); never to another host.
    type: dict
  url_username: &url_username
    description:
      - User for basic authentication at the web server of O(url).
    type: str
  url_password: &url_password
    description:
      - Password for basic authentication at the web server of O(url).
    type: str
  url_validate_certs: &url_validate_certs
    description:
      - Whether the certificate of the web server is verified. V(true) when not given.
    type: bool
  url_ca_cert: &url_ca_cert
    description:
      - Path of a bundle of authorities that sign the web server's certificate.
    type: path
  decompress: &decompress
    description:
      - Unpack O(filename) or O(url) on the way into the cloud. V(auto) looks at the data.
      - V(zstd) needs Python 3.14 or the library zstandard.
      - V(none) when not given.
    type: str
    choices: [none, auto, gzip, bz2, xz, zstd]
  convert: &convert
    description:
      - V(raw) converts O(filename) or O(url) with C(qemu-img) before it is sent, for clouds that want raw images. The
        outcome is kept in C(imageops-glance/converted) in the user's cache for two weeks after its last use.
      - V(none) when not given.
    type: str
    choices: [none, raw]
  checksum: &checksum
    description:
      - What the data has to be, as C(<algorithm>:<hex>), as bare hex, or as C(<algorithm>:<URL>) of a checksum file
        in the style of GNU or BSD that lists the file by its exact name.
      - It is that of the bytes as their publisher has them, so before O(decompress) and O(convert). That of the
        unpacked data is taken too.
    type: str
  checksum_signature: &checksum_signature
    description:
      - URL or path of a detached signature of the checksum file, or V(inline) for a clear-signed one.
      - Needs C(gpgv) and O(checksum_keyring).
    type: str
  checksum_keyring: &checksum_keyring
    description:
      - Path of a keyring file with the keys that may sign the checksum file.
    type: path
  use_import: &use_import
    description:
      - V(true) is O(import_method=glance-direct).
    type: bool
  import_method: &import_method
    description:
      - How the data travels. Not given, as one upload through the module.
      - V(glance-direct) uploads to the staging area and imports from there, so that the cloud can convert it.
      - V(web-download) has the cloud fetch O(url).
      - V(glance-download) has the cloud fetch O(remote_image_id) from O(remote_region).
    type: str
    choices: [glance-direct, web-download, glance-download]
  remote_region: &remote_region
    description:
      - Region that V(glance-download) copies from.
    type: str
  remote_image_id: &remote_image_id
    description:
      - Id of the image that V(glance-download) copies. Its properties, tags and formats are taken over where the task
        does not say otherwise.
    type: str
  remote_interface: &remote_interface
    description:
      - Interface by which the cloud reaches O(remote_region). V(public) when not given.
    type: str
    choices: [admin, internal, public]
  stores: &stores
    description:
      - Stores in which the data has to be. A copy that an existing image lacks is added, which needs an admin on most
        clouds.
    type: list
    elements: str
  all_stores: &all_stores
    description:
      - Whether the data has to be in all stores of the cloud that can be written to.
    type: bool
  stores_mode: &stores_mode
    description:
      - V(merge) leaves copies in other stores alone, V(exact) removes them.
      - V(merge) when not given.
    type: str
    choices: [merge, exact]
  members: &members
    description:
      - Ids or names of the projects that the image is shared with. It makes the image V(shared) unless O(visibility)
        is given.
    type: list
    elements: str
  members_mode: &members_mode
    description:
      - V(exact) removes members that are not listed, V(merge) leaves them alone.
      - V(exact) when not given.
    type: str
    choices: [merge, exact]
  on_content_change: &on_content_change
    description:
      - What to do when the image has other data, or another format, than wanted. Data of an image can never change.
      - V(fail) says what differs.
      - V(ignore) leaves data and formats as they are.
      - V(replace) makes a new image that takes over everything that the task does not manage, verifies it, gives it
        the name, and then does O(replaced_state) to the old one. At no moment is there no good image.
      - V(fail) when not given.
    type: str
    choices: [fail, ignore, replace]
  replaced_state: &replaced_state
    description:
      - What becomes of an image that was replaced.
      - V(hidden) when not given.
    type: str
    choices: [absent, hidden, deactivated]
  replaced_name: &replaced_name
    description:
      - Name of an image that was replaced and stays. Its old name with its version or the day of its creation in
        brackets when not given.
    type: str
  on_in_use: &on_in_use
    description:
      - What to do when an image cannot be deleted because it is in use. V(hide) hides it instead and says so in
        RV(notes).
      - V(fail) when not given.
    type: str
    choices: [fail, hide]
  volume: &volume
    description:
      - Accepted to be refused, since making an image of a volume is the work of M(openstack.cloud.volume).
    type: str
  images:
    description:
      - Many images in one task. Each entry takes the options above, and what it lacks comes from the task itself.
      - O(parallel) of them are worked on at a time, over one login and one listing. One that fails does not stop the
        others; the task fails in the end and names all that failed.
    type: list
    elements: dict
    suboptions:
      name: *name
      id: *id
      state: *state
      disk_format: *disk_format
      container_format: *container_format
      visibility: *visibility
      is_public: *is_public
      protected: *protected
      hidden: *hidden
      min_disk: *min_disk
      min_ram: *min_ram
      tags: *tags
      owner: *owner
      owner_domain: *owner_domain
      properties: *properties
      properties_mode: *properties_mode
      kernel: *kernel
      ramdisk: *ramdisk
      filename: *filename
      url: *url
      url_headers: *url_headers
      url_username: *url_username
      url_password: *url_password
      url_validate_certs: *url_validate_certs
      url_ca_cert: *url_ca_cert
      decompress: *decompress
      convert: *convert
      checksum: *checksum
      checksum_signature: *checksum_signature
      checksum_keyring: *checksum_keyring
      use_import: *use_import
      import_method: *import_method
      remote_region: *remote_region
      remote_image_id: *remote_image_id
      remote_interface: *remote_interface
      stores: *stores
      all_stores: *all_stores
      stores_mode: *stores_mode
      members: *members
      members_mode: *members_mode
      on_content_change: *on_content_change
      replaced_state: *replaced_state
      replaced_name: *replaced_name
      on_in_use: *on_in_use
      volume: *volume
      key:
        description:
          - A label of the entry, unique in the list, for O(images[].after) and for the result.
        type: str
      after:
        description:
          - Keys of earlier entries. The entry is begun when they have ended, and left alone when one of them failed.
        type: list
        elements: str
      match:
        description:
          - Custom properties by which the image is found, in place of its name. Only an image of the own project whose
            property C(imageops_image) is its own id counts, so that a snapshot, which inherits all properties, does
            not.
          - The role P(imageops.glance.catalog#role) finds its images this way.
        type: dict
      replaces:
        description:
          - Id of an image that this one takes the place of, without comparing their data; for use with
            O(images[].match).
        type: str
  parallel:
    description:
      - How many entries of O(images) are worked on at a time.
    type: int
    default: 4
  wait:
    description:
      - Whether to wait for the end of an import. If not, its data is not verified, and the image does not become
        visible to others before a later run has found it complete.
    type: bool
    default: true
  timeout:
    description:
      - Seconds to wait for an import, and for another run that is working on the same image.
    type: int
    default: 3600
  progress:
    description:
      - Whether long transfers tell on the controller's terminal how far they are. Never part of the result.
      - Not given, the environment variable E(ANSIBLE_IMAGEOPS_PROGRESS) is used.
    type: bool
    default: true
  digest_cache:
    description:
      - Path of the folder in which digests of local files are remembered. An empty text turns that off.
      - C(imageops-glance/digests) in E(XDG_CACHE_HOME), or in C(~/.cache), when not given.
    type: path
seealso:
  - module: imageops.glance.image_info
  - module: imageops.glance.image_download
  - module: imageops.glance.image_member
"""

EXAMPLES = r"""
- name: Publish a file, and do nothing when it is published already
  imageops.glance.image:
    cloud: mycloud
    name: Ubuntu 24.04
    filename: /srv/images/noble-server-cloudimg-amd64.img
    visibility: public
    min_disk: 5
    tags: [ubuntu, lts]
    properties:
      os_distro: ubuntu
      hw_disk_bus: virtio

- name: Stream an image from the web into the cloud, verified by the publisher's own checksum file
  imageops.glance.image:
    cloud: mycloud
    name: Debian 13
    url: https://cloud.debian.org/images/cloud/trixie/latest/debian-13-genericcloud-amd64.qcow2
    checksum: sha512:https://cloud.debian.org/images/cloud/trixie/latest/SHA512SUMS
    on_content_change: replace

- name: Unpack on the way
  imageops.glance.image:
    cloud: mycloud
    name: Fedora raw
    url: https://images.example.org/fedora.raw.xz
    decompress: xz

- name: Have the cloud fetch it
  imageops.glance.image:
    cloud: mycloud
    name: Cirros
    url: https://download.example.org/cirros.img
    import_method: web-download
    disk_format: qcow2

- name: An image without data yet, with nothing but a URL and a token
  imageops.glance.image:
    endpoint: https://glance.example.org
    token: "{{ token }}"
    name: Ubuntu 14.04
    tags: [ubuntu, "14.04", trusty]

- name: Many at once, the connection set once
  imageops.glance.image:
    cloud: mycloud
    visibility: public
    parallel: 4
    images:
      - name: Rocky 9
        filename: /srv/images/rocky9.qcow2
      - name: Rocky 10
        filename: /srv/images/rocky10.qcow2
      - name: Rocky 8
        state: absent

- name: Share with two projects
  imageops.glance.image:
    cloud: mycloud
    name: Golden
    visibility: shared
    members: [project-a, project-b]
"""

RETURN = r"""
image:
  description:
    - The image as Glance describes it, and in addition the names that openstacksdk gives to parts of it.
    - In check mode the image as it would be; what only Glance can know, such as the id of a new image, is V(null).
    - V(null) when there is no image.
  returned: always, without O(images)
  type: dict
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
    visibility:
      description: Who can see the image.
      type: str
    owner:
      description: Id of the project that owns the image; also as C(owner_id).
      type: str
    size:
      description: Bytes of the data.
      type: int
    checksum:
      description: MD5 of the data.
      type: str
    os_hash_algo:
      description: Algorithm of C(os_hash_value); also as C(hash_algo).
      type: str
    os_hash_value:
      description: Digest of the data; also as C(hash_value).
      type: str
    disk_format:
      description: Format of the disk.
      type: str
    container_format:
      description: Format of the container.
      type: str
    min_disk:
      description: Least size of a disk, in GiB.
      type: int
    min_ram:
      description: Least memory, in MiB.
      type: int
    protected:
      description: Whether it is protected from deletion; also as C(is_protected).
      type: bool
    os_hidden:
      description: Whether it is left out of the default list; also as C(is_hidden).
      type: bool
    tags:
      description: Tags.
      type: list
      elements: str
    properties:
      description: Custom properties, which also stand beside the other keys.
      type: dict
actions:
  description: What was done or, in check mode, would be, in order.
  returned: always, without O(images)
  type: list
  elements: str
  sample: [create, upload, update]
verified:
  description: Whether the data was held against a digest of what was wanted. RV(unverified_reason) says why not.
  returned: when data was moved
  type: bool
unverified_reason:
  description: Why the data could not be verified.
  returned: when RV(verified) is false
  type: str
notes:
  description: Worth knowing, such as an image that was hidden because it is in use.
  returned: when there is something to say
  type: list
  elements: str
results:
  description: One result an entry of O(images), in their order, each with the keys above and with C(name) and C(key).
  returned: with O(images)
  type: list
  elements: dict
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
from ansible_collections.imageops.glance.plugins.module_utils.argspec import IMAGE
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.image import task
from ansible_collections.imageops.glance.plugins.module_utils.image.batch import check_order, fulfil_all
from ansible_collections.imageops.glance.plugins.module_utils.image.engine import Engine
from ansible_collections.imageops.glance.plugins.module_utils.image.look import Viewer
from ansible_collections.imageops.glance.plugins.module_utils.image.sources import Sources
from ansible_collections.imageops.glance.plugins.module_utils.runner import (
    FailedResult,
    cache_folder,
    connect,
    digest_folder,
    progress_of,
    run_module,
)

ARGUMENT_SPEC = IMAGE
SPEC_RULES: dict[str, Any] = {}


def run(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    for option, least in (("parallel", 1), ("timeout", 1)):
        if params[option] < least:
            raise OptionError(f"{option}: {params[option]} is too small; give {least} or more.")
    wishes, many = task.wishes_of(params)
    check_order(wishes)
    glance = connect(module, params["parallel"])
    names = [w.name for w in wishes if w.name and not w.id and not w.match]
    ids = [w.id for w in wishes if w.id]
    viewer = Viewer(glance, names + ids, marked=any(w.match for w in wishes))
    sources = Sources(
        digest_folder(module),
        cache_folder("converted"),
        progress_of(module),
        viewer.remote_document,
        params["api_timeout"],
    )
    engine = Engine(glance, viewer, sources, params["timeout"], params["wait"], module.check_mode)
    outcomes = fulfil_all(wishes, engine.fulfil, params["parallel"])
    glance.close()
    if not many:
        if outcomes[0].error is not None:
            result = task.result_of(outcomes[0], wishes[0])
            result.pop("failed"), result.pop("msg")
            raise FailedResult(outcomes[0].error.message, result)
        return task.result_of(outcomes[0], wishes[0])
    result = task.batch_result(wishes, outcomes)
    failure = task.batch_failure(wishes, outcomes)
    if failure is not None:
        raise FailedResult(failure, result)
    return result


def main() -> None:
    run_module(ARGUMENT_SPEC, run, **SPEC_RULES)


if __name__ == "__main__":
    main()
