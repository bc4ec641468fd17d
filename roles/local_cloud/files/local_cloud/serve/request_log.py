# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WSGI middleware that writes one JSON line a request before the answer leaves: who has the answer finds the line."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from typing import Any, Callable


class RequestLog:
    """Wrap ``application`` and append to ``path``; of the headers, which may hold tokens, only two are written."""

    def __init__(self, application: Callable[..., Iterable[bytes]], path: str) -> None:
        self.application = application
        # One write call a line on an append-only descriptor: lines of several threads and processes do not mix.
        self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        begun = time.time()

        def logged(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            self.write(environ, begun, status, headers)
            return start_response(status, headers, exc_info)

        return self.application(environ, logged)

    def write(self, environ: dict[str, Any], begun: float, status: str, headers: list[tuple[str, str]]) -> None:
        """Append the line of one answered request; ``seconds`` ends when the answer begins."""
        answer = {name.lower(): value for name, value in headers}
        path, _mark, query = environ.get("RAW_URI", environ.get("PATH_INFO", "")).partition("?")
        line = {
            "time": round(begun, 3),
            "method": environ["REQUEST_METHOD"],
            "path": path,
            "query": query,
            "status": int(status.split(" ", 1)[0]),
            "seconds": round(time.time() - begun, 4),
            "request_id": answer.get("x-openstack-request-id"),
            "user_agent": environ.get("HTTP_USER_AGENT"),
        }
        os.write(self.descriptor, (json.dumps(line) + "\n").encode())
