# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP with bounded, safe retries: the floor that the Glance and Keystone calls stand on.

Nothing here knows Glance. A caller says whether a call may be repeated blindly (``repeatable``); for any other call an
uncertain outcome is raised as ``UncertainOutcome``, and the caller looks at the server before it decides.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable
from uuid import uuid4

from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, MissingLibraryError

if TYPE_CHECKING:
    import requests

#: Statuses with which a server, or a proxy before it, says "not now" (RFC 9110, RFC 6585).
BUSY_STATUSES = frozenset((429, 502, 503, 504))
#: Glance answers 500 to some bad input too, so it is tried again only this often.
INTERNAL_ERROR_RETRIES = 2


class UncertainOutcome(ApiError):
    """No usable answer came, so the server may or may not have acted.

    ``retry_after`` is how many seconds the server asks to wait, None when it does not.
    """

    def __init__(
        self, message: str, status: int | None = None, request_id: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, status, request_id)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Tls:
    """How a server's certificate is checked and which one is shown to it (as requests takes them)."""

    verify: bool | str = True
    cert: None | str | tuple[str, str] = None


@dataclass
class RetryPolicy:
    """How long one call is tried again.

    ``total_time`` in seconds bounds all tries of one call together; ``backoff`` is the first pause, doubled each time.
    """

    total_time: float = 60.0
    backoff: float = 0.25
    longest_pause: float = 10.0
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)


def import_requests() -> Any:
    """The requests library, imported when the first call is made (it costs 0.1 s)."""
    try:
        import requests
    except ImportError as exc:
        raise MissingLibraryError("requests", "to talk to the Image service") from exc
    return requests


def request_id() -> str:
    """A request id of our own: known even when no answer comes, and echoed by OpenStack services."""
    return f"req-{uuid4()}"


class Http:
    """One connection pool with retries. Thread-safe for concurrent requests.

    :param timeout: seconds that a connection may stay silent
    :param pool_size: connections that are kept open to one host
    """

    def __init__(
        self,
        tls: Tls | None = None,
        timeout: float = 60.0,
        policy: RetryPolicy | None = None,
        pool_size: int = 4,
    ) -> None:
        self.tls = tls or Tls()
        self.timeout = timeout
        self.policy = policy or RetryPolicy()
        self._pool_size = pool_size
        self._session: requests.Session | None = None

    @property
    def session(self) -> requests.Session:
        if self._session is None:
            requests = import_requests()
            session = requests.Session()
            adapter = requests.adapters.HTTPAdapter(pool_connections=4, pool_maxsize=self._pool_size, max_retries=0)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            # A .netrc entry must never replace the token; proxies from the environment are still honoured below.
            session.auth = _no_auth
            self._session = session
        return self._session

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        repeatable: bool,
        json: Any = None,
        data: Any = None,
        params: Any = None,
        stream: bool = False,
        timeout: float | None = None,
    ) -> requests.Response:
        """Send one request; return the answer, whatever its status but "busy".

        :raises UncertainOutcome: the connection broke or a gateway gave up, and the call is not repeatable
        :raises ApiError: still no answer, or still "busy", after the policy's total time
        """
        attempt = Attempts(self.policy, f"{method} {url}")
        sent = dict(headers)
        sent.setdefault("X-Openstack-Request-Id", request_id())
        while True:
            outcome = self._once(method, url, sent, json, data, params, stream, timeout)
            if not isinstance(outcome, Exception) and outcome.status_code < 500 and outcome.status_code != 429:
                return outcome
            attempt.failed(outcome, sent["X-Openstack-Request-Id"])
            if isinstance(outcome, Exception):
                if not repeatable:
                    raise UncertainOutcome(attempt.told(), None, sent["X-Openstack-Request-Id"]) from outcome
            elif not attempt.worth_repeating(outcome):
                return outcome
            elif not repeatable and (data is not None or outcome.status_code not in (429, 503)):
                # 429 and 503 say "not accepted"; the others may come from a gateway whose server did act. A stream
                # can be sent again only by whoever can rewind it.
                raise UncertainOutcome(
                    attempt.told(), outcome.status_code, sent["X-Openstack-Request-Id"], attempt.retry_after
                )
            attempt.pause()

    def _once(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        json: Any,
        data: Any,
        params: Any,
        stream: bool,
        timeout: float | None,
    ) -> requests.Response | Exception:
        requests = import_requests()
        try:
            return self.session.request(
                method,
                url,
                headers=headers,
                json=json,
                data=data,
                params=params,
                stream=stream,
                timeout=timeout or self.timeout,
                # Here and not on the session, whose setting REQUESTS_CA_BUNDLE in the environment would override.
                verify=self.tls.verify,
                cert=self.tls.cert,
                # A token must not follow a redirect to wherever it points.
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as exc:
            problem = tls_problem(exc, origin(url))
            if problem is not None:
                raise ApiError(problem) from exc
            broken: Exception = exc
            return broken
        except (
            requests.exceptions.MissingSchema,
            requests.exceptions.InvalidSchema,
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidHeader,
        ) as exc:
            raise ApiError(f"{origin(url)} is not a usable address of a service ({_reason(exc)}).") from exc
        except requests.exceptions.RequestException as exc:
            failure: Exception = exc
            return failure
        except OSError as exc:
            if "TLS" in str(exc):
                # What requests says of certificate files that are not there.
                raise ApiError(f"{str(exc).rstrip('.')}; check ca_cert, client_cert and client_key.") from exc
            return exc


class Attempts:
    """Counts the tries of one call, and says when there are enough of them.

    :param what: is being tried, as messages begin with it
    """

    def __init__(self, policy: RetryPolicy, what: str) -> None:
        self.policy = policy
        self.what = what
        self.began = policy.clock()
        self.count = 0
        self.internal_errors = 0
        self.status: int | None = None
        self.request_id: str | None = None
        self.reason = ""
        self.retry_after: float | None = None

    def failed(self, outcome: requests.Response | BaseException, sent_id: str | None = None) -> None:
        """Note an answer that is no success, or that none came."""
        self.count += 1
        self.request_id = sent_id
        self.retry_after = None
        if isinstance(outcome, BaseException):
            self.status = None
            self.reason = _reason(outcome)
            return
        self.status = outcome.status_code
        self.reason = f"HTTP {outcome.status_code}"
        self.internal_errors += outcome.status_code == 500
        self.retry_after = _retry_after(outcome)

    def worth_repeating(self, response: requests.Response) -> bool:
        """Whether the answer says "not now"."""
        if response.status_code in BUSY_STATUSES:
            return True
        return response.status_code == 500 and self.internal_errors <= INTERNAL_ERROR_RETRIES

    def pause(self) -> None:
        """Wait before the next try, or raise when the time is up."""
        pause = min(self.policy.backoff * 2 ** (self.count - 1), self.policy.longest_pause)
        if self.retry_after is not None:
            pause = self.retry_after
        left = self.policy.total_time - (self.policy.clock() - self.began)
        if pause > left:
            raise ApiError(self.told(), self.status, self.request_id)
        self.policy.sleep(pause)

    def told(self) -> str:
        """What was tried how often and why that is all, in one line."""
        spent = self.policy.clock() - self.began
        tries = "once" if self.count == 1 else f"{self.count} times in {spent:.0f} s"
        wish = ""
        if self.retry_after is not None:
            wish = f"; the server asks to wait {self.retry_after:.0f} s"
        return (
            f"{self.what} was tried {tries} without success ({self.reason}{wish}); "
            f"api_retry_time is {self.policy.total_time:.0f} s."
        )


def _retry_after(response: requests.Response) -> float | None:
    from urllib3.exceptions import InvalidHeader
    from urllib3.util.retry import Retry

    value = response.headers.get("Retry-After")
    if value is None:
        return None
    try:
        return Retry().parse_retry_after(value)
    except InvalidHeader:
        return None


def tls_problem(exc: BaseException, where: str) -> str | None:
    """What is wrong with the certificates; None when the line just broke, which TLS reports as an error of its own."""
    reason = _reason(exc)
    words = reason.lower().replace("_", " ")
    if "eof" in words or "closed (" in words:
        return None
    if "alert" in words and ("certificate" in words or "unknown ca" in words):
        return f"{where} asks for a client certificate that it trusts ({reason}); set client_cert, and client_key."
    if "certificate" in words:
        advice = "set ca_cert to the authority that signed it"
        return f"The certificate of {where} could not be verified ({reason}); {advice}."
    return f"No TLS connection with {where} is possible ({reason}); check that it is an https address."


def _no_auth(prepared: Any) -> Any:
    return prepared


def origin(url: str) -> str:
    """Scheme, host and port of a URL, for messages."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if not parts.hostname:
        return f"'{url}'"
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def _reason(exc: BaseException) -> str:
    """The innermost cause in words: urllib3 wraps "Connection refused" three times."""
    seen = exc
    while True:
        inner = getattr(seen, "reason", None)
        if isinstance(inner, BaseException):
            seen = inner
            continue
        if seen.args and isinstance(seen.args[0], BaseException):
            seen = seen.args[0]
            continue
        break
    if len(seen.args) > 1 and isinstance(seen.args[1], BaseException):
        return str(seen.args[1])
    # urllib3 begins with "<...Connection(host=...) at 0x...>: ", which tells a user nothing.
    return re.sub(r"^<?[\w.]*Connection\w*[ (].*?[)>]: ", "", str(seen)) or type(seen).__name__
