# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.transfer.urls import (
    Credentials,
    origin,
    safe_url,
    split_credentials,
    url_name,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/a?b#c", Credentials("https://h/a?b#c", None, None)),
        ("https://u@h:1/a", Credentials("https://h:1/a", "u", None)),
        ("https://u:@h/a", Credentials("https://h/a", "u", "")),
        ("https://u%40x:p%2F%3A@h/a", Credentials("https://h/a", "u@x", "p/:")),
        ("https://u:p@x@h/a@b", Credentials("https://h/a@b", "u", "p@x")),
    ],
)
def test_credentials_are_taken_out(url: str, expected: Credentials) -> None:
    assert split_credentials(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://u:p@h:8/a/b.img?X-Sig=1#f", "https://h:8/a/b.img?…"),
        ("https://h/a", "https://h/a"),
        ("http://u:p@[h/a?b", "http://[h/a"),
        ("plain", "plain"),
    ],
)
def test_what_is_shown(url: str, expected: str) -> None:
    assert safe_url(url) == expected


@given(st.text(), st.text())
def test_a_password_is_never_shown(user: str, tail: str) -> None:
    assert "hunter2" not in safe_url(f"https://{user.replace('/', '')}:hunter2@h/{tail.replace('hunter2', '')}")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://h/a", "http://h:80/b", True),
        ("HTTPS://H/a", "https://h:443/b", True),
        ("http://h/a", "https://h/a", False),
        ("http://h/a", "http://h:81/a", False),
        ("http://h/a", "http://g/a", False),
        ("http://u:p@h/a", "http://h/a", True),
    ],
)
def test_origins(one: str, other: str, same: bool) -> None:
    assert (origin(one) == origin(other)) is same


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://h/d/a%20b.img?x=1", "a b.img"),
        ("https://h/d/", "d"),
        ("https://u:p@h/", "h"),
        ("https://h", "h"),
        ("file:///srv/a.img", "a.img"),
    ],
)
def test_names(url: str, name: str) -> None:
    assert url_name(url) == name
