# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data into an image, verified: by one streamed PUT, or by one of Glance's import methods."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.errors import (
    ApiError,
    AuthError,
    ConflictError,
    GlanceOpsError,
    TransferError,
    VerificationError,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.sources import Sources
from ansible_collections.imageops.glance.plugins.module_utils.image.waiting import (
    BrokenImage,
    Deadline,
    Overtaken,
    poisoned,
    wait_until_quiet,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import DataWish
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests, digest_source
from ansible_collections.imageops.glance.plugins.module_utils.transfer.inspect import format_contradiction
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import Source
from ansible_collections.imageops.glance.plugins.module_utils.transfer.upload import UploadBody, upload_body
from ansible_collections.imageops.glance.plugins.module_utils.transport import UncertainOutcome

Document = dict[str, Any]

#: How often an upload whose line was cut is begun anew.
UPLOAD_TRIES = 5


@dataclass(frozen=True)
class Moved:
    """The image with its data. ``unverified`` says why the data could not be held against what was sent."""

    document: Document
    digests: dict[str, str] = field(default_factory=dict)
    unverified: str | None = None


def upload(
    glance: Glance,
    document: Document,
    data: DataWish,
    sources: Sources,
    algorithm: str,
    deadline: Deadline,
    store: str | None = None,
    label: str = "",
) -> Moved:
    """One streamed PUT, begun anew when the line is cut, verified by the hash that Glance computes.

    :param algorithm: of os_hash_value, as far as is known
    :raises Overtaken: somebody else has put data into the image, or has deleted it
    :raises BrokenImage: Glance refused the data and keeps the remains
    :raises VerificationError: the data is not what was asked for
    :raises TransferError: the source cannot be read whole
    """
    source = sources.source(data)
    if label:
        source.label = label
    sent = send(glance, document, data, source, sources, algorithm, deadline, store=store)
    after = glance.image(document["id"])
    if after is None:
        raise Overtaken()
    return verified(after, sent, source, data, sources)


def send(
    glance: Glance,
    document: Document,
    data: DataWish,
    source: Source,
    sources: Sources,
    algorithm: str,
    deadline: Deadline,
    store: str | None = None,
    stage: bool = False,
) -> Digests:
    """The bytes into the image, or into its staging area; returns what was sent.

    Raises as upload() does.
    """
    image_id = document["id"]
    algorithms = [algorithm]
    if data.checksum is not None and data.checksum.algorithm not in algorithms:
        algorithms.append(data.checksum.algorithm)
    memory = sources.remembering(data, algorithms)
    failure: GlanceOpsError | None = None

    def check(digests: Digests) -> None:
        memory.check()
        # What is converted was held against the checksum before the conversion.
        if data.convert == "none":
            sources.check(data, source, digests)

    for turn in range(UPLOAD_TRIES):
        with upload_body(source, algorithms, progress=sources.progress, check=check, known=memory.known) as body:
            refuse_contradiction(document, body.head, body.size, data)
            failure = _put(glance, image_id, body, store, stage)
        if failure is None or _look_after(glance, image_id, failure, deadline, body, stage):
            memory.learned(body.digests)
            return body.digests
        pause = _pause_after(failure, turn)
        if pause > glance.http.policy.total_time or pause > deadline.left:
            break
        deadline.sleep(pause)
    raise TransferError(f"The upload of {data.told} was cut off again and again; last: {failure}") from failure


def _pause_after(failure: GlanceOpsError, turn: int) -> float:
    """Seconds until the next try: what the server asks for, else longer each time."""
    asked = failure.retry_after if isinstance(failure, UncertainOutcome) else None
    return 0.5 * 3.0**turn if asked is None else asked


def refuse_contradiction(document: Document, head: bytes, size: int | None, data: DataWish) -> None:
    """Say before the first byte what Glance would say after the last one.

    :raises VerificationError: the header is of another format than the image's
    """
    if document.get("container_format") != "bare" or not document.get("disk_format"):
        return
    why = format_contradiction(document["disk_format"], head, size)
    if why:
        raise VerificationError(f"disk_format: {data.told} does not fit {document['disk_format']}: {why}")


def _put(glance: Glance, image_id: str, body: UploadBody, store: str | None, stage: bool) -> GlanceOpsError | None:
    """One try. Returns the failure of the line or of Glance; raises that of the source."""
    try:
        glance.upload(image_id, body, body.size, store, stage)
    except GlanceOpsError as exc:
        if isinstance(body.error, GlanceOpsError):
            raise body.error from exc
        if body.error is not None and not isinstance(body.error, GeneratorExit):
            raise TransferError(f"{body.label} could not be read: {body.error}") from body.error
        return exc
    except Exception as exc:
        if isinstance(body.error, GlanceOpsError):
            raise body.error from exc
        raise
    return None


def _look_after(
    glance: Glance, image_id: str, failure: GlanceOpsError, deadline: Deadline, body: UploadBody, stage: bool
) -> bool:
    """After a failed PUT: True when the data has arrived all the same, False when it may be sent again.

    :raises Overtaken: the image has other data, or is gone
    :raises BrokenImage: it can never have data
    """
    if isinstance(failure, AuthError):
        raise failure
    current = glance.image(image_id)
    if current is not None and stage and body.whole and _staged(current, body.digests):
        # Nobody else changes it any more, so there is nothing to wait for.
        return True
    if current is None:
        raise Overtaken() from failure
    current, broken = wait_until_quiet(glance, current, deadline)
    if current is None or current.get("status") in ("active", "deactivated"):
        if current is not None and not stage and body.whole and _holds(current, body.digests):
            return True
        # Somebody else's: the next look compares the data.
        raise Overtaken() from failure
    status = failure.status if isinstance(failure, ApiError) else None
    # Of several that stage at once, one that fails can make Glance forget the state of the one that does not.
    lost = stage and status == 409 and current["status"] == "queued" and "staging" in failure.message
    if broken or lost or poisoned(current):
        raise BrokenImage(failure.message, refused=status in (400, 413, 415)) from failure
    if not isinstance(failure, UncertainOutcome) and status not in (409, 410, 500, None):
        raise failure
    return False


def _staged(document: Document, sent: Digests) -> bool:
    """Whether all that was sent lies in the staging area; Glance tells the size only when it has come to the end."""
    return document.get("status") == "uploading" and document.get("size") == sent.size


def _holds(document: Document, sent: Digests) -> bool:
    """Whether an image has just the data that was sent to it."""
    algorithm = document.get("os_hash_algo")
    return document.get("size") == sent.size and sent.hashes.get(str(algorithm)) == document.get("os_hash_value")


def verified(document: Document, sent: Digests, source: Source, data: DataWish, sources: Sources) -> Moved:
    """Hold what Glance says it has against what was sent.

    :raises VerificationError: they differ
    :raises ConflictError: the image did not become active
    """
    if document.get("status") not in ("active", "deactivated"):
        raise ConflictError(f"Image {document['id']} is {document.get('status')} after its upload; try again.")
    if document.get("size") is not None and document["size"] != sent.size:
        raise VerificationError(
            f"Image {document['id']} has {document['size']} bytes, but {sent.size} were sent; it was not published."
        )
    algorithm, value = document.get("os_hash_algo"), document.get("os_hash_value")
    if not (algorithm and value):
        algorithm, value = ("md5", document["checksum"]) if document.get("checksum") else (None, None)
    if algorithm is None:
        return Moved(document, dict(sent.hashes), "the cloud computes no hash")
    hashes = dict(sent.hashes)
    if algorithm not in hashes:
        # Only when the cloud's algorithm was changed since its newest image: read once more, for that one.
        hashes.update(digest_source(source, [algorithm]).hashes)
    if hashes[algorithm] != value:
        sources.forget(data)
        raise VerificationError(
            f"Image {document['id']} has the {algorithm} {value}, but what was sent has {hashes[algorithm]}; "
            "it was not published."
        )
    return Moved(document, hashes)
