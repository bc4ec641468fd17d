# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error answer of an OpenStack service says, in words for a user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError

if TYPE_CHECKING:
    import requests

_MARKUP = re.compile(r"<[^>]*>")
_BREAK = re.compile(r"(?:<br\s*/?>|\n)+")
#: How Glance quotes its JSON schema: the reason comes first, then the rule, then where in the document.
_SCHEMA = re.compile(
    r"Provided object does not match schema '[^']*': (?P<why>.*?)\s*Failed validating .*On instance(?P<where>\S*):",
    re.DOTALL,
)
#: Longer explanations quote the whole value that was refused.
_LONGEST = 300

#: What a user can do about a status, where Glance's own words do not say it.
_ADVICE = {
    301: "the endpoint redirects elsewhere; give the final URL as endpoint",
    302: "the endpoint redirects elsewhere; give the final URL as endpoint",
    307: "the endpoint redirects elsewhere; give the final URL as endpoint",
    308: "the endpoint redirects elsewhere; give the final URL as endpoint",
    413: "a limit or quota of the cloud is reached",
}


def explain(response: requests.Response) -> str:
    """The part of the answer that carries the reason.

    Glance puts it into ``message``, Keystone into ``error.message``; with a generic sentence before the last
    ``<br />``. Proxies answer HTML whatever was asked for: there only the status is worth telling.
    """
    try:
        content = response.json()
    except ValueError:
        content = None
    message = ""
    if isinstance(content, dict):
        error = content.get("error")
        message = str(error.get("message", "")) if isinstance(error, dict) else str(content.get("message", ""))
    by_schema = _SCHEMA.match(message)
    if by_schema:
        where = "/".join(re.findall(r"[^\[\]']+", by_schema["where"]))
        return f"{where}: {_shortened(by_schema['why'])}" if where else _shortened(by_schema["why"])
    parts = [_MARKUP.sub("", part).strip() for part in _BREAK.split(message)]
    # An answer may echo a template that was never filled in.
    told = [part for part in parts if part and "${" not in part]
    return _shortened(told[-1]) if told else f"{response.status_code} {response.reason}".strip()


def _shortened(text: str) -> str:
    """The text without its middle when it is long: what was refused is at its beginning, why at its end."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 :]}"


def api_error(response: requests.Response, what: str) -> ApiError:
    """The error to raise for an answer; ``what`` is what was tried, such as "creating image x"."""
    sent = response.request.headers if response.request is not None else {}
    request_id = response.headers.get("x-openstack-request-id") or sent.get("X-Openstack-Request-Id")
    told = explain(response).rstrip(".")
    advice = _ADVICE.get(response.status_code)
    if advice:
        told = f"{told}; {advice}"
    response.close()
    text = f"{what[0].upper()}{what[1:]} failed with HTTP {response.status_code}: {told}"
    return ApiError(
        f"{text} (request id {request_id})." if request_id else f"{text}.", response.status_code, request_id
    )
