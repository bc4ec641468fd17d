# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of a plan against a cloud's metadata definitions."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.catalog.plan import plan
from ansible_collections.imageops.glance.plugins.module_utils.catalog.properties import unfit_properties

DEFINITIONS: dict[str, dict[str, Any]] = {
    "hw_disk_bus": {"type": "string", "enum": ["scsi", "virtio"]},
    "hw_qemu_guest_agent": {"type": "boolean"},
    "hw_cpu_cores": {"type": "integer", "minimum": 1},
    "imageops_catalog": {"type": "integer"},
}


def unfit(properties: dict[str, Any]) -> tuple[list[str], list[str]]:
    made = plan([{"name": "A", "url": "https://h/a", "properties": properties}], [], "base")
    return unfit_properties(made, DEFINITIONS)


@pytest.mark.parametrize(
    ("properties", "mistake"),
    [
        ({"hw_disk_bus": "virtoi"}, "property hw_disk_bus is 'virtoi', but must be one of scsi, virtio"),
        ({"hw_qemu_guest_agent": "maybe"}, "property hw_qemu_guest_agent is 'maybe', but must be true or false"),
        ({"hw_cpu_cores": "few"}, "property hw_cpu_cores is 'few', but must be a whole number"),
        ({"hw_cpu_cores": 0}, "property hw_cpu_cores is 0, but must be 1 at least"),
    ],
)
def test_mistakes(properties: dict[str, Any], mistake: str) -> None:
    (found,), warnings = unfit({**properties, "os_distro_of_mine": "fine"})
    assert found.startswith(f"A: {mistake}")
    assert len(warnings) == 1


@pytest.mark.parametrize(
    "properties", [{}, {"hw_disk_bus": "scsi"}, {"hw_disk_bus": None}, {"hw_qemu_guest_agent": True}, {"mine": "x"}]
)
def test_what_fits(properties: dict[str, Any]) -> None:
    """Our own marks and a property that goes are none of the definitions' business."""
    assert unfit(properties) == ([], [])


def test_a_name_that_is_nearly_known_is_a_warning() -> None:
    mistakes, (warning,) = unfit({"hw_disk_buss": "virtio"})
    assert mistakes == []
    assert warning == "A: property hw_disk_buss is not known to this cloud; did you mean hw_disk_bus?"


def test_images_that_go_have_none() -> None:
    assert unfit_properties({"images": [{"key": "prune A", "id": "1", "state": "absent"}]}, DEFINITIONS) == ([], [])
