# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No token and no password in anything that a run prints, logs or leaves, at the highest verbosity."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.imageops.glance.tests.faults import jobs
from ansible_collections.imageops.glance.tests.faults.case import Case, fresh_name
from ansible_collections.imageops.glance.tests.faults.fault import answer
from ansible_collections.imageops.glance.tests.faults.playbooks import start
from ansible_collections.imageops.glance.tests.faults.stage import Stage

COLLECTION = "imageops.glance"
WEB = {"url_username": "reader", "url_password": "pAss-of-the-web", "url_headers": {"X-Api-Key": "kEy-of-the-web"}}
IN_URL = "pAss-in-the-url"
WRONG = "wr0ng-Pass-word"
#: Files that are there to hold secrets, and that nobody else can read.
KEEPERS = ("play.json", "clouds.yaml")


def _variables(stage: Stage, name: str, token: str) -> dict[str, Any]:
    """Where plays keep secrets: callbacks such as junit print the options of tasks as they are written."""
    entry = stage.cloud.entry
    auth = {**entry["auth"], "auth_url": f"{stage.keystone_url}/v3"}
    url = stage.page(f"/{name.replace(' ', '-')}.img", jobs.NEW)
    return {
        "own": auth,
        "wrong": {**auth, "password": WRONG},
        "whole": {"auth": auth, "region_name": entry["region_name"], "image_endpoint_override": stage.image_url},
        "token": token,
        "bad_token": "bAd-token-of-a-user",
        "url": url,
        "inside": url.replace("://", f"://reader:{IN_URL}@"),
        "web": WEB,
    }


def _tasks(stage: Stage, name: str, folder: Path) -> list[dict[str, Any]]:
    """What succeeds and what fails in every way, with each kind of login."""
    by_auth = {"auth": "{{ own }}", "region_name": "RegionOne", "endpoint": stage.image_url}
    by_dict = {"cloud": "{{ whole }}"}
    by_token = {"endpoint": stage.image_url, "token": "{{ token }}"}
    web = {option: f"{{{{ web.{option} }}}}" for option in WEB}
    url, inside = "{{ url }}", "{{ inside }}"
    cache = str(folder / "auth")

    def task(module: str, **options: Any) -> dict[str, Any]:
        return {f"{COLLECTION}.{module}": {"name": name, **options}, "ignore_errors": True}

    def image(**options: Any) -> dict[str, Any]:
        return task("image", disk_format="raw", api_retry_time=3, **options)

    many = [{"name": f"{name} 1", "url": inside, **web}, {"name": f"{name} 2", "url": url}]
    return [
        {**image(**by_auth, url=url, **web), "check_mode": True},
        image(**by_auth, url=url, auth_cache=cache, **web),
        image(**by_auth, properties={"a": "1"}, auth_cache=cache),
        image(**by_dict, url=inside, checksum="sha256:{{ inside }}.sums"),
        {"imageops.glance.image": {"cloud": "member", "images": many, "disk_format": "raw"}, "ignore_errors": True},
        image(**by_token, url=url + ".gone", on_content_change="replace", **web),
        image(**by_token, properties={"b": "2"}),
        image(endpoint=stage.image_url, token="{{ bad_token }}"),
        image(**{**by_auth, "auth": "{{ wrong }}"}),
        image(**{**by_auth, "endpoint": "http://127.0.0.1:1"}),
        task("image_info", **by_dict),
        task("image_download", dest=str(folder / "image.raw"), **by_auth),
        task("image_member", status="accepted", **by_token),
        image(**by_auth, state="absent"),
    ]


def _play(stage: Stage) -> str:
    name = fresh_name()
    folder = stage.folder / f"{name} play".replace(" ", "-")
    token, _project = stage.cloud.login()
    stage.calm()
    try:
        stage.proxy.on("POST", r"/v3/auth/tokens$", answer(500), nth=2, server="keystone")
        stage.proxy.on("POST", r"/v2/images$", answer(403), nth=4)
        variables, tasks = _variables(stage, name, token), _tasks(stage, name, folder)
        play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}
        environment = {
            **stage.launcher.environment,
            "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.tree,ansible.builtin.junit",
            "ANSIBLE_CALLBACK_TREE_DIR": str(folder / "tree"),
            "ANSIBLE_DISPLAY_TRACEBACK": "always",
            "ANSIBLE_LOG_PATH": str(folder / "ansible.log"),
            "JUNIT_OUTPUT_DIR": str(folder / "junit"),
        }
        status, output = start(folder, [play], environment, "-vvvv", "--diff").finish()
        assert status == 0, output[-3000:]
        assert output.count("changed: [localhost]") >= 5, output[-3000:]
        assert output.count("failed: [localhost]") + output.count("fatal: [localhost]") >= 5, output[-3000:]
        used = {request.token for request in stage.proxy.requests if request.token}
        assert len(used) > 3, "hardly any login took place"
        secrets = {*used, token, stage.cloud.password, WEB["url_password"], "kEy-of-the-web", IN_URL, WRONG}
        searched = [("the output", output), *_files(folder)]
        assert {"ansible.log", "localhost"} <= {Path(where).name for where, _text in searched}
        for where, text in searched:
            for secret in map(str, secrets):
                at = text.find(secret)
                assert at < 0, f"{where} shows a secret: …{text[max(0, at - 200) : at]}<HERE>"
        _only_for_the_owner(folder)
        return f"{len(secrets)} secrets in none of {len(searched)} places"
    finally:
        stage.calm()
        stage.cloud.clean(name)


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """What is left in the folders of a run, but for what is meant to hold secrets."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in KEEPERS and path.parent.name != "auth":
            yield str(path), path.read_text(encoding="utf-8", errors="replace")


def _only_for_the_owner(folder: Path) -> None:
    kept = list((folder / "auth").iterdir())
    assert kept, "no login was kept"
    for path in (folder / "auth", *kept):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, f"{path} can be read by others"


def secrecy() -> Iterator[Case]:
    yield Case("secrets at -vvvv", "nowhere", _play)
