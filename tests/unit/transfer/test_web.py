# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError, TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer import web_stream
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import digest_source
from ansible_collections.imageops.glance.plugins.module_utils.transfer.web import UrlInfo, UrlSource
from ansible_collections.imageops.glance.tests.unit.transfer.helpers import error_of, read_all
from ansible_collections.imageops.glance.tests.web_server.server import Page, WebServer, running

DATA = os.urandom(1 << 20)
MODIFIED = 1_790_000_000
WHEN = datetime.fromtimestamp(MODIFIED, UTC)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are noted, not waited for."""
    noted: list[float] = []

    class Event(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            noted.append(timeout or 0)
            return self.is_set()

    monkeypatch.setattr(web_stream, "Event", Event)
    return noted


def asked(server: WebServer) -> list[tuple[str, int, str | None]]:
    return [(request.method, request.status, request.headers.get("Range")) for request in server.requests]


# --- info -------------------------------------------------------------------------------------------------------------


def test_what_the_headers_say(server: WebServer) -> None:
    url = server.add("/a.img", Page(DATA, etag='"v1"', modified=MODIFIED))
    source = UrlSource(url)
    assert source.info() == UrlInfo(len(DATA), '"v1"', WHEN, True, url)
    assert source.published_size() == len(DATA)
    assert source.label == "a.img"
    assert asked(server) == [("HEAD", 200, None)]


@pytest.mark.parametrize("page", [Page(DATA, heads=False), Page(DATA, head_length=0)])
def test_a_server_without_useful_head_is_asked_by_get(server: WebServer, page: Page) -> None:
    source = UrlSource(server.add("/a.img", page))
    assert source.info().size == len(DATA)
    assert [request.method for request in server.requests][:2] == ["HEAD", "GET"]


def test_little_is_known_of_some_data(server: WebServer) -> None:
    source = UrlSource(server.add("/a.img", Page(DATA, chunked=True, ranges=False)))
    assert source.info()[:4] == (None, None, None, False)
    assert source.published_size() is None


def test_opening_tells_the_same_without_a_further_request(server: WebServer) -> None:
    source = UrlSource(server.add("/a.img", Page(DATA, etag='"v1"')))
    assert read_all(source) == DATA
    assert source.info().etag == '"v1"'
    assert asked(server) == [("GET", 200, None)]


def test_compression_on_the_way_is_not_asked_for(server: WebServer) -> None:
    read_all(UrlSource(server.add("/a.img", Page(DATA))))
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


def test_bytes_are_as_published_even_if_the_server_calls_them_encoded(server: WebServer) -> None:
    assert read_all(UrlSource(server.add("/a.gz", Page(DATA, content_encoding="gzip")))) == DATA


# --- whole ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page", [Page(DATA), Page(DATA, chunked=True), Page(DATA, no_length=True), Page(b""), Page(b"", chunked=True)]
)
def test_all_bytes_come_each_time(server: WebServer, page: Page) -> None:
    source = UrlSource(server.add("/a.img", page))
    assert read_all(source) == page.content
    assert read_all(source) == page.content


def test_a_name_that_needs_escaping(server: WebServer) -> None:
    server.add("/ä b.img", Page(DATA))
    source = UrlSource(server.url + "/%C3%A4%20b.img")
    assert source.label == "ä b.img"
    assert read_all(source) == DATA


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 300])
def test_a_refusal_is_told_at_once_with_url_and_status(server: WebServer, status: int) -> None:
    url = server.add("/a.img", Page(DATA, status=status))
    message = error_of(UrlSource(url))
    assert f"{server.url}/a.img cannot be read: it answered with status {status}" in message
    assert len(server.requests) == 1
    with pytest.raises(TransferError, match=str(status)):
        UrlSource(url).info()


def test_secrets_in_the_url_are_never_shown(server: WebServer) -> None:
    url = server.url.replace("//", "//user:s3cret@") + "/none.img?signature=s3cret#s3cret"
    source = UrlSource(url, retries=0)
    server.add("/cut.img", Page(DATA, cut_after=10, cut_times=0))
    cut = UrlSource(url.replace("none", "cut"), retries=0)
    texts = [error_of(source), error_of(cut), source.label, source.url]
    with pytest.raises(TransferError) as caught:
        source.info()
    texts += [caught.value.message]
    assert all("s3cret" not in text for text in texts[:3] + texts[4:])
    assert "user:" not in source.url
    assert server.url + "/none.img?…" in texts[0]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(server: WebServer, status: int, waits: list[float]) -> None:
    source = UrlSource(server.add("/a.img", Page(DATA, status=status, status_times=3)))
    assert read_all(source) == DATA
    assert [request.status for request in server.requests] == [status] * 3 + [200]
    assert waits == [0, 1, 2]


def test_a_failure_that_does_not_pass(server: WebServer, waits: list[float]) -> None:
    source = UrlSource(server.add("/a.img", Page(DATA, status=503)), retries=2)
    assert error_of(source).endswith("/a.img cannot be read: it answered with status 503.")
    assert len(server.requests) == 3
    assert waits == [0, 1]


@pytest.mark.parametrize(("asked_for", "waited"), [("7", 7), ("100000", 120), ("nonsense", 0), ("0", 0)])
def test_the_server_says_how_long_to_wait(server: WebServer, asked_for: str, waited: float, waits: list[float]) -> None:
    page = Page(DATA, status=503, status_times=1, retry_after=asked_for)
    assert read_all(UrlSource(server.add("/a.img", page))) == DATA
    assert waits == [waited]


def test_nobody_listens(waits: list[float]) -> None:
    with running() as server:
        url = server.url + "/a.img"
    message = error_of(UrlSource(url, retries=1))
    assert message == f"{url} cannot be read: connection refused."
    assert waits == [0]


def test_a_name_that_does_not_exist() -> None:
    message = error_of(UrlSource("http://nowhere.invalid/a.img", retries=0))
    assert message.startswith("http://nowhere.invalid/a.img cannot be read: ")
    assert "HTTPConnectionPool" not in message


def test_a_server_that_does_not_answer_in_time(server: WebServer) -> None:
    source = UrlSource(server.add("/a.img", Page(DATA, stall=0.5)), timeout=0.1, retries=0)
    assert error_of(source).endswith("cannot be read: it did not answer in time.")


@pytest.mark.parametrize(
    "url", ["", "a.img", "/a.img", "ftp://h/a.img", "http://", "http://[h/a", "http://h:x/a", "file://host/a.img"]
)
def test_what_is_not_a_url(url: str) -> None:
    with pytest.raises(OptionError):
        UrlSource(url)


# --- broken connections -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("validators", [{"etag": '"v1"'}, {"modified": MODIFIED}, {"etag": 'W/"v1"'}, {}])
@pytest.mark.parametrize("cut_times", [1, 3])
def test_a_broken_connection_is_taken_up_where_it_ended(
    server: WebServer, validators: dict[str, Any], cut_times: int
) -> None:
    page = Page(DATA, cut_after=300_000, cut_times=cut_times, **validators)
    assert read_all(UrlSource(server.add("/a.img", page))) == DATA
    starts = [request.headers.get("Range") for request in server.requests]
    assert starts == [None] + [f"bytes={300_000 * number}-" for number in range(1, cut_times + 1)]
    assert sum(request.sent for request in server.requests) == len(DATA)


@pytest.mark.parametrize(
    ("validators", "expected"),
    [
        ({"etag": '"v1"', "modified": MODIFIED}, '"v1"'),
        ({"etag": 'W/"v1"', "modified": MODIFIED}, "Mon, 21 Sep 2026 14:13:20 GMT"),
        ({"etag": 'W/"v1"'}, None),
    ],
)
def test_the_rest_is_asked_for_on_condition(
    server: WebServer, validators: dict[str, Any], expected: str | None
) -> None:
    read_all(UrlSource(server.add("/a.img", Page(DATA, cut_after=10, **validators))))
    assert server.requests[1].headers.get("If-Range") == expected


def test_chunked_data_is_taken_up_too(server: WebServer) -> None:
    page = Page(DATA, chunked=True, cut_after=300_000, etag='"v1"')
    assert read_all(UrlSource(server.add("/a.img", page))) == DATA


def test_chunked_data_that_breaks_just_before_its_end(server: WebServer) -> None:
    # All bytes came, only the mark of the end did not: a range that begins at the end says so.
    page = Page(DATA + b"x", content_after=DATA, chunked=True, cut_after=len(DATA))
    assert read_all(UrlSource(server.add("/a.img", page))) == DATA
    assert asked(server)[-1] == ("GET", 416, f"bytes={len(DATA)}-")


@pytest.mark.parametrize("validators", [{"etag": '"v1"'}, {"modified": MODIFIED}, {"etag": 'W/"v1"'}])
def test_a_server_without_ranges_is_read_again_from_the_start(server: WebServer, validators: dict[str, Any]) -> None:
    page = Page(DATA, cut_after=600_001, cut_times=1, ranges=False, **validators)
    assert read_all(UrlSource(server.add("/a.img", page))) == DATA
    assert [request.sent for request in server.requests] == [600_001, len(DATA)]


def test_without_ranges_and_always_cut_it_gives_up(server: WebServer) -> None:
    page = Page(DATA, cut_after=600_001, cut_times=0, ranges=False, etag='"v1"')
    message = error_of(UrlSource(server.add("/a.img", page), retries=3))
    assert f"cannot be read after 600001 of {len(DATA)} bytes: the connection " in message
    assert len(server.requests) == 4


def test_without_ranges_and_validators_it_cannot_go_on(server: WebServer) -> None:
    page = Page(DATA, cut_after=600_000, ranges=False)
    assert "nor tell whether its data is still the same" in error_of(UrlSource(server.add("/a.img", page)))


@pytest.mark.parametrize(
    "page",
    [
        Page(DATA, etag='"v1"', etag_after='"v2"', cut_after=10),
        Page(DATA, etag='"v1"', etag_after='"v2"', cut_after=10, ranges=False),
        Page(DATA, content_after=DATA[:-1], cut_after=10, ranges=False, modified=MODIFIED),
        Page(DATA, content_after=DATA + b"x", cut_after=10),
        Page(DATA, content_after=DATA[:9], cut_after=10),
    ],
)
def test_data_that_changed_meanwhile_is_never_mixed(server: WebServer, page: Page) -> None:
    assert "changed while it was read, after 10 bytes" in error_of(UrlSource(server.add("/a.img", page)))


def test_another_part_than_asked_for(server: WebServer) -> None:
    page = Page(DATA, cut_after=10, range_shift=1)
    assert "another part of its data" in error_of(UrlSource(server.add("/a.img", page)))


def test_a_page_that_vanishes_meanwhile(server: WebServer) -> None:
    url = server.add("/a.img", Page(DATA, cut_after=300_000))
    with UrlSource(url).open() as chunks:
        next(chunks)
        del server.pages["/a.img"]
        with pytest.raises(TransferError, match="404"):
            list(chunks)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_server_that_announces_more_than_it_has(server: WebServer, ranges: bool) -> None:
    page = Page(DATA, extra_length=100, ranges=ranges, etag='"v1"')
    message = error_of(UrlSource(server.add("/a.img", page), retries=2))
    if ranges:
        assert f"announced {len(DATA) + 100} bytes, but has only {len(DATA)}" in message
    else:
        assert f"cannot be read after {len(DATA)} of {len(DATA) + 100} bytes" in message


def test_progress_starts_the_count_of_failures_anew(server: WebServer, waits: list[float]) -> None:
    page = Page(DATA, cut_after=50_000, cut_times=0, etag='"v1"')
    assert read_all(UrlSource(server.add("/a.img", page), retries=1)) == DATA
    assert len(server.requests) == 21
    assert waits == [0] * 20


def test_a_stream_stands_still_and_goes_on(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(DATA, rate=500_000)
    source = UrlSource(server.add("/a.img", page), timeout=0.05)
    # Pieces come more slowly than the time limit allows, so that each connection brings but a few.
    assert digest_source(source, ["md5"]).size == len(DATA)
    assert len(server.requests) > 1


def test_reading_can_be_broken_off_from_another_thread(server: WebServer) -> None:
    source = UrlSource(server.add("/a.img", Page(DATA, rate=200_000)))
    started = time.monotonic()
    with source.open() as chunks:
        threading.Timer(0.1, source.cancel).start()
        with pytest.raises(TransferError, match="broken off"):
            list(chunks)
    assert time.monotonic() - started < 3
    source.cancel()


# --- redirects and logins ---------------------------------------------------------------------------------------------


def test_a_login_and_headers_go_to_the_server(server: WebServer) -> None:
    url = server.add("/a.img", Page(DATA, username="üser", password="pä:ss"))
    assert read_all(UrlSource(url, {"X-Token": "t"}, "üser", "pä:ss")) == DATA
    assert server.requests[0].headers["X-Token"] == "t"
    assert "401" in error_of(UrlSource(url))


def test_a_login_within_the_url(server: WebServer) -> None:
    url = server.add("/a.img", Page(DATA, username="u@h", password="p/w"))
    assert read_all(UrlSource(url.replace("//", "//u%40h:p%2Fw@"))) == DATA
    assert "401" in error_of(UrlSource(url.replace("//", "//u%40h:p%2Fw@"), username="other"))


def test_a_netrc_file_does_not_replace_the_users_header(
    server: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    read_all(UrlSource(server.add("/a.img", Page(DATA)), {"Authorization": "Bearer t"}))
    assert server.requests[0].headers["Authorization"] == "Bearer t"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(server: WebServer, status: int) -> None:
    server.add("/sub/b.img", Page(DATA))
    source = UrlSource(server.add("/a.img", Page(redirect="sub/b.img", redirect_status=status)), {"X-Token": "t"})
    assert source.info().url == server.url + "/sub/b.img"
    assert source.label == "a.img"
    assert read_all(source) == DATA
    assert all(request.headers["X-Token"] == "t" for request in server.requests)


def test_a_redirect_to_another_server_carries_no_secrets(server: WebServer) -> None:
    with running() as mirror:
        target = mirror.add("/b.img", Page(DATA, cut_after=500_000, etag='"v1"'))
        url = server.add("/a.img", Page(redirect=target.replace("//", "//their:login@")))
        source = UrlSource(url, {"X-Token": "t", "Authorization": "Bearer t"}, "user", "password")
        source.info()
        assert read_all(source) == DATA
        assert len(mirror.requests) == 3
        for request in mirror.requests:
            assert "X-Token" not in request.headers
            assert "Authorization" not in request.headers
        assert all(request.headers["X-Token"] == "t" for request in server.requests)
        # The connection was taken up again at the mirror itself.
        assert len(server.requests) == 2


def test_a_mirror_that_goes_away_is_replaced_by_where_the_redirect_leads_now(server: WebServer) -> None:
    with running() as first, running() as second:
        url = server.add("/a.img", Page(redirect=first.add("/1.img", Page(DATA, cut_after=300_000, modified=MODIFIED))))
        second.add("/2.img", Page(DATA, modified=MODIFIED))
        with UrlSource(url).open() as chunks:
            got = next(chunks)
            first.pages.clear()
            server.add("/a.img", Page(redirect=second.url + "/2.img"))
            got += b"".join(chunks)
        assert got == DATA
        assert asked(second) == [("GET", 206, "bytes=300000-")]


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("file:///etc/passwd", "which is not http(s)"),
        ("ftp://u:s3cret@h/x", "redirects to ftp://h/x"),
        ("a.img", "redirects more than 10 times"),
        ("http://[h/", "leads to what cannot"),
        ("http://h:99999999/", "redirects to what is not a URL"),
    ],
)
def test_redirects_that_are_not_followed(server: WebServer, target: str, complaint: str) -> None:
    message = error_of(UrlSource(server.add("/a.img", Page(redirect=target))))
    assert complaint in message
    assert "s3cret" not in message


# --- files and https --------------------------------------------------------------------------------------------------


def test_a_file_url(tmp_path: Path) -> None:
    path = tmp_path / "ä b.img"
    path.write_bytes(DATA)
    os.utime(path, (MODIFIED, MODIFIED))
    for url in (path.as_uri(), path.as_uri().replace("file://", "file://localhost")):
        source = UrlSource(url)
        assert read_all(source) == DATA
        assert source.info() == UrlInfo(len(DATA), None, WHEN, True, url)
        assert source.label == "ä b.img"
    path.unlink()
    assert os.strerror(errno.ENOENT) in error_of(UrlSource(url))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    import ipaddress
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(folder / "cert.pem"), str(folder / "key.pem")


def test_https(certificate: tuple[str, str]) -> None:
    with running(tls=certificate) as server:
        url = server.add("/a.img", Page(DATA, cut_after=300_000, etag='"v1"'))
        assert read_all(UrlSource(url, ca_cert=certificate[0])) == DATA
        assert read_all(UrlSource(url, validate_certs=False)) == DATA
        message = error_of(UrlSource(url))
        assert f"The certificate of {url} is not accepted (" in message
        assert "ca_cert" in message
        assert "nowhere.pem" in error_of(UrlSource(url, ca_cert="/nowhere.pem"))
