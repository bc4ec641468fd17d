# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to say which cloud is meant, logins that are kept, and what is said when there is none."""

from __future__ import annotations

import json
import re
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.imageops.glance.tests.cloud.glance import Glance, account, login
from ansible_collections.imageops.glance.tests.cloud.plays import Done, Task, play, variable

#: Taken away from every task below, so that only what a test gives counts.
NOTHING = {"OS_CLOUD": "", "OS_CLIENT_CONFIG_FILE": "/nonexistent"}
Player = Callable[..., list[Done]]


@pytest.fixture
def run_bare(tmp_path: Path) -> Player:
    """Run tasks that have nothing but what they say themselves."""

    def run_tasks(tasks: Sequence[Task], environ: Mapping[str, str] | None = None) -> list[Done]:
        return play(tasks, tmp_path / "play", {}, {**NOTHING, **(environ or {})}).done

    return run_tasks


def asking(environ: Mapping[str, str] | None = None, **options: Any) -> Task:
    """A task that needs no more than to get in."""
    return Task("image_info", {"limit": 1, **options}, environment=dict(environ or {}))


def test_every_way_in(run_bare: Player) -> None:
    """clouds.yaml, OS_*, auth, a cloud as a dict, application credentials, endpoint and token."""
    auth = account("member")["auth"]
    credential = account("member-appcred")["auth"]
    file = {"OS_CLIENT_CONFIG_FILE": variable("OS_CLIENT_CONFIG_FILE")}
    endpoint = variable("LOCAL_CLOUD_IMAGE_URL")
    token = login("member")
    variables = {f"OS_{key.upper()}": value for key, value in auth.items()}
    ways = {
        "cloud by name": asking(file, cloud="member"),
        "OS_CLOUD": asking({**file, "OS_CLOUD": "member"}),
        "another region": asking(auth=auth, region_name="RegionTwo"),
        "application credential in clouds.yaml": asking(file, cloud="member-appcred"),
        "OS_*": asking({**variables, "OS_REGION_NAME": "RegionOne"}),
        "auth": asking(auth=auth, region_name="RegionOne"),
        "auth beats OS_CLOUD": asking({**file, "OS_CLOUD": "other"}, auth=auth, region_name="RegionOne"),
        "auth_type": asking(auth=credential, auth_type="v3applicationcredential", region_name="RegionOne"),
        "cloud as a dict": asking(cloud={"auth": auth, "region_name": "RegionOne"}),
        "cloud as a dict, in spite of OS_*": asking(
            {"OS_PASSWORD": "wrong", "OS_USERNAME": "nobody"}, cloud={"auth": auth, "region_name": "RegionOne"}
        ),
        "token to log in with": asking(
            auth={
                "auth_url": auth["auth_url"],
                "token": token,
                "project_name": "demo",
                "project_domain_name": "Default",
            },
            auth_type="token",
            region_name="RegionOne",
        ),
        "endpoint and token": asking(endpoint=endpoint, token=token),
        "endpoint with a version": asking(endpoint=f"{endpoint}/v2/", token=token),
        "OS_IMAGE_URL and OS_AUTH_TOKEN": asking({"OS_IMAGE_URL": endpoint, "OS_AUTH_TOKEN": token}),
        "another URL than the catalog's": asking(file, cloud="member", endpoint=endpoint),
        "interface": asking(file, cloud="member", interface="internal"),
    }
    done = dict(zip(ways, run_bare(list(ways.values())), strict=True))
    assert {label: one.message for label, one in done.items() if one.failed} == {}
    for label, one in done.items():
        regions = 0 if label == "another region" else 1
        assert len(one.glance) == regions, label
        assert one.logins == (0 if "endpoint" in label or "OS_IMAGE_URL" in label else 1), label


def test_what_is_said_when_there_is_no_way_in(run_bare: Player) -> None:
    auth = account("member")["auth"]
    file = {"OS_CLIENT_CONFIG_FILE": variable("OS_CLIENT_CONFIG_FILE")}
    endpoint = variable("LOCAL_CLOUD_IMAGE_URL")
    ways = {
        "unknown cloud": (
            asking(file, cloud="nowhere"),
            "Could not log in to cloud 'nowhere': .*nowhere was not found",
        ),
        "wrong password": (
            asking(auth={**auth, "password": "secret word"}),
            "Identity does not take the user, .*401.*req-",
        ),
        "unknown project": (asking(auth={**auth, "project_name": "nobody's"}), "Identity does not take .*401.*req-"),
        "no Keystone there": (
            asking(auth={**auth, "auth_url": "http://127.0.0.1:9/v3"}, api_retry_time=0),
            r"^Logging in at http://127.0.0.1:9/v3 was tried once without success \(.*Connection refused\)",
        ),
        "unknown region": (
            asking(file, cloud="member", region_name="Nowhere"),
            "The cloud's catalog has no public endpoint of service type image in region Nowhere; check region_name",
        ),
        "no Glance there": (
            asking(endpoint="http://127.0.0.1:9", token="secret word", api_retry_time=0),
            "http://127.0.0.1:9.*refused.*api_retry_time",
        ),
        "something else there": (
            asking(endpoint=variable("LOCAL_CLOUD_KEYSTONE_URL"), token="secret word"),
            "(HTTP 404|does not answer like an Image service)",
        ),
        "no URL": (asking(endpoint="glance", token="secret word"), "glance.*is not a usable address"),
        "refused token": (asking(endpoint=endpoint, token="secret word"), "does not take the token"),
        "token alone": (asking(token="secret word"), "token is given without endpoint; set endpoint"),
        "endpoint alone": (asking(endpoint=endpoint), "endpoint is given without token; set token"),
        "unknown auth type": (asking(auth=auth, auth_type="telepathy"), "Could not log in.*telepathy"),
        "nothing at all": (asking(), "Could not log in to the cloud"),
    }
    done = run_bare([task for task, _says in ways.values()])
    for (label, (_task, says)), one in zip(ways.items(), done, strict=True):
        assert one.failed, label
        assert re.search(says, one.message, re.DOTALL), f"{label}: {one.message}"
        assert one.message.endswith("."), f"{label}: {one.message}"
        assert "\n" not in one.message, f"{label}: {one.message}"
        assert "Unexpected" not in one.message, f"{label}: {one.message}"
        assert "Traceback" not in json.dumps(one.result), label
        assert "secret word" not in json.dumps(one.result), label
        assert auth["password"] not in json.dumps(one.result), label


def test_a_login_is_kept_and_renewed(run_bare: Player, tmp_path: Path, admin: Glance) -> None:
    """One login for several tasks; damaged, foreign and expired files do no harm; a revoked token is renewed once."""
    cache = tmp_path / "kept"
    options = {"cloud": "member", "auth_cache": str(cache)}
    environ = {"OS_CLIENT_CONFIG_FILE": variable("OS_CLIENT_CONFIG_FILE")}

    def tasks(*more: dict[str, Any]) -> list[Done]:
        return run_bare([asking(**{**options, **one}) for one in more], environ)

    first, second = tasks({}, {})
    assert [one.failed for one in (first, second)] == [False] * 2, [first.message, second.message]
    assert (first.logins, second.logins) == (1, 0)
    (file,) = cache.iterdir()
    (other,) = tasks({"cloud": "member-two"})
    assert (other.failed, other.logins) == (False, 1), other.message
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert [stat.S_IMODE(kept.stat().st_mode) for kept in cache.iterdir()] == [0o600] * 2

    content = json.loads(file.read_text())
    revoke(admin, content["token"])
    (revoked,) = tasks({})
    assert not revoked.failed, revoked.message
    assert revoked.logins == 1
    assert [line["status"] for line in revoked.glance] == [401, 200]

    for damage in ("", "{", "[1]", json.dumps({"token": 1}), json.dumps({**content, "expires_at": 1.0})):
        file.write_text(damage)
        healed, again = tasks({}, {})
        assert not healed.failed, healed.message
        assert (healed.logins, again.logins) == (1, 0), damage
        assert [line["status"] for line in healed.glance] == [200]

    file.chmod(0o644)
    (readable,) = tasks({})
    assert (readable.failed, readable.logins) == (False, 1)
    cache.chmod(0o755)
    (open_to_all,) = tasks({})
    assert open_to_all.failed
    assert "auth_cache" in open_to_all.message
    assert "0700" in open_to_all.message


def revoke(admin: Glance, token: str) -> None:
    """Take a token back, and wait until Glance does not remember it as good any more."""
    import time

    url = f"{variable('LOCAL_CLOUD_KEYSTONE_URL')}/v3/auth/tokens"
    headers = {"X-Auth-Token": admin.token, "X-Subject-Token": token}
    assert requests.delete(url, headers=headers, timeout=30).status_code == 204
    time.sleep(1.5)
    seen = requests.get(f"{admin.url}/v2/images?limit=1", headers={"X-Auth-Token": token}, timeout=30)
    assert seen.status_code == 401


@pytest.mark.parametrize(
    ("library", "options"),
    [
        ("openstacksdk", {"cloud": "member"}),
        ("requests", {"endpoint": "http://127.0.0.1:9", "token": "x"}),
        ("jsonpatch", None),
    ],
)
def test_a_missing_library_is_named(
    tmp_path: Path, admin: Glance, prefix: str, library: str, options: dict[str, Any] | None
) -> None:
    """The library is hidden by one of its name that cannot be imported."""
    hiding = tmp_path / "hiding"
    hiding.mkdir()
    module = {"openstacksdk": "openstack"}.get(library, library)
    (hiding / f"{module}.py").write_text(f"raise ImportError('no {module}')\n", encoding="utf-8")
    if library == "jsonpatch":
        made = admin.create(name=f"{prefix}patched")
        options = {"endpoint": admin.url, "token": admin.token}
        task = Task("image", {"id": made["id"], "tags": ["x"], **options})
    else:
        task = asking(**(options or {}))
    path = f"{hiding}:{Path(sys.path[0])}"
    environ = {"PYTHONPATH": path, "OS_CLIENT_CONFIG_FILE": variable("OS_CLIENT_CONFIG_FILE")}
    hidden = Task(task.module, task.options, environment=environ)
    (done,) = play([hidden], tmp_path / "play", {}).done
    assert done.failed
    assert f"The Python library '{library}' is needed" in done.message, done.message
    assert f"pip install {library}" in done.message
    assert done.message.endswith(".")
    assert "Traceback" not in json.dumps(done.result)
    assert done.glance == [] or library == "jsonpatch"
    assert done.writes == []
