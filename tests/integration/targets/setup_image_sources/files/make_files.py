# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the files that the targets publish: one disk in many packings, its checksum files, and broken ones.

make_files.py FOLDER
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import sys
from pathlib import Path

import zstandard
from ansible_collections.imageops.glance.tests.tools import samples

SIZE = 3 * 1024 * 1024
KINDS = ("md5", "sha256", "sha512")


def packings(data: bytes) -> dict[str, bytes]:
    """The same data in each packing, by suffix."""
    return {
        "gz": gzip.compress(data, 1, mtime=0),
        "bz2": bz2.compress(data, 1),
        "xz": lzma.compress(data, preset=0),
        "zst": zstandard.ZstdCompressor().compress(data),
    }


def checksum_files(disk: bytes) -> dict[str, str]:
    """Checksum files by name: the styles that publishers use, and those without an answer."""
    sha256, sha512 = hashlib.sha256(disk).hexdigest(), hashlib.sha512(disk).hexdigest()
    other = hashlib.sha256(b"another disk").hexdigest()
    return {
        "GNU": f"{other}  disk.raw.old\n{sha256}  disk.raw\n{other}  another-disk.raw\n",
        "MARKED": f"{other} *other.raw\n{sha256} *disk.raw\n",
        "PATHS": f"{other}  ./images/disk.raw.old\n{sha512}  ./images/noble/disk.raw\n",
        "BSD": f"# 3 MiB\nSHA512 (disk.raw) = {sha512}\nSHA256 (a.raw) = {other}\nSHA256 (disk.raw) = {sha256}\n",
        "ALONE": f"{sha256}\n",
        "SEVERAL": f"{sha256}  amd64/disk.raw\n{other}  arm64/disk.raw\n",
        "NONE": f"{other}  disk.raw.old\n{other}  adisk.raw\n",
        "WRONG": f"{other}  disk.raw\n",
    }


def main() -> None:
    """Write everything into the folder."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    # Half of it noise, so that the packed data is neither tiny nor as large as the disk.
    disk, other = (samples.raw_disk(seed, SIZE // 2) + bytes(SIZE // 2) for seed in ("disk", "other"))
    files = {"disk.raw": disk, "other.raw": other, "empty.raw": b"", "disk.qcow2": samples.qcow2("disk", clusters=4)}
    files["disk.qcow2.gz"] = packings(files["disk.qcow2"])["gz"]
    for suffix, packed in packings(disk).items():
        files[f"disk.raw.{suffix}"] = packed
        files[f"truncated.raw.{suffix}"] = packed[: len(packed) // 2]
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    texts = {**checksum_files(disk), "PACKED": "".join(f"{value}  {name}\n" for name, value in sums.items())}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    digests = {name: {kind: hashlib.new(kind, data).hexdigest() for kind in KINDS} for name, data in files.items()}
    (folder / "digests.json").write_text(json.dumps(digests), encoding="utf-8")


if __name__ == "__main__":
    main()
