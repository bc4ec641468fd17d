# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of any size, made by the code that makes real ones, the same every time."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.report.parts import failed_part, merge, part_of

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SYSTEMS = (
    "Ubuntu 24.04",
    "Debian 13",
    "Rocky Linux 9",
    "Fedora Cloud 43",
    "Alpine 3.22",
    "openSUSE Leap 16.0",
    "Flatcar",
)
KINDS = ("", "minimal", "with NVIDIA drivers", "Kubernetes worker v1.34", "hardened")
MISHAPS = (
    "The upload was broken off by the server (Connection reset by peer) after 1.2 GiB of 2.1 GiB; try again.",
    "https://images.example/noble/20261101/noble-server-amd64.img has another sha256 than its checksum file says.",
)
CHANGES = (
    ("update", ["min_disk: 5 → 10", "hw_disk_bus: none → virtio"]),
    ("replace", ["version 20261008 → 20261101", "the image so far becomes 'Ubuntu 24.04 (20261008)' and is hidden"]),
    ("create", ["is not there yet"]),
    ("adopt", ["holds the same data, not yet marked"]),
)


def name_of(number: int) -> str:
    """Name of the entry of that number."""
    kind = KINDS[number // len(SYSTEMS) % len(KINDS)]
    series = number // (len(SYSTEMS) * len(KINDS))
    return " ".join(filter(None, (SYSTEMS[number % len(SYSTEMS)], kind, f"flavour {series}" if series else "")))


def document(label: str, version: str | None, **more: Any) -> dict[str, Any]:
    """An image of the catalog as the cloud tells it."""
    own = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{label} {version}"))
    marks = {"imageops_catalog": "base", "imageops_entry": label, "imageops_image": own}
    if version is not None:
        marks["imageops_version"] = version
    base = {
        "id": own,
        "name": label,
        "status": "active",
        "visibility": "public",
        "os_hidden": False,
        "protected": False,
        "disk_format": "qcow2",
        "size": 640_000_000,
        "created_at": "2026-11-02T06:00:00Z",
    }
    return {**base, **marks, **more}


def step(action: str, entry: str, version: str | None = None, **more: Any) -> dict[str, Any]:
    """A step of a plan."""
    base = {"action": action, "entry": entry, "version": version, "label": entry, "name": entry, "image_id": None}
    key = None if action == "unchanged" else f"{action} {entry}"
    return {**base, "reasons": [], "key": key, **more}


def region(host: str, entries: int, seed: int, check: bool, trouble: float = 0.04) -> dict[str, Any]:
    """One cloud's part; ``trouble`` is the share of entries with something to do."""
    chance = random.Random(seed)
    steps, images, results = [], [], []
    for number in range(entries):
        name, version = name_of(number), "20261101" if number % 3 else None
        if chance.random() < 0.02:
            continue
        created = NOW - timedelta(hours=chance.randint(2, 9000))
        old = document(
            name,
            version,
            size=chance.randint(40_000_000, 4_000_000_000),
            created_at=f"{created:%Y-%m-%dT%H:%M:%SZ}",
            visibility=chance.choice(("public", "public", "community", "private")),
            protected=chance.random() < 0.1,
        )
        if chance.random() > trouble:
            images.append(old)
            steps.append(step("unchanged", name, version, image_id=old["id"]))
            continue
        action, reasons = chance.choice(CHANGES)
        if action != "create":
            images.append({**old, "imageops_version": "20261008"} if action == "replace" else old)
        steps.append(step(action, name, version, reasons=reasons, image_id=None if action == "create" else old["id"]))
        if chance.random() < 0.3:
            results.append({"key": steps[-1]["key"], "failed": True, "msg": chance.choice(MISHAPS), "image": None})
        else:
            results.append({"key": steps[-1]["key"], "image": old, "verified": chance.random() < 0.8})
    moment = NOW - timedelta(minutes=seed)
    return part_of(host, {"steps": steps}, {}, images, moment, applied={"results": results}, check=check)


def report_of(clouds: int, entries: int, check: bool = False, broken: bool = False) -> dict[str, Any]:
    """A report of that many clouds and entries; ``broken``: the last of them could not be looked at."""
    report: dict[str, Any] | None = None
    trouble = 0.4 if entries < 20 else 0.04
    for number in range(clouds):
        host = f"{('fra', 'ams', 'ord', 'sgp', 'syd')[number % 5]}{number // 5 + 1}"
        report = merge(report, region(host, entries, number + 1, check, trouble))
    if broken:
        why = "The cloud 'lab9' refused the login (401); hold its password in clouds.yaml against the cloud's."
        report = merge(report, failed_part("lab9", "base", why, NOW, check))
    assert report is not None
    return report
