# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads that are disturbed: the file is the image's, or what it was before; beside it nothing is left for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.imageops.glance.tests.faults.case import KILLED, Case, On, disturbed
from ansible_collections.imageops.glance.tests.faults.fault import answer, cut_reply, garbage, lost, unanswered
from ansible_collections.imageops.glance.tests.faults.jobs import NEW, OLD, Job
from ansible_collections.imageops.glance.tests.faults.process import Limits
from ansible_collections.imageops.glance.tests.faults.stage import SIZE

DATA = r"/file$"


class Download(Job):
    """An image into a file that has other content already."""

    module = "image_download"

    def prepare(self) -> None:
        self.folder = self.stage.folder / self.name
        self.folder.mkdir()
        self.dest.write_bytes(OLD)
        self.image = self.cloud.create(NEW, name=self.name)

    @property
    def dest(self) -> Path:
        return self.folder / "image.raw"

    def options(self) -> dict[str, Any]:
        return {**{k: v for k, v in super().options().items() if k != "timeout"}, "dest": str(self.dest)}

    def own_options(self) -> dict[str, Any]:
        return {}

    def unharmed(self) -> None:
        assert self.dest.read_bytes() in (OLD, NEW), "the file is neither the old nor the new one"

    def finished(self) -> None:
        assert self.dest.read_bytes() == NEW, "the file is not the image"
        left = [path.name for path in self.folder.iterdir() if path != self.dest]
        assert not left, f"left behind: {', '.join(left)}"

    def clean(self) -> None:
        super().clean()
        self.folder.chmod(0o700)


class DiskFull(Download):
    """The disk takes half of the data."""

    limits = Limits(file_size=SIZE // 2)


class ReadOnly(Download):
    """The folder of the file takes no new files, until the operator changes that."""

    limits = Limits(unprivileged=True)

    def prepare(self) -> None:
        super().prepare()
        self.folder.chmod(0o555)

    def unharmed(self) -> None:
        super().unharmed()
        assert not self.stage.proxy_saw("GET", DATA), "data was moved although there is no place for it"
        self.folder.chmod(0o755)


def downloads() -> Iterator[Case]:
    """Every way in which a download can break."""
    faults = (lost(), unanswered(), answer(503), answer(429, retry_after="1"), answer(401), garbage(), answer(500))
    for fault in faults:
        yield disturbed(f"download: {fault.told}", Download, On("GET", DATA, fault), short=fault.status == 503)
    for count, told in ((0, "before its first byte"), (1, "after 1 byte"), (SIZE - 1, "before its last byte")):
        yield disturbed(f"download cut {told}", Download, On("GET", DATA, cut_reply(count)))
    yield disturbed("download cut at half", Download, On("GET", DATA, cut_reply(SIZE // 2)), short=True)
    yield disturbed("download cut three times", Download, On("GET", DATA, cut_reply(SIZE // 4), times=3))
    yield disturbed("download cut always", Download, On("GET", DATA, cut_reply(0), times=0), expected="broke off")
    yield disturbed(
        "download: other data",
        Download,
        On("GET", DATA, answer(200, body=OLD), times=0),
        expected="arrived with the sha512",
    )
    yield disturbed("download: disk full", DiskFull, expected="dest: writing")
    yield disturbed("download: read-only folder", ReadOnly, expected="is not writable")
    for moment, at in (
        ("before it begins", On("GET", DATA, kill="before")),
        ("at its first byte", On("GET", DATA, kill=1, reply=True)),
        ("at half", On("GET", DATA, kill=SIZE // 2, reply=True)),
        ("at its last byte", On("GET", DATA, kill=SIZE, reply=True)),
    ):
        short = moment == "at half"
        yield disturbed(f"kill a download {moment}", Download, at, expected=KILLED, short=short)
