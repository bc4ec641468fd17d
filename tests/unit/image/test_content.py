# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the data that an image has the data that is wanted? Of the source no more is read than the answer needs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.errors import TransferError
from ansible_collections.imageops.glance.plugins.module_utils.image import sources as sources_module
from ansible_collections.imageops.glance.plugins.module_utils.image.content import (
    DIFFERENT,
    MISSING,
    SAME,
    UNMANAGED,
    judge,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.sources import Sources
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import ENTRY_DEFAULTS, Wish, wish_of

DATA = b"data of the image"
SHA512, SHA256, MD5 = (hashlib.new(name, DATA).hexdigest() for name in ("sha512", "sha256", "md5"))
ACTIVE: dict[str, Any] = {
    "id": "i", "status": "active", "disk_format": "raw", "container_format": "bare", "size": len(DATA),
    "os_hash_algo": "sha512", "os_hash_value": SHA512, "checksum": MD5, "created_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
OTHER = {**ACTIVE, "os_hash_value": "0" * 128, "checksum": "0" * 32}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The algorithms of each reading of a whole source."""
    readings: list[tuple[str, ...]] = []
    real = Sources.digests

    def digests(self: Sources, data: Any, algorithms: tuple[str, ...]) -> Any:
        readings.append(algorithms)
        return real(self, data, algorithms)

    monkeypatch.setattr(sources_module.Sources, "digests", digests)
    return readings


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "image"
    path.write_bytes(DATA)
    return str(path)


def wish(**options: Any) -> Wish:
    return wish_of({**ENTRY_DEFAULTS, "name": "x", **options})


@pytest.mark.parametrize(
    ("current", "options", "verdict"),
    [
        (None, {}, UNMANAGED),
        (None, {"checksum": MD5}, UNMANAGED),
        ({"status": "queued"}, {"disk_format": "raw", "checksum": MD5}, UNMANAGED),
        (ACTIVE, {}, UNMANAGED),
        (ACTIVE, {"disk_format": "raw", "container_format": "bare"}, UNMANAGED),
        (ACTIVE, {"disk_format": "qcow2"}, DIFFERENT),
        (ACTIVE, {"container_format": "ovf"}, DIFFERENT),
        (ACTIVE, {"checksum": MD5}, SAME),
        (ACTIVE, {"checksum": SHA512.upper()}, SAME),
        (ACTIVE, {"checksum": "0" * 32}, DIFFERENT),
        ({**ACTIVE, "status": "deactivated"}, {"checksum": "0" * 32}, DIFFERENT),
        ({**ACTIVE, "owner_specified.openstack.sha256": SHA256}, {"checksum": SHA256}, SAME),
        ({**ACTIVE, "owner_specified.openstack.sha256": SHA256}, {"checksum": "0" * 64}, DIFFERENT),
    ],
)
def test_without_data(current: Any, options: dict[str, Any], verdict: str) -> None:
    assert judge(current, wish(**options), Sources()).verdict == verdict


def test_a_checksum_that_nobody_knows_is_doubted() -> None:
    found = judge(ACTIVE, wish(checksum=SHA256), Sources())
    assert (found.verdict, found.doubt) == (
        UNMANAGED,
        "the cloud knows no sha256 of the image to hold against checksum",
    )


@pytest.mark.parametrize(
    ("current", "options", "verdict", "readings"),
    [
        (None, {}, MISSING, []),
        ({"status": "queued"}, {}, MISSING, []),
        (ACTIVE, {}, SAME, [("sha512",)]),
        (OTHER, {}, DIFFERENT, [("sha512",)]),
        ({**ACTIVE, "size": 3}, {}, DIFFERENT, []),
        (ACTIVE, {"disk_format": "qcow2"}, DIFFERENT, []),
        (ACTIVE, {"checksum": MD5}, SAME, []),
        (OTHER, {"checksum": MD5}, DIFFERENT, []),
        (ACTIVE, {"checksum": SHA512}, SAME, []),
        (ACTIVE, {"checksum": SHA256}, SAME, [("sha512", "sha256")]),
        ({**ACTIVE, "owner_specified.openstack.sha256": SHA256}, {"checksum": SHA256}, SAME, []),
        ({**ACTIVE, "os_hash_algo": "sha256", "os_hash_value": SHA256}, {}, SAME, [("sha256",)]),
        ({**ACTIVE, "os_hash_algo": None, "os_hash_value": None}, {}, SAME, [("md5",)]),
    ],
)
def test_with_a_file(
    file: str, read: list[Any], current: Any, options: dict[str, Any], verdict: str, readings: list[Any]
) -> None:
    assert judge(current, wish(filename=file, **options), Sources()).verdict == verdict
    assert read == readings


def test_a_cloud_that_keeps_no_hash_is_doubted(file: str, read: list[Any]) -> None:
    current = {**ACTIVE, "os_hash_algo": None, "os_hash_value": None, "checksum": None}
    found = judge(current, wish(filename=file), Sources())
    assert (found.verdict, found.doubt) == (SAME, "the cloud keeps no hash of the image to compare by")
    assert read == []


def test_a_missing_file_is_an_error_even_when_the_image_is_complete() -> None:
    with pytest.raises(TransferError, match=r"^filename: The file '/nonexistent/x' cannot be opened"):
        judge(ACTIVE, wish(filename="/nonexistent/x", checksum=MD5), Sources())


def test_what_a_url_has_taught_is_kept(file: str) -> None:
    found = judge({**ACTIVE, "created_at": None}, wish(url=f"file://{file}", checksum=SHA256), Sources())
    assert (found.verdict, found.learned) == (SAME, {"owner_specified.openstack.sha256": SHA256})


# ---- an image of another region

REMOTE = {
    "remote_image_id": "0f5a1ab9-7e0a-4c5e-9d52-000000000001",
    "remote_region": "r",
    "import_method": "glance-download",
}


@pytest.mark.parametrize(
    ("remote", "verdict", "doubt"),
    [
        (ACTIVE, SAME, None),
        (OTHER, DIFFERENT, None),
        ({**ACTIVE, "os_hash_algo": "sha256", "os_hash_value": SHA256}, SAME, None),
        (None, SAME, "region r cannot be read from here to compare the data"),
        (
            {"os_hash_algo": "sha256", "os_hash_value": SHA256},
            SAME,
            "the two regions use no common hash algorithm to compare the data by",
        ),
    ],
)
def test_with_an_image_of_another_region(remote: Any, verdict: str, doubt: str | None) -> None:
    found = judge(ACTIVE, wish(**REMOTE), Sources(remote=lambda *_asked: remote))
    assert (found.verdict, found.doubt) == (verdict, doubt)
