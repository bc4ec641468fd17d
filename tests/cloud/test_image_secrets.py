# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No password and no token is shown, at any verbosity, in success, failure and diff, nor kept in a log."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.imageops.glance.tests.cloud.glance import Glance, account, login
from ansible_collections.imageops.glance.tests.cloud.plays import image, info, play, variable


def test_nothing_secret_is_ever_shown(tmp_path: Path, admin: Glance, prefix: str, files: Path) -> None:
    auth = account("member")["auth"]
    credential = account("member-appcred")["auth"]
    cache = tmp_path / "kept"
    token = login("member")
    wrong = "w" + auth["password"][::-1]
    name = f"{prefix}x"
    tasks = [
        image(cloud="member", name=name, filename=str(files / "a.raw"), disk_format="raw", auth_cache=str(cache)),
        image(auth=auth, region_name="RegionOne", name=name, tags=["x"]),
        image(cloud={"auth": auth, "region_name": "RegionOne"}, name=name, tags=[]),
        image(auth={**auth, "password": wrong}, region_name="RegionOne", name=name),
        image(auth=credential, auth_type="v3applicationcredential", region_name="RegionOne", name=name),
        image(endpoint=admin.url, token=token, name=name, properties={"a": "b"}),
        image(cloud="member", name=name, visibility="public", auth_cache=str(cache)),
        image(
            cloud="member", name=f"{name}2", url="http://user:pass-word-one@127.0.0.1:9/x", url_password="pass-word-two"
        ),
        info(cloud="member", auth_cache=str(cache)),
        image(cloud="member", name=name, state="absent"),
    ]
    log = tmp_path / "ansible.log"
    environ = {"ANSIBLE_LOG_PATH": str(log), "ANSIBLE_DEBUG": "0", "OS_CLOUD": ""}
    ran = play(tasks, tmp_path / "play", {}, environ, ["-vvvv"])
    assert [one.failed for one in ran.done] == [number in (3, 6, 7) for number in range(len(tasks))], [
        one.message for one in ran.done
    ]
    # and with everything in variables; Ansible shows those that a task sets, so they are of the whole process
    variables = {f"OS_{key.upper()}": value for key, value in auth.items()}
    by_variables = play([info(limit=1)], tmp_path / "play", {}, {**environ, **variables}, ["-vvvv"])
    by_token = {**environ, "OS_IMAGE_URL": admin.url, "OS_AUTH_TOKEN": token}
    by_token_alone = play([info(limit=1)], tmp_path / "play", {}, by_token, ["-vvvv"])
    for one in (by_variables, by_token_alone):
        assert not one.done[0].failed, one.done[0].message
    tokens = [json.loads(file.read_text())["token"] for file in cache.iterdir()]
    assert tokens
    secrets = [auth["password"], wrong, credential["application_credential_secret"], token, *tokens]
    secrets += ["pass-word-one", "pass-word-two"]
    written = {
        "terminal": ran.output + by_variables.output + by_token_alone.output,
        "log": log.read_text(encoding="utf-8"),
        "results": json.dumps([one.result for one in ran.done + by_variables.done + by_token_alone.done]),
    }
    for secret in secrets:
        for where, text in written.items():
            assert secret not in text, f"{where}: {context(text, secret)}"
    # what is no secret is still there to be read
    assert "member" in written["results"]
    assert variable("LOCAL_CLOUD_IMAGE_URL") in written["terminal"]


def context(text: str, secret: str) -> str:
    """Where it stands, without it."""
    at = text.index(secret)
    return text[max(0, at - 300) : at] + "<SECRET>" + text[at + len(secret) : at + len(secret) + 100]
