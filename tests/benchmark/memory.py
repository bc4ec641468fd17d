# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory the module processes need while data moves, against the same call when nothing moves.

python -m ...tests.benchmark.memory [--size MIB] [--limit MIB]

Each call is a process of its own on the local cloud, with a URL and a token, so that the libraries that only a login
needs do not hide what the data costs. Prints a table; exit status 1 when a call needs more than the limit on top of
the one that moves nothing.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.imageops.glance.tests.cloud.glance import Glance
from ansible_collections.imageops.glance.tests.tools import samples
from ansible_collections.imageops.glance.tests.tools.common import PACKAGE, REPO, WORK, cloud_environment, environment

MIB = 1 << 20
PREFIX = "benchmark-memory"
#: Noise that repeats within the reach of xz, so that packing two GiB of it takes seconds.
PIECE = samples.noise("memory", 64 << 10) * 16
#: Starts a process, and tells the most memory that it had resident, in KiB. It is small itself, since Linux counts for
#: a process what the one that started it had then.
LAUNCHER = """
import os, sys
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_process, status, usage = os.wait4(process, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Measured:
    """One call: its peak of resident memory in MiB, and how long it took."""

    peak: float
    seconds: float


def run_module(module: str, options: Mapping[str, Any], folder: Path, env: Mapping[str, str]) -> Measured:
    """Run a module directly, as ansible-core runs it on the target; it has to succeed and to change something."""
    arguments = folder / "arguments.json"
    arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": dict(options)}), encoding="utf-8")
    words = [sys.executable, "-m", f"{PACKAGE}.plugins.modules.{module}", str(arguments)]
    started = time.monotonic()
    command = [sys.executable, "-S", "-c", LAUNCHER, *words]
    ran = subprocess.run(command, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    if ran.returncode != 0 or not json.loads(ran.stdout)["changed"]:
        raise SystemExit(f"{module} {dict(options)} did not do its work: {ran.stdout}{ran.stderr}")
    return Measured(int(ran.stderr.split()[-1]) / 1024, seconds)


def make_files(folder: Path, size: int) -> None:
    """disk.raw of so many MiB, and disk.raw.xz with the dictionary that xz has when nobody chooses one (8 MiB)."""
    packer = lzma.LZMACompressor(filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 8 * MIB}])
    with open(folder / "disk.raw", "wb") as plain, open(folder / "disk.raw.xz", "wb") as packed:
        for _number in range(size):
            plain.write(PIECE)
            packed.write(packer.compress(PIECE))
        packed.write(packer.flush())


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The URL of a web server with the files."""
    command = [sys.executable, str(REPO / "tests" / "web_server" / "server.py"), "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def measure(folder: Path, url: str, env: Mapping[str, str], glance: Glance) -> Iterator[tuple[str, Measured]]:
    """Every way of moving data, the call that moves nothing first; nothing is left in the cloud."""
    common = {"endpoint": glance.url, "token": glance.token, "digest_cache": ""}
    image = {**common, "disk_format": "raw", "name": PREFIX}
    file = {"filename": str(folder / "disk.raw")}
    ways: list[tuple[str, dict[str, Any]]] = [
        ("nothing", {}),
        ("filename", file),
        ("url", {"url": f"{url}/disk.raw"}),
        ("url, xz", {"url": f"{url}/disk.raw.xz", "decompress": "xz"}),
        ("filename, glance-direct", {**file, "import_method": "glance-direct"}),
    ]
    for way, options in ways:
        glance.remove(PREFIX)
        yield way, run_module("image", {**image, **options}, folder, env)
    download = {**common, "name": PREFIX, "dest": str(folder / "downloaded.raw")}
    yield "download", run_module("image_download", download, folder, env)
    glance.remove(PREFIX)


def main(arguments: list[str]) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="Measure the memory of the module processes while data moves.")
    parser.add_argument("--size", type=int, default=2048, help="MiB of data")
    parser.add_argument("--limit", type=float, default=64, help="MiB that data may cost")
    options = parser.parse_args(arguments)
    if "LOCAL_CLOUD_STATE" not in os.environ:
        os.environ.update(cloud_environment())
    WORK.mkdir(exist_ok=True)
    within = True
    base: Measured | None = None
    with tempfile.TemporaryDirectory(prefix="memory-", dir=WORK) as name:
        folder = Path(name)
        make_files(folder, options.size)
        print(f"| {options.size} MiB by | peak MiB | above nothing | seconds | MiB/s |\n|---|---:|---:|---:|---:|")
        with served(folder) as url:
            for way, found in measure(folder, url, environment(), Glance("admin")):
                base = base or found
                above = found.peak - base.peak
                rate = f"{options.size / found.seconds:.0f}" if found is not base else ""
                print(f"| {way} | {found.peak:.1f} | {above:+.1f} | {found.seconds:.1f} | {rate} |", flush=True)
                within = within and above <= options.limit
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
