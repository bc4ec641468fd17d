# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
import time

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.transfer.pipe import Pipe


def test_order_is_kept_and_the_end_is_seen() -> None:
    pipe = Pipe()
    with pipe:
        for number in range(100):
            pipe.put(b"%d" % number)
    assert list(pipe) == [b"%d" % number for number in range(100)]
    assert pipe.error is None


def test_the_writer_waits_when_the_reader_is_slow() -> None:
    pipe = Pipe(capacity=10)
    most = 0
    written = 0

    def write() -> None:
        nonlocal written
        with pipe:
            for _number in range(50):
                pipe.put(b"12345")
                written += 5

    thread = threading.Thread(target=write)
    thread.start()
    read = 0
    for chunk in pipe:
        read += len(chunk)
        time.sleep(0.001)
        most = max(most, written - read)
    thread.join()
    assert read == 250
    assert most <= 15


def test_an_error_comes_after_the_chunks_before_it() -> None:
    pipe = Pipe()
    with pipe:
        pipe.put(b"a")
        raise ValueError("gone")
    reader = iter(pipe)
    assert next(reader) == b"a"
    with pytest.raises(ValueError, match="gone"):
        next(reader)
    assert isinstance(pipe.error, ValueError)


def test_breaking_off_wakes_a_waiting_writer() -> None:
    pipe = Pipe(capacity=1)
    results: list[bool] = []
    pipe.put(b"full")
    thread = threading.Thread(target=lambda: results.append(pipe.put(b"more")))
    thread.start()
    pipe.break_off()
    thread.join(5)
    assert results == [False]
    assert list(pipe) == []
    assert pipe.broken


def test_breaking_off_wakes_a_waiting_reader() -> None:
    pipe = Pipe()
    results: list[list[bytes]] = []
    thread = threading.Thread(target=lambda: results.append(list(pipe)))
    thread.start()
    pipe.break_off()
    thread.join(5)
    assert results == [[]]
