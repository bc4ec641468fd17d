# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud seen past the collection: what tests set up beforehand, look at afterwards and clean away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
import yaml
from ansible_collections.imageops.glance.tests.cloud.plays import variable

PATCH = "application/openstack-images-v2.1-json-patch"


def account(cloud: str) -> dict[str, Any]:
    """An entry of the local cloud's clouds.yaml."""
    path = Path(variable("OS_CLIENT_CONFIG_FILE"))
    entry: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["clouds"][cloud]
    return entry


class Glance:
    """Plain calls of one account; every answer but a success is an error of the test."""

    def __init__(self, cloud: str = "admin") -> None:
        self.session = requests.Session()
        self.token = login(cloud)
        self.session.headers.update({"X-Auth-Token": self.token, "Accept": "application/json"})
        self.url = variable("LOCAL_CLOUD_IMAGE_URL_TWO" if cloud.endswith("-two") else "LOCAL_CLOUD_IMAGE_URL")

    def call(self, method: str, path: str, **sent: Any) -> Any:
        """One call; the decoded answer."""
        answer = self.session.request(method, f"{self.url}/v2/{path}", timeout=60, **sent)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if "json" in answer.headers.get("Content-Type", "") and answer.content else None

    def create(self, data: bytes | None = None, **document: Any) -> dict[str, Any]:
        """A new image, with data if any is given."""
        if data is not None:
            document = {"disk_format": "raw", "container_format": "bare", **document}
        made = self.call("POST", "images", json=document)
        if data is not None:
            headers = {"Content-Type": "application/octet-stream"}
            self.call("PUT", f"images/{made['id']}/file", data=data, headers=headers)
        return self.image(made["id"])

    def image(self, image_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"images/{image_id}")
        return found

    def deactivate(self, image_id: str) -> None:
        self.call("POST", f"images/{image_id}/actions/deactivate")

    def patch(self, image_id: str, **values: Any) -> None:
        """Set attributes or properties."""
        body = [{"op": "add", "path": f"/{name}", "value": value} for name, value in values.items()]
        self.call("PATCH", f"images/{image_id}", json=body, headers={"Content-Type": PATCH})

    def images(self, prefix: str = "") -> list[dict[str, Any]]:
        """All images whose name begins so, hidden ones too."""
        found: list[dict[str, Any]] = []
        for hidden in ("false", "true"):
            query: dict[str, str] = {"limit": "1000", "os_hidden": hidden, "visibility": "all"}
            while True:
                page = self.call("GET", "images", params=query)["images"]
                found += page
                if len(page) < 1000:
                    break
                query["marker"] = page[-1]["id"]
        return [image for image in found if str(image["name"] or "").startswith(prefix)]

    def names(self, prefix: str = "") -> list[str]:
        return sorted(str(image["name"]) for image in self.images(prefix))

    def remove(self, prefix: str) -> None:
        """Delete all images whose name begins so."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._remove, self.images(prefix)))

    def _remove(self, image: dict[str, Any]) -> None:
        if image["protected"]:
            self.patch(image["id"], protected=False)
        self.call("DELETE", f"images/{image['id']}")


def login(cloud: str = "admin") -> str:
    """A new token for an entry of clouds.yaml with a password."""
    auth = account(cloud)["auth"]
    user = {"name": auth["username"], "password": auth["password"], "domain": {"name": auth["user_domain_name"]}}
    project = {"name": auth["project_name"], "domain": {"name": auth["project_domain_name"]}}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": {"project": project}}}
    answer = requests.post(f"{auth['auth_url']}/auth/tokens", json=body, timeout=60)
    answer.raise_for_status()
    return answer.headers["X-Subject-Token"]
