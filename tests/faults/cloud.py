# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real cloud beside the proxy: to prepare what a case needs, to see what it left, and to clean up.

Nothing here uses the collection, since the collection is what is being tested.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

Document = dict[str, Any]
PATCH_TYPE = "application/openstack-images-v2.1-json-patch"


def sha512(content: bytes) -> str:
    return hashlib.sha512(content).hexdigest()


@dataclass
class Cloud:
    """One user of the local cloud.

    :param variables: what ``cloud env`` prints
    :param user: an entry of its clouds.yaml
    """

    variables: Mapping[str, str]
    user: str = "member"
    token: str = field(init=False)
    project: str = field(init=False)
    session: requests.Session = field(init=False, default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.token, self.project = self.login()
        self.session.headers.update({"X-Auth-Token": self.token, "Accept": "application/json"})

    @property
    def entry(self) -> Document:
        """The user's entry of clouds.yaml."""
        text = Path(self.variables["OS_CLIENT_CONFIG_FILE"]).read_text(encoding="utf-8")
        entry: Document = yaml.safe_load(text)["clouds"][self.user]
        return entry

    @property
    def password(self) -> str:
        return str(self.entry["auth"]["password"])

    @property
    def identity_url(self) -> str:
        return self.variables["LOCAL_CLOUD_KEYSTONE_URL"]

    @property
    def image_url(self) -> str:
        return self.variables["LOCAL_CLOUD_IMAGE_URL"]

    def login(self) -> tuple[str, str]:
        """A new token and the id of its project."""
        auth = self.entry["auth"]
        user = {
            "name": auth["username"],
            "password": auth["password"],
            "domain": {"name": auth["user_domain_name"]},
        }
        project = {"name": auth["project_name"], "domain": {"name": auth["project_domain_name"]}}
        body = {
            "auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}
        }
        reply = requests.post(f"{self.identity_url}/v3/auth/tokens", json=body, timeout=60)
        reply.raise_for_status()
        return reply.headers["X-Subject-Token"], str(reply.json()["token"]["project"]["id"])

    def call(
        self, method: str, path: str, ok: tuple[int, ...] = (200, 201, 202, 204), **sent: Any
    ) -> requests.Response:
        reply = self.session.request(method, f"{self.image_url}/v2{path}", timeout=60, **sent)
        assert reply.status_code in ok, f"{method} {path}: {reply.status_code} {reply.text[:300]}"
        return reply

    def images(self, prefix: str) -> list[Document]:
        """All images that this user sees and whose name begins so, hidden ones too."""
        found: list[Document] = []
        for hidden in ("false", "true"):
            found += (i for i in self._listed(hidden) if str(i["name"]).startswith(prefix) and i["status"] != "deleted")
        return found

    def _listed(self, hidden: str) -> Iterator[Document]:
        marker = None
        while True:
            query = {
                "os_hidden": hidden,
                "limit": "200",
                "owner": self.project,
                **({"marker": marker} if marker else {}),
            }
            page = self.call("GET", "/images", params=query).json()["images"]
            yield from page
            if len(page) < 200:
                return
            marker = page[-1]["id"]

    def image(self, image_id: str) -> Document | None:
        reply = self.call("GET", f"/images/{image_id}", ok=(200, 404))
        document: Document | None = None if reply.status_code == 404 else reply.json()
        return document

    def create(self, content: bytes | None = None, **document: Any) -> Document:
        """An image, with data when ``content`` is given."""
        body = {"disk_format": "raw", "container_format": "bare", "visibility": "private", **document}
        image: Document = self.call("POST", "/images", json=body).json()
        if content is not None:
            self.upload(image["id"], content)
        return self.image(image["id"]) or {}

    def upload(self, image_id: str, content: bytes, stage: bool = False) -> None:
        headers = {"Content-Type": "application/octet-stream"}
        self.call("PUT", f"/images/{image_id}/{'stage' if stage else 'file'}", data=content, headers=headers)

    def patch(self, image_id: str, *operations: Document) -> Document:
        document: Document = self.call(
            "PATCH", f"/images/{image_id}", json=list(operations), headers={"Content-Type": PATCH_TYPE}
        ).json()
        return document

    def members(self, image_id: str) -> list[str]:
        """Projects that share an image; Glance can be brought to name one twice."""
        return [member["member_id"] for member in self.call("GET", f"/images/{image_id}/members").json()["members"]]

    def download(self, image_id: str) -> bytes:
        return self.call("GET", f"/images/{image_id}/file").content

    def delete(self, image_id: str) -> None:
        document = self.image(image_id)
        if document is None:
            return
        if document["protected"]:
            self.patch(image_id, {"op": "replace", "path": "/protected", "value": False})
        self.call("DELETE", f"/images/{image_id}", ok=(204, 404))

    def clean(self, prefix: str) -> None:
        """Remove every image whose name begins so."""
        for image in self.images(prefix):
            self.delete(image["id"])

    def settled(self, prefix: str, seconds: float = 20.0) -> list[Document]:
        """The images when no upload or import that somebody left behind is under way any more."""
        end = time.monotonic() + seconds
        while True:
            found = self.images(prefix)
            if not any(image["status"] in ("saving", "importing") for image in found) or time.monotonic() > end:
                return found
            time.sleep(0.2)
