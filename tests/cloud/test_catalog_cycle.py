# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a catalog: every step foretold by check mode, done, and then nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
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


@dataclass
class Scene:
    """A catalog that is published, and published again differently.

    :param first: entries of the first time
    :param then: entries of the second time
    :param options: those of the task, both times
    :param expected: kinds of the second catalog_result that are not empty, with the entries' names
    :param after: by name: (os_hidden, status) of the images in the end
    """

    first: list[tuple[Any, ...]]
    then: list[tuple[Any, ...]]
    options: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, list[str]] = field(default_factory=dict)
    after: dict[str, tuple[bool, str]] = field(default_factory=dict)


SHOWN, HIDDEN, OFF = (False, "active"), (True, "active"), (False, "deactivated")
SCENES = {
    "update": Scene(
        [("a",)],
        [("a", "1", {"min_disk": 2, "tags": ["x"], "properties": {"os_distro": "debian"}})],
        {},
        {"updated": ["a"]},
        {"a": SHOWN},
    ),
    "a new version": Scene(
        [("a",)], [("a", "2")], {}, {"replaced": ["a"]}, {"a": SHOWN, "a (1)": HIDDEN}
    ),
    "deactivated": Scene(
        [("a",)],
        [("a", "2")],
        {"retire": "deactivate"},
        {"replaced": ["a"]},
        {"a": SHOWN, "a (1)": OFF},
    ),
    "deleted": Scene([("a",)], [("a", "2")], {"retire": "delete"}, {"replaced": ["a"]}, {"a": SHOWN}),
    "none kept": Scene([("a",)], [("a", "2")], {"keep": "0"}, {"replaced": ["a"]}, {"a": SHOWN}),
    "two versions become one": Scene(
        [("a",), ("a", "2")],
        [("a", "2")],
        {},
        {"retired": ["a (1)"], "unchanged": ["a"]},
        {"a": SHOWN, "a (1)": HIDDEN},
    ),
    "an entry too much for keep": Scene(
        [("a",), ("a", "2"), ("a", "3")],
        [("a", "3")],
        {"keep": "1"},
        {"retired": ["a (2)", "a (1)"], "unchanged": ["a"]},
        {"a": SHOWN, "a (2)": HIDDEN},
    ),
    "left, prune none": Scene([("a",), ("b",)], [("a",)], {}, {"unchanged": ["a"]}, {"a": SHOWN, "b": SHOWN}),
    "left, prune hide": Scene(
        [("a",), ("b",)],
        [("a",)],
        {"prune": "hide"},
        {"pruned": ["b"], "unchanged": ["a"]},
        {"a": SHOWN, "b": HIDDEN},
    ),
    "left, prune deactivate": Scene(
        [("a",), ("b",)],
        [("a",)],
        {"prune": "deactivate"},
        {"pruned": ["b"], "unchanged": ["a"]},
        {"a": SHOWN, "b": OFF},
    ),
    "left, prune delete": Scene(
        [("a",), ("b",)], [("a",)], {"prune": "delete"}, {"pruned": ["b"], "unchanged": ["a"]}, {"a": SHOWN}
    ),
    "switched off": Scene(
        [("a",), ("b",)],
        [("a",), ("b", "2", {"enabled": False})],
        {"prune": "delete"},
        {"unchanged": ["a"]},
        {"a": SHOWN, "b": SHOWN},
    ),
}


@pytest.fixture(scope="module")
def played(run: Runner, admin: Glance, shop: Shop) -> dict[str, list[Done]]:
    """All scenes in one play: published, foretold, done, and once more for nothing. Names begin with the scene's."""
    tasks = []
    for scene_name, scene in SCENES.items():
        catalog = f"{shop.prefix}{scene_name}"
        first, then = (entries_of(shop, scene_name, told_of) for told_of in (scene.first, scene.then))
        tasks += [
            publish(catalog, first, **scene.options),
            publish(catalog, then, check=True, **scene.options),
            publish(catalog, then, **scene.options),
            publish(catalog, then, **scene.options),
        ]
    done = run(tasks)
    return {name: done[4 * number : 4 * number + 4] for number, name in enumerate(SCENES)}


def entries_of(shop: Shop, scene: str, wanted: list[tuple[Any, ...]]) -> list[Entry]:
    found = []
    for name, *rest in wanted:
        version = rest[0] if rest else "1"
        more = rest[1] if len(rest) > 1 else {}
        found.append(shop.entry(f"{scene.replace(' ', '_').replace(',', '')}/{name}", version, **more))
    return found


@pytest.mark.parametrize("name", SCENES)
def test_scene(played: dict[str, list[Done]], admin: Glance, shop: Shop, name: str) -> None:
    scene = SCENES[name]
    begins = f"{shop.prefix}{name.replace(' ', '_').replace(',', '')}/"
    first, check, second, again = played[name]
    assert len(told(first)["created"]) == len(scene.first)
    promised, result = told(check), told(second)
    kinds = ("created", "updated", "replaced", "adopted", "restored", "retired", "pruned", "unchanged")
    found = {kind: [label.removeprefix(begins) for label in result[kind]] for kind in kinds if result[kind]}
    assert found == scene.expected
    assert result["failed"] == {}
    assert without_ids(promised) == without_ids(result)
    assert check.writes == again.writes == []
    assert check.changed == second.changed == bool(set(scene.expected) - {"unchanged"})
    assert not again.changed
    assert not any(told(again)[kind] for kind in kinds if kind != "unchanged")
    images = {image["name"].removeprefix(begins): image for image in admin.images(begins)}
    assert {label: (image["os_hidden"], image["status"]) for label, image in images.items()} == scene.after
    for label, image in result["images"].items():
        plain = label.removeprefix(begins)
        if image["action"] in ("create", "replace"):
            assert images[plain]["os_hash_value"] == sha512(shop.data(image["name"].removeprefix(shop.prefix), image["version"]))
        assert images[plain]["id"] == image["id"]


def test_check_mode_shows_the_plan_and_each_change(played: dict[str, list[Done]]) -> None:
    _first, check, _second, _again = played["update"]
    (part,) = check.result["diff"]
    assert part["before_header"].startswith("update ")
    assert (part["before"]["min_disk"], part["after"]["min_disk"]) == (0, 2)
    assert part["after"]["os_distro"] == "debian"
    assert part["after"]["tags"] == ["x"]


def test_nothing_to_do_costs_one_listing(played: dict[str, list[Done]]) -> None:
    """Shown and hidden ones are listed apart, since Glance has no other way."""
    for name, (_first, _check, _second, again) in played.items():
        assert again.requests == ["GET images", "GET images"], name


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


@pytest.mark.parametrize("how", ["hidden", "deactivated"])
def test_what_somebody_put_away_is_restored(run: Runner, admin: Glance, shop: Shop, how: str) -> None:
    entry = shop.entry(f"restored-{how}")
    catalog = f"restoring {how}"
    (first,) = run([publish(catalog, [entry])])
    image_id = told(first)["images"][entry["name"]]["id"]
    if how == "hidden":
        admin.patch(image_id, os_hidden=True)
    else:
        admin.deactivate(image_id)
    check, second, again = run(
        [publish(catalog, [entry], check=True), publish(catalog, [entry]), publish(catalog, [entry])]
    )
    assert told(check) == told(second)
    assert told(second)["restored"] == [entry["name"]]
    assert (check.changed, second.changed, again.changed) == (True, True, False)
    image = admin.image(image_id)
    assert (image["os_hidden"], image["status"]) == SHOWN


def test_an_image_in_use_is_hidden_and_told(
    admin: Glance, shop: Shop, tmp_path: Path
) -> None:
    """As Ceph answers for an image that servers are cloned from: the real Glance behind a proxy that says so."""
    old, new, leaving = shop.entry("used"), shop.entry("used", "2"), shop.entry("used-leaving")
    options: dict[str, Any] = {"retire": "delete", "prune": "delete"}
    with Proxy() as proxy:
        cloud = {**account("admin"), "image_endpoint_override": proxy.front("glance", variable("LOCAL_CLOUD_IMAGE_URL"))}
        in_use = b'{"message": "Image could not be deleted because it is in use: has snapshots", "code": "409 Conflict"}'
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
