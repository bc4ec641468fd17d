# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP: what is tried again, for how long, and what is told when it is given up."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import requests
import urllib3
from ansible_collections.imageops.glance.plugins.module_utils import transport
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, MissingLibraryError
from ansible_collections.imageops.glance.plugins.module_utils.transport import Http, RetryPolicy, Tls, UncertainOutcome
from ansible_collections.imageops.glance.tests.unit.module_utils.fakes import Clock, FakeSession, answer

URL = "http://glance/v2/images"
BROKEN = requests.exceptions.ConnectionError("cut")
TIMEOUT = requests.exceptions.ReadTimeout("silent")


def http(*outcomes: Any, total_time: float = 60.0) -> tuple[Http, FakeSession, Clock]:
    clock = Clock()
    found = Http(Tls(), 5.0, RetryPolicy(total_time=total_time, clock=clock, sleep=clock.sleep))
    session = FakeSession(*outcomes)
    found._session = session  # type: ignore[assignment] # stands in for the connection pool
    return found, session, clock


@pytest.mark.parametrize("status", [200, 201, 204, 300, 301, 400, 401, 403, 404, 409, 410, 413, 415, 501])
@pytest.mark.parametrize("repeatable", [True, False])
def test_an_answer_is_an_answer(status: int, repeatable: bool) -> None:
    client, session, clock = http(answer(status))
    assert client.send("GET", URL, {}, repeatable=repeatable).status_code == status
    assert len(session.sent) == 1
    assert clock.slept == []


@pytest.mark.parametrize("trouble", [429, 502, 503, 504, 500, BROKEN, TIMEOUT, OSError("reset")])
def test_a_repeatable_call_is_tried_again(trouble: Any) -> None:
    client, session, clock = http(
        *(answer(trouble) if isinstance(trouble, int) else trouble for _number in range(2)), answer(200)
    )
    assert client.send("GET", URL, {"X-Auth-Token": "t"}, repeatable=True).status_code == 200
    assert len(session.sent) == 3
    assert clock.slept == [0.25, 0.5]
    ids = {sent["headers"]["X-Openstack-Request-Id"] for sent in session.sent}
    assert len(ids) == 1


@pytest.mark.parametrize("trouble", [502, 504, 500, BROKEN, TIMEOUT])
def test_any_other_call_has_an_uncertain_outcome(trouble: Any) -> None:
    client, session, _clock = http(answer(trouble) if isinstance(trouble, int) else trouble)
    with pytest.raises(UncertainOutcome) as caught:
        client.send("POST", URL, {}, repeatable=False, json={})
    assert len(session.sent) == 1
    assert caught.value.request_id == session.sent[0]["headers"]["X-Openstack-Request-Id"]
    assert caught.value.status == (trouble if isinstance(trouble, int) else None)


@pytest.mark.parametrize("status", [429, 503])
def test_what_was_not_accepted_is_sent_again(status: int) -> None:
    client, session, _clock = http(answer(status), answer(201))
    assert client.send("POST", URL, {}, repeatable=False, json={}).status_code == 201
    assert len(session.sent) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_stream_can_be_sent_once(status: int) -> None:
    client, session, _clock = http(answer(status, headers={"Retry-After": "7"}))
    with pytest.raises(UncertainOutcome):
        client.send("PUT", URL, {}, repeatable=False, data=iter([b"x"]))
    assert len(session.sent) == 1


def test_an_internal_error_is_believed_in_the_end() -> None:
    client, session, _clock = http(*[answer(500)] * 3)
    assert client.send("GET", URL, {}, repeatable=True).status_code == 500
    assert len(session.sent) == 3


def test_pauses_grow_and_the_time_is_bounded() -> None:
    client, session, clock = http(*[BROKEN] * 50, total_time=60)
    with pytest.raises(ApiError) as caught:
        client.send("GET", URL, {}, repeatable=True)
    assert clock.slept[:7] == [0.25, 0.5, 1, 2, 4, 8, 10]
    assert sum(clock.slept) <= 60
    assert len(session.sent) == len(clock.slept) + 1
    assert caught.value.message == (
        f"GET {URL} was tried {len(session.sent)} times in {sum(clock.slept):.0f} s without success (cut); "
        "api_retry_time is 60 s."
    )
    assert caught.value.request_id


def test_nothing_is_tried_again_when_there_is_no_time() -> None:
    client, session, clock = http(BROKEN, total_time=0)
    with pytest.raises(ApiError, match=r"was tried once without success \(cut\); api_retry_time is 0 s"):
        client.send("GET", URL, {}, repeatable=True)
    assert (len(session.sent), clock.slept) == (1, [])


def test_the_server_says_when() -> None:
    client, _session, clock = http(answer(503, headers={"Retry-After": "7"}), answer(503), answer(200))
    client.send("GET", URL, {}, repeatable=True)
    assert clock.slept == [7, 0.5]


@pytest.mark.parametrize("wish", ["soon", "", "-"])
def test_the_server_says_nonsense(wish: str) -> None:
    client, _session, clock = http(answer(503, headers={"Retry-After": wish}), answer(200))
    client.send("GET", URL, {}, repeatable=True)
    assert clock.slept == [0.25]


def test_the_server_asks_for_too_much() -> None:
    client, _session, clock = http(answer(429, headers={"Retry-After": "3600"}))
    with pytest.raises(ApiError, match=r"HTTP 429; the server asks to wait 3600 s") as caught:
        client.send("GET", URL, {}, repeatable=True)
    assert caught.value.status == 429
    assert clock.slept == []


def test_a_token_follows_no_redirect_and_certificates_are_our_own_choice() -> None:
    client, session, _clock = http(answer(200))
    client.tls = Tls("/ca.pem", ("/cert", "/key"))
    client.send("GET", URL, {"X-Auth-Token": "t"}, repeatable=True, params=[("a", "b"), ("a", "c")])
    (sent,) = session.sent
    assert sent["allow_redirects"] is False
    assert (sent["verify"], sent["cert"], sent["timeout"]) == ("/ca.pem", ("/cert", "/key"), 5.0)
    assert sent["params"] == [("a", "b"), ("a", "c")]


def test_netrc_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine glance login l password p\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    client = Http()
    request = client.session.prepare_request(requests.Request("GET", URL, headers={"X-Auth-Token": "t"}))
    client.close()
    assert "Authorization" not in request.headers


def certificate_error(words: str) -> requests.exceptions.SSLError:
    return requests.exceptions.SSLError(
        urllib3.exceptions.MaxRetryError(None, URL, urllib3.exceptions.SSLError(ssl.SSLError(1, words)))  # type: ignore[arg-type] # no pool here
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("certificate verify failed: unable to get local issuer certificate", "could not be verified .* set ca_cert"),
        ("certificate verify failed: self-signed certificate", "could not be verified .* set ca_cert"),
        ("tlsv13 alert certificate required", "asks for a client certificate .* set client_cert"),
        ("tlsv1 alert unknown ca", "asks for a client certificate .* set client_cert"),
        ("wrong version number", "No TLS connection with https://glance:1 .* https address"),
    ],
)
def test_what_is_wrong_with_certificates(words: str, says: str) -> None:
    client, session, _clock = http(certificate_error(words))
    with pytest.raises(ApiError, match=says):
        client.send("GET", "https://glance:1/v2", {}, repeatable=True)
    assert len(session.sent) == 1


@pytest.mark.parametrize("words", ["EOF occurred in violation of protocol", "unexpected eof while reading"])
def test_a_cut_line_is_no_matter_of_certificates(words: str) -> None:
    client, session, _clock = http(certificate_error(words), answer(200))
    assert client.send("GET", URL, {}, repeatable=True).status_code == 200
    assert len(session.sent) == 2


@pytest.mark.parametrize(
    ("url", "named"), [("glance/v2", "'glance/v2'"), ("ftp://g/x", "ftp://g"), ("http://", "'http://'")]
)
def test_addresses_that_are_none(url: str, named: str) -> None:
    client = Http()
    with pytest.raises(ApiError, match=f"^{named} is not a usable address of a service"):
        client.send("GET", url, {}, repeatable=True)
    client.close()


@pytest.mark.parametrize(
    "tls", [Tls("/nonexistent/ca.pem"), Tls(True, "/nonexistent/c"), Tls(True, ("/dev/null", "/nonexistent/k"))]
)
def test_certificate_files_that_are_not_there(tls: Tls) -> None:
    client = Http(tls)
    with pytest.raises(ApiError, match=r"/nonexistent/.*; check ca_cert, client_cert and client_key\.$"):
        client.send("GET", "https://127.0.0.1:9/v2", {}, repeatable=True)
    client.close()


def test_nobody_there_is_told_in_plain_words() -> None:
    client = Http(policy=RetryPolicy(total_time=0))
    with pytest.raises(ApiError) as caught:
        client.send("GET", "http://127.0.0.1:9/v2", {}, repeatable=True)
    client.close()
    assert caught.value.message == (
        "GET http://127.0.0.1:9/v2 was tried once without success (Failed to establish a new connection: "
        "[Errno 111] Connection refused); api_retry_time is 0 s."
    )


def test_requests_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "requests":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        MissingLibraryError, match=r"^The Python library 'requests' is needed to talk to the Image service"
    ):
        transport.import_requests()
