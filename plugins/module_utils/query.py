# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about many images: what Glance can answer is asked of Glance, the rest is sifted here. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.document import properties_as_stored, same_value
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError

Document = dict[str, Any]

#: Keys that Glance sorts by (glance/api/v2/images.py, _available_sort_keys).
SORT_KEYS = ("name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at")
#: Query parameters that steer the listing itself; the module has options for them.
STEERING = {"limit": "limit", "marker": "limit", "sort": "sort", "sort_key": "sort", "sort_dir": "sort"}
#: What else GET /v2/images takes for a word to itself, though an image may have a property of that name.
RESERVED = frozenset((*STEERING, "tag", "member_status", "changes-since", "properties", "filters", "deleted"))
#: Parameters with _min or _max at the end that Glance knows; it answers 500 to any other.
RANGES = ("size_min", "size_max")


@dataclass(frozen=True)
class Question:
    """A query for GET /v2/images, without os_hidden, and what has to be sifted from its answer."""

    query: tuple[tuple[str, str], ...]
    sift: Mapping[str, str] = field(default_factory=dict)
    sort: tuple[tuple[str, bool], ...] = ()

    def keep(self, image: Mapping[str, Any]) -> bool:
        return all(same_value(wanted, image.get(name)) for name, wanted in self.sift.items())


def question(
    name: str | None = None,
    tags: Sequence[str] = (),
    status: Sequence[str] = (),
    visibility: str | None = None,
    owner: str | None = None,
    properties: Mapping[str, Any] | None = None,
    filters: Mapping[str, Any] | None = None,
    sort: str | None = None,
) -> Question:
    """Put the options of image_info into Glance's words.

    :raises OptionError: a filter or sort key that Glance would answer with an error of its own
    """
    query: list[tuple[str, str]] = []
    sift: dict[str, str] = {}
    if name is not None:
        # Any text before a colon would be taken for an operator.
        query.append(("name", f"eq:{name}"))
    query += [("tag", tag) for tag in tags]
    if status:
        query.append(("status", status[0] if len(status) == 1 else f"in:{','.join(status)}"))
    if visibility:
        query.append(("visibility", visibility))
    if owner:
        query.append(("owner", owner))
    for key, value in properties_as_stored(properties or {}).items():
        if value is None:
            raise OptionError(f"properties: '{key}' is null; give the value to look for.")
        # Truth values come in several spellings, and names such as hw_cpu_min would be taken for a range.
        if value in ("true", "false") or key in RESERVED or key.endswith(("_min", "_max")):
            sift[key] = value
        else:
            query.append((key, value))
    query += _filters(filters or {})
    keys = _sort_keys(sort)
    if keys:
        query.append(("sort", ",".join(f"{key}:{'desc' if down else 'asc'}" for key, down in keys)))
    return Question(tuple(query), sift, keys)


def _filters(filters: Mapping[str, Any]) -> list[tuple[str, str]]:
    query = []
    for key, value in filters.items():
        if key in STEERING:
            raise OptionError(f"filters: '{key}' steers the listing; use the option {STEERING[key]}.")
        if key == "os_hidden":
            raise OptionError("filters: use the option hidden in place of os_hidden.")
        if key.endswith(("_min", "_max")) and key not in RANGES:
            raise OptionError(f"filters: Glance cannot filter by '{key}'; use properties.")
        if key == "name" and isinstance(value, str) and not value.startswith(("eq:", "in:")):
            value = f"eq:{value}"
        for item in value if isinstance(value, (list, tuple)) else [value]:
            query.append((str(key), str(item).lower() if isinstance(item, bool) else str(item)))
    return query


def _sort_keys(sort: str | None) -> tuple[tuple[str, bool], ...]:
    keys = []
    for part in (sort or "").replace(" ", "").split(","):
        if not part:
            continue
        key, _colon, direction = part.partition(":")
        if key not in SORT_KEYS or direction not in ("", "asc", "desc"):
            raise OptionError(f"sort: '{part}' is none of {', '.join(SORT_KEYS)} with :asc or :desc.")
        keys.append((key, direction != "asc"))
    return tuple(keys)


def merged(images: Iterable[Document], sort: Sequence[tuple[str, bool]], limit: int | None) -> list[Document]:
    """Two listings as one, in the order in which Glance would have given them."""
    result = list(images)
    for key, down in reversed(sort or (("created_at", True), ("id", True))):
        # Images without a value go last when ascending, as PostgreSQL and Glance do.
        result.sort(key=lambda image: (image.get(key) is None, image.get(key) or ""), reverse=down)
    return result if limit is None else result[:limit]
