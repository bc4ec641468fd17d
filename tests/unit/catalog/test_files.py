# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and folders: what is read, and what is said of files that cannot be."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.catalog import yamltext
from ansible_collections.imageops.glance.plugins.module_utils.catalog.files import Reading, entries_of, read_paths
from ansible_collections.imageops.glance.plugins.module_utils.catalog.validate import check_catalog
from hypothesis import given, settings
from hypothesis import strategies as st

TODAY = datetime.date(2026, 11, 24)
ENTRY = "{name: A, url: 'https://h/a.img'}"


def read(tmp_path: Path, text: str | bytes, name: str = "c.yml", **more: Any) -> Reading:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_paths([str(path)], TODAY, **more)


def told(reading: Reading) -> list[str]:
    return [str(replace(mistake, file=mistake.file.rpartition("/")[2])) for mistake in reading.mistakes]


@pytest.mark.parametrize(
    "text",
    [
        f"images: [{ENTRY}]",
        f"catalog_images: [{ENTRY}]",
        f"[{ENTRY}]",
        f"---\n- {ENTRY}\n",
        f"catalog_name: base\ncatalog_images:\n  - {ENTRY}\n",
        f"\ufeffimages: [{ENTRY}]",
    ],
)
def test_native_files(tmp_path: Path, text: str) -> None:
    reading = read(tmp_path, text)
    assert told(reading) == []
    assert [located.value for located in reading.entries] == [{"name": "A", "url": "https://h/a.img"}]


def test_lines_are_those_of_the_entries(tmp_path: Path) -> None:
    reading = read(tmp_path, f"# first\nimages:\n  - {ENTRY}\n\n  - name: B\n    url: x\n")
    assert [located.place.line for located in reading.entries] == [3, 5]
    assert [str(mistake).rpartition("/")[2] for mistake in check_catalog(reading.entries)] == [
        "c.yml:5: B: url: is no http or https URL."
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "c.yml: is empty."),
        ("# nothing\n", "c.yml: is empty."),
        ("5", "c.yml: is no catalog: it must hold a list of images."),
        ("a text", "c.yml: is no catalog: it must hold a list of images."),
        ("catalog_name: x", "c.yml: has no list 'images'."),
        ("images:", "c.yml: images: must be a list of images."),
        ("images: {a: 1}", "c.yml: images: must be a list of images."),
        ("images: [}", "c.yml:1: is no valid YAML: while parsing a flow node"),
        ("images:\n\t- a", "c.yml:2: is no valid YAML: while scanning for the next token"),
        ("a: *b", "c.yml:1: is no valid YAML: found undefined alias"),
        ("images: []\n---\nimages: []", "c.yml:2: is no valid YAML: expected a single document in the stream"),
        ("images: !!python/name:os.system ''", "c.yml:1: is no valid YAML: could not determine a constructor"),
        ("? [a]\n: b", "c.yml:1: is no valid YAML: while constructing a mapping found unhashable key"),
        ("images: []\nimages: []", "c.yml:2: has the key 'images' twice, first on line 1."),
        ("images:\n - name: A\n   name: B\n   url: u", "c.yml:3: has the key 'name' twice, first on line 2."),
        ("when: 2024-13-45", "c.yml: holds a number or date that cannot be: month must be in 1..12"),
        ("[" * 100000, "c.yml: is nested too deeply."),
        ("- " * 100000, "c.yml: is nested too deeply."),
        (b"images: \xff\xfe", "c.yml: is not encoded in UTF-8."),
        ("images: \x01", "c.yml: is no valid YAML: "),
        (f"imgaes: [{ENTRY}]", "c.yml: imgaes: is no key of a catalog file. Did you mean 'images'?"),
        (f"images: [{ENTRY}]\ncatalog_defaults: [5]", "c.yml: is a list; it must be a mapping of entry keys."),
        ("a: !vault |\n  x", "c.yml:1: has a value in a vault, but no vault password is known here."),
    ],
)
def test_files_with_mistakes(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert any(line.startswith(message) for line in told(read(tmp_path, text))), told(read(tmp_path, text))


def test_an_alias_of_itself_is_no_traceback(tmp_path: Path) -> None:
    reading = read(tmp_path, "images:\n - &a {name: A, url: 'https://h/a', properties: *a, tags: &t [*t]}\n")
    found = check_catalog(reading.entries)
    assert {mistake.key for mistake in found} == {"properties.name", "properties.properties", "properties.tags", "tags"}


def test_merge_keys_are_no_duplicates(tmp_path: Path) -> None:
    text = "catalog_base: &b {url: 'https://h/a', min_disk: 1}\nimages:\n - {<<: *b, name: A, min_disk: 2}\n"
    reading = read(tmp_path, text)
    assert told(reading) == []
    assert reading.entries[0].value == {"name": "A", "url": "https://h/a", "min_disk": 2}


def test_defaults_of_a_file(tmp_path: Path) -> None:
    reading = read(tmp_path, f"catalog_defaults: {{min_ram: 64}}\nimages: [{ENTRY}]")
    assert reading.entries[0].value["min_ram"] == 64


def test_vault_values(tmp_path: Path) -> None:
    text = "images: [{name: A, url: 'https://h/a', url_username: u, url_password: !vault secret}]"
    reading = read(tmp_path, text, decrypt=lambda data: data[::-1])
    assert reading.entries[0].value["url_password"] == "terces"
    locked = read(tmp_path, text, decrypt=lambda data: {}[data])
    assert told(locked) == ["c.yml:1: has a value in a vault that cannot be opened: 'secret'."]


def test_folders(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", ".hidden.yml", "readme.md", "c.txt"):
        (tmp_path / name).write_text(f"images: [{{name: {name}, url: 'https://h/a'}}]")
    (tmp_path / "schema.yaml").write_text("---\na: str()\n---\nb: int()\n")
    (tmp_path / "sub.yml").mkdir()
    reading = read_paths([str(tmp_path)], TODAY)
    assert told(reading) == []
    assert [located.value["name"] for located in reading.entries] == ["a.yml", "b.yaml"]


def test_paths_that_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    reading = read_paths([str(tmp_path / "empty"), str(tmp_path / "gone.yml")], TODAY)
    assert told(reading) == ["empty: holds no .yml or .yaml file.", "gone.yml: does not exist."]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    def refuse(path: str) -> str:
        raise PermissionError(13, "Permission denied", path)

    assert told(read(tmp_path, "x", read=refuse)) == ["c.yml: cannot be read: Permission denied."]


def test_relative_filenames_are_looked_for_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.img").write_text("data")
    reading = read(
        tmp_path, "images: [{name: A, filename: a.img}, {name: B, filename: b.img}, {name: C, filename: /a.img}]"
    )
    assert [located.value["filename"] for located in reading.entries] == [str(tmp_path / "a.img"), "b.img", "/a.img"]


@pytest.mark.parametrize("items", [5, "x", {"name": "A"}])
def test_a_variable_that_is_no_list(items: Any) -> None:
    assert told(entries_of(items, "catalog_images", TODAY)) == ["catalog_images: must be a list of images."]


def test_a_variable() -> None:
    assert entries_of(None, "catalog_images", TODAY) == Reading()
    reading = entries_of([{"nam": 1}, 5], "catalog_images", TODAY)
    assert [str(mistake) for mistake in check_catalog(reading.entries)][-1].startswith(
        "catalog_images: image 2: is a number"
    )


WORDS = ": , [ ] { } - ' | > # ? ~ << &a *a !!set !vault --- %YAML images name versions 1e999 .nan 2024-02-30"
PIECES = st.sampled_from([*WORDS.split(), '"', "\n", " ", "\t", "\0", "é"])


@settings(max_examples=200)
@given(st.lists(PIECES | st.text(max_size=3), max_size=20).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    document = yamltext.load(text)
    assert document.value is None or not any("no valid YAML" in message for _line, message in document.problems)
    assert all(message for _line, message in document.problems)
    reading = entries_of(document.value, "x", TODAY)
    assert all(mistake.message for mistake in check_catalog(reading.entries, None, None))
