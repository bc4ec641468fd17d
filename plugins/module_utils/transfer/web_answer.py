# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a web server's answer says about the data behind it, and whether two answers are about the same data."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple, Optional

if TYPE_CHECKING:
    import requests

_CONTENT_RANGE = re.compile(r"bytes\s+(?:(?P<start>\d+)-\d+|\*)/(?P<total>\d+|\*)\s*\Z", re.IGNORECASE)


class UrlInfo(NamedTuple):
    """What a server says about its data. ``size`` in bytes; ``url`` is where redirects led to, without credentials."""

    size: Optional[int]
    etag: Optional[str]
    last_modified: Optional[datetime]
    accept_ranges: bool
    url: str


def told(answer: requests.Response) -> UrlInfo:
    """Read the headers of an answer; of a part (206) or a refused part (416), the size is that of the whole."""
    headers = answer.headers
    if answer.status_code in (206, 416):
        total = _content_range(answer).get("total")
    elif "Transfer-Encoding" in headers:
        total = None
    else:
        total = headers.get("Content-Length")
    size = int(total) if total is not None and total.isdecimal() else None
    accept_ranges = answer.status_code == 206 or headers.get("Accept-Ranges", "").lower() == "bytes"
    return UrlInfo(size, headers.get("ETag"), _date(headers.get("Last-Modified")), accept_ranges, answer.url)


def range_start(answer: requests.Response) -> Optional[int]:
    """The position of the first byte of a 206 answer; None when the server does not say."""
    start = _content_range(answer).get("start")
    return int(start) if start is not None else None


def same_data(first: UrlInfo, again: UrlInfo) -> Optional[bool]:
    """Whether two answers speak of the same bytes; None when they do not tell.

    Entity tags are a server's own, so they do not count between mirrors; dates and sizes do.
    """
    if first.size is not None and again.size is not None and first.size != again.size:
        return False
    if first.url == again.url and first.etag is not None and again.etag is not None:
        return first.etag == again.etag
    if first.last_modified is not None and again.last_modified is not None:
        return first.last_modified == again.last_modified
    return None


def if_range(info: UrlInfo) -> Optional[str]:
    """The validator for an If-Range header; a weak entity tag may not be used there (RFC 9110, 13.1.5)."""
    if info.etag is not None and not info.etag.startswith("W/"):
        return info.etag
    if info.last_modified is not None:
        return format_datetime(info.last_modified, usegmt=True)
    return None


def _content_range(answer: requests.Response) -> dict[str, Optional[str]]:
    match = _CONTENT_RANGE.match(answer.headers.get("Content-Range", ""))
    return match.groupdict() if match else {}


def _date(text: Optional[str]) -> Optional[datetime]:
    if text is None:
        return None
    try:
        found = parsedate_to_datetime(text)
        # "-0000" yields a time without a zone; HTTP dates are UTC whatever they say.
        return found.replace(tzinfo=timezone.utc) if found.tzinfo is None else found.astimezone(timezone.utc)
    except (ValueError, TypeError, OverflowError):
        return None
