# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task wants downloaded, and where to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.checksum import Checksum, parse_checksum


@dataclass(frozen=True)
class DownloadWish:
    """One image and the file that its data goes to. Exactly one of ``name`` and ``id`` is set."""

    dest: str
    name: str | None = None
    id: str | None = None
    owner: str | None = None
    owner_domain: str | None = None
    force: bool = False
    prefer: tuple[str, ...] = ()
    checksum: Checksum | None = None

    @property
    def told(self) -> str:
        """How messages name the image."""
        return f"image '{self.name}'" if self.name else f"image {self.id}"


def wish_of(options: Mapping[str, Any]) -> DownloadWish:
    """A wish from options by the names of the module's argument specification.

    :raises OptionError: an option cannot work
    """
    checksum = parse_checksum(options["checksum"]) if options.get("checksum") else None
    if checksum is not None and checksum.url:
        # A checksum file lists its publisher's file names, and an image does not tell which of them it was.
        raise OptionError("checksum: an image has no file name to look up in a checksum file; give the value itself.")
    return DownloadWish(
        dest=options["dest"],
        name=options.get("name"),
        id=options.get("id"),
        owner=options.get("image_owner"),
        owner_domain=options.get("image_owner_domain"),
        force=bool(options.get("force")),
        prefer=tuple(options.get("prefer") or ()),
        checksum=checksum,
    )
