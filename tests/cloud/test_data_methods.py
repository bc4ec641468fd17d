# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud that offers other import methods: said before anything is sent, with what it does offer.

Not beside other tests: it restarts the cloud's Glance with another configuration, and again with its own.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import Done, checked, image, variable
from ansible_collections.imageops.glance.tests.tools.common import CLOUD

SETTING = "DEFAULT.enabled_import_methods"


def configure(value: str) -> None:
    """Set Glance's import methods; an empty text takes that back."""
    words = [str(CLOUD), "up", "--state", variable("LOCAL_CLOUD_STATE"), "--glance-set", f"{SETTING}={value}"]
    subprocess.run(words, check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def restricted() -> Iterator[None]:
    """The cloud with nothing but web-download."""
    configure("[web-download]")
    yield
    configure("")


@pytest.fixture(scope="module")
def done(run: Runner, admin: Glance, prefix: str, restricted: None) -> list[Done]:
    """Methods that are not offered, and a copy for which one is needed."""
    remote = {"remote_region": "RegionTwo", "remote_image_id": "11111111-2222-4333-8444-555555555555"}
    file = {"filename": "$FILES/a.raw", "disk_format": "raw"}
    return run(
        [
            image(name=f"{prefix}direct", import_method="glance-direct", **file),
            checked(name=f"{prefix}direct", import_method="glance-direct", **file),
            image(name=f"{prefix}remote", import_method="glance-download", disk_format="raw", **remote),
            image(name=f"{prefix}copied", stores=["file", "fast"], **file),
            image(name=f"{prefix}plain", **file),
        ]
    )


@pytest.mark.parametrize("index", [0, 1])
def test_a_method_that_is_not_offered_is_told_with_those_that_are(index: int, done: list[Done]) -> None:
    assert done[index].message == "import_method: this cloud does not offer glance-direct; it offers web-download."
    assert done[index].writes == []


def test_a_remote_image_that_is_not_there_is_told_before_anything_is_sent(done: list[Done]) -> None:
    assert done[2].failed
    assert done[2].writes == []


def test_without_copy_image_no_image_is_made_that_lacks_a_store(done: list[Done], admin: Glance, prefix: str) -> None:
    assert "stores: this cloud does not offer copy-image; it offers web-download." in done[3].message
    assert done[3].writes == []
    assert f"{prefix}copied" not in admin.names(prefix)


def test_an_upload_needs_no_method(done: list[Done]) -> None:
    assert done[4].result["verified"] is True
