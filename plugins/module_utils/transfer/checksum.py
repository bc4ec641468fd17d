# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksums as users give them, and the checksum files that publishers put beside their images."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import NamedTuple, Optional

from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import hex_length
from ansible_collections.imageops.glance.plugins.module_utils.transfer.urls import safe_url

_BY_LENGTH = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_GNU = re.compile(r"(?P<escaped>\\?)(?P<hash>[0-9a-fA-F]{32,128})(?: [ *]|[ \t]+\*?)(?P<name>.+)\Z")
# OpenSSL writes the same without the blanks.
_BSD = re.compile(r"(?P<escaped>\\?)(?P<tag>[A-Za-z0-9/-]+) ?\((?P<name>.+)\) ?= ?(?P<hash>[0-9a-fA-F]{32,128})\Z")
_BARE = re.compile(r"(?P<hash>[0-9a-fA-F]{32,128})\Z")
_ESCAPES = {r"\\": "\\", r"\n": "\n", r"\r": "\r"}


class Checksum(NamedTuple):
    """What the option says: a hash ``value`` (lower-case hex), or the ``url`` of a file that holds it."""

    algorithm: str
    value: Optional[str]
    url: Optional[str]


class _Line(NamedTuple):
    """One entry of a checksum file; ``name`` is None for a hash that stands alone."""

    name: Optional[str]
    value: str


def parse_checksum(text: str) -> Checksum:
    """Read ``<algorithm>:<hex>``, bare hex (the algorithm follows from the length) or ``<algorithm>:<URL>``.

    Raises OptionError for anything else.
    """
    given = text.strip()
    algorithm, colon, rest = given.partition(":")
    if not colon:
        return _bare(given)
    algorithm = _algorithm(algorithm)
    rest = rest.strip()
    if re.match(r"(?:https?|file)://.", rest, re.IGNORECASE):
        return Checksum(algorithm, None, rest)
    length = hex_length(algorithm)
    if not _HEX.match(rest) or len(rest) != length:
        raise OptionError(
            f"The option 'checksum' has the value '{_shown(given)}', but {algorithm} is {length} hexadecimal digits; "
            f"give those, or the URL of a checksum file (http, https or file) after '{algorithm}:'."
        )
    return Checksum(algorithm, rest.lower(), None)


def _bare(given: str) -> Checksum:
    algorithm = _BY_LENGTH.get(len(given)) if _HEX.match(given) else None
    if algorithm is None:
        raise OptionError(
            f"The option 'checksum' has the value '{_shown(given)}'; give '<algorithm>:<hexadecimal digits>', "
            "'<algorithm>:<URL of a checksum file>', or the digits alone of one of "
            f"{', '.join(_BY_LENGTH.values())}."
        )
    return Checksum(algorithm, given.lower(), None)


def _algorithm(name: str) -> str:
    """hashlib's spelling of what people write, such as ``SHA-256``."""
    wanted = name.strip().lower()
    for spelling in (wanted.replace("-", "_"), wanted.replace("-", "").replace("_", "")):
        try:
            hex_length(spelling)
        except OptionError:
            continue
        return spelling
    if re.match(r"https?\Z|file\Z", wanted):
        raise OptionError(
            f"The option 'checksum' is a URL without its algorithm; write for example 'sha256:{wanted}://…'."
        )
    raise OptionError(
        f"The option 'checksum' names the algorithm '{name}', which is not known; use sha256 for example."
    )


def find_checksum(text: str, filename: str, algorithm: str, url: str) -> str:
    """The hash of ``filename`` (a name, or a path when names alone are ambiguous) in a checksum file's ``text``.

    Understands the lines of GNU coreutils and of BSD and OpenSSL, a file that is nothing but one hash, and PGP clear
    signatures around either. Names match exactly; where the file has paths, their last part counts unless one of them
    is the very name asked for. ``url`` is the checksum file's, for messages. Returns lower-case hex; raises OptionError
    when there is no answer, or more than one.
    """
    length = hex_length(algorithm)
    lines = list(_parse(text, algorithm))
    fitting = [line for line in lines if len(line.value) == length]
    place = f"The checksum file {safe_url(url)}"
    # "-" is what a tool that read its standard input writes for a name.
    if len(lines) == 1 and fitting and fitting[0].name in (None, "-"):
        return fitting[0].value
    matches = _matching(fitting, filename)
    found = {line.value for line in matches}
    if len(found) > 1:
        names = ", ".join(sorted(f"'{line.name}'" for line in matches))
        raise OptionError(
            f"{place} holds {len(found)} different {algorithm} values for '{filename}' ({names}); "
            "give the option 'checksum' the value itself."
        )
    if found:
        return found.pop()
    hint = _hint(lines, fitting, filename, algorithm)
    raise OptionError(f"{place} holds no {algorithm} value for '{filename}'{hint}.")


def _matching(lines: list[_Line], filename: str) -> list[_Line]:
    wanted = _plain(filename)
    exact = [line for line in lines if line.name is not None and _plain(line.name) == wanted]
    if exact:
        return exact
    base = wanted.rpartition("/")[2]
    return [line for line in lines if line.name is not None and _plain(line.name).rpartition("/")[2] == base]


def _plain(name: str) -> str:
    while name.startswith("./"):
        name = name[2:].lstrip("/")
    return name


def _hint(lines: list[_Line], fitting: list[_Line], filename: str, algorithm: str) -> str:
    if _matching(lines, filename):
        return "; its values for that name are of another algorithm"
    names = sorted({_plain(line.name) for line in fitting if line.name is not None})
    if not names:
        return f"; it has no {algorithm} values at all"
    near = difflib.get_close_matches(_plain(filename), names, n=3, cutoff=0.5)
    if near:
        return "; near names in it: " + ", ".join(near)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"; names in it: {', '.join(names[:3])}{more}"


def _parse(text: str, algorithm: str) -> Iterator[_Line]:
    for line in _signed_part(text.lstrip("\ufeff")):
        line = line.rstrip()
        match = _BSD.match(line)
        if match is not None:
            if _same_algorithm(match["tag"], algorithm):
                yield _Line(_unescaped(match["name"], match["escaped"]), match["hash"].lower())
            continue
        match = _BARE.match(line.strip())
        if match is not None:
            yield _Line(None, match["hash"].lower())
            continue
        match = _GNU.match(line.lstrip())
        if match is not None:
            yield _Line(_unescaped(match["name"], match["escaped"]), match["hash"].lower())


def _signed_part(text: str) -> Iterator[str]:
    """The lines of a text without what a PGP clear signature puts around it (RFC 9580, section 7).

    The signature itself is not checked: it says who made the file, and whom to trust only the user knows.
    """
    lines = iter(re.split(r"\r\n|\n", text))
    for line in lines:
        if line.startswith("-----BEGIN PGP SIGNED MESSAGE-----"):
            for armour in lines:
                if not armour.strip():
                    break
            for signed in lines:
                if signed.startswith("-----BEGIN PGP SIGNATURE-----"):
                    break
                yield signed.removeprefix("- ")
            for signature in lines:
                if signature.startswith("-----END PGP SIGNATURE-----"):
                    break
        else:
            yield line


def _unescaped(name: str, escaped: str) -> str:
    if not escaped:
        return name
    return re.sub(r"\\[\\nr]", lambda found: _ESCAPES[found[0]], name)


def _same_algorithm(tag: str, algorithm: str) -> bool:
    # OpenSSL 3 says SHA2-256, coreutils SHA256, hashlib sha256 and sha3_256.
    def normal(name: str) -> str:
        return re.sub(r"\Asha2(?=\d{3}\Z)", "sha", re.sub(r"[^a-z0-9]", "", name.lower()))

    return normal(tag) == normal(algorithm)


def _shown(given: str) -> str:
    """The option's value for a message, which must not show credentials that a URL in it may hold."""
    algorithm, _colon, rest = given.partition(":")
    text = f"{algorithm}:{safe_url(rest)}" if "://" in rest else given
    return text if len(text) <= 200 else text[:197] + "…"
