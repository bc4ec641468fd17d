# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Image service's calls, one method each. Knows URLs, statuses and Glance's ways; decides nothing.

Facts come from the Image API v2 reference (docs.openstack.org/api-ref/image/v2) and from Glance's own behaviour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ansible_collections.imageops.glance.plugins.module_utils.answers import (
    api_error,
    explain,
)
from ansible_collections.imageops.glance.plugins.module_utils.auth import Cloud, Login
from ansible_collections.imageops.glance.plugins.module_utils.document import remaining_operations
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, AuthError
from ansible_collections.imageops.glance.plugins.module_utils.transport import (
    INTERNAL_ERROR_RETRIES,
    Http,
    RetryPolicy,
    UncertainOutcome,
    request_id,
)

if TYPE_CHECKING:
    import requests

Document = dict[str, Any]
Operation = dict[str, Any]

#: The largest page that Glance gives (glance/common/config.py, api_limit_max).
PAGE_SIZE = 1000
PATCH_TYPE = "application/openstack-images-v2.1-json-patch"


class Glance:
    """One Image service, over one login and one connection pool; safe to use from several threads.

    Every method raises ApiError with status and request id when Glance refuses, unless it says otherwise.
    """

    def __init__(self, cloud: Cloud, parallel: int = 1) -> None:
        self.cloud = cloud
        login = cloud.login()
        self.http = Http(
            login.tls,
            cloud.options.api_timeout,
            RetryPolicy(total_time=cloud.options.api_retry_time),
            pool_size=max(4, parallel * 2),
        )

    @property
    def login(self) -> Login:
        return self.cloud.login()

    def close(self) -> None:
        self.http.close()

    # ---- reading

    def images(self, query: Iterable[tuple[str, str]] = (), limit: int | None = None) -> Iterator[Document]:
        """All images that match, page by page.

        The next page is asked for with our own query and a marker: Glance's ``next`` link loses repeated parameters.
        """
        base = list(query)
        marker: str | None = None
        left = limit
        while left is None or left > 0:
            size = PAGE_SIZE if left is None else min(PAGE_SIZE, left)
            page = base + [("limit", str(size))] + ([("marker", marker)] if marker else [])
            found = self._json(self._call("GET", "/images", "listing images", params=page))["images"]
            yield from found
            if len(found) < size:
                return
            left = None if left is None else left - len(found)
            marker = found[-1]["id"]

    def image(self, image_id: str) -> Document | None:
        """The image's document, or None when it does not exist or is not visible."""
        response = self._call("GET", f"/images/{quote(image_id, safe='')}", f"reading image {image_id}", ok=(200, 404))
        return None if response.status_code == 404 else self._json(response)

    def tasks(self, image_id: str) -> list[Document]:
        """The import tasks of an image; empty when the image is gone."""
        response = self._call("GET", f"/images/{image_id}/tasks", f"reading tasks of image {image_id}", ok=(200, 404))
        return [] if response.status_code == 404 else list(self._json(response)["tasks"])

    def stores(self) -> list[Document]:
        """The stores a user can name; empty on a cloud with a single, nameless one."""
        response = self._call("GET", "/info/stores", "reading the stores", ok=(200, 404))
        return [] if response.status_code == 404 else list(self._json(response)["stores"])

    def import_methods(self) -> list[str]:
        response = self._call("GET", "/info/import", "reading the import methods", ok=(200, 404))
        return [] if response.status_code == 404 else list(self._json(response)["import-methods"]["value"])

    def members(self, image_id: str) -> list[Document]:
        response = self._call("GET", f"/images/{image_id}/members", f"reading members of image {image_id}")
        return list(self._json(response)["members"])

    def member(self, image_id: str, project: str) -> Document | None:
        path = f"/images/{image_id}/members/{quote(project, safe='')}"
        response = self._call("GET", path, f"reading a member of image {image_id}", ok=(200, 404))
        return None if response.status_code == 404 else self._json(response)

    def metadef_namespaces(self) -> list[str]:
        """The names of the namespaces that hold metadata definitions for images."""
        query = [("resource_types", "OS::Glance::Image"), ("limit", str(PAGE_SIZE))]
        response = self._call(
            "GET", "/metadefs/namespaces", "reading metadata definitions", params=query, ok=(200, 404)
        )
        return [] if response.status_code == 404 else [one["namespace"] for one in self._json(response)["namespaces"]]

    def metadef_namespace(self, name: str) -> Document:
        """One namespace with its objects and properties.

        The names in it are complete: where the association has a prefix, Glance has put it before them (Metadata
        Definitions API v2, with the parameter resource_type).
        """
        path = f"/metadefs/namespaces/{quote(name, safe='')}"
        chosen = [("resource_type", "OS::Glance::Image")]
        return self._json(self._call("GET", path, f"reading metadata definitions {name}", params=chosen))

    # ---- metadata

    def create(self, document: Document) -> Document | None:
        """Create an image with the id in the document, which makes the call safe to repeat.

        Returns None when the id cannot be had: taken by an image that we cannot see, or by one that was deleted.
        """
        tries = _Tries(self.http.policy)
        while True:
            try:
                response = self._call(
                    "POST",
                    "/images",
                    f"creating image {document.get('name')}",
                    json=document,
                    ok=(201, 409),
                    repeatable=False,
                )
            except UncertainOutcome as exc:
                found = self._after_uncertainty(document["id"], exc)
                if found is not None:
                    return found
                tries.rest(exc)
                continue
            if response.status_code == 201:
                return self._json(response)
            # 409: ours from a lost answer, or somebody else's.
            return self.image(document["id"]) if tries.count else None

    def patch(self, image_id: str, operations: list[Operation]) -> Document:
        """Send the operations as one PATCH; after an uncertain outcome, only what is still missing.

        409 means that a property vanished or appeared meanwhile; it is looked at again once.
        """
        what = f"updating image {image_id}"
        pending = operations
        tries = _Tries(self.http.policy)
        while True:
            try:
                response = self._call(
                    "PATCH",
                    f"/images/{image_id}",
                    what,
                    json=pending,
                    headers={"Content-Type": PATCH_TYPE},
                    ok=(200,) if tries.count else (200, 409),
                    repeatable=False,
                )
                if response.status_code == 200:
                    return self._json(response)
                uncertain: ApiError = api_error(response, what)
            except UncertainOutcome as exc:
                uncertain = exc
            current = self._after_uncertainty(image_id, uncertain)
            if current is None:
                raise uncertain
            pending = remaining_operations(current, operations)
            if not pending:
                return current
            tries.rest(uncertain)

    def refuses_visibility(self, document: Document, wanted: str) -> ApiError | None:
        """Why this user may not give the image a visibility; None when that is allowed.

        One PATCH gives it and takes it back, which Glance checks one by one and saves together: nobody ever sees it.
        """
        image_id = document["id"]
        what = f"making image {image_id} {wanted}"
        turns = [{"op": "replace", "path": "/visibility", "value": v} for v in (wanted, document["visibility"])]
        headers = {"Content-Type": PATCH_TYPE}
        response = self._call("PATCH", f"/images/{image_id}", what, json=turns, headers=headers, ok=(200, 403))
        return api_error(response, what) if response.status_code == 403 else None

    def delete(self, image_id: str) -> bool:
        """Delete; False when it was gone already."""
        what = f"deleting image {image_id}"
        tries = _Tries(self.http.policy)
        while True:
            try:
                response = self._call("DELETE", f"/images/{image_id}", what, ok=(204, 404, 400), repeatable=False)
            except UncertainOutcome as exc:
                tries.rest(exc)
                continue
            # Of several that delete at once, Glance answers one that a deleted image cannot be deleted.
            if response.status_code == 400 and self.image(image_id) is not None:
                raise api_error(response, what)
            # After a try whose answer was lost, 404 is what came of that try.
            return response.status_code == 204 or tries.count > 0

    def deactivate(self, image_id: str) -> None:
        self._call("POST", f"/images/{image_id}/actions/deactivate", f"deactivating image {image_id}", ok=(204,))

    def reactivate(self, image_id: str) -> None:
        self._call("POST", f"/images/{image_id}/actions/reactivate", f"reactivating image {image_id}", ok=(204,))

    # ---- sharing

    def add_member(self, image_id: str, project: str) -> None:
        body = {"member": project}
        path = f"/images/{image_id}/members"
        # 409: a member already, perhaps by an earlier try of this very call.
        self._call("POST", path, f"sharing image {image_id}", json=body, ok=(200, 201, 409))

    def remove_member(self, image_id: str, project: str) -> None:
        path = f"/images/{image_id}/members/{quote(project, safe='')}"
        self._call("DELETE", path, f"unsharing image {image_id}", ok=(204, 404))

    def set_member_status(self, image_id: str, project: str, status: str) -> Document:
        path = f"/images/{image_id}/members/{quote(project, safe='')}"
        what = f"setting member status of image {image_id}"
        return self._json(self._call("PUT", path, what, json={"status": status}))

    # ---- data

    def upload(self, image_id: str, body: Any, size: int | None, store: str | None = None, stage: bool = False) -> None:
        """Send the data as one PUT; never repeated here, since only the caller can rewind the source.

        :raises UncertainOutcome: no answer came; the caller has to look at the image
        """
        headers = {"Content-Type": "application/octet-stream"}
        if size is not None:
            # Lets Glance refuse a short or long body and check the quota beforehand (spec image-size-in-upload, 2025).
            headers["x-openstack-image-size"] = str(size)
        if store:
            headers["X-Image-Meta-Store"] = store
        path = f"/images/{image_id}/{'stage' if stage else 'file'}"
        self._call("PUT", path, f"uploading data of image {image_id}", data=body, headers=headers, ok=(204,), once=True)

    def start_import(self, image_id: str, request: Document) -> str:
        """Start an import; returns our request id, by which its task can be told from others.

        :raises UncertainOutcome: no answer came; the caller has to look for the task
        """
        chosen = request_id()
        self._call(
            "POST",
            f"/images/{image_id}/import",
            f"starting {request['method']['name']} of image {image_id}",
            json=request,
            headers={"X-Openstack-Request-Id": chosen},
            ok=(202,),
            repeatable=False,
        )
        return chosen

    def download(self, image_id: str, offset: int = 0, prefer: str | None = None) -> requests.Response:
        """The data from an offset on, as an open stream (200, 204 no data, 206, 416)."""
        # A reason for a refusal comes as JSON only when that is asked for, and a proxy must not pack the data.
        headers = {"Accept": "application/json, */*", "Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        params = [("prefer", prefer)] if prefer else None
        path = f"/images/{image_id}/file"
        what = f"downloading image {image_id}"
        return self._call("GET", path, what, headers=headers, params=params, stream=True, ok=(200, 204, 206, 416))

    def delete_from_store(self, image_id: str, store: str) -> None:
        path = f"/stores/{quote(store, safe='')}/{image_id}"
        self._call("DELETE", path, f"deleting image {image_id} from store {store}", ok=(204, 404))

    # ---- how a call is made

    def _call(
        self,
        method: str,
        path: str,
        what: str,
        *,
        ok: tuple[int, ...] = (200,),
        headers: dict[str, str] | None = None,
        repeatable: bool = True,
        once: bool = False,
        **sent: Any,
    ) -> requests.Response:
        """One call with the token; a 401 renews the login once. Statuses other than ``ok`` are raised."""
        used = self.login.token
        response = self._send(method, path, headers, repeatable and not once, **sent)
        if response.status_code == 401 and self.cloud.renew(used) is not None:
            response.close()
            if once:
                raise UncertainOutcome(f"{what[0].upper()}{what[1:]} needs a new start: the token had expired", 401)
            response = self._send(method, path, headers, repeatable, **sent)
        if response.status_code in ok:
            return response
        if response.status_code == 401:
            raise AuthError(f"The Image service does not take the token ({explain(response)}); log in again.")
        raise api_error(response, what)

    def _send(
        self, method: str, path: str, headers: dict[str, str] | None, repeatable: bool, **sent: Any
    ) -> requests.Response:
        login = self.login
        all_headers = {"X-Auth-Token": login.token, "Accept": "application/json", "User-Agent": "imageops.glance"}
        all_headers.update(headers or {})
        return self.http.send(method, f"{login.endpoint}/v2{path}", all_headers, repeatable=repeatable, **sent)

    def _after_uncertainty(self, image_id: str, cause: ApiError) -> Document | None:
        try:
            return self.image(image_id)
        except ApiError as exc:
            raise cause from exc

    @staticmethod
    def _json(response: requests.Response) -> Document:
        try:
            content = response.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise ApiError(
                f"{response.url} does not answer like an Image service (no JSON object); check endpoint and proxies.",
                response.status_code,
                response.headers.get("x-openstack-request-id"),
            )
        return content


class _Tries:
    """Tries of a call whose outcome was uncertain; all of them together are bounded as those of any other call."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._began = policy.clock()
        self._internal_errors = 0
        self.count = 0

    def rest(self, cause: ApiError) -> None:
        """Pause before the next try; raises the cause when there were enough of them."""
        pause = min(self._policy.backoff * 2**self.count, self._policy.longest_pause)
        self.count += 1
        self._internal_errors += cause.status == 500
        late = self._policy.clock() - self._began + pause > self._policy.total_time
        if late or self._internal_errors > INTERNAL_ERROR_RETRIES:
            raise cause
        self._policy.sleep(pause)
