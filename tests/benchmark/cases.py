# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparisons, one function each; every function returns the rows that it measured."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.imageops.glance.tests.benchmark import peers
from ansible_collections.imageops.glance.tests.benchmark.bench import LISTING, PREFIX, PUBLISHING, Bench
from ansible_collections.imageops.glance.tests.benchmark.measure import Reading, median, side_by_side, timed
from ansible_collections.imageops.glance.tests.benchmark.table import Row
from ansible_collections.imageops.glance.tests.web_server.server import Page, running

LOOP = "openstack.cloud.image in a loop"
FLOOR = "an empty play + a login + a raw listing"
PLAIN = "plain requests, same parallelism + an empty play"
ONE_RUN_EACH = "20 runs of one region"
ALL_PLAIN = "all 400 with plain requests + an empty play"
SLOWER = "the slower of curl and one SHA-512 pass"
STILL = "the same moving nothing, + 64 MiB"

MIB = 1 << 20
GIB = 1 << 30

#: One pass of SHA-512 over a file, and nothing else.
SHA512 = """
import hashlib, sys
with open(sys.argv[1], "rb", buffering=0) as file:
    print(hashlib.file_digest(file, "sha512").hexdigest())
"""
#: Our upload path into a server that discards what it gets.
INTO_SINK = """
import sys, requests
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import FileSource
from ansible_collections.imageops.glance.plugins.module_utils.transfer.upload import upload_body
with upload_body(FileSource(sys.argv[1]), ["sha512"]) as body:
    requests.put(sys.argv[2], data=body).raise_for_status()
print(body.digests.hashes["sha512"])
"""


def one_task(bench: Bench, turns: int) -> list[Row]:
    """One image task with nothing to do."""
    source = bench.file("small.raw", MIB)
    options = {"name": f"{PREFIX} one", "filename": str(source), "disk_format": "raw", "cloud": "admin"}
    bench.play([{"imageops.glance.image": options}])
    login = bench.folder / "login"
    ours = {**options, "auth_cache": str(login)}
    bench.play([{"imageops.glance.image": ours}])
    many = 20
    nothing = median(turns, bench.empty_play).seconds

    def a_task(task: dict[str, Any]) -> float:
        # Twenty of them, so that the start of ansible-playbook does not hide what a task costs.
        return (median(turns, lambda: bench.play([task] * many)).seconds - nothing) / many

    cached = a_task({"imageops.glance.image": ours})
    least = a_task({"least": {"name": "x"}})
    theirs = {"cloud": "admin", "name": f"{PREFIX} one", "filename": str(source), "disk_format": "raw"}
    peer = a_task({"openstack.cloud.image": theirs, "vars": _with_sdk()})
    return [
        Row("one image task, nothing to do, login cached", "a module that imports requests", cached, least, 1.4),
        Row("the same", "openstack.cloud.image", cached, peer, 3, most=False),
    ]


def first_publish(bench: Bench, turns: int) -> list[Row]:
    """Twenty small images for the first time."""
    entries = bench.small_files(20)
    task = {
        "openstack.cloud.image": {
            "cloud": "admin",
            "name": "{{ item.name }}",
            "filename": "{{ item.filename }}",
            "disk_format": "raw",
            "visibility": "public",
        },
        "loop": entries,
        "vars": _with_sdk(),
    }
    ours, theirs = side_by_side(turns, bench.clean, lambda: bench.publish(entries), lambda: bench.play([task]))
    manager = median(1, lambda: _image_manager(bench, entries), bench.clean).seconds
    bench.clean()
    return [
        Row("20 small images, first publish by the role", LOOP, ours.seconds, theirs.seconds, 6, most=False),
        Row("the same", "openstack-image-manager", ours.seconds, manager, 6, most=False),
    ]


def _with_sdk() -> dict[str, str]:
    return {"ansible_python_interpreter": str(peers.sdk_python())}


def _image_manager(bench: Bench, entries: list[dict[str, str]]) -> Reading:
    """openstack-image-manager fetches from URLs only, so a web server offers the files."""
    with running() as server:
        images = []
        for entry in entries:
            name = Path(entry["filename"]).name
            content = Path(entry["filename"]).read_bytes()
            server.add(f"/{name}", Page(content))
            images.append(
                {
                    "name": entry["name"],
                    "enable": True,
                    "format": "raw",
                    "login": "root",
                    "min_disk": 1,
                    "min_ram": 64,
                    "status": "active",
                    "visibility": "public",
                    "multi": False,
                    "meta": {
                        "architecture": "x86_64",
                        "hw_disk_bus": "virtio",
                        "hypervisor_type": "qemu",
                        "os_distro": "ubuntu",
                        "os_purpose": "minimal",
                        "replace_frequency": "never",
                        "uuid_validity": "none",
                        "provided_until": "none",
                    },
                    "tags": [],
                    "versions": [
                        {
                            "version": "1",
                            "url": f"{server.url}/{name}",
                            "checksum": f"sha256:{hashlib.sha256(content).hexdigest()}",
                            "build_date": date(2026, 1, 1),
                        }
                    ],
                }
            )
        folder = bench.folder / "images"
        folder.mkdir(exist_ok=True)
        (folder / "all.yml").write_text(yaml.safe_dump({"images": images}), encoding="utf-8")
        command: list[str | Path] = [
            peers.command("openstack-image-manager"),
            *("--cloud", "admin", "--images"),
            folder,
        ]
        return timed(command, bench.env, bench.folder)


def many(bench: Bench, turns: int) -> list[Row]:
    """Catalogs of 10 to 5,000 small images: a run in which nothing has changed; the first publish of 1,000."""
    empty = median(turns, bench.empty_play).seconds
    rows, again = [], {}

    def nothing_changed(count: int) -> None:
        entries = bench.small_files(count)
        again[count] = median(turns, lambda: bench.publish(entries)).seconds
        floor = empty + median(turns, lambda: bench.python(LISTING)).seconds
        rows.append(Row(f"{count:,}-entry catalog, nothing changed", FLOOR, again[count], floor, 2))

    bench.clean()
    for count in (10, 100):
        bench.publish(bench.small_files(count))
        nothing_changed(count)
    thousand = bench.small_files(1000)
    (bench.folder / "entries.json").write_text(json.dumps(thousand), encoding="utf-8")
    bench.clean()
    plain = bench.python(PUBLISHING, bench.folder / "entries.json").seconds
    bench.clean()
    first = bench.publish(thousand).seconds
    rows.append(Row("1,000 small images, first publish by the role", PLAIN, first, plain + empty, 2.5))
    nothing_changed(1000)
    bench.publish(bench.small_files(5000))
    nothing_changed(5000)
    bench.clean()
    an_entry = {count: (again[count] - empty) / count * 1e3 for count in (1000, 5000)}
    work = "an entry of 5,000, nothing changed, above an empty play"
    rows.append(Row(work, "an entry of 1,000", an_entry[5000], an_entry[1000], 1.2, unit="ms"))
    return rows


def regions(bench: Bench, turns: int) -> list[Row]:
    """20 hosts, 10 at a time, with a catalog of 20 images each, on the two regions of the local cloud."""
    count = 20
    alone, together = bench.inventory(1), bench.inventory(count)
    empty = median(turns, bench.empty_play).seconds
    (bench.folder / "entries.json").write_text(json.dumps(bench.small_files(count * 20)), encoding="utf-8")
    bench.clean()
    plain = bench.python(PUBLISHING, bench.folder / "entries.json").seconds
    bench.clean()
    first = bench.publish_everywhere(together).seconds
    again_alone = median(turns, lambda: bench.publish_everywhere(alone)).seconds
    again = median(turns, lambda: bench.publish_everywhere(together)).seconds
    bench.clean()
    return [
        Row(
            "20 regions x 20 images, nothing changed, 10 forks", ONE_RUN_EACH, again, count * again_alone, 3, most=False
        ),
        Row("20 regions x 20 images, first publish, 10 forks", ALL_PLAIN, first, plain + empty, 3),
    ]


def upload(bench: Bench, turns: int) -> list[Row]:
    """1 GiB into Glance, 2 GiB into a server that discards."""
    large = bench.file("1g.raw", GIB)
    empty = median(turns, bench.empty_play).seconds
    task = {
        "imageops.glance.image": {
            "cloud": "admin",
            "name": f"{PREFIX} 1g",
            "filename": str(large),
            "disk_format": "raw",
            "auth_cache": str(bench.folder / "login"),
            "digest_cache": "",
        }
    }

    def curl() -> Reading:
        made = bench.glance.create(name=f"{PREFIX} curl", disk_format="raw", container_format="bare")
        url = f"{bench.glance.url}/v2/images/{made['id']}/file"
        header = ["-H", f"X-Auth-Token: {bench.glance.token}", "-H", "Content-Type: application/octet-stream"]
        return timed(["curl", "-sSf", "-H", "Expect:", *header, "-T", large, url], bench.env)

    # The disk is what differs most from turn to turn.
    ours, theirs = side_by_side(max(turns, 5), bench.clean, lambda: bench.play([task]), curl)
    bench.clean()
    rows = [Row("1 GiB upload, verified", "curl -T + an empty play", ours.seconds, theirs.seconds + empty, 1.05)]
    double = bench.file("2g.raw", 2 * GIB)
    with running() as server:
        sink = f"{server.url}/_sink"
        mine = median(turns, lambda: bench.python(INTO_SINK, double, sink)).seconds
        piped = median(turns, lambda: timed(["curl", "-sSf", "-H", "Expect:", "-T", double, sink], bench.env)).seconds
    hashed = median(turns, lambda: bench.python(SHA512, double)).seconds
    rows.append(Row("2 GiB into a sink", SLOWER, mine, max(piped, hashed), 0.85, most=False))
    return rows


def parallel(bench: Bench, turns: int) -> list[Row]:
    """8 images of 256 MiB, four at a time and one after the other."""
    entries = [{"name": f"{PREFIX} p{n}", "filename": str(bench.file(f"256m-{n}.raw", 256 * MIB))} for n in range(8)]
    bench.publish(entries)  # Their digests are remembered from now on, as in any but the first of several clouds.
    four, one = (
        reading.seconds
        for reading in side_by_side(
            max(turns, 5),
            bench.clean,
            lambda: bench.publish(entries, catalog_parallel=4),
            lambda: bench.publish(entries, catalog_parallel=1),
        )
    )
    bench.clean()
    return [Row("8 images of 256 MiB by the role, parallel 4", "one after the other", four, one, 1.6, most=False)]


def download(bench: Bench, turns: int) -> list[Row]:
    """1 GiB out of Glance into a file."""
    large = bench.file("1g.raw", GIB)
    bench.clean()
    target = bench.folder / "downloaded"
    login = str(bench.folder / "login")
    made = {"cloud": "admin", "auth_cache": login, "name": f"{PREFIX} 1g", "filename": str(large), "disk_format": "raw"}
    bench.play([{"imageops.glance.image": made}])
    task = {
        "imageops.glance.image_download": {
            "cloud": "admin",
            "auth_cache": login,
            "name": f"{PREFIX} 1g",
            "dest": str(target),
            "mode": "0600",
        }
    }
    empty = median(turns, bench.empty_play).seconds

    def gone() -> None:
        target.unlink(missing_ok=True)

    image = bench.glance.images(f"{PREFIX} 1g")[0]
    url = f"{bench.glance.url}/v2/images/{image['id']}/file"
    both = f'curl -sSf -H "X-Auth-Token: {bench.glance.token}" -o {target} {url} && sha512sum {target}'
    ours, theirs = side_by_side(
        max(turns, 5), gone, lambda: bench.play([task]), lambda: timed(["sh", "-c", both], bench.env)
    )
    bench.clean()
    floor = theirs.seconds + empty
    return [Row("1 GiB download, verified", "curl -o && sha512sum, + an empty play", ours.seconds, floor, 1.05)]


def unchanged_file(bench: Bench, turns: int) -> list[Row]:
    """An unchanged local file of 1 GiB costs what one of 1 KB does."""
    login = str(bench.folder / "login")

    def published(name: str, size: int) -> Callable[[], Reading]:
        """What does nothing, since the image has the file already."""
        options = {
            "cloud": "admin",
            "auth_cache": login,
            "name": f"{PREFIX} {name}",
            "filename": str(bench.file(name, size)),
            "disk_format": "raw",
        }
        # Published, and then read once more where the file is too new to be remembered the first time.
        for _run in range(2):
            bench.module("image", options)
        return lambda: bench.module("image", options)

    works = published("1g.raw", GIB), published("1k.raw", 1024)
    large, small = side_by_side(max(turns, 9), lambda: None, *works)
    bench.clean()
    return [Row("unchanged 1 GiB local file", "unchanged 1 KB file", large.seconds, small.seconds, 1.1)]


def memory(bench: Bench, _turns: int) -> list[Row]:
    """Peak memory of the largest process of a play that moves data, against the same play moving nothing."""
    source, target = bench.folder / "sparse.raw", bench.folder / "downloaded"
    rows, peaks = [], []
    for label, size in (("1 GiB", GIB), ("8 GiB", 8 * GIB)):
        with source.open("wb") as out:
            out.truncate(size)
        common = {"cloud": "admin", "auth_cache": str(bench.folder / "login"), "name": f"{PREFIX} memory"}
        digests = str(bench.folder / "digests")
        up = {
            "imageops.glance.image": {**common, "filename": str(source), "disk_format": "raw", "digest_cache": digests}
        }
        down = {"imageops.glance.image_download": {**common, "dest": str(target), "mode": "0600"}}
        bench.clean()
        for work, task in (("upload", up), ("download", down)):
            moving = bench.play([task]).memory
            still = bench.play([task]).memory
            peaks.append(moving)
            rows.append(Row(f"peak memory, {work} of {label}", STILL, moving, still + 64, 1, unit="MiB"))
        source.unlink()
        target.unlink()
    bench.clean()
    for work, small, large in (("upload", peaks[0], peaks[2]), ("download", peaks[1], peaks[3])):
        rows.append(Row(f"peak memory, {work} of 8 GiB", "of 1 GiB", large, small, 1.1, unit="MiB"))
    return rows


def growth(bench: Bench, _turns: int) -> list[Row]:
    """The plan alone, of catalogs of several sizes with all their images there: time grows with the size."""
    script = bench.folder / "growth.py"
    script.write_text(GROWTH, encoding="utf-8")
    reading = timed([sys.executable, script], bench.env)
    seconds = json.loads(reading.output)
    rows = [Row("plan of 5,000 entries", "2 s", seconds["5000"], 2.0, 1)]
    per = {count: seconds[count] / int(count) for count in seconds}
    rows.append(
        Row(
            "time an entry, 5,000 entries",
            "time an entry, 1,000 entries",
            per["5000"] * 1e3,
            per["1000"] * 1e3,
            1.5,
            unit="ms",
        )
    )
    return rows


GROWTH = """
import json, time
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan
found = {}
for count in (10, 100, 1000, 5000):
    entries = [{"name": f"i {n}", "version": "1", "url": f"https://h/{n}", "disk_format": "raw"} for n in range(count)]
    images = []
    for element in plan(entries, [], "base")["images"]:
        image_id = f"{len(images):032x}"
        properties = {k: str(v).replace("{id}", image_id) for k, v in element["properties"].items() if v is not None}
        images.append({"id": image_id, "name": element["name"], "status": "active", "disk_format": "raw",
                       "container_format": "bare", "owner": "p", "os_hidden": False, "tags": [],
                       "created_at": "2026-01-01T00:00:00Z", **properties})
    began = time.perf_counter()
    result = plan(entries, images, "base", project_id="p")
    found[str(count)] = time.perf_counter() - began
    assert not result["changed"], result["table"]
print(json.dumps(found))
"""

CASES: dict[str, Callable[[Bench, int], list[Row]]] = {
    "one-task": one_task,
    "first-publish": first_publish,
    "many": many,
    "regions": regions,
    "upload": upload,
    "parallel": parallel,
    "download": download,
    "unchanged-file": unchanged_file,
    "memory": memory,
    "growth": growth,
}
