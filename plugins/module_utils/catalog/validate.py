# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every mistake of a catalog in one pass, each with its place. Nothing that YAML can say leads to a traceback."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional
from urllib.parse import urlsplit

from ansible_collections.imageops.glance.plugins.module_utils.catalog.contradictions import contradictions
from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import (
    ALIASES,
    DISK_AUTO,
    KEEP_ALL,
    NO_DEFAULT,
    OTHER_NAMES,
    SCHEMA,
    as_count,
    as_flag,
    as_version,
    canonical,
    merge_defaults,
)
from ansible_collections.imageops.glance.plugins.module_utils.document import (
    as_stored,
    check_property_name,
    is_foreign,
)
from ansible_collections.imageops.glance.plugins.module_utils.errors import GlanceOpsError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.checksum import parse_checksum

MAX_INTEGER = 2**31 - 1
MAX_TEXT = 255
#: Glance's own limits (image_tag_quota, image_property_quota); a cloud may allow more, hardly less.
MAX_TAGS = 128
MAX_PROPERTIES = 128
_UUID_LENGTHS = (8, 4, 4, 4, 12)


@dataclass(frozen=True)
class Place:
    """Where something stands: a file (or the variable it came in) and a line, as far as they are known."""

    file: str = "catalog_images"
    line: Optional[int] = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Mistake:
    """One mistake. ``entry`` is the entry's name, or its place in the list; ``key`` is "" for the entry as a whole."""

    file: str
    entry: str
    key: str
    message: str
    line: Optional[int] = None

    def __str__(self) -> str:
        where = str(Place(self.file, self.line))
        what = ": ".join(part for part in (self.entry, self.key) if part)
        return f"{where}: {what}: {self.message}" if what else f"{where}: {self.message}"


@dataclass(frozen=True)
class Located:
    """A native entry as it was read, and where. ``label`` names it when its own name cannot.

    ``told_as`` gives the words of the format that it was written in, for the keys that it has another word for.
    """

    value: Any
    place: Place = field(default_factory=Place)
    label: str = ""
    told_as: Mapping[str, str] = field(default_factory=dict)


class CatalogError(GlanceOpsError):
    """A catalog with mistakes; the message lists all of them."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        lines = "".join(f"\n  - {mistake}" for mistake in mistakes)
        noun = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__(f"The catalog has {noun}; nothing was touched:{lines}")
        self.mistakes = list(mistakes)


def check_catalog(
    entries: Iterable[Located],
    defaults: Optional[Mapping[str, Any]] = None,
    file_exists: Optional[Callable[[str], bool]] = os.path.isfile,
) -> list[Mistake]:
    """All mistakes of all entries, and between them, in the order in which they stand.

    ``defaults`` are checked once by themselves, then below each entry. ``file_exists`` tells whether a ``filename``
    is there; None when the files are on another host.
    """
    below = defaults or {}
    mistakes = check_defaults(below)
    if mistakes:
        below = {}
    seen: dict[str, dict[str, Place]] = {}
    for located in entries:
        mistakes.extend(_Checker(located, below, file_exists).run())
        mistakes.extend(_duplicates(located, seen))
    return list(dict.fromkeys(mistakes))


def check_defaults(defaults: object) -> list[Mistake]:
    """The mistakes of ``catalog_defaults``."""
    place = Place("catalog_defaults")
    if not isinstance(defaults, Mapping):
        return [Mistake(place.file, "", "", f"is {_kind(defaults)}; it must be a mapping of entry keys.")]
    checker = _Checker(Located(dict(defaults), place, "defaults"), {}, None)
    checker.keys()
    checker.values()
    for given in defaults:
        if canonical(str(given)) in NO_DEFAULT:
            checker.add(str(given), "cannot be a default: it is different for each entry.")
    return checker.mistakes


def nearest(key: str, known: Iterable[str]) -> str:
    """'' or ' Did you mean …?'."""
    other = OTHER_NAMES.get(key.lower())
    known = list(known)
    if other is not None and other in known:
        return f" Did you mean '{other}'?"
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""


def shown(value: object) -> str:
    """A value for a message: short, on one line."""
    try:
        text = repr(value) if not isinstance(value, str) else f"'{value}'"
    except (ValueError, RecursionError):
        text = _kind(value)
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:77] + "…"


def bad_text(text: str) -> Optional[str]:
    """Why Glance cannot store this text, or None. It answers 400 to characters beyond U+FFFF, 500 to NUL."""
    if any(ord(character) > 0xFFFF for character in text):
        return "has characters beyond the basic plane (such as emoji), which Glance refuses."
    if "\0" in text:
        return "has a NUL character, which Glance cannot store."
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        return "has half of a surrogate pair, which is no text."
    return None


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    names = {bool: "a truth value", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    for kind, name in names.items():
        if isinstance(value, kind):
            return name
    return f"a {type(value).__name__}"


def _duplicates(located: Located, seen: dict[str, dict[str, Place]]) -> list[Mistake]:
    value = located.value
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        return []
    name = value["name"]
    version = as_version(value.get("version")) or ""
    others = seen.setdefault(name, {})
    message = ""
    if version in others:
        versioned = f" with version {shown(version)}" if version else ""
        message = f"stands in the catalog twice{versioned}, first at {others[version]}."
    elif others and ("" in others) != (not version):
        first = next(iter(others.values()))
        message = f"stands in the catalog several times (first at {first}), so each of them needs its own version."
    others.setdefault(version, located.place)
    return [Mistake(located.place.file, name, "name", message, located.place.line)] if message else []


class _Checker:
    """The mistakes of one entry."""

    def __init__(
        self, located: Located, defaults: Mapping[str, Any], file_exists: Optional[Callable[[str], bool]]
    ) -> None:
        self.located = located
        self.mistakes: list[Mistake] = []
        self.file_exists = file_exists
        self.own: Mapping[Any, Any] = located.value if isinstance(located.value, Mapping) else {}
        name = self.own.get("name")
        self.label = name if isinstance(name, str) and name else located.label
        own = {key: value for key, value in self.own.items() if isinstance(key, str)}
        self.entry = merge_defaults(own, defaults)

    def add(self, key: str, message: str) -> None:
        place = self.located.place
        head, dot, rest = key.partition(".")
        key = self.located.told_as.get(head, head) + dot + rest
        self.mistakes.append(Mistake(place.file, self.label, key, message, place.line))

    def run(self) -> list[Mistake]:
        if not isinstance(self.located.value, Mapping):
            self.add("", f"is {_kind(self.located.value)}; an entry is a mapping with 'name' and 'url' or 'filename'.")
            return self.mistakes
        self.keys()
        wrong = self.values()
        if self.entry.get("name") is None:
            self.add("name", "is missing.")
        self.together(wrong)
        return self.mistakes

    def keys(self) -> None:
        """Unknown keys, and keys given twice under two of their names."""
        known = [*SCHEMA, *ALIASES]
        first: dict[str, str] = {}
        for key in self.own:
            if not isinstance(key, str):
                self.add(shown(key), "is no key; keys are text.")
                continue
            if key not in SCHEMA and key not in ALIASES:
                self.add(key, f"is no key of an entry.{nearest(key, known)}")
            elif canonical(key) in first:
                self.add(key, f"is the same as '{first[canonical(key)]}'; give one of them.")
            else:
                first[canonical(key)] = key

    def values(self) -> set[str]:
        """Each value by itself; returns the keys whose values are wrong."""
        wrong = set()
        for key, value in self.entry.items():
            option = SCHEMA.get(key)
            if option is None or value is None:
                continue
            before = len(self.mistakes)
            getattr(self, f"_{option.kind}")(key, value)
            if option.choices and len(self.mistakes) == before and value not in option.choices:
                near = difflib.get_close_matches(str(value).lower(), option.choices, n=1, cutoff=0.6)
                hint = f" Did you mean '{near[0]}'?" if near else f" It is one of {', '.join(option.choices)}."
                self.add(key, f"has the value {shown(value)}.{hint}")
            if len(self.mistakes) > before:
                wrong.add(key)
        return wrong

    def _text(self, key: str, value: Any) -> None:
        if not isinstance(value, str):
            self.add(key, f"is {_kind(value)} ({shown(value)}); it must be text, so put it in quotes.")
        elif not value.strip():
            self.add(key, "is blank.")
        elif bad_text(value):
            self.add(key, str(bad_text(value)))
        elif key == "name" and len(value) > MAX_TEXT:
            self.add(key, f"has {len(value)} characters; Glance takes {MAX_TEXT} at most.")
        elif key == "name" and value != value.strip():
            self.add(key, f"has blanks around it ({shown(value)}).")
        elif key == "versioned_name" and "{version}" not in value:
            self.add(key, f"has the value {shown(value)}; it needs {{version}} in it.")
        elif key in ("id", "remote_image_id") and not _is_uuid(value):
            self.add(key, f"has the value {shown(value)}, which is no UUID in lower case.")

    def _version(self, key: str, value: Any) -> None:
        version = as_version(value)
        if version is None:
            lost = ", where YAML has lost its spelling" if isinstance(value, float) else ""
            self.add(key, f"is {_kind(value)} ({shown(value)}){lost}; put it in quotes.")
        elif not version.strip() or version != version.strip():
            self.add(key, "is blank or has blanks around it.")
        elif len(version) > MAX_TEXT - 3 or bad_text(version):
            self.add(key, str(bad_text(version) or f"has {len(version)} characters; {MAX_TEXT - 3} at most."))
        elif "{id}" in version:
            self.add(key, "holds '{id}', which stands for an image's own id.")

    def _flag(self, key: str, value: Any) -> None:
        if as_flag(value) is None:
            self.add(key, f"has the value {shown(value)}; it is true or false.")

    def _count(self, key: str, value: Any) -> None:
        number = as_count(value)
        if number is None or number > MAX_INTEGER:
            self.add(key, f"has the value {shown(value)}; it is a whole number from 0 to {MAX_INTEGER}.")

    def _disk(self, key: str, value: Any) -> None:
        if value != DISK_AUTO:
            self._count(key, value)

    def _keep(self, key: str, value: Any) -> None:
        if value != KEEP_ALL and as_count(value) is None:
            self.add(key, f"has the value {shown(value)}; it is a whole number or '{KEEP_ALL}'.")

    def _texts(self, key: str, value: Any) -> None:
        if not isinstance(value, (list, tuple)):
            self.add(key, f"is {_kind(value)}; it must be a list of text.")
            return
        for item in value:
            if not isinstance(item, str) or not item:
                self.add(key, f"holds {shown(item)}; each item must be text.")
            elif len(item) > MAX_TEXT or bad_text(item):
                self.add(key, f"{shown(item)} {bad_text(item) or f'is longer than {MAX_TEXT} characters.'}")
        if key == "stores" and not value:
            self.add(key, "is empty; an image with data is in one store at least, so name one.")
        if key == "tags" and len(value) > MAX_TAGS:
            self.add(key, f"has {len(value)} tags; Glance takes {MAX_TAGS} at most.")

    def _mapping(self, key: str, value: Any) -> None:
        if not isinstance(value, Mapping):
            self.add(key, f"is {_kind(value)}; it must be a mapping of names to values.")
            return
        if key == "properties" and len(value) > MAX_PROPERTIES:
            self.add(key, f"has {len(value)} properties; Glance takes {MAX_PROPERTIES} at most.")
        for name, content in value.items():
            self._property(f"{key}.{name}" if isinstance(name, str) else key, name, content, key == "properties")

    def _property(self, key: str, name: Any, content: Any, is_property: bool) -> None:
        if not isinstance(name, str):
            self.add(key, f"has the name {shown(name)}; names are text, so put it in quotes.")
            return
        key = shown(key)[1:-1]
        if is_property:
            try:
                check_property_name(name)
            except OptionError as error:
                self.add(key, error.message.partition("properties: ")[2] or error.message)
            if is_foreign(name):
                self.add(key, "is written by OpenStack's services or this collection; choose another name.")
        try:
            stored = as_stored(name, content) or ""
        except (OptionError, ValueError):
            self.add(key, f"is {_kind(content)} that Glance cannot store; give a plain value.")
            return
        if bad_text(name) or bad_text(stored):
            self.add(key, str(bad_text(name) or bad_text(stored)))

    def _checksum(self, key: str, value: Any) -> None:
        if not isinstance(value, str):
            self.add(key, f"is {_kind(value)} ({shown(value)}); it must be text, so put it in quotes.")
            return
        try:
            parse_checksum(value)
        except OptionError as error:
            self.add(key, error.message)

    def _url(self, key: str, value: Any) -> None:
        if not isinstance(value, str):
            self.add(key, f"is {_kind(value)} ({shown(value)}); it must be text.")
            return
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good or any(character.isspace() for character in value):
            hint = " For a local file use 'filename'." if value.startswith(("file:", "/")) else ""
            self.add(key, f"is no http or https URL.{hint}")

    def together(self, wrong: set[str]) -> None:
        """Missing and contradictory keys, then a file that is not there."""
        for key, message in contradictions(self.entry, wrong):
            self.add(key, message)
        filename = self.entry.get("filename")
        if self.file_exists is None or as_flag(self.entry.get("enabled")) is False or "filename" in wrong:
            return
        if isinstance(filename, str) and not self._is_file(filename):
            self.add("filename", f"{shown(filename)} is no file that can be found.")

    def _is_file(self, filename: str) -> bool:
        try:
            return self.file_exists is not None and self.file_exists(os.path.expanduser(filename))
        except (OSError, ValueError):
            return False


def _is_uuid(text: str) -> bool:
    parts = text.split("-")
    return tuple(map(len, parts)) == _UUID_LENGTHS and all(c in "0123456789abcdef" for part in parts for c in part)
