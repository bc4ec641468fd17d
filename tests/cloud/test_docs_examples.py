# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples of the documentation, run as their readers run them, page by page.

``mycloud`` and ``research`` are projects in a domain of their own. Addresses on the web are served by a local web
server and files in /srv are generated, each with data of its own kind and matching checksum files; everything else is
run as it stands.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import lzma
import re
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from ansible_collections.imageops.glance.tests.cloud.glance import Glance, account
from ansible_collections.imageops.glance.tests.cloud.plays import variable
from ansible_collections.imageops.glance.tests.tools import samples
from ansible_collections.imageops.glance.tests.tools.common import environment
from ansible_collections.imageops.glance.tests.tools.examples import Example, examples
from ansible_collections.imageops.glance.tests.web_server.server import Page, WebServer, running

GLANCE = "https://glance.example.org"
ADDRESS = re.compile(r"https://([\w.-]+/[^\s\"']+)")
FILE = re.compile(r"/srv/[\w./-]+")
#: The walk through the guide of the Image API: its playbook, and the command that plays it.
IN_README = [example for example in examples() if example.run and example.page == "README.md"]
WALK = list(itertools.dropwhile(lambda example: example.file != "walk.yml", IN_README))[:2]
RUN = [example for example in examples() if example.run and example not in WALK]
PAGES = sorted({example.page for example in RUN})
#: Pages whose examples would otherwise all be skipped unseen.
EXPECTED = {"README.md", *(f"docs/docsite/rst/{name}.rst" for name in ("start_here", "how_to", "coming_over"))}


class Keystone:
    """A domain of its own with the projects of the examples; the user is an administrator, who may publish."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.headers["X-Auth-Token"] = Glance("admin").token
        self.url = account("admin")["auth"]["auth_url"]
        self.name = f"docs-{secrets.token_hex(3)}"
        self.password = secrets.token_hex(8)
        self.domain = self.make("domain", name=self.name)
        self.user = self.make("user", name=self.name, domain_id=self.domain, password=self.password)
        roles = self.call("GET", "roles").json()["roles"]
        self.role = next(role["id"] for role in roles if role["name"] == "admin")
        self.projects = {name: self.project(name) for name in ("mycloud", "research")}

    def call(self, method: str, path: str, **sent: Any) -> requests.Response:
        answer = self.session.request(method, f"{self.url}/{path}", timeout=60, **sent)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def make(self, kind: str, **fields: Any) -> str:
        """Make a thing and return its id."""
        made: str = self.call("POST", f"{kind}s", json={kind: fields}).json()[kind]["id"]
        return made

    def project(self, name: str) -> str:
        made = self.make("project", name=name, domain_id=self.domain)
        self.call("PUT", f"projects/{made}/users/{self.user}/roles/{self.role}")
        return made

    def remove(self) -> None:
        """The domain with everything in it."""
        self.call("PATCH", f"domains/{self.domain}", json={"domain": {"enabled": False}})
        self.call("DELETE", f"domains/{self.domain}")

    def login(self, project: str) -> dict[str, Any]:
        """An entry of clouds.yaml."""
        return {
            "auth": {
                "auth_url": self.url,
                "username": self.name,
                "password": self.password,
                "user_domain_name": self.name,
                "project_name": project,
                "project_domain_name": self.name,
            },
            "region_name": "RegionOne",
        }

    def token(self, project: str) -> str:
        """A token of the user for a project."""
        user = {"id": self.user, "password": self.password}
        scope = {"project": {"id": self.projects[project]}}
        identity = {"methods": ["password"], "password": {"user": user}}
        answer = self.call("POST", "auth/tokens", json={"auth": {"identity": identity, "scope": scope}})
        return answer.headers["X-Subject-Token"]


def data_for(path: str) -> bytes:
    """What is at an address or in a file: data of the kind that its name says, and of no other address."""
    if path.endswith(".raw.xz"):
        return lzma.compress(samples.raw_disk(path, 64 << 10), preset=0)
    if path.endswith(".raw"):
        return samples.raw_disk(path, 64 << 10)
    if path.endswith(".iso"):
        return samples.iso(path, 64 << 10)
    return samples.qcow2(path, clusters=1)


def checksum_file(path: str, others: dict[str, bytes]) -> bytes:
    """The checksums of what is beside it, with the algorithm of its name."""
    folder, _slash, name = path.rpartition("/")
    algorithm = "sha512" if "512" in name else "sha256"
    beside = {other.rpartition("/")[2]: data for other, data in others.items() if other.rpartition("/")[0] == folder}
    return "".join(f"{hashlib.new(algorithm, data).hexdigest()} *{file}\n" for file, data in beside.items()).encode()


def terraform_state() -> bytes:
    """What ``terraform show -json`` says of one image."""
    image = {
        "name": "From Terraform",
        "image_source_url": "https://images.example.org/debian.qcow2",
        "checksum": "0cc175b9c0f1b6a831c399e269772661",
        "disk_format": "qcow2",
        "visibility": "private",
        "tags": ["a", "b"],
    }
    resources = [
        {"type": "openstack_images_image_v2", "name": "debian", "values": image},
        {"type": "openstack_compute_keypair_v2", "name": "key", "values": {}},
    ]
    return json.dumps({"values": {"root_module": {"resources": resources}}}).encode()


def kind_of(example: Example) -> str:
    """What is done with a block: "shell", "file", or "play"."""
    if example.language == "shell":
        return "shell"
    return "file" if example.file else "play"


def plays_of(block: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The plays of a block, which may also be nothing but tasks."""
    return block if "hosts" in block[0] else [{"hosts": "localhost", "gather_facts": False, "tasks": block}]


@dataclass
class Stage:
    """One page's folder, with the world around it."""

    folder: Path
    web: WebServer
    environ: dict[str, str]

    def prepare(self, blocks: list[Example]) -> None:
        """Serve the addresses and write the files that the page's blocks name."""
        text = "".join(block.text for block in blocks)
        paths = {match.group(1) for match in ADDRESS.finditer(text)}
        sums = {path for path in paths if "SUMS" in path}
        served = {path: data_for(path) for path in paths - sums}
        for path, data in served.items():
            self.web.add(f"/{path}", Page(data))
        for path in sums:
            self.web.add(f"/{path}", Page(checksum_file(path, served)))
        for name in sorted(set(FILE.findall(text))):
            file = self.folder / name.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            if "-copy." not in name:  # those are what an example makes
                file.write_bytes(terraform_state() if name.endswith(".json") else data_for(name))

    def staged(self, text: str) -> str:
        """A block's text with the addresses and paths of here."""
        text = ADDRESS.sub(lambda match: f"{self.web.url}/{match.group(1)}", text)
        text = text.replace(GLANCE, variable("LOCAL_CLOUD_IMAGE_URL"))
        return FILE.sub(lambda match: f"{self.folder}{match.group(0)}", text)

    def run(self, blocks: Sequence[Example]) -> list[tuple[Example, str]]:
        """Do with blocks what a reader does: save them, play them, or type them in; those with an output, with it.

        Plays and tasks that stand one after the other are one playbook, which costs one start of Ansible.
        """
        told = []
        for kind, group in itertools.groupby(blocks, kind_of):
            together = list(group)
            if kind == "file":
                for example in together:
                    (self.folder / str(example.file)).write_text(self.staged(example.text), encoding="utf-8")
            elif kind == "shell":
                told += [(example, self.shell(example, self.staged(example.text))) for example in together]
            else:
                plays = [play for example in together for play in plays_of(yaml.safe_load(self.staged(example.text)))]
                (self.folder / "example.yml").write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
                told.append((together[0], self.shell(together[0], "ansible-playbook example.yml\n")))
        return told

    def shell(self, example: Example, text: str) -> str:
        ran = subprocess.run(
            ["sh", "-e", "-c", text],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        assert ran.returncode == 0, f"{example}\n{text}\n{ran.stdout}"
        return ran.stdout


@pytest.fixture(scope="module")
def keystone() -> Iterator[Keystone]:
    made = Keystone()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with running() as server:
        yield server


@pytest.fixture
def stage(keystone: Keystone, web: WebServer, tmp_path: Path) -> Iterator[Stage]:
    """An empty project and an empty folder for each page."""
    clouds = {name: keystone.login(name) for name in keystone.projects}
    (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": clouds}), encoding="utf-8")
    environ = {name: value for name, value in environment().items() if not name.startswith("OS_")}
    environ |= {
        "OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml"),
        "TOKEN": keystone.token("mycloud"),
        "HOME": str(tmp_path),
        "ANSIBLE_HOME": str(tmp_path / ".ansible"),
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_PIPELINING": "1",
    }
    yield Stage(tmp_path, web, environ)
    glance = Glance("admin")
    for image in glance.images():
        if image["owner"] in keystone.projects.values():
            if image["protected"]:
                glance.patch(image["id"], protected=False)
            glance.call("DELETE", f"images/{image['id']}")


def test_pages_with_examples_to_run() -> None:
    assert set(PAGES) >= EXPECTED


@pytest.mark.parametrize("page", PAGES)
def test_a_page(page: str, stage: Stage) -> None:
    blocks = [example for example in RUN if example.page == page]
    stage.prepare(blocks)
    told = stage.run(blocks)
    warnings = [line for _example, output in told for line in output.splitlines() if "[WARNING]" in line]
    # the implicit inventory of a playbook without one is what these pages mean
    assert [line for line in warnings if "inventory" not in line] == []
    for example, output in told:
        commands = [line for line in example.text.splitlines() if line.startswith("ansible-playbook")]
        if len(commands) > 1 and commands[-1] == commands[-2]:  # the page says that the second run changes nothing
            assert "changed=0" in output.rpartition("PLAY RECAP")[2], f"{example}\n{output}"


def test_the_walk(stage: Stage, keystone: Keystone) -> None:
    """Without an Identity service: nothing but OS_IMAGE_URL and OS_AUTH_TOKEN, from an empty image to none."""
    stage.prepare(WALK)
    stage.environ = {name: value for name, value in stage.environ.items() if not name.startswith("OS_")}
    ((_command, output),) = stage.run(WALK)
    data = data_for("/srv/images/trusty-server-cloudimg-amd64-disk1.img")
    assert f"active {hashlib.md5(data).hexdigest()} {hashlib.sha512(data).hexdigest()}" in output
    assert re.search(r"ok=5 +changed=4 ", output), output
    assert not [i for i in Glance("admin").images("Ubuntu 14.04") if i["owner"] == keystone.projects["mycloud"]]
