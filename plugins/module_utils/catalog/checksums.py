# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksums that stand in checksum files on the web, read before a catalog is planned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import MOVING, SOURCE_KEYS
from ansible_collections.imageops.glance.plugins.module_utils.errors import GlanceOpsError
from ansible_collections.imageops.glance.plugins.module_utils.image.sources import Sources
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import ENTRY_DEFAULTS, wish_of

Entry = dict[str, Any]

#: Checksum files are small, and their servers far away.
AT_A_TIME = 16


def resolved(entries: Sequence[Entry], timeout: float = 30.0) -> tuple[list[Entry], list[str]]:
    """The entries with hex checksums where a URL stood, and a sentence for each that could not be read.

    Only an entry whose version does not say what it is needs it for the plan: what it is today, its checksum file says.
    With a version, the module image reads the file when the data is moved. An entry whose file cannot be read stays as
    it is, so that it fails alone, and only when its data is needed.
    """
    asking = [i for i, entry in enumerate(entries) if _needs_reading(entry)]
    if not asking:
        return list(entries), []
    from concurrent.futures import ThreadPoolExecutor

    sources = Sources(timeout=timeout)
    result = list(entries)
    problems = []
    with ThreadPoolExecutor(max_workers=min(AT_A_TIME, len(asking))) as pool:
        answers = pool.map(lambda index: _read(entries[index], sources), asking)
        for index, (entry, problem) in zip(asking, answers):
            result[index] = entry
            if problem:
                problems.append(f"{entry['name']}: {problem}")
    return result, problems


def _needs_reading(entry: Entry) -> bool:
    checksum = str(entry.get("checksum") or "")
    return entry.get("enabled", True) and (entry.get("version") or MOVING) == MOVING and "://" in checksum


def _read(entry: Entry, sources: Sources) -> tuple[Entry, str]:
    options = {**ENTRY_DEFAULTS, "name": entry["name"], **{k: entry[k] for k in SOURCE_KEYS if k in entry}}
    try:
        data = wish_of(options).data
        if data is None:
            return entry, ""
        checksum = sources.resolve_checksum(data).checksum
    except GlanceOpsError as error:
        return entry, error.message
    if checksum is None or not checksum.value:
        return entry, ""
    return {**entry, "checksum": f"{checksum.algorithm}:{checksum.value}"}, ""
