# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specifications shared by the modules; each stands for one documentation fragment."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import env_fallback

Spec = dict[str, dict[str, Any]]

#: Fragment imageops.glance.connection. ``cloud`` and ``auth`` may hold passwords, so they are kept out of the system
#: log; the runner then hides only the secrets in them, and not every project name that happens to be there.
CONNECTION: Spec = {
    "cloud": {"type": "raw", "no_log": True},
    "auth": {"type": "dict", "no_log": True},
    "auth_type": {"type": "str"},
    "region_name": {"type": "str"},
    "interface": {"type": "str", "choices": ["admin", "internal", "public"], "aliases": ["endpoint_type"]},
    "validate_certs": {"type": "bool", "aliases": ["verify"]},
    "ca_cert": {"type": "path", "aliases": ["cacert"]},
    "client_cert": {"type": "path", "aliases": ["cert"]},
    "client_key": {"type": "path", "no_log": False, "aliases": ["key_file"]},
    "endpoint": {"type": "str", "fallback": (env_fallback, ["OS_IMAGE_URL"])},
    "token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["OS_AUTH_TOKEN"])},
    "auth_cache": {"type": "path"},
    "api_timeout": {"type": "int", "default": 60},
    "api_retry_time": {"type": "int", "default": 60},
    "sdk_log_path": {"type": "str"},
    "sdk_log_level": {"type": "str", "default": "INFO", "choices": ["INFO", "DEBUG"]},
}

#: What can be said of one image: options of the module image and of each entry of its option images.
ENTRY: Spec = {
    "name": {"type": "str"},
    "id": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent", "deactivated", "inactive"]},
    "disk_format": {"type": "str"},
    "container_format": {"type": "str"},
    "visibility": {"type": "str", "choices": ["public", "private", "shared", "community"]},
    "is_public": {"type": "bool"},
    "protected": {"type": "bool", "aliases": ["is_protected"]},
    "hidden": {"type": "bool", "aliases": ["is_hidden", "os_hidden"]},
    "min_disk": {"type": "str"},
    "min_ram": {"type": "int"},
    "tags": {"type": "list", "elements": "str"},
    "owner": {"type": "str", "aliases": ["project"]},
    "owner_domain": {"type": "str", "aliases": ["project_domain"]},
    "properties": {"type": "dict"},
    "properties_mode": {"type": "str", "choices": ["merge", "exact"]},
    "kernel": {"type": "str"},
    "ramdisk": {"type": "str"},
    "filename": {"type": "path"},
    "url": {"type": "str", "aliases": ["uri"]},
    "url_headers": {"type": "dict", "no_log": True},
    "url_username": {"type": "str"},
    "url_password": {"type": "str", "no_log": True},
    "url_validate_certs": {"type": "bool"},
    "url_ca_cert": {"type": "path"},
    "decompress": {"type": "str", "choices": ["none", "auto", "gzip", "bz2", "xz", "zstd"]},
    "convert": {"type": "str", "choices": ["none", "raw"]},
    "checksum": {"type": "str"},
    "checksum_signature": {"type": "str"},
    "checksum_keyring": {"type": "path", "no_log": False},
    "use_import": {"type": "bool"},
    "import_method": {"type": "str", "choices": ["glance-direct", "web-download", "glance-download"]},
    "remote_region": {"type": "str"},
    "remote_image_id": {"type": "str"},
    "remote_interface": {"type": "str", "choices": ["admin", "internal", "public"]},
    "stores": {"type": "list", "elements": "str"},
    "all_stores": {"type": "bool"},
    "stores_mode": {"type": "str", "choices": ["merge", "exact"]},
    "members": {"type": "list", "elements": "str"},
    "members_mode": {"type": "str", "choices": ["merge", "exact"]},
    "on_content_change": {"type": "str", "choices": ["fail", "ignore", "replace"]},
    "replaced_state": {"type": "str", "choices": ["absent", "hidden", "deactivated"]},
    "replaced_name": {"type": "str"},
    "on_in_use": {"type": "str", "choices": ["fail", "hide"]},
    "volume": {"type": "str"},
}

#: Only in an entry of images.
BATCH_ONLY: Spec = {
    "key": {"type": "str", "no_log": False},
    "after": {"type": "list", "elements": "str"},
    "match": {"type": "dict"},
    "replaces": {"type": "str"},
}

IMAGE: Spec = {
    **ENTRY,
    "images": {"type": "list", "elements": "dict", "options": {**ENTRY, **BATCH_ONLY}},
    "parallel": {"type": "int", "default": 4},
    "wait": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 3600},
    "progress": {"type": "bool", "default": True, "fallback": (env_fallback, ["ANSIBLE_IMAGEOPS_PROGRESS"])},
    "digest_cache": {"type": "path"},
}
