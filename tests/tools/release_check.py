# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that must be true of what a user downloads: changelog, archive, installation, documentation, importer."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml
from ansible_collections.imageops.glance.tests.tools.common import (
    REPO,
    VENV_BIN,
    WORK,
    Suite,
    environment,
    run,
    tracked_files,
)

ROOT = WORK / "release"
SOURCE = ROOT / "source"
INSTALLED = ROOT / "collections"
# the archive's top level may hold these and nothing else
SHIPPED = {
    "CHANGELOG.md",
    "CHANGELOG.rst",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "SECURITY.md",
    "changelogs",
    "docs",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "roles",
}
REQUIRED = {
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "meta/runtime.yml",
    "meta/execution-environment.yml",
    "requirements.txt",
}
IMPORTER_SETTINGS = """[galaxy-importer]
LOG_LEVEL_MAIN = INFO
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_LINT = True
RUN_ANSIBLE_TEST = False
RUN_FLAKE8 = False
CHECK_REQUIRED_TAGS = False
CHECK_CHANGELOG = True
REQUIRE_V1_OR_GREATER = True
LOCAL_IMAGE_DOCKER = False
"""


def release_environment() -> dict[str, str]:
    """An environment in which only the installed archive is a collection, with its own home."""
    home = ROOT / "home"
    home.mkdir(parents=True, exist_ok=True)
    env = environment({"HOME": str(home), "ANSIBLE_COLLECTIONS_PATH": str(INSTALLED), "NO_COLOR": "1"})
    env.pop("PYTHONPATH", None)
    return env


def galaxy() -> dict[str, str]:
    """The fields of galaxy.yml."""
    loaded = yaml.safe_load((REPO / "galaxy.yml").read_text(encoding="utf-8"))
    return dict(loaded)


def copy_source() -> None:
    """Build from what version control holds, so that nothing that lies around in a checkout can get in."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    for name in tracked_files():
        target = SOURCE / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPO / name, target)


def changelog() -> bool:
    """Fragments and changelog.yaml are well formed."""
    return run([VENV_BIN / "antsibull-changelog", "lint"], cwd=SOURCE, env=git_copy(release_environment())) == 0


def git_copy(env: dict[str, str]) -> dict[str, str]:
    """Keep tools that ask git from finding the checkout around the copy."""
    return {**env, "GIT_CEILING_DIRECTORIES": str(ROOT)}


def changelog_is_complete() -> bool:
    """The version of galaxy.yml is a release in the changelog, with every fragment; every module is in some release."""
    version = galaxy()["version"]
    recorded = yaml.safe_load((REPO / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    if version not in recorded:
        print(f"changelogs/changelog.yaml has no release {version}: make changelog")
        return False
    used = {name for release in recorded.values() for name in release.get("fragments", [])}
    named = {module["name"] for release in recorded.values() for module in release.get("modules", [])}
    waiting = {path.name for path in (REPO / "changelogs" / "fragments").glob("*.y*ml")} - used
    unnamed = {path.stem for path in (REPO / "plugins" / "modules").glob("*.py")} - named - {"__init__"}
    for name in sorted(waiting | unnamed):
        print(f"the changelog does not have {name} yet: make changelog")
    return not waiting and not unnamed


def archive() -> Path:
    """Where the built archive lies."""
    fields = galaxy()
    return ROOT / f"{fields['namespace']}-{fields['name']}-{fields['version']}.tar.gz"


def build() -> bool:
    """The archive can be built."""
    command: list[str | Path] = [
        VENV_BIN / "ansible-galaxy",
        "collection",
        "build",
        "--force",
        "--output-path",
        ROOT,
        SOURCE,
    ]
    return run(command, env=release_environment(), quiet=True) == 0


def contents() -> bool:
    """The archive holds what users need, and nothing that only developers need."""
    with tarfile.open(archive()) as tar:
        names = tar.getnames()
    surplus = sorted({name.split("/")[0] for name in names} - SHIPPED)
    missing = sorted(REQUIRED - set(names))
    for name in surplus:
        print(f"the archive should not hold {name}; add it to build_ignore in galaxy.yml")
    for name in missing:
        print(f"the archive lacks {name}")
    print(f"{len(names)} files and folders, {archive().stat().st_size / 1024:.0f} KiB")
    return not surplus and not missing


def install() -> bool:
    """The archive installs into an empty path, without a server to ask."""
    shutil.rmtree(INSTALLED, ignore_errors=True)
    command = [str(VENV_BIN / "ansible-galaxy"), "collection", "install", "--offline"]
    command += ["--collections-path", str(INSTALLED), str(archive())]
    return run(command, env=release_environment(), quiet=True) == 0


def documentation() -> bool:
    """ansible-doc shows every plugin and role of the installed archive."""
    good = True
    for kind in ("module", "filter", "lookup", "role"):
        listing = subprocess.run(
            [VENV_BIN / "ansible-doc", "--type", kind, "--list", "--json", "imageops.glance"],
            env=release_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        names = sorted(json.loads(listing.stdout)) if listing.returncode == 0 else []
        if listing.returncode:
            print(listing.stdout + listing.stderr)
            good = False
        if names:
            show = [str(VENV_BIN / "ansible-doc"), "--type", kind, *names]
            good = run(show, env=release_environment() | {"PAGER": "cat"}, quiet=True) == 0 and good
        print(f"{kind}: {', '.join(names) or 'none'}")
    return good


def importer() -> bool:
    """galaxy-importer, which Galaxy runs on every upload, takes the archive without an error."""
    settings = ROOT / "galaxy-importer.cfg"
    settings.write_text(IMPORTER_SETTINGS, encoding="utf-8")
    env = git_copy(release_environment()) | {"GALAXY_IMPORTER_CONFIG": str(settings)}
    command = [str(VENV_BIN / "python"), "-m", "galaxy_importer.main", str(archive())]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = [line for line in done.stdout.splitlines() if not line.startswith("Loading ")]
    complaints = [line for line in said if line.startswith(("ERROR", "WARNING"))]
    print("\n".join(said if done.returncode else complaints), flush=True)
    return done.returncode == 0 and not complaints


CHECKS: tuple[tuple[str, Callable[[], bool]], ...] = (
    ("changelog is well formed", changelog),
    ("changelog is complete", changelog_is_complete),
    ("archive builds", build),
    ("archive holds the right files", contents),
    ("archive installs into an empty path", install),
    ("ansible-doc shows everything", documentation),
    ("galaxy-importer accepts it", importer),
)


def main(arguments: list[str]) -> int:
    """Command line entry."""
    argparse.ArgumentParser(description="Check what would be released.").parse_args(arguments)
    ROOT.mkdir(parents=True, exist_ok=True)
    os.umask(0o022)  # the archive records modes
    started = time.monotonic()
    copy_source()
    suite = Suite("release-check")
    for label, check in CHECKS:
        print(f"--- {label}", flush=True)
        try:
            good = check()
        except (OSError, ValueError, KeyError, tarfile.TarError) as error:
            print(f"{type(error).__name__}: {error}")
            good = False
        suite.add(label, good)
    suite.seconds = time.monotonic() - started
    for label in suite.failures:
        print(f"FAILED: {label}")
    return suite.save()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
