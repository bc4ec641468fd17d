# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where everything of one cloud lies, and the names that its parts go by. Pure: nothing here touches the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
SERVE = PACKAGE / "serve"
REQUIREMENTS = PACKAGE / "requirements.txt"

KEYSTONE = "keystone"
STORES = ("file", "fast")
DEFAULT_STORE = "file"


@dataclass(frozen=True)
class Region:
    """One Glance: ``name`` in the catalog, ``service`` as its process, database and folder are called."""

    name: str
    service: str


REGIONS = (Region("RegionOne", "glance_one"), Region("RegionTwo", "glance_two"))
SERVICES = (KEYSTONE, *(region.service for region in REGIONS))
DATABASES = SERVICES


@dataclass(frozen=True)
class Layout:
    """The files of one cloud below its state folder."""

    root: Path

    @property
    def state_file(self) -> Path:
        return self.root / "state.json"

    @property
    def lock_file(self) -> Path:
        """Held by the command that changes this cloud; it also marks the folder as a cloud's."""
        return self.root / ".local-cloud.lock"

    @property
    def clouds_yaml(self) -> Path:
        return self.root / "clouds.yaml"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def service_dir(self, service: str) -> Path:
        """Configuration and data of a service."""
        return self.root / service

    def config_file(self, service: str) -> Path:
        """The file that the service reads: Keystone and Glance look for these names in a folder they are given."""
        return self.service_dir(service) / ("keystone.conf" if service == KEYSTONE else "glance-api.conf")

    @property
    def keystone_cache_file(self) -> Path:
        """A second configuration file, of Keystone the service only."""
        return self.service_dir(KEYSTONE) / "keystone-cache.conf"

    @property
    def cache_epoch(self) -> Path:
        """Touched after a change of Keystone's database past Keystone."""
        return self.service_dir(KEYSTONE) / "cache-epoch"

    def stores(self, service: str) -> Path:
        """Folder of a Glance's stores, one subfolder each, Glance's internal ones too."""
        return self.service_dir(service) / "stores"

    def request_log(self, service: str) -> Path:
        """One JSON line a request, written before the answer leaves."""
        return self.logs / f"{service}.requests.jsonl"

    def service_log(self, service: str) -> Path:
        """What the OpenStack service itself logs."""
        return self.logs / f"{service}.log"

    def process_log(self, service: str) -> Path:
        """Standard output and error of the process: start-up failures end here."""
        return self.logs / f"{service}.out"

    def marker(self, service: str) -> str:
        """Text in the title of every process of this service and of no other cloud's."""
        return f"local-cloud:{self.root}:{service}"
