# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from ansible_collections.imageops.glance.tests.web_server.server import WebServer, running


@pytest.fixture
def server() -> Iterator[WebServer]:
    with running() as running_server:
        yield running_server


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("imageops-")]
    assert left == []
