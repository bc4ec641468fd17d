# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins that are kept, options that become a login, and secrets that stay secret; no network anywhere."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils import auth
from ansible_collections.imageops.glance.plugins.module_utils.auth import Cloud, ConnectionOptions, Login
from ansible_collections.imageops.glance.plugins.module_utils.auth_cache import AuthCache
from ansible_collections.imageops.glance.plugins.module_utils.errors import AuthError, OptionError

PASSWORD = {"auth_url": "http://k/v3", "username": "u", "password": "s3cret word", "project_name": "p"}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables and no files of the machine that the test runs on."""
    for name in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def logins(monkeypatch: pytest.MonkeyPatch) -> list[Login]:
    """Logins that were made; each is good for an hour unless a test changes ``auth.time``."""
    made: list[Login] = []

    def log_in(_options: ConnectionOptions) -> Login:
        made.append(Login(f"t{len(made)}", "http://g", "p", roles=("member",), expires_at=time.time() + 3600))
        return made[-1]

    monkeypatch.setattr(auth, "_identity_login", log_in)
    return made


# ---- endpoint and token


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        ("http://g:9292", "http://g:9292"),
        ("http://g:9292/", "http://g:9292"),
        ("http://g/image/v2", "http://g/image"),
        ("http://g/v2.0/", "http://g"),
        ("http://g/v2/v3", "http://g/v2"),
        ("http://g/version", "http://g/version"),
        ("http://g/v", "http://g/v"),
        ("http://v2", "http://v2"),
        ("http://v2/", "http://v2"),
    ],
)
def test_endpoints_have_no_version(given: str, endpoint: str) -> None:
    assert auth.versionless(given) == endpoint


@pytest.mark.parametrize(
    ("options", "environ", "uses"),
    [
        ({"endpoint": "http://g", "token": "t"}, {}, True),
        ({"endpoint": "http://g", "token": "t", "cloud": "c"}, {}, False),
        ({"endpoint": "http://g", "token": "t", "auth": PASSWORD}, {}, False),
        ({"endpoint": "http://g"}, {"OS_CLOUD": "c"}, False),
        ({"token": "t"}, {"OS_AUTH_URL": "u"}, False),
        ({}, {}, False),
    ],
)
def test_what_logs_in(
    options: Mapping[str, Any], environ: Mapping[str, str], uses: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert auth.uses_token(ConnectionOptions(**options)) is uses


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"token": "t"}, "^token is given without endpoint"),
        ({"endpoint": "http://g"}, "^endpoint is given without token"),
    ],
)
def test_one_of_two(options: Mapping[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        Cloud(ConnectionOptions(**options)).login()


@pytest.mark.parametrize(
    ("options", "verify", "cert"),
    [
        ({}, True, None),
        ({"validate_certs": True}, True, None),
        ({"validate_certs": False}, False, None),
        ({"ca_cert": "/ca"}, "/ca", None),
        ({"ca_cert": "/ca", "validate_certs": False}, False, None),
        ({"client_cert": "/c"}, True, "/c"),
        ({"client_cert": "/c", "client_key": "/k"}, True, ("/c", "/k")),
    ],
)
def test_tls_with_a_token(options: Mapping[str, Any], verify: Any, cert: Any) -> None:
    login = Cloud(ConnectionOptions(endpoint="http://g", token="t", **options)).login()
    assert (login.tls.verify, login.tls.cert) == (verify, cert)


def test_a_key_needs_its_certificate() -> None:
    with pytest.raises(OptionError, match=r"^client_key is given without client_cert"):
        Cloud(ConnectionOptions(endpoint="http://g", token="t", client_key="/k")).login()


def test_whose_token_it_is_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_PROJECT_ID", "p")
    login = Cloud(ConnectionOptions(endpoint="http://g", token="t")).login()
    assert (login.project_id, login.roles, login.is_admin) == ("p", None, None)


@pytest.mark.parametrize(
    ("roles", "admin"), [(None, None), ((), False), (("member",), False), (("member", "admin"), True)]
)
def test_who_is_an_admin(roles: tuple[str, ...] | None, admin: bool | None) -> None:
    assert Login("t", "http://g", roles=roles).is_admin is admin


# ---- what openstack.config is asked


CERTIFICATES = {"cacert": "/ca", "cert": "/c", "key": "/k", "verify": False}


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({}, {}),
        ({"cloud": "c"}, {"cloud": "c"}),
        (
            {"cloud": "c", "region_name": "r", "interface": "internal"},
            {"cloud": "c", "region_name": "r", "interface": "internal"},
        ),
        ({"auth": PASSWORD}, {"cloud": None, "auth": PASSWORD}),
        (
            {"cloud": "c", "auth": PASSWORD, "auth_type": "password"},
            {"cloud": "c", "auth": PASSWORD, "auth_type": "password"},
        ),
        ({"cloud": {"auth": PASSWORD, "region_name": "r"}}, {"cloud": None, "auth": PASSWORD, "region_name": "r"}),
        ({"cloud": {"region_name": "r"}, "region_name": "q"}, {"cloud": None, "region_name": "q"}),
        (
            {"cloud": "c", "ca_cert": "/ca", "client_cert": "/c", "client_key": "/k", "validate_certs": False},
            {"cloud": "c", **CERTIFICATES},
        ),
        ({"validate_certs": True}, {"verify": True}),
    ],
)
def test_arguments_of_the_configuration(options: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    assert auth._config_arguments(ConnectionOptions(**options)) == arguments


def test_a_whole_configuration_is_read_and_not_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """openstack.config itself, up to the point at which it would log in."""
    seen: list[Any] = []

    def stop(region: Any, _options: ConnectionOptions) -> Login:
        seen.append(region)
        return Login("t", "http://g")

    monkeypatch.setattr(auth, "_login_to", stop)
    monkeypatch.setenv("OS_USERNAME", "nobody")
    monkeypatch.setenv("OS_REGION_NAME", "elsewhere")
    Cloud(ConnectionOptions(cloud={"auth": PASSWORD, "region_name": "here", "verify": False})).login()
    Cloud(ConnectionOptions(auth=PASSWORD, ca_cert="/ca")).login()
    whole, mixed = seen
    assert (whole.config["auth"]["username"], whole.region_name) == ("u", "here")
    assert whole.get_requests_verify_args()[0] is False
    assert mixed.config["auth"]["username"] == "u"
    assert mixed.region_name == "elsewhere"
    assert mixed.get_requests_verify_args()[0] == "/ca"


def test_files_are_found_where_they_are_said_to_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[Any] = []

    def login_to(region: Any, _options: ConnectionOptions) -> Login:
        seen.append(region)
        return Login("t", "http://g")

    monkeypatch.setattr(auth, "_login_to", login_to)
    (tmp_path / "my.yaml").write_text("clouds: {c: {auth: {auth_url: 'http://k', username: u}, region_name: r}}\n")
    (tmp_path / "my-secure.yaml").write_text("clouds: {c: {auth: {password: from secure}}}\n")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "my.yaml"))
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(tmp_path / "my-secure.yaml"))
    Cloud(ConnectionOptions(cloud="c")).login()
    monkeypatch.setenv("OS_CLOUD", "c")
    Cloud(ConnectionOptions()).login()
    for region in seen:
        assert (region.config["auth"]["password"], region.region_name) == ("from secure", "r")
    # The entry names one region; whether there are others, the service catalog knows.
    Cloud(ConnectionOptions(cloud="c", region_name="q")).login()
    assert (seen[-1].config["auth"]["password"], seen[-1].get_region_name("image")) == ("from secure", "q")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cloud": "nowhere"}, "^Could not log in to cloud 'nowhere': Cloud nowhere was not found"),
        (
            {"auth": {**PASSWORD, "auth_url": "http://127.0.0.1:9/s3cret word"}},
            r"127\.0\.0\.1:9/\*\*\*\*\*\*\*\* .*refused",
        ),
        ({"auth": PASSWORD, "auth_type": "telepathy"}, "^Could not log in to the cloud: .*telepathy"),
    ],
)
def test_a_failed_login_is_told_without_secrets(options: Mapping[str, Any], says: str) -> None:
    with pytest.raises(AuthError, match=says) as caught:
        Cloud(ConnectionOptions(**options, api_retry_time=0)).login()
    assert "s3cret" not in caught.value.message


# ---- secrets


@pytest.mark.parametrize(
    ("options", "secrets"),
    [
        ({}, []),
        ({"token": "a token"}, ["a token"]),
        ({"auth": PASSWORD}, ["s3cret word"]),
        ({"cloud": {"auth": PASSWORD, "password": "another one"}}, ["s3cret word", "another one"]),
        ({"cloud": "password"}, []),
        (
            {
                "auth": {
                    "application_credential_secret": "abc",
                    "passcode": 123456,
                    "user_id": "secret",
                    "token": "abcd",
                }
            },
            ["123456", "abcd", "abc"],
        ),
        ({"auth": {"password": "ab"}}, []),
        ({"auth": {"password": None}}, []),
    ],
)
def test_secrets(options: Mapping[str, Any], secrets: list[str]) -> None:
    found = auth.secrets_of(ConnectionOptions(**options))
    assert sorted(found) == sorted(secrets)
    assert [len(one) for one in found] == sorted((len(one) for one in found), reverse=True)


def test_nothing_secret_in_a_representation() -> None:
    shown = repr(ConnectionOptions(auth=PASSWORD, token="a token")) + repr(Login("a token", "http://g", "p"))
    assert "s3cret" not in shown
    assert "a token" not in shown


# ---- logins that are kept


def options(tmp_path: Path, **more: Any) -> ConnectionOptions:
    return ConnectionOptions(**{"cloud": "c", "auth_cache": str(tmp_path / "kept"), **more})


def test_one_login_for_all_tasks(tmp_path: Path, logins: list[Login]) -> None:
    first = Cloud(options(tmp_path)).login()
    second = Cloud(options(tmp_path)).login()
    assert first == second == logins[0]
    assert len(logins) == 1
    assert second.roles == ("member",)
    (kept,) = (tmp_path / "kept").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700


@pytest.mark.parametrize("other", [{"cloud": "d"}, {"region_name": "r"}, {"auth": PASSWORD}, {"interface": "admin"}])
def test_another_cloud_is_another_login(tmp_path: Path, logins: list[Login], other: dict[str, Any]) -> None:
    Cloud(options(tmp_path)).login()
    Cloud(options(tmp_path, **other)).login()
    assert len(logins) == 2


def test_how_long_calls_may_take_is_no_matter(tmp_path: Path, logins: list[Login]) -> None:
    Cloud(options(tmp_path)).login()
    Cloud(options(tmp_path, api_timeout=1, api_retry_time=1)).login()
    assert len(logins) == 1


def test_another_environment_or_file_is_another_login(
    tmp_path: Path, logins: list[Login], monkeypatch: pytest.MonkeyPatch
) -> None:
    Cloud(options(tmp_path)).login()
    monkeypatch.setenv("OS_PASSWORD", "x")
    Cloud(options(tmp_path)).login()
    (tmp_path / "clouds.yaml").write_text("clouds: {}\n")
    Cloud(options(tmp_path)).login()
    assert len(logins) == 3


def test_a_login_that_ends_is_renewed(tmp_path: Path, logins: list[Login], monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud(options(tmp_path))
    cloud.login()
    later = time.time() + 3600 - auth.EXPIRY_MARGIN + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert cloud.login() is logins[1]
    assert Cloud(options(tmp_path)).login() == logins[1]
    assert len(logins) == 2


def test_only_the_first_of_several_refusals_logs_in(tmp_path: Path, logins: list[Login]) -> None:
    cloud = Cloud(options(tmp_path))
    old = cloud.login().token
    assert cloud.renew(old) is cloud.renew(old)
    assert len(logins) == 2
    assert Cloud(options(tmp_path)).login() == logins[1]


def test_a_given_token_is_not_kept(tmp_path: Path, logins: list[Login]) -> None:
    given = options(tmp_path, cloud=None, endpoint="http://g", token="t")
    assert Cloud(given).login().token == "t"
    assert Cloud(given).renew("t") is None
    assert not (tmp_path / "kept").exists()
    assert logins == []


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '"x"', "{}", '{"token": 1}', "\x00\xff", '{"token": "t", "roles": 4, "cert": null}']
)
def test_a_damaged_file_is_no_file(tmp_path: Path, logins: list[Login], damage: str) -> None:
    Cloud(options(tmp_path)).login()
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_bytes(damage.encode("latin-1"))
    assert Cloud(options(tmp_path)).login() == logins[1]
    assert Cloud(options(tmp_path)).login() == logins[1]


def test_a_file_that_others_can_read_is_not_believed(tmp_path: Path, logins: list[Login]) -> None:
    Cloud(options(tmp_path)).login()
    (kept,) = (tmp_path / "kept").iterdir()
    kept.chmod(0o640)
    assert Cloud(options(tmp_path)).login() == logins[1]


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_that_others_can_read_is_refused(tmp_path: Path, logins: list[Login], mode: int) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept").chmod(mode)
    with pytest.raises(OptionError, match=r"^auth_cache .*/kept holds tokens, .* mode 0700\.$"):
        Cloud(options(tmp_path)).login()
    assert logins == []


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("")
    with pytest.raises(OptionError, match=r"^auth_cache .*/kept cannot be used as a folder"):
        AuthCache(str(tmp_path / "kept"))


def test_a_disk_that_is_full_only_costs_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = AuthCache(str(tmp_path / "kept"))
    cache.put("k", {"a": 1})

    def full(*_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    cache.put("k", {"a": 2})
    assert cache.get("k") == {"a": 1}
    assert len(list((tmp_path / "kept").iterdir())) == 1
