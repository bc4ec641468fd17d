# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data as a raw disk, made by qemu-img; the outcome is kept under the digest of what it was made from."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from ansible_collections.imageops.glance.plugins.module_utils.errors import (
    TransferError,
)
from ansible_collections.imageops.glance.plugins.module_utils.transfer.checksum import Checksum
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import DigestingSource, Digests
from ansible_collections.imageops.glance.plugins.module_utils.transfer.inspect import (
    NEEDED_HEAD,
    detect_disk_format,
    format_contradiction,
)
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import FileSource, Source

#: What qemu-img calls the formats that Glance calls otherwise.
_QEMU_NAMES = {"vhd": "vpc"}
#: An outcome that was not used for this long is removed, in seconds.
KEPT = 14 * 24 * 3600.0


class RawConverted:
    """A source whose data is converted to raw. qemu-img needs to seek, so that this is the one way through a file.

    :param folder: where outcomes are kept; made with mode 0700
    :param checksum: tells sources apart; with it, an outcome that is kept saves reading the source
    :param check: gets the digests of what was read and raises VerificationError when they are not right
    """

    def __init__(
        self,
        source: Source,
        folder: str,
        checksum: Checksum | None = None,
        check: Callable[[Digests], None] | None = None,
    ) -> None:
        self._source = source
        self._folder = folder
        self._checksum = checksum
        self._check = check
        self._path: str | None = None
        self.label = source.label

    @property
    def path(self) -> str:
        """The converted file; made now if it is not kept.

        :raises TransferError: there is no qemu-img
        :raises TransferError: the source cannot be read or converted
        :raises VerificationError: the source is not what the checksum says
        """
        if self._path is None:
            self._path = self._kept_for_checksum() or self._make()
            os.utime(self._path)
            self._forget_unused()
        return self._path

    def published_size(self) -> int | None:
        return FileSource(self.path).published_size()

    def open(self) -> AbstractContextManager[Iterator[bytes]]:
        return FileSource(self.path).open()

    def _kept_for_checksum(self) -> str | None:
        if self._checksum is None or not self._checksum.value:
            return None
        return self._kept(self._checksum.algorithm, self._checksum.value)

    def _kept(self, algorithm: str, digest: str) -> str | None:
        path = self._outcome(algorithm, digest)
        return path if os.path.exists(path) else None

    def _outcome(self, algorithm: str, digest: str) -> str:
        return os.path.join(self._folder, f"{algorithm}-{digest.lower()}.raw")

    def _make(self) -> str:
        qemu_img = shutil.which("qemu-img")
        if qemu_img is None:
            raise TransferError(
                f"convert: qemu-img is needed to convert '{self.label}' and is not installed where the module runs; "
                "install it (package qemu-utils or qemu-img)."
            )
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".making-", dir=self._folder) as workplace:
                return self._made_in(workplace, qemu_img)
        except OSError as exc:
            raise TransferError(f"convert: {self._folder} cannot take the converted image ({exc.strerror}).") from exc

    def _made_in(self, workplace: str, qemu_img: str) -> str:
        fetched = os.path.join(workplace, "source")
        algorithm = self._checksum.algorithm if self._checksum is not None else "sha256"
        digest = self._fetch(fetched, algorithm)
        kept = self._kept(algorithm, digest)
        if kept is not None:
            return kept
        with open(fetched, "rb") as stream:
            head, size = stream.read(NEEDED_HEAD), os.path.getsize(fetched)
        found = detect_disk_format(head, size)
        if found is None:
            raise TransferError(
                f"convert: '{self.label}' has no header of a known disk format, so it cannot be converted."
            )
        # Such as a backing file, whose content, that of any file of this machine, qemu-img would bring into the image.
        danger = format_contradiction(found, head, size)
        if danger is not None:
            raise TransferError(f"convert: '{self.label}' is not converted. {danger}")
        made = fetched if found == "raw" else os.path.join(workplace, "raw")
        if found != "raw":
            _convert(qemu_img, _QEMU_NAMES.get(found, found), fetched, made, self.label)
        outcome = self._outcome(algorithm, digest)
        os.replace(made, outcome)
        return outcome

    def _fetch(self, path: str, algorithm: str) -> str:
        hashing = DigestingSource(self._source, [algorithm])
        with open(path, "wb") as out, hashing.open() as chunks:
            out.writelines(chunks)
        if self._check is not None:
            self._check(hashing.digests)
        wanted = self._checksum.value if self._checksum is not None else None
        return wanted or hashing.digests.hashes[algorithm]

    def _forget_unused(self) -> None:
        oldest = time.time() - KEPT
        with os.scandir(self._folder) as listing:
            unused = [e.path for e in listing if e.name.endswith(".raw") and e.stat().st_mtime < oldest]
        for path in unused:
            os.unlink(path)


def _convert(qemu_img: str, disk_format: str, source: str, target: str, label: str) -> None:
    # The format is named, so that qemu-img never guesses one that would make it open other files.
    command = [qemu_img, "convert", "-f", disk_format, "-O", "raw", source, target]
    # No AnsibleModule is known here, so there is no run_command.
    done = subprocess.run(  # pylint: disable=ansible-bad-function
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()
        raise TransferError(
            f"convert: qemu-img could not convert '{label}': {reason[-1] if reason else 'no reason given'}."
        )
