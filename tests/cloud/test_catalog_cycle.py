# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a catalog: every step foretold by check mode, done, and then nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.catalog.marks import ENTRY
from ansible_collections.imageops.glance.tests.cloud.catalogs import Entry, Shop, publish, sha512, told, without_ids
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance, account
from ansible_collections.imageops.glance.tests.cloud.plays import Done, play, variable
from ansible_collections.imageops.glance.tests.faults.fault import answer
from ansible_collections.imageops.glance.tests.faults.proxy import Proxy
from ansible_collections.imageops.glance.tests.web_server.server import running


@pytest.fixture(scope="module")
def shop(prefix: str) -> Iterator[Shop]:
    with running() as web:
        yield Shop(web, prefix)


@dataclass(frozen=True)
class Scene:
    """Entries (name, version, options) that are published and then published again, differently.

    :param expected: kinds of the second catalog_result that are not empty, with names
    :param after: by name: (os_hidden, status) of the images in the end
    """

    first: list[tuple[Any, ...]]
    then: list[tuple[Any, ...]]
    expected: dict[str, list[str]]
    after: dict[str, tuple[bool, str]]


SHOWN, HIDDEN, OFF = (False, "active"), (True, "active"), (False, "deactivated")
CHANGES = {"min_disk": 2, "tags": ["x"], "properties": {"os_distro": "debian"}}
#: Catalogs by policy; each is one catalog for all its scenes: a run costs as much for one entry as for ten.
POLICIES: dict[str, tuple[dict[str, Any], dict[str, Scene]]] = {
    "usual": (
        {},
        {
            "update": Scene([("a",)], [("a", "1", CHANGES)], {"updated": ["a"]}, {"a": SHOWN}),
            "version": Scene([("a",)], [("a", "2")], {"replaced": ["a"]}, {"a": SHOWN, "a (1)": HIDDEN}),
            "fewer": Scene(
                [("a",), ("a", "2")],
                [("a", "2")],
                {"retired": ["a (1)"], "unchanged": ["a"]},
                {"a": SHOWN, "a (1)": HIDDEN},
            ),
            "many": Scene(
                [("a",), ("a", "2"), ("a", "3")],
                [("a", "3")],
                {"retired": ["a (2)", "a (1)"], "unchanged": ["a"]},
                {"a": SHOWN, "a (2)": HIDDEN},
            ),
            "left": Scene([("a",), ("b",)], [("a",)], {"unchanged": ["a"]}, {"a": SHOWN, "b": SHOWN}),
        },
    ),
    "deactivate": (
        {"retire": "deactivate", "prune": "deactivate"},
        {
            "version": Scene([("a",)], [("a", "2")], {"replaced": ["a"]}, {"a": SHOWN, "a (1)": OFF}),
            "left": Scene([("a",), ("b",)], [("a",)], {"pruned": ["b"], "unchanged": ["a"]}, {"a": SHOWN, "b": OFF}),
        },
    ),
    "delete": (
        {"retire": "delete", "prune": "delete"},
        {
            "version": Scene([("a",)], [("a", "2")], {"replaced": ["a"]}, {"a": SHOWN}),
            "left": Scene([("a",), ("b",)], [("a",)], {"pruned": ["b"], "unchanged": ["a"]}, {"a": SHOWN}),
            "off": Scene([("a",)], [("a", "2", {"enabled": False})], {}, {"a": SHOWN}),
        },
    ),
    "keep-none": (
        {"keep": "0", "prune": "hide"},
        {
            "version": Scene([("a",)], [("a", "2")], {"replaced": ["a"]}, {"a": SHOWN}),
            "left": Scene([("a",), ("b",)], [("a",)], {"pruned": ["b"], "unchanged": ["a"]}, {"a": SHOWN, "b": HIDDEN}),
        },
    ),
}
KINDS = ("created", "updated", "replaced", "adopted", "restored", "retired", "pruned", "unchanged")


@pytest.fixture(scope="module")
def played(run: Runner, admin: Glance, shop: Shop) -> dict[str, list[Done]]:
    """All catalogs in one play: published, the next one foretold, done, and once more for nothing."""
    tasks = []
    for policy, (options, scenes) in POLICIES.items():
        first = [entry for scene in scenes for entry in entries_of(shop, policy, scene, scenes[scene].first)]
        then = [entry for scene in scenes for entry in entries_of(shop, policy, scene, scenes[scene].then)]
        catalog = f"{shop.prefix}{policy}"
        tasks += [publish(catalog, first, **options), publish(catalog, then, check=True, **options)]
        tasks += [publish(catalog, then, **options)] * 2
    done = run(tasks)
    return {policy: done[4 * number : 4 * number + 4] for number, policy in enumerate(POLICIES)}


def entries_of(shop: Shop, policy: str, scene: str, wanted: list[tuple[Any, ...]]) -> list[Entry]:
    """Entries whose names begin with what they are there for."""
    found = []
    usual: list[Any] = ["1", {}]
    for name, *rest in wanted:
        version, more = [*rest, *usual[len(rest) :]]
        found.append(shop.entry(f"{policy}/{scene}/{name}", version, **more))
    return found


@pytest.mark.parametrize("policy", POLICIES)
def test_foretold_done_and_nothing_left_to_do(played: dict[str, list[Done]], policy: str) -> None:
    first, check, second, again = played[policy]
    assert told(first)["failed"] == told(second)["failed"] == {}
    assert without_ids(told(check)) == without_ids(told(second))
    assert check.writes == again.writes == []
    assert (check.changed, second.changed, again.changed) == (True, True, False)
    assert not any(told(again)[kind] for kind in KINDS if kind != "unchanged")
    # Shown and hidden ones are listed apart, since Glance has no other way.
    assert again.requests == ["GET images", "GET images"]


@pytest.mark.parametrize(
    ("policy", "name"), [(policy, name) for policy, (_options, scenes) in POLICIES.items() for name in scenes]
)
def test_scene(played: dict[str, list[Done]], admin: Glance, shop: Shop, policy: str, name: str) -> None:
    scene = POLICIES[policy][1][name]
    begins = f"{shop.prefix}{policy}/{name}/"
    result = told(played[policy][2])
    found = {kind: [label.removeprefix(begins) for label in result[kind] if label.startswith(begins)] for kind in KINDS}
    assert {kind: labels for kind, labels in found.items() if labels} == scene.expected
    images = {image["name"].removeprefix(begins): image for image in admin.images(begins)}
    assert {label: (image["os_hidden"], image["status"]) for label, image in images.items()} == scene.after
    for label, image in result["images"].items():
        if label.startswith(begins):
            there = images[label.removeprefix(begins)]
            assert there["id"] == image["id"]
            name_in_shop = image["name"].removeprefix(shop.prefix)
            assert there["os_hash_value"] == sha512(shop.data(name_in_shop, image["version"]))


def test_check_mode_shows_the_plan_and_each_change(played: dict[str, list[Done]]) -> None:
    _first, check, _second, _again = played["usual"]
    assert [part["before_header"].split()[0] for part in check.result["diff"]] == [
        "update",
        "replace",
        "retire",
        "retire",
        "retire",
    ]
    part = check.result["diff"][0]
    assert (part["before"]["min_disk"], part["after"]["min_disk"]) == (0, 2)
    assert part["after"]["os_distro"] == "debian"
    assert part["after"]["tags"] == ["x"]


def test_the_same_data_without_marks_is_adopted(run: Runner, admin: Glance, shop: Shop) -> None:
    entry = shop.entry("adopted", visibility="public")
    mine = admin.create(shop.data("adopted"), name=entry["name"], os_distro="kept")
    shop.asked()
    check, first, again = run(
        [publish("adopting", [entry], check=True), publish("adopting", [entry]), publish("adopting", [entry])]
    )
    assert without_ids(told(check)) == without_ids(told(first))
    assert told(first)["adopted"] == [entry["name"]]
    assert not again.changed
    (image,) = admin.images(entry["name"])
    assert (image["id"], image["visibility"], image["os_distro"]) == (mine["id"], "public", "kept")
    assert image[ENTRY] == entry["name"]
    assert shop.asked() == []
    assert "PUT file" not in first.requests


def test_other_data_without_marks_stays_as_it_is(run: Runner, admin: Glance, shop: Shop) -> None:
    entry = shop.entry("foreign")
    foreign = admin.create(b"something else", name=entry["name"])
    (done,) = run([publish("strange", [entry], prune="delete")])
    assert told(done)["created"] == [entry["name"]]
    assert admin.image(foreign["id"]) == foreign


def test_what_somebody_put_away_is_restored(run: Runner, admin: Glance, shop: Shop) -> None:
    entries = [shop.entry(f"restored-{how}") for how in ("hidden", "deactivated")]
    names = [entry["name"] for entry in entries]
    (first,) = run([publish("restoring", entries)])
    ids = [told(first)["images"][name]["id"] for name in names]
    admin.patch(ids[0], os_hidden=True)
    admin.deactivate(ids[1])
    check, second, again = run(
        [publish("restoring", entries, check=True), publish("restoring", entries), publish("restoring", entries)]
    )
    assert told(check) == told(second)
    assert told(second)["restored"] == names
    assert (check.changed, second.changed, again.changed) == (True, True, False)
    for image in map(admin.image, ids):
        assert (image["os_hidden"], image["status"]) == SHOWN


def test_an_image_in_use_is_hidden_and_told(admin: Glance, shop: Shop, tmp_path: Path) -> None:
    """As Ceph answers for an image that servers are cloned from: the real Glance behind a proxy that says so."""
    old, new, leaving = shop.entry("used"), shop.entry("used", "2"), shop.entry("used-leaving")
    options: dict[str, Any] = {"retire": "delete", "prune": "delete"}
    with Proxy() as proxy:
        cloud = {
            **account("admin"),
            "image_endpoint_override": proxy.front("glance", variable("LOCAL_CLOUD_IMAGE_URL")),
        }
        in_use = (
            b'{"message": "Image could not be deleted because it is in use: has snapshots", "code": "409 Conflict"}'
        )
        refused = proxy.on("DELETE", r"/images/", answer(409, body=in_use), times=0)
        first, second, again = play(
            [
                publish("using", [old, leaving], **options),
                publish("using", [new], **options),
                publish("using", [new], **options),
            ],
            tmp_path,
            {"cloud": cloud},
        ).done
    assert refused.fired >= 2
    assert told(first)["failed"] == told(second)["failed"] == {}
    result = told(second)
    assert (result["replaced"], result["pruned"]) == ([new["name"]], [leaving["name"]])
    hidden = {i["name"]: i for i in admin.images(f"{shop.prefix}used") if i["os_hidden"]}
    assert set(hidden) == {f"{old['name']} (1)", leaving["name"]}
    for name in (new["name"], leaving["name"]):
        assert any(note.startswith(name) and "in use" in note for note in result["notes"]), result["notes"]
    assert told(again)["failed"] == {}
