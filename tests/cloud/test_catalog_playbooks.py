# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as users run them: a catalog with a bad entry, one region that fetches from another, and export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.imageops.glance.tests.cloud.catalogs import Shop, playbook, sha512
from ansible_collections.imageops.glance.tests.cloud.glance import Glance, account
from ansible_collections.imageops.glance.tests.cloud.plays import variable
from ansible_collections.imageops.glance.tests.web_server.server import Page, running

PUBLISH = "imageops.glance.publish"
EXPORT = "imageops.glance.export"
#: The host's name is that of the cloud.
ONE = {"admin": {"region_name": "RegionOne"}}
TWO = {"two": {"cloud": "admin", "region_name": "RegionTwo"}}
FETCHING = {"two": {**TWO["two"], "catalog_replicate_from": {"region": "RegionOne"}}}


@pytest.fixture(scope="module")
def shop(prefix: str) -> Iterator[Shop]:
    with running() as web:
        yield Shop(web, prefix)


@pytest.fixture(scope="module")
def second(prefix: str) -> Iterator[Glance]:
    """The administrator in the second region."""
    glance = Glance("admin-two")
    yield glance
    glance.remove(prefix)


class Log:
    """Requests to the second region since the last look."""

    def __init__(self) -> None:
        self.path = Path(variable("LOCAL_CLOUD_REQUEST_LOG_TWO"))
        self.offset = self.path.stat().st_size

    def new(self) -> list[str]:
        with self.path.open("rb") as stream:
            stream.seek(self.offset)
            added = stream.read()
        self.offset += len(added)
        return [f"{line['method']} {line['path']}" for line in map(json.loads, added.splitlines())]


def in_order(value: object) -> object:
    """Glance keeps no order of tags."""
    return sorted(value) if isinstance(value, list) else value


def writes(requests: list[str]) -> list[str]:
    return [request for request in requests if not request.startswith(("GET", "HEAD"))]


def test_one_bad_entry_among_twenty(admin: Glance, shop: Shop, tmp_path: Path) -> None:
    """Three have an older version; the bad one of them keeps it, and the other nineteen are published."""
    names = [f"many/{number:02}" for number in range(20)]
    older = [shop.entry(name) for name in names[:3]]
    newer = [shop.entry(name, "2" if name in names[:3] else "1") for name in names]
    bad = newer[1]
    shop.web.add(f"/{shop.prefix}{names[1]}-2.raw", Page(status=404))
    first = playbook(PUBLISH, tmp_path / "1", ONE, {"catalog_name": "many", "catalog_images": older})
    assert first.status == 0, first.output
    ran = playbook(PUBLISH, tmp_path / "2", ONE, {"catalog_name": "many", "catalog_images": newer})
    assert ran.status == 2
    assert "failed=1" in ran.recap
    result = ran.facts
    assert list(result["failed"]) == [bad["name"]]
    assert "404" in result["failed"][bad["name"]]
    assert bad["name"] in ran.tasks[-1]["result"]["msg"]
    assert "404" in ran.tasks[-1]["result"]["msg"]
    assert len(result["created"]) + len(result["replaced"]) == 19
    images = {image["name"]: image for image in admin.images(f"{shop.prefix}many/") if not image["os_hidden"]}
    assert set(images) == {entry["name"] for entry in newer}
    for name, entry in zip(names, newer, strict=True):
        version = "1" if entry is bad else entry["version"]
        assert images[entry["name"]]["os_hash_value"] == sha512(shop.data(name, version))
        assert images[entry["name"]]["status"] == "active"
    hidden = sorted(image["name"] for image in admin.images(f"{shop.prefix}many/") if image["os_hidden"])
    assert hidden == [f"{newer[0]['name']} (1)", f"{newer[2]['name']} (1)"]


def test_a_region_fetches_from_another(admin: Glance, second: Glance, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "local.raw"
    file.write_bytes(shop.data("regions/file"))
    from_web = shop.entry("regions/web", visibility="public", tags=["a"], min_disk=1)
    from_file = {**shop.entry("regions/file"), "filename": str(file)}
    del from_file["url"]
    catalog = {"catalog_name": "regions", "catalog_images": [from_web, from_file]}
    published = playbook(PUBLISH, tmp_path / "one", ONE, catalog)
    assert published.status == 0, published.output
    shop.asked()
    log = Log()
    fetched = playbook(PUBLISH, tmp_path / "two", FETCHING, catalog)
    assert fetched.status == 0, fetched.output
    assert len(fetched.facts["created"]) == 2
    assert shop.asked() == []
    sent = writes(log.new())
    assert not any(request.startswith("PUT") for request in sent)
    assert sum(request.endswith("/import") for request in sent) == 2
    here, there = (
        {image["name"]: image for image in glance.images(f"{shop.prefix}regions/")} for glance in (admin, second)
    )
    assert set(here) == set(there) == {from_web["name"], from_file["name"]}
    for name, image in there.items():
        assert image["id"] != here[name]["id"]
        for key in ("os_hash_value", "disk_format", "visibility", "tags", "min_disk", "imageops_version"):
            assert image[key] == here[name][key], key
        assert image["status"] == "active"
    again = playbook(PUBLISH, tmp_path / "again", FETCHING, catalog)
    assert again.status == 0, again.output
    assert "changed=0" in again.recap
    assert writes(log.new()) == []
    assert len(again.facts["unchanged"]) == 2


def test_a_catalog_out_of_a_cloud(admin: Glance, second: Glance, shop: Shop, tmp_path: Path) -> None:
    """Where it comes from, there is nothing to do; in another region it is published as it is."""
    entries = [
        shop.entry("export/a", "1"),
        shop.entry("export/a", "2", visibility="public", tags=["x", "y"], properties={"os_distro": "debian"}),
        shop.entry("export/b", min_ram=64, protected=True),
    ]
    name = f"{shop.prefix}exported"
    published = playbook(PUBLISH, tmp_path / "1", ONE, {"catalog_name": name, "catalog_images": entries})
    assert published.status == 0, published.output
    variables = {"export_folder": str(tmp_path), "export_catalog_name": name}
    exported = playbook(EXPORT, tmp_path / "2", ONE, variables)
    assert exported.status == 0, exported.output
    catalog = yaml.safe_load((tmp_path / "admin.yml").read_text(encoding="utf-8"))
    assert catalog["catalog_name"] == name
    # The project is also that of other tests.
    catalog["catalog_images"] = [e for e in catalog["catalog_images"] if e["name"].startswith(f"{shop.prefix}export/")]
    assert [(e["name"], e["version"]) for e in catalog["catalog_images"]] == [
        (f"{shop.prefix}export/{name}", version) for name, version in (("a", "2"), ("a", "1"), ("b", "1"))
    ]
    here = playbook(PUBLISH, tmp_path / "3", ONE, catalog, ["--check"])
    assert here.status == 0, here.output
    assert here.requests("POST", "PUT", "PATCH", "DELETE") == []
    assert "changed=0" in here.recap, here.output
    there = playbook(PUBLISH, tmp_path / "4", TWO, catalog)
    assert there.status == 0, there.output
    originals = {image["name"]: image for image in admin.images(f"{shop.prefix}export/")}
    copies = {image["name"]: image for image in second.images(f"{shop.prefix}export/")}
    assert set(copies) == set(originals) == {f"{shop.prefix}export/{name}" for name in ("a", "a (1)", "b")}
    for title, copy in copies.items():
        for key in ("os_hash_value", "visibility", "tags", "min_ram", "protected", "disk_format"):
            assert in_order(copy[key]) == in_order(originals[title][key]), key
        assert copy.get("os_distro") == originals[title].get("os_distro")


def test_a_report_of_all_clouds(admin: Glance, shop: Shop, tmp_path: Path) -> None:
    """What was done on one, and that the other could not be reached; then what differs, with nothing changed."""
    page = tmp_path / "report.html"
    catalog = {
        "catalog_name": f"{shop.prefix}reported",
        "catalog_images": [shop.entry("report/a", min_disk=1), shop.entry("report/b")],
        "catalog_report": str(page),
    }
    hosts = {**ONE, "nowhere": {}}
    published = playbook(PUBLISH, tmp_path / "1", hosts, catalog)
    assert published.status == 2
    there, away = parts(page)
    assert [(item["name"], item["state"]) for item in there["items"]] == [
        (shop.prefix + "report/a", "changed"),
        (shop.prefix + "report/b", "changed"),
    ]
    assert (there["cloud"], there["failure"], there["check"]) == ("admin", None, False)
    assert (away["cloud"], away["check"]) == ("nowhere", False)
    assert "nowhere was not found" in away["failure"]
    assert "report/a" in page.read_text(encoding="utf-8")
    password = account("admin")["auth"]["password"]
    assert password not in page.read_text(encoding="utf-8")

    before = admin.images(shop.prefix)
    admin.patch(next(image["id"] for image in before if image["name"].endswith("report/a")), min_disk=7)
    compared = playbook("imageops.glance.report", tmp_path / "2", hosts, catalog)
    assert compared.status == 2
    assert writes(compared.requests("POST", "PUT", "PATCH", "DELETE")) == []
    there, away = parts(page)
    assert [item["state"] for item in there["items"]] == ["differs", "ok"]
    assert (there["check"], away["check"]) == (True, True)
    assert "nowhere was not found" in away["failure"]


def parts(page: Path) -> list[dict[str, Any]]:
    """The facts of the report, which stand beside its page."""
    report = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = report["parts"]
    return found
