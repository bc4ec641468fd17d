# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What error answers say, in one sentence."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.answers import api_error, explain
from ansible_collections.imageops.glance.tests.unit.module_utils.fakes import answer

SCHEMA = (
    "Provided object does not match schema 'image': 'floppy' is not one of [None, 'raw']\n\n"
    "Failed validating 'enum' in schema['properties']['disk_format']:\n    {'type': ['null', 'string'],\n"
    "     'enum': [None,\n              'raw']}\n\nOn instance['disk_format']:\n    'floppy'<br /><br />\n\n\n"
)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"message": "No image found with ID x<br /><br />\n\n\n"}, "No image found with ID x"),
        (
            {"message": "Access was denied to this resource.<br /><br />\nImage x is protected<br />"},
            "Image x is protected",
        ),
        (
            {"message": "The media type is not supported.\n<br /><br />\ndisk_format a does not match stream data b"},
            "disk_format a does not match stream data b",
        ),
        ({"message": "Reason<br />\n${CONTENT_TYPE} is not supported"}, "Reason"),
        ({"message": SCHEMA}, "disk_format: 'floppy' is not one of [None, 'raw']"),
        (
            {"message": SCHEMA.replace("['disk_format']:\n    'f", "['tags'][0]:\n    'f")},
            "tags/0: 'floppy' is not one of [None, 'raw']",
        ),
        (
            {"message": SCHEMA.replace("On instance['disk_format']", "On instance")},
            "'floppy' is not one of [None, 'raw']",
        ),
        (
            {"error": {"message": "The request you have made requires authentication.", "code": 401}},
            "The request you have made requires authentication.",
        ),
        ({"error": "text"}, "404 Not Found"),
        ({"message": ""}, "404 Not Found"),
        ([], "404 Not Found"),
        (None, "404 Not Found"),
    ],
)  # fmt: skip
def test_the_reason(content: Any, says: str) -> None:
    assert explain(answer(404, content)) == says


def test_pages_of_proxies_say_nothing() -> None:
    assert explain(answer(502, text="<html><body><h1>502</h1> nginx</body></html>")) == "502 Bad Gateway"


@pytest.mark.parametrize("message", ["x" * 5000, SCHEMA.replace("floppy", "x" * 5000)])
def test_long_values_are_not_repeated(message: str) -> None:
    told = explain(answer(400, {"message": message}))
    assert len(told) < 350
    assert "…" in told


@pytest.mark.parametrize(
    ("status", "headers", "sent", "says"),
    [
        (409, {"x-openstack-request-id": "req-1"}, None, "Doing x failed with HTTP 409: Why (request id req-1)."),
        (409, {}, "req-2", "Doing x failed with HTTP 409: Why (request id req-2)."),
        (409, {}, None, "Doing x failed with HTTP 409: Why."),
        (413, {}, None, "Doing x failed with HTTP 413: Why; a limit or quota of the cloud is reached."),
        (
            301,
            {},
            None,
            "Doing x failed with HTTP 301: Why; the endpoint redirects elsewhere; give the final URL as endpoint.",
        ),
    ],
)
def test_an_error(status: int, headers: dict[str, str], sent: str | None, says: str) -> None:
    import requests

    response = answer(status, {"message": "Why."}, headers)
    if sent:
        response.request = requests.Request("GET", "http://g", headers={"X-Openstack-Request-Id": sent}).prepare()
    error = api_error(response, "doing x")
    assert error.message == says
    assert error.status == status
    assert error.request_id == (headers.get("x-openstack-request-id") or sent)
