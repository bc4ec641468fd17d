# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task, or one entry of ``images``, wants of one image: typed and free of contradictions. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.imageops.glance.plugins.module_utils.document import Desired, properties_as_stored
from ansible_collections.imageops.glance.plugins.module_utils.errors import OptionError

if TYPE_CHECKING:
    from ansible_collections.imageops.glance.plugins.module_utils.transfer.checksum import Checksum

#: Glance takes client-chosen ids in this form, and compares them with the case (api/v2/images.py).
UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\Z")


#: Stands in for an option that was not given, in the task or in the entry.
ENTRY_DEFAULTS: dict[str, Any] = {
    "state": "present",
    "properties_mode": "merge",
    "decompress": "none",
    "convert": "none",
    "stores_mode": "merge",
    "members_mode": "exact",
    "on_content_change": "fail",
    "replaced_state": "hidden",
    "on_in_use": "fail",
    "remote_interface": "public",
}


@dataclass(frozen=True)
class DataWish:
    """Where the image's data comes from and how it travels.

    ``method`` None is one streamed PUT. Exactly one of filename, url, remote_image_id is set.
    """

    filename: str | None = None
    url: str | None = None
    url_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    url_username: str | None = None
    url_password: str | None = field(default=None, repr=False)
    url_validate_certs: bool = True
    url_ca_cert: str | None = None
    decompress: str = "none"
    convert: str = "none"
    checksum: Checksum | None = None
    checksum_signature: str | None = None
    checksum_keyring: str | None = None
    method: str | None = None
    remote_region: str | None = None
    remote_image_id: str | None = None
    remote_interface: str = "public"

    @property
    def told(self) -> str:
        """The option that names the source, for messages."""
        if self.filename:
            return f"filename {self.filename}"
        if self.url:
            return f"url {without_credentials(self.url)}"
        return f"remote_image_id {self.remote_image_id} in region {self.remote_region}"

    @property
    def fetched_by_cloud(self) -> bool:
        """Whether the bytes never pass through this machine."""
        return self.method in ("web-download", "glance-download")


@dataclass(frozen=True)
class Wish:
    """All that is wanted of one image. None: not managed."""

    name: str | None
    id: str | None
    state: str
    desired: Desired
    owner: str | None = None
    owner_domain: str | None = None
    kernel: str | None = None
    ramdisk: str | None = None
    min_disk_auto: bool = False
    data: DataWish | None = None
    checksum: Checksum | None = None
    stores: tuple[str, ...] | None = None
    all_stores: bool = False
    exact_stores: bool = False
    members: tuple[str, ...] | None = None
    exact_members: bool = True
    on_content_change: str = "fail"
    replaced_state: str = "hidden"
    replaced_name: str | None = None
    on_in_use: str = "fail"
    key: str | None = None
    after: tuple[str, ...] = ()
    match: Mapping[str, str] = field(default_factory=dict)
    replaces: str | None = None

    @property
    def told(self) -> str:
        """How messages name the image."""
        return f"image '{self.name}'" if self.name else f"image {self.id}"


def wish_of(options: Mapping[str, Any]) -> Wish:
    """A wish from options by the names of the module's argument specification, defaults filled in.

    :raises OptionError: options that contradict each other or that cannot work
    """
    if options.get("volume"):
        raise OptionError("volume: an image of a volume is made by the volume service; use openstack.cloud.volume.")
    if not options.get("name") and not options.get("id"):
        raise OptionError("name: give name or id, so that it is clear which image is meant.")
    if options.get("id") and not UUID.match(options["id"]):
        raise OptionError(f"id: '{options['id']}' is no UUID in lower case, which Glance wants.")
    _refuse_together(options)
    checksum = _checksum(options.get("checksum"))
    state = "deactivated" if options["state"] == "inactive" else options["state"]
    minimum, automatic = _min_disk(options.get("min_disk"))
    return Wish(
        name=options.get("name"),
        id=options.get("id"),
        state=state,
        desired=_desired(options, minimum),
        owner=options.get("owner"),
        owner_domain=options.get("owner_domain"),
        kernel=options.get("kernel"),
        ramdisk=options.get("ramdisk"),
        min_disk_auto=automatic,
        data=_data(options, checksum),
        checksum=checksum,
        stores=None if options.get("stores") is None else tuple(dict.fromkeys(options["stores"])),
        all_stores=bool(options.get("all_stores")),
        exact_stores=options["stores_mode"] == "exact",
        members=None if options.get("members") is None else tuple(dict.fromkeys(options["members"])),
        exact_members=options["members_mode"] == "exact",
        on_content_change=options["on_content_change"],
        replaced_state=options["replaced_state"],
        replaced_name=options.get("replaced_name"),
        on_in_use=options["on_in_use"],
        key=options.get("key"),
        after=tuple(options.get("after") or ()),
        match={str(k): str(v) for k, v in (options.get("match") or {}).items()},
        replaces=options.get("replaces"),
    )


def _checksum(given: str | None) -> Checksum | None:
    if not given:
        return None
    from ansible_collections.imageops.glance.plugins.module_utils.transfer.checksum import parse_checksum

    return parse_checksum(given)


def without_credentials(url: str) -> str:
    """The URL as it may be shown: user and password in it are nobody else's business."""
    return re.sub(r"^([A-Za-z][\w+.-]*://)[^/?#]*@", r"\1", url)


def _refuse_together(options: Mapping[str, Any]) -> None:
    pairs = (
        ("filename", "url"),
        ("filename", "remote_image_id"),
        ("url", "remote_image_id"),
        ("visibility", "is_public"),
        ("stores", "all_stores"),
    )
    for first, second in pairs:
        if options.get(first) not in (None, False) and options.get(second) not in (None, False):
            raise OptionError(f"{first} and {second} exclude each other; give one of them.")
    visibility = options.get("visibility")
    if options.get("members") and visibility not in (None, "shared"):
        raise OptionError(
            f"members: only shared images have members, but visibility is {visibility}; set it to shared."
        )
    if options.get("stores") == []:
        raise OptionError("stores: an image with data is in one store at least; name one or leave the option out.")


def _min_disk(given: Any) -> tuple[int | None, bool]:
    if given is None:
        return None, False
    if str(given) == "auto":
        return None, True
    text = str(given)
    if not text.isdecimal() or int(text) > 2147483647:
        raise OptionError(f"min_disk: '{given}' is neither a number of GiB nor 'auto'.")
    return int(text), False


def _desired(options: Mapping[str, Any], min_disk: int | None) -> Desired:
    given = {
        "name": options.get("name"),
        "disk_format": options.get("disk_format"),
        "container_format": options.get("container_format"),
        "visibility": options.get("visibility"),
        "protected": options.get("protected"),
        "os_hidden": options.get("hidden"),
        "min_disk": min_disk,
        "min_ram": options.get("min_ram"),
        "tags": options.get("tags"),
    }
    if options.get("is_public") is not None:
        given["visibility"] = "public" if options["is_public"] else "private"
    elif options.get("members"):
        given["visibility"] = "shared"
    if given["min_ram"] is not None and not 0 <= given["min_ram"] <= 2147483647:
        raise OptionError(f"min_ram: {given['min_ram']} is no number of MiB that Glance takes.")
    attributes = {k: v for k, v in given.items() if v is not None}
    properties = properties_as_stored(options.get("properties") or {})
    return Desired(attributes, properties, options["properties_mode"] == "exact")


def _data(options: Mapping[str, Any], checksum: Checksum | None) -> DataWish | None:
    filename, url, remote = options.get("filename"), options.get("url"), options.get("remote_image_id")
    method = options.get("import_method") or ("glance-direct" if options.get("use_import") else None)
    if options["state"] == "absent":
        return None
    _check_method(options, method)
    if not (filename or url or remote):
        return None
    if url and not url.startswith(("http://", "https://")):
        if not url.startswith("file://"):
            raise OptionError(f"url: '{without_credentials(url)}' is neither http, https nor file.")
        if method == "web-download":
            raise OptionError("url: the cloud cannot fetch a file:// URL; leave import_method out.")
    return DataWish(
        filename=filename,
        url=url,
        url_headers={str(k): str(v) for k, v in (options.get("url_headers") or {}).items()},
        url_username=options.get("url_username"),
        url_password=options.get("url_password"),
        url_validate_certs=options.get("url_validate_certs") is not False,
        url_ca_cert=options.get("url_ca_cert"),
        decompress=options["decompress"],
        convert=options["convert"],
        checksum=checksum,
        checksum_signature=options.get("checksum_signature"),
        checksum_keyring=options.get("checksum_keyring"),
        method=method,
        remote_region=options.get("remote_region"),
        remote_image_id=remote,
        remote_interface=options["remote_interface"],
    )


def _check_method(options: Mapping[str, Any], method: str | None) -> None:
    filename, url, remote = options.get("filename"), options.get("url"), options.get("remote_image_id")
    if bool(remote) != bool(options.get("remote_region")):
        raise OptionError("remote_image_id and remote_region go together; give both.")
    if remote and method not in (None, "glance-download"):
        raise OptionError(f"import_method: {method} cannot fetch remote_image_id; use glance-download.")
    if remote and method is None:
        raise OptionError(
            "import_method: remote_image_id is fetched by the cloud; set import_method to glance-download."
        )
    if method == "glance-download" and not remote:
        raise OptionError("import_method: glance-download needs remote_region and remote_image_id.")
    if method == "web-download" and not url:
        raise OptionError("import_method: web-download needs url.")
    if method == "glance-direct" and not (filename or url):
        raise OptionError("import_method: glance-direct needs filename or url.")
    if method in ("web-download", "glance-download"):
        for option in ("decompress", "convert"):
            if options[option] != "none":
                raise OptionError(
                    f"{option}: with {method} the bytes never pass here; leave {option} or import_method out."
                )
        for option in ("url_headers", "url_username", "url_password"):
            if options.get(option):
                raise OptionError(f"{option}: Glance fetches the url without it; leave import_method out to stream it.")
