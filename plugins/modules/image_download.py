#!/usr/bin/python
# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_download
short_description: Download the data of an image of the OpenStack Image service (Glance) to a file
version_added: 1.0.0
author:
  - imageops contributors (@imageops)
description:
  - Brings the data of an image into a file, and leaves a file alone that has that data already.
  - The data gathers in a hidden file beside O(dest), is held against the digest that Glance keeps, and is moved to
    O(dest) only then. Whatever goes wrong, a file that is there stays as it is.
  - A connection that breaks is taken up again where it broke off, within a run and by the next one.
extends_documentation_fragment:
  - files
  - imageops.glance.attributes
  - imageops.glance.connection
attributes:
  idempotent:
    description: Run again with the same options, and nothing else having changed, it changes nothing.
    support: partial
    details:
      - With O(force) the data is downloaded every time.
options:
  name:
    description:
      - Name of the image. It is compared exactly, whatever characters it has; hidden and deactivated images count.
      - Images of the own project come first, then public ones and those whose sharing was accepted. Not hidden comes
        before hidden, and with data before without.
      - Community images, which anybody can make under any name, count only with O(image_owner).
      - When several images are equally good the task fails and lists them.
    type: str
  id:
    description:
      - Id of the image.
    type: str
  image_owner:
    description:
      - Id or name of the project that owns the image. (O(owner) is the owner of the file.)
    type: str
    aliases: [project]
  image_owner_domain:
    description:
      - Id or name of the domain of O(image_owner), when several projects have that name.
    type: str
    aliases: [project_domain]
  dest:
    description:
      - Path of the file, where the module runs. In a directory, the file gets the name of the image.
      - A link is followed. The directory has to be there, with room for the image beside what is replaced.
      - A new file gets the permissions that the umask leaves; set O(mode) for an image that others must not read.
    type: path
    required: true
  force:
    description:
      - Whether to download the data even when the file has it.
    type: bool
    default: false
  checksum:
    description:
      - What the data has to be, as C(<algorithm>:<hex>) or as bare hex, in addition to what Glance says.
      - Another digest fails the task, and the file stays as it is.
    type: str
  prefer:
    description:
      - Stores to read the data from, the best one first. Glance takes another one when the image is in none of them.
    type: list
    elements: str
  progress:
    description:
      - Whether long transfers tell on the controller's terminal how far they are. Never part of the result.
      - Not given, the environment variable E(ANSIBLE_IMAGEOPS_PROGRESS) is used.
    type: bool
    default: true
  digest_cache:
    description:
      - Path of the folder in which digests of local files are remembered, so that an unchanged O(dest) is not read
        again. An empty text turns that off.
      - C(imageops-glance/digests) in E(XDG_CACHE_HOME), or in C(~/.cache), when not given.
    type: path
notes:
  - The hidden file is named after O(dest) and the id of the image and ends in C(.part). It is kept when the line
    breaks, and removed when its data is wrong or the disk is full. What another image has left is removed after a
    success.
  - A second run to the same O(dest) waits for the first.
seealso:
  - module: imageops.glance.image
  - module: imageops.glance.image_info
"""

EXAMPLES = r"""
- name: Keep a copy of an image up to date
  imageops.glance.image_download:
    cloud: mycloud
    name: Ubuntu 24.04
    dest: /srv/images/ubuntu-24.04.qcow2

- name: Only root may read this one
  imageops.glance.image_download:
    cloud: mycloud
    name: Golden
    dest: /srv/images/
    owner: root
    group: root
    mode: "0600"

- name: A community image of another project, from the store next door, and no other data than this
  imageops.glance.image_download:
    cloud: mycloud
    name: Scanner
    image_owner: 1f0e4e3a6f7d4f6b9a1d5f2c8b7e6a5d
    dest: /srv/images/scanner.raw
    prefer: [ceph-here]
    checksum: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""

RETURN = r"""
dest:
  description:
    - Path of the file, links followed. Beside it are the usual facts of a file (C(mode), C(owner), C(group), C(uid),
      C(gid), C(size), C(state)) as they are at the end; in check mode those of the present file.
  returned: success
  type: str
image:
  description: The image as Glance describes it, and in addition the names that openstacksdk gives to parts of it.
  returned: success
  type: dict
  contains:
    id:
      description: Id of the image.
      returned: success
      type: str
    name:
      description: Name of the image.
      returned: success
      type: str
    size:
      description: Bytes of the data.
      returned: success
      type: int
    os_hash_algo:
      description: Algorithm of C(os_hash_value); also as C(hash_algo).
      returned: success
      type: str
    os_hash_value:
      description: Digest of the data; also as C(hash_value).
      returned: success
      type: str
actions:
  description: What was done or, in check mode, would be; V(attributes) only for a file that was there.
  returned: success
  type: list
  elements: str
  sample: [download, attributes]
reason:
  description: Why the data was downloaded.
  returned: when it was or, in check mode, would be
  type: str
  sample: the file has other data
resumed:
  description: Bytes of the data that an earlier run had fetched; V(0) in check mode.
  returned: when the data was or, in check mode, would be downloaded
  type: int
verified:
  description:
    - Whether the data of the file was held against a digest that Glance keeps, or against O(checksum).
    - In check mode, whether it would be. RV(unverified_reason) says why not.
  returned: success
  type: bool
unverified_reason:
  description: Why the data cannot be verified.
  returned: when RV(verified) is false
  type: str
status:
  description: HTTP status of Glance's answer.
  returned: when Glance refuses
  type: int
request_id:
  description: Id of the request, by which the operator of the cloud finds it in the server's log.
  returned: when Glance refuses
  type: str
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible.module_utils.basic import FILE_COMMON_ARGUMENTS, AnsibleModule, env_fallback
from ansible_collections.imageops.glance.plugins.module_utils.download.engine import Downloader, Fetched
from ansible_collections.imageops.glance.plugins.module_utils.download.plan import Plan
from ansible_collections.imageops.glance.plugins.module_utils.download.report import Attributes, result_of
from ansible_collections.imageops.glance.plugins.module_utils.download.wish import wish_of
from ansible_collections.imageops.glance.plugins.module_utils.errors import TransferError
from ansible_collections.imageops.glance.plugins.module_utils.runner import (
    connect,
    digest_folder,
    progress_of,
    run_module,
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str"},
    "id": {"type": "str"},
    "image_owner": {"type": "str", "aliases": ["project"]},
    "image_owner_domain": {"type": "str", "aliases": ["project_domain"]},
    "dest": {"type": "path", "required": True},
    "force": {"type": "bool", "default": False},
    "checksum": {"type": "str"},
    "prefer": {"type": "list", "elements": "str"},
    "progress": {"type": "bool", "default": True, "fallback": (env_fallback, ["ANSIBLE_IMAGEOPS_PROGRESS"])},
    "digest_cache": {"type": "path"},
    **FILE_COMMON_ARGUMENTS,
}
SPEC_RULES: dict[str, Any] = {"required_one_of": [["name", "id"]], "mutually_exclusive": [["name", "id"]]}


def run(module: AnsibleModule) -> dict[str, Any]:
    wish = wish_of(module.params)
    glance = connect(module)
    downloader = Downloader(glance, digest_folder(module), progress_of(module))
    plan = downloader.look(wish)
    fetched = None
    if plan.reason is not None and module.check_mode:
        downloader.probe(plan, wish)
    elif plan.reason is not None:
        with downloader.fetched(plan, wish) as fetched:
            if fetched is not None:
                _put_in_place(module, fetched, plan)
    glance.close()
    return result_of(plan, fetched, _attributes(module, plan), module.check_mode)


def _put_in_place(module: AnsibleModule, fetched: Fetched, plan: Plan) -> None:
    try:
        with _unreadable_at_first(module):
            module.atomic_move(fetched.path, plan.target.path, unsafe_writes=module.params["unsafe_writes"])
    except Exception as exc:
        # ansible-core raises a plain Exception here.
        raise TransferError(
            f"dest: {plan.target.path} could not be replaced: {exc} Its data is in {fetched.path}."
        ) from exc


@contextmanager
def _unreadable_at_first(module: AnsibleModule) -> Iterator[None]:
    """atomic_move gives a new file what the umask leaves; where a mode is set, nobody is to read it before that."""
    before = os.umask(0o077) if str(module.params["mode"] or "").isdecimal() else None
    try:
        yield
    finally:
        if before is not None:
            os.umask(before)


def _attributes(module: AnsibleModule, plan: Plan) -> Attributes:
    """Apply what the task says of the file's attributes; in check mode, say what that would change."""
    path = plan.target.path
    wanted = module.load_file_common_arguments(module.params, path=path)
    # Both would take a "$" in the image's name for a variable.
    wanted["path"] = path
    shown: dict[str, Any] = {}
    changed = module.set_fs_attributes_if_different(wanted, False, shown, expand=False)
    before, after = ({k: v for k, v in shown.get(side, {}).items() if k != "path"} for side in ("before", "after"))
    if module.check_mode and not plan.target.exists:
        after = {name: module.params[name] for name in ("owner", "group") if module.params[name] is not None}
    return Attributes(changed, before, after, _mode_after(module, plan))


def _mode_after(module: AnsibleModule, plan: Plan) -> int | None:
    """The permission bits at the end; where only ansible-core could work them out of a symbolic mode, the present."""
    if not module.check_mode:
        return os.stat(plan.target.path).st_mode & 0o7777
    mode = module.params["mode"]
    if isinstance(mode, int):
        return mode
    if isinstance(mode, str) and mode.isdecimal():
        return int(mode, 8)
    if mode is None and not plan.target.exists:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask
    return plan.target.mode


def main() -> None:
    run_module(ARGUMENT_SPEC, run, **SPEC_RULES)


if __name__ == "__main__":
    main()
