# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports: the preferred one if it can be had, and no other process's."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from local_cloud import ports
from local_cloud.errors import LocalCloudError


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    """A port that somebody listens on."""
    with ports.listen_preferring(None) as sock:
        yield sock


def test_the_preferred_port_is_taken_when_it_is_free() -> None:
    with ports.listen_preferring(None) as first:
        port = ports.port_of(first)
    with ports.listen_preferring(port) as second:
        assert ports.port_of(second) == port


def test_another_port_is_taken_when_the_preferred_one_is_not_free(taken: socket.socket) -> None:
    with ports.listen_preferring(ports.port_of(taken)) as other:
        assert ports.port_of(other) != ports.port_of(taken)
        assert ports.port_of(other) in ports.RANGE


def test_a_port_that_gets_free_in_time_is_waited_for(taken: socket.socket) -> None:
    port = ports.port_of(taken)
    threading.Timer(0.15, taken.close).start()
    with ports.listen_preferring(port, patience=5.0) as sock:
        assert ports.port_of(sock) == port


def test_patience_ends(taken: socket.socket) -> None:
    begun = time.monotonic()
    with ports.listen_preferring(ports.port_of(taken), patience=0.1) as other:
        assert ports.port_of(other) != ports.port_of(taken)
    assert time.monotonic() - begun < 2


def test_the_socket_listens_before_it_is_handed_over(taken: socket.socket) -> None:
    with socket.create_connection((ports.HOST, ports.port_of(taken)), timeout=2) as client:
        assert client.getpeername() == (ports.HOST, ports.port_of(taken))


def test_no_free_port_is_an_error_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "listen", lambda port: None)
    with pytest.raises(LocalCloudError, match="free some and try again"):
        ports.listen_preferring(25000, rng=random.Random(1))


def test_ports_lie_below_those_of_outgoing_connections() -> None:
    assert ports.RANGE.start > 1024
    assert ports.RANGE.stop <= 32768
