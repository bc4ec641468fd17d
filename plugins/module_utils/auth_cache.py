# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finished logins in a folder that only its owner can read, so that the next task need not log in again."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError


class AuthCache:
    """One file a login: name = hash of what identifies it, content = JSON. Folder 0700, files 0600.

    :raises OptionError: the folder belongs to somebody else or others may read it
    """

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(os.path.expanduser(folder))
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            found = os.stat(self.folder)
        except OSError as exc:
            raise OptionError(f"auth_cache {self.folder} cannot be used as a folder ({exc.strerror}).") from exc
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise OptionError(
                f"auth_cache {self.folder} holds tokens, so it must belong to the user of the task and have mode 0700."
            )

    def get(self, key: Any) -> dict[str, Any] | None:
        """What was put for this key, or None. A damaged or foreign file counts as none."""
        path = self._path(key)
        try:
            with open(path, encoding="utf-8") as stream:
                found = os.fstat(stream.fileno())
                if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
                    return None
                content = json.load(stream)
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def put(self, key: Any, content: dict[str, Any]) -> None:
        """Keep the content; a full or read-only disk only means that the next task logs in itself."""
        try:
            handle, temporary = tempfile.mkstemp(dir=self.folder)  # mode 0600
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as stream:
                    json.dump(content, stream)
                os.replace(temporary, self._path(key))
            except OSError:
                os.unlink(temporary)
        except OSError:
            return

    def _path(self, key: Any) -> str:
        name = hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()
        return os.path.join(self.folder, name + ".json")
