# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever options a module is given: one JSON result, never a traceback, and no write that check mode has refused.

The Image service here answers reads from a handful of images and refuses every write; tests/faults/input.py asks the
same of the real one.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from ansible.module_utils import basic
from ansible_collections.imageops.glance.tests.faults.options import MODULES, PACKAGE, Places, options_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from urllib3 import HTTPResponse

ENDPOINT = "http://glance.invalid"
PROJECT = "a" * 32
IDS = [f"00000000-0000-4000-8000-{number:012x}" for number in range(4)]


def image(number: int, status: str, **more: Any) -> dict[str, Any]:
    data = {"size": 7, "checksum": "0" * 32, "os_hash_algo": "sha512", "os_hash_value": "0" * 128, "stores": "file"}
    return {
        "id": IDS[number],
        "name": "ubuntu",
        "status": status,
        "owner": PROJECT,
        "visibility": "private",
        "protected": False,
        "os_hidden": False,
        "disk_format": "raw",
        "container_format": "bare",
        "min_disk": 0,
        "min_ram": 0,
        "tags": ["a"],
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "os_distro": "ubuntu",
        **(data if status in ("active", "deactivated") else {"size": None, "checksum": None}),
        **more,
    }


IMAGES = [
    image(0, "active"),
    image(1, "queued", name="empty"),
    image(2, "deactivated", name="a:b", protected=True),
    image(3, "active", name="shared", visibility="shared", os_hidden=True),
]


@dataclass
class Service:
    """Answers like Glance as far as reads go; remembers what would have changed something."""

    writes: list[str] = field(default_factory=list)

    def request(self, method: str, url: str, **sent: Any) -> requests.Response:
        parts = urlsplit(url)
        if parts.hostname != "glance.invalid":
            return _answer(404, {}, method, url)
        if method not in ("GET", "HEAD"):
            self.writes.append(f"{method} {parts.path}")
            return _answer(403, {"message": "no writes here"}, method, url)
        return _answer(*self._read(parts.path.removeprefix("/v2"), sent.get("params") or ()), method, url)

    @staticmethod
    def _read(path: str, params: Any) -> tuple[int, dict[str, Any]]:
        if path == "/images":
            query = dict(params) if not isinstance(params, str) else dict(parse_qsl(params))
            hidden = query.get("os_hidden", "false") == "true"
            name = str(query.get("name", "")).removeprefix("eq:")
            found = [i for i in IMAGES if i["os_hidden"] == hidden and name in ("", i["name"])]
            return 200, {"images": [] if query.get("marker") else found}
        if path == "/info/stores":
            return 200, {"stores": [{"id": "file", "default": "true"}, {"id": "fast"}]}
        if path == "/info/import":
            return 200, {"import-methods": {"type": "array", "value": ["glance-direct", "web-download", "copy-image"]}}
        image_id, _slash, rest = path.removeprefix("/images/").partition("/")
        found = [i for i in IMAGES if i["id"] == image_id]
        if not found or rest not in ("", "members", "tasks"):
            return 404, {"message": "not found"}
        return 200, {rest: []} if rest else found[0]


def _answer(status: int, content: dict[str, Any], method: str, url: str) -> requests.Response:
    body = json.dumps(content).encode()
    answer = requests.Response()
    answer.status_code, answer.reason, answer.url = status, "", url
    answer.headers["Content-Length"] = str(len(body))
    answer.raw = HTTPResponse(io.BytesIO(body), preload_content=False, status=status)
    answer.request = requests.Request(method, "http://glance.invalid").prepare()
    return answer


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("options")
    raw = folder / "image.raw"
    raw.write_bytes(b"\x01" * 4096)
    empty = folder / "empty"
    empty.touch()
    return Places([str(raw), str(empty)], str(folder), [str(i["name"]) for i in IMAGES], IDS)


@pytest.fixture
def no_waiting() -> Iterator[None]:
    with mock.patch("time.sleep"), mock.patch.dict("os.environ", {"OS_PROJECT_ID": PROJECT}):
        yield


def run(module: str, options: dict[str, Any], check: bool) -> tuple[dict[str, Any], Service]:
    """The module's own main() in this process, and what it would have written."""
    service = Service()
    connection = {"endpoint": ENDPOINT, "token": "t0ken", "api_retry_time": 0}
    # An option may be the connection's too; it is not what is tried here.
    arguments = {**options, **connection, "_ansible_check_mode": check, "_ansible_remote_tmp": "/tmp"}
    encoded = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    printed = io.StringIO()
    with (
        mock.patch.object(requests.Session, "request", lambda _session, *a, **k: service.request(*a, **k)),
        mock.patch.object(basic, "_ANSIBLE_ARGS", encoded),
        mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True),
        redirect_stdout(printed),
        redirect_stderr(io.StringIO()),
        pytest.raises(SystemExit),
    ):
        import_module(f"{PACKAGE}.{module}").main()
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result, service


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.usefixtures("no_waiting")
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_options_end_in_one_result(module: str, places: Places, data: st.DataObject) -> None:
    options = data.draw(options_of(module, places))
    predicted, read = run(module, options, check=True)
    done, wrote = run(module, options, check=False)
    for result in (predicted, done):
        assert "exception" not in result, result
        assert "Please report" not in str(result.get("msg")), result["msg"]
        assert not result.get("failed") or result["msg"]
    assert not read.writes, "check mode has written"
    if predicted.get("failed"):
        assert done.get("failed"), f"check mode refuses what is then done: {predicted['msg']}"
        assert not wrote.writes, f"{wrote.writes}, although it was known that '{predicted['msg']}'"
