# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a report is kept: a page and the JSON beside it, changed by several processes at once.

Every host of a play is a process of its own. Under a lock each reads the document, puts its part in, and replaces both
files; whoever reads one sees a whole one at any time.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.report.page import render
from ansible_collections.imageops.glance.plugins.module_utils.report.parts import checked, merge

SUFFIXES = (".html", ".htm")


def write(path: str, part: Mapping[str, Any]) -> Path:
    """Put a part into the report at ``path``, and return the path in full. A relative one begins where Ansible runs.

    :raises OptionError: there can be no report at that path; the message says why
    """
    page = _page(path)
    document = page.with_suffix(".json")
    try:
        with _locked(page.with_name(f".{page.name}.lock")):
            report = merge(_read(document), part)
            # One item a line: it can be read, searched and compared, and is not as slow as full indentation.
            _replace(document, _as_json(report))
            _replace(page, render(report))
    except OSError as exc:
        raise OptionError(
            f"{path} cannot be written: {exc.strerror or exc}; give another path or mend its folder."
        ) from exc
    return page


def _page(path: str) -> Path:
    page = Path(path).expanduser()
    page = page if page.is_absolute() else Path.cwd() / page
    if page.suffix.lower() not in SUFFIXES:
        raise OptionError(f"{path} is no name for a page; let it end in .html.")
    if page.is_dir():
        raise OptionError(f"{path} is a folder; give the path of a file in it, such as {path.rstrip('/')}/report.html.")
    if not page.parent.is_dir():
        raise OptionError(f"the folder {page.parent} does not exist; make it or give another path than {path}.")
    return page


def _read(document: Path) -> Optional[Mapping[str, Any]]:
    try:
        text = document.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as exc:
        raise _unusable(document, "it is no text") from exc
    try:
        return checked(json.loads(text))
    except json.JSONDecodeError as exc:
        raise _unusable(document, "it is no JSON") from exc
    except OptionError as exc:
        raise _unusable(document, exc.message) from exc


def _unusable(document: Path, why: str) -> OptionError:
    return OptionError(f"{document} cannot be continued: {why}; remove it or give another path.")


def _as_json(report: Mapping[str, Any]) -> str:
    parts = []
    for part in report["parts"]:
        head = json.dumps({key: value for key, value in part.items() if key != "items"}, ensure_ascii=False)
        items = ",\n".join(json.dumps(item, ensure_ascii=False) for item in part["items"])
        parts.append(f'{head[:-1]}, "items": [\n{items}\n]}}')
    return f'{{"format": {json.dumps(report["format"])}, "parts": [\n' + ",\n".join(parts) + "\n]}\n"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock file, which is gone when nobody needs it.

    Who gets the lock of a file that its holder has removed meanwhile holds nothing, and begins anew.
    """
    import fcntl

    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is(path, handle):
                try:
                    yield
                finally:
                    path.unlink(missing_ok=True)
                return
        finally:
            os.close(handle)


def _is(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except FileNotFoundError:
        return False


def _replace(path: Path, text: str) -> None:
    """Write beside it and move it there, with the permissions that it had or that a new file would have."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        # Lone surrogates, which Ansible makes of bytes that are no text, must not keep a report from being written.
        with open(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
        os.chmod(name, _mode(path))
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
