# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keystone as a WSGI application with the request log around it."""

from __future__ import annotations

import importlib
import os
import sys

from request_log import RequestLog

# Keystone's option parser reads the process's arguments as it is imported, and those are gunicorn's.
sys.argv = sys.argv[:1]

application = RequestLog(
    importlib.import_module("keystone.wsgi.api").application,
    os.environ["LOCAL_CLOUD_REQUEST_LOG"],
)
