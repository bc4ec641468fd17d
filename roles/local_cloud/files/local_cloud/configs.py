# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the services are told, as text: Keystone's and Glance's configuration and clouds.yaml. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .layout import DEFAULT_STORE, KEYSTONE, REGIONS, STORES, Layout, Region
from .ports import HOST
from .state import State

Sections = dict[str, dict[str, str]]
IMPORT_METHODS = ("glance-direct", "web-download", "copy-image", "glance-download")
PROJECT = {"admin": "admin", "member": "demo", "other": "other"}
SECOND_DOMAIN = "second"


def render_ini(sections: Mapping[str, Mapping[str, str]]) -> str:
    """Text of an oslo.config file."""
    blocks = []
    for section, options in sections.items():
        lines = [f"{key} = {value}" for key, value in options.items()]
        blocks.append("\n".join([f"[{section}]", *lines]))
    return "\n\n".join(blocks) + "\n"


def merge(sections: Sections, settings: Mapping[str, str]) -> Sections:
    """``sections`` with "section.key" settings of the user on top, in an order that does not depend on theirs."""
    merged = {name: dict(options) for name, options in sections.items()}
    for name, value in sorted(settings.items()):
        section, _dot, key = name.rpartition(".")
        merged.setdefault(section, {})[key] = value
    return merged


def keystone(layout: Layout, database_url: str) -> Sections:
    """Keystone, without its cache: the management commands do not have it."""
    folder = layout.service_dir(KEYSTONE)
    return {
        "DEFAULT": {"log_file": str(layout.service_log(KEYSTONE)), "use_stderr": "false"},
        "database": {"connection": database_url, "max_pool_size": "12"},
        "token": {"provider": "fernet", "expiration": "86400"},
        "fernet_tokens": {"key_repository": str(folder / "fernet-keys")},
        "fernet_receipts": {"key_repository": str(folder / "fernet-keys")},
        "credential": {"key_repository": str(folder / "credential-keys")},
        # The cheapest hash: logins of tests should not cost a processor.
        "identity": {"password_hash_rounds": "4"},
        "oslo_policy": {"enforce_scope": "true"},
    }


def keystone_cache() -> Sections:
    """What Keystone as a service reads on top; the proxy is in serve/keystone_cache.py."""
    return {"cache": {"enabled": "true", "backend": "dogpile.cache.memory", "proxies": "keystone_cache.EpochProxy"}}


@dataclass(frozen=True)
class GlanceInputs:
    """What a Glance's configuration depends on besides the layout."""

    database_url: str
    password: str
    keystone_url: str
    own_url: str
    paste_file: Path


def glance(layout: Layout, region: Region, inputs: GlanceInputs) -> Sections:
    """One region's Glance."""
    folder = layout.service_dir(region.service)
    stores = layout.stores(region.service)
    sections: Sections = {
        "DEFAULT": {
            "log_file": str(layout.service_log(region.service)),
            "use_stderr": "false",
            "enabled_backends": ",".join(f"{store}:file" for store in STORES),
            # Lists of oslo.config that are declared as bounded need the brackets.
            "enabled_import_methods": f"[{','.join(IMPORT_METHODS)}]",
            "worker_self_reference_url": inputs.own_url,
        },
        "database": {"connection": inputs.database_url, "max_pool_size": "12", "max_overflow": "24"},
        "paste_deploy": {"flavor": "keystone", "config_file": str(inputs.paste_file)},
        "glance_store": {"default_backend": DEFAULT_STORE},
        "import_filtering_opts": {
            "allowed_schemes": "[http,https]",
            # Loopback is refused unless it is named, whatever the port.
            "allowed_hosts": f"[{HOST},localhost]",
            "allowed_ports": "[]",
        },
        "keystone_authtoken": {
            "www_authenticate_uri": inputs.keystone_url,
            "auth_url": inputs.keystone_url,
            "auth_type": "password",
            "username": "glance",
            "password": inputs.password,
            "project_name": "service",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
            "service_token_roles_required": "true",
            # A check costs some milliseconds, and a revoked token is refused a second later.
            "token_cache_time": "1",
        },
        "oslo_concurrency": {"lock_path": str(folder / "locks")},
        "task": {"work_dir": str(folder / "work")},
    }
    for store in (*STORES, "os_glance_staging_store", "os_glance_tasks_store"):
        sections[store] = {"filesystem_store_datadir": str(stores / store)}
    return sections


def clouds(state: State) -> dict[str, dict[str, object]]:
    """The entries of clouds.yaml by name."""
    auth_url = f"{service_url(state, KEYSTONE)}/v3"
    entries: dict[str, dict[str, object]] = {}

    def entry(auth: dict[str, str], region: Region, **more: object) -> dict[str, object]:
        common = {"region_name": region.name, "interface": "public", "identity_api_version": "3"}
        return {**more, "auth": {"auth_url": auth_url, **auth}, **common}

    def password(user: str, project: str, account: str, domain: str) -> dict[str, str]:
        return {
            "username": user,
            "password": state.passwords[account],
            "project_name": project,
            "user_domain_name": domain,
            "project_domain_name": domain,
        }

    for suffix, region in zip(("", "-two"), REGIONS):
        for user, project in PROJECT.items():
            entries[user + suffix] = entry(password(user, project, user, "Default"), region)
    entries["second"] = entry(password("member", "demo", "second", SECOND_DOMAIN), REGIONS[0])
    entries["member-appcred"] = entry(
        {
            "application_credential_id": state.ids["application_credential"],
            "application_credential_secret": state.passwords["appcred"],
        },
        REGIONS[0],
        auth_type="v3applicationcredential",
    )
    return entries


def clouds_yaml(state: State) -> str:
    """Text of clouds.yaml."""
    lines = ["clouds:"]
    for name, entry in clouds(state).items():
        lines.append(f"  {name}:")
        for key, value in entry.items():
            if isinstance(value, dict):
                lines.append(f"    {key}:")
                lines += [f"      {inner}: {json.dumps(text)}" for inner, text in value.items()]
            else:
                lines.append(f"    {key}: {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def service_url(state: State, service: str) -> str:
    """Where a service listens, no path."""
    return f"http://{HOST}:{state.ports[service]}"
