# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every plan, whatever the catalog, the cloud and the policy: found out with random histories."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import normalise
from ansible_collections.imageops.glance.plugins.module_utils.catalog.marks import image_of, marked_by
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan
from ansible_collections.imageops.glance.plugins.module_utils.catalog.validate import Located, check_catalog
from ansible_collections.imageops.glance.tests.unit.catalog.cloud_model import OTHER_PROJECT, PROJECT, Cloud, digest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

NAMES = ("A", "B:c")
VERSIONS = ("1", "2", "10", "latest")
DATA = ("x", "y", "z")
PROPERTIES = st.dictionaries(st.sampled_from(("a", "b")), st.sampled_from((None, True, 4, "t")), max_size=2)

Round = tuple[list[dict[str, Any]], dict[str, Any], dict[str, str]]


@st.composite
def versions_of(draw: st.DrawFn, name: str) -> list[dict[str, Any]]:
    """The entries of one name: one without a version, or several with."""
    versions: list[str | None] = draw(
        st.one_of(st.just([None]), st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=3, unique=True))
    )
    entries = []
    for version in versions:
        data = draw(st.sampled_from(DATA))
        moving = draw(st.booleans())
        entry: dict[str, Any] = {"name": name, "disk_format": draw(st.sampled_from(("qcow2", "qcow2", "raw")))}
        entry["url"] = f"https://h/{name}/{version}.img" if moving else f"https://h/{data}.img"
        if version is not None:
            entry["version"] = version
        if moving or draw(st.booleans()):
            entry["checksum"] = digest(data, draw(st.sampled_from(("sha256", "sha512"))))
        entry["data"] = data
        optional = {
            "visibility": st.sampled_from(("public", "private", "community")),
            "protected": st.booleans(),
            "tags": st.lists(st.sampled_from("pq"), unique=True),
            "min_disk": st.integers(0, 3),
            "hidden": st.just(True),
            "state": st.just("deactivated"),
            "enabled": st.just(False),
            "keep": st.sampled_from((0, 2, "all")),
            "properties": st.dictionaries(
                st.sampled_from(("a", "b")), st.sampled_from((None, True, 4, "t")), max_size=2
            ),
            "properties_mode": st.just("exact"),
        }
        chosen = draw(st.lists(st.sampled_from(sorted(optional)), max_size=3, unique=True))
        entry.update({key: draw(optional[key]) for key in chosen})
        entries.append(entry)
    return entries


@st.composite
def rounds(draw: st.DrawFn) -> Round:
    """A catalog, a policy, and what the web has at that time."""
    entries = [entry for name in NAMES if draw(st.booleans()) for entry in draw(versions_of(name))]
    web = {f"https://h/{data}.img": data for data in DATA}
    web.update((entry["url"], entry.pop("data")) for entry in entries)
    policy = {
        "keep": draw(st.sampled_from((0, 1, 2, "all"))),
        "retire": draw(st.sampled_from(("hide", "deactivate", "delete"))),
        "prune": draw(st.sampled_from(("none", "hide", "deactivate", "delete"))),
        "adopt": draw(st.sampled_from(("content", "name", "none"))),
    }
    return entries, policy, web


@st.composite
def clouds(draw: st.DrawFn) -> Cloud:
    """A cloud in which others live too."""
    cloud = Cloud()
    kinds = st.lists(st.sampled_from(("unmarked", "other catalog", "snapshot", "other project", "queued")), max_size=4)
    for kind in draw(kinds):
        name, data = draw(st.sampled_from(NAMES)), draw(st.sampled_from(DATA))
        marks = {
            "imageops_catalog": "other" if kind == "other catalog" else "base",
            "imageops_entry": name,
            "imageops_version": draw(st.sampled_from(("", "1", "2"))),
            "imageops_source": f"https://h/{data}.img",
            "imageops_image": "11111111-dead-4000-8000-000000000000" if kind == "snapshot" else "{id}",
        }
        image = cloud.add(data, name=name, os_hidden=draw(st.booleans()), **({} if kind == "unmarked" else marks))
        image["tags"] = draw(st.sampled_from(([], ["managed_by_osism"])))
        if kind == "other project":
            image["owner"] = OTHER_PROJECT
        if kind == "queued":
            del cloud.data[image["id"]]
            image.update(status="queued", checksum=None, os_hash_algo=None, os_hash_value=None, size=None)
    return cloud


def planned(cloud: Cloud, entries: list[dict[str, Any]], policy: dict[str, Any]) -> dict[str, Any]:
    return plan(entries, cloud.listing(), "base", project_id=PROJECT, **policy)


def own(cloud: Cloud) -> set[str]:
    """Ids of the images that truly bear the catalog's marks."""
    return {
        image["id"]
        for image in cloud.images.values()
        if image["owner"] == PROJECT and marked_by(image_of(image)) == "base"
    }


def bootable(cloud: Cloud, name: str) -> bool:
    """Whether users can start a server from an image of the catalog by that name."""
    return any(
        image["name"] == name and image["status"] == "active" and not image["os_hidden"] and image["id"] in own(cloud)
        for image in cloud.images.values()
    )


def watched(entries: list[dict[str, Any]]) -> set[str]:
    """Names of entries that shall be usable and listed."""
    current: dict[str, dict[str, Any]] = {}
    for entry in map(normalise, entries):
        current.setdefault(entry["name"], entry)
    ready = {}
    for name in current:
        group = [entry for entry in map(normalise, entries) if entry["name"] == name]
        ready[name] = all(
            not entry.get("hidden") and entry.get("state", "active") == "active" and entry.get("enabled", True)
            for entry in group
        )
    return {name for name, good in ready.items() if good}


def state(cloud: Cloud) -> Counter[tuple[Any, ...]]:
    """What a cloud offers, without ids and ages."""
    return Counter(
        (
            image["name"],
            image["status"],
            image["os_hidden"],
            image["visibility"],
            image["protected"],
            image["disk_format"],
            cloud.data.get(image["id"]),
            tuple(sorted((k, v) for k, v in image.items() if k.startswith("imageops_") and k != "imageops_image")),
        )
        for image in cloud.images.values()
    )


def carried_out(cloud: Cloud, entries: list[dict[str, Any]], policy: dict[str, Any], stop: int | None) -> None:
    """Apply a plan and look at every step of it."""
    outcome = planned(cloud, entries, policy)
    mine = own(cloud)
    adopted = {step["image_id"] for step in outcome["steps"] if step["action"] == "adopt"}
    strangers = {
        key: copy.deepcopy(image) for key, image in cloud.images.items() if key not in mine and key not in adopted
    }
    guarded = {name for name in watched(entries) if bootable(cloud, name)}
    results: dict[str, str] = {}
    for number, event_name in enumerate(cloud.steps(outcome["images"], results), 1):
        for name in guarded:
            assert bootable(cloud, name), (event_name, name, outcome["table"])
        if stop is not None and number >= stop:
            break
    else:
        assert cloud.broken or set(results.values()) <= {"ok"}, (results, outcome["table"])
    for key, image in strangers.items():
        assert cloud.images[key] == image


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cloud=clouds(), history=st.lists(rounds(), min_size=1, max_size=4), stop=st.integers(1, 12))
def test_every_history(cloud: Cloud, history: list[Round], stop: int) -> None:
    for entries, policy, web in history:
        assert check_catalog([Located(entry) for entry in entries]) == []
        cloud.web = web
        killed = copy.deepcopy(cloud)

        carried_out(cloud, entries, policy, None)
        again = planned(cloud, entries, policy)
        assert not again["changed"], again["table"]
        assert again["images"] == []

        carried_out(killed, entries, policy, stop)
        after = planned(killed, entries, policy)
        if after["changed"]:
            event("was killed before the end")
        carried_out(killed, entries, policy, None)
        settled = planned(killed, entries, policy)
        assert not settled["changed"], settled["table"]
        assert state(killed) == state(cloud), after["table"]


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(first=rounds(), second=rounds(), broken=st.sets(st.integers(0, 5), min_size=1))
def test_sources_that_break(first: Round, second: Round, broken: set[int]) -> None:
    """Of an entry whose new data cannot be had, what users have stays; once it can be had, all is as it should be."""
    cloud = Cloud(web=first[2])
    carried_out(cloud, first[0], first[1], None)
    healthy = copy.deepcopy(cloud)
    entries, policy, cloud.web = second
    urls = sorted(cloud.web)
    cloud.broken = {urls[number % len(urls)] for number in broken}
    carried_out(cloud, entries, policy, None)
    if planned(cloud, entries, policy)["changed"]:
        event("something is left to do")
    cloud.broken = set()
    carried_out(cloud, entries, policy, None)
    assert not planned(cloud, entries, policy)["changed"]
    healthy.web = cloud.web
    carried_out(healthy, entries, policy, None)
    assert state(cloud) == state(healthy)
