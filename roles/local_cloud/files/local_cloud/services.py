# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keystone and the Glances as processes under gunicorn."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Optional

from . import processes, web
from .errors import LocalCloudError
from .layout import KEYSTONE, SERVE, Layout
from .state import ServiceRecord

# Gunicorn ends at once on SIGQUIT; SIGTERM would let it wait for requests.
QUICK = signal.SIGQUIT
STOP_SECONDS = 5.0
# On a machine that is busy with other things everything takes its time, and a slow service is not to be taken for dead.
START_SECONDS = 180.0
ANSWER_SECONDS = 30.0
LOG_LIMIT = 50_000_000
# Modules that take long to import and neither read configuration nor open connections as they are.
# Keystone's cache is its process's own.
WORKERS = {KEYSTONE: 1, "glance": 2}
PREIMPORT = {
    KEYSTONE: "keystone.server.flask.core keystone.server.backends",
    "glance": "glance.common.wsgi_app glance.api.v2.router",
}


def kind_of(service: str) -> str:
    """ "keystone" or "glance"."""
    return service.partition("_")[0]


def environment(layout: Layout, service: str, descriptor: int) -> dict[str, str]:
    """What the process is told; variables of the caller that could change a server's behaviour are left out."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "TZ")
    }
    kind = kind_of(service)
    return {
        **kept,
        "LOCAL_CLOUD_BIND": f"fd://{descriptor}",
        "LOCAL_CLOUD_MARKER": layout.marker(service),
        "LOCAL_CLOUD_PREIMPORT": PREIMPORT[kind],
        "LOCAL_CLOUD_REQUEST_LOG": str(layout.request_log(service)),
        f"OS_{kind.upper()}_CONFIG_DIR": str(layout.service_dir(service)),
        "OS_KEYSTONE_CONFIG_FILES": f"{layout.config_file(KEYSTONE).name};{layout.keystone_cache_file.name}",
        "LOCAL_CLOUD_CACHE_EPOCH": str(layout.cache_epoch),
        "LOCAL_CLOUD_WORKERS": str(WORKERS[kind]),
        "PYTHONPATH": str(SERVE),
        "NO_PROXY": "*",
    }


def digest_of(layout: Layout, service: str, stamp: str) -> str:
    """What a process runs with: its configuration, the packages, and the code around it."""
    digest = hashlib.sha256(stamp.encode())
    digest.update(layout.config_file(service).read_bytes())
    for file in sorted(SERVE.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def is_alive(record: Optional[ServiceRecord]) -> bool:
    """Whether the very process that was recorded runs."""
    return record is not None and processes.is_running(record.pid, record.started)


def start(layout: Layout, service: str, python: Path, sock: socket.socket, stamp: str) -> ServiceRecord:
    """Start a service on a socket that listens already; `wait` waits for its first answer."""
    for log in (layout.process_log(service), layout.request_log(service), layout.service_log(service)):
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            os.truncate(log, 0)
    settings = SERVE / "gunicorn_settings.py"
    command = [str(python), "-m", "gunicorn", "--name", layout.marker(service)]
    command += ["--config", str(settings), f"{kind_of(service)}_app:application"]
    with open(layout.process_log(service), "a", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=layout.service_dir(service),
            env=environment(layout, service, sock.fileno()),
            pass_fds=(sock.fileno(),),
            start_new_session=True,
        )
    since = processes.started(process.pid)
    if since is None:
        raise LocalCloudError(f"{service} ended at once; see {layout.process_log(service)}.")
    return ServiceRecord(process.pid, since, digest_of(layout, service, stamp))


def health_url(service: str, url: str) -> str:
    """An address that answers without a token once the service works."""
    return f"{url}/v3" if service == KEYSTONE else f"{url}/versions"


def answers(service: str, url: str) -> bool:
    """Whether the service works; one that is not there at all is noticed at once."""
    return web.answers(health_url(service, url), ANSWER_SECONDS)


def wait(layout: Layout, service: str, record: ServiceRecord, url: str) -> None:
    """Wait for the first answer of a started service."""

    def settled() -> bool:
        return not is_alive(record) or answers(service, url)

    if not processes.wait_until(settled, START_SECONDS) or not is_alive(record):
        raise LocalCloudError(
            f"{service} did not start; see {layout.process_log(service)} and {layout.service_log(service)}."
        )


def titled(layout: Layout, service: str) -> re.Pattern[str]:
    """How the title of every process of a service begins: at first its command, later what gunicorn makes of it.

    Other commands that only mention the marker, such as a search for it, do not match.
    """
    return re.compile(rf"(\S+ -m gunicorn --name |gunicorn: \w+ \[){re.escape(layout.marker(service))}[] ]")


def stop(layout: Layout, service: str, record: Optional[ServiceRecord]) -> bool:
    """End a service and whatever a killed one left behind; whether there was anything."""
    was_alive = record is not None and is_alive(record)
    if record is not None:
        processes.end(record.pid, record.started, QUICK, STOP_SECONDS)
    return bool(processes.kill_titled(titled(layout, service))) or was_alive
