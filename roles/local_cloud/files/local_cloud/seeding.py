# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases of a new cloud, and the copies of them that a reset goes back to."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Optional

from .errors import LocalCloudError
from .layout import DATABASES, KEYSTONE, REGIONS, STORES, Layout
from .postgres import Postgres
from .state import State

INITIAL = "_initial"
INTERNAL_STORES = ("os_glance_staging_store", "os_glance_tasks_store")


def make_folders(layout: Layout, service: str) -> None:
    """Folders that the service expects to find."""
    folder = layout.service_dir(service)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if service != KEYSTONE:
        for store in (*STORES, *INTERNAL_STORES):
            (layout.stores(service) / store).mkdir(parents=True, exist_ok=True)
        for name in ("locks", "work"):
            (folder / name).mkdir(exist_ok=True)


def write_keys(layout: Layout) -> None:
    """Keystone's symmetric keys: 0 is staged, 1 is primary, as its own set-up command leaves them."""
    for kind in ("fernet-keys", "credential-keys"):
        folder = layout.service_dir(KEYSTONE) / kind
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        for name in ("0", "1"):
            key = folder / name
            key.write_bytes(base64.urlsafe_b64encode(os.urandom(32)))
            key.chmod(0o600)


def make_databases(layout: Layout, state: State, server: Postgres) -> None:
    """Tables of all services, Glance's metadata definitions and Keystone's administrator."""
    bin_dir = Path(state.python).parent
    first, *others = (region.service for region in REGIONS)
    for region in REGIONS:
        empty_folders(layout.stores(region.service))
    _create(server, KEYSTONE, first)

    def glance() -> None:
        config = ("--config-file", str(layout.config_file(first)))
        _run(layout, [str(bin_dir / "glance-manage"), *config, "db_sync"])
        metadefs = bin_dir.parent / "etc/glance/metadefs"
        _run(layout, [str(bin_dir / "glance-manage"), *config, "db_load_metadefs", str(metadefs)])
        for other in others:
            server.sql(f"CREATE DATABASE {other} TEMPLATE {first};")

    def keystone() -> None:
        config = ("--config-file", str(layout.config_file(KEYSTONE)))
        _run(layout, [str(bin_dir / "keystone-manage"), *config, "db_sync"])
        secret = {"OS_BOOTSTRAP_PASSWORD": state.passwords["admin"]}
        _run(layout, [str(bin_dir / "keystone-manage"), *config, "bootstrap"], secret)

    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(glance), pool.submit(keystone)]:
            job.result()


def _create(server: Postgres, *databases: str) -> None:
    server.sql("".join(f"CREATE DATABASE {database};" for database in databases))


def _run(layout: Layout, command: list[str], secret: Optional[dict[str, str]] = None) -> None:
    log = layout.logs / "seeding.log"
    with open(log, "a", encoding="utf-8") as output:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            env={**os.environ, **(secret or {})},
        )
    if done.returncode:
        raise LocalCloudError(f"{Path(command[0]).name} {command[3]} failed; see {log}.")


def snapshot_sql() -> str:
    """Keep a copy of each database. One can be copied only while nobody is connected, so connections end and wait."""
    statements = []
    for database in DATABASES:
        statements += [
            f"ALTER DATABASE {database} ALLOW_CONNECTIONS false;",
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database}';",
            f"CREATE DATABASE {database}{INITIAL} TEMPLATE {database};",
            f"ALTER DATABASE {database} ALLOW_CONNECTIONS true;",
            f"ALTER DATABASE {database}{INITIAL} ALLOW_CONNECTIONS false;",
        ]
    return "\n".join(statements)


def restore_sql(databases: Iterable[str] = DATABASES) -> str:
    """Put each copy in place of its database; the services connect anew by themselves."""
    return "\n".join(
        f"DROP DATABASE IF EXISTS {database} WITH (FORCE);\nCREATE DATABASE {database} TEMPLATE {database}{INITIAL};"
        for database in databases
    )


def missing(server: Postgres) -> list[str]:
    """Databases that a reset that was killed did not make anew."""
    present = set(server.sql("SELECT datname FROM pg_database;").split())
    return [database for database in DATABASES if database not in present]


def empty_folders(stores: Path) -> None:
    """Remove everything inside each folder below ``stores``, but not the folders."""
    if not stores.exists():
        return
    for folder in stores.iterdir():
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
