# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of gunicorn for Keystone and for Glance; which one, the environment says."""

from __future__ import annotations

import importlib
import os

# The master imports what both workers need once; the workers, forked, only build their application.
for _module in os.environ["LOCAL_CLOUD_PREIMPORT"].split():
    importlib.import_module(_module)

bind = os.environ["LOCAL_CLOUD_BIND"]
proc_name = os.environ["LOCAL_CLOUD_MARKER"]
worker_class = "gthread"
workers = int(os.environ["LOCAL_CLOUD_WORKERS"])
# Uploads and downloads hold a thread for their whole duration, and one region's import reads from the other.
threads = 12
# A busy laptop may pause a worker for long; what hangs is found by the command's own check.
timeout = 300
graceful_timeout = 1
# Longer than clients keep a pooled connection idle, so that none is closed under a request.
keepalive = 120
control_socket_disable = True
