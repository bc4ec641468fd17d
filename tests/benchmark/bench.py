# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where everything is measured: the local cloud, a folder of files, playbooks, and the calls to compare with."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.imageops.glance.tests.benchmark import peers
from ansible_collections.imageops.glance.tests.benchmark.measure import Reading, timed
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.tools.common import PACKAGE, VENV_BIN, cloud_environment, environment

PREFIX = "benchmark"

#: A login and a raw listing, with plain requests: what any tool has to pay that knows what a cloud has.
LISTING = """
import os, sys, requests, openstack.config
region = openstack.config.OpenStackConfig().get_one(cloud="admin")
session = region.get_session()
token = session.get_token()
url = session.get_endpoint(service_type="image", interface="public", region_name="RegionOne")
http, found = requests.Session(), []
for hidden in ("false", "true"):
    marker = {}
    while True:
        query = {"limit": 1000, "os_hidden": hidden, **marker}
        page = http.get(f"{url}/v2/images", params=query, headers={"X-Auth-Token": token}).json()["images"]
        found += page
        if len(page) < 1000:
            break
        marker = {"marker": page[-1]["id"]}
print(len(found))
"""

#: Images published with plain requests: one POST and one PUT each, nothing verified, as many at a time as we move.
PUBLISHING = """
import json, sys, requests, concurrent.futures, openstack.config
region = openstack.config.OpenStackConfig().get_one(cloud="admin")
session = region.get_session()
token = session.get_token()
url = session.get_endpoint(service_type="image", interface="public", region_name="RegionOne")
http = requests.Session()
http.headers["X-Auth-Token"] = token
http.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))
def publish(entry):
    body = {"name": entry["name"], "disk_format": "raw", "container_format": "bare", "visibility": "public"}
    image = http.post(f"{url}/v2/images", json=body)
    image.raise_for_status()
    with open(entry["filename"], "rb") as data:
        sent = http.put(f"{url}/v2/images/{image.json()['id']}/file", data=data,
                        headers={"Content-Type": "application/octet-stream"})
    sent.raise_for_status()
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    list(pool.map(publish, json.load(open(sys.argv[1]))))
"""

#: A module that imports requests and returns: the least that any module costs that talks to a service.
LEAST_MODULE = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
import requests
def main():
    module = AnsibleModule(argument_spec={"name": {"type": "str"}}, supports_check_mode=True)
    module.exit_json(changed=False, version=requests.__version__)
main()
"""


class Bench:
    """Measures on the local cloud. All images that it makes begin with PREFIX and are removed by ``close``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        os.environ.update(cloud_environment())
        both = os.pathsep.join([environment()["ANSIBLE_COLLECTIONS_PATH"], str(peers.collections())])
        self.env = environment(
            {
                **cloud_environment(),
                "OS_CLOUD": "admin",
                "ANSIBLE_COLLECTIONS_PATH": both,
                "ANSIBLE_LIBRARY": str(folder / "library"),
                "ANSIBLE_LOCALHOST_WARNING": "0",
                "ANSIBLE_IMAGEOPS_PROGRESS": "0",
                "XDG_CACHE_HOME": str(folder / "cache"),
            }
        )
        (folder / "library").mkdir(exist_ok=True)
        (folder / "library" / "least.py").write_text(LEAST_MODULE, encoding="utf-8")
        self.glances = [Glance("admin"), Glance("admin-two")]
        self.glance = self.glances[0]

    def close(self) -> None:
        self.clean()

    def clean(self) -> None:
        """Remove all images of the benchmark."""
        for glance in self.glances:
            glance.remove(PREFIX)

    def file(self, name: str, size: int) -> Path:
        """A file of noise; made once."""
        path = self.folder / name
        if not path.exists() or path.stat().st_size != size:
            piece = os.urandom(1 << 20)
            with path.open("wb") as out:
                left = size
                while left:
                    out.write(piece[: min(left, len(piece))])
                    left -= min(left, len(piece))
        return path

    def small_files(self, count: int) -> list[dict[str, str]]:
        """So many entries with 1 KiB of data each, all different."""
        small = self.folder / "small"
        small.mkdir(exist_ok=True)
        entries = []
        for number in range(count):
            path = small / f"{number}.raw"
            if not path.exists():
                path.write_bytes(f"{number:08d}".encode() * 128)
            entries.append({"name": f"{PREFIX} {number:05d}", "filename": str(path)})
        return entries

    # ---- what is measured

    def python(self, text: str, *arguments: str | Path) -> Reading:
        return timed([sys.executable, "-c", text, *arguments], self.env)

    def module(self, name: str, options: Mapping[str, Any]) -> Reading:
        """The module's process alone, without ansible-playbook around it."""
        arguments = self.folder / "arguments.json"
        arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": dict(options)}), encoding="utf-8")
        return timed([sys.executable, "-m", f"{PACKAGE}.plugins.modules.{name}", arguments], self.env)

    def play(self, tasks: Sequence[Mapping[str, Any]]) -> Reading:
        """An ansible-playbook with these tasks."""
        playbook = [
            {
                "hosts": "localhost",
                "gather_facts": False,
                "vars": {"ansible_python_interpreter": sys.executable},
                "tasks": [dict(task) for task in tasks],
            }
        ]
        path = self.folder / "play.yml"
        path.write_text(json.dumps(playbook), encoding="utf-8")
        command: list[str | Path] = [VENV_BIN / "ansible-playbook", "-i", "localhost,", "-c", "local"]
        return timed([*command, path], self.env)

    def empty_play(self) -> Reading:
        return self.play([{"ansible.builtin.debug": {"msg": "nothing"}}])

    def publish(self, entries: Sequence[Mapping[str, Any]], **variables: Any) -> Reading:
        """The catalog role over a file of entries, on one cloud."""
        inventory = self.folder / "clouds.yml"
        inventory.write_text(json.dumps({"all": {"hosts": {"one": {"cloud": "admin"}}}}), encoding="utf-8")
        return self._published(inventory, {"catalog_files": [str(self._catalog("catalog", entries))], **variables})

    def inventory(self, count: int, images: int = 20) -> Path:
        """So many hosts, in turns of the local cloud's regions, each with a catalog of its own; small images."""
        hosts = {}
        for number in range(count):
            host = f"region-{number:02d}"
            entries = [{**e, "name": e["name"].replace(PREFIX, f"{PREFIX} {host}")} for e in self.small_files(images)]
            hosts[host] = {
                "cloud": "admin",
                "region_name": ("RegionOne", "RegionTwo")[number % 2],
                "catalog_name": f"{PREFIX} {host}",
                "catalog_files": [str(self._catalog(host, entries))],
            }
        path = self.folder / f"clouds-{count}.yml"
        path.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
        return path

    def publish_everywhere(self, inventory: Path) -> Reading:
        """The catalog role over all hosts of an inventory, ten at a time."""
        return self._published(inventory, {}, "--forks", "10")

    def _catalog(self, name: str, entries: Sequence[Mapping[str, Any]]) -> Path:
        path = self.folder / f"{name}.yml"
        full = [{"disk_format": "raw", "visibility": "public", "version": "1", **entry} for entry in entries]
        # JSON is YAML.
        path.write_text(json.dumps({"images": full}), encoding="utf-8")
        return path

    def _published(self, inventory: Path, variables: Mapping[str, Any], *arguments: str) -> Reading:
        told = variables if not variables else {"catalog_name": PREFIX, **variables}
        command: list[str | Path] = [VENV_BIN / "ansible-playbook", "imageops.glance.publish", "-i", inventory]
        return timed([*command, *arguments, "-e", json.dumps(told)], self.env)
