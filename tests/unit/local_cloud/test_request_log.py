# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line is in the log before its answer leaves, and holds no secret."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from request_log import RequestLog


def call(log: RequestLog, **environ: Any) -> str:
    """One request; the status line that the server would send."""
    request = {"REQUEST_METHOD": "PATCH", "RAW_URI": "/v2/images/1%202?a=b&c", "HTTP_X_AUTH_TOKEN": "geheim", **environ}
    sent: list[str] = []
    list(log(request, lambda status, headers, exc_info=None: sent.append(status)))
    return sent[0]


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    seen: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("409 Conflict", [("X-OpenStack-Request-ID", "req-1")])
        seen.append(path.read_text())
        return [b"body"]

    log = RequestLog(application, str(path))
    assert call(log) == "409 Conflict"
    call(log, REQUEST_METHOD="GET", RAW_URI="/v2/images")
    text = path.read_text()
    assert seen[0].count("\n") == 1, "the line is there before the body"
    assert "geheim" not in text
    assert path.stat().st_mode & 0o777 == 0o600
    first, second = map(json.loads, text.splitlines())
    assert (first["method"], first["path"], first["query"]) == ("PATCH", "/v2/images/1%202", "a=b&c")
    assert (first["status"], first["request_id"]) == (409, "req-1")
    assert (second["method"], second["query"]) == ("GET", "")
