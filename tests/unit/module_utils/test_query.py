# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about many images, in Glance's words."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.query import merged, question


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        ({}, []),
        ({"name": "ubuntu:22.04"}, [("name", "eq:ubuntu:22.04")]),
        ({"name": ""}, [("name", "eq:")]),
        ({"tags": ["a", "b"]}, [("tag", "a"), ("tag", "b")]),
        ({"status": ["active"]}, [("status", "active")]),
        ({"status": ["active", "queued"]}, [("status", "in:active,queued")]),
        ({"visibility": "all", "owner": "p"}, [("visibility", "all"), ("owner", "p")]),
        ({"properties": {"os_distro": "x", "n": 4}}, [("os_distro", "x"), ("n", "4")]),
        ({"filters": {"protected": True, "size_min": 5}}, [("protected", "true"), ("size_min", "5")]),
        ({"filters": {"name": "a:b"}}, [("name", "eq:a:b")]),
        ({"filters": {"name": "in:a,b"}}, [("name", "in:a,b")]),
        ({"filters": {"created_at": ["gt:1", "lt:2"]}}, [("created_at", "gt:1"), ("created_at", "lt:2")]),
        ({"sort": "name"}, [("sort", "name:desc")]),
        ({"sort": "name:asc, size"}, [("sort", "name:asc,size:desc")]),
        ({"sort": ""}, []),
    ],
)
def test_queries(asked: dict[str, Any], query: list[tuple[str, str]]) -> None:
    found = question(**asked)
    assert list(found.query) == query
    assert found.sift == {}


@pytest.mark.parametrize(
    "name", ["flag_min", "hw_cpu_max", "limit", "marker", "sort", "tag", "member_status", "properties"]
)
def test_what_glance_would_misunderstand_is_sifted_here(name: str) -> None:
    found = question(properties={name: "5"})
    assert found.query == ()
    assert found.keep({name: "5"})
    assert not found.keep({name: "6"})
    assert not found.keep({})


def test_truth_values_in_any_spelling() -> None:
    found = question(properties={"flag": True})
    assert [found.keep({"flag": value}) for value in ("true", "True", "yes", None)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"properties": {"a": None}}, "^properties: 'a' is null"),
        ({"properties": {"a": []}}, "^properties: the value of 'a' is a list"),
        ({"properties": {"tags": "x"}}, "^properties: 'tags' is no custom property"),
        ({"filters": {"limit": 1}}, "^filters: 'limit' steers the listing; use the option limit"),
        ({"filters": {"marker": 1}}, "^filters: 'marker' steers the listing; use the option limit"),
        ({"filters": {"sort_dir": "asc"}}, "^filters: 'sort_dir' steers the listing; use the option sort"),
        ({"filters": {"os_hidden": True}}, "^filters: use the option hidden"),
        ({"filters": {"hw_cpu_min": 1}}, "^filters: Glance cannot filter by 'hw_cpu_min'; use properties"),
        ({"sort": "owner"}, "^sort: 'owner' is none of name, status"),
        ({"sort": "name:up"}, "^sort: 'name:up' is none of"),
    ],
)
def test_questions_that_make_no_sense(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        question(**asked)


IMAGES: list[dict[str, Any]] = [
    {"id": "1", "name": "b", "size": 2, "created_at": "1"},
    {"id": "2", "name": "a", "size": None, "created_at": "2"},
    {"id": "3", "name": "b", "size": 1, "created_at": "2"},
]


@pytest.mark.parametrize(
    ("sort", "limit", "order"),
    [
        (None, None, "321"),
        (None, 2, "32"),
        (None, 0, ""),
        ("name:asc", None, "213"),
        ("name:asc,size:asc", None, "231"),
        ("name:desc,size:desc", None, "132"),
        ("size:asc", None, "312"),
        ("size:desc", None, "213"),
    ],
)
def test_two_listings_as_one(sort: str | None, limit: int | None, order: str) -> None:
    found = merged(IMAGES, question(sort=sort).sort, limit)
    assert "".join(str(image["id"]) for image in found) == order
