# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `env` prints: variables for OpenStack clients and for tests."""

from __future__ import annotations

import shlex

from . import web
from .configs import clouds, service_url
from .errors import LocalCloudError
from .layout import KEYSTONE, REGIONS, Layout
from .state import State

DEFAULT_CLOUD = "admin"


def variables(layout: Layout, state: State, cloud: str = DEFAULT_CLOUD, with_token: bool = False) -> dict[str, str]:
    """Variables by name. ``with_token`` logs in to ``cloud`` and adds what a client needs to do without Identity."""
    entries = clouds(state)
    if cloud not in entries:
        raise LocalCloudError(f"There is no cloud '{cloud}'; choose one of {', '.join(sorted(entries))}.")
    first, second = REGIONS
    found = {
        "OS_CLIENT_CONFIG_FILE": str(layout.clouds_yaml),
        "OS_CLOUD": cloud,
        "LOCAL_CLOUD_STATE": str(layout.root),
        "LOCAL_CLOUD_PYTHON": state.python,
        "LOCAL_CLOUD_KEYSTONE_URL": service_url(state, KEYSTONE),
        "LOCAL_CLOUD_IMAGE_URL": service_url(state, first.service),
        "LOCAL_CLOUD_IMAGE_URL_TWO": service_url(state, second.service),
        "LOCAL_CLOUD_REQUEST_LOG": str(layout.request_log(first.service)),
        "LOCAL_CLOUD_REQUEST_LOG_TWO": str(layout.request_log(second.service)),
        "LOCAL_CLOUD_KEYSTONE_REQUEST_LOG": str(layout.request_log(KEYSTONE)),
        "LOCAL_CLOUD_GLANCE_LOG": str(layout.service_log(first.service)),
        "LOCAL_CLOUD_GLANCE_LOG_TWO": str(layout.service_log(second.service)),
        "LOCAL_CLOUD_STORES": str(layout.stores(first.service)),
        "LOCAL_CLOUD_STORES_TWO": str(layout.stores(second.service)),
    }
    for name, value in sorted(state.ids.items()):
        if name.endswith(("_project", "_domain")):
            found[f"LOCAL_CLOUD_{name.upper()}_ID"] = value
    if with_token:
        entry = entries[cloud]
        region = next(region for region in REGIONS if region.name == entry["region_name"])
        found["OS_IMAGE_URL"] = service_url(state, region.service)
        found["OS_AUTH_TOKEN"] = token(state, entry)
    return found


def token(state: State, entry: dict[str, object]) -> str:
    """A new token for an entry of clouds.yaml."""
    auth = entry["auth"]
    if not isinstance(auth, dict):
        raise LocalCloudError("The entry has no auth part.")
    if "application_credential_id" in auth:
        credential = {"id": auth["application_credential_id"], "secret": auth["application_credential_secret"]}
        body: dict[str, object] = {
            "identity": {"methods": ["application_credential"], "application_credential": credential}
        }
    else:
        user = {"name": auth["username"], "password": auth["password"], "domain": {"name": auth["user_domain_name"]}}
        project = {"name": auth["project_name"], "domain": {"name": auth["project_domain_name"]}}
        body = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}
    answer = web.call("POST", f"{service_url(state, KEYSTONE)}/v3/auth/tokens", body={"auth": body})
    return answer.headers["x-subject-token"]


def exports(found: dict[str, str]) -> str:
    """Lines for a shell to evaluate."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in found.items())
