# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening sockets, bound before a service starts and handed over, so that no port can be lost in between."""

from __future__ import annotations

import errno
import random
import socket
import time
from typing import Optional

from .errors import LocalCloudError

HOST = "127.0.0.1"
# Below what Linux and macOS hand out to outgoing connections, so that a port of a stopped cloud is usually still free.
RANGE = range(20000, 32000)
ATTEMPTS = 200
BACKLOG = 512
RETRY_SECONDS = 0.05


def listen(port: int) -> Optional[socket.socket]:
    """A listening socket on loopback, or None where somebody else has the port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        raise
    return sock


def listen_preferring(port: Optional[int], patience: float = 0.0, rng: Optional[random.Random] = None) -> socket.socket:
    """A listening socket on ``port`` if that is, or gets, free within ``patience`` seconds; else on one of RANGE."""
    deadline = time.monotonic() + patience
    sock = listen(port) if port else None
    while port and sock is None and time.monotonic() < deadline:
        time.sleep(RETRY_SECONDS)
        sock = listen(port)
    if sock is not None:
        return sock
    for candidate in (rng or random.Random()).sample(RANGE, ATTEMPTS):
        sock = listen(candidate)
        if sock is not None:
            return sock
    raise LocalCloudError(f"No free port found from {RANGE.start} to {RANGE.stop} on {HOST}; free some and try again.")


def port_of(sock: socket.socket) -> int:
    """The port that a bound socket has."""
    return int(sock.getsockname()[1])
