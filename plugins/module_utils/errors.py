# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong, by name. Layers below the runner raise these; only the runner turns them into a failed task."""

from __future__ import annotations


class GlanceOpsError(Exception):
    """An error a user can act on: one sentence that names the option, entry or image and says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class OptionError(GlanceOpsError):
    """An option's value cannot work; nothing was sent."""


class MissingLibraryError(GlanceOpsError):
    """A Python library that this call needs is not installed where the module runs."""

    def __init__(self, library: str, purpose: str) -> None:
        super().__init__(
            f"The Python library '{library}' is needed {purpose}; install it for the Python that runs this module "
            f"(pip install {library})."
        )
        self.library = library


class AuthError(GlanceOpsError):
    """The cloud could not be found in the configuration, or it refused the login."""


class TransferError(GlanceOpsError):
    """Image data could not be read, decompressed or sent whole."""


class VerificationError(GlanceOpsError):
    """Data arrived, but it is not what was asked for."""


class ConflictError(GlanceOpsError):
    """Somebody else is at the same image, or it is in a state in which the change is not possible."""


class TimeoutExceededError(GlanceOpsError):
    """A wait or a series of retries ended without the outcome asked for."""


class ApiError(GlanceOpsError):
    """Glance (or Keystone) answered with an error.

    ``status`` is the HTTP status, or None when no answer came; ``request_id`` is what the operator of the cloud can
    look up in the server's log.
    """

    def __init__(self, message: str, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id
