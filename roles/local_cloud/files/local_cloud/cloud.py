# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands on one cloud: bring it up from whatever it was left as, take it down, put it back to its beginning."""

from __future__ import annotations

import hashlib
import shutil
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping, Optional

from . import configs, environment, identity, ports, postgres, processes, seeding, services, state as states, venv, web
from .errors import LocalCloudError
from .layout import KEYSTONE, REGIONS, SERVICES, Layout
from .state import ServiceRecord, State

POSTGRES = "postgres"


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
        begun = time.monotonic()
        if venv.ensure(self.venv_dir, self.wanted_python):
            self._did("built the virtual environment")
        with states.exclusive(self.layout.lock_file):
            self.state = states.load(self.layout.state_file) or State()
            self._apply_settings(settings)
            self._up()
        self.report.seconds = time.monotonic() - begun
        return self.report

    def down(self, remove: bool = False) -> Report:
        """End this cloud's processes and no other; with ``remove`` its folder goes too."""
        begun = time.monotonic()
        if self.layout.root.exists():
            self._refuse_foreign_folder()
            with states.exclusive(self.layout.lock_file):
                self.state = states.load(self.layout.state_file) or State()
                self._stop_all()
                if remove:
                    self._remove()
        self.report.seconds = time.monotonic() - begun
        return self.report

    def reset(self) -> Report:
        """No image, and databases as they were in the beginning; what runs goes on running, what does not is started."""
        begun = time.monotonic()
        with states.exclusive(self.layout.lock_file):
            self.state = states.load(self.layout.state_file) or State()
            if self.state.built_with != self._stamp():
                raise LocalCloudError(f"There is no cloud in {self.layout.root} to reset; run up first.")
            self._up()
            server = self._postgres()
            server.sql(seeding.restore_sql())
            self._update_endpoints(server)
            for region in REGIONS:
                seeding.empty_folders(self.layout.stores(region.service))
            self._did("restored the databases and removed all image data")
        self.report.seconds = time.monotonic() - begun
        return self.report

    def status(self) -> dict[str, str]:
        """"running", "stopped" or "silent" (runs, but does not answer) by service; empty where there is no cloud."""
        known = states.load(self.layout.state_file)
        if known is None or not known.built_with:
            return {}
        found = {POSTGRES: "running" if services.is_alive(known.services.get(POSTGRES)) else "stopped"}
        for service in SERVICES:
            if not services.is_alive(known.services.get(service)):
                found[service] = "stopped"
            else:
                url = services.health_url(service, configs.service_url(known, service))
                found[service] = "running" if web.answers(url) else "silent"
        return found

    def variables(self, cloud: str, with_token: bool) -> dict[str, str]:
        """What `env` prints; LocalCloudError before the first `up`."""
        known = states.load(self.layout.state_file)
        if known is None or not known.built_with:
            raise LocalCloudError(f"There is no cloud in {self.layout.root}; run up first.")
        return environment.variables(self.layout, known, cloud, with_token)

    # -- steps of up ---------------------------------------------------------------------------------------------------

    def _up(self) -> None:
        for folder in (self.layout.root, self.layout.logs):
            folder.mkdir(parents=True, exist_ok=True)
        self.state.python = str(venv.python_in(self.venv_dir))
        fresh = self.state.built_with != self._stamp()
        if fresh:
            self._stop_all()
            self.state.built_with, self.state.ids = "", {}
            self._save()
        server = self._postgres()
        if not fresh and not (server.data / "PG_VERSION").exists():
            fresh = True
            self._stop_all()
        try:
            self._bring_up(server, fresh)
        except postgres.Damaged:
            # Durability was traded for speed, so after a power cut the databases may be beyond repair.
            self._did("found the databases damaged")
            self._stop_all()
            self._bring_up(server, True)

    def _bring_up(self, server: postgres.Postgres, fresh: bool) -> None:
        if fresh:
            self.state.built_with = ""
            server.create()
            seeding.write_keys(self.layout)
        self._start_postgres(server)
        sockets = self._listen()
        try:
            self._write_configs(server)
            sockets.update(self._stop_outdated())
            if fresh:
                self._did("made new databases")
                self._wait_postgres(server)
                seeding.make_databases(self.layout, self.state, server)
            started = self._start_services(sockets, [KEYSTONE] if fresh else list(SERVICES))
            self._wait_postgres(server)
            if not fresh:
                self._update_endpoints(server)
            self._wait(started)
            if fresh:
                started = self._start_services(sockets, [region.service for region in REGIONS])
                identity.seed(self.state)
                server.sql(seeding.snapshot_sql())
                self._wait(started)
                self.state.built_with = self._stamp()
        finally:
            for sock in sockets.values():
                sock.close()
            self._save()
        if states.write_private(self.layout.clouds_yaml, configs.clouds_yaml(self.state)):
            self._did("wrote clouds.yaml")

    def _start_postgres(self, server: postgres.Postgres) -> None:
        record = self.state.services.get(POSTGRES)
        if services.is_alive(record):
            return
        pid = server.start()
        since = processes.started(pid)
        if since is None:
            raise LocalCloudError(f"PostgreSQL ended at once; see {server.log}.")
        self.state.services[POSTGRES] = ServiceRecord(pid, since, "")
        self._did("started PostgreSQL")
        self._save()

    def _wait_postgres(self, server: postgres.Postgres) -> None:
        record = self.state.services[POSTGRES]
        processes.wait_until(lambda: not services.is_alive(record) or server.is_ready(), postgres.START_SECONDS)
        if not services.is_alive(record) or not server.is_ready():
            raise postgres.Damaged(f"PostgreSQL did not start; see {server.log}.")

    def _listen(self) -> dict[str, socket.socket]:
        """A listening socket for every service that does not run; notes the ports."""
        sockets = {}
        for service in SERVICES:
            record = self.state.services.get(service)
            if services.is_alive(record) and web.answers(services.health_url(service, configs.service_url(self.state, service))):
                continue
            if services.stop(self.layout, service, record):
                self._did(f"ended what was left of {service}")
            sockets[service] = ports.listen_preferring(self.state.ports.get(service))
            self.state.ports[service] = ports.port_of(sockets[service])
        return sockets

    def _write_configs(self, server: postgres.Postgres) -> None:
        written = {KEYSTONE: configs.keystone(self.layout, server.url(KEYSTONE))}
        paste_file = self.venv_dir / "etc/glance/glance-api-paste.ini"
        for region in REGIONS:
            inputs = configs.GlanceInputs(
                database_url=server.url(region.service),
                password=self.state.passwords["glance"],
                keystone_url=configs.service_url(self.state, KEYSTONE),
                own_url=configs.service_url(self.state, region.service),
                paste_file=paste_file,
            )
            sections = configs.glance(self.layout, region, inputs)
            written[region.service] = configs.merge(sections, self.state.glance_settings)
        for service, sections in written.items():
            seeding.make_folders(self.layout, service)
            states.write_private(self.layout.config_file(service), configs.render_ini(sections))
        states.write_private(self.layout.keystone_cache_file, configs.render_ini(configs.keystone_cache()))

    def _stop_outdated(self) -> dict[str, socket.socket]:
        """Stop services that run with another configuration than the present one; their sockets, bound again."""
        sockets = {}
        for service in SERVICES:
            record = self.state.services.get(service)
            if record and services.is_alive(record) and record.digest != self._digest(service):
                services.stop(self.layout, service, record)
                sockets[service] = ports.listen_preferring(self.state.ports[service])
                if ports.port_of(sockets[service]) != self.state.ports[service]:
                    raise LocalCloudError(f"Port {self.state.ports[service]} of {service} was taken meanwhile; run up again.")
                self._did(f"ended {service}, whose configuration is another now")
        return sockets

    def _update_endpoints(self, server: postgres.Postgres) -> None:
        server.sql(identity.endpoint_update(self.state), KEYSTONE)
        self.layout.cache_epoch.touch()

    def _start_services(self, sockets: Mapping[str, socket.socket], names: list[str]) -> list[str]:
        started = []
        for service in names:
            if service in sockets:
                python = Path(self.state.python)
                self.state.services[service] = services.start(
                    self.layout, service, python, sockets[service], venv.current_stamp(self.venv_dir)
                )
                self._did(f"started {service} on port {self.state.ports[service]}")
                started.append(service)
        self._save()
        return started

    def _wait(self, names: list[str]) -> None:
        for service in names:
            services.wait(self.layout, service, self.state.services[service], configs.service_url(self.state, service))

    # -- helpers -------------------------------------------------------------------------------------------------------

    def _apply_settings(self, settings: Mapping[str, str]) -> None:
        for name, value in settings.items():
            if value:
                self.state.glance_settings[name] = value
            else:
                self.state.glance_settings.pop(name, None)

    def _postgres(self) -> postgres.Postgres:
        return postgres.place(self.state, venv.python_in(self.venv_dir), self.layout.postgres, self.layout.logs / "postgres.log")

    def _stop_all(self) -> None:
        records = [self.state.services.pop(service, None) for service in SERVICES]
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            ended = pool.map(lambda service, record: services.stop(self.layout, service, record), SERVICES, records)
            for service, was_there in zip(SERVICES, ended):
                if was_there:
                    self._did(f"ended {service}")
        record = self.state.services.pop(POSTGRES, None)
        if record is not None and services.is_alive(record):
            processes.end(record.pid, record.started, signal.SIGINT, 10.0)
            self._did("ended PostgreSQL")
        self._save()

    def _refuse_foreign_folder(self) -> None:
        """Never lock, and never remove, a folder that is not a cloud's."""
        if any(self.layout.root.iterdir()) and not self.layout.lock_file.exists():
            raise LocalCloudError(f"{self.layout.root} is not the state folder of a local cloud; nothing was done.")

    def _remove(self) -> None:
        for folder in (self.state.postgres_home, self.state.socket_dir, str(self.layout.root)):
            if folder and Path(folder).exists():
                shutil.rmtree(folder)
        self._did(f"removed {self.layout.root}")

    def _stamp(self) -> str:
        """What the databases depend on: the packages and how they are seeded."""
        seeds = hashlib.sha256()
        for module in (seeding, identity):
            seeds.update(Path(module.__file__ or "").read_bytes())
        return f"{venv.current_stamp(self.venv_dir)} {seeds.hexdigest()[:16]}"

    def _digest(self, service: str) -> str:
        return services.digest_of(self.layout, service, venv.current_stamp(self.venv_dir))

    def _save(self) -> None:
        self.layout.root.mkdir(parents=True, exist_ok=True)
        states.save(self.layout.state_file, self.state)

    def _did(self, action: str) -> None:
        self.report.actions.append(action)
