# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new version whose publishing is killed at each of its steps, and two runs that publish at the same time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan
from ansible_collections.imageops.glance.tests.cloud.catalogs import Entry, Image, data_of, publish, seen, sha512, told
from ansible_collections.imageops.glance.tests.cloud.glance import Glance, account
from ansible_collections.imageops.glance.tests.cloud.plays import Done, play, variable
from ansible_collections.imageops.glance.tests.faults.fault import Fault, Request, after, at_byte, before
from ansible_collections.imageops.glance.tests.faults.process import Launcher, ModuleProcess, Run
from ansible_collections.imageops.glance.tests.faults.proxy import Proxy
from ansible_collections.imageops.glance.tests.tools.common import VENV_BIN, environment

WRITES = "POST|PUT|PATCH|DELETE"
#: The writes of a run in which version 3 takes the place of version 2, and version 1 goes; a test counts them.
COUNT = 7


@dataclass
class Stand:
    """A proxy before the cloud, and module processes behind it that can be killed."""

    proxy: Proxy
    launcher: Launcher
    connection: dict[str, Any]
    glance: Glance
    project: str
    files: Path

    def entry(self, name: str, version: str) -> Entry:
        data = data_of(f"{name} {version}")
        path = self.files / f"{name}-{version}.raw"
        path.write_bytes(data)
        return {
            "name": name,
            "version": version,
            "filename": str(path),
            "checksum": f"sha512:{sha512(data)}",
            "disk_format": "raw",
            "visibility": "public",
            "protected": True,
        }

    def planned(self, name: str, version: str) -> dict[str, Any]:
        """The plan for a catalog of one entry, of the same name."""
        return plan([self.entry(name, version)], self.glance.images(name), name, project_id=self.project)

    def start(self, name: str, version: str) -> ModuleProcess:
        """What the role does: the whole plan by one call of the module."""
        planned = self.planned(name, version)
        assert planned["changed"]
        return self.launcher.start("image", {**self.connection, "images": planned["images"]})

    def publish(self, name: str, version: str) -> Run:
        run = self.start(name, version).finish()
        assert not run.failed, run.told
        return run

    def published_twice(self, name: str) -> None:
        """Versions 1 and 2, one after the other."""
        for version in ("1", "2"):
            self.publish(name, version)


@pytest.fixture(scope="module")
def stand(admin: Glance, tmp_path_factory: pytest.TempPathFactory, logins: Path) -> Iterator[Stand]:
    with Proxy() as proxy:
        url = proxy.front("glance", variable("LOCAL_CLOUD_IMAGE_URL"))
        connection = {"cloud": {**account("admin"), "image_endpoint_override": url}, "auth_cache": str(logins)}
        launcher = Launcher({"PATH": "/usr/bin:/bin", "HOME": str(tmp_path_factory.mktemp("home"))})
        project = variable("LOCAL_CLOUD_ADMIN_PROJECT_ID")
        yield Stand(proxy, launcher, connection, admin, project, tmp_path_factory.mktemp("data"))


@dataclass
class Watch:
    """Looks all the time at what a user who boots by name would find."""

    name: str
    hashes: frozenset[str]
    found: list[list[Image]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watch:
        self.glance = Glance()
        self.thread = threading.Thread(target=self._look)
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.over.set()
        self.thread.join()
        assert not self.errors, self.errors

    def _look(self) -> None:
        try:
            while not self.over.is_set():
                query = {"name": f"eq:{self.name}", "visibility": "public"}
                self.found.append(self.glance.call("GET", "images", params=query)["images"])
                time.sleep(0.01)
        except AssertionError as error:
            self.errors.append(error)

    def good_all_the_time(self) -> None:
        """There was always an image, and each was active with the whole data of one version."""
        assert len(self.found) > 1
        for images in self.found:
            assert images, "at some moment no image bore the name"
            assert all(image["status"] == "active" for image in images), images
            assert {image["os_hash_value"] for image in images} <= self.hashes


def watch(name: str) -> Watch:
    return Watch(name, frozenset(sha512(data_of(f"{name} {version}")) for version in ("2", "3")))


@pytest.fixture(scope="module")
def undisturbed(stand: Stand, prefix: str) -> tuple[list[tuple[Any, ...]], list[str]]:
    """How it ends when nothing happens, without the name; and the writes that it took."""
    name = f"{prefix}undisturbed"
    stand.published_twice(name)
    stand.proxy.forget()
    with watch(name) as watched:
        stand.publish(name, "3")
    watched.good_all_the_time()
    assert not stand.planned(name, "3")["changed"]
    writes = [r for r in stand.proxy.forget() if r.server == "glance" and r.method in WRITES.split("|")]
    kinds = [f"{r.method} {r.path.rpartition('/')[2] if r.method in ('PUT', 'POST') else ''}".strip() for r in writes]
    return ends_of(stand, name), kinds


def ends_of(stand: Stand, name: str) -> list[tuple[Any, ...]]:
    """The images in the end, by what users see, without the name that a test gave them and the hashes that follow."""
    return [
        tuple(value.replace(name, "NAME") if isinstance(value, str) else value for value in image[:6])
        for image in seen(stand.glance.images(name))
    ]


def test_the_writes_of_a_new_version(undisturbed: tuple[list[tuple[Any, ...]], list[str]]) -> None:
    ends, writes = undisturbed
    assert ends == [
        ("NAME", "NAME", "3", False, "active", "public"),
        ("NAME (2)", "NAME", "2", True, "active", "public"),
    ]
    assert len(writes) == COUNT, writes
    assert writes[:2] == ["POST images", "PUT file"]


#: A fault out of what it calls.
Making = Callable[[Callable[[Request], None]], Fault]
#: Before Glance sees the nth write, after it has done it and nobody knows, and in the middle of the data.
MOMENTS: list[tuple[str, Making, int]] = [
    *((f"before write {nth}", before, nth) for nth in range(1, COUNT + 1)),
    *((f"after write {nth}", after, nth) for nth in range(1, COUNT + 1)),
    ("in the data", lambda call: at_byte(1000, call), 2),
]


class Killable(Protocol):
    """What publishes, and can be ended as a power cut would."""

    def kill(self) -> None:
        """End it at once, and return when it is gone."""

    def finish(self) -> Run:
        """Wait for its end."""


def kill_at(
    stand: Stand,
    name: str,
    fault: Making,
    nth: int,
    start: Callable[[], Killable],
) -> None:
    """Start what publishes; it is killed at its nth write."""
    started: list[Killable] = []
    rule = stand.proxy.on(WRITES, "/v2/images", fault(lambda _request: started[0].kill()), nth=nth)
    started.append(start())
    run = started[0].finish()
    assert (run.killed, rule.fired) == (True, 1), run.output
    stand.proxy.calm()
    _settled(stand, name)


@pytest.mark.parametrize(("fault", "nth"), [moment[1:] for moment in MOMENTS], ids=[moment[0] for moment in MOMENTS])
def test_killed(
    stand: Stand,
    prefix: str,
    undisturbed: tuple[list[tuple[Any, ...]], list[str]],
    fault: Making,
    nth: int,
    request: pytest.FixtureRequest,
) -> None:
    name = f"{prefix}{request.node.callspec.id.replace(' ', '-')}."
    stand.published_twice(name)
    with watch(name) as watched:
        kill_at(stand, name, fault, nth, lambda: stand.start(name, "3"))
        if stand.planned(name, "3")["changed"]:
            stand.publish(name, "3")
    watched.good_all_the_time()
    assert ends_of(stand, name) == undisturbed[0]
    assert not stand.planned(name, "3")["changed"]


def with_descendants(pid: int) -> list[int]:
    """A process and all that it has started, directly or not."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    return [pid, *(found for child in children for found in with_descendants(int(child)))]


class PlaybookProcess:
    """The playbook that publishes, as its user starts it; a kill takes it with all that it has started."""

    def __init__(self, stand: Stand, name: str, version: str, folder: Path) -> None:
        entries = [stand.entry(name, version)]
        defaults = {"group/imageops.glance.all": stand.connection}
        catalog = {"name": "imageops.glance.catalog"}
        role = {"ansible.builtin.include_role": catalog, "vars": {"catalog_name": name, "catalog_images": entries}}
        playbook = [{"hosts": "localhost", "gather_facts": False, "module_defaults": defaults, "tasks": [role]}]
        (folder / "play.yml").write_text(json.dumps(playbook), encoding="utf-8")
        command = [str(VENV_BIN / "ansible-playbook"), "-i", "localhost,", "-c", "local"]
        command += ["-e", f"ansible_python_interpreter={sys.executable}", str(folder / "play.yml")]
        self.output = folder / "output"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment({"ANSIBLE_HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "cache")}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        # ansible-core's workers have sessions of their own, so that a kill of the group would miss just who writes.
        for pid in with_descendants(self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def finish(self) -> Run:
        status = self.process.wait(120)
        return Run({}, self.output.read_text("utf-8"), status, status == -signal.SIGKILL)


@pytest.mark.parametrize(
    ("fault", "nth"),
    [(before, 1), (lambda call: at_byte(1000, call), 2), (after, 2), (before, 4), (after, 5)],
    ids=["before it begins", "in the data", "after the data", "before it is shown", "after it is shown"],
)
def test_the_whole_playbook_is_killed(
    stand: Stand,
    prefix: str,
    undisturbed: tuple[list[tuple[Any, ...]], list[str]],
    fault: Making,
    nth: int,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    name = f"{prefix}playbook-{request.node.callspec.id.replace(' ', '-')}."
    stand.published_twice(name)
    with watch(name) as watched:
        kill_at(stand, name, fault, nth, lambda: PlaybookProcess(stand, name, "3", tmp_path))
        assert stand.planned(name, "3")["changed"], "what was killed went on"
        again = PlaybookProcess(stand, name, "3", tmp_path).finish()
        assert not again.failed, again.output
    watched.good_all_the_time()
    assert ends_of(stand, name) == undisturbed[0]
    assert not stand.planned(name, "3")["changed"]


def _settled(stand: Stand, name: str) -> None:
    """Wait until Glance has seen that the one who sent data is gone."""
    end = time.monotonic() + 20
    while any(image["status"] == "saving" for image in stand.glance.images(name)) and time.monotonic() < end:
        time.sleep(0.1)


@pytest.mark.parametrize("there", [False, True], ids=["nothing there", "a version there"])
def test_two_runs_at_once(stand: Stand, prefix: str, there: bool, tmp_path: Path) -> None:
    """Both have planned before either has made anything."""
    names = [f"{prefix}at-once-{there}-{number}" for number in (1, 2)]
    catalog = f"{prefix}at-once-{there}"
    if there:
        entries = [stand.entry(name, "1") for name in names]
        planned = plan(entries, stand.glance.images(catalog), catalog, project_id=stand.project)
        assert not stand.launcher.run("image", {**stand.connection, "images": planned["images"]}).failed
    entries = [stand.entry(name, "2") for name in names]
    barrier = threading.Barrier(2)
    stand.proxy.on("POST", "/v2/images$", before(lambda _request: _met(barrier)), times=2)
    done: list[Done] = []

    def run(folder: Path) -> None:
        done.extend(play([publish(catalog, entries, parallel=1)], folder, stand.connection).done)

    threads = [threading.Thread(target=run, args=(tmp_path / str(number),)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stand.proxy.calm()
    assert not barrier.broken
    assert [told(one)["failed"] for one in done] == [{}, {}]
    images = stand.glance.images(catalog)
    shown = sorted(image["name"] for image in images if not image["os_hidden"])
    assert shown == names
    assert len(images) == (4 if there else 2), seen(images)
    again = plan(entries, images, catalog, project_id=stand.project)
    assert not again["changed"], again["table"]
    ids = [{image["id"] for image in told(one)["images"].values()} for one in done]
    assert ids[0] == ids[1] == {image["id"] for image in images if not image["os_hidden"]}


def _met(barrier: threading.Barrier) -> None:
    try:
        barrier.wait(120)
    except threading.BrokenBarrierError:
        # The test sees it by the barrier.
        return
