# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role catalog, run by ansible-playbook: broken lines, kills, and two controllers at once."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from functools import partial

from ansible_collections.imageops.glance.tests.faults.case import DONE, KILLED, Case, fresh_name
from ansible_collections.imageops.glance.tests.faults.cloud import Document, sha512
from ansible_collections.imageops.glance.tests.faults.fault import (
    Fault,
    Request,
    after,
    answer,
    at_byte,
    before,
    cut_body,
    unanswered,
)
from ansible_collections.imageops.glance.tests.faults.jobs import NEW, OLD
from ansible_collections.imageops.glance.tests.faults.playbooks import Playbook, start
from ansible_collections.imageops.glance.tests.faults.races import together
from ansible_collections.imageops.glance.tests.faults.stage import SIZE, Stage

LIST = r"/v2/images$"
IMAGE = r"/v2/images/[0-9a-f-]{36}$"
FILE = r"/file$"
ENTRIES = ("one", "two", "three")


class Catalog:
    """A catalog of three images, with its second edition when ``edition`` is 2."""

    def __init__(self, stage: Stage, edition: int) -> None:
        self.stage = stage
        self.name = fresh_name()
        self.folder = stage.folder / self.name.replace(" ", "-")
        self.edition = edition

    def start(self, edition: int | None = None) -> Playbook:
        edition = edition or self.edition
        file = self.stage.file(f"edition-{edition}.img", OLD if edition == 1 else NEW)
        entry = {"filename": file, "disk_format": "raw", "visibility": "community", "version": str(edition)}
        variables = {
            "catalog_name": self.name,
            "catalog_images": [{"name": f"{self.name} {name}", **entry} for name in ENTRIES],
            "catalog_check_properties": False,
        }
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "module_defaults": {"group/imageops.glance.all": {"cloud": "member", "api_retry_time": 12}},
            "tasks": [{"ansible.builtin.include_role": {"name": "imageops.glance.catalog"}, "vars": variables}],
        }
        return start(self.folder, [play], self.stage.launcher.environment)

    def publish(self, edition: int | None = None) -> int:
        """Run it to its end without faults; how many tasks changed something."""
        return _changed(self.start(edition).finish())

    def images(self) -> list[Document]:
        return self.stage.cloud.settled(self.name)

    def unharmed(self) -> None:
        """No image has wrong data; of a catalog that is published again, none is missing at any moment."""
        right = {sha512(OLD), sha512(NEW)}
        found = self.images()
        filled = [image for image in found if image["status"] == "active"]
        assert all(image["os_hash_value"] in right for image in filled), "an image has data that nobody asked for"
        if self.edition == 2:
            shown = {image["name"] for image in filled if not image["os_hidden"]}
            assert shown == {f"{self.name} {name}" for name in ENTRIES}, f"only {shown} are there"

    def finished(self) -> None:
        found = self.images()
        shown = sorted(str(image["name"]) for image in found if not image["os_hidden"])
        assert shown == sorted(f"{self.name} {name}" for name in ENTRIES), f"there are {shown}"
        for image in found:
            wanted = OLD if self.edition == 1 or image["os_hidden"] else NEW
            assert image["status"] == "active", f"{image['name']} is {image['status']}"
            assert image["os_hash_value"] == sha512(wanted), f"{image['name']} has other data"
            assert image["visibility"] == "community", f"{image['name']} is {image['visibility']}"
        assert len(found) == len(ENTRIES) * self.edition, f"there are {len(found)} images"


def _changed(outcome: tuple[int, str]) -> int:
    status, output = outcome
    assert status == 0, output[-3000:]
    found = re.search(r"ok=\d+ +changed=(\d+)", output)
    assert found, output[-3000:]
    return int(found[1])


def _settles(catalog: Catalog) -> None:
    """The state is right, and a further run has nothing to do."""
    catalog.finished()
    assert catalog.publish() == 0, "the last run changed something"
    catalog.finished()


def _play(stage: Stage, edition: int, method: str, path: str, nth: int, fault: Fault | str | int) -> str:
    catalog = Catalog(stage, edition)
    stage.calm()
    try:
        if edition == 2:
            catalog.publish(1)
            stage.calm()
        begun, running = threading.Event(), list[Playbook]()

        def kill(_request: Request) -> None:
            begun.wait(10)
            running[0].kill()

        kinds: dict[object, Callable[[Callable[[Request], None]], Fault]] = {"before": before, "after": after}
        if not isinstance(fault, Fault):
            fault = kinds[fault](kill) if isinstance(fault, str) else at_byte(fault, kill)
        rule = stage.proxy.on(method, path, fault, nth)
        running.append(catalog.start())
        begun.set()
        outcome = running[0].finish()
        stage.calm()
        assert rule.fired, f"the fault never came to pass: {outcome[1][-2000:]}"
        catalog.unharmed()
        if running[0].killed:
            catalog.publish()
        else:
            assert _changed(outcome), "it did its work and says changed=0"
        _settles(catalog)
        return "killed" if running[0].killed else "ok"
    finally:
        stage.calm()
        stage.cloud.clean(catalog.name)


def _race(stage: Stage, edition: int, method: str, path: str) -> str:
    """Two controllers publish the same catalog; each of their requests of one kind waits for one of the other's."""
    catalog = Catalog(stage, edition)
    stage.calm()
    try:
        if edition == 2:
            catalog.publish(1)
            stage.calm()
        rule = stage.proxy.on(method, path, before(together(2)), times=4)
        catalog.folder.mkdir(exist_ok=True)
        both = [catalog.start(), catalog.start()]
        outcomes = [playbook.finish() for playbook in both]
        assert rule.fired >= 2, "they did not meet"
        changed = [_changed(outcome) for outcome in outcomes]
        _settles(catalog)
        return f"both ok, changed={changed}"
    finally:
        stage.calm()
        stage.cloud.clean(catalog.name)


def catalogs() -> Iterator[Case]:
    """One line a case: edition, request, which of them, what happens."""

    def broken(name: str, edition: int, method: str, path: str, nth: int, fault: Fault) -> Case:
        play = partial(_play, edition=edition, method=method, path=path, nth=nth, fault=fault)
        return Case(f"catalog: {name}", DONE, play)

    def kill(name: str, edition: int, method: str, path: str, nth: int, moment: str | int) -> Case:
        play = partial(_play, edition=edition, method=method, path=path, nth=nth, fault=moment)
        return Case(f"kill a catalog {name}", KILLED, play)

    yield broken("list 503", 1, "GET", LIST, 1, answer(503))
    yield broken("second create lost", 1, "POST", LIST, 2, unanswered())
    yield broken("second upload cut at half", 1, "PUT", FILE, 2, cut_body(SIZE // 2))
    yield broken("second edition, answer of a swap lost", 2, "PATCH", IMAGE, 2, unanswered())
    yield kill("when its first image is made", 1, "POST", LIST, 1, "after")
    yield kill("in its second upload", 1, "PUT", FILE, 2, SIZE // 2)
    yield kill("when its first image is shown", 1, "PATCH", IMAGE, 1, "after")
    yield kill("after a successor's upload", 2, "PUT", FILE, 2, "after")
    yield kill("when a successor is shown", 2, "PATCH", IMAGE, 1, "after")
    yield kill("before an old image is hidden", 2, "PATCH", IMAGE, 2, "before")
    yield kill("when an old image is hidden", 2, "PATCH", IMAGE, 3, "after")
    for edition, told in ((1, "a catalog"), (2, "its second edition")):
        for method, path, moment in (("GET", LIST, "look"), ("POST", LIST, "create")):
            play = partial(_race, edition=edition, method=method, path=path)
            yield Case(f"2 publish {told}, both {moment} at once", "all succeed, one image an entry", play)
