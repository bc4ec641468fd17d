# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keystone's cache: without one it asks the database some 400 times for each token that it checks.

It lives in the one process that Keystone has here, so what one request changes the next one sees. The command changes
the databases past Keystone (reset, new ports); it then touches the file ``LOCAL_CLOUD_CACHE_EPOCH``, and nothing older
is used.
"""

from __future__ import annotations

import os
import pickle
from typing import Any

from dogpile.cache.api import NO_VALUE
from dogpile.cache.proxy import ProxyBackend


class EpochProxy(ProxyBackend):
    """Around dogpile's dictionary: only keys of the present epoch, and copies, so that no caller changes a value."""

    def get(self, key: str) -> Any:
        """The value, or NO_VALUE."""
        found = self.proxied.get(stamped(key))
        return pickle.loads(found) if isinstance(found, bytes) else NO_VALUE

    def get_multi(self, keys: Any) -> list[Any]:
        """The values in the order of ``keys``."""
        return [self.get(key) for key in keys]

    def set(self, key: str, value: Any) -> None:
        """Keep a copy of ``value``."""
        self.proxied.set(stamped(key), pickle.dumps(value))

    def set_multi(self, mapping: Any) -> None:
        """Keep several."""
        for key, value in mapping.items():
            self.set(key, value)

    def delete(self, key: str) -> None:
        """Forget one, known or not."""
        self.proxied.delete(stamped(key))

    def delete_multi(self, keys: Any) -> None:
        """Forget several."""
        for key in keys:
            self.delete(key)


def stamped(key: str) -> str:
    """The key in the present epoch."""
    try:
        epoch = os.stat(os.environ["LOCAL_CLOUD_CACHE_EPOCH"]).st_mtime_ns
    except FileNotFoundError:
        epoch = 0
    return f"{epoch}:{key}"
