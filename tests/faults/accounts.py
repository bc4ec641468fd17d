# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what, and for how long: tokens that end in the middle of a run, and users that are no admins."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterator
from typing import Any

import requests
from ansible_collections.imageops.glance.tests.faults import jobs
from ansible_collections.imageops.glance.tests.faults.case import DONE, Case, fresh_name, meets, run_quietly
from ansible_collections.imageops.glance.tests.faults.fault import Request, after, answer
from ansible_collections.imageops.glance.tests.faults.stage import Stage

LIST = r"/v2/images$"
IMAGE = r"/v2/images/[0-9a-f-]{36}$"
FILE = r"/file$"
LOGIN = r"/v3/auth/tokens$"

REFUSED = "says so, nothing moved"


def expiring(name: str, kind: type[jobs.Job], method: str, path: str, short: bool = False) -> Case:
    """The token ends after a request, for good: the run logs in anew and goes on."""

    def play(stage: Stage) -> str:
        job = kind(stage, fresh_name())
        stage.calm()
        try:
            job.prepare()

            def end(request: Request) -> None:
                stage.proxy.on(".*", "", answer(401), times=0, token=request.token)

            rule = stage.proxy.on(method, path, after(end))
            run = run_quietly(stage, job)
            assert rule.fired, "the token never ended"
            meets(run, DONE)
            assert len(stage.proxy_saw("POST", LOGIN)) == 2, "it did not log in just once more"
            job.finished()
            stage.calm()
            again = run_quietly(stage, job)
            assert not again.failed, again.told
            assert not again.changed, again.told
            return run.told
        finally:
            stage.calm()
            job.clean()

    return Case(name, DONE, play, short)


def _revoked(stage: Stage) -> str:
    """The token is revoked at the real Keystone, and the real Glance refuses it."""
    job = jobs.Create(stage, fresh_name())
    stage.calm()
    try:

        def revoke(request: Request) -> None:
            headers = {"X-Auth-Token": str(request.token), "X-Subject-Token": str(request.token)}
            url = f"{stage.cloud.identity_url}/v3/auth/tokens"
            assert requests.delete(url, headers=headers, timeout=30).status_code == 204
            # For so long Glance remembers that it was good (token_cache_time of the local cloud).
            time.sleep(1.5)

        stage.proxy.on("POST", LIST, after(revoke))
        run = run_quietly(stage, job)
        meets(run, DONE)
        assert any(request.status == 401 for request in stage.proxy.requests), "nobody refused the token"
        job.finished()
        return run.told
    finally:
        stage.calm()
        job.clean()


def _only_a_token(stage: Stage) -> str:
    """With nothing to log in with, a token that ends fails the run, and the next token ends the work."""
    job = jobs.Create(stage, fresh_name())
    token, _project = stage.cloud.login()
    options = {**job.options(), "cloud": None, "endpoint": stage.image_url, "token": token}
    stage.calm()
    try:
        rule = stage.proxy.on("PUT", FILE, answer(401), times=0)
        run = stage.launcher.run(job.module, options)
        assert rule.fired
        meets(run, "does not take the token.*log in again")
        assert token not in run.output, "the token is in the output"
        stage.calm()
        meets(stage.launcher.run(job.module, options), DONE)
        job.finished()
        return run.told
    finally:
        stage.calm()
        job.clean()


def _cached(stage: Stage) -> str:
    """A login out of auth_cache that the cloud does not take any more is replaced, in the cache too."""
    job = jobs.Create(stage, fresh_name())
    cache = stage.folder / f"{job.name} cache"
    options = {**job.options(), "auth_cache": str(cache)}
    stage.calm()
    try:
        meets(stage.launcher.run(job.module, options), DONE)
        stage.proxy.forget()
        meets_unchanged(stage, job, options)
        assert not stage.proxy_saw("POST", LOGIN), "it logged in although a login was kept"
        used = stage.proxy_saw("GET", LIST)[0].token
        stage.calm()
        stage.proxy.on(".*", "", answer(401), times=0, token=used)
        meets_unchanged(stage, job, options)
        assert len(stage.proxy_saw("POST", LOGIN)) == 1, "it did not log in just once"
        stage.proxy.forget()
        meets_unchanged(stage, job, options)
        assert not stage.proxy_saw("POST", LOGIN), "the new login was not kept"
        modes = {stat.S_IMODE(path.stat().st_mode) for path in cache.iterdir()}
        assert modes == {0o600}, f"files of the cache have the modes {modes}"
        assert stat.S_IMODE(cache.stat().st_mode) == 0o700
        cache.chmod(0o755)
        run = stage.launcher.run(job.module, options)
        meets(run, "auth_cache.*0700")
        return run.told
    finally:
        stage.calm()
        job.clean()


def meets_unchanged(stage: Stage, job: jobs.Job, options: dict[str, Any]) -> None:
    run = stage.launcher.run(job.module, options)
    assert not run.failed, run.told
    assert not run.changed, "it changed something"


# ---- least privilege


def refused(
    name: str,
    expected: str,
    options: Callable[[Stage], dict[str, Any]],
    prepare: Callable[[Stage, str], dict[str, Any]] = lambda _stage, _name: {},
    token_alone: bool = False,
    short: bool = False,
) -> Case:
    """What a member may not do is said before data moves, and leaves nothing behind.

    :param prepare: makes what has to be there, given a name; returns further options
    :param token_alone: connect with a token, so that nobody knows whether it is an admin's
    """

    def play(stage: Stage) -> str:
        job = jobs.Create(stage, fresh_name())
        stage.calm()
        try:
            given = {
                **job.options(),
                "visibility": None,
                "tags": None,
                "properties": None,
                **options(stage),
                **prepare(stage, job.name),
            }
            if token_alone:
                given.update(cloud=None, endpoint=stage.image_url, token=stage.cloud.token)
            before = _all_images(stage, job.name)
            run = stage.launcher.run("image", given)
            meets(run, expected)
            assert not stage.proxy_saw("PUT", FILE), "data was moved"
            assert not stage.proxy_saw("POST", r"/import$") or "copy" in name, "an import was started"
            assert _all_images(stage, job.name) == before, "something was changed or left behind"
            return run.told
        finally:
            stage.calm()
            for cloud in stage.clouds.values():
                cloud.clean(job.name)

    return Case(name, REFUSED, play, short)


def _all_images(stage: Stage, name: str) -> list[dict[str, Any]]:
    found = [image for cloud in stage.clouds.values() for image in cloud.images(name)]
    return sorted(found, key=lambda image: str(image["id"]))


def _others_image(stage: Stage, name: str) -> dict[str, Any]:
    image = stage.clouds["other"].create(jobs.OLD, name=name, visibility="community")
    return {"name": None, "id": image["id"], "on_content_change": "ignore"}


def _own_image(stage: Stage, name: str) -> dict[str, Any]:
    stage.cloud.create(jobs.NEW, name=name)
    return {}


def _in_all_stores(stage: Stage) -> str:
    """A member's data comes into several stores by one import, since copying it later is for admins."""
    job = jobs.Create(stage, fresh_name())
    stage.calm()
    try:
        options = {**job.options(), "all_stores": True}
        run = stage.launcher.run("image", options)
        meets(run, DONE)
        job.finished()
        assert set(job.images()[0]["stores"].split(",")) == {"file", "fast"}
        meets_unchanged(stage, job, options)
        return f"{run.told}: {run.result['actions']}"
    finally:
        stage.calm()
        job.clean()


def accounts() -> Iterator[Case]:
    """Tokens first, then rights."""
    yield expiring("token ends after the listing", jobs.Create, "GET", LIST)
    yield expiring("token ends after the image is made", jobs.Create, "POST", LIST, short=True)
    yield expiring("token ends in the upload", jobs.Create, "PUT", FILE)
    yield expiring("token ends in the import", jobs.Direct, "POST", r"/import$")
    yield expiring("token ends while the old image is replaced", jobs.Replace, "PATCH", IMAGE)
    yield Case("token revoked at Keystone", DONE, _revoked)
    yield Case("token ends, and there is no login", "fails, done with a new one", _only_a_token)
    yield Case("token out of auth_cache is refused", "logs in once", _cached, short=True)

    yield refused("member: public image", "visibility: .*admin", lambda _s: {"visibility": "public"}, short=True)
    yield refused("token: public image", "visibility: .*admin", lambda _s: {"visibility": "public"}, token_alone=True)
    yield refused("member: for another project", "owner: only an admin", lambda s: {"owner": s.clouds["other"].project})
    yield refused("member: another's image", "belongs to project", lambda _s: {"tags": ["x"]}, _others_image)
    yield refused("member: delete another's image", "belongs to|403", lambda _s: {"state": "absent"}, _others_image)
    yield refused("member: copy to a store", "stores: .*admin", lambda _s: {"stores": ["file", "fast"]}, _own_image)
    yield Case("member: data into all stores", DONE, _in_all_stores)
