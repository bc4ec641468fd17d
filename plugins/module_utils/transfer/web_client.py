# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request to a web server: redirects that do not carry secrets away, and failures in plain words."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Optional
from urllib.parse import urljoin

from ansible_collections.imageops.glance.plugins.module_utils.errors import MissingLibraryError, TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.urls import origin, safe_url, split_credentials

if TYPE_CHECKING:
    import requests

MAX_REDIRECTS = 10
_REDIRECTS = (301, 302, 303, 307, 308)


class NoAnswerError(Exception):
    """The server did not answer, or not whole; asking again may help. The text says why, without any URL."""


class WebClient:
    """Asks one web server, with the headers and the login that are meant for it.

    Both go only to the scheme, host and port of ``url``: a redirect to another place is followed without them.
    Credentials within ``url`` are used when ``username`` is not given.
    """

    def __init__(
        self,
        url: str,
        headers: Optional[Mapping[str, str]] = None,
        username: Optional[str] = None,
        password: Optional[str] = None,
        validate_certs: bool = True,
        ca_cert: Optional[str] = None,
        timeout: float = 60.0,
    ) -> None:
        within = split_credentials(url)
        self.url = within.url
        self._private = dict(headers or {})
        if username is None:
            username, password = within.username, within.password
        if username is not None:
            pair = f"{username}:{password or ''}".encode()
            self._private["Authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
        self._verify = (ca_cert or True) if validate_certs else False
        self._timeout = timeout
        self._session: Optional[requests.Session] = None

    def close(self) -> None:
        """Close all connections; the next request opens new ones."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def send(self, method: str, headers: Mapping[str, str], url: Optional[str] = None) -> requests.Response:
        """The answer, of any status but a redirect, its body not yet read.

        ``url`` is where an earlier answer came from, by default the one that the client was made for. Raises
        NoAnswerError when there is none, TransferError when asking again cannot help.
        """
        at = url or self.url
        for _hop in range(MAX_REDIRECTS + 1):
            answer = self._once(method, headers, at)
            location = answer.headers.get("Location")
            if answer.status_code not in _REDIRECTS or location is None:
                return answer
            answer.close()
            at = self._target(at, location)
        raise TransferError(f"{safe_url(self.url)} redirects more than {MAX_REDIRECTS} times.")

    def _target(self, at: str, location: str) -> str:
        try:
            target = split_credentials(urljoin(at, location)).url
            scheme = origin(target)[0]
        except ValueError as error:
            raise TransferError(f"{safe_url(self.url)} redirects to what is not a URL: {error}.") from error
        if scheme not in ("http", "https"):
            raise TransferError(f"{safe_url(self.url)} redirects to {safe_url(target)}, which is not http(s).")
        return target

    def _once(self, method: str, headers: Mapping[str, str], url: str) -> requests.Response:
        session = self._opened()
        # Compressed on the way would be other bytes than the published ones, of another length.
        sent = {"User-Agent": "imageops.glance", "Accept": "*/*", "Accept-Encoding": "identity"}
        if origin(url) == origin(self.url):
            sent.update(self._private)
        sent.update(headers)
        try:
            return session.request(
                method,
                url,
                headers=sent,
                stream=True,
                allow_redirects=False,
                timeout=self._timeout,
                verify=self._verify,
                auth=_as_it_is,
            )
        except _certificate_errors() as error:
            raise TransferError(
                f"The certificate of {safe_url(url)} is not accepted ({why(error)}); give the CA that signed it in "
                "ca_cert, or turn validate_certs off."
            ) from error
        except _connection_errors() as error:
            raise NoAnswerError(why(error)) from error
        except ValueError as error:
            # Also for where a redirect leads, which requests looks at even if it is not to follow it.
            raise TransferError(f"{safe_url(url)} cannot be requested, or leads to what cannot: {error}.") from error
        except OSError as error:
            # requests says so when the CA file is not there.
            raise TransferError(f"{safe_url(url)} cannot be requested: {error}.") from error

    def _opened(self) -> requests.Session:
        if self._session is None:
            try:
                import requests
                import urllib3
            except ImportError as error:
                raise MissingLibraryError("requests", "to read from a URL") from error
            if self._verify is False:
                # The user decided it; a warning for each request says nothing new.
                urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            self._session = requests.Session()
        return self._session


def _as_it_is(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """An authentication that changes nothing; without one, requests would put a login from ~/.netrc over ours."""
    return prepared


def _certificate_errors() -> tuple[type[Exception], ...]:
    import requests

    return (requests.exceptions.SSLError,)


def _connection_errors() -> tuple[type[Exception], ...]:
    import requests

    return (
        requests.exceptions.ConnectionError,
        requests.exceptions.Timeout,
        requests.exceptions.ChunkedEncodingError,
        requests.exceptions.ContentDecodingError,
    )


def why(error: BaseException) -> str:
    """The innermost reason of a failed request in a few words; the outer texts of requests and urllib3 hold the URL."""
    seen: list[BaseException] = []
    pending: list[object] = [error]
    while pending:
        found = pending.pop(0)
        if isinstance(found, BaseException) and found not in seen:
            seen.append(found)
            pending += [getattr(found, "reason", None), found.__cause__, found.__context__, *found.args]
    for found in seen:
        if isinstance(found, ssl.SSLError) and found.reason:
            verification = getattr(found, "verify_message", "")
            return verification or found.reason.replace("_", " ").lower()
    for found in seen:
        if isinstance(found, OSError) and found.strerror:
            return found.strerror[0].lower() + found.strerror[1:]
    if any("imeout" in type(found).__name__ for found in seen):
        return "it did not answer in time"
    return "the connection broke"
