# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same task on several hosts at the same time, and others who change the image in the middle of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.imageops.glance.tests.faults import jobs
from ansible_collections.imageops.glance.tests.faults.case import (
    DONE,
    KILLED,
    SUCCEEDS,
    Case,
    fresh_name,
    meets,
    run_quietly,
)
from ansible_collections.imageops.glance.tests.faults.cloud import sha512
from ansible_collections.imageops.glance.tests.faults.fault import Fault, Request, after, at_byte, before
from ansible_collections.imageops.glance.tests.faults.process import ModuleProcess, Run
from ansible_collections.imageops.glance.tests.faults.stage import SIZE, Stage

LIST = r"/v2/images$"
IMAGE = r"/v2/images/[0-9a-f-]{36}$"
FILE = r"/file$"
STAGE = r"/stage$"

ONE_IMAGE = "all succeed, one image"
ONE_AT_LEAST = "one succeeds at least, one image"
#: How long the first one waits for the others, in seconds.
PATIENCE = 20.0


def together(count: int) -> Callable[[Request], None]:
    """Holds requests until ``count`` of them are there; goes on without those that do not come."""
    barrier = threading.Barrier(count, timeout=PATIENCE)

    def wait(_request: Request) -> None:
        try:
            barrier.wait()
        except threading.BrokenBarrierError:
            return

    return wait


def at_once(
    name: str,
    kind: type[jobs.Job],
    count: int,
    method: str,
    path: str,
    moment: str,
    short: bool = False,
    excuse: str | None = None,
) -> Case:
    """``count`` runs of one task that all come to the same request before any of them goes on.

    :param excuse: a regular expression; all runs but one may fail with a message that it fits
    """
    fault: Callable[[Callable[[Request], None]], Fault] = before if moment == "before" else after

    def play(stage: Stage) -> str:
        return _race(stage, kind, count, method, path, fault(together(count)), excuse)

    return Case(name, ONE_IMAGE if excuse is None else ONE_AT_LEAST, play, short)


def _race(
    stage: Stage, kind: type[jobs.Job], count: int, method: str, path: str, fault: Fault, excuse: str | None
) -> str:
    job = kind(stage, fresh_name())
    stage.calm()
    try:
        job.prepare()
        if path != LIST or method != "GET":
            # A machine that is busy starts some late; those would see what the others have made and not race at all.
            stage.proxy.on("GET", LIST, before(together(count)), times=count)
        rule = stage.proxy.on(method, path, fault, times=count)
        started = [stage.launcher.start(job.module, job.options()) for _number in range(count)]
        runs = [process.finish() for process in started]
        assert rule.fired >= 2, f"only {rule.fired} of {count} runs came to {method} {path}"
        failed = [run for run in runs if run.failed]
        assert len(failed) < count, [run.told for run in runs]
        for run in failed:
            assert excuse, run.told
            meets(run, excuse)
        if failed:
            healing = run_quietly(stage, job)
            assert not healing.failed, healing.told
        job.finished()
        there = {image["id"] for image in job.images() if image["name"] == job.name}
        told = {run.result["image"]["id"] for run in runs if run.result.get("image") and not run.failed}
        assert told <= there, "a run has told of an image that is not there"
        again = run_quietly(stage, job)
        assert not again.failed, again.told
        assert not again.changed, f"the last run changed something: {again.result.get('actions')}"
        job.finished()
        return ", ".join("failed" if run.failed else "changed" if run.changed else "ok" for run in runs)
    finally:
        stage.calm()
        job.clean()


def killed_together(name: str, kind: type[jobs.Job], method: str, path: str, short: bool = False) -> Case:
    """Two runs are killed when both have come through the same request; the next one cleans up after both."""

    def play(stage: Stage) -> str:
        job = kind(stage, fresh_name())
        stage.calm()
        try:
            job.prepare()
            started: list[ModuleProcess] = []
            both, ready = together(2), threading.Event()

            def kill(request: Request) -> None:
                both(request)
                ready.wait(PATIENCE)
                for process in started:
                    process.kill()

            rule = stage.proxy.on(method, path, after(kill), times=2)
            started += [stage.launcher.start(job.module, job.options()) for _number in range(2)]
            ready.set()
            runs = [process.finish() for process in started]
            stage.calm()
            assert rule.fired == 2, f"only {rule.fired} came to {method} {path}"
            assert all(run.killed for run in runs)
            job.unharmed()
            run = run_quietly(stage, job)
            assert not run.failed, run.told
            job.finished()
            again = run_quietly(stage, job)
            assert not again.failed, again.told
            assert not again.changed, f"the last run changed something: {again.result.get('actions')}"
            job.finished()
            return f"killed, then {run.result.get('actions')}"
        finally:
            stage.calm()
            job.clean()

    return Case(name, KILLED, play, short)


def meddled(
    name: str,
    kind: type[jobs.Job],
    method: str,
    path: str,
    fault: Callable[[Callable[[Request], None]], Fault],
    meddle: Callable[[jobs.Job, Request], object],
    expected: str = DONE,
    ends: Callable[[jobs.Job], object] | None = None,
    short: bool = False,
) -> Case:
    """A run in the middle of which somebody else does something.

    :param ends: looks at the outcome in place of the job's own ``finished``
    """

    def play(stage: Stage) -> str:
        job = kind(stage, fresh_name())
        stage.calm()
        try:
            job.prepare()
            rule = stage.proxy.on(method, path, fault(lambda request: _checked(lambda: meddle(job, request), errors)))
            errors: list[BaseException] = []
            run = run_quietly(stage, job)
            assert rule.fired, f"{run.told}; nobody came to {method} {path}"
            assert not errors, f"what was to happen meanwhile did not: {errors}"
            meets(run, expected)
            (ends or type(job).finished)(job)
            again = run_quietly(stage, job)
            if expected in (DONE, SUCCEEDS):
                assert not again.failed, again.told
                assert not again.changed, f"the last run changed something: {again.result.get('actions')}"
            (ends or type(job).finished)(job)
            return run.told
        finally:
            stage.calm()
            job.clean()

    return Case(name, expected, play, short)


def _checked(call: Callable[[], object], errors: list[BaseException]) -> None:
    try:
        call()
    except (AssertionError, OSError) as exc:
        errors.append(exc)


# ---- what others do


def _image_id(request: Request) -> str:
    return request.path.split("/images/")[1].split("/")[0]


def _delete(job: jobs.Job, request: Request) -> None:
    job.cloud.call("DELETE", f"/images/{_image_id(request)}")


def _delete_all(job: jobs.Job, _request: Request) -> None:
    for image in job.cloud.images(job.name):
        job.cloud.call("DELETE", f"/images/{image['id']}")


def _fill(data: bytes) -> Callable[[jobs.Job, Request], None]:
    return lambda job, request: job.cloud.upload(_image_id(request), data)


def _run(job: jobs.Job, _request: Request) -> Run:
    run = run_quietly(job.stage, job)
    assert not run.failed, run.told
    return run


def _patch(**properties: str) -> Callable[[jobs.Job, Request], object]:
    changes = [{"op": "add", "path": f"/{name}", "value": value} for name, value in properties.items()]
    return lambda job, request: job.cloud.patch(_image_id(request), *changes)


def _has(**wanted: Any) -> Callable[[jobs.Job], None]:
    def check(job: jobs.Job) -> None:
        job.only(**wanted)

    return check


class MetUpdate(jobs.Update):
    """An update that meets another one."""

    def finished(self) -> None:
        self.only(tags=["after"], os_distro="debian", kept="yes", visibility="community", foreign="yes")


class CreateTogether(jobs.Create):
    """A creation that may leave two images behind for a while."""

    def unharmed(self) -> None:
        jobs.Job.unharmed(self)


class DirectTogether(CreateTogether, jobs.Direct):
    """The same, by an import."""


class ReplaceRaw(jobs.Replace):
    """A replacement that can do without the old image."""

    def own_options(self) -> dict[str, Any]:
        return {**super().own_options(), "disk_format": "raw"}


def races() -> Iterator[Case]:
    """Two and four at once, and one that comes late."""
    for count in (2, 4):
        yield at_once(f"{count} create, none has seen another", jobs.Create, count, "GET", LIST, "before", count == 2)
        yield at_once(f"{count} create, all have made theirs", jobs.Create, count, "POST", LIST, "after", count == 4)
        yield at_once(f"{count} create without data", jobs.Empty, count, "POST", LIST, "after")
        yield at_once(f"{count} create with one id", jobs.ById, count, "POST", LIST, "before")
        # Of several that stage at once Glance can lose the staged data of the one that imports.
        yield at_once(f"{count} import", jobs.Direct, count, "POST", LIST, "before", excuse="import .*Glance says")
        yield at_once(f"{count} replace, none has seen another", jobs.Replace, count, "GET", LIST, "before")
        yield at_once(f"{count} replace, all have made theirs", jobs.Replace, count, "POST", LIST, "after", count == 2)
        yield at_once(f"{count} replace and delete", jobs.ReplaceDelete, count, "POST", LIST, "before")
        yield at_once(f"{count} update", jobs.Update, count, "PATCH", IMAGE, "before")
        yield at_once(f"{count} delete", jobs.Delete, count, "PATCH", IMAGE, "before")
        yield at_once(f"{count} share", jobs.Share, count, "POST", r"/members$", "before")
    yield killed_together("kill 2 that have made the same image", CreateTogether, "POST", LIST)
    yield killed_together("kill 2 that have made the same successor", jobs.Replace, "POST", LIST)
    yield killed_together("kill 2 that import the same image", DirectTogether, "POST", LIST)
    yield meddled("create: another finishes first", jobs.Create, "POST", LIST, before, _run, expected=SUCCEEDS)
    yield meddled("upload: another finishes first", jobs.Create, "PUT", FILE, before, _run)
    yield meddled(
        "replace: another finishes first", jobs.Replace, "POST", LIST, before, _run, expected=SUCCEEDS, short=True
    )
    yield meddled("replace: another finishes while this uploads", jobs.Replace, "PUT", FILE, before, _run)


def meddling() -> Iterator[Case]:
    """Other people and other tools."""
    half = SIZE // 2
    yield meddled("deleted before the upload", jobs.Create, "PUT", FILE, before, _delete)
    yield meddled("deleted in the upload", jobs.Create, "PUT", FILE, lambda c: at_byte(half, c), _delete, short=True)
    yield meddled("deleted after the upload", jobs.Create, "PUT", FILE, after, _delete)
    yield meddled("deleted in the staging", jobs.Direct, "PUT", STAGE, lambda c: at_byte(half, c), _delete)
    yield meddled("deleted before the import", jobs.Direct, "POST", r"/import$", before, _delete)
    yield meddled("deleted in the import", jobs.Direct, "POST", r"/import$", after, _delete)
    yield meddled("deleted before it is shown", jobs.Create, "PATCH", IMAGE, before, _delete)
    yield meddled(
        "replaced image and successor deleted", ReplaceRaw, "PUT", FILE, before, _delete_all, ends=_gone_or_new
    )
    yield meddled("deleted before it is deleted", jobs.Delete, "DELETE", IMAGE, before, _delete)
    yield meddled("filled by another with the same", jobs.Create, "PUT", FILE, before, _fill(jobs.NEW))
    yield meddled(
        "filled by another with something else",
        jobs.Create,
        "PUT",
        FILE,
        before,
        _fill(jobs.OLD),
        expected="has other content than wanted",
        ends=_has(data=jobs.OLD),
    )
    yield meddled("changed before the update", MetUpdate, "PATCH", IMAGE, before, _patch(foreign="yes"))


def _gone_or_new(job: jobs.Job) -> None:
    shown = [image for image in job.images() if image["name"] == job.name and not image["os_hidden"]]
    assert len(shown) == 1, f"{len(shown)} images bear the name"
    assert shown[0]["os_hash_value"] == sha512(jobs.NEW)
