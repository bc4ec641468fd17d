# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any options at all on the real Image service (tests/unit/faults has many more examples, without one)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import Any

from ansible_collections.imageops.glance.tests.faults.case import Case, fresh_name
from ansible_collections.imageops.glance.tests.faults.options import MODULES, Places, options_of
from ansible_collections.imageops.glance.tests.faults.process import Run
from ansible_collections.imageops.glance.tests.faults.stage import Stage
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

EXPECTED = "no crash, no write when refused"
#: Examples a module. (Each costs two processes.)
EXAMPLES = {"image": 40, "image_download": 12, "image_info": 12, "image_member": 12}


def _play(stage: Stage, module: str) -> str:
    prefix = fresh_name()
    folder = stage.folder / f"{prefix} {module}"
    folder.mkdir()
    stage.calm()
    refused = done = 0
    made: set[str] = set()
    images = _images(stage, prefix)
    places = Places(
        [stage.file("small.raw", b"\x01" * 4096), stage.file("empty", b"")],
        str(folder),
        [str(image["name"]) for image in images],
        [str(image["id"]) for image in images],
        [stage.page(f"/{prefix.replace(' ', '-')}.img", b"\x01" * 4096)],
    )

    @settings(max_examples=EXAMPLES[module], deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @seed(int(os.environ.get("FAULTS_SEED", "1")))
    @given(st.data())
    def any_options(data: st.DataObject) -> None:
        nonlocal refused, done
        given_options = _ours(data.draw(options_of(module, places)), prefix)
        options = {**given_options, "cloud": "member", "api_retry_time": 2, "api_timeout": 5}
        predicted = _run(stage, module, options, check=True)
        assert not stage.writes(), f"check mode has written: {stage.writes()} with {options}"
        run = _run(stage, module, options, check=False)
        if predicted.failed:
            refused += 1
            assert run.failed, f"check mode refuses what is then done: {predicted.told} with {options}"
            assert not stage.writes(), f"{stage.writes()}, although {predicted.told} with {options}"
        done += not run.failed
        made.update(_ids(run))

    try:
        any_options()
        return f"{refused} refused, {done} done"
    finally:
        stage.calm()
        stage.cloud.clean(prefix)
        for image_id in made:
            stage.cloud.delete(image_id)


def _ids(run: Run) -> set[str]:
    """Images that a run has told of; one with an id needs no name."""
    told = [run.result, *run.result.get("results", ())]
    return {str(part["image"]["id"]) for part in told if (part.get("image") or {}).get("id")}


def _run(stage: Stage, module: str, options: dict[str, Any], check: bool) -> Run:
    stage.calm()
    run = stage.launcher.run(module, options, check)
    assert "Traceback" not in run.output, f"{run.output[-1500:]} with {options}"
    assert "Please report" not in run.output, f"{run.told} with {options}"
    assert run.result, f"no result: {run.output[-500:]} with {options}"
    return run


def _ours(options: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The names that it gives are this case's own, so that what comes of them can be cleaned up."""

    def own(entry: dict[str, Any]) -> dict[str, Any]:
        given = {
            key: str(entry[key]) for key in ("name", "replaced_name") if isinstance(entry.get(key), (str, int, float))
        }
        return {**entry, **{key: text if text.startswith(prefix) else prefix + text for key, text in given.items()}}

    options = own(options)
    if isinstance(options.get("images"), list):
        options["images"] = [own(entry) if isinstance(entry, dict) else entry for entry in options["images"]]
    return options


def _images(stage: Stage, prefix: str) -> list[dict[str, Any]]:
    return [
        stage.cloud.create(b"\x01" * 4096, name=f"{prefix} full"),
        stage.cloud.create(name=f"{prefix} empty"),
        stage.cloud.create(b"\x01" * 8192, name=f"{prefix}:shared", visibility="shared", os_hidden=True),
    ]


def bad_input() -> Iterator[Case]:
    """One case a module."""
    for module in MODULES:
        yield Case(f"any options: {module}", EXPECTED, partial(_play, module=module))
