# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Redirects to another host, which must learn neither tokens nor passwords."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from ansible_collections.imageops.glance.tests.faults import jobs
from ansible_collections.imageops.glance.tests.faults.case import DONE, Case, fresh_name, meets
from ansible_collections.imageops.glance.tests.faults.fault import redirect
from ansible_collections.imageops.glance.tests.faults.stage import Stage
from ansible_collections.imageops.glance.tests.web_server.server import Page, WebServer
from ansible_collections.imageops.glance.tests.web_server.server import running as web_server

LIST = r"/v2/images$"
IMAGE = r"/v2/images/[0-9a-f-]{36}$"
FILE = r"/file$"
LOGIN = r"/v3/auth/tokens$"
SECRETS = {"url_username": "reader", "url_password": "pAss-of-the-web", "url_headers": {"X-Api-Key": "kEy-of-the-web"}}


def elsewhere(name: str, method: str, path: str, server: str, status: int, short: bool = False) -> Case:
    """A call is answered with a redirect to another host: it fails, and that host is never asked."""

    def play(stage: Stage) -> str:
        job = jobs.Create(stage, fresh_name())
        stage.calm()
        try:
            with web_server() as other:
                rule = stage.proxy.on(method, path, redirect(f"{other.url}/v2/images", status), times=0, server=server)
                run = stage.launcher.run(job.module, job.options())
                assert rule.fired, "there was no redirect"
                assert not other.requests, f"the other host was asked: {other.requests}"
                meets(run, "redirects")
            stage.calm()
            run = stage.launcher.run(job.module, job.options())
            meets(run, DONE)
            job.finished()
            return "the other host was not asked"
        finally:
            stage.calm()
            job.clean()

    return Case(name, "fails, no request there", play, short)


def _web(stage: Stage, status: int) -> str:
    """The data's own web server sends on to another host, as mirrors do: followed, without what is secret."""
    job = jobs.Create(stage, fresh_name())
    stage.calm()
    try:
        with web_server() as mirror, web_server() as origin:
            target = mirror.add("/new.img", Page(jobs.NEW))
            url = origin.add("/new.img", Page(redirect=target, redirect_status=status))
            options: dict[str, Any] = {**job.options(), "filename": None, "url": url, **SECRETS}
            run = stage.launcher.run(job.module, options)
            meets(run, DONE)
            job.finished()
            assert _told(origin), "the server that they are meant for was not told user and key"
            assert not _told(mirror), "the other host was told a secret"
            return run.told
    finally:
        stage.calm()
        job.clean()


def _told(server: WebServer) -> bool:
    """Whether a server has seen any of the secrets."""
    seen = json.dumps([request.headers for request in server.requests])
    return "kEy-of-the-web" in seen or "Authorization" in seen


def hosts() -> Iterator[Case]:
    """Every kind of call, with every kind of redirect."""
    yield elsewhere("redirect of a list", "GET", LIST, "glance", 302, short=True)
    yield elsewhere("redirect of a create", "POST", LIST, "glance", 307)
    yield elsewhere("redirect of an upload", "PUT", FILE, "glance", 308)
    yield elsewhere("redirect of a read", "GET", IMAGE, "glance", 301)
    yield elsewhere("redirect of an update", "PATCH", IMAGE, "glance", 307)
    for status in (301, 302, 307, 308):
        yield elsewhere(f"redirect {status} of a login", "POST", LOGIN, "keystone", status, short=status == 307)
        yield Case(f"redirect {status} of a web source", DONE, partial(_web, status=status))
