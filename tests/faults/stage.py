# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the cases are played: the cloud, the proxy before it, a web server, files, and processes of modules."""

from __future__ import annotations

import os
import random
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml
from ansible_collections.imageops.glance.tests.faults.cloud import Cloud
from ansible_collections.imageops.glance.tests.faults.fault import Request
from ansible_collections.imageops.glance.tests.faults.process import Launcher
from ansible_collections.imageops.glance.tests.faults.proxy import Proxy
from ansible_collections.imageops.glance.tests.web_server.server import Page, WebServer
from ansible_collections.imageops.glance.tests.web_server.server import running as web_server

#: Bytes of an image: larger than every buffer on the way, small enough for hundreds of uploads.
SIZE = 3 * 1024 * 1024 + 17


def content(seed: int, size: int = SIZE) -> bytes:
    """Data that nobody else has; the same for the same seed. Never begins like a known disk format."""
    return b"\x01" + random.Random(seed).randbytes(size - 1)


@dataclass
class Stage:
    """One of these a worker, so that cases that run beside each other do not see each other's faults."""

    variables: Mapping[str, str]
    folder: Path
    proxy: Proxy
    web: WebServer
    clouds: Mapping[str, Cloud]
    launcher: Launcher
    web_url: str  # of the web server, through the proxy
    image_url: str  # of the Image service, through the proxy
    keystone_url: str  # of the Identity service, through the proxy

    @property
    def cloud(self) -> Cloud:
        return self.clouds["member"]

    def proxy_saw(self, method: str, path: str) -> list[Request]:
        """Requests since the last calm() that match two regular expressions."""
        return [r for r in self.proxy.requests if re.fullmatch(method, r.method) and re.search(path, r.path)]

    def writes(self) -> list[Request]:
        """Requests to the Image service that change something."""
        return [r for r in self.proxy_saw("POST|PUT|PATCH|DELETE", "") if r.server == "glance"]

    def calm(self) -> None:
        """Nothing goes wrong any more, and nothing has been seen."""
        self.proxy.calm()
        self.proxy.forget()

    def file(self, name: str, data: bytes) -> str:
        """A file with this content; an existing one with the same content is left alone."""
        path = self.folder / name
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
        return str(path)

    def page(self, path: str, data: bytes, **fields: Any) -> str:
        """A page of the web server; returns its URL through the proxy."""
        self.web.add(path, Page(data, **fields))
        return self.web_url + path


def write_clouds(path: Path, entries: Mapping[str, Mapping[str, Any]]) -> str:
    """A clouds.yaml that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(
        yaml.safe_dump({"clouds": {name: dict(entry) for name, entry in entries.items()}}), encoding="utf-8"
    )
    return str(path)


def fronted(cloud: Cloud, image_url: str, identity_url: str, **more: Any) -> dict[str, Any]:
    """The user's entry of clouds.yaml, with the services at these URLs."""
    entry = cloud.entry
    return {
        **entry,
        "auth": {**entry["auth"], "auth_url": f"{identity_url}/v3"},
        "image_endpoint_override": image_url,
        **more,
    }


def base_environment(folder: Path) -> dict[str, str]:
    """What a module process may see of this one's environment: nothing that says which cloud or user to use."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("OS_", "ANSIBLE_", "LOCAL_CLOUD"))
    }
    return {
        **kept,
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "TMPDIR": str(folder / "tmp"),
        # The environment of many a machine; ca_cert of a task goes before it.
        "REQUESTS_CA_BUNDLE": requests.utils.DEFAULT_CA_BUNDLE_PATH,
    }


@contextmanager
def staged(variables: Mapping[str, str]) -> Iterator[Stage]:
    """A stage on the cloud that ``variables`` tell of."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imageops-stage-")))
        (folder / "tmp").mkdir()
        proxy = stack.enter_context(Proxy())
        web = stack.enter_context(web_server())
        clouds = {user: Cloud(variables, user) for user in ("member", "admin", "other")}
        image_url = proxy.front("glance", variables["LOCAL_CLOUD_IMAGE_URL"])
        identity_url = proxy.front("keystone", variables["LOCAL_CLOUD_KEYSTONE_URL"])
        entries = {user: fronted(cloud, image_url, identity_url) for user, cloud in clouds.items()}
        file = write_clouds(folder / "clouds.yaml", entries)
        launcher = Launcher({**base_environment(folder), "OS_CLIENT_CONFIG_FILE": file})
        yield Stage(
            variables, folder, proxy, web, clouds, launcher, proxy.front("web", web.url), image_url, identity_url
        )
        for cloud in clouds.values():
            cloud.session.close()
