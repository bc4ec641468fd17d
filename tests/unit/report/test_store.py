# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on disk: whole at any time, with all parts, and clear words when it cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.report import store
from ansible_collections.imageops.glance.plugins.module_utils.report.parts import failed_part
from ansible_collections.imageops.glance.tests.unit.report.samples import NOW, region

PART = region("lab", 3, 1, check=False)
WRITER = """
import sys
from ansible_collections.imageops.glance.plugins.module_utils.report.store import write
from ansible_collections.imageops.glance.tests.unit.report.samples import region
for number in range(5):
    write(sys.argv[1], region(f"{sys.argv[2]}-{number}", 4, number, True))
"""


def test_page_and_data_stand_beside_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert store.write("report.html", PART) == tmp_path / "report.html"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]
    data = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert data == {"format": 1, "parts": [PART]}
    store.write("report.html", failed_part("edge", "base", "is down", NOW))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "is down" in page
    assert "Alpine" in page or "Ubuntu 24.04" in page


def test_several_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(page), f"host{number}"], env=environment)
        for number in range(4)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * 4
    parts = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))["parts"]
    assert [part["cloud"] for part in parts] == [f"host{n}-{m}" for n in range(4) for m in range(5)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_permissions_are_those_of_a_new_file_and_then_stay(tmp_path: Path) -> None:
    page = store.write(str(tmp_path / "report.html"), PART)
    mask = os.umask(0)
    os.umask(mask)
    assert page.stat().st_mode & 0o777 == 0o666 & ~mask
    page.chmod(0o640)
    store.write(str(page), PART)
    assert page.stat().st_mode & 0o777 == 0o640


def test_text_that_is_no_text_is_written(tmp_path: Path) -> None:
    page = store.write(str(tmp_path / "report.html"), failed_part("lab", "base", "caf\udce9", NOW))
    assert "caf\\udce9" in page.read_text(encoding="utf-8")
    assert json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))["parts"][0]["failure"] == "caf\udce9"
    store.write(str(page), failed_part("caf\udce9", "base", "x", NOW))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("report.json", "report.json is no name for a page; let it end in .html."),
        ("", " is no name for a page; let it end in .html."),
        ("gone/report.html", "the folder {0}/gone does not exist; make it or give another path than gone/report.html."),
        ("folder.html", "folder.html is a folder; give the path of a file in it, such as folder.html/report.html."),
    ],
)
def test_bad_paths(path: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(OptionError) as caught:
        store.write(path, PART)
    assert caught.value.message == message.format(tmp_path)


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(OptionError, match=r"report\.html cannot be written: Is a directory; give another path"):
        store.write(str(tmp_path / "report.html"), PART)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json"]


@pytest.mark.parametrize(
    ("content", "why"), [(b"{", "it is no JSON"), (b"\xff", "it is no text"), (b"[]", "it holds something else")]
)
def test_a_file_of_somebody_else_is_not_touched(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(OptionError, match=rf"report\.json cannot be continued: {why}"):
        store.write(str(tmp_path / "report.html"), PART)
    assert (tmp_path / "report.json").read_bytes() == content
    assert not (tmp_path / "report.html").exists()
