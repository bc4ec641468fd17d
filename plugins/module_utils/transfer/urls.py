# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs without what must not be shown, and what two of them have in common."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional
from urllib.parse import unquote, urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}


class Credentials(NamedTuple):
    """A URL without its user part, and that part, decoded; None for what it did not have."""

    url: str
    username: Optional[str]
    password: Optional[str]


def split_credentials(url: str) -> Credentials:
    """Take ``user:password@`` out of a URL."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return Credentials(url, None, None)
    name, colon, password = user.partition(":")
    bare = urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))
    return Credentials(bare, unquote(name), unquote(password) if colon else None)


def safe_url(url: str) -> str:
    """For messages: no credentials, no fragment, and of the query only that there is one, since it may be a token."""
    try:
        parts = urlsplit(split_credentials(url).url)
    except ValueError:
        # Not a URL, but what it was meant to be may still hold credentials.
        return re.sub(r"//[^/]*@", "//", url.partition("?")[0])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "…" if parts.query else "", ""))


def origin(url: str) -> tuple[str, str, Optional[int]]:
    """Scheme, host and port: what must be the same for two URLs to be trusted alike."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(scheme)


def url_name(url: str) -> str:
    """The file name that a URL ends in, or its host when it ends in none."""
    parts = urlsplit(url)
    return unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname or safe_url(url)
