# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksum files that are believed only when a given key has signed them."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.tests.cloud.conftest import Runner
from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.cloud.plays import Task, image
from ansible_collections.imageops.glance.tests.tools import samples
from ansible_collections.imageops.glance.tests.web_server.server import Page, running

SIGNED = Path(__file__).parent / "signed"
DATA = samples.noise("signed", 64 << 10)
PUBLISHER, SOMEBODY = str(SIGNED / "publisher.asc"), str(SIGNED / "somebody.asc")

with_gpgv = pytest.mark.skipif(shutil.which("gpgv") is None, reason="gpgv is not installed (package gpgv)")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A publisher's folder; below /forged, the checksum file is another than the one that was signed."""
    with running() as server:
        server.add("/signed.raw", Page(DATA))
        for file in SIGNED.glob("SHA256SUMS*"):
            server.add(f"/{file.name}", Page(file.read_bytes()))
            server.add(f"/forged/{file.name}", Page(file.read_bytes().replace(b"a01750", b"b01750")))
        yield server.url


def entry(url: str, name: str, signature: str, sums: str = "SHA256SUMS", keyring: str = PUBLISHER) -> dict[str, Any]:
    return {
        "name": name,
        "url": f"{url}/signed.raw",
        "disk_format": "raw",
        "checksum": f"sha256:{url}/{sums}",
        "checksum_signature": signature,
        "checksum_keyring": keyring,
    }


@with_gpgv
def test_what_the_right_key_has_signed_is_believed(run: Runner, url: str, prefix: str, admin: Glance) -> None:
    ways = [
        entry(url, f"{prefix} armoured", f"{url}/SHA256SUMS.asc"),
        entry(url, f"{prefix} binary", f"{url}/SHA256SUMS.gpg", keyring=str(SIGNED / "publisher.gpg")),
        entry(url, f"{prefix} path", str(SIGNED / "SHA256SUMS.asc")),
        entry(url, f"{prefix} inline", "inline", "SHA256SUMS.inline"),
    ]
    first, again = run([image(images=ways), image(images=ways)])
    assert not first.failed, first.message
    assert (first.changed, again.changed, again.failed) == (True, False, False)
    published = admin.images(prefix)
    assert sorted(one["name"] for one in published) == sorted(way["name"] for way in ways)
    assert {one["os_hash_value"] for one in published} == {hashlib.sha512(DATA).hexdigest()}


@with_gpgv
def test_what_it_has_not_signed_is_never_published(run: Runner, url: str, prefix: str, admin: Glance) -> None:
    """One of them asks for the same checksum file without a signature, which must not help the others."""
    wrong = [
        (entry(url, "other key", f"{url}/SHA256SUMS.asc", keyring=SOMEBODY), f"not signed by a key of {SOMEBODY}"),
        (entry(url, "forged", f"{url}/forged/SHA256SUMS.asc", "forged/SHA256SUMS"), "not signed by a key of"),
        (entry(url, "forged inline", "inline", "forged/SHA256SUMS.inline"), "not signed by a key of"),
        (entry(url, "no signature", f"{url}/nowhere.asc"), r"nowhere\.asc.*404"),
        (
            entry(url, "no file", "/nowhere/SHA256SUMS.asc"),
            "checksum_signature: /nowhere/SHA256SUMS.asc cannot be read",
        ),
        (entry(url, "no keys", f"{url}/SHA256SUMS.asc", keyring="/nowhere"), "checksum_keyring: /nowhere cannot be"),
        (entry(url, "is no keyring", f"{url}/SHA256SUMS.asc", keyring=__file__), "not signed by a key of"),
    ]
    named = [{**options, "name": f"{prefix} wrong {options['name']}"} for options, _says in wrong]
    unsigned = {
        key: value
        for key, value in entry(url, f"{prefix} unsigned", "").items()
        if not key.startswith(("checksum_signature", "checksum_keyring"))
    }
    (done,) = run([image(images=[unsigned, *named], parallel=1)])
    assert done.failed
    results = {one["name"]: one for one in done.result["results"]}
    for options, (_options, says) in zip(named, wrong, strict=True):
        assert re.search(says, results[options["name"]]["msg"]), results[options["name"]]["msg"]
    assert admin.images(f"{prefix} wrong") == []
    assert [one["status"] for one in admin.images(f"{prefix} unsigned")] == ["active"]


def test_without_gpgv_or_keys_nothing_is_believed(run: Runner, url: str, prefix: str, admin: Glance) -> None:
    good = entry(url, f"{prefix} nothing", f"{url}/SHA256SUMS.asc")
    keyless = {key: value for key, value in good.items() if key != "checksum_keyring"}
    missing, unsaid = run([Task("image", good, environment={"PATH": "/nowhere"}), image(**keyless)])
    assert missing.failed
    assert "gpgv is needed where the module runs; install it" in missing.message
    assert unsaid.failed
    assert "checksum_keyring: name the file of the keys that may sign" in unsaid.message
    assert admin.images(f"{prefix} nothing") == []
