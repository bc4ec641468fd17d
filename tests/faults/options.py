# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as users get them wrong: any value anywhere, out of a module's own argument specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from hypothesis import strategies as st

PACKAGE = "ansible_collections.imageops.glance.plugins.modules"
MODULES = ("image", "image_download", "image_info", "image_member")
#: They change who may touch the file itself, which a test could not clean up after.
UNTOUCHED = frozenset(("attributes", "selevel", "serole", "setype", "seuser"))

UUIDS = st.uuids().map(str)
#: Texts with what breaks parsers, paths, headers and databases.
TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "a",
            "ubuntu",
            "a:b",
            "eq:x",
            "in:a,b",
            "é€漢",
            "😀",
            "a\nb",
            "\t",
            "../x",
            "/",
            "%2F",
            "{{ x }}",
            "{id}",
            "null",
            "true",
            "-1",
            "0",
            "9" * 30,
            "x" * 300,
            "a/b~c",
            "é\u0301",
            "sha256:abc",
            "sha256:" + "0" * 64,
            "0" * 32,
            "md5:" + "g" * 32,
            "http://",
            "http://[",
            "ftp://x/y",
            "file:///etc/hostname",
            "http://127.0.0.1:1/x.img",
            "\x00",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 2**40), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=4,
)


@dataclass(frozen=True)
class Places:
    """What there is to point at: files to read, a folder to write to, names and ids of images."""

    files: Sequence[str]
    folder: str
    names: Sequence[str]
    ids: Sequence[str]
    urls: Sequence[str] = ()


def specification(module: str) -> dict[str, Any]:
    """The module's own options."""
    spec: dict[str, Any] = import_module(f"{PACKAGE}.{module}").ARGUMENT_SPEC
    return {name: options for name, options in spec.items() if name not in UNTOUCHED}


def options_of(module: str, places: Places) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the module's options; most have a likely value, some have any."""
    return _some(specification(module), places).map(lambda given: _pointed(module, given, places))


def _pointed(module: str, given: dict[str, Any], places: Places) -> dict[str, Any]:
    """Nothing is written but to the folder, and nothing read from who knows where."""
    if module == "image_download":
        given = {**given, "dest": f"{places.folder}/{abs(hash(str(given.get('dest')))) % 5}"}
    return given


def _some(spec: Mapping[str, Any], places: Places) -> st.SearchStrategy[dict[str, Any]]:
    choices = {name: _value(name, options, places) for name, options in spec.items()}
    return st.lists(st.sampled_from(sorted(choices)), max_size=7, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: choices[name] for name in {*names, *_usual(spec)}})
    )


def _usual(spec: Mapping[str, Any]) -> set[str]:
    """Without one of them hardly anything else is looked at."""
    return {"name"} & set(spec)


def _value(name: str, options: Mapping[str, Any], places: Places) -> st.SearchStrategy[Any]:
    likely = _likely(name, options, places)
    if name in ("filename", "dest", "digest_cache", "url_ca_cert", "checksum_keyring"):
        return likely  # any path at all could be one that matters
    return st.integers(0, 9).flatmap(lambda dice: ANYTHING if dice == 0 else likely)


def _likely(name: str, options: Mapping[str, Any], places: Places) -> st.SearchStrategy[Any]:
    special: dict[str, st.SearchStrategy[Any]] = {
        "name": st.one_of(st.sampled_from(list(places.names)), TEXTS),
        "image": st.one_of(st.sampled_from([*places.names, *places.ids]), TEXTS),
        "id": st.one_of(st.sampled_from(list(places.ids)), UUIDS, TEXTS),
        "filename": st.sampled_from([*places.files, f"{places.folder}/missing", places.folder, ""]),
        "digest_cache": st.sampled_from(["", f"{places.folder}/digests"]),
        "url_ca_cert": st.sampled_from(["", f"{places.folder}/missing"]),
        "checksum_keyring": st.just(f"{places.folder}/missing"),
        "url": st.one_of(st.sampled_from([*places.urls, "http://127.0.0.1:1/x.img"]), TEXTS),
        "min_disk": st.one_of(st.sampled_from(["auto", "0", "5", "-1", "x", str(2**31)]), TEXTS),
        "disk_format": st.sampled_from(["raw", "qcow2", "iso", "nonsense", ""]),
        "container_format": st.sampled_from(["bare", "ovf", "nonsense", ""]),
        "timeout": st.sampled_from([1, 5, 0, -1]),
        "properties": st.dictionaries(
            st.one_of(st.sampled_from(["os_distro", "id", "stores"]), TEXTS), ANYTHING, max_size=3
        ),
    }
    if name in special:
        return special[name]
    if options.get("choices"):
        return st.sampled_from(list(options["choices"]))
    if options.get("options"):
        return st.lists(_some(options["options"], places), max_size=3)
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "bool": st.booleans(),
        "int": st.sampled_from([0, 1, 2, 5, -1, 2**31, 2**40]),
        "list": st.lists(TEXTS, max_size=3),
        "dict": st.dictionaries(TEXTS, TEXTS, max_size=3),
    }
    return kinds.get(str(options.get("type")), TEXTS)
