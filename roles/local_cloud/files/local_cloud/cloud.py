# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands on one cloud: bring it up from whatever it was left as, take it down, put it back to its beginning."""

from __future__ import annotations

import hashlib
import shutil
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from . import configs, environment, identity, ports, postgres, seeding, services, venv
from . import state as states
from .errors import LocalCloudError
from .layout import KEYSTONE, REGIONS, SERVICES, Layout
from .state import State

POSTGRES = "postgres"
POSTGRES_ATTEMPTS = 3
PORT_PATIENCE = 2.0


@dataclass
class Report:
    """What a command did: ``changed`` is what Ansible means by it, ``actions`` says it in words."""

    actions: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        return bool(self.actions)


class Cloud:
    """One cloud: its state folder ``root`` and the environment ``venv_dir`` that it may share with others."""

    def __init__(self, root: Path, venv_dir: Path, python: Optional[str] = None) -> None:
        self.layout = Layout(root.resolve())
        self.venv_dir = venv_dir.absolute()
        self.wanted_python = python
        self.state = State()
        self.report = Report()

    # -- commands ------------------------------------------------------------------------------------------------------

    def up(self, settings: Mapping[str, str]) -> Report:
        """Everything runs and answers when this returns. ``settings``: Glance options to add, "" takes one back."""
        with self._locked():
            self._prepare()
            for name, value in settings.items():
                self.state.glance_settings[name] = value
                if not value:
                    del self.state.glance_settings[name]
            self._up()
        return self.report

    def down(self, remove: bool = False) -> Report:
        """End this cloud's processes and no other; with ``remove`` its folder goes too."""
        if not self.layout.root.exists():
            return self.report
        with self._locked():
            self._stop_all()
            if remove:
                for folder in (self.state.postgres_home, self.state.socket_dir, str(self.layout.root)):
                    if folder and Path(folder).exists():
                        shutil.rmtree(folder)
                self._did(f"removed {self.layout.root}")
        return self.report

    def reset(self) -> Report:
        """No image, and databases as in the beginning; what runs goes on running, what does not is started."""
        with self._locked():
            self._prepare()
            self._up()
            server = self._postgres()
            server.sql(seeding.restore_sql())
            self._update_endpoints(server)
            for region in REGIONS:
                seeding.empty_folders(self.layout.stores(region.service))
            self._did("restored the databases and removed all image data")
        return self.report

    def status(self) -> dict[str, str]:
        """ "running", "stopped" or "silent" (runs, but does not answer) by service; empty where there is no cloud."""
        known = states.load(self.layout.state_file)
        if known is None or not known.built_with:
            return {}
        found = {POSTGRES: "running" if services.is_alive(known.services.get(POSTGRES)) else "stopped"}
        for service in SERVICES:
            alive = services.is_alive(known.services.get(service))
            found[service] = "stopped" if not alive else "running" if self._answers(known, service) else "silent"
        return found

    def variables(self, cloud: str, with_token: bool) -> dict[str, str]:
        """What `env` prints; LocalCloudError before the first `up`."""
        known = states.load(self.layout.state_file)
        if known is None or not known.built_with:
            raise LocalCloudError(f"There is no cloud in {self.layout.root}; run up first.")
        return environment.variables(self.layout, known, cloud, with_token)

    # -- steps of up ---------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if venv.ensure(self.venv_dir, self.wanted_python):
            self._did("built the virtual environment")

    def _up(self) -> None:
        self.layout.logs.mkdir(exist_ok=True)
        self.state.python = str(venv.python_in(self.venv_dir))
        server = self._postgres()
        built = self.state.built_with == self._stamp() and (server.data / "PG_VERSION").exists()
        if built:
            try:
                self._run(server)
            except postgres.Damaged as damage:
                # Durability was traded for speed, so after a power cut the databases may be beyond repair.
                self._did(f"gave the databases up: {damage}")
                built = False
        if not built:
            self._build(server)
        if states.write_private(self.layout.clouds_yaml, configs.clouds_yaml(self.state)):
            self._did("wrote clouds.yaml")

    def _build(self, server: postgres.Postgres) -> None:
        """Everything anew: databases, Keystone's keys and contents."""
        self._stop_all()
        self.state.built_with, self.state.ids = "", {}
        self._save()
        server.create()
        seeding.write_keys(self.layout)
        self._did("made new databases")
        with self._sockets(server) as sockets:
            self._start_postgres(server)
            self._wait_postgres(server)
            seeding.make_databases(self.layout, self.state, server)
            keystone = self._start_services(sockets, [KEYSTONE])
            self._wait(keystone)
            # The Glances start while Keystone is filled.
            glances = self._start_services(sockets, [region.service for region in REGIONS])
            identity.seed(self.state)
            server.sql(seeding.snapshot_sql())
            self._wait(glances)
        self.state.built_with = self._stamp()
        self._save()

    def _run(self, server: postgres.Postgres) -> None:
        """Start what does not run, all at once: the services need the database only when they are asked."""
        fresh_server = self._start_postgres(server)
        with self._sockets(server) as sockets:
            started = self._start_services(sockets, SERVICES)
            self._wait_postgres(server)
            try:
                lost = seeding.missing(server)
                if lost:
                    server.sql(seeding.restore_sql(lost))
                    self._did(f"restored the databases {', '.join(lost)}")
                if started or lost:
                    self._update_endpoints(server)
            except LocalCloudError as error:
                if not fresh_server:
                    raise
                raise postgres.Damaged(str(error)) from error
            self._wait(started)

    def _start_postgres(self, server: postgres.Postgres) -> bool:
        if services.is_alive(self.state.services.get(POSTGRES)):
            return False
        self.state.services[POSTGRES] = server.start()
        self._save()
        self._did("started PostgreSQL")
        return True

    def _wait_postgres(self, server: postgres.Postgres) -> None:
        for _attempt in range(POSTGRES_ATTEMPTS):
            if server.wait_ready(self.state.services[POSTGRES]):
                return
            # The children of a killed server hold its memory for a moment longer, and no other may start before.
            time.sleep(1)
            self.state.services[POSTGRES] = server.start()
            self._save()
        raise postgres.Damaged(f"PostgreSQL does not start, see {server.log}.")

    @contextmanager
    def _sockets(self, server: postgres.Postgres) -> Iterator[dict[str, socket.socket]]:
        """A listening socket for every service to be started, with its port noted and all configurations written.

        A service that runs with another configuration than the present one is ended here. When that or a lost port
        moves Keystone, the configuration of the others changes in turn, hence the loop.
        """
        sockets: dict[str, socket.socket] = {}
        try:
            while True:
                for service in [name for name in SERVICES if name not in sockets and not self._is_well(name)]:
                    ended = self._end([service], "ended what was left of {service}")
                    # A process that was just killed holds its port for a moment longer than its name.
                    patience = PORT_PATIENCE if ended else 0.0
                    sockets[service] = ports.listen_preferring(self.state.ports.get(service), patience)
                    self.state.ports[service] = ports.port_of(sockets[service])
                self._write_configs(server)
                outdated = [name for name in SERVICES if name not in sockets and self._is_outdated(name)]
                if not outdated:
                    break
                self._end(outdated, "ended {service}, whose configuration is another now")
            yield sockets
        finally:
            for sock in sockets.values():
                sock.close()
            self._save()

    def _write_configs(self, server: postgres.Postgres) -> None:
        written = {self.layout.config_file(KEYSTONE): configs.keystone(self.layout, server.url(KEYSTONE))}
        written[self.layout.keystone_cache_file] = configs.keystone_cache()
        for region in REGIONS:
            inputs = configs.GlanceInputs(
                database_url=server.url(region.service),
                password=self.state.passwords["glance"],
                keystone_url=configs.service_url(self.state, KEYSTONE),
                own_url=configs.service_url(self.state, region.service),
                paste_file=self.venv_dir / "etc/glance/glance-api-paste.ini",
            )
            sections = configs.glance(self.layout, region, inputs)
            written[self.layout.config_file(region.service)] = configs.merge(sections, self.state.glance_settings)
        for service in SERVICES:
            seeding.make_folders(self.layout, service)
        for path, sections in written.items():
            states.write_private(path, configs.render_ini(sections))

    def _update_endpoints(self, server: postgres.Postgres) -> None:
        server.sql(identity.endpoint_update(self.state), KEYSTONE)
        self.layout.cache_epoch.touch()

    def _start_services(self, sockets: Mapping[str, socket.socket], names: Iterable[str]) -> list[str]:
        started = [name for name in names if name in sockets]
        for service in started:
            self.state.services[service] = services.start(
                self.layout, service, Path(self.state.python), sockets[service], venv.current_stamp(self.venv_dir)
            )
            # Noted at once: whatever happens to this command, the next one knows the process.
            self._save()
            self._did(f"started {service} on port {self.state.ports[service]}")
        return started

    def _wait(self, names: Iterable[str]) -> None:
        for service in names:
            services.wait(self.layout, service, self.state.services[service], configs.service_url(self.state, service))

    # -- helpers -------------------------------------------------------------------------------------------------------

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The state, loaded and this command's alone; measures the command, too."""
        begun = time.monotonic()
        root = self.layout.root
        if root.exists() and not self.layout.lock_file.exists() and any(root.iterdir()):
            # A later `down --remove` would take everything in it.
            raise LocalCloudError(f"{root} holds other things than a local cloud; name an empty or a new folder.")
        with states.exclusive(self.layout.lock_file):
            self.state = states.load(self.layout.state_file) or State()
            yield
        self.report.seconds = time.monotonic() - begun

    def _answers(self, state: State, service: str) -> bool:
        return services.answers(service, configs.service_url(state, service))

    def _is_well(self, service: str) -> bool:
        return services.is_alive(self.state.services.get(service)) and self._answers(self.state, service)

    def _is_outdated(self, service: str) -> bool:
        digest = services.digest_of(self.layout, service, venv.current_stamp(self.venv_dir))
        return self.state.services[service].digest != digest

    def _end(self, names: Iterable[str], action: str) -> list[str]:
        """End services side by side; those that there were are returned and reported as ``action``."""
        records = {name: self.state.services.pop(name, None) for name in names}
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            ended = pool.map(lambda name: services.stop(self.layout, name, records[name]), records)
            there_were = [name for name, was_there in zip(records, ended) if was_there]
        for service in there_were:
            self._did(action.format(service=service))
        return there_were

    def _stop_all(self) -> None:
        self._end(SERVICES, "ended {service}")
        record = self.state.services.pop(POSTGRES, None)
        if record is not None and services.is_alive(record):
            postgres.stop(record)
            self._did("ended PostgreSQL")
        self._save()

    def _postgres(self) -> postgres.Postgres:
        log = self.layout.logs / "postgres.log"
        server = postgres.place(self.state, venv.python_in(self.venv_dir), self.layout.postgres, log)
        self._save()
        return server

    def _stamp(self) -> str:
        """What the databases depend on: the packages and how they are seeded."""
        seeds = hashlib.sha256()
        for module in (seeding, identity):
            seeds.update(Path(module.__file__ or "").read_bytes())
        return f"{venv.current_stamp(self.venv_dir)} {seeds.hexdigest()[:16]}"

    def _save(self) -> None:
        states.save(self.layout.state_file, self.state)

    def _did(self, action: str) -> None:
        self.report.actions.append(action)
