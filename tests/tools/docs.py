# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make docs``: the documentation site in ``docs/build``, from the guides in ``docs/docsite`` and the plugins.

``docs/docsite`` is laid out as Ansible's documentation site wants it, so that site shows the same pages. A warning of
any tool is an error.
"""

from __future__ import annotations

import shutil
import sys

from ansible_collections.imageops.glance.tests.tools.common import COLLECTION, REPO, VENV_BIN, WORK, environment, run

SOURCE = WORK / "docs"
SITE = REPO / "docs" / "build"
CONFIGURATION = """
project = "imageops.glance"
copyright = "imageops contributors"
extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
html_theme = "furo"
html_title = "imageops.glance"
html_show_sphinx = False
html_static_path = []
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
default_role = "any"
nitpicky = False
# pages of Ansible itself are linked, but the site is built without a network: their index is not fetched
intersphinx_mapping = {}
suppress_warnings = ["intersphinx.external"]
"""


def main() -> int:
    """Command line entry."""
    env = environment()
    antsibull = str(VENV_BIN / "antsibull-docs")
    # plugin documentation is linted where Ansible finds the collection, guides where they are
    if run([antsibull, "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", str(COLLECTION)], env=env):
        return 1
    shutil.rmtree(SOURCE, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    (SOURCE / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    generate = [antsibull, "collection", "--use-current", "--squash-hierarchy", "--fail-on-error"]
    if run([*generate, "--dest-dir", str(SOURCE), "imageops.glance"], env=env):
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    build = [str(VENV_BIN / "sphinx-build"), "--fail-on-warning", "--keep-going", "-q", "-b", "dirhtml"]
    status = run([*build, str(SOURCE), str(SITE)], env=env)
    if status == 0:
        print(f"{SITE.relative_to(REPO)}/index.html")
    return status


if __name__ == "__main__":
    sys.exit(main())
