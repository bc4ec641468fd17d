# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud keeps its promises: on a cloud of its own, since it is killed, reset and starved of ports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.imageops.glance.tests.tools.common import CLOUD, WORK

STATE = WORK / "cloud-selftest"
FORMATS = {"disk_format": "raw", "container_format": "bare"}
DATA = b"local cloud\n" * 1000
# Generous, since other suites run beside this one; the figures of a quiet machine are in tests/local_cloud/README.md.
RESET_SECONDS = 10
RUNNING = dict.fromkeys(("postgres", "keystone", "glance_one", "glance_two"), "running")


def command(*arguments: str, status: int = 0) -> str:
    """Standard output of the command on the cloud under test."""
    words = [str(CLOUD), arguments[0], "--state", str(STATE), *arguments[1:]]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == status, done.stderr
    return done.stdout


def report(*arguments: str) -> dict[str, Any]:
    """The command's own account of what it did."""
    found: dict[str, Any] = json.loads(command(*arguments, "--json"))
    return found


def state() -> dict[str, Any]:
    """What the cloud remembers."""
    found: dict[str, Any] = json.loads((STATE / "state.json").read_text())
    return found


class Glance:
    """Enough of a client to try one region with one user."""

    def __init__(self, cloud: str) -> None:
        self.environment: dict[str, str] = json.loads(command("env", "--json", "--token", "--cloud", cloud))
        self.url = self.environment["OS_IMAGE_URL"] + "/v2/images"
        self.session = requests.Session()
        self.session.headers.update({"X-Auth-Token": self.environment["OS_AUTH_TOKEN"], "Accept": "application/json"})
        self.session.trust_env = False

    def call(self, method: str, path: str, status: int, **arguments: Any) -> requests.Response:
        """One call that has to end with ``status``."""
        answer = self.session.request(method, self.url + path, timeout=60, **arguments)
        assert answer.status_code == status, answer.text
        return answer

    def create(self, name: str, data: bytes | None = None) -> str:
        """Id of a new image."""
        image = str(self.call("POST", "", 201, json={"name": name, **FORMATS}).json()["id"])
        if data is not None:
            self.put(image, data)
        return image

    def put(self, image: str, data: bytes, path: str = "file", status: int = 204) -> None:
        """Upload or stage."""
        headers = {"Content-Type": "application/octet-stream", "x-openstack-image-size": str(len(data))}
        self.call("PUT", f"/{image}/{path}", status, data=data, headers=headers)

    def show(self, image: str) -> dict[str, Any]:
        """The image's document."""
        found: dict[str, Any] = self.call("GET", f"/{image}", 200).json()
        return found

    def do_import(self, image: str, method: dict[str, str], **more: Any) -> dict[str, Any]:
        """Import, and the image after the task has succeeded."""
        self.call("POST", f"/{image}/import", 202, json={"method": method, **more})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            tasks = self.call("GET", f"/{image}/tasks", 200).json()["tasks"]
            if tasks and all(task["status"] in ("success", "failure") for task in tasks):
                assert {task["status"] for task in tasks} == {"success"}, tasks
                return self.show(image)
            time.sleep(0.1)
        pytest.fail(f"import by {method['name']} did not end")


class Page(BaseHTTPRequestHandler):
    """Serves DATA at every path."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        self.wfile.write(DATA)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name is http.server's)
        """Silence."""


@pytest.fixture(scope="module", autouse=True)
def cloud() -> Iterator[None]:
    """A new cloud, gone afterwards."""
    command("down", "--remove")
    command("up")
    yield
    command("down", "--remove")
    assert not STATE.exists()


@pytest.fixture
def member() -> Glance:
    """The member in RegionOne."""
    return Glance("member")


@pytest.fixture
def web_server() -> Iterator[str]:
    """Address of a web server on loopback, on whatever port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/image.raw"
        server.shutdown()


def kill_everything() -> None:
    """What a power cut does: every process of the cloud is gone at once, and nobody tidied up."""
    ours = str(STATE) + "/"
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                title = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if (ours in title and ("gunicorn" in title or "postgres" in title)) or f"local-cloud:{STATE}:" in title:
                os.kill(int(entry.name), signal.SIGKILL)


def test_up_again_changes_nothing(member: Glance) -> None:
    before = state()
    assert report("up") == {"changed": False, "actions": [], "seconds": pytest.approx(0, abs=5)}
    assert state() == before
    member.call("GET", "", 200)


def test_everything_runs_and_status_says_so() -> None:
    assert json.loads(command("status", "--json")) == RUNNING


def test_every_entry_of_clouds_yaml_works_and_the_file_is_private() -> None:
    path = STATE / "clouds.yaml"
    assert path.stat().st_mode & 0o777 == 0o600
    names = [line.strip(" :") for line in path.read_text().splitlines() if line.startswith("  ") and line[2] != " "]
    assert len(names) == 8
    for name in names:
        Glance(name).call("GET", "", 200)


def test_two_stores_and_metadata_definitions(member: Glance) -> None:
    root = member.environment["OS_IMAGE_URL"]
    stores = member.session.get(f"{root}/v2/info/stores", timeout=60).json()["stores"]
    assert stores == [{"id": "file", "default": "true"}, {"id": "fast"}]
    namespaces = member.session.get(f"{root}/v2/metadefs/namespaces", timeout=60).json()["namespaces"]
    assert "OS::Compute::VirtCPUTopology" in [namespace["namespace"] for namespace in namespaces]


def test_glance_direct(member: Glance) -> None:
    image = member.create("direct")
    member.put(image, DATA, "stage")
    found = member.do_import(image, {"name": "glance-direct"}, all_stores=True)
    assert (found["status"], found["size"]) == ("active", len(DATA))
    assert sorted(found["stores"].split(",")) == ["fast", "file"]


def test_web_download_from_loopback(member: Glance, web_server: str) -> None:
    image = member.create("web")
    found = member.do_import(image, {"name": "web-download", "uri": web_server}, stores=["fast"])
    assert (found["status"], found["size"], found["stores"]) == ("active", len(DATA), "fast")


def test_copy_image_to_the_other_store() -> None:
    admin = Glance("admin")
    image = admin.create("copy", DATA)
    assert admin.show(image)["stores"] == "file"
    found = admin.do_import(image, {"name": "copy-image"}, stores=["fast"])
    assert sorted(found["stores"].split(",")) == ["fast", "file"]


def test_glance_download_from_the_other_region(member: Glance) -> None:
    source = member.create("source", DATA)
    two = Glance("member-two")
    two.call("GET", f"/{source}", 404)
    target = two.create("target")
    method = {"name": "glance-download", "glance_region": "RegionOne", "glance_image_id": source}
    found = two.do_import(target, method)
    assert (found["status"], found["os_hash_value"]) == ("active", member.show(source)["os_hash_value"])


def test_writes_at_the_same_time_all_succeed(member: Glance) -> None:
    with ThreadPoolExecutor(8) as pool:
        images = list(pool.map(lambda number: member.create(f"parallel-{number}", DATA), range(24)))
    assert {member.show(image)["status"] for image in images} == {"active"}


def test_a_request_is_in_the_log_before_its_answer(member: Glance) -> None:
    log = Path(member.environment["LOCAL_CLOUD_REQUEST_LOG"])
    for _number in range(20):
        begin = log.stat().st_size
        answer = member.call("POST", "", 201, json={"name": "logged"})
        with log.open() as handle:
            handle.seek(begin)
            lines = [json.loads(line) for line in handle]
        writes = [(line["method"], line["path"], line["status"], line["request_id"]) for line in lines]
        assert writes == [("POST", "/v2/images", 201, answer.headers["x-openstack-request-id"])]


def test_a_revoked_token_is_refused(member: Glance) -> None:
    member.call("GET", "", 200)
    token = member.environment["OS_AUTH_TOKEN"]
    url = member.environment["LOCAL_CLOUD_KEYSTONE_URL"] + "/v3/auth/tokens"
    member.session.delete(url, headers={"X-Subject-Token": token}, timeout=60).raise_for_status()
    time.sleep(1.5)
    member.call("GET", "", 401)


def test_reset_leaves_nothing_and_restarts_nothing(member: Glance) -> None:
    image = member.create("goes", DATA)
    stores = [Path(member.environment[name]) for name in ("LOCAL_CLOUD_STORES", "LOCAL_CLOUD_STORES_TWO")]
    assert list(stores[0].glob(f"file/**/{image}"))
    before = state()["services"]
    admin = Glance("admin")
    projects = admin.environment["LOCAL_CLOUD_KEYSTONE_URL"] + "/v3/projects"
    made = admin.session.post(projects, json={"project": {"name": "goes"}}, timeout=60).json()["project"]["id"]
    found = report("reset")
    assert found["changed"]
    assert found["seconds"] < RESET_SECONDS
    assert state()["services"] == before
    # the same token still works, at once
    assert member.call("GET", "", 200).json()["images"] == []
    assert [path for store in stores for path in store.glob("*/**/*") if path.is_file()] == []
    assert admin.session.get(f"{projects}/{made}", timeout=60).status_code == 404


def test_killed_at_once_it_heals_with_its_images(member: Glance) -> None:
    image = member.create("stays", DATA)
    kill_everything()
    command("status", status=3)
    found = report("up")
    assert found["changed"]
    assert "new databases" not in str(found["actions"])
    assert json.loads(command("status", "--json")) == RUNNING
    again = Glance("member")
    assert again.call("GET", f"/{image}/file", 200).content == DATA


def test_killed_processes_are_replaced_and_the_rest_goes_on() -> None:
    before = state()["services"]
    killed = {"postgres", "keystone"}
    for service in killed:
        os.kill(before[service]["pid"], signal.SIGKILL)
    report("up")
    after = state()["services"]
    assert {name for name in before if before[name] != after[name]} == killed
    Glance("member").create("after", DATA)


def test_a_machine_that_changed_meanwhile_and_two_ups_at_once() -> None:
    """Another process has the pids, others have the ports, and two users start the cloud at the same moment."""
    command("down")
    known = state()
    ports = known["ports"]
    with subprocess.Popen(["sleep", "600"]) as bystander, socket.socket() as one, socket.socket() as two:
        known["services"] = {"keystone": {"pid": bystander.pid, "started": "another-boot:1", "digest": ""}}
        (STATE / "state.json").write_text(json.dumps(known))
        data = Path(known["postgres_home"]) / "data"
        (data / "postmaster.pid").write_text(f"{bystander.pid}\n{data}\n0\n5432\n{STATE}/postgres/run\n\n")
        for sock, service in ((one, "keystone"), (two, "glance_two")):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", ports[service]))
            sock.listen()

        with ThreadPoolExecutor(2) as pool:
            reports = list(pool.map(lambda _number: report("up"), range(2)))

        assert sorted(found["changed"] for found in reports) == [False, True]
        assert json.loads(command("status", "--json")) == RUNNING
        assert bystander.poll() is None
        bystander.kill()
        after = state()["ports"]
        assert {name for name in ports if ports[name] != after[name]} == {"keystone", "glance_two"}

        # the catalog, which glance-download goes by, has followed
        member, other_region = Glance("member"), Glance("member-two")
        catalog = member.environment["LOCAL_CLOUD_KEYSTONE_URL"] + "/v3/auth/catalog"
        text = member.session.get(catalog, timeout=60).text
        assert f":{after['glance_two']}" in text
        assert f":{ports['glance_two']}" not in text
        method = {"name": "glance-download", "glance_region": "RegionOne"}
        method["glance_image_id"] = member.create("source", DATA)
        assert other_region.do_import(other_region.create("target"), method)["status"] == "active"


def test_glance_settings_are_kept_until_taken_back() -> None:
    command("up", "--glance-set", "DEFAULT.user_storage_quota=1MB")
    big = bytes(2_000_000)
    glance = Glance("member")
    glance.put(glance.create("too big"), big, status=413)
    assert not report("up")["changed"]
    command("up", "--glance-set", "DEFAULT.user_storage_quota=")
    glance = Glance("member")
    glance.put(glance.create("fits now"), big)


def test_databases_beyond_repair_are_made_anew() -> None:
    passwords = state()["passwords"]
    command("down")
    wal = Path(state()["postgres_home"]) / "data" / "pg_wal"
    for segment in wal.iterdir():
        if segment.is_file():
            segment.unlink()
    found = report("up")
    assert any("gave the databases up" in action for action in found["actions"])
    assert state()["passwords"] == passwords
    Glance("member").create("new", DATA)


def test_no_password_of_the_cloud_is_in_a_log() -> None:
    logs = "".join(path.read_text(errors="replace") for path in (STATE / "logs").iterdir())
    assert "POST" in logs
    assert [account for account, password in state()["passwords"].items() if password in logs] == []
