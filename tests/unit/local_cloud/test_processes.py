# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: one is only ever ended when it is the very one that was started."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_cloud import processes, services
from local_cloud.layout import Layout

STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)


@pytest.fixture(autouse=True, params=["/proc", "ps"])
def source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where it is looked up what runs: /proc, or ps on systems without it."""
    if request.param == "ps":
        monkeypatch.setattr(processes, "PROC", Path("/no/proc"))
    return str(request.param)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that sleeps until it is ended."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    ("text", "ticks"),
    [
        ("7 (python3) S 1 7 7 0 -1 4194560 1 0 0 0 1 0 0 0 20 0 1 0 8812 99 1 18446744073709551615", "8812"),
        # the name is the process's own choice
        ("7 (a) b) R (c) S 1 7 7 0 -1 4194560 1 0 0 0 1 0 0 0 20 0 1 0 8813 99 1 18446744073709551615", "8813"),
        ("7 (python3) Z 1 7 7 0 -1 4194560 1 0 0 0 1 0 0 0 20 0 1 0 8814 0 0 18446744073709551615", None),
    ],
)
def test_start_time_from_stat(text: str, ticks: str | None) -> None:
    assert processes.parse_stat(text) == ticks


def test_a_running_process_is_recognised(sleeper: subprocess.Popen[bytes]) -> None:
    since = processes.started(sleeper.pid)
    assert since
    assert processes.is_running(sleeper.pid, since)


def test_another_process_with_the_same_pid_is_not_taken_for_it(sleeper: subprocess.Popen[bytes]) -> None:
    since = processes.started(sleeper.pid)
    assert since
    for earlier in (f"{since}0", f"another boot:{since}", ""):
        assert not processes.is_running(sleeper.pid, earlier)


def test_end_leaves_another_process_with_the_same_pid_alone(sleeper: subprocess.Popen[bytes]) -> None:
    processes.end(sleeper.pid, "another-boot:1", signal.SIGTERM, 0.2)
    assert sleeper.poll() is None


def test_an_ended_process_that_nobody_waited_for_does_not_run(sleeper: subprocess.Popen[bytes]) -> None:
    since = processes.started(sleeper.pid)
    assert since
    processes.end(sleeper.pid, since, signal.SIGTERM, 5.0)
    assert not processes.is_running(sleeper.pid, since)
    assert sleeper.wait() == -signal.SIGTERM


def test_one_that_ignores_the_gentle_signal_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        processes.end(process.pid, processes.started(process.pid) or "", signal.SIGTERM, 0.3)
        assert process.wait(5) == -signal.SIGKILL


def test_processes_are_found_and_killed_by_their_command_line(tmp_path: Path) -> None:
    title = re.compile(rf"{re.escape(sys.executable)} -c import time.* {re.escape(str(tmp_path))}")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", str(tmp_path)]) as process:
        # from fork to exec the child still has this process's command line
        assert processes.wait_until(lambda: processes.find_by_title(title) == [process.pid], 5.0)
        assert processes.kill_titled(title) == 1
        assert process.wait(5) == -signal.SIGKILL
    assert processes.find_by_title(title) == []


def test_this_process_is_never_found_by_its_title() -> None:
    assert os.getpid() not in processes.find_by_title(re.compile(".*python"))


@pytest.mark.parametrize(
    ("title", "ours"),
    [
        ("gunicorn: master [local-cloud:/a/cloud:glance_one]", True),
        ("gunicorn: worker [local-cloud:/a/cloud:glance_one]", True),
        ("/v/bin/python -m gunicorn --name local-cloud:/a/cloud:glance_one --config x glance_app:application", True),
        ("gunicorn: worker [local-cloud:/a/cloud:glance_two]", False),
        ("gunicorn: worker [local-cloud:/another/a/cloud:glance_one]", False),
        ("gunicorn: worker [shop]", False),
        ("grep gunicorn: worker [local-cloud:/a/cloud:glance_one]", False),
        ("tail -f /a/cloud/logs/glance_one.log", False),
    ],
)
def test_what_belongs_to_a_service(title: str, ours: bool) -> None:
    assert bool(services.titled(Layout(Path("/a/cloud")), "glance_one").match(title)) is ours
