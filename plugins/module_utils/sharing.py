# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sharing as seen by those an image is shared with: finding such images, and answering the offer.

Facts: a member project (or an admin) sets the status of its membership, the owner may not; an image that was offered
but not accepted is missing from plain listings and yet readable by id (Image API v2, "Image members").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, ConflictError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.identity import Projects

Document = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What one project answers to the offer of one image; ``member`` None means the caller's own project."""

    status: str
    name: str | None = None
    id: str | None = None
    owner: str | None = None
    owner_domain: str | None = None
    member: str | None = None
    member_domain: str | None = None

    @property
    def told(self) -> str:
        """How messages name the image."""
        return f"image '{self.name}'" if self.name else f"image {self.id}"


@dataclass(frozen=True)
class Membership:
    """An image, and the member document of one project in it."""

    image: Document
    member: Document = field(default_factory=dict)


def images_named(glance: Glance, name: str, query: Iterable[tuple[str, str]] = ()) -> list[Document]:
    """All images of exactly this name that this login can list, whoever owns them, hidden ones too."""
    found: list[Document] = []
    for hidden in ("false", "true"):
        # "eq:" because Glance takes any text before a colon for an operator.
        found += glance.images([("name", f"eq:{name}"), ("os_hidden", hidden), *query])
    return found


def resolved(answer: Answer, glance: Glance) -> Answer:
    """The answer with ids in place of names of projects.

    :raises OptionError: a project is not known, or the own one is not known and none was given
    """
    projects = Projects(glance.http, glance.cloud)
    owner = projects.id_of(answer.owner, "owner", answer.owner_domain) if answer.owner else None
    if answer.member:
        member = projects.id_of(answer.member, "member", answer.member_domain)
    elif glance.login.project_id:
        member = glance.login.project_id
    else:
        raise OptionError("member: the own project is not known from endpoint and token; give member.")
    return replace(answer, owner=owner, member=member)


def find_membership(glance: Glance, answer: Answer) -> Membership:
    """The image that was offered, with the membership of ``answer.member``.

    :raises OptionError: there is no such image, or it is not shared with that project
    :raises ConflictError: several images of that name are shared with it
    """
    if answer.id:
        image = glance.image(answer.id)
        if image is None:
            raise OptionError(
                f"id: {answer.told} does not exist or cannot be seen; its owner has to share it with the project first."
            )
        return _membership(glance, image, answer)
    return _named_membership(glance, answer)


def _membership(glance: Glance, image: Document, answer: Answer) -> Membership:
    if image.get("visibility") != "shared":
        raise OptionError(f"{answer.told} is {image.get('visibility')}; only shared images have members to answer.")
    member = glance.member(image["id"], str(answer.member))
    if member is None:
        raise _not_a_member(answer)
    return Membership(image, member)


def _named_membership(glance: Glance, answer: Answer) -> Membership:
    query = [("visibility", "shared"), ("member_status", "all")]
    offered = images_named(glance, str(answer.name), query + ([("owner", answer.owner)] if answer.owner else []))
    found = []
    for image in offered:
        member = _member_or_none(glance, image["id"], str(answer.member))
        if member is not None:
            found.append(Membership(image, member))
    if len(found) > 1:
        listed = ", ".join(f"{m.image['id']} (of project {m.image.get('owner')}, {m.member['status']})" for m in found)
        raise ConflictError(f"There are {len(found)} images that {answer.told} could mean: {listed}; give id or owner.")
    if not found:
        if offered:
            raise _not_a_member(answer)
        raise OptionError(f"name: no {answer.told} is shared; its owner has to share it with the project first.")
    return found[0]


def _member_or_none(glance: Glance, image_id: str, project: str) -> Document | None:
    try:
        return glance.member(image_id, project)
    except ApiError as exc:
        # No longer shared, or gone, since it was listed.
        if exc.status == 403:
            return None
        raise


def _not_a_member(answer: Answer) -> OptionError:
    return OptionError(
        f"member: {answer.told} is not shared with project {answer.member}; its owner has to add that project first."
    )


def refuse_foreign(glance: Glance, membership: Membership, answer: Answer) -> None:
    """Say beforehand what Glance would refuse with a bare 403, so that check mode tells it too.

    :raises OptionError: the login may not answer for that project
    """
    login = glance.login
    if login.is_admin is not False or login.project_id is None:
        return
    if answer.member != login.project_id:
        raise OptionError(
            f"member: only project {answer.member} itself or an admin may answer for it; log in to that project."
        )
    if membership.image.get("owner") == login.project_id:
        raise OptionError(f"{answer.told} belongs to this very project; only those it is shared with have to answer.")


def answered(glance: Glance, membership: Membership, answer: Answer, check: bool) -> Document:
    """Set the status where it differs; the member document as it is then or, when only checking, would be."""
    if membership.member.get("status") == answer.status:
        return membership.member
    refuse_foreign(glance, membership, answer)
    if check:
        return {**membership.member, "status": answer.status}
    return glance.set_member_status(membership.image["id"], str(answer.member), answer.status)


def shown(member: Mapping[str, Any], image: Mapping[str, Any]) -> Document:
    """What a diff shows of a membership."""
    return {"image_id": image.get("id"), "member_id": member.get("member_id"), "status": member.get("status")}
