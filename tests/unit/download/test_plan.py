# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image's data has to be, and whether a file is that already."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.download.plan import (
    NO_DIGEST,
    Wanted,
    comparable,
    reason_of,
    verify,
    wanted_of,
)
from ansible_collections.imageops.glance.plugins.module_utils.download.target import Target
from ansible_collections.imageops.glance.plugins.module_utils.errors import ConflictError, VerificationError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.checksum import Checksum
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests
from ansible_collections.imageops.glance.tests.unit.download.helpers import DATA, document, sha512

GOOD = ("sha512", sha512(DATA))
SHA256 = ("sha256", hashlib.sha256(DATA).hexdigest())
WRONG = ("sha256", "0" * 64)
THERE = Target("/x", len(DATA), 0o644)
WANTED = Wanted(len(DATA), GOOD)


def digests(*known: tuple[str, str], size: int = len(DATA)) -> Digests:
    return Digests(size, dict(known))


@pytest.mark.parametrize(
    ("changed", "recorded", "algorithms"),
    [
        ({}, GOOD, ("sha512",)),
        ({"os_hash_value": "AB" * 64}, ("sha512", "ab" * 64), ("sha512",)),
        ({"os_hash_algo": None, "os_hash_value": None, "checksum": "aa"}, ("md5", "aa"), ("md5",)),
        ({"os_hash_algo": "of-tomorrow", "checksum": "aa"}, ("md5", "aa"), ("md5",)),
        ({"os_hash_algo": "shake_128", "checksum": "aa"}, ("md5", "aa"), ("md5",)),
        ({"os_hash_value": None, "checksum": None}, None, ("sha512",)),
    ],
)
def test_the_strongest_digest_that_can_be_computed_counts(
    changed: dict[str, Any], recorded: tuple[str, str] | None, algorithms: tuple[str, ...]
) -> None:
    wanted = wanted_of(document(**changed), None, "image 'Golden'")
    assert wanted.recorded == recorded
    assert wanted.algorithms == algorithms
    assert (wanted.unverified is None) == (recorded is not None)


def test_an_asked_digest_is_hashed_beside_the_recorded_one() -> None:
    wanted = wanted_of(document(), Checksum(*SHA256, None), "image 'Golden'")
    assert wanted.algorithms == ("sha512", "sha256")
    same = wanted_of(document(), Checksum(*GOOD, None), "image 'Golden'")
    assert same.algorithms == ("sha512",)


def test_an_asked_digest_alone_verifies() -> None:
    bare = document(os_hash_value=None, checksum=None)
    assert wanted_of(bare, Checksum(*SHA256, None), "x").unverified is None


@pytest.mark.parametrize("algorithm", ["sha512", "md5"])
def test_an_asked_digest_that_glance_contradicts_is_refused_at_once(algorithm: str) -> None:
    length = hashlib.new(algorithm).digest_size * 2
    with pytest.raises(
        VerificationError, match=rf"checksum: image 'Golden' .* has the {algorithm} .*not 0{{{length}}}"
    ):
        wanted_of(document(), Checksum(algorithm, "0" * length, None), "image 'Golden'")


@pytest.mark.parametrize("status", ["queued", "saving", "uploading", "importing"])
def test_an_image_without_data_is_refused(status: str) -> None:
    with pytest.raises(ConflictError, match=f"no data yet: its status is {status}"):
        wanted_of(document(status=status), None, "image 'Golden'")


def test_a_deactivated_image_has_data() -> None:
    assert wanted_of(document(status="deactivated"), None, "x").recorded == GOOD


@pytest.mark.parametrize(
    ("target", "wanted", "force", "worth"),
    [
        (THERE, WANTED, False, True),
        (THERE, WANTED, True, False),
        (Target("/x"), WANTED, False, False),
        (Target("/x", 5, 0o644), WANTED, False, False),
        (THERE, Wanted(None, GOOD), False, True),
        (Target("/x", 0, 0o644), Wanted(0, GOOD), False, True),
    ],
)
def test_a_file_is_read_only_when_its_size_does_not_decide(
    target: Target, wanted: Wanted, force: bool, worth: bool
) -> None:
    assert comparable(target, wanted, force) is worth


@pytest.mark.parametrize(
    ("target", "wanted", "local", "force", "reason"),
    [
        (Target("/x"), WANTED, None, False, "there is no file yet"),
        (Target("/x"), WANTED, None, True, "there is no file yet"),
        (THERE, WANTED, None, True, "force is set"),
        (Target("/x", 5, 0o644), WANTED, None, False, f"the file has 5 bytes, the image {len(DATA)}"),
        (THERE, WANTED, digests(GOOD), False, None),
        (THERE, WANTED, digests(("sha512", "0")), False, "the file has other data"),
        (THERE, Wanted(len(DATA), GOOD, SHA256), digests(GOOD, SHA256), False, None),
        (THERE, Wanted(len(DATA), None, SHA256), digests(SHA256), False, None),
        (THERE, Wanted(len(DATA), None, SHA256), digests(WRONG), False, "the file has other data"),
        (THERE, Wanted(len(DATA)), digests(GOOD), False, NO_DIGEST),
    ],
)
def test_why_data_is_downloaded(
    target: Target, wanted: Wanted, local: Digests | None, force: bool, reason: str | None
) -> None:
    assert reason_of(target, wanted, local, force, "image 'Golden'") == reason


def test_a_file_with_the_image_that_is_not_the_one_asked_for_is_an_error() -> None:
    """Downloading could only bring the same again."""
    with pytest.raises(VerificationError, match="checksum: image 'Golden' has the sha256"):
        reason_of(THERE, Wanted(len(DATA), GOOD, WRONG), digests(GOOD, SHA256), False, "image 'Golden'")


def test_what_is_right_passes() -> None:
    verify(digests(GOOD, SHA256), Wanted(len(DATA), GOOD, SHA256), "x")
    verify(digests(GOOD), Wanted(None), "x")


@pytest.mark.parametrize(
    ("found", "wanted", "words"),
    [
        (digests(GOOD, size=3), WANTED, "arrived with 3 bytes"),
        (digests(("sha512", "0")), WANTED, "arrived with the sha512 0, but Glance keeps"),
        (digests(GOOD, SHA256), Wanted(len(DATA), GOOD, WRONG), "checksum: .* nothing was put in place"),
    ],
)
def test_what_is_wrong_does_not(found: Digests, wanted: Wanted, words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        verify(found, wanted, "image 'Golden'")
