# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import string

import pytest
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.checksum import (
    Checksum,
    find_checksum,
    parse_checksum,
)
from hypothesis import given
from hypothesis import strategies as st

MD5, SHA256, SHA512 = ("0123456789abcdef" * count for count in (2, 4, 8))
OTHER = "f" * 64
URL = "https://mirror.example/images/SHA256SUMS"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"sha256:{SHA256}", Checksum("sha256", SHA256, None)),
        (f" sha256:{SHA256.upper()} ", Checksum("sha256", SHA256, None)),
        (f"SHA-256: {SHA256}", Checksum("sha256", SHA256, None)),
        (f"sha3-256:{SHA256}", Checksum("sha3_256", SHA256, None)),
        (f"md5:{MD5}", Checksum("md5", MD5, None)),
        (MD5, Checksum("md5", MD5, None)),
        ("a" * 40, Checksum("sha1", "a" * 40, None)),
        ("a" * 56, Checksum("sha224", "a" * 56, None)),
        (SHA256.upper(), Checksum("sha256", SHA256, None)),
        ("a" * 96, Checksum("sha384", "a" * 96, None)),
        (SHA512, Checksum("sha512", SHA512, None)),
        (f"sha256:{URL}", Checksum("sha256", None, URL)),
        ("sha512:file:///srv/SUMS", Checksum("sha512", None, "file:///srv/SUMS")),
        ("sha512:HTTP://h:81/x?y=1", Checksum("sha512", None, "HTTP://h:81/x?y=1")),
    ],
)
def test_what_users_write(text: str, expected: Checksum) -> None:
    assert parse_checksum(text) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "digits alone of one of md5, sha1"),
        ("abc", "'abc'"),
        ("g" * 64, "digits alone"),
        ("sha256:", "sha256 is 64 hexadecimal digits"),
        (f"sha256:{MD5}", "sha256 is 64 hexadecimal digits"),
        (f"sha256:{'g' * 64}", "sha256 is 64 hexadecimal digits"),
        ("sha256:ftp://h/x", "http, https or file"),
        ("sha256:https://", "http, https or file"),
        (f"sha257:{SHA256}", "'sha257', which is not known"),
        (f":{SHA256}", "not known"),
        (URL, "write for example 'sha256:https://…'"),
        ("shake_128:aa", "not known"),
    ],
)
def test_what_cannot_work_names_the_option(text: str, complaint: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_checksum(text)
    assert "'checksum'" in caught.value.message
    assert complaint in caught.value.message


def test_credentials_are_not_shown() -> None:
    with pytest.raises(OptionError) as caught:
        parse_checksum("sha256:ftp://user:secret@h/x?token=secret")
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        f"{SHA256}  noble.img\n",
        f"{SHA256} *noble.img\n",
        f"{SHA256.upper()}  noble.img\r\n{OTHER}  other.img\r\n",
        f"{SHA256}\tnoble.img",
        f"{SHA256}   ./noble.img",
        f"{SHA256}  ./noble/20261101/noble.img\n",
        f"{SHA256}  /srv/mirror/noble.img\n",
        f"SHA256 (noble.img) = {SHA256}\n",
        f"SHA256(noble.img)= {SHA256}\n",
        f"SHA2-256(./noble.img)= {SHA256}\n",
        f"MD5 (noble.img) = {MD5}\nSHA256 (noble.img) = {SHA256}\nSHA3-256 (noble.img) = {OTHER}\n",
        f"{SHA256}\n",
        f"{SHA256}",
        f"  {SHA256}  -\n",
        f"\ufeff{SHA256}  noble.img\n",
        f"# noble.img: 123 bytes\n\n{OTHER}  noble.img.asc\n{SHA256}  noble.img\n",
        f"{OTHER}  Noble.img\n{OTHER}  xnoble.img\n{OTHER}  noble.img.xz\n{SHA256}  noble.img",
        f"{SHA256}  noble.img\n{SHA256}  other/noble.img\n",
        f"{OTHER}  old/noble.img\n{SHA256}  noble.img\n",
        f"{MD5}  noble.img\n{SHA256}  noble.img\n{SHA512}  noble.img\n",
    ],
)
def test_lines_of_checksum_files(text: str) -> None:
    assert find_checksum(text, "noble.img", "sha256", URL) == SHA256


SIGNED = f"""-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

# comment
- --dashed line
{OTHER} *other.img
{SHA256} *noble.img
-----BEGIN PGP SIGNATURE-----

iQIzBAEBCgAdFiEE{OTHER}
{OTHER}  noble.img
-----END PGP SIGNATURE-----
"""


def test_a_clear_signature_is_left_out() -> None:
    assert find_checksum(SIGNED, "noble.img", "sha256", URL) == SHA256


def test_a_signed_line_that_begins_with_a_dash() -> None:
    text = f"-----BEGIN PGP SIGNED MESSAGE-----\n\n- {SHA256}  noble.img\n-----BEGIN PGP SIGNATURE-----\n"
    assert find_checksum(text, "noble.img", "sha256", URL) == SHA256


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (f"{SHA256}  with blank.img", "with blank.img"),
        (f"{SHA256}  täst (1).img", "täst (1).img"),
        (f"SHA256 (a (b) = c.img) = {SHA256}", "a (b) = c.img"),
        (rf"\{SHA256}  back\\slash\n.img", "back\\slash\n.img"),
        (rf"\SHA256 (back\\slash) = {SHA256}", r"back\slash"),
        (rf"{SHA256}  plain\n.img", r"plain\n.img"),
    ],
)
def test_names_with_characters_of_their_own(line: str, name: str) -> None:
    assert find_checksum(f"{OTHER}  x.img\n{line}\n", name, "sha256", URL) == SHA256


def test_a_file_may_be_called_like_the_standard_input() -> None:
    assert find_checksum(f"{OTHER}  x.img\n{SHA256}  -\n", "-", "sha256", URL) == SHA256


def test_a_path_chooses_among_equal_names() -> None:
    text = f"{OTHER}  jammy/disk.img\n{SHA256}  ./noble/disk.img\n"
    assert find_checksum(text, "noble/disk.img", "sha256", URL) == SHA256


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "it has no sha256 values at all"),
        ("<html>not found</html>", "it has no sha256 values at all"),
        (f"{MD5}  noble.img\n", "its values for that name are of another algorithm"),
        (f"{MD5}  other.img\n", "it has no sha256 values at all"),
        (f"{SHA256}  nobel.img\n{OTHER}  z\n", "near names in it: nobel.img"),
        (f"{SHA256}  a\n{OTHER}  b\n{OTHER}  c\n{OTHER}  d\n", "names in it: a, b, c and 1 more"),
        (f"{SHA256}\n{OTHER}\n", "it has no sha256 values at all"),
        (f"{SHA256}  a/noble.img\n{OTHER}  b/noble.img\n", "2 different sha256 values for 'noble.img'"),
        (f"{SHA256}  noble.img\n{OTHER}  noble.img\n", "2 different sha256 values for 'noble.img'"),
    ],
)
def test_none_or_several_is_an_error(text: str, complaint: str) -> None:
    with pytest.raises(OptionError) as caught:
        find_checksum(text, "noble.img", "sha256", "https://me:secret@mirror.example/SUMS?sig=secret")
    assert complaint in caught.value.message
    assert "https://mirror.example/SUMS" in caught.value.message
    assert "'noble.img'" in caught.value.message
    assert "secret" not in caught.value.message


names = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00/"), min_size=1, max_size=20).filter(
    lambda name: name == name.strip() and not name.startswith((".", "*")) and "\\" not in name
)


@given(st.dictionaries(names, st.binary(max_size=4), min_size=1, max_size=8), st.data())
def test_any_name_is_found_among_others(files: dict[str, bytes], data: st.DataObject) -> None:
    lines = []
    hashes = {name: hashlib.sha256(content + name.encode()).hexdigest() for name, content in files.items()}
    for name, value in hashes.items():
        style = data.draw(st.sampled_from(["{h}  {n}", "{h} *{n}", "SHA256 ({n}) = {h}", "{h}  ./{n}", "{h}  d/{n}"]))
        lines.append(style.format(h=value, n=name))
    for name, value in hashes.items():
        assert find_checksum("\n".join(lines), name, "sha256", URL) == value


@given(st.text(string.printable), st.text(max_size=5), st.sampled_from(["md5", "sha256"]))
def test_any_text_gives_a_hash_or_a_clear_error(text: str, name: str, algorithm: str) -> None:
    try:
        told = find_checksum(text, name, algorithm, URL)
    except OptionError as error:
        told = error.message
    assert URL in told or len(told) in (32, 64)


@given(st.text())
def test_any_option_gives_a_checksum_or_a_clear_error(text: str) -> None:
    told = ""
    found: Checksum | None = None
    try:
        found = parse_checksum(text)
    except OptionError as error:
        told = error.message
    assert "'checksum'" in told if found is None else (found.value is None) != (found.url is None)
