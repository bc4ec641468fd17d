# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalog files and folders of them -> entries with their places. What cannot be read is a mistake, never an error."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from ansible_collections.imageops.glance.plugins.module_utils.catalog import osism, yamltext
from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import merge_defaults
from ansible_collections.imageops.glance.plugins.module_utils.catalog.validate import (
    Located,
    Mistake,
    Place,
    check_defaults,
    nearest,
)

ENDINGS = (".yml", ".yaml")
#: Keys of a file under which entries stand.
LISTS = ("images", "catalog_images")
DEFAULTS = "catalog_defaults"
#: Beside its catalogs, openstack-image-manager keeps the schema of its format: several documents that are no catalog.
SCHEMAS = ("schema.yml", "schema.yaml")


@dataclass
class Reading:
    """What was read: native entries, and what was wrong with the files."""

    entries: list[Located] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def extend(self, other: Reading) -> None:
        self.entries.extend(other.entries)
        self.mistakes.extend(other.mistakes)


def read_paths(
    paths: Iterable[str],
    today: datetime.date,
    read: Optional[Callable[[str], str]] = None,
    decrypt: Optional[yamltext.Decrypt] = None,
) -> Reading:
    """Read files, and the .yml and .yaml files of folders by name.

    :param today: the day on which dates in the files are over or not
    :param read: gives a file's text; by default from disk as UTF-8
    :param decrypt: for values tagged ``!vault``
    """
    reading = Reading()
    for path in paths:
        for file, mistake in _files(path):
            if mistake:
                reading.mistakes.append(Mistake(file, "", "", mistake))
            else:
                reading.extend(_read_file(file, today, read or _text_of, decrypt))
    return reading


def entries_of(items: object, file: str, today: datetime.date) -> Reading:
    """Entries that came in a variable instead of a file; ``file`` is the variable's name."""
    if items is None:
        return Reading()
    return _items(items, [], Place(file), today)


def _files(path: str) -> list[tuple[str, str]]:
    """(file, "") for each file of a path, or (path, what is wrong with it)."""
    path = os.path.expanduser(path)
    if os.path.isfile(path):
        return [(path, "")]
    if not os.path.isdir(path):
        return [(path, "does not exist.")]
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        return [(path, f"cannot be read: {error.strerror}.")]
    wanted = [name for name in names if name.endswith(ENDINGS) and not name.startswith(".") and name not in SCHEMAS]
    files = [os.path.join(path, name) for name in wanted]
    return [(file, "") for file in files if os.path.isfile(file)] or [(path, "holds no .yml or .yaml file.")]


def _text_of(path: str) -> str:
    with open(path, encoding="utf-8-sig") as file:
        return file.read()


def _read_file(
    path: str, today: datetime.date, read: Callable[[str], str], decrypt: Optional[yamltext.Decrypt]
) -> Reading:
    try:
        text = read(path)
    except UnicodeDecodeError:
        return Reading(mistakes=[Mistake(path, "", "", "is not encoded in UTF-8.")])
    except OSError as error:
        return Reading(mistakes=[Mistake(path, "", "", f"cannot be read: {error.strerror or error}.")])
    document = yamltext.load(text, decrypt)
    reading = Reading(mistakes=[Mistake(path, "", "", message, line) for line, message in document.problems])
    if document.value is not None:
        reading.extend(_document(document, path, today))
    elif not document.problems:
        reading.mistakes.append(Mistake(path, "", "", "is empty."))
    folder = os.path.dirname(os.path.abspath(path))
    reading.entries = [_beside(located, folder) for located in reading.entries]
    return reading


def _document(document: yamltext.Document, path: str, today: datetime.date) -> Reading:
    value = document.value
    if isinstance(value, list):
        return _items(value, document.lines.get("", []), Place(path), today)
    if not isinstance(value, Mapping):
        return Reading(mistakes=[Mistake(path, "", "", "is no catalog: it must hold a list of images.")])
    reading = Reading()
    for key in value:
        # A file may also be given to ansible-playbook with -e, beside the role's other variables.
        if key not in LISTS and not (isinstance(key, str) and key.startswith("catalog_")):
            hint = nearest(str(key), (*LISTS, DEFAULTS))
            reading.mistakes.append(Mistake(path, "", str(key), f"is no key of a catalog file.{hint}"))
    given = [key for key in LISTS if key in value]
    if not given:
        reading.mistakes.append(Mistake(path, "", "", "has no list 'images'."))
    for key in given:
        reading.extend(_items(value[key], document.lines.get(key, []), Place(path), today, key))
    defaults = value.get(DEFAULTS)
    if defaults is not None:
        reading.mistakes.extend(replace(mistake, file=path) for mistake in check_defaults(defaults))
        if isinstance(defaults, Mapping):
            reading.entries = [_above(located, defaults) for located in reading.entries]
    return reading


def _items(items: object, lines: list[int], place: Place, today: datetime.date, key: str = "") -> Reading:
    if not isinstance(items, (list, tuple)):
        return Reading(mistakes=[Mistake(place.file, "", key, "must be a list of images.")])
    reading = Reading()
    for number, item in enumerate(items):
        here = Place(place.file, lines[number] if number < len(lines) else None)
        label = f"image {number + 1}"
        if osism.is_osism(item):
            entries, mistakes = osism.translate(item, here, label, today)
            reading.extend(Reading(entries, mistakes))
        else:
            reading.entries.append(Located(item, here, label))
    return reading


def _above(located: Located, defaults: Mapping[Any, Any]) -> Located:
    if not isinstance(located.value, Mapping) or not all(isinstance(key, str) for key in (*located.value, *defaults)):
        return located
    return replace(located, value=merge_defaults(located.value, defaults))


def _beside(located: Located, folder: str) -> Located:
    """A relative ``filename`` is looked for beside the file that names it first."""
    value = located.value
    filename = value.get("filename") if isinstance(value, Mapping) else None
    if not isinstance(filename, str) or not filename or "\0" in filename:
        return located
    if os.path.isabs(filename) or filename.startswith("~"):
        return located
    beside = os.path.join(folder, filename)
    return replace(located, value={**value, "filename": beside}) if os.path.isfile(beside) else located
