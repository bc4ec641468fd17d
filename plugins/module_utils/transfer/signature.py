# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A checksum file is believed only when somebody trusted has signed it: OpenPGP signatures, checked by gpgv."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable

from ansible_collections.imageops.glance.plugins.module_utils.errors import (
    OptionError,
    TransferError,
    VerificationError,
)

#: The value of checksum_signature for a clear-signed checksum file.
INLINE = "inline"
_ARMOUR = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"


def verified_text(content: bytes, signature: str, keyring: str | None, fetch: Callable[[str], bytes]) -> bytes:
    """The part of a checksum file that its signature covers.

    :param signature: INLINE, or the URL or path of a detached signature
    :param keyring: path of the keys that may sign, armoured or not
    :param fetch: reads a URL
    :raises OptionError: no keyring, or no such file
    :raises TransferError: gpgv is not installed, or the signature cannot be read
    :raises VerificationError: the signature is missing, broken, or of another key
    """
    if not keyring:
        raise OptionError(
            "checksum_keyring: name the file of the keys that may sign; without it no signature is of use."
        )
    gpgv = shutil.which("gpgv")
    if gpgv is None:
        raise TransferError("checksum_signature: gpgv is needed where the module runs; install it (package gpgv).")
    with tempfile.TemporaryDirectory(prefix="imageops-signature-") as folder:
        keys = _binary_keyring(keyring, folder)
        signed = _written(folder, "signed", content)
        if signature == INLINE:
            plain = os.path.join(folder, "plain")
            _gpgv([gpgv, "--keyring", keys, "--output", plain, signed], keyring)
            with open(plain, "rb") as stream:
                return stream.read()
        detached = fetch(signature) if "://" in signature else _read(signature, "checksum_signature")
        _gpgv([gpgv, "--keyring", keys, _written(folder, "signature", detached), signed], keyring)
    return content


def _gpgv(command: list[str], keyring: str) -> None:
    # No AnsibleModule is known here, so there is no run_command.
    done = subprocess.run(  # pylint: disable=ansible-bad-function
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        told = [line.removeprefix("gpgv: ") for line in done.stderr.splitlines() if line.startswith("gpgv: ")]
        reason = "; ".join(told[-2:]) or "gpgv gives no reason"
        raise VerificationError(
            f"checksum_signature: the checksum file is not signed by a key of {keyring} ({reason}); "
            "nothing was published."
        )


def _binary_keyring(path: str, folder: str) -> str:
    """gpgv reads binary keyrings only; what publishers offer is mostly armoured (RFC 9580, section 6)."""
    content = _read(path, "checksum_keyring")
    if not content.lstrip().startswith(_ARMOUR):
        return os.path.abspath(path)
    import base64
    import binascii

    keys = b""
    for block in content.split(_ARMOUR)[1:]:
        body = block.partition(b"-----END")[0].replace(b"\r\n", b"\n").partition(b"\n\n")[2]
        lines = [line for line in body.splitlines() if line and not line.startswith(b"=")]
        try:
            keys += base64.b64decode(b"".join(lines), validate=True)
        except binascii.Error as exc:
            raise OptionError(f"checksum_keyring: {path} is a damaged key file.") from exc
    return _written(folder, "keys.gpg", keys)


def _written(folder: str, name: str, content: bytes) -> str:
    path = os.path.join(folder, name)
    with open(path, "wb") as stream:
        stream.write(content)
    return path


def _read(path: str, option: str) -> bytes:
    try:
        with open(os.path.expanduser(path), "rb") as stream:
            return stream.read()
    except OSError as exc:
        raise OptionError(f"{option}: {path} cannot be read ({exc.strerror}).") from exc
