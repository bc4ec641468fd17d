# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance as a WSGI application with the request log around it."""

from __future__ import annotations

import os

from glance.wsgi.api import application as glance
from request_log import RequestLog

application = RequestLog(glance, os.environ["LOCAL_CLOUD_REQUEST_LOG"])
