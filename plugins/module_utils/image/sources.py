# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of image data that a wish names, and what is asked of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ansible_collections.imageops.glance.plugins.module_utils.errors import (
    OptionError,
    TransferError,
    VerificationError,
)
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import DataWish, without_credentials
from ansible_collections.imageops.glance.plugins.module_utils.transfer.progress import NoProgress, Progress

if TYPE_CHECKING:
    from ansible_collections.imageops.glance.plugins.module_utils.transfer.checksum import Checksum
    from ansible_collections.imageops.glance.plugins.module_utils.transfer.convert import RawConverted
    from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import Digests
    from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import Source
    from ansible_collections.imageops.glance.plugins.module_utils.transfer.web import UrlInfo, UrlSource
#: A checksum file is text of some KB; more than this is something else.
CHECKSUM_FILE_LIMIT = 16 * 1024 * 1024


class Sources:
    """Opens sources for one run; remembers what it was told of URLs and checksum files.

    :param memory_folder: where digests of local files are remembered between runs; None: nowhere
    :param converted_folder: where images that were converted to raw are kept
    :param remote: gives the document of an image in another region, or None when that region cannot be read
    """

    def __init__(
        self,
        memory_folder: str | None = None,
        converted_folder: str = "",
        progress: Progress | None = None,
        remote: Callable[[str, str], dict[str, Any] | None] | None = None,
        timeout: float = 60.0,
    ) -> None:
        self._memory_folder = memory_folder
        self._converted_folder = converted_folder
        self.progress: Progress = progress or NoProgress()
        self._remote = remote
        self._timeout = timeout
        self._infos: dict[str, UrlInfo] = {}
        self._checksum_files: dict[tuple[str, str | None, str | None], str] = {}

    def source(self, data: DataWish) -> Source:
        """The source as it will be published: unpacked and converted as wanted."""
        unpacked = self._unpacked(data)
        return unpacked if data.convert == "none" else self._converted(data, unpacked)

    def _unpacked(self, data: DataWish) -> Source:
        from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import FileSource

        source: Source
        if data.filename:
            source = FileSource(data.filename)
        elif data.url:
            source = self._url_source(data)
        else:
            raise OptionError("filename or url: one of them is needed to read the data here.")
        if data.decompress == "none":
            return source
        from ansible_collections.imageops.glance.plugins.module_utils.transfer.decompress import Decompressed

        if data.checksum is not None:
            from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import DigestingSource

            # A checksum file lists what its publisher offers, which is the compressed file.
            source = DigestingSource(source, [data.checksum.algorithm])
        return Decompressed(source, data.decompress)

    def _converted(self, data: DataWish, source: Source) -> RawConverted:
        from ansible_collections.imageops.glance.plugins.module_utils.transfer.convert import RawConverted

        return RawConverted(
            source, self._converted_folder, data.checksum, lambda digests: self.check(data, source, digests)
        )

    def url_info(self, data: DataWish) -> UrlInfo:
        url = str(data.url)
        if url not in self._infos:
            self._infos[url] = self._url_source(data).info()
        return self._infos[url]

    def remote_image(self, data: DataWish) -> dict[str, Any] | None:
        if self._remote is None:
            return None
        return self._remote(str(data.remote_region), str(data.remote_image_id))

    def digests(self, data: DataWish, algorithms: tuple[str, ...]) -> Digests:
        """Read the whole source, or recall what an earlier reading of the same file gave; hold it against checksum.

        :raises VerificationError: it is not what checksum says
        """
        from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import digest_source
        from ansible_collections.imageops.glance.plugins.module_utils.transfer.memory import DigestMemory, digest_file

        memory = DigestMemory(self._memory_folder) if self._memory_folder else None
        if data.convert != "none":
            return digest_file(self._converted(data, self._unpacked(data)).path, algorithms, memory, self.progress)
        if data.filename and data.decompress == "none":
            digests = digest_file(data.filename, algorithms, memory, self.progress)
            self.check(data, None, digests)
            return digests
        source = self._unpacked(data)
        digests = digest_source(source, algorithms, self.progress)
        self.check(data, source, digests)
        return digests

    def remembering(self, data: DataWish, algorithms: Sequence[str]) -> Remembering:
        """To be called before a source is read that is to be sent."""
        if not self._memory_folder or not data.filename or data.decompress != "none" or data.convert != "none":
            return Remembering()
        return FileRemembering(self._memory_folder, data.filename, algorithms)

    def forget(self, data: DataWish) -> None:
        """Drop what is remembered of a file, after what was sent turned out to be something else."""
        if self._memory_folder and data.filename:
            from ansible_collections.imageops.glance.plugins.module_utils.transfer.memory import DigestMemory

            DigestMemory(self._memory_folder).forget(data.filename)

    def check(self, data: DataWish, source: Source | None, digests: Digests) -> None:
        """Hold what was read of a source against the checksum that was asked for.

        The checksum is that of the bytes as their publisher has them; where they were unpacked, that of the outcome
        proves as much and is taken too.

        :raises VerificationError: it is neither
        """
        wanted = data.checksum
        if wanted is None or not wanted.value:
            return
        read = [part.hashes for part in (_below(source), digests) if part is not None]
        found = [hashes[wanted.algorithm] for hashes in read if wanted.algorithm in hashes]
        if found and wanted.value.lower() not in [digest.lower() for digest in found]:
            raise VerificationError(
                f"checksum: {data.told} has the {wanted.algorithm} {found[0]}, not {wanted.value}; "
                "nothing was published."
            )

    def resolve_checksum(self, data: DataWish) -> DataWish:
        """The wish with the checksum read out of the checksum file that its URL names.

        :raises TransferError: the file cannot be read, or does not list the image's file
        """
        wanted = data.checksum
        if wanted is None or wanted.value or not wanted.url:
            return data
        from ansible_collections.imageops.glance.plugins.module_utils.transfer.checksum import find_checksum

        name = os.path.basename(data.filename or unquote(urlsplit(str(data.url)).path))
        text = self._checksum_file(wanted, data)
        found = find_checksum(text, name, wanted.algorithm, without_credentials(wanted.url))
        return replace(data, checksum=replace_value(wanted, found))

    def _checksum_file(self, wanted: Checksum, data: DataWish) -> str:
        url = str(wanted.url)
        # What one entry believes unsigned, another may want signed, or signed by another key.
        asked = (url, data.checksum_signature, data.checksum_keyring)
        if asked not in self._checksum_files:
            content = _read_text(self._other_url(url, data))
            if data.checksum_signature:
                from ansible_collections.imageops.glance.plugins.module_utils.transfer.signature import verified_text

                content = verified_text(content, data.checksum_signature, data.checksum_keyring, self._fetch(data))
            self._checksum_files[asked] = content.decode("utf-8", "replace")
        return self._checksum_files[asked]

    def _fetch(self, data: DataWish) -> Callable[[str], bytes]:
        return lambda url: _read_text(self._other_url(url, data))

    def _other_url(self, url: str, data: DataWish) -> UrlSource:
        """A file that belongs to the data: its checksums, or their signature."""
        from ansible_collections.imageops.glance.plugins.module_utils.transfer.web import UrlSource

        return UrlSource(
            url,
            validate_certs=data.url_validate_certs,
            ca_cert=data.url_ca_cert,
            timeout=self._timeout,
            **self._credentials_for(url, data),
        )

    @staticmethod
    def _credentials_for(url: str, data: DataWish) -> dict[str, Any]:
        """Headers and password go to the host that they were given for, and to no other."""
        if not data.url or urlsplit(url).netloc.rpartition("@")[2] != urlsplit(data.url).netloc.rpartition("@")[2]:
            return {}
        return {"headers": dict(data.url_headers), "username": data.url_username, "password": data.url_password}

    def _url_source(self, data: DataWish) -> UrlSource:
        from ansible_collections.imageops.glance.plugins.module_utils.transfer.web import UrlSource

        return UrlSource(
            str(data.url),
            headers=dict(data.url_headers),
            username=data.url_username,
            password=data.url_password,
            validate_certs=data.url_validate_certs,
            ca_cert=data.url_ca_cert,
            timeout=self._timeout,
        )


class Remembering:
    """What is known of a source before it is read, and what is kept of it afterwards: nothing, in general."""

    known: Digests | None = None

    def check(self) -> None:
        """Called before the last byte is sent; raises TransferError when what is known may not hold any more."""

    def learned(self, digests: Digests) -> None:
        """Called with what was read."""


class FileRemembering(Remembering):
    """That of a local file, which the digest memory may know: then it is sent without being hashed once more."""

    def __init__(self, folder: str, path: str, algorithms: Sequence[str]) -> None:
        from ansible_collections.imageops.glance.plugins.module_utils.transfer.memory import DigestMemory, file_state

        self._memory, self._path, self._state_of = DigestMemory(folder), path, file_state
        self._started = time.time()
        self._before = file_state(path)
        self.known = self._memory.recall(path, algorithms)

    def check(self) -> None:
        if self.known is not None and self._state_of(self._path) != self._before:
            raise TransferError(
                f"The file '{self._path}' changed while it was read; run again when nothing writes to it."
            )

    def learned(self, digests: Digests) -> None:
        if self.known is None:
            self._memory.remember(self._path, digests, self._before, self._started)


def _below(source: Source | None) -> Digests | None:
    """The digests of what a source has unpacked."""
    from ansible_collections.imageops.glance.plugins.module_utils.transfer.digest import DigestingSource

    below = getattr(source, "below", None)
    return below.digests if isinstance(below, DigestingSource) else None


def replace_value(checksum: Checksum, value: str) -> Checksum:
    """The same checksum with the digest that its file was found to hold."""
    return checksum._replace(value=value)


def head_of(source: Source, count: int) -> bytes:
    """The first bytes of a source."""
    head = bytearray()
    with source.open() as chunks:
        for chunk in chunks:
            head += chunk
            if len(head) >= count:
                break
    return bytes(head[:count])


def _read_text(source: Source) -> bytes:
    content = bytearray()
    with source.open() as chunks:
        for chunk in chunks:
            content += chunk
            if len(content) > CHECKSUM_FILE_LIMIT:
                raise TransferError(f"checksum: '{source.label}' is too large for a checksum file.")
    return bytes(content)
