# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogs that are planned, refused, or kept apart: what is not to be touched is not touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.imageops.glance.plugins.module_utils.catalog.marks import CATALOG, ENTRY, IMAGE
from ansible_collections.imageops.glance.tests.cloud.catalogs import Shop, publish, told
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import Done, play
from ansible_collections.imageops.glance.tests.tools.common import REPO
from ansible_collections.imageops.glance.tests.web_server.server import running

OWN = REPO / "tests" / "cloud" / "osism"
#: Catalogs that a cloud operator uses, for whoever has them beside the checkout.
REAL = REPO.parent / "shared" / "data" / "osism"
#: Lead nowhere, so that a plan that asked the web would be found out.
NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
NO_NETWORK["no_proxy"] = NO_NETWORK["NO_PROXY"] = "127.0.0.1,localhost"


@pytest.fixture(scope="module")
def shop(prefix: str) -> Iterator[Shop]:
    with running() as web:
        yield Shop(web, prefix)


def catalogs() -> list[Path]:
    return sorted([*OWN.glob("*.yml"), *(REAL.glob("*.yml") if REAL.is_dir() else ())])


def wanted_by(path: Path) -> set[str]:
    """Names of the images that openstack-image-manager makes of a catalog's enabled images.

    Of ``multi: true`` the newest version has the plain name; else each version has its own.
    """
    names = set()
    for image in yaml.safe_load(path.read_text(encoding="utf-8"))["images"]:
        versions = sorted(str(version["version"]) for version in image["versions"])
        if not image["enable"]:
            continue
        separator = image.get("separator", " ")
        if image.get("multi"):
            names |= {f"{image['name']}{separator}({version})" for version in versions[:-1]} | {image["name"]}
        else:
            names |= {f"{image['name']}{separator}{version}" for version in versions}
    return names


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, logins: Path) -> dict[Path, Done]:
    """Every catalog in check mode; nothing but the cloud can be reached."""
    tasks = [publish("osism", [], check=True, files=[str(path)], check_properties=False) for path in catalogs()]
    defaults = {"cloud": "admin", "auth_cache": str(logins)}
    return dict(zip(catalogs(), play(tasks, tmp_path_factory.mktemp("osism"), defaults, NO_NETWORK).done, strict=True))


@pytest.mark.parametrize("path", catalogs(), ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_catalogs_of_openstack_image_manager_are_planned(planned: dict[Path, Done], path: Path) -> None:
    done = planned[path]
    result = told(done)
    assert {image["name"] for image in result["images"].values()} == wanted_by(path)
    assert len(result["created"]) == len(wanted_by(path))
    assert done.writes == []
    assert result["failed"] == {}


def test_two_catalogs_and_everybody_elses_images(run: Runner, admin: Glance, shop: Shop) -> None:
    """They share a project and even the name of an entry; one of them leaves, and whatever goes, goes of that one."""
    red, blue = (f"{shop.prefix}{colour}" for colour in ("red", "blue"))
    options: dict[str, Any] = {"prune": "delete", "retire": "delete", "keep": "0"}
    both, only_red, only_blue = shop.entry("both"), shop.entry("red"), shop.entry("blue")
    first, second = run([publish(red, [both, only_red], **options), publish(blue, [both, only_blue], **options)])
    images = {(image[CATALOG], image[ENTRY]): image for image in admin.images(shop.prefix)}
    assert set(images) == {
        (catalog, entry["name"]) for catalog, entry in ((red, both), (red, only_red), (blue, both), (blue, only_blue))
    }
    assert len(told(first)["created"]) == len(told(second)["created"]) == 2
    # What Nova makes of a server's disk bears all properties of the image that the server came from.
    origin = images[red, only_red["name"]]
    inherited = {key: origin[key] for key in origin if key.startswith(("imageops_", "owner_specified."))}
    snapshot = admin.create(b"a server's disk", name=f"{shop.prefix}snapshot", **inherited, image_type="snapshot")
    bare_copy = admin.create(b"a volume", name=only_red["name"], **inherited)
    unmarked = admin.create(b"nobody's", name=f"{shop.prefix}unmarked")
    foreign = admin.create(b"another tool's", name=both["name"], **{CATALOG: red})
    assert snapshot[IMAGE] == origin["id"]
    (leaving,) = run([publish(red, [], **options)])
    assert sorted(told(leaving)["pruned"]) == sorted([both["name"], only_red["name"]])
    left = {image["id"]: image for image in admin.images(shop.prefix)}
    kept = [images[blue, both["name"]], images[blue, only_blue["name"]], snapshot, bare_copy, unmarked, foreign]
    assert left == {image["id"]: image for image in kept}


MISTAKES = [
    ({"name": "A", "version": "1", "url": "https://h/a.img", "chekcsum": "md5:1"}, "'checksum'"),
    ({"name": "B", "url": "https://h/b.img", "checksum": "sha256:12"}, "sha256"),
    ({"name": "C", "url": "https://h/c.img", "visibility": "pubic"}, "pubic"),
    ({"name": "D", "url": "https://h/d.img", "disk_format": "qcow"}, "qcow"),
    ({"name": "E", "filename": "/nonexistent/e.raw"}, "/nonexistent/e.raw"),
    ({"name": "F", "url": "https://h/f.img", "filename": "/nonexistent/f.raw"}, "filename"),
    ({"name": "G"}, "url"),
    ({"url": "https://h/h.img"}, "name"),
    ({"name": "I", "version": "1", "url": "https://h/i.img"}, ""),
    ({"name": "I", "version": "1", "url": "https://h/j.img"}, "I"),
]


def test_all_mistakes_at_once_and_nothing_asked(run: Runner, tmp_path: Path) -> None:
    """Each with its place; the cloud is not even logged in to."""
    file = tmp_path / "more.yml"
    file.write_text("---\n- name: K\n  url: https://h/k.img\n  min_disk: much\n", encoding="utf-8")
    done, policy, typing_error = run(
        [
            publish("wrong", [entry for entry, _told in MISTAKES], files=[str(file)]),
            publish("wrong", [], keep="some"),
            publish("wrong", [], remain="1"),
        ]
    )
    assert done.failed
    for entry, words in MISTAKES:
        assert words in done.message, entry
    for place in ("A", "B", "C", "D", "E", "F", "G", "more.yml", "min_disk"):
        assert place in done.message
    assert done.glance == done.keystone == []
    assert policy.failed
    assert "'some'" in policy.message
    assert policy.writes == []
    assert "no option remain" in typing_error.message


def test_a_property_that_the_cloud_does_not_know(run: Runner, admin: Glance, shop: Shop) -> None:
    """Glance itself takes every value, and Nova would find out when a server is to boot."""
    good = shop.entry("fine", properties={"os_distro": "debian"})
    wrong = shop.entry("wrong", properties={"hw_disk_bus": "virtoi", "os_distro": "debian"})
    near = shop.entry("near", properties={"hw_disk_buss": "virtio"})
    refused, unchecked = run(
        [publish("properties", [good, wrong]), publish("properties", [near], check=True, check_properties=False)]
    )
    assert refused.failed
    assert "nothing was changed" in refused.message
    assert f"{wrong['name']}: property hw_disk_bus is 'virtoi', but must be one of " in refused.message
    assert "virtio" in refused.message.split("must be one of")[1]
    assert good["name"] not in refused.message
    assert refused.writes == []
    assert told(unchecked)["created"] == [near["name"]]
    assert not {good["name"], wrong["name"]} & set(admin.names(shop.prefix))
