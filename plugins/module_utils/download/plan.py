# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image's data has to be, and whether a file is that already. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.download.target import Target
from ansible_collections.imageops.glance.plugins.module_utils.errors import (
    ConflictError,
    OptionError,
    VerificationError,
)
from ansible_collections.imageops.glance.plugins.module_utils.transfer.checksum import Checksum
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests, new_hash

Document = dict[str, Any]

#: Hashed when Glance keeps no digest, so that the result can still be compared with what is there.
FALLBACK_ALGORITHM = "sha512"


@dataclass(frozen=True)
class Wanted:
    """What the data has to be.

    ``size`` in bytes, None when Glance does not tell. ``recorded`` is the digest that Glance keeps (algorithm, hex),
    None when it keeps none that this Python can compute; ``asked`` is the one that the task asks for.
    """

    size: int | None
    recorded: tuple[str, str] | None = None
    asked: tuple[str, str] | None = None

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What to hash with."""
        known = [digest[0] for digest in (self.recorded, self.asked) if digest]
        return tuple(dict.fromkeys(known)) or (FALLBACK_ALGORITHM,)

    @property
    def unverified(self) -> str | None:
        """Why nothing can be verified; None when it can."""
        if self.recorded or self.asked:
            return None
        return "Glance keeps no digest of this image, and checksum is not given."


def wanted_of(image: Mapping[str, Any], checksum: Checksum | None, told: str) -> Wanted:
    """What the data of an image has to be.

    :raises ConflictError: the image has no data yet
    :raises VerificationError: the checksum contradicts what Glance keeps, so that no download could ever fit
    """
    if image.get("status") not in ("active", "deactivated"):
        raise ConflictError(f"{told} ({image['id']}) has no data yet: its status is {image.get('status')}.")
    recorded = _recorded(image)
    asked = (checksum.algorithm, checksum.value) if checksum and checksum.value else None
    known = {"md5": image.get("checksum"), **dict([recorded] if recorded else [])}
    if asked and known.get(asked[0]) not in (None, asked[1]):
        raise VerificationError(
            f"checksum: {told} ({image['id']}) has the {asked[0]} {known[asked[0]]}, not {asked[1]}; "
            "nothing was downloaded."
        )
    return Wanted(image.get("size"), recorded, asked)


def _recorded(image: Mapping[str, Any]) -> tuple[str, str] | None:
    """The strongest digest that Glance keeps, as far as this Python can compute it; MD5 is Glance's older one."""
    algorithm, value = image.get("os_hash_algo"), image.get("os_hash_value")
    if algorithm and value and _computable(algorithm):
        return str(algorithm), str(value).lower()
    return ("md5", str(image["checksum"]).lower()) if image.get("checksum") else None


def _computable(algorithm: str) -> bool:
    try:
        new_hash(algorithm)
    except OptionError:
        return False
    return True


@dataclass(frozen=True)
class Plan:
    """One download. ``reason`` None: the file is right as it is. ``local`` is what is known of the present file."""

    image: Document
    target: Target
    wanted: Wanted
    reason: str | None
    local: Digests | None = None

    @property
    def undecided(self) -> bool:
        """Whether only the data itself can tell if the file differs."""
        return self.reason == NO_DIGEST


NO_DIGEST = "Glance keeps no digest to compare the file with"


def comparable(target: Target, wanted: Wanted, force: bool) -> bool:
    """Whether it is worth reading the present file: its size may be what decides already."""
    return target.exists and not force and (wanted.size is None or wanted.size == target.size)


def reason_of(target: Target, wanted: Wanted, local: Digests | None, force: bool, told: str) -> str | None:
    """Why the data has to be downloaded; None when the file has it.

    :param local: the digests of the present file, None when it was not worth reading
    :raises VerificationError: the file has the image's data, which is not what the task asks for
    """
    if not target.exists:
        return "there is no file yet"
    if force:
        return "force is set"
    if local is None:
        return f"the file has {target.size} bytes, the image {wanted.size}"
    if wanted.unverified:
        return NO_DIGEST
    if wanted.recorded and local.hashes[wanted.recorded[0]] != wanted.recorded[1]:
        return "the file has other data"
    if wanted.asked and local.hashes[wanted.asked[0]] != wanted.asked[1]:
        if wanted.recorded:
            raise VerificationError(_not_asked(told, wanted.asked, local.hashes[wanted.asked[0]]))
        return "the file has other data"
    return None


def verify(digests: Digests, wanted: Wanted, told: str) -> None:
    """Hold what has arrived against what was wanted.

    :raises VerificationError: it is not what Glance keeps, or it is and the task asks for something else
    """
    if wanted.size is not None and digests.size != wanted.size:
        raise VerificationError(f"{_upper(told)} arrived with {digests.size} bytes, but Glance says {wanted.size}.")
    if wanted.recorded:
        algorithm, value = wanted.recorded
        if digests.hashes[algorithm] != value:
            raise VerificationError(
                f"{_upper(told)} arrived with the {algorithm} {digests.hashes[algorithm]}, but Glance keeps {value}: "
                "damaged on the way or in the store. It was removed again; run again, or prefer another store."
            )
    if wanted.asked and digests.hashes[wanted.asked[0]] != wanted.asked[1]:
        raise VerificationError(_not_asked(told, wanted.asked, digests.hashes[wanted.asked[0]]))


def _not_asked(told: str, asked: tuple[str, str], found: str) -> str:
    return f"checksum: {told} has the {asked[0]} {found}, not {asked[1]}; nothing was put in place."


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
