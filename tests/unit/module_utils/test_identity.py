# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects by name: asked for once, with as little privilege as will do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.auth import Cloud, ConnectionOptions, Login
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.identity import Projects
from ansible_collections.imageops.glance.plugins.module_utils.transport import Http, RetryPolicy
from ansible_collections.imageops.glance.tests.unit.module_utils.fakes import FakeSession, answer

ME = Login("t", "http://g", "0" * 32, "mine", "default", identity_endpoint="http://k")
A, B = {"id": "a", "name": "x", "domain_id": "default"}, {"id": "b", "name": "x", "domain_id": "d2"}


class LoggedIn(Cloud):
    """A cloud whose logins are these, one after the other."""

    def __init__(self, *logins: Login) -> None:
        super().__init__(ConnectionOptions())
        self.logins = list(logins)

    def login(self) -> Login:
        return self.logins[0]

    def renew(self, refused_token: str) -> Login | None:
        assert refused_token == self.logins[0].token
        if len(self.logins) == 1:
            return None
        del self.logins[0]
        return self.logins[0]


def projects(*outcomes: Any, login: Login = ME, renewed: tuple[Login, ...] = ()) -> tuple[Projects, FakeSession]:
    http = Http(policy=RetryPolicy(total_time=0))
    session = FakeSession(*outcomes)
    http._session = session  # type: ignore[assignment] # stands in for the connection pool
    return Projects(http, LoggedIn(login, *renewed)), session


def listed(*found: dict[str, Any]) -> Any:
    return answer(200, {"projects": list(found)})


@pytest.mark.parametrize("given", ["1" * 32, "0f5a1ab9-7e0a-4c5e-9d52-000000000001", "mine"])
def test_what_need_not_be_asked(given: str) -> None:
    known, session = projects()
    assert known.id_of(given, "owner") == ("0" * 32 if given == "mine" else given)
    assert session.sent == []


@pytest.mark.parametrize(
    ("outcomes", "found"),
    [
        ([listed(A)], "a"),  # one of the user's own
        ([listed(), listed(A)], "a"),  # one that an admin sees
        ([listed({**A, "name": "X"}), listed(A)], "a"),  # the filter of Identity may take no notice of case
        ([answer(403), listed(A)], "a"),
        ([listed(A, B), answer(403)], None),
        ([listed(), listed(A, B)], None),
    ],
)
def test_by_name(outcomes: list[Any], found: str | None) -> None:
    known, session = projects(*outcomes)
    if found is None:
        with pytest.raises(
            OptionError, match=r"^owner: there are several projects named 'x' \(a in domain default, b in"
        ):
            known.id_of("x", "owner")
    else:
        assert known.id_of("x", "owner") == known.id_of("x", "owner") == found
    assert len(session.sent) == len(outcomes)
    assert {sent["headers"]["X-Auth-Token"] for sent in session.sent} == {"t"}


@pytest.mark.parametrize(
    ("outcomes", "found"),
    [
        ([answer(200, {"domains": [{"id": "d2", "name": "second"}]}), listed(A, B)], "b"),
        ([answer(403), listed(A, {**B, "domain_id": "second"})], "b"),  # who may not list domains names one by its id
        ([answer(200, {"domains": []}), listed(A), listed({**B, "domain_id": "second"})], "b"),
    ],
)
def test_by_name_and_domain(outcomes: list[Any], found: str) -> None:
    known, _session = projects(*outcomes)
    assert known.id_of("x", "owner", "second") == found


@pytest.mark.parametrize("outcomes", [[listed(), listed()], [listed(), answer(403)]])
def test_nobody_has_that_name(outcomes: list[Any]) -> None:
    known, _session = projects(*outcomes)
    with pytest.raises(OptionError, match=r"^members: project 'x' does not exist, or this user may not look it up"):
        known.id_of("x", "members")


def test_without_identity_names_mean_nothing() -> None:
    known, _session = projects(login=Login("t", "http://g"))
    with pytest.raises(
        OptionError, match=r"^owner: with endpoint and token, give the id of project 'x' and not its name"
    ):
        known.id_of("x", "owner")


def test_identity_fails() -> None:
    known, _session = projects(answer(401, {"error": {"message": "Who are you?"}}))
    with pytest.raises(ApiError, match=r"Looking up auth/projects failed with HTTP 401: Who are you"):
        known.id_of("x", "owner")


def test_a_login_that_has_ended_is_renewed_once() -> None:
    known, session = projects(answer(401), listed(A), renewed=(replace(ME, token="fresh"),))
    assert known.id_of("x", "owner") == "a"
    assert [sent["headers"]["X-Auth-Token"] for sent in session.sent] == ["t", "fresh"]
