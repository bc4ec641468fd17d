# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One download: look at the image and at the file, decide, fetch, verify."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.download.look import find_image
from ansible_collections.imageops.glance.plugins.module_utils.download.plan import (
    Plan,
    comparable,
    reason_of,
    verify,
    wanted_of,
)
from ansible_collections.imageops.glance.plugins.module_utils.download.target import (
    check_room,
    check_writable,
    target_of,
)
from ansible_collections.imageops.glance.plugins.module_utils.download.wish import DownloadWish
from ansible_collections.imageops.glance.plugins.module_utils.errors import VerificationError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests
from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import NoProgress, Progress

if TYPE_CHECKING:
    from ansible_collections.imageops.glance.plugins.module_utils.download.part import Part
    from ansible_collections.imageops.glance.plugins.module_utils.download.stream import DataStream

# Imports inside functions are of what only some runs need: a module is compiled anew each time that it runs.
Document = dict[str, Any]


@dataclass(frozen=True)
class Fetched:
    """A verified file beside its target. ``resumed`` are the bytes in it that an earlier run had fetched."""

    path: str
    digests: Digests
    resumed: int


class Downloader:
    """Downloads images of one cloud.

    :param memory_folder: where digests of local files are remembered; None: nowhere
    """

    def __init__(self, glance: Glance, memory_folder: str | None = None, progress: Progress | None = None) -> None:
        self._glance = glance
        self._memory_folder = memory_folder
        self._progress: Progress = progress or NoProgress()
        options = glance.cloud.options
        self._retry_time = options.api_retry_time
        # As long as another run's line may stand still before that run itself gives up.
        self._patience = options.api_timeout + options.api_retry_time + 60.0

    def look(self, wish: DownloadWish) -> Plan:
        """What is there and what has to be done; reads, and changes nothing.

        :raises GlanceOpsError: there is no such image, it has no data, or the file cannot be written
        """
        image = find_image(self._glance, wish)
        target = target_of(wish.dest, image)
        wanted = wanted_of(image, wish.checksum, wish.told)
        local = None
        if comparable(target, wanted, wish.force):
            local = self._digests(target.path, wanted.algorithms)
        reason = reason_of(target, wanted, local, wish.force, wish.told)
        if reason is not None:
            check_writable(target)
        return Plan(image, target, wanted, reason, local)

    def _digests(self, path: str, algorithms: tuple[str, ...]) -> Digests:
        from ansible_collections.imageops.glance.plugins.module_utils.transfer.memory import DigestMemory, digest_file

        memory = DigestMemory(self._memory_folder) if self._memory_folder else None
        return digest_file(path, algorithms, memory, self._progress)

    def probe(self, plan: Plan, wish: DownloadWish) -> None:
        """Find out, for a prediction, what would keep a download from being done.

        :raises GlanceOpsError: Glance would refuse, or there is no room
        """
        if plan.wanted.size is not None:
            check_room(plan.target, plan.wanted.size)
        self._stream(plan, wish).probe()

    @contextmanager
    def fetched(self, plan: Plan, wish: DownloadWish) -> Iterator[Fetched | None]:
        """The image's data, verified and on the disk, to be put in its place by the caller.

        None when that is not needed any more: another run did the same meanwhile, or the data proved to be what the
        file has. When the block ends, what is left of this download and of earlier ones is removed.

        :raises TransferError: the data could not be had; what has arrived is kept for the next run
        :raises VerificationError: the data is wrong; it was removed
        """
        from ansible_collections.imageops.glance.plugins.module_utils.download.part import (
            open_part,
            part_path,
            remove_left_over,
            sync_folder,
        )

        part, waited = open_part(part_path(plan.target.path, plan.image["id"]), self._patience)
        try:
            if waited and not wish.force:
                plan = self.look(replace(wish, name=None, id=plan.image["id"], dest=plan.target.path))
            if plan.reason is None:
                yield None
            else:
                found = self._filled(part, plan, wish)
                yield None if plan.undecided and plan.local == found.digests else found
            part.discard()
            sync_folder(plan.target.folder)
            remove_left_over(plan.target.path)
        finally:
            if not part.size:
                part.discard()
            part.close()

    def _filled(self, part: Part, plan: Plan, wish: DownloadWish) -> Fetched:
        size = plan.wanted.size
        if size is None or part.size > size:
            part.clear()
        resumed = part.size
        digests = self._fill(part, plan, wish)
        try:
            verify(digests, plan.wanted, wish.told)
        except VerificationError:
            if not resumed:
                part.discard()
                raise
            # A crash of this machine may have left blocks in the file that were never written.
            part.clear()
            return self._filled(part, plan, wish)
        return Fetched(part.path, digests, resumed)

    def _fill(self, part: Part, plan: Plan, wish: DownloadWish) -> Digests:
        from ansible_collections.imageops.glance.plugins.module_utils.download import fetch

        size = plan.wanted.size
        if size is not None:
            check_room(plan.target, size - part.size)
        label = str(plan.image.get("name") or plan.image["id"])
        stream = self._stream(plan, wish)
        return fetch.fill(part, stream, plan.wanted.algorithms, size, self._progress, label)

    def _stream(self, plan: Plan, wish: DownloadWish) -> DataStream:
        from ansible_collections.imageops.glance.plugins.module_utils.download.stream import DataStream

        told = f"{wish.told} ({plan.image['id']})"
        return DataStream(self._glance, plan.image, told, wish.prefer, retry_time=self._retry_time)
