# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's way out: one result or one failure in one sentence, and nothing secret in either."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible_collections.imageops.glance.plugins.module_utils import auth, runner
from ansible_collections.imageops.glance.plugins.module_utils.auth import Login
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.runner import FailedResult, connect, run_module

AUTH = {"auth_url": "http://k/v3", "username": "member", "password": "s3cret word", "project_name": "demo"}
Ran = Callable[..., dict[str, Any]]


def arguments(given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> AbstractContextManager[Any]:
    """Hand a module its options as Ansible does; ansible-core 2.19 has a helper for that, older ones a variable."""
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode())
        return nullcontext()
    patched: AbstractContextManager[Any] = patch_module_args(given)
    return patched


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ran:
    """Run a handler as a module with these options; what the module writes."""
    for name in ("OS_CLOUD", "OS_IMAGE_URL", "OS_AUTH_TOKEN", "OS_AUTH_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(handler: Any, **given: Any) -> dict[str, Any]:
        with arguments(given, monkeypatch), pytest.raises(SystemExit):
            run_module({"name": {"type": "str"}}, handler)
        written = capsys.readouterr().out
        result: dict[str, Any] = json.loads(written.strip().splitlines()[-1])
        return {"result": result, "written": written}

    return run


def failing(error: Exception) -> Any:
    def handler(_module: Any) -> dict[str, Any]:
        raise error

    return handler


def test_a_result(ran: Ran) -> None:
    found = ran(lambda module: {"changed": True, "name": module.params["name"]}, name="x")["result"]
    assert (found["changed"], found["name"]) == (True, "x")
    assert "failed" not in found


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OptionError("name: no."), {"msg": "name: no."}),
        (ApiError("Refused.", 413, "req-1"), {"msg": "Refused.", "status": 413, "request_id": "req-1"}),
        (ApiError("No answer.", None, "req-1"), {"msg": "No answer.", "status": None, "request_id": "req-1"}),
        (FailedResult("Half done.", {"changed": True}), {"msg": "Half done.", "changed": True}),
    ],
)
def test_a_failure(ran: Ran, error: Exception, expected: dict[str, Any]) -> None:
    found = ran(failing(error))["result"]
    assert found["failed"] is True
    assert {key: found.get(key) for key in expected} == expected
    assert "Traceback" not in json.dumps(found)


def test_a_mistake_of_ours_is_one_sentence_too(ran: Ran) -> None:
    """Its traceback is handed to Ansible, which shows it when it is asked to."""
    found = ran(failing(ZeroDivisionError("oops")))["result"]
    assert found["msg"] == "Unexpected ZeroDivisionError in imageops.glance: oops. Please report it."


@pytest.mark.parametrize(
    "given",
    [
        {"auth": AUTH},
        {"cloud": {"auth": AUTH}},
        {"cloud": {"auth": {}, "password": "s3cret word"}},
        {"token": "s3cret word"},
        {"auth": {"application_credential_secret": "s3cret word"}},
    ],
)
def test_secrets_are_hidden_wherever_they_turn_up(ran: Ran, given: dict[str, Any]) -> None:
    def telling(_module: Any) -> dict[str, Any]:
        return {"changed": False, "image": {"name": "s3cret word", "properties": {"a": ["x s3cret word y"]}}}

    for handler in (telling, failing(OptionError("It said s3cret word.")), failing(ValueError("s3cret word"))):
        written = ran(handler, **given)["written"]
        assert "s3cret word" not in written


def test_names_are_not_hidden(ran: Ran) -> None:
    """Ansible would blot out every "demo" and "member" in the result, since they stand in an option with no_log."""

    def telling(_module: Any) -> dict[str, Any]:
        return {"changed": False, "owner": "demo", "user": "member", "url": "http://k/v3", "region": "RegionOne"}

    cloud = {"auth": AUTH, "region_name": "RegionOne", "flags": [1, {"deep": "RegionOne"}]}
    for given in ({"auth": AUTH}, {"cloud": cloud}, {"cloud": "demo"}):
        found = ran(telling, **given)["result"]
        assert (found["owner"], found["user"], found["url"], found["region"]) == (
            "demo",
            "member",
            "http://k/v3",
            "RegionOne",
        )


def test_a_token_of_a_login_is_hidden_too(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_identity_login", lambda _options: Login("gAAAA-token", "http://g", expires_at=9e12))

    def telling(module: Any) -> dict[str, Any]:
        glance = connect(module)
        token = glance.login.token
        glance.close()
        return {"changed": False, "token_was": token}

    assert "gAAAA-token" not in ran(telling, cloud="c")["written"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"api_timeout": 0}, "api_timeout: 0 is not a number of seconds above 0."),
        ({"api_timeout": -1}, "api_timeout: -1 is not a number of seconds above 0."),
        ({"api_retry_time": -1}, "api_retry_time: -1 is not a number of seconds."),
    ],
)
def test_times_that_are_none(ran: Ran, given: dict[str, Any], says: str) -> None:
    assert ran(lambda module: {"never": connect(module)}, cloud="c", **given)["result"]["msg"] == says


def test_digests_are_kept_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert runner.cache_folder("digests") == str(tmp_path / "imageops-glance" / "digests")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert runner.cache_folder("x") == str(tmp_path / ".cache" / "imageops-glance" / "x")
