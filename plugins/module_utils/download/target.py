# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that the data goes to: where it is, what is there now, and whether it can be written."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError, TransferError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import format_bytes

#: What common file systems take at most for one name, in bytes.
LONGEST_NAME = 255


@dataclass(frozen=True)
class Target:
    """A path for a file. ``size`` in bytes and ``mode`` (permission bits) are None when there is no file yet."""

    path: str
    size: int | None = None
    mode: int | None = None

    @property
    def exists(self) -> bool:
        return self.size is not None

    @property
    def folder(self) -> str:
        return os.path.dirname(self.path)


def target_of(dest: str, image: Mapping[str, Any]) -> Target:
    """What ``dest`` leads to: a file, or the file of the image's name in a directory. Links are followed.

    :raises OptionError: no file can be there
    """
    path = os.path.abspath(dest)
    if os.path.isdir(path):
        path = os.path.join(path, _file_name(image, dest))
    elif dest.endswith(os.sep):
        raise OptionError(f"dest: the directory {dest} does not exist; create it first.")
    if os.path.islink(path):
        path = os.path.realpath(path)
    _check_folder(os.path.dirname(path))
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return Target(path)
    except OSError as exc:
        raise OptionError(f"dest: {path} cannot be examined: {exc.strerror}.") from exc
    if stat.S_ISDIR(found.st_mode):
        raise OptionError(f"dest: {path} is a directory; give another path for the file.")
    if not stat.S_ISREG(found.st_mode):
        raise OptionError(f"dest: {path} is no regular file; only such a one can be replaced.")
    return Target(path, found.st_size, stat.S_IMODE(found.st_mode))


def _file_name(image: Mapping[str, Any], dest: str) -> str:
    """The image's name as a file name. Its owner chose it, so nothing that leads elsewhere or hides is taken."""
    name = str(image.get("name") or "")
    if not name or name.startswith(".") or "/" in name or "\0" in name or len(os.fsencode(name)) > LONGEST_NAME:
        raise OptionError(
            f"dest: {dest} is a directory, and the image's name '{name}' cannot be a file's; give the path of a file."
        )
    return name


def _check_folder(folder: str) -> None:
    try:
        found = os.stat(folder)
    except FileNotFoundError as exc:
        raise OptionError(f"dest: the directory {folder} does not exist; create it first.") from exc
    except OSError as exc:
        raise OptionError(f"dest: the directory {folder} cannot be examined: {exc.strerror}.") from exc
    if not stat.S_ISDIR(found.st_mode):
        raise OptionError(f"dest: {folder} is not a directory.")


def check_writable(target: Target) -> None:
    """A file is written beside its target, so the directory has to be writable.

    :raises OptionError: it is not, or the file system is read-only
    """
    effective = os.access in os.supports_effective_ids
    if not os.access(target.folder, os.W_OK | os.X_OK, effective_ids=effective):
        why = "is on a read-only file system" if _is_read_only(target.folder) else "is not writable for this user"
        raise OptionError(f"dest: the directory {target.folder} {why}; nothing was downloaded.")


def _is_read_only(folder: str) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def check_room(target: Target, needed: int) -> None:
    """Tell that a disk is too small before it is full.

    :param needed: bytes that are still to be written; what is replaced is freed only afterwards
    :raises TransferError: there is less room
    """
    found = os.statvfs(target.folder)
    blocks = found.f_bfree if os.geteuid() == 0 else found.f_bavail
    free = blocks * found.f_frsize
    # Some network and overlay file systems do not know their size and say 0 of 0.
    if found.f_blocks and free < needed:
        raise TransferError(
            f"dest: {target.folder} has {format_bytes(free)} free, but {format_bytes(needed)} are to be written; "
            "make room first. Nothing was downloaded."
        )
