# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make docs``: the documentation site in ``docs/build``, from the guides in ``docs/docsite`` and the plugins.

``docs/docsite`` is laid out as Ansible's documentation site wants it, so that it shows the same pages; the measurements
of ``docs/performance.md`` are put beside them. A warning of any tool is an error.
"""

from __future__ import annotations

import shutil
import sys
import zlib
from collections.abc import Mapping

from ansible_collections.imageops.glance.tests.tools.common import COLLECTION, REPO, VENV_BIN, WORK, environment, run

SOURCE = WORK / "docs"
SITE = REPO / "docs" / "build"
MEASURED = REPO / "docs" / "performance.md"
# below the text of the page "performance"; what is generated has no place in the sources of the guides
SHOW_MEASURED = """
.. include:: performance.md
   :parser: myst_parser.docutils_
   :start-after: <!-- measured: begin -->
   :end-before: <!-- measured: end -->
"""
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
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/ansible/latest/", "ansible.inv")}
# the measurements are a part of a page, so that their first heading is not that of a page
suppress_warnings = ["intersphinx.external", "myst.header"]
"""
# Labels of Ansible's documentation that generated pages refer to, with their addresses there.
LABELS = {
    "action_plugins": "plugins/action.html#action-plugins",
    "ansible_configuration_settings": "reference_appendices/config.html#ansible-configuration-settings",
    "common_return_values": "reference_appendices/common_return_values.html#common-return-values",
    **{
        f"ansible_collections.openstack.cloud.{name}_module": f"collections/openstack/cloud/{name}_module.html"
        for name in ("image", "image_info", "volume")
    },
}


def inventory(labels: Mapping[str, str]) -> bytes:
    """An index of labels as Sphinx's intersphinx reads it (version 2 of its format)."""
    head = "# Sphinx inventory version 2\n# Project: ansible\n# Version: latest\n"
    head += "# The remainder of this file is compressed using zlib.\n"
    lines = "".join(f"{label} std:label -1 {address} -\n" for label, address in labels.items())
    return head.encode() + zlib.compress(lines.encode())


def main() -> int:
    """Command line entry."""
    env = environment()
    antsibull = str(VENV_BIN / "antsibull-docs")
    # plugin documentation is linted where Ansible finds the collection, guides where they are
    if run([antsibull, "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", str(COLLECTION)], env=env):
        return 1
    shutil.rmtree(SOURCE, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    (SOURCE / "ansible.inv").write_bytes(inventory(LABELS))
    (SOURCE / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    generate = [antsibull, "collection", "--use-current", "--squash-hierarchy", "--fail-on-error"]
    if run([*generate, "--dest-dir", str(SOURCE), "imageops.glance"], env=env):
        return 1
    shutil.copyfile(MEASURED, SOURCE / "docsite" / MEASURED.name)
    with open(SOURCE / "docsite" / "performance.rst", "a", encoding="utf-8") as page:
        page.write(SHOW_MEASURED)
    shutil.rmtree(SITE, ignore_errors=True)
    build = [str(VENV_BIN / "sphinx-build"), "--fail-on-warning", "--keep-going", "-q", "-b", "dirhtml"]
    status = run([*build, str(SOURCE), str(SITE)], env=env)
    if status == 0:
        print(f"{SITE.relative_to(REPO)}/index.html")
    return status


if __name__ == "__main__":
    sys.exit(main())
