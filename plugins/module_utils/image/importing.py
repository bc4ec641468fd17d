# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance's interoperable import: start it, follow its task and stores, tell failures with their cause.

The task, not the image's status, is the signal: right after the start the image is still ``queued``, and after a
failure it is so again (Image API v2, "Interoperable image import"; glance/async_/flows/api_image_import.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.document import recorded_digests
from ansible_collections.imageops.glance.plugins.module_utils.errors import (
    ApiError,
    GlanceOpsError,
    OptionError,
    TimeoutExceededError,
    TransferError,
    VerificationError,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.content import has_data
from ansible_collections.imageops.glance.plugins.module_utils.image.mover import Moved, send, verified
from ansible_collections.imageops.glance.plugins.module_utils.image.sources import Sources, head_of
from ansible_collections.imageops.glance.plugins.module_utils.image.waiting import Deadline, Overtaken, importing
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import DataWish
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests
from ansible_collections.imageops.glance.plugins.module_utils.transfer.inspect import NEEDED_HEAD, format_contradiction
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import Source
from ansible_collections.imageops.glance.plugins.module_utils.transport import UncertainOutcome

Document = dict[str, Any]

#: Glance shows the outcome on the image a moment after its task.
AFTERGLOW = 20


def check_offered(method: str, offered: list[str], option: str = "import_method") -> None:
    """:raises OptionError: the cloud does not offer the method; lists what it offers"""
    if method not in offered:
        told = ", ".join(offered) or "no import method at all"
        raise OptionError(f"{option}: this cloud does not offer {method}; it offers {told}.")


def import_data(
    glance: Glance,
    document: Document,
    data: DataWish,
    sources: Sources,
    algorithm: str,
    deadline: Deadline,
    stores: tuple[str, ...] = (),
    remote: Document | None = None,
    wait: bool = True,
    label: str = "",
) -> Moved:
    """Data into a queued image by an import method, into all ``stores``, verified as far as can be.

    :param remote: the image that glance-download copies, when its region can be read
    :param wait: return when the import is started; nothing is verified then
    :raises TransferError: the import failed; says what is known of the cause
    :raises VerificationError: the data is not what was asked for
    :raises TimeoutExceededError: it did not end in time
    """
    sent: tuple[Digests, Source] | None = None
    if data.method == "glance-direct":
        source = sources.source(data)
        if label:
            source.label = label
        sent = send(glance, document, data, source, sources, algorithm, deadline, stage=True), source
    request: Document = {"method": _method(data)}
    if stores:
        request.update(stores=list(stores), all_stores_must_succeed=True)
    request_id = start(glance, document["id"], request, deadline)
    if not wait:
        started = glance.image(document["id"]) or document
        return Moved(started, {}, "wait is false, so the import goes on unwatched")
    after = follow(glance, document["id"], request_id, data, sources, deadline, stores, label)
    return _verified_import(after, document, data, sources, sent, remote)


def _method(data: DataWish) -> Document:
    if data.method == "web-download":
        return {"name": "web-download", "uri": data.url}
    if data.method == "glance-download":
        return {
            "name": "glance-download",
            "glance_region": data.remote_region,
            "glance_image_id": data.remote_image_id,
            "glance_service_interface": data.remote_interface,
        }
    return {"name": str(data.method)}


def start(glance: Glance, image_id: str, request: Document, deadline: Deadline) -> str:
    """Start an import; when the answer is lost, look whether it has begun before it is started again."""
    pauses = deadline.pauses(first=0.3)
    while True:
        try:
            return glance.start_import(image_id, request)
        except UncertainOutcome as exc:
            pauses.rest()
            current = glance.image(image_id)
            if current is None:
                raise Overtaken() from exc
            tasks = glance.tasks(image_id)
            begun = [t for t in tasks if t.get("request_id") == exc.request_id]
            if begun:
                return str(exc.request_id)
            if current.get("status") != "queued" and current.get("os_glance_import_task"):
                return str(exc.request_id)
            if deadline.left <= 0:
                raise
        except ApiError as exc:
            if exc.status == 404 or (exc.status == 409 and _taken(glance, image_id, request)):
                raise Overtaken() from exc
            raise


def _taken(glance: Glance, image_id: str, request: Document) -> bool:
    """Whether another run's import is under way, or has ended; 409 has other causes too, such as an unknown store."""
    current = glance.image(image_id)
    if current is None or importing(current) or _split(current, "os_glance_importing_to_stores"):
        return True
    if request["method"]["name"] == "glance-direct" and current["status"] == "queued":
        # Another run's attempt to stage has set it back.
        return True
    return request["method"]["name"] != "copy-image" and has_data(current)


def follow(
    glance: Glance,
    image_id: str,
    request_id: str,
    data: DataWish | None,
    sources: Sources,
    deadline: Deadline,
    stores: tuple[str, ...] = (),
    label: str = "",
) -> Document:
    """Wait for an import's end; returns the active image.

    :raises TransferError: the task failed, or a store did
    """
    pauses = deadline.pauses(first=0.1, longest=5.0)
    late = 0
    while True:
        current = glance.image(image_id)
        if current is None:
            raise Overtaken()
        task = _own_task(glance.tasks(image_id), request_id)
        state = str(task.get("status")) if task else "unseen"
        _show(sources, label or image_id, current, stores)
        failed = _failed_stores(current, stores)
        unseen_failure = state == "unseen" and failed and current.get("status") in ("queued", "importing")
        if state == "failure" or unseen_failure:
            raise TransferError(_failure(task, failed, data, sources, current.get("disk_format")))
        if _arrived(current, stores) and state in ("success", "unseen"):
            return current
        if state == "success":
            late += 1
            if failed:
                raise TransferError(_failure(task, failed, data, sources, current.get("disk_format")))
            if late > AFTERGLOW:
                raise TransferError(
                    f"The import task of image {image_id} succeeded, but the image is {current.get('status')}."
                )
        if not pauses.rest():
            raise TimeoutExceededError(
                f"The import of image {image_id} did not end within {deadline.seconds:.0f} s (timeout); "
                f"it is {current.get('status')} and goes on in the cloud. The next run takes it up."
            )


def _own_task(tasks: list[Document], request_id: str) -> Document | None:
    own = [task for task in tasks if task.get("request_id") == request_id]
    return own[0] if own else None


def _split(document: Mapping[str, Any], name: str) -> list[str]:
    return [part for part in str(document.get(name) or "").split(",") if part]


def _failed_stores(document: Mapping[str, Any], stores: tuple[str, ...]) -> list[str]:
    failed = _split(document, "os_glance_failed_import")
    return [store for store in failed if not stores or store in stores]


def _arrived(document: Mapping[str, Any], stores: tuple[str, ...]) -> bool:
    if document.get("status") != "active" or _split(document, "os_glance_importing_to_stores"):
        return False
    there = _split(document, "stores")
    return all(store in there for store in stores)


def _show(sources: Sources, label: str, document: Document, stores: tuple[str, ...]) -> None:
    """Of an import no bytes are known, only that it goes on and which stores are done."""
    done = [store for store in stores if store in _split(document, "stores")]
    known = f"{len(done)} of {len(stores)} stores done" if stores else "import"
    sources.progress.update(f"{label} ({known})", 0, None)


def _failure(
    task: Document | None, failed: list[str], data: DataWish | None, sources: Sources, declared: str | None
) -> str:
    # A task that has not failed tells how far it came.
    message = task.get("message") if task and task.get("status") == "failure" else None
    told = str(message or "no reason").strip().rstrip(".")
    where = f" into store {', '.join(failed)}" if failed else ""
    request = f" (request id {task['request_id']})" if task and task.get("request_id") else ""
    what = f"{data.method} of {data.told}" if data is not None else "copy-image"
    return f"The import by {what}{where} failed; Glance says: {told}{request}.{_own_look(data, sources, declared)}"


def _own_look(data: DataWish | None, sources: Sources, declared: str | None) -> str:
    """Glance hides the cause in its log; often the same URL tells it here."""
    if data is None or data.method != "web-download":
        return ""
    try:
        info = sources.url_info(data)
        head = head_of(sources.source(data), NEEDED_HEAD)
    except GlanceOpsError as exc:
        return f" Seen from here: {exc}"
    contradiction = format_contradiction(declared, head, info.size) if declared else None
    if contradiction:
        return f" Seen from here: {contradiction}"
    size = "of unknown size" if info.size is None else f"{info.size} bytes"
    return f" The url can be read from here ({size}); check that the cloud can reach it and that its filters allow it."


def _verified_import(
    after: Document,
    before: Document,
    data: DataWish,
    sources: Sources,
    sent: tuple[Digests, Source] | None,
    remote: Document | None,
) -> Moved:
    if not after.get("size"):
        raise VerificationError(f"The import of {data.told} made an empty image; it was not published.")
    converted = after.get("disk_format") != before.get("disk_format")
    if sent is not None and not converted:
        return verified(after, *sent, data, sources)
    known = recorded_digests({k: v for k, v in after.items() if not k.startswith("owner_specified.")})
    if converted:
        return Moved(after, known, f"the cloud converted the data to {after.get('disk_format')}")
    wanted = dict(recorded_digests(remote)) if remote is not None else {}
    if data.checksum is not None and data.checksum.value:
        wanted[data.checksum.algorithm] = data.checksum.value
    for algorithm, value in wanted.items():
        if algorithm in known:
            if known[algorithm].lower() != value.lower():
                raise VerificationError(
                    f"checksum: what the cloud fetched from {data.told} has the {algorithm} {known[algorithm]}, "
                    f"not {value}; it was not published."
                )
            return Moved(after, known)
    return Moved(after, known, _size_only(after, data, sources, wanted))


def _size_only(after: Document, data: DataWish, sources: Sources, wanted: Mapping[str, str]) -> str:
    """Without a hash to compare, the size is held against the source's.

    :raises VerificationError: they differ
    """
    why = "no checksum was given"
    if wanted:
        why = f"the cloud computes {after.get('os_hash_algo')}, checksum is {', '.join(wanted)}"
    if data.method != "web-download":
        return why
    try:
        size = sources.url_info(data).size
    except GlanceOpsError:
        return why
    if size is not None and size != after["size"]:
        raise VerificationError(
            f"The cloud fetched {after['size']} bytes from {data.told}, which has {size}; it was not published."
        )
    return why


def copy_to_stores(
    glance: Glance, document: Document, stores: tuple[str, ...], sources: Sources, deadline: Deadline, label: str
) -> Document:
    """Add copies of an active image in further stores, and wait for them.

    :raises TransferError: a copy failed
    """
    request = {"method": {"name": "copy-image"}, "stores": list(stores), "all_stores_must_succeed": True}
    try:
        request_id = start(glance, document["id"], request, deadline)
    except ApiError as exc:
        if exc.status == 403:
            raise OptionError(f"stores: this user may not copy images to further stores; an admin may. {exc}") from exc
        raise
    return follow(glance, document["id"], request_id, None, sources, deadline, stores, label)
