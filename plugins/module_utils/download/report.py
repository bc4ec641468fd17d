# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module image_download's result: what was done, or would be, and the difference that it makes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.document import with_spellings
from ansible_collections.imageops.glance.plugins.module_utils.download.engine import Fetched
from ansible_collections.imageops.glance.plugins.module_utils.download.plan import Plan

Document = dict[str, Any]


@dataclass(frozen=True)
class Attributes:
    """What became of the file's attributes, or would.

    ``before`` and ``after`` hold those that differ; ``mode`` are the permission bits at the end, None when not known.
    """

    changed: bool = False
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    mode: int | None = None


def result_of(plan: Plan, fetched: Fetched | None, attributes: Attributes, check: bool) -> Document:
    """The result, whose shape is the same when it is only predicted (``check``).

    :param fetched: what was put in place, None when nothing was
    """
    moved = fetched is not None or (check and plan.reason is not None)
    # Those of a new file are part of its making.
    dressed = attributes.changed and (plan.target.exists or not moved)
    result: Document = {
        "changed": moved or dressed,
        "dest": plan.target.path,
        "image": with_spellings(plan.image),
        "actions": ["download"] * moved + ["attributes"] * dressed,
        "verified": plan.wanted.unverified is None,
        "diff": diff_of(plan, fetched, attributes, moved),
    }
    if moved:
        result["reason"] = plan.reason
        result["resumed"] = fetched.resumed if fetched else 0
    if plan.wanted.unverified is not None:
        result["unverified_reason"] = plan.wanted.unverified
    return result


def diff_of(plan: Plan, fetched: Fetched | None, attributes: Attributes, moved: bool) -> Document:
    """Before and after of the file; equal when nothing changes."""
    before: Document = {"state": "absent"}
    if plan.target.exists:
        before = {"state": "file", "size": plan.target.size, "mode": _octal(plan.target.mode)}
        before.update(plan.local.hashes if plan.local else {}, **attributes.before)
    after = dict(before)
    if moved:
        hashes = dict(digest for digest in (plan.wanted.recorded, plan.wanted.asked) if digest)
        after = {
            "state": "file",
            "size": fetched.digests.size if fetched else plan.wanted.size,
            "mode": _octal(attributes.mode),
            **(fetched.digests.hashes if fetched else hashes),
        }
    after.update(attributes.after)
    title = plan.target.path
    return {"before": before, "after": _known(after), "before_header": title, "after_header": title}


def _known(document: Document) -> Document:
    return {k: v for k, v in document.items() if v is not None}


def _octal(mode: int | None) -> str | None:
    return None if mode is None else f"0{mode:03o}"
