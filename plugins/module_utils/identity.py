# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects by name, asked from Keystone with the token that is there (Identity API v3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ansible_collections.imageops.glance.plugins.module_utils.answers import api_error
from ansible_collections.imageops.glance.plugins.module_utils.auth import Cloud, Login
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.transport import Http

if TYPE_CHECKING:
    import requests

_ID = re.compile(r"[0-9a-f]{32}\Z|[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\Z")


class Projects:
    """Turns names of projects into ids; asks for each name once."""

    def __init__(self, http: Http, cloud: Cloud) -> None:
        self._http = http
        self._cloud = cloud
        self._known: dict[tuple[str, str | None], str] = {}

    def id_of(self, given: str, option: str, domain: str | None = None) -> str:
        """The id of a project given by id or name, in a domain given by id or name.

        :param option: the option that names the project, for messages
        :raises OptionError: no such project, several, or no Identity service to ask
        """
        if _ID.match(given):
            return given
        login = self._cloud.login()
        if domain is None and given == login.project_name and login.project_id:
            return login.project_id
        key = (given, domain)
        if key not in self._known:
            self._known[key] = self._find(given, option, domain)
        return self._known[key]

    def _find(self, name: str, option: str, domain: str | None) -> str:
        if self._cloud.login().identity_endpoint is None:
            raise OptionError(f"{option}: with endpoint and token, give the id of project '{name}' and not its name.")
        domain_id = None if domain is None else self._domain(domain)
        # The first list needs no privilege, the second one sees every project.
        found = [p for p in self._list("auth/projects", {}) if p["name"] == name]
        found = [p for p in found if domain_id in (None, p.get("domain_id"))]
        if len(found) != 1:
            query = {"name": name} if domain_id is None else {"name": name, "domain_id": domain_id}
            found = self._list("projects", query) or found
        if not found:
            raise OptionError(
                f"{option}: project '{name}' does not exist, or this user may not look it up; give its id instead."
            )
        if len(found) > 1:
            ids = ", ".join(f"{p['id']} in domain {p.get('domain_id')}" for p in found)
            way = "give an id" + (f" or {option}_domain" if option in ("owner", "member") else "")
            raise OptionError(f"{option}: there are several projects named '{name}' ({ids}); {way}.")
        return str(found[0]["id"])

    def _domain(self, given: str) -> str:
        found = [d["id"] for d in self._list("domains", {"name": given}) if d["name"] == given]
        # Who may not list domains can still name one by its id.
        return str(found[0]) if found else given

    def _list(self, what: str, query: dict[str, str]) -> list[dict[str, Any]]:
        login = self._cloud.login()
        response = self._asked(login, what, query)
        if response.status_code == 401:
            renewed = self._cloud.renew(login.token)
            response = response if renewed is None else self._asked(renewed, what, query)
        if response.status_code == 403:
            return []
        if response.status_code != 200:
            raise api_error(response, f"looking up {what}")
        key = what.rpartition("/")[2]
        return list(response.json()[key])

    def _asked(self, login: Login, what: str, query: dict[str, str]) -> requests.Response:
        return self._http.send(
            "GET",
            f"{login.identity_endpoint}/v3/{what}",
            {"X-Auth-Token": login.token, "Accept": "application/json"},
            params=query,
            repeatable=True,
        )
