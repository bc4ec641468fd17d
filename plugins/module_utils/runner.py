# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that knows AnsibleModule: options in, one result or one failure out."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.imageops.glance.plugins.module_utils.argspec import CONNECTION, Spec
from ansible_collections.imageops.glance.plugins.module_utils.auth import Cloud, ConnectionOptions, secrets_of
from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.errors import ApiError, GlanceOpsError, OptionError

if TYPE_CHECKING:
    from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import Progress

#: Set by the action plugin: where it reads how far the transfers are.
PROGRESS_VARIABLE = "IMAGEOPS_GLANCE_PROGRESS"

_PASSWORD_IN_URL = re.compile(r"://[^/@\s:]*:([^/@\s]{3,})@")

Handler = Callable[[AnsibleModule], dict[str, Any]]


class FailedResult(GlanceOpsError):
    """A failure that has a result to show beside it."""

    def __init__(self, message: str, result: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.result = dict(result)


def run_module(spec: Spec, handler: Handler, **rules: Any) -> None:
    """Run a module: check its options, call the handler, exit with what it returns or raises.

    :param spec: the module's own options; those of the connection are added
    :param rules: further arguments of AnsibleModule, such as mutually_exclusive
    """
    module = AnsibleModule(argument_spec={**CONNECTION, **spec}, supports_check_mode=True, **rules)
    options = connection_options(module.params)
    _hide_only_secrets(module, options)
    try:
        result = handler(module)
    except FailedResult as exc:
        module.fail_json(msg=_told(exc, options), **exc.result)
    except ApiError as exc:
        module.fail_json(msg=_told(exc, options), status=exc.status, request_id=exc.request_id)
    except GlanceOpsError as exc:
        module.fail_json(msg=_told(exc, options))
    except Exception as exc:
        # A mistake of ours: say so in one sentence, and keep what is needed to report it.
        module.fail_json(
            msg=f"Unexpected {type(exc).__name__} in imageops.glance: {exc}. Please report it.",
            exception=traceback.format_exc(),
        )
    else:
        module.exit_json(**result)


def connection_options(params: Mapping[str, Any]) -> ConnectionOptions:
    """The connection options out of a module's parameters."""
    names = ConnectionOptions.__dataclass_fields__
    return ConnectionOptions(**{name: params[name] for name in names if name in params})


def connect(module: AnsibleModule, parallel: int = 1) -> Glance:
    """Log in and stand ready to call the Image service.

    :raises AuthError: unknown cloud, refused login
    """
    options = connection_options(module.params)
    if options.api_timeout <= 0:
        raise OptionError(f"api_timeout: {options.api_timeout} is not a number of seconds above 0.")
    if options.api_retry_time < 0:
        raise OptionError(f"api_retry_time: {options.api_retry_time} is not a number of seconds.")
    glance = Glance(Cloud(options), parallel)
    # Also a token that came out of a login, or out of auth_cache, must never be shown.
    module.no_log_values.add(glance.login.token)
    return glance


def cache_folder(name: str) -> str:
    """A folder of this collection in the user's cache (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "imageops-glance", name)


def digest_folder(module: AnsibleModule) -> str | None:
    """Where digests of local files are remembered; an empty path turns it off."""
    folder = module.params.get("digest_cache")
    return cache_folder("digests") if folder is None else folder or None


def progress_of(module: AnsibleModule) -> Progress:
    """Where transfers tell how far they are: nowhere, unless the action plugin has asked."""
    from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import NoProgress, ProgressFile

    path = os.environ.get(PROGRESS_VARIABLE)
    return ProgressFile(path) if path and module.params.get("progress", True) else NoProgress()


def _hide_only_secrets(module: AnsibleModule, options: ConnectionOptions) -> None:
    """Ansible hides every value of a no_log option wherever it appears.

    For ``auth`` and ``cloud`` that would blot out names such as "admin" or "demo" all over the result, so that only the
    passwords, secrets and tokens among them stay hidden. A password within a URL is hidden too.
    """
    given = set(_strings(options.auth)) | set(_strings(options.cloud))
    module.no_log_values -= given - set(secrets_of(options))
    inside = {found for text in _strings(module.params) for found in _PASSWORD_IN_URL.findall(text)}
    module.no_log_values |= inside | {unquote(found) for found in inside}


def _strings(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _strings(item)]
    return [] if value is None else [str(value)]


def _told(exc: GlanceOpsError, options: ConnectionOptions) -> str:
    text = exc.message
    for secret in secrets_of(options):
        text = text.replace(secret, "********")
    return text
