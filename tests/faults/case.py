# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One case: a job, what goes wrong with it, and what is to come of it."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.imageops.glance.tests.faults.fault import (
    Fault,
    Request,
    Rule,
    after,
    at_byte,
    at_reply_byte,
    before,
)
from ansible_collections.imageops.glance.tests.faults.jobs import Job
from ansible_collections.imageops.glance.tests.faults.process import ModuleProcess, Run
from ansible_collections.imageops.glance.tests.faults.stage import Stage

DONE = "done"
SUCCEEDS = "succeeds"
KILLED = "killed, healed by the next run"


@dataclass(frozen=True)
class On:
    """Which request of the disturbed run is hit, and how. ``kill`` ends the module at that moment instead."""

    method: str
    path: str
    fault: Fault | None = None
    nth: int = 1
    times: int = 1
    server: str = "glance"
    kill: str | int | None = None  # "before", "after", or the count of bytes of the body
    reply: bool = False  # the count is of bytes of the reply

    def rule(self, scene: Scene) -> Rule:
        fault = self.fault
        if fault is None:
            kind = {"before": before, "after": after}.get(str(self.kill))
            middle = at_reply_byte if self.reply else at_byte
            fault = kind(scene.kill) if kind else middle(int(self.kill or 0), scene.kill)
        return Rule(self.method, self.path, fault, self.nth, self.times, self.server)

    @property
    def told(self) -> str:
        if self.fault is not None:
            return self.fault.told
        return f"kill {self.kill}" if isinstance(self.kill, str) else f"kill at byte {self.kill}"


@dataclass
class Scene:
    """One run that can be killed from the thread of the proxy."""

    process: ModuleProcess | None = None
    begun: threading.Event = field(default_factory=threading.Event)

    def kill(self, request: Request) -> None:
        assert self.begun.wait(10)
        assert self.process is not None
        self.process.kill(request)


@dataclass(frozen=True)
class Case:
    """``expected`` is DONE, SUCCEEDS, KILLED, or a regular expression that the failure's message has to match."""

    name: str
    expected: str
    play: Callable[[Stage], str]
    short: bool = False


def disturbed(
    name: str, job: type[Job], *hits: On, expected: str = DONE, heals: bool = True, short: bool = False
) -> Case:
    """The usual case: a run with faults, then undisturbed ones until nothing is left to do.

    :param heals: whether the next run is to succeed; it does not when the task itself is wrong
    """
    return Case(name, expected, lambda stage: _play(stage, job, hits, expected, heals), short)


def fresh_name() -> str:
    return f"faults {uuid.uuid4().hex[:12]}"


def start_until(stage: Stage, job: Job, scene: Scene) -> Run:
    scene.process = stage.launcher.start(job.module, job.options(), limits=job.limits)
    scene.begun.set()
    return scene.process.finish()


def run_quietly(stage: Stage, job: Job) -> Run:
    return stage.launcher.run(job.module, job.options())


def _play(stage: Stage, kind: type[Job], hits: tuple[On, ...], expected: str, heals: bool) -> str:
    job = kind(stage, fresh_name())
    stage.calm()
    try:
        job.prepare()
        scene = Scene()
        rules = [stage.proxy.add(hit.rule(scene)) for hit in hits]
        run = start_until(stage, job, scene)
        stage.proxy.calm()
        told = run.told
        for hit, rule in zip(hits, rules, strict=True):
            assert rule.fired, f"{told}; the fault '{hit.told}' never came to pass"
        meets(run, expected)
        job.observe(run)
        job.unharmed()
        if run.failed:
            if not heals:
                return told
            run = run_quietly(stage, job)
            assert not run.failed, f"the next run {run.told}"
        job.finished()
        again = run_quietly(stage, job)
        assert not again.failed, f"the last run {again.told}"
        assert not again.changed, f"the last run changed something: {again.result.get('actions')}"
        job.finished()
        return told
    finally:
        stage.proxy.calm()
        job.clean()


def meets(run: Run, expected: str) -> None:
    """The run came out as expected, and in no way as a crash."""
    assert "Traceback" not in run.output, run.output[-2000:]
    assert "Please report it" not in run.output, run.told
    if expected in (DONE, SUCCEEDS):
        assert not run.failed, run.told
        assert run.changed or expected == SUCCEEDS, "the run did its work and says changed=false"
    elif expected == KILLED:
        assert run.killed, run.told
    else:
        assert run.failed, f"{run.told}; expected to fail with '{expected}'"
        assert not run.killed
        assert re.search(expected, str(run.result.get("msg"))), run.told
