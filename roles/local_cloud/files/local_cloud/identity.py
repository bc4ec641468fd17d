# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Keystone holds in a new cloud: domains, projects, users, roles, catalog and an application credential."""

from __future__ import annotations

from typing import Any, Optional

from . import web
from .configs import PROJECT, SECOND_DOMAIN, service_url
from .errors import LocalCloudError
from .layout import KEYSTONE, REGIONS
from .state import State


class Keystone:
    """Keystone's API as far as seeding needs it, with one token."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    def create(self, kind: str, **fields: Any) -> str:
        """Id of a new resource such as "project"."""
        answer = web.call("POST", f"{self.url}/v3/{kind}s", self.token, {kind: fields})
        return str(answer.body[kind]["id"])

    def find(self, kind: str, name: str) -> str:
        """Id of the resource of that name."""
        found = web.call("GET", f"{self.url}/v3/{kind}s?name={name}", self.token).body[f"{kind}s"]
        if len(found) != 1:
            raise LocalCloudError(f"Keystone has {len(found)} {kind}s named {name}, not one.")
        return str(found[0]["id"])

    def grant(self, role: str, user: str, project: str) -> None:
        """Give a role, all by id."""
        web.call("PUT", f"{self.url}/v3/projects/{project}/users/{user}/roles/{role}", self.token)


def login(keystone_url: str, user: str, password: str, project: str, domain: str = "Default") -> str:
    """A new token for a user in a project of the same domain."""
    identity = {
        "methods": ["password"],
        "password": {"user": {"name": user, "domain": {"name": domain}, "password": password}},
    }
    scope = {"project": {"name": project, "domain": {"name": domain}}}
    answer = web.call("POST", f"{keystone_url}/v3/auth/tokens", body={"auth": {"identity": identity, "scope": scope}})
    return answer.headers["x-subject-token"]


def seed(state: State) -> None:
    """Fill a Keystone that holds no more than the administrator; notes the ids in ``state``."""
    url = service_url(state, KEYSTONE)
    keystone = Keystone(url, login(url, "admin", state.passwords["admin"], "admin"))
    _seed_catalog(keystone, state)
    roles = {name: keystone.find("role", name) for name in ("admin", "member", "service")}
    second = keystone.create("domain", name=SECOND_DOMAIN)

    def account(user: str, project_name: str, role: str, secret: str, domain: str) -> tuple[str, str]:
        project = keystone.create("project", name=project_name, domain_id=domain)
        user_id = keystone.create("user", name=user, domain_id=domain, password=state.passwords[secret])
        keystone.grant(roles[role], user_id, project)
        return project, user_id

    state.ids["admin_project"] = keystone.find("project", "admin")
    account("glance", "service", "service", "glance", "default")
    state.ids["member_project"], member = account("member", PROJECT["member"], "member", "member", "default")
    state.ids["other_project"], _user = account("other", PROJECT["other"], "member", "other", "default")
    state.ids["second_project"], _user = account("member", PROJECT["member"], "member", "second", second)
    state.ids["second_domain"] = second

    own = Keystone(url, login(url, "member", state.passwords["member"], PROJECT["member"]))
    credential = {"name": "local-cloud", "secret": state.passwords["appcred"]}
    answer = web.call(
        "POST", f"{url}/v3/users/{member}/application_credentials", own.token, {"application_credential": credential}
    )
    state.ids["application_credential"] = str(answer.body["application_credential"]["id"])


def _seed_catalog(keystone: Keystone, state: State) -> None:
    """Both regions, each with an image endpoint and with Keystone's own."""
    services = {
        "image": keystone.create("service", type="image", name="glance"),
        "identity": keystone.create("service", type="identity", name="keystone"),
    }
    for region in REGIONS:
        web.call("PUT", f"{keystone.url}/v3/regions/{region.name}", keystone.token, {"region": {}})
        urls = {"image": service_url(state, region.service), "identity": f"{keystone.url}/v3"}
        for service, url in urls.items():
            for interface in ("public", "internal", "admin"):
                keystone.create(
                    "endpoint", service_id=services[service], region_id=region.name, interface=interface, url=url
                )


def endpoint_update(state: State) -> str:
    """SQL that points the catalog to the ports in ``state``; Keystone itself is down or busy when this is needed."""
    statements = [_update("identity", f"{service_url(state, KEYSTONE)}/v3", None)]
    statements += [_update("image", service_url(state, region.service), region.name) for region in REGIONS]
    return "\n".join(statements)


def _update(service_type: str, url: str, region: Optional[str]) -> str:
    where = f"service_id IN (SELECT id FROM service WHERE type = '{service_type}')"
    if region:
        where += f" AND region_id = '{region}'"
    return f"UPDATE endpoint SET url = '{url}' WHERE {where} AND url <> '{url}';"
