# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a user knows of a cloud to a token and the Image service's endpoint.

``endpoint`` and ``token`` alone need no library but requests. Everything else (clouds.yaml, OS_* variables, profiles,
every auth type) is read by ``openstack.config`` and logged in by keystoneauth1; both are imported only for a login.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.auth_cache import AuthCache
from ansible_collections.imageops.glance.plugins.module_utils.errors import (
    ApiError,
    AuthError,
    MissingLibraryError,
    OptionError,
)
from ansible_collections.imageops.glance.plugins.module_utils.transport import (
    Attempts,
    RetryPolicy,
    Tls,
    origin,
    tls_problem,
)

#: A token is not used any more when it has less than this many seconds to live.
EXPIRY_MARGIN = 120.0


@dataclass(frozen=True)
class Login:
    """The outcome of a login.

    ``endpoint`` is the Image service's base without a version; ``project_id`` and ``roles`` are None when only a token
    is known; ``expires_at`` is seconds since the epoch, None when unknown.
    """

    token: str
    endpoint: str
    project_id: str | None = None
    project_name: str | None = None
    project_domain_id: str | None = None
    roles: tuple[str, ...] | None = None
    identity_endpoint: str | None = None
    expires_at: float | None = None
    regions: Mapping[str, str] = field(default_factory=dict)
    verify: bool | str = True
    cert: None | str | tuple[str, str] = None

    @property
    def tls(self) -> Tls:
        return Tls(self.verify, self.cert)

    @property
    def is_admin(self) -> bool | None:
        """Whether the token carries the role admin; None when that is not known."""
        return None if self.roles is None else "admin" in self.roles

    def __repr__(self) -> str:
        return f"Login(endpoint={self.endpoint!r}, project_id={self.project_id!r})"


@dataclass(frozen=True)
class ConnectionOptions:
    """The connection options of every module, as the user gave them (None: not given)."""

    cloud: None | str | Mapping[str, Any] = None
    auth: Mapping[str, Any] | None = None
    auth_type: str | None = None
    region_name: str | None = None
    interface: str | None = None
    validate_certs: bool | None = None
    ca_cert: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    endpoint: str | None = None
    token: str | None = None
    auth_cache: str | None = None
    api_timeout: float = 60.0
    api_retry_time: float = 60.0

    def __repr__(self) -> str:
        return f"ConnectionOptions(region_name={self.region_name!r})"


class Cloud:
    """A cloud to log in to: remembers the login and renews it when it ends. Safe to use from several threads."""

    def __init__(self, options: ConnectionOptions) -> None:
        self.options = options
        self._login: Login | None = None
        self._lock = threading.Lock()

    def login(self) -> Login:
        """The login, made now if there is none or if it is about to expire.

        :raises AuthError: the cloud is not known, or refuses
        :raises OptionError: the connection options contradict each other
        """
        with self._lock:
            if self._login is None:
                self._login = self._find()
            elif _expiring(self._login) and not uses_token(self.options):
                self._login = _remember(self.options, _identity_login(self.options))
            return self._login

    def renew(self, refused_token: str) -> Login | None:
        """A fresh login after the service refused the token; None when there is nothing to log in with.

        Of several threads that meet the same refusal, only the first logs in.
        """
        if uses_token(self.options):
            return None
        with self._lock:
            if self._login is None or self._login.token == refused_token:
                self._login = _remember(self.options, _identity_login(self.options))
            return self._login

    def _find(self) -> Login:
        if uses_token(self.options):
            return _token_login(self.options)
        cached = _recall(self.options)
        return cached or _remember(self.options, _identity_login(self.options))


class RegionCloud(Cloud):
    """Another region of the same cloud: the same login, its own endpoint."""

    def __init__(self, home: Cloud, endpoint: str) -> None:
        super().__init__(home.options)
        self._home = home
        self._endpoint = endpoint

    def login(self) -> Login:
        return replace(self._home.login(), endpoint=self._endpoint)

    def renew(self, refused_token: str) -> Login | None:
        renewed = self._home.renew(refused_token)
        return None if renewed is None else replace(renewed, endpoint=self._endpoint)


def _expiring(login: Login) -> bool:
    return login.expires_at is not None and login.expires_at - EXPIRY_MARGIN < time.time()


def uses_token(options: ConnectionOptions) -> bool:
    """Whether ``endpoint`` and ``token`` are the login; one without the other is a mistake.

    :raises OptionError: one of the two is missing
    """
    if options.cloud or options.auth:
        return False
    if options.endpoint and options.token:
        return True
    if options.token and not os.environ.get("OS_AUTH_URL") and not os.environ.get("OS_CLOUD"):
        raise OptionError("token is given without endpoint; set endpoint (or OS_IMAGE_URL) to the Image service's URL.")
    if options.endpoint and not os.environ.get("OS_AUTH_URL") and not os.environ.get("OS_CLOUD"):
        raise OptionError("endpoint is given without token; set token (or OS_AUTH_TOKEN), or name a cloud.")
    return False


def versionless(endpoint: str) -> str:
    """The endpoint without a trailing version: some catalogs have it, Glance's own does not."""
    base = endpoint.rstrip("/")
    head, _slash, tail = base.rpartition("/")
    if not head.endswith("/") and tail[:1] == "v" and tail[1:].replace(".", "").isdigit():
        return head
    return base


def _token_login(options: ConnectionOptions) -> Login:
    verify: bool | str = options.validate_certs is not False
    if verify and options.ca_cert:
        verify = options.ca_cert
    return Login(
        token=str(options.token),
        endpoint=versionless(str(options.endpoint)),
        # Not a secret and often set beside the token: tells which images are the caller's own.
        project_id=os.environ.get("OS_PROJECT_ID") or None,
        verify=verify,
        cert=_client_certificate(options),
    )


def _client_certificate(options: ConnectionOptions) -> None | str | tuple[str, str]:
    if options.client_cert and options.client_key:
        return (options.client_cert, options.client_key)
    if options.client_key:
        raise OptionError("client_key is given without client_cert; give both.")
    return options.client_cert


def _cache_key(options: ConnectionOptions) -> list[Any]:
    """Everything that can decide who logs in where; the values themselves are only ever hashed."""
    environment = sorted((k, v) for k, v in os.environ.items() if k.startswith("OS_"))
    stamps = []
    for folder in (os.getcwd(), os.path.expanduser("~/.config/openstack"), "/etc/openstack", ""):
        for name in ("clouds.yaml", "clouds.yml", "secure.yaml", "clouds-public.yaml"):
            path = os.path.join(folder, name) if folder else os.environ.get("OS_CLIENT_CONFIG_FILE", "")
            try:
                stat = os.stat(path)
            except OSError:
                continue
            stamps.append((path, stat.st_mtime_ns, stat.st_size))
    given = {k: v for k, v in vars(options).items() if k not in ("auth_cache", "api_timeout", "api_retry_time")}
    return [sorted(given.items()), environment, stamps, os.path.expanduser("~")]


def _recall(options: ConnectionOptions) -> Login | None:
    if not options.auth_cache:
        return None
    found = AuthCache(options.auth_cache).get(_cache_key(options))
    if found is None:
        return None
    try:
        found["roles"] = None if found["roles"] is None else tuple(found["roles"])
        found["cert"] = tuple(found["cert"]) if isinstance(found["cert"], list) else found["cert"]
        login = Login(**found)
    except (KeyError, TypeError):
        return None
    return None if login.expires_at is None or _expiring(login) else login


def _remember(options: ConnectionOptions, login: Login) -> Login:
    if options.auth_cache and login.expires_at is not None:
        AuthCache(options.auth_cache).put(_cache_key(options), dict(vars(login)))
    return login


def _identity_login(options: ConnectionOptions) -> Login:
    try:
        import keystoneauth1.exceptions as ksa_exceptions
        from openstack import exceptions as sdk_exceptions
        from openstack.config import OpenStackConfig
    except ImportError as exc:
        raise MissingLibraryError("openstacksdk", "to read clouds.yaml and OS_* variables and to log in") from exc
    try:
        loader = OpenStackConfig(app_name="imageops.glance", load_envvars=not _self_contained(options))
        return _login_to(_region(loader, options), options)
    except (sdk_exceptions.SDKException, ksa_exceptions.ClientException, OSError, TypeError, ValueError) as exc:
        raise AuthError(_without_secrets(_login_problem(exc, options), options)) from exc


def _region(loader: Any, options: ConnectionOptions) -> Any:
    """The cloud's configuration for a region.

    An entry of clouds.yaml with one ``region_name`` refuses all others. Whether there is such a region, the service
    catalog knows, so that one entry serves for all regions of a cloud.
    """
    from openstack.exceptions import ConfigException

    arguments = _config_arguments(options)
    try:
        return loader.get_one(**arguments)
    except ConfigException:
        wanted = arguments.pop("region_name", None)
        if wanted is None:
            raise
    region = loader.get_one(**arguments)
    region.config["region_name"] = wanted
    return region


def _self_contained(options: ConnectionOptions) -> bool:
    """A dict given as ``cloud`` is a whole configuration: the environment must not leak into it."""
    return isinstance(options.cloud, Mapping)


def _config_arguments(options: ConnectionOptions) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    cloud = options.cloud
    if isinstance(cloud, Mapping):
        arguments.update(cloud)
        arguments["cloud"] = None
    elif cloud:
        arguments["cloud"] = cloud
    elif options.auth:
        # Given in the task: no cloud of a file is to be mixed in, so that the task means the same everywhere.
        arguments["cloud"] = None
    for name in ("auth", "auth_type", "region_name", "interface"):
        value = getattr(options, name)
        if value is not None:
            arguments[name] = dict(value) if name == "auth" else value
    for name, key in (("ca_cert", "cacert"), ("client_cert", "cert"), ("client_key", "key")):
        value = getattr(options, name)
        if value is not None:
            arguments[key] = value
    if options.validate_certs is not None:
        arguments["verify"] = options.validate_certs
    return arguments


def _login_to(region: Any, options: ConnectionOptions) -> Login:
    session = region.get_session()
    session.timeout = options.api_timeout
    # A password must not follow a redirect to wherever it points.
    session.redirect = False
    access = _accessed(session, options)
    interface = region.get_interface("image") or "public"
    endpoint = (
        options.endpoint
        or region.get_endpoint("image")
        or _in_catalog(session, region.get_service_type("image"), interface, region.get_region_name("image"))
    )
    if not endpoint:
        raise AuthError(
            f"The cloud's catalog has no {interface} endpoint of service type image"
            f" in region {region.get_region_name('image') or '(any)'}; check region_name and interface."
        )
    identity = _in_catalog(session, "identity", interface, region.region_name)
    verify, cert = region.get_requests_verify_args()
    expires = access.expires.timestamp() if access.expires else None
    return Login(
        token=access.auth_token,
        endpoint=versionless(endpoint),
        project_id=access.project_id,
        project_name=access.project_name,
        project_domain_id=access.project_domain_id,
        roles=tuple(access.role_names),
        identity_endpoint=versionless(identity or session.auth.auth_url),
        expires_at=expires,
        regions=_regions(access.service_catalog, region.get_service_type("image"), interface),
        verify=verify,
        cert=cert,
    )


def _in_catalog(session: Any, service_type: str, interface: str, region: str | None) -> str | None:
    """A service's endpoint, or None when the catalog has none."""
    import keystoneauth1.exceptions as ksa_exceptions

    try:
        found: str | None = session.get_endpoint(service_type=service_type, interface=interface, region_name=region)
    except ksa_exceptions.EndpointNotFound:
        return None
    return found


def _regions(catalog: Any, service_type: str, interface: str) -> dict[str, str]:
    found = catalog.get_endpoints_data(service_type=service_type, interface=interface)
    return {e.region_name: versionless(e.url) for group in found.values() for e in group if e.region_name and e.url}


def _accessed(session: Any, options: ConnectionOptions) -> Any:
    """Log in; again while Identity does not answer or is busy, since a login changes nothing there."""
    import keystoneauth1.exceptions as ksa_exceptions

    attempts = Attempts(RetryPolicy(total_time=options.api_retry_time), f"Logging in at {session.auth.auth_url}")
    while True:
        try:
            return session.auth.get_access(session)
        except ksa_exceptions.InvalidResponse as exc:
            target = exc.response.headers.get("Location")
            if target is None:
                raise
            raise AuthError(
                f"{session.auth.auth_url} redirects to {target}, where a password is not sent; "
                "if that is the Identity service, give its URL as auth_url."
            ) from exc
        except ksa_exceptions.ClientException as exc:
            answer = getattr(exc, "response", None)
            attempts.failed(_root(exc) if answer is None else answer)
            broken = any(isinstance(e, ksa_exceptions.RetriableConnectionFailure) for e in (exc, exc.__context__))
            if isinstance(exc, ksa_exceptions.SSLError):
                problem = tls_problem(exc.__context__ or exc, origin(session.auth.auth_url))
                if problem is not None:
                    raise AuthError(problem) from exc
                broken = True
            if not broken and (answer is None or not attempts.worth_repeating(answer)):
                raise
            try:
                attempts.pause()
            except ApiError as late:
                raise AuthError(_without_secrets(late.message, options)) from exc


def _root(exc: BaseException) -> BaseException:
    """What a chain of exceptions began with: keystoneauth1 wraps "Connection refused" in several sentences."""
    while exc.__cause__ or exc.__context__:
        exc = exc.__cause__ or exc.__context__ or exc
    return exc


def _login_problem(exc: Exception, options: ConnectionOptions) -> str:
    named = options.cloud if isinstance(options.cloud, str) else os.environ.get("OS_CLOUD")
    where = f"cloud '{named}'" if named else "the cloud"
    told = " ".join(str(exc).split()).rstrip(".")
    if getattr(exc, "http_status", None) == 401:
        told = f"Identity does not take the user, the password, the project or a domain: {told}"
    return f"Could not log in to {where}: {told}."


def _without_secrets(text: str, options: ConnectionOptions) -> str:
    """Errors of the configuration layer may quote what they were given."""
    for value in secrets_of(options):
        text = text.replace(value, "********")
    return text


def secrets_of(options: ConnectionOptions) -> list[str]:
    """Every value in the options that must never be shown, longest first."""
    found: list[str] = [options.token] if options.token else []
    auths = [options.auth or {}]
    if isinstance(options.cloud, Mapping):
        auths += [options.cloud.get("auth") or {}, options.cloud]
    for auth in auths:
        found += [
            str(value)
            for key, value in auth.items()
            if isinstance(value, (str, int))
            and any(part in str(key) for part in ("password", "secret", "token", "passcode"))
        ]
    return sorted((value for value in set(found) if len(value) > 2), key=len, reverse=True)
