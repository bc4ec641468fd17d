# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup catalog_entries."""

from __future__ import annotations

DOCUMENTATION = r"""
name: catalog_entries
author: imageops contributors (@imageops)
version_added: 1.0.0
short_description: The validated entries of an image catalog
description:
  - Reads the entries of an image catalog from files, folders and a variable, checks all of them in one pass, and
    returns them in one normalised form, defaults merged in.
  - Files are in the native format, a list of entries or a mapping with such a list under V(images) or
    V(catalog_images), or in the format of openstack-image-manager. Which one it is, is told from the entries.
  - All mistakes are reported together, each with its file, line, entry and key.
options:
  _terms:
    description:
      - Files, and folders of which all C(.yml) and C(.yaml) files are read by name, but for a C(schema.yaml), where
        openstack-image-manager describes its format.
      - Relative paths are looked for in the C(files) folders of the role and of the play, then beside the play.
    type: list
    elements: path
  images:
    description: Entries beside those in files, in the same two formats.
    type: list
    elements: dict
  defaults:
    description:
      - Merged below every entry. RV(_raw[].properties) are merged key by key.
    type: dict
  check_files:
    description: Whether each C(filename) must be there on the controller. Turn it off when the data is on other hosts.
    type: bool
    default: true
  resolve_checksums:
    description:
      - Whether to read the checksum files of entries that have no version, so that it is known whether their data has
        changed. One that cannot be read is warned of, and its entry stays as it is.
    type: bool
    default: false
seealso:
  - plugin: imageops.glance.catalog_plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read a catalog that stands in the play
  ansible.builtin.set_fact:
    entries: "{{ query('imageops.glance.catalog_entries', images=catalog_images, defaults={'min_disk': 5}) }}"
  vars:
    catalog_images:
      - name: Ubuntu 24.04
        version: "20261101"
        url: https://cloud.example/noble/20261101/noble.img
        disk_format: qcow2

- name: Read a folder of files and print the names
  ansible.builtin.debug:
    msg: "{{ query('imageops.glance.catalog_entries', 'catalog.d') | map(attribute='name') | list }}"
"""

RETURN = r"""
_raw:
  description:
    - The entries. Each has the keys of the module M(imageops.glance.image) that were given, by their main names, and
      RV(_raw[].name), and those that only a catalog has.
  type: list
  elements: dict
  contains:
    name:
      description: Name of the entry.
      type: str
    version:
      description: Its version, as text; left out when it has none.
      type: str
    properties:
      description: Custom properties.
      type: dict
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.imageops.glance.plugins.module_utils.catalog.checksums import resolved
from ansible_collections.imageops.glance.plugins.module_utils.catalog.entry import merge_defaults, normalise
from ansible_collections.imageops.glance.plugins.module_utils.catalog.files import entries_of, read_paths
from ansible_collections.imageops.glance.plugins.module_utils.catalog.validate import CatalogError, check_catalog
from ansible_collections.imageops.glance.plugins.module_utils.errors import GlanceOpsError

VAULT_HEADER = b"$ANSIBLE_VAULT;"


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core comes without types
    """Reads, checks, normalises."""

    def run(
        self, terms: Sequence[Any], variables: Optional[Mapping[str, Any]] = None, **kwargs: Any
    ) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return self._entries([str(term) for term in self._flat(terms)], variables)
        except GlanceOpsError as error:
            raise AnsibleLookupError(error.message) from error

    def _entries(self, terms: Sequence[str], variables: Optional[Mapping[str, Any]]) -> list[dict[str, Any]]:
        today = datetime.datetime.now().astimezone().date()
        reading = read_paths(
            [self._found(term, variables) for term in terms], today, read=self._text_of, decrypt=self._decrypt
        )
        reading.extend(entries_of(self.get_option("images"), "catalog_images", today))
        defaults = self.get_option("defaults") or {}
        checks = {} if self.get_option("check_files") else {"file_exists": None}
        mistakes = [*reading.mistakes, *check_catalog(reading.entries, defaults, **checks)]
        if mistakes:
            raise CatalogError(mistakes)
        entries = [normalise(merge_defaults(located.value, defaults)) for located in reading.entries]
        if self.get_option("resolve_checksums"):
            entries, problems = resolved(entries)
            for problem in problems:
                self._display.warning(f"catalog_entries: {problem}")
        return entries

    def _flat(self, terms: Sequence[Any]) -> list[Any]:
        """Terms may be lists: lookup('…', catalog_files)."""
        flat: list[Any] = []
        for term in terms:
            flat.extend(term if isinstance(term, (list, tuple)) else [term])
        return flat

    def _found(self, term: str, variables: Optional[Mapping[str, Any]]) -> str:
        found = self.find_file_in_search_path(variables, "files", term, ignore_missing=True)
        return str(found or self._loader.path_dwim(term))

    def _text_of(self, path: str) -> str:
        with open(path, "rb") as file:
            data = file.read()
        if data.startswith(VAULT_HEADER):
            return self._decrypt(data.decode("ascii"), path)
        return data.decode("utf-8-sig")

    def _decrypt(self, text: str, path: str = "a value") -> str:
        try:
            # The loader holds the vault's passwords; Ansible offers no public way to decrypt text with them.
            return str(self._loader._vault.decrypt(text.encode()).decode())
        except AnsibleError as error:
            raise AnsibleLookupError(f"catalog_entries: the vault in {path} cannot be opened: {error}") from error
