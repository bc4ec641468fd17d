# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Image service with one image, as badly served as a test wants it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.auth import Cloud, ConnectionOptions, Login
from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.download.wish import DownloadWish
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError
from ansible_collections.imageops.glance.tests.web_server.server import Page, WebServer

IMAGE_ID = "0b8d4c3e-1f2a-4d5b-8c6d-7e8f9a0b1c2d"
OTHER_ID = "1c9e5d4f-2a3b-4e6c-9d7e-8f9a0b1c2d3e"
#: More than one chunk, and no multiple of any.
DATA = hashlib.shake_256(b"image").digest(700_001)
PATH = f"/v2/images/{IMAGE_ID}/file"


def sha512(data: bytes) -> str:
    return hashlib.sha512(data).hexdigest()


def document(data: bytes = DATA, **changed: Any) -> dict[str, Any]:
    """An active image; what is None in ``changed`` is left out."""
    whole = {
        "id": IMAGE_ID,
        "name": "Golden",
        "status": "active",
        "owner": "demo",
        "size": len(data),
        "checksum": hashlib.md5(data).hexdigest(),
        "os_hash_algo": "sha512",
        "os_hash_value": sha512(data),
        **changed,
    }
    return {k: v for k, v in whole.items() if v is not None}


def service(server: WebServer, image: dict[str, Any] | None = None, retry_time: float = 5.0, **page: Any) -> Glance:
    """A client of a service that has the image, whose data is served as the fields of ``Page`` say."""
    image = image or document()
    server.add(f"/v2/images/{image['id']}", Page(json.dumps(image).encode()))
    server.add(f"/v2/images/{image['id']}/file", Page(**{"content": DATA, **page}))
    options = ConnectionOptions(endpoint=server.url, token="secret", api_timeout=5.0, api_retry_time=retry_time)
    return Glance(Cloud(options))


def asked_for(server: WebServer) -> list[str | None]:
    """The ranges of the data that were asked for, in order."""
    return [request.headers.get("Range") for request in server.requests if request.path.startswith(PATH)]


def wish(dest: object, **changed: Any) -> DownloadWish:
    return DownloadWish(dest=str(dest), **{"id": IMAGE_ID, **changed})


class Listed:
    """Stands in for Glance where only listing and reading of documents matter."""

    def __init__(
        self,
        images: Iterable[dict[str, Any]] = (),
        project: str | None = "demo",
        admin: bool | None = False,
        members: dict[tuple[str, str], dict[str, Any]] | None = None,
        not_shared: Iterable[str] = (),
    ) -> None:
        self.all = list(images)
        self.http: Any = None
        self.login = Login("t", "http://x", project, "demo-name", roles=None if admin is None else ("admin",) * admin)
        self.cloud = SimpleNamespace(login=lambda: self.login, renew=lambda _token: None)
        self.memberships = members or {}
        self.not_shared = set(not_shared)
        self.queries: list[dict[str, str]] = []
        self.answers: list[tuple[str, str, str]] = []

    def images(self, query: Iterable[tuple[str, str]] = (), limit: int | None = None) -> Iterator[dict[str, Any]]:
        asked = dict(query)
        self.queries.append(asked)
        hidden = asked.get("os_hidden") == "true"
        for image in self.all:
            if f"eq:{image.get('name')}" == asked["name"] and bool(image.get("os_hidden")) == hidden:
                yield image

    def image(self, image_id: str) -> dict[str, Any] | None:
        return next((image for image in self.all if image["id"] == image_id), None)

    def member(self, image_id: str, project: str) -> dict[str, Any] | None:
        if image_id in self.not_shared:
            raise ApiError("Only shared images have members.", 403)
        return self.memberships.get((image_id, project))

    def set_member_status(self, image_id: str, project: str, status: str) -> dict[str, Any]:
        self.answers.append((image_id, project, status))
        return {**self.memberships[image_id, project], "status": status}
