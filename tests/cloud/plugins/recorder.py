# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback plugin that writes one JSON line a task: its result, and every request that it cost the cloud.

The cloud writes a request into its log before the answer leaves, so what a task has caused is there when it has ended.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: recorder
type: notification
short_description: Records results and requests of every task
description:
  - Writes to the file that E(RECORDER_FILE) names.
options: {}
"""

LOGS = {"glance": "LOCAL_CLOUD_REQUEST_LOG", "keystone": "LOCAL_CLOUD_KEYSTONE_REQUEST_LOG"}


class Tail:
    """A log's lines since the last look."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.offset = os.path.getsize(path)

    def new(self) -> list[dict[str, Any]]:
        """Lines that were added."""
        with open(self.path, "rb") as stream:
            stream.seek(self.offset)
            added = stream.read()
        self.offset += len(added)
        return [json.loads(line) for line in added.splitlines()]


class CallbackModule(CallbackBase):
    """Records."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "recorder"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.tails = {name: Tail(os.environ[variable]) for name, variable in LOGS.items()}

    def record(self, status: str, outcome: Any) -> None:
        """Write the line of one task that has ended."""
        # ansible-core before 2.19 has only the one with the underscore
        result = outcome.result if hasattr(outcome, "result") else outcome._result
        line = {"status": status, "result": result, **{name: tail.new() for name, tail in self.tails.items()}}
        with open(os.environ["RECORDER_FILE"], "a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self.record("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self.record("failed", result)
