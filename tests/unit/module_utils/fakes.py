# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for time and for the network."""

from __future__ import annotations

import io
import json as json_module
from typing import Any

import requests


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def answer(
    status: int, content: Any = None, headers: dict[str, str] | None = None, text: str | None = None
) -> requests.Response:
    """An answer with a JSON body, or with a text that is none."""
    response = requests.Response()
    response.status_code = status
    response.reason = {404: "Not Found", 502: "Bad Gateway"}.get(status, "Reason")
    response.headers.update(headers or {})
    body = text if text is not None else "" if content is None else json_module.dumps(content)
    response._content = body.encode()
    response.raw = io.BytesIO()
    response.url = "http://glance/v2"
    return response


class FakeSession:
    """Gives the outcomes one after the other and remembers what was sent."""

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[dict[str, Any]] = []

    def request(self, method: str, url: str, **sent: Any) -> requests.Response:
        self.sent.append({"method": method, "url": url, **sent})
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, requests.Response)
        return outcome

    def close(self) -> None:
        """Nothing is open."""

    @property
    def calls(self) -> list[str]:
        """Methods and paths."""
        return [f"{sent['method']} {sent['url'].partition('/v2')[2]}" for sent in self.sent]
