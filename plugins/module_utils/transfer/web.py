# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image data at a URL."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Optional
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError
from ansible_collections.imageops.glance.plugins.module_utils.transfer.source import FileSource
from ansible_collections.imageops.glance.plugins.module_utils.transfer.urls import safe_url, split_credentials, url_name
from ansible_collections.imageops.glance.plugins.module_utils.transfer.web_answer import UrlInfo
from ansible_collections.imageops.glance.plugins.module_utils.transfer.web_client import WebClient
from ansible_collections.imageops.glance.plugins.module_utils.transfer.web_stream import WebStream

__all__ = ["UrlInfo", "UrlSource"]


class UrlSource:
    """Data at an http, https or file URL; raises OptionError for any other.

    ``headers``, ``username`` and ``password`` go to the URL's own scheme, host and port only. ``timeout`` (seconds) is
    how long a connection may stand still, ``retries`` how often in a row it may fail without a byte of progress.
    """

    def __init__(
        self,
        url: str,
        headers: Optional[Mapping[str, str]] = None,
        username: Optional[str] = None,
        password: Optional[str] = None,
        validate_certs: bool = True,
        ca_cert: Optional[str] = None,
        timeout: float = 60.0,
        retries: int = 5,
    ) -> None:
        self._file = _local_file(url)
        self._client = WebClient(url, headers, username, password, validate_certs, ca_cert, timeout)
        self._retries = retries
        self._info: Optional[UrlInfo] = None
        self._stream: Optional[WebStream] = None
        self.url = self._client.url
        self.label = url_name(url)

    def info(self) -> UrlInfo:
        """Ask for the headers only, once; raises TransferError when the server has no such data or does not answer."""
        if self._info is None:
            if self._file is not None:
                self._info = _file_info(self._file, self.url)
            else:
                stream = WebStream(self._client, self._retries)
                try:
                    self._info = stream.look()
                finally:
                    stream.close()
        return self._info

    def published_size(self) -> Optional[int]:
        """Bytes, None when the server does not tell."""
        return self.info().size

    def cancel(self) -> None:
        """Make an open stream end soon, with a TransferError in the thread that reads it."""
        if self._stream is not None:
            self._stream.cancel()

    @contextmanager
    def open(self) -> Iterator[Iterator[bytes]]:
        """The published bytes; raises TransferError when they cannot be had whole and unchanged."""
        if self._file is not None:
            with self._file.open() as chunks:
                yield chunks
            return
        stream = self._stream = WebStream(self._client, self._retries)
        try:
            self._info = stream.start()
            yield stream.chunks()
        finally:
            self._stream = None
            stream.close()


def _local_file(url: str) -> Optional[FileSource]:
    """The file of a file URL, None for a web server's."""
    try:
        parts = urlsplit(url)
        scheme, host, _port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError as error:
        raise OptionError(f"'{safe_url(url)}' is not a URL: {error}.") from error
    if scheme in ("http", "https") and host:
        return None
    if scheme == "file" and host in (None, "localhost") and parts.path.startswith("/"):
        return FileSource(url2pathname(parts.path))
    raise OptionError(f"'{safe_url(url)}' cannot be read; give a URL that begins with http://, https:// or file:///.")


def _file_info(source: FileSource, url: str) -> UrlInfo:
    size = source.published_size()
    modified = datetime.fromtimestamp(int(os.stat(source.path).st_mtime), timezone.utc)
    return UrlInfo(size, None, modified, True, split_credentials(url).url)
