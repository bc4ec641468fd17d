# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few HTTP calls of the command, past any proxy: everything is on loopback."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Optional

from .errors import LocalCloudError

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    """Status, headers (names in lower case) and the decoded JSON body, None where there is none."""

    status: int
    headers: dict[str, str]
    body: Any


def call(method: str, url: str, token: Optional[str] = None, body: Any = None, seconds: float = 30.0) -> Answer:
    """One call; a status of 400 or more is a LocalCloudError."""
    headers = {"Accept": "application/json"}
    data = None
    if token:
        headers["X-Auth-Token"] = token
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with _OPENER.open(request, timeout=seconds) as response:
            text = response.read()
            found = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, found, json.loads(text) if text.strip() else None)
    except urllib.error.HTTPError as error:
        detail = error.read().decode(errors="replace").strip()
        raise LocalCloudError(f"{method} {url} answered {error.code}: {detail[:500]}") from error
    except (OSError, http.client.HTTPException) as error:
        raise LocalCloudError(f"{method} {url} failed: {error}") from error


def answers(url: str, seconds: float) -> bool:
    """Whether something there answers a GET as a healthy service does."""
    try:
        return call("GET", url, seconds=seconds).status < 400
    except (LocalCloudError, ValueError):
        return False
