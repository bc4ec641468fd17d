# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of the Image service: pages, lost answers, renewed logins and what is said of a refusal."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from ansible_collections.imageops.glance.plugins.module_utils import auth
from ansible_collections.imageops.glance.plugins.module_utils.auth import Cloud, ConnectionOptions, Login
from ansible_collections.imageops.glance.plugins.module_utils.client import PAGE_SIZE, PATCH_TYPE, Glance
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, AuthError
from ansible_collections.imageops.glance.plugins.module_utils.transport import RetryPolicy, UncertainOutcome
from ansible_collections.imageops.glance.tests.unit.module_utils.fakes import Clock, FakeSession, answer

IMAGE = {"id": "i", "name": "x", "status": "queued", "tags": []}
CUT = requests.exceptions.ConnectionError("cut")
TAGS: list[dict[str, Any]] = [
    {"op": "replace", "path": "/tags", "value": ["a"]},
    {"op": "add", "path": "/p", "value": "1"},
]


def glance(*outcomes: Any, options: ConnectionOptions | None = None) -> tuple[Glance, FakeSession]:
    """A client whose answers are given, logged in with a token unless options say otherwise."""
    clock = Clock()
    client = Glance(Cloud(options or ConnectionOptions(endpoint="http://glance/v2/", token="t")))
    client.http.policy = RetryPolicy(total_time=60, clock=clock, sleep=clock.sleep)
    session = FakeSession(*outcomes)
    client.http._session = session  # type: ignore[assignment] # stands in for the connection pool
    return client, session


def page(start: int, count: int) -> requests.Response:
    """A page as Glance gives it, with a ``next`` that has lost what was asked for."""
    images = [{"id": f"i{number}"} for number in range(start, start + count)]
    return answer(200, {"images": images, "next": "/v2/images?marker=wrong"})


@pytest.mark.parametrize(
    ("pages", "limit", "count", "sizes"),
    [
        ([0], None, 0, [1000]),
        ([999], None, 999, [1000]),
        ([1000, 0], None, 1000, [1000, 1000]),
        ([1000, 1000, 5], None, 2005, [1000] * 3),
        ([3], 3, 3, [3]),
        ([2], 3, 2, [3]),
        ([1000, 200], 1200, 1200, [1000, 200]),
        ([1000, 150], 1200, 1150, [1000, 200]),
    ],
)
def test_all_pages(pages: list[int], limit: int | None, count: int, sizes: list[int]) -> None:
    starts = [sum(pages[:number]) for number in range(len(pages))]
    client, session = glance(*map(page, starts, pages))
    query = [("tag", "a"), ("tag", "b"), ("name", "eq:x")]
    found = list(client.images(query, limit))
    assert [image["id"] for image in found] == [f"i{number}" for number in range(count)]
    assert PAGE_SIZE == 1000
    for number, sent in enumerate(session.sent):
        marker = [("marker", f"i{starts[number] - 1}")] if number else []
        assert sent["params"] == [*query, ("limit", str(sizes[number])), *marker]


def test_no_page_at_all() -> None:
    client, session = glance()
    assert list(client.images(limit=0)) == []
    assert session.sent == []


def test_what_every_call_has() -> None:
    client, session = glance(answer(200, IMAGE))
    assert client.image("i") == IMAGE
    (sent,) = session.sent
    assert sent["url"] == "http://glance/v2/images/i"
    assert sent["headers"]["X-Auth-Token"] == "t"
    assert sent["headers"]["Accept"] == "application/json"
    assert sent["headers"]["X-Openstack-Request-Id"].startswith("req-")
    assert len(sent["headers"]["X-Openstack-Request-Id"]) <= 64


def test_names_are_part_of_a_path() -> None:
    client, session = glance(answer(404), answer(404), answer(204))
    assert client.image("../a b?c") is None
    assert client.member("i", "p/q") is None
    client.delete_from_store("i", "s/t")
    assert [sent["url"] for sent in session.sent] == [
        "http://glance/v2/images/..%2Fa%20b%3Fc",
        "http://glance/v2/images/i/members/p%2Fq",
        "http://glance/v2/stores/s%2Ft/i",
    ]


@pytest.mark.parametrize(
    ("call", "empty"),
    [
        (lambda client: client.tasks("i"), []),
        (lambda client: client.stores(), []),
        (lambda client: client.import_methods(), []),
        (lambda client: client.image("i"), None),
    ],
)
def test_what_is_not_there_is_no_error(call: Any, empty: Any) -> None:
    client, _session = glance(answer(404))
    assert call(client) == empty


# ---- changes whose answer is lost


@pytest.mark.parametrize(
    ("outcomes", "found", "calls"),
    [
        ([answer(201, IMAGE)], IMAGE, 1),
        ([answer(409)], None, 1),  # somebody else's id
        ([CUT, answer(200, IMAGE)], IMAGE, 2),  # it was created
        ([CUT, answer(404), answer(201, IMAGE)], IMAGE, 3),  # it was not
        ([CUT, answer(404), answer(409), answer(200, IMAGE)], IMAGE, 4),  # it was, a moment later
        ([answer(500), answer(404), answer(201, IMAGE)], IMAGE, 3),
        ([answer(503), answer(201, IMAGE)], IMAGE, 2),  # not accepted, so no need to look
    ],
)
def test_create(outcomes: list[Any], found: Any, calls: int) -> None:
    client, session = glance(*outcomes)
    assert client.create({"id": "i", "name": "x"}) == found
    assert len(session.sent) == calls


def test_create_is_given_up() -> None:
    client, session = glance(*[CUT, answer(404)] * 50)
    with pytest.raises(UncertainOutcome):
        client.create({"id": "i"})
    assert 5 < session.calls.count("POST /images") < 20


def test_a_create_that_is_refused_is_told() -> None:
    refusal = {"message": "nonsense<br /><br />\nYou may not.<br />\n\n", "code": "403 Forbidden"}
    client, _session = glance(answer(403, refusal, {"x-openstack-request-id": "req-1"}))
    with pytest.raises(ApiError) as caught:
        client.create({"id": "i", "name": "x"})
    assert caught.value.message == "Creating image x failed with HTTP 403: You may not (request id req-1)."
    assert (caught.value.status, caught.value.request_id) == (403, "req-1")


DONE = {**IMAGE, "tags": ["a"], "p": "1"}
HALF = {**IMAGE, "tags": ["a"]}


@pytest.mark.parametrize(
    ("outcomes", "patches"),
    [
        ([answer(200, DONE)], [TAGS]),
        ([CUT, answer(200, DONE)], [TAGS]),  # it was applied
        ([CUT, answer(200, IMAGE), answer(200, DONE)], [TAGS, TAGS]),  # it was not
        ([CUT, answer(200, HALF), answer(200, DONE)], [TAGS, TAGS[1:]]),  # another run did one part
        ([answer(409), answer(200, HALF), answer(200, DONE)], [TAGS, TAGS[1:]]),  # a property vanished meanwhile
        ([answer(502), answer(200, DONE)], [TAGS]),
    ],
)
def test_patch(outcomes: list[Any], patches: list[Any]) -> None:
    client, session = glance(*outcomes)
    assert client.patch("i", TAGS) == DONE
    sent = [one for one in session.sent if one["method"] == "PATCH"]
    assert [one["json"] for one in sent] == patches
    assert {one["headers"]["Content-Type"] for one in sent} == {PATCH_TYPE}


def test_a_patch_of_an_image_that_is_gone() -> None:
    client, _session = glance(CUT, answer(404))
    with pytest.raises(UncertainOutcome):
        client.patch("i", TAGS)


def test_a_conflict_is_looked_at_once() -> None:
    client, session = glance(answer(409), answer(200, IMAGE), answer(409))
    with pytest.raises(ApiError) as caught:
        client.patch("i", TAGS)
    assert caught.value.status == 409
    assert len(session.sent) == 3


@pytest.mark.parametrize(
    ("outcomes", "was_there"),
    [
        ([answer(204)], True),
        ([answer(404)], False),
        ([CUT, answer(204)], True),
        ([CUT, answer(404)], True),  # by the call whose answer was lost
        ([answer(400), answer(404)], False),  # by another that deleted it at the same time
    ],
)
def test_delete(outcomes: list[Any], was_there: bool) -> None:
    client, _session = glance(*outcomes)
    assert client.delete("i") is was_there


def test_sharing_twice_is_no_error() -> None:
    client, session = glance(CUT, answer(409), answer(404))
    client.add_member("i", "p")
    client.remove_member("i", "p")
    assert session.calls == ["POST /images/i/members", "POST /images/i/members", "DELETE /images/i/members/p"]


@pytest.mark.parametrize("trouble", [CUT, 502, 503, 429, 500])
def test_an_upload_is_sent_once(trouble: Any) -> None:
    client, session = glance(answer(trouble) if isinstance(trouble, int) else trouble)
    with pytest.raises(ApiError):
        client.upload("i", iter([b"data"]), 4, store="fast")
    (sent,) = session.sent
    assert sent["headers"]["x-openstack-image-size"] == "4"
    assert sent["headers"]["X-Image-Meta-Store"] == "fast"
    assert sent["headers"]["Content-Type"] == "application/octet-stream"


def test_an_upload_of_unknown_size() -> None:
    client, session = glance(answer(204))
    client.upload("i", iter([b"data"]), None, stage=True)
    (sent,) = session.sent
    assert sent["url"].endswith("/images/i/stage")
    assert "x-openstack-image-size" not in sent["headers"]


def test_an_import_can_be_told_by_its_request() -> None:
    client, session = glance(answer(202), CUT)
    request = {"method": {"name": "glance-direct"}}
    assert client.start_import("i", request) == session.sent[0]["headers"]["X-Openstack-Request-Id"]
    with pytest.raises(UncertainOutcome) as caught:
        client.start_import("i", request)
    assert caught.value.request_id == session.sent[1]["headers"]["X-Openstack-Request-Id"]


@pytest.mark.parametrize("content", [None, [1], "text"])
def test_something_else_answers(content: Any) -> None:
    client, _session = glance(answer(200, content))
    with pytest.raises(ApiError, match="does not answer like an Image service"):
        client.image("i")


# ---- a login that is refused


@pytest.fixture
def logins(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tokens that the cloud has given out, one a login."""
    given: list[str] = []

    def log_in(_options: ConnectionOptions) -> Login:
        given.append(f"t{len(given)}")
        return Login(given[-1], "http://glance")

    monkeypatch.setattr(auth, "_identity_login", log_in)
    return given


def test_a_refused_token_is_renewed_once(logins: list[str]) -> None:
    client, session = glance(answer(401), answer(200, IMAGE), answer(200, IMAGE), options=ConnectionOptions(cloud="c"))
    assert client.image("i") == client.image("i") == IMAGE
    assert [sent["headers"]["X-Auth-Token"] for sent in session.sent] == ["t0", "t1", "t1"]
    assert logins == ["t0", "t1"]


def test_a_new_token_is_refused_too(logins: list[str]) -> None:
    client, _session = glance(
        answer(401), answer(401, {"error": {"message": "No"}}), options=ConnectionOptions(cloud="c")
    )
    with pytest.raises(AuthError, match="The Image service does not take the token"):
        client.image("i")
    assert len(logins) == 2


def test_a_given_token_cannot_be_renewed() -> None:
    client, session = glance(answer(401))
    with pytest.raises(AuthError, match="does not take the token"):
        client.image("i")
    assert len(session.sent) == 1


def test_an_upload_with_an_old_token_is_begun_anew_by_its_caller(logins: list[str]) -> None:
    client, session = glance(answer(401), options=ConnectionOptions(cloud="c"))
    with pytest.raises(UncertainOutcome, match="needs a new start: the token had expired"):
        client.upload("i", iter([b"data"]), 4)
    assert len(session.sent) == 1
    assert client.login.token == "t1"


def test_queries_are_sent_as_they_are() -> None:
    """Repeated parameters and signs survive requests' own encoding."""
    prepared = requests.Request(
        "GET", "http://g/v2/images", params=[("tag", "a"), ("tag", "b"), ("name", "eq:x&y+z %,ä")]
    )
    assert parse_qsl(str(prepared.prepare().url).partition("?")[2]) == [
        ("tag", "a"),
        ("tag", "b"),
        ("name", "eq:x&y+z %,ä"),
    ]
