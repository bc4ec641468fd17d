# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one cloud remembers between two commands, and the lock that lets only one command change it at a time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional

FORMAT = 1
ACCOUNTS = ("admin", "member", "other", "second", "glance", "appcred")


def new_passwords() -> dict[str, str]:
    """A password for each account of a new cloud."""
    return {account: secrets.token_urlsafe(18) for account in ACCOUNTS}


@dataclass
class ServiceRecord:
    """A started process: ``started`` tells it from a later process with the same ``pid``, ``digest`` what it runs."""

    pid: int
    started: str
    digest: str


@dataclass
class State:
    """Contents of state.json.

    ``built_with`` stamps the packages and the seeding that the databases were made with; empty until they are complete.
    ``ids`` holds Keystone ids by name. ``glance_settings`` maps "section.key" to a value that the user asked for.
    """

    format: int = FORMAT
    built_with: str = ""
    passwords: dict[str, str] = field(default_factory=new_passwords)
    ports: dict[str, int] = field(default_factory=dict)
    services: dict[str, ServiceRecord] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    glance_settings: dict[str, str] = field(default_factory=dict)
    python: str = ""
    postgres_home: str = ""
    socket_dir: str = ""

    @classmethod
    def from_json(cls, text: str) -> Optional[State]:
        """The state written by this version of the command, or None for anything else."""
        try:
            raw: Any = json.loads(text)
        except ValueError:
            return None
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            return None
        known = {key: value for key, value in raw.items() if key in cls.__dataclass_fields__}
        services = known.pop("services", {})
        try:
            state = cls(**known)
            state.services = {name: ServiceRecord(**record) for name, record in services.items()}
        except TypeError:
            return None
        if set(ACCOUNTS) - set(state.passwords):
            return None
        return state

    def to_json(self) -> str:
        """Text for state.json."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


def load(path: Path) -> Optional[State]:
    """The state at ``path``, or None where there is none that can be used."""
    try:
        return State.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def save(path: Path, state: State) -> None:
    """Replace the state at ``path`` in one step."""
    write_private(path, state.to_json())


def write_private(path: Path, text: str) -> bool:
    """Write ``text`` readable by its owner only, in one step; False where the file already held just that."""
    try:
        if path.read_text(encoding="utf-8") == text and path.stat().st_mode & 0o077 == 0:
            return False
    except (FileNotFoundError, UnicodeDecodeError):
        pass
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
    os.replace(beside, path)
    return True


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``; a second command waits here and says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another command that holds {path}", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
