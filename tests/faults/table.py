# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table: one line a case, or one line a call where every fault of a column is tried on it."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.imageops.glance.tests.faults import jobs
from ansible_collections.imageops.glance.tests.faults.accounts import accounts
from ansible_collections.imageops.glance.tests.faults.badinput import bad_input
from ansible_collections.imageops.glance.tests.faults.case import KILLED, SUCCEEDS, Case, On, disturbed
from ansible_collections.imageops.glance.tests.faults.catalogs import catalogs
from ansible_collections.imageops.glance.tests.faults.downloads import downloads
from ansible_collections.imageops.glance.tests.faults.fault import (
    Fault,
    answer,
    cut_body,
    cut_reply,
    delayed,
    garbage,
    lost,
    unanswered,
)
from ansible_collections.imageops.glance.tests.faults.hosts import hosts
from ansible_collections.imageops.glance.tests.faults.races import meddling, races
from ansible_collections.imageops.glance.tests.faults.secrecy import secrecy
from ansible_collections.imageops.glance.tests.faults.stage import SIZE
from ansible_collections.imageops.glance.tests.faults.tls import tls

LIST = r"/v2/images$"
IMAGE = r"/v2/images/[0-9a-f-]{36}$"
FILE = r"/file$"
STAGE = r"/stage$"
IMPORT = r"/import$"
TASKS = r"/tasks$"
MEMBERS = r"/members$"
MEMBER = r"/members/[0-9a-f]+$"
OFF, ON = r"/actions/deactivate$", r"/actions/reactivate$"
LOGIN = r"/v3/auth/tokens$"

#: Every call that the modules make: its name, a job that makes it, method, path, server.
CALLS: tuple[tuple[str, type[jobs.Job], str, str, str], ...] = (
    ("login", jobs.Create, "POST", LOGIN, "keystone"),
    ("list images", jobs.Create, "GET", LIST, "glance"),
    ("create image", jobs.Create, "POST", LIST, "glance"),
    ("create image without data", jobs.Empty, "POST", LIST, "glance"),
    ("create image with id", jobs.ById, "POST", LIST, "glance"),
    ("upload", jobs.Create, "PUT", FILE, "glance"),
    ("read image after upload", jobs.Create, "GET", IMAGE, "glance"),
    ("show image after upload", jobs.Create, "PATCH", IMAGE, "glance"),
    ("update image", jobs.Update, "PATCH", IMAGE, "glance"),
    ("unprotect image", jobs.Delete, "PATCH", IMAGE, "glance"),
    ("delete image", jobs.Delete, "DELETE", IMAGE, "glance"),
    ("create successor", jobs.Replace, "POST", LIST, "glance"),
    ("upload successor", jobs.Replace, "PUT", FILE, "glance"),
    ("show successor", jobs.Replace, "PATCH", IMAGE, "glance"),
    ("delete replaced image", jobs.ReplaceDelete, "DELETE", IMAGE, "glance"),
    ("list members", jobs.Share, "GET", MEMBERS, "glance"),
    ("add member", jobs.Share, "POST", MEMBERS, "glance"),
    ("remove member", jobs.Share, "DELETE", MEMBER, "glance"),
    ("accept", jobs.Accept, "PUT", MEMBER, "glance"),
    ("deactivate", jobs.Deactivate, "POST", OFF, "glance"),
    ("reactivate", jobs.Reactivate, "POST", ON, "glance"),
    ("import methods", jobs.Direct, "GET", r"/info/import$", "glance"),
    ("stage", jobs.Direct, "PUT", STAGE, "glance"),
    ("import staged data", jobs.Direct, "POST", IMPORT, "glance"),
    ("read tasks", jobs.Direct, "GET", TASKS, "glance"),
    ("import from the web", jobs.WebDownload, "POST", IMPORT, "glance"),
    ("stores", jobs.Copy, "GET", r"/info/stores$", "glance"),
    ("copy to a store", jobs.Copy, "POST", IMPORT, "glance"),
)

#: What is done to each of them.
COLUMNS: tuple[Fault, ...] = (lost(), unanswered(), answer(503), answer(429, retry_after="1"), answer(401))

#: Of the product of the two, what the short form tries: (name of the call, what is done to it).
SHORT = {
    ("login", "503"),
    ("list images", "cut before"),
    ("create image", "cut after"),
    ("upload", "cut after"),
    ("upload", "401"),
    ("show image after upload", "cut after"),
    ("update image", "429"),
    ("delete image", "cut after"),
    ("import staged data", "cut after"),
}


def matrix() -> Iterator[Case]:
    """Every call with every fault: the work is done all the same."""
    for name, job, method, path, server in CALLS:
        for fault in COLUMNS:
            if server == "keystone" and fault.status == 401:
                continue  # a login that is refused is no fault of the line
            short = (name, fault.told) in SHORT
            yield disturbed(f"{name}: {fault.told}", job, On(method, path, fault, server=server), short=short)


def reading() -> Iterator[Case]:
    """Reading, where nothing is to change and nothing may be missing."""
    for fault in (*COLUMNS, garbage(), cut_reply(100), answer(500), answer(502), delayed(2)):
        yield disturbed(f"info: {fault.told}", jobs.Info, On("GET", LIST, fault), expected=SUCCEEDS)
    always = On("GET", LIST, answer(503), times=0)
    yield disturbed("info: 503 always", jobs.Info, always, expected=r"HTTP 503.*api_retry_time is 12 s")


def lines() -> Iterator[Case]:
    """Faults that only some calls can have."""
    yield disturbed("upload cut at 0 %", jobs.Create, On("PUT", FILE, cut_body(0)))
    yield disturbed("upload cut after 1 byte", jobs.Create, On("PUT", FILE, cut_body(1)))
    yield disturbed("upload cut at half", jobs.Create, On("PUT", FILE, cut_body(SIZE // 2)), short=True)
    yield disturbed("upload cut before its last byte", jobs.Create, On("PUT", FILE, cut_body(SIZE - 1)))
    yield disturbed("upload cut after its last byte", jobs.Create, On("PUT", FILE, cut_body(SIZE)), short=True)
    yield disturbed("stage cut at half", jobs.Direct, On("PUT", STAGE, cut_body(SIZE // 2)))
    yield disturbed("stage cut after its last byte", jobs.Direct, On("PUT", STAGE, cut_body(SIZE)))
    yield disturbed("upload cut three times", jobs.Create, On("PUT", FILE, cut_body(SIZE // 3), times=3))
    yield disturbed(
        "upload cut always", jobs.Create, On("PUT", FILE, cut_body(SIZE // 3), times=0), expected="again and again"
    )
    yield disturbed("create: 502, acted", jobs.Create, On("POST", LIST, answer(502, acted=True)), short=True)
    yield disturbed("create: 504, acted", jobs.Create, On("POST", LIST, answer(504, acted=True)))
    yield disturbed("create: 500, acted", jobs.Create, On("POST", LIST, answer(500, acted=True)))
    yield disturbed("create: answer lost twice", jobs.Create, On("POST", LIST, unanswered(), times=2))
    yield disturbed("create: cut three times", jobs.Create, On("POST", LIST, lost(), times=3))
    yield disturbed("create: reset after", jobs.Create, On("POST", LIST, unanswered(reset=True)))
    yield disturbed("upload: 504, acted", jobs.Create, On("PUT", FILE, answer(504, acted=True)))
    yield disturbed("upload: 500", jobs.Create, On("PUT", FILE, answer(500)))
    yield disturbed("upload: reset", jobs.Create, On("PUT", FILE, lost(reset=True)))
    yield disturbed("update: 502, acted", jobs.Update, On("PATCH", IMAGE, answer(502, acted=True)))
    yield disturbed("update: 500 twice", jobs.Update, On("PATCH", IMAGE, answer(500), times=2))
    yield disturbed("delete: 504, acted", jobs.Delete, On("DELETE", IMAGE, answer(504, acted=True)))
    yield disturbed("import: 504, acted", jobs.Direct, On("POST", IMPORT, answer(504, acted=True)))
    yield disturbed("import: answer of web-download lost", jobs.WebDownload, On("POST", IMPORT, unanswered(reset=True)))
    yield disturbed("list: 500 twice", jobs.Create, On("GET", LIST, answer(500), times=2))
    yield disturbed("list: 502 three times", jobs.Create, On("GET", LIST, answer(502), times=3), short=True)
    yield disturbed("list: garbage", jobs.Create, On("GET", LIST, garbage()))
    yield disturbed("list: reply cut", jobs.Create, On("GET", LIST, cut_reply(10)), short=True)
    yield disturbed("list: reset", jobs.Create, On("GET", LIST, lost(reset=True)))
    yield disturbed("list: slow", jobs.Create, On("GET", LIST, delayed(2)))
    yield disturbed("list: silent for longer than api_timeout", jobs.Create, On("GET", LIST, delayed(11)))
    yield disturbed("create: reply cut", jobs.Create, On("POST", LIST, cut_reply(20)))
    yield disturbed("create: garbage, acted", jobs.Create, On("POST", LIST, garbage(acted=True)))
    yield disturbed("update: reply cut", jobs.Update, On("PATCH", IMAGE, cut_reply(20)))
    yield disturbed(
        "list: 503 always",
        jobs.Create,
        On("GET", LIST, answer(503), times=0),
        expected=r"HTTP 503.*api_retry_time is 12 s",
        short=True,
    )
    yield disturbed(
        "list: asks to wait for an hour",
        jobs.Create,
        On("GET", LIST, answer(429, retry_after="3600"), times=0),
        expected=r"asks to wait 3600 s",
    )
    yield disturbed("update: 503 always", jobs.Update, On("PATCH", IMAGE, answer(503), times=0), expected="HTTP 503")
    yield disturbed("upload: 503 always", jobs.Create, On("PUT", FILE, answer(503), times=0), expected="503")
    yield disturbed("create: 401 always", jobs.Create, On("POST", LIST, answer(401), times=0), expected="log in again")
    yield disturbed("list: not JSON", jobs.Create, On("GET", LIST, answer(200), times=0), expected="no JSON object")
    yield disturbed("create: 403", jobs.Create, On("POST", LIST, answer(403), times=0), expected="HTTP 403")
    yield disturbed("update: 413", jobs.Update, On("PATCH", IMAGE, answer(413), times=0), expected="limit or quota")


def kills() -> Iterator[Case]:
    """The module is killed; the next run ends as if it had not been."""

    def kill(name: str, job: type[jobs.Job], *at: On, short: bool = False) -> Case:
        return disturbed(f"kill {name}", job, *at, expected=KILLED, short=short)

    yield kill("before the image is made", jobs.Create, On("POST", LIST, kill="before"))
    yield kill("when the image is made", jobs.Create, On("POST", LIST, kill="after"), short=True)
    yield kill("before the upload", jobs.Create, On("PUT", FILE, kill="before"))
    yield kill("in the upload", jobs.Create, On("PUT", FILE, kill=SIZE // 2), short=True)
    yield kill("after the last byte of the upload", jobs.Create, On("PUT", FILE, kill=SIZE))
    yield kill("after the upload", jobs.Create, On("PUT", FILE, kill="after"))
    yield kill("before the image is shown", jobs.Create, On("PATCH", IMAGE, kill="before"), short=True)
    yield kill("when the image is shown", jobs.Create, On("PATCH", IMAGE, kill="after"))
    yield kill("before the successor is made", jobs.Replace, On("POST", LIST, kill="before"))
    yield kill("when the successor is made", jobs.Replace, On("POST", LIST, kill="after"))
    yield kill("in the successor's upload", jobs.Replace, On("PUT", FILE, kill=SIZE // 2))
    yield kill("after the successor's upload", jobs.Replace, On("PUT", FILE, kill="after"))
    yield kill("before the successor is shown", jobs.Replace, On("PATCH", IMAGE, kill="before"))
    yield kill("when the successor is shown", jobs.Replace, On("PATCH", IMAGE, kill="after"), short=True)
    yield kill("before the old image is hidden", jobs.Replace, On("PATCH", IMAGE, kill="before", nth=2))
    yield kill("when the old image is hidden", jobs.Replace, On("PATCH", IMAGE, kill="after", nth=2))
    yield kill("before the old image is deleted", jobs.ReplaceDelete, On("DELETE", IMAGE, kill="before"))
    yield kill("when the old image is deleted", jobs.ReplaceDelete, On("DELETE", IMAGE, kill="after"))
    yield kill("when the image is unprotected", jobs.Delete, On("PATCH", IMAGE, kill="after"))
    yield kill("when the image is deleted", jobs.Delete, On("DELETE", IMAGE, kill="after"))
    yield kill("when metadata is updated", jobs.Update, On("PATCH", IMAGE, kill="after"))
    yield kill("when a member is added", jobs.Share, On("POST", MEMBERS, kill="after"))
    yield kill("in the staging", jobs.Direct, On("PUT", STAGE, kill=SIZE // 2))
    yield kill("after the staging", jobs.Direct, On("PUT", STAGE, kill="after"))
    yield kill("before the import", jobs.Direct, On("POST", IMPORT, kill="before"))
    yield kill("when the import has begun", jobs.Direct, On("POST", IMPORT, kill="after"), short=True)
    yield kill("while it waits for the import", jobs.Direct, On("GET", TASKS, kill="before"))
    yield kill("when web-download has begun", jobs.WebDownload, On("POST", IMPORT, kill="after"))
    yield kill("while web-download runs", jobs.WebDownload, On("GET", TASKS, kill="before"))
    yield kill("when a copy has begun", jobs.Copy, On("POST", IMPORT, kill="after"))
    yield kill("in a stream from the web", jobs.Stream, On("PUT", FILE, kill=SIZE // 2))


def sources() -> Iterator[Case]:
    """The web server breaks, or lies."""
    page = r"\.img$"
    cut = On("GET", page, cut_reply(SIZE // 2), server="web")
    yield disturbed("web: cut once", jobs.Stream, cut, short=True)
    yield disturbed("web: 503 twice", jobs.Stream, On("GET", page, answer(503), times=2, server="web"))
    yield disturbed("web: reset", jobs.Stream, On("GET", page, lost(reset=True), server="web"))
    yield disturbed(
        "web: 404", jobs.Stream, On("GET|HEAD", page, answer(404), times=0, server="web"), expected="404", short=True
    )
    lie = On("GET", page, answer(200, body=jobs.OLD), times=0, server="web")
    yield disturbed("web: other data than published", jobs.Stream, lie, expected="checksum", short=True)
    short = On("GET", page, answer(200, body=jobs.NEW[:-1]), times=0, server="web")
    yield disturbed("web: data ends early", jobs.Stream, short, expected="checksum")
    yield disturbed(
        "web-download: 404", jobs.WebDownload, On("GET", page, answer(404), times=0, server="web"), expected="import"
    )
    yield disturbed("wrong checksum", jobs.WrongChecksum, expected="checksum", heals=False)
    yield disturbed("wrong format", jobs.WrongFormat, expected="disk_format", heals=False)
    yield disturbed("id of a deleted image", jobs.DeletedId, expected="cannot be used", heals=False, short=True)


def swaps() -> Iterator[Case]:
    """Steps that only the third kind of replacement has."""
    off = On("POST", OFF, unanswered())
    yield disturbed("deactivate replaced image: cut after", jobs.AdminReplaceDeactivate, off)
    for moment in ("before", "after"):
        name = f"kill {moment} the replaced image is deactivated"
        yield disturbed(name, jobs.AdminReplaceDeactivate, On("POST", OFF, kill=moment), expected=KILLED)
        name = f"kill {moment} the replaced image is renamed"
        yield disturbed(name, jobs.AdminReplaceDeactivate, On("PATCH", IMAGE, kill=moment, nth=2), expected=KILLED)


def batches() -> Iterator[Case]:
    """Many images in one task: what befalls one of them is its own affair, a kill that of all."""
    yield disturbed("batch: second upload cut", jobs.Batch, On("PUT", FILE, cut_body(SIZE // 2), nth=2), short=True)
    yield disturbed(
        "batch: every second call cut", jobs.Batch, *(On(".*", "", unanswered(), nth=n) for n in (2, 4, 6, 8))
    )
    yield disturbed("batch: 429 for all creates", jobs.Batch, On("POST", LIST, answer(429, retry_after="1"), times=4))
    yield disturbed("batch: token refused by all at once", jobs.Batch, On("PUT", FILE, answer(401), times=4))
    broken = On("PUT", FILE, answer(413), nth=2)
    yield disturbed("batch: one is refused", jobs.Batch, broken, expected=r"1 of 4 images failed: \[.* \d\].*quota")
    for count in (1, 3):
        hit = On("PUT", FILE, kill="after", nth=count)
        yield disturbed(f"kill a batch after upload {count}", jobs.Batch, hit, expected=KILLED)


def table() -> list[Case]:
    return [
        *matrix(),
        *lines(),
        *reading(),
        *kills(),
        *swaps(),
        *sources(),
        *downloads(),
        *races(),
        *meddling(),
        *tls(),
        *hosts(),
        *batches(),
        *accounts(),
        *catalogs(),
        *secrecy(),
        *bad_input(),
    ]
