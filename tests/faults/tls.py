# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud behind TLS, with an authority and client certificates of the tests' own."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.imageops.glance.tests.faults import jobs
from ansible_collections.imageops.glance.tests.faults.case import DONE, Case, fresh_name, meets
from ansible_collections.imageops.glance.tests.faults.certificates import Authority, Certificate, server_side
from ansible_collections.imageops.glance.tests.faults.fault import Fault, cut_body, cut_reply, lost, unanswered
from ansible_collections.imageops.glance.tests.faults.stage import SIZE, Stage
from ansible_collections.imageops.glance.tests.web_server.server import Page
from ansible_collections.imageops.glance.tests.web_server.server import running as web_server

Options = dict[str, Any]

LIST = r"/v2/images$"
FILE = r"/file$"
LOGIN = r"/v3/auth/tokens$"


@dataclass(frozen=True)
class Front:
    """The cloud behind TLS: what to connect with, what proves who is who."""

    stage: Stage
    glance: str
    keystone: str
    bundle: str
    foreign_bundle: str
    client: Certificate
    foreign_client: Certificate


class Doorkeeper:
    """A server that talks to nobody without a certificate of its authority, and says so in TLS's own words.

    (Those of asyncio, and so the proxy, hang up without a word.)
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._ended = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._address = self._listener.getsockname()
        self.url = f"https://127.0.0.1:{self._address[1]}"
        self.admitted = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, which a connection has to wake."""
        self._ended = True
        socket.create_connection(self._address).close()
        self._thread.join(5)
        self._listener.close()

    def _serve(self) -> None:
        while not self._ended:
            line, _address = self._listener.accept()
            line.settimeout(5)
            with self._context.wrap_socket(line, server_side=True, do_handshake_on_connect=False) as wrapped:
                with suppress(OSError):
                    wrapped.do_handshake()
                    self.admitted += 1
                with suppress(OSError):
                    # What has not been read would turn the end into a reset, and that could overtake the alert.
                    wrapped.shutdown(socket.SHUT_WR)
                    while wrapped.recv(65536):
                        pass


@contextmanager
def fronted(stage: Stage, wants_client: bool, address: str) -> Iterator[Front]:
    """Both services behind TLS, for as long as the case takes."""
    with tempfile.TemporaryDirectory(prefix="imageops-tls-") as folder:
        authority, foreign = Authority(Path(folder)), Authority(Path(folder), "foreign CA")
        context = server_side(authority.sign("server", address), authority if wants_client else None)
        yield Front(
            stage,
            stage.proxy.front("glance", stage.variables["LOCAL_CLOUD_IMAGE_URL"], context),
            stage.proxy.front("keystone", stage.variables["LOCAL_CLOUD_KEYSTONE_URL"], context),
            authority.bundle,
            foreign.bundle,
            authority.sign("client", None),
            foreign.sign("stranger", None),
        )


def login(front: Front) -> Options:
    """By name and password. A version in auth_type spares discovery, which would answer with an address without TLS."""
    auth = {**front.stage.cloud.entry["auth"], "auth_url": f"{front.keystone}/v3"}
    return {"auth": auth, "auth_type": "v3password", "region_name": "RegionOne", "endpoint": front.glance}


def token(front: Front) -> Options:
    """With a token and no Identity service."""
    return {"endpoint": front.glance, "token": front.stage.cloud.token}


def with_client(front: Front, certificate: Certificate) -> Options:
    return {"ca_cert": front.bundle, "client_cert": certificate.certificate, "client_key": certificate.key}


def behind_tls(
    name: str,
    expected: str,
    *ways: Callable[[Front], Options],
    fault: tuple[str, str, Fault, str] | None = None,
    wants_client: bool = False,
    address: str = "127.0.0.1",
    short: bool = False,
) -> Case:
    """An image is created through TLS.

    :param ways: give the options to connect with
    :param fault: method, path, fault and server
    """

    def play(stage: Stage) -> str:
        job = jobs.Create(stage, fresh_name())
        stage.calm()
        try:
            with fronted(stage, wants_client, address) as front:
                rule = stage.proxy.on(*fault[:3], server=fault[3]) if fault else None
                options = {**job.options(), "cloud": None, "api_retry_time": 4}
                for way in ways:
                    options.update(way(front))
                run = stage.launcher.run("image", options)
                meets(run, expected)
                assert rule is None or rule.fired, "the fault never came to pass"
                if expected == DONE:
                    job.finished()
                else:
                    assert not stage.proxy.requests, "something was sent although it was not sure to whom"
            return run.told
        finally:
            stage.calm()
            job.clean()

    return Case(name, expected, play, short)


def turned_away(name: str, *ways: Callable[[Front], Options], short: bool = False) -> Case:
    """A server wants a client certificate, and gets none or another one: the task says so."""
    expected = "client_cert"

    def play(stage: Stage) -> str:
        job = jobs.Create(stage, fresh_name())
        with tempfile.TemporaryDirectory(prefix="imageops-tls-") as folder:
            authority, foreign = Authority(Path(folder)), Authority(Path(folder), "foreign CA")
            door = Doorkeeper(server_side(authority.sign("server"), authority))
            try:
                client, stranger = authority.sign("client", None), foreign.sign("stranger", None)
                front = Front(stage, door.url, door.url, authority.bundle, foreign.bundle, client, stranger)
                options = {**job.options(), "cloud": None, "api_retry_time": 4}
                for way in ways:
                    options.update(way(front))
                run = stage.launcher.run("image", options)
            finally:
                door.close()
            meets(run, expected)
            assert not door.admitted, "somebody was let in"
            return run.told

    return Case(name, expected, play, short)


def _ca(front: Front) -> Options:
    return {"ca_cert": front.bundle}


def _foreign_ca(front: Front) -> Options:
    return {"ca_cert": front.foreign_bundle}


def _unverified(_front: Front) -> Options:
    return {"validate_certs": False}


def _client(front: Front) -> Options:
    return with_client(front, front.client)


def _foreign_client(front: Front) -> Options:
    return with_client(front, front.foreign_client)


def tls() -> Iterator[Case]:
    """Who is verified, and what happens to a broken line within TLS."""
    unknown = "certificate.*verif"
    for way, told in ((login, "login"), (token, "token")):
        yield behind_tls(f"TLS, {told}: with ca_cert", DONE, way, _ca, short=way is login)
        yield behind_tls(f"TLS, {told}: without ca_cert", unknown, way, short=True)
        yield behind_tls(f"TLS, {told}: another ca_cert", unknown, way, _foreign_ca)
        yield behind_tls(f"TLS, {told}: another host's certificate", unknown, way, _ca, address="127.0.0.9")
        yield behind_tls(f"TLS, {told}: validate_certs is false", DONE, way, _unverified)
        yield behind_tls(f"TLS, {told}: with client_cert", DONE, way, _client, wants_client=True, short=way is login)
        yield turned_away(f"TLS, {told}: without client_cert", way, _ca, short=way is token)
        yield turned_away(f"TLS, {told}: another client_cert", way, _foreign_client)
    yield behind_tls("TLS, login: cut before", DONE, login, _ca, fault=("POST", LOGIN, lost(), "keystone"))
    yield behind_tls("TLS, login: reset after", DONE, login, _ca, fault=("POST", LOGIN, unanswered(True), "keystone"))
    yield behind_tls("TLS, list: reset", DONE, token, _ca, fault=("GET", LIST, lost(reset=True), "glance"))
    yield behind_tls("TLS, list: reply cut", DONE, token, _ca, fault=("GET", LIST, cut_reply(10), "glance"))
    yield behind_tls("TLS, create: cut after", DONE, token, _ca, fault=("POST", LIST, unanswered(), "glance"))
    yield behind_tls("TLS, upload cut at half", DONE, token, _ca, fault=("PUT", FILE, cut_body(SIZE // 2), "glance"))
    yield Case("TLS, web: with url_ca_cert", DONE, lambda stage: _web(stage, True, DONE))
    yield Case("TLS, web: without url_ca_cert", "certificate", lambda stage: _web(stage, False, "certificate"))
    yield Case("TLS, web: cut at half", DONE, lambda stage: _web(stage, True, DONE, cut_after=SIZE // 2))


def _web(stage: Stage, verified: bool, expected: str, **page: Any) -> str:
    """A stream from a web server behind TLS."""
    job = jobs.Create(stage, fresh_name())
    stage.calm()
    try:
        with tempfile.TemporaryDirectory(prefix="imageops-tls-") as folder:
            authority = Authority(Path(folder))
            shown = authority.sign("web")
            with web_server(tls=(shown.certificate, shown.key)) as web:
                url = web.add("/new.img", Page(jobs.NEW, etag='"1"', **page))
                source = {"filename": None, "url": url, "url_ca_cert": authority.bundle if verified else None}
                run = stage.launcher.run("image", {**job.options(), **source})
                meets(run, expected)
                if expected == DONE:
                    job.finished()
                else:
                    assert not job.images(), "something is left behind"
                    assert not web.requests
                return run.told
    finally:
        stage.calm()
        job.clean()
