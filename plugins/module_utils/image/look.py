# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cloud has: the image that a wish means, and all that the plan has to know about it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ansible_collections.imageops.glance.plugins.module_utils.auth import RegionCloud
from ansible_collections.imageops.glance.plugins.module_utils.client import Glance
from ansible_collections.imageops.glance.plugins.module_utils.document import Desired
from ansible_collections.imageops.glance.plugins.module_utils.errors import ConflictError, OptionError
from ansible_collections.imageops.glance.plugins.module_utils.identity import Projects
from ansible_collections.imageops.glance.plugins.module_utils.image.selection import GONE, Selection, select, unfilled
from ansible_collections.imageops.glance.plugins.module_utils.image.wish import UUID, DataWish, Wish
from ansible_collections.imageops.glance.plugins.module_utils.planning.model import Found
from ansible_collections.imageops.glance.plugins.module_utils.transport import Http

Document = dict[str, Any]

#: Beyond this many names, one listing of the whole project costs less than asking name by name.
FEW_NAMES = 8


class Viewer:
    """Looks at one cloud for one run. What can be asked once for many images is asked once.

    :param names: exact names that the run is about; many of them are fetched in one listing beforehand
    """

    def __init__(self, glance: Glance, names: Iterable[str] = (), marked: bool = False) -> None:
        self.glance = glance
        self._lock = threading.Lock()
        self._projects: Projects | None = None
        self._stores: tuple[str, ...] | None = None
        self._methods: list[str] | None = None
        self._algorithm: str | None = None
        self._remote: dict[str, Glance | None] = {}
        self._listing: list[Document] | None = None
        self._by_name: dict[str, list[Document]] = {}
        self._by_own_id: dict[str, Document] = {}
        self._marked: list[Document] = []
        if marked or len(set(names)) > FEW_NAMES:
            self._list_all()

    # ---- which image

    def find(self, wish: Wish, fresh: bool = False) -> Found:
        """Everything that the plan needs, data aside.

        :param fresh: do not use what was listed beforehand
        :raises ConflictError: several images could be meant
        """
        login = self.glance.login
        if wish.match or wish.replaces:
            selection = self._matching(wish, fresh)
        elif wish.id:
            selection = Selection(current=self._by_id(wish.id, fresh))
        else:
            selection = self._named(wish, fresh)
        old = self.glance.image(wish.replaces) if wish.replaces else None
        return Found(
            current=selection.current,
            old=old,
            staged=selection.staged,
            superseded=selection.superseded,
            twins=tuple(selection.twins),
            project_id=login.project_id,
        )

    def named(self, name: str, hidden: bool | None = None) -> list[Document]:
        """All images of exactly this name, as the cloud has them now; hidden ones too unless told otherwise."""
        found: list[Document] = []
        for which in (False, True) if hidden is None else (hidden,):
            # "eq:" because Glance takes any text before a colon for an operator.
            query = [("name", f"eq:{name}"), ("os_hidden", str(which).lower())]
            found += self.glance.images([*query, ("visibility", "all")] if self._sees_all else query)
        self._learn(found)
        return found

    @property
    def _sees_all(self) -> bool:
        """Community images of others are listed only on demand; only an admin could change them."""
        return self.glance.login.is_admin is not False

    def _named(self, wish: Wish, fresh: bool) -> Selection:
        name = str(wish.name)
        candidates = self._by_name.get(name, []) if self._listing is not None and not fresh else self.named(name)
        login = self.glance.login
        told = wish.told
        others = login.is_admin is not False
        selection = select(candidates, told, wish.owner, login.project_id, others, merge=wish.data is not None)
        if selection.current is None and UUID.match(name):
            # openstack.cloud takes an id for a name.
            return Selection(current=self._by_id(name, fresh))
        return selection

    def _by_id(self, image_id: str, fresh: bool) -> Document | None:
        listed = self._by_own_id.get(image_id)
        if listed is not None and not fresh:
            return listed
        image = self.glance.image(image_id)
        if image is not None and image.get("status") in GONE:
            return None
        self._learn([image] if image else [])
        return image

    def _matching(self, wish: Wish, fresh: bool) -> Selection:
        """The own image with exactly these properties and its own id beside them, so no snapshot is taken for it."""
        if self._listing is not None and not fresh:
            candidates = self._marked
        else:
            candidates = [
                i
                for which in ("false", "true")
                for i in self.glance.images([*wish.match.items(), ("os_hidden", which)])
            ]
        fitting = [i for i in candidates if self._is_match(i, wish)]
        twins: list[Document] = []
        if len(fitting) > 1:
            visible = [i for i in fitting if i.get("status") in ("active", "deactivated")]
            chosen = visible or sorted(fitting, key=lambda i: (str(i.get("created_at")), i["id"]))[:1]
            twins = [i for i in fitting if i not in chosen and unfilled(i)]
            fitting = chosen
        if len(fitting) > 1:
            ids = ", ".join(i["id"] for i in fitting)
            raise ConflictError(
                f"{wish.told[0].upper()}{wish.told[1:]} exists more than once ({ids}); delete all but one."
            )
        return Selection(fitting[0], twins=twins) if fitting else Selection()

    def _is_match(self, image: Document, wish: Wish) -> bool:
        if image.get("status") in GONE or image.get("imageops_image") != image["id"]:
            return False
        if image["id"] == wish.replaces:
            return False
        owner = wish.owner or self.glance.login.project_id
        if owner and image.get("owner") != owner:
            return False
        return all(image.get(k) == v for k, v in wish.match.items())

    def _list_all(self) -> None:
        login = self.glance.login
        base = [("owner", login.project_id)] if login.project_id and login.is_admin is False else []
        listed: list[Document] = []
        for which in ("false", "true"):
            listed += self.glance.images([*base, ("os_hidden", which)])
        self._listing = listed
        self._by_own_id = {image["id"]: image for image in listed}
        self._marked = [image for image in listed if image.get("imageops_image") == image["id"]]
        for image in listed:
            self._by_name.setdefault(str(image.get("name")), []).append(image)
        self._learn(listed)

    # ---- what else the plan has to know

    def complete(self, found: Found, wish: Wish) -> Found:
        """Members, stores and the remote image: asked for only when the wish speaks of them."""
        if wish.members is not None and found.current is not None and found.current.get("visibility") == "shared":
            found = replace(found, members=self._member_ids(found.current["id"]))
        if wish.all_stores or wish.stores is not None:
            found = replace(found, stores=self.stores())
        if wish.data is not None and wish.data.remote_image_id:
            found = replace(found, remote=self._remote_of(wish.data))
        return found

    def _remote_of(self, data: DataWish) -> Document | None:
        return self.remote_document(str(data.remote_region), str(data.remote_image_id))

    def with_old_members(self, found: Found, old: Document) -> Found:
        """Who shares the image that is replaced: the new one is to be shared with the same."""
        if old.get("visibility") != "shared":
            return found
        return replace(found, old_members=self._member_ids(old["id"]))

    def _member_ids(self, image_id: str) -> frozenset[str]:
        return frozenset(member["member_id"] for member in self.glance.members(image_id))

    def stores(self) -> tuple[str, ...]:
        """Stores that take data, the default one first."""
        with self._lock:
            if self._stores is None:
                usable = [s for s in self.glance.stores() if str(s.get("read-only", "")).lower() != "true"]
                usable.sort(key=lambda s: str(s.get("default", "")).lower() != "true")
                self._stores = tuple(s["id"] for s in usable)
            return self._stores

    def import_methods(self) -> list[str]:
        with self._lock:
            if self._methods is None:
                self._methods = self.glance.import_methods()
            return self._methods

    def hash_algorithm(self) -> str:
        """The algorithm of os_hash_value on this cloud (its option hashing_algorithm), as its images show it."""
        with self._lock:
            if self._algorithm is None:
                query = [("status", "active"), ("sort", "created_at:desc")]
                shown = [i["os_hash_algo"] for i in self.glance.images(query, limit=1) if i.get("os_hash_algo")]
                self._algorithm = shown[0] if shown else "sha512"
            return self._algorithm

    def _learn(self, images: Iterable[Document]) -> None:
        if self._algorithm is None:
            newest = max(
                (i for i in images if i.get("os_hash_algo") and i.get("status") == "active"),
                key=lambda i: str(i.get("created_at")),
                default=None,
            )
            self._algorithm = newest["os_hash_algo"] if newest else None

    def remote_document(self, region: str, image_id: str) -> Document | None:
        """An image of another region, or None when that region is not in the catalog of this login.

        :raises OptionError: the region has no such image, or it has no data
        """
        with self._lock:
            if region not in self._remote:
                self._remote[region] = self._remote_glance(region)
            remote = self._remote[region]
        if remote is None:
            return None
        image = remote.image(image_id)
        if image is None:
            raise OptionError(f"remote_image_id: region {region} has no image {image_id} that can be seen.")
        if image.get("status") != "active":
            raise OptionError(
                f"remote_image_id: image {image['id']} in region {region} is {image['status']}, not active."
            )
        return image

    def _remote_glance(self, region: str) -> Glance | None:
        endpoint = self.glance.login.regions.get(region)
        return None if endpoint is None else Glance(RegionCloud(self.glance.cloud, endpoint))

    # ---- names of other things

    def resolved(self, wish: Wish) -> Wish:
        """The wish with ids in place of names of projects, kernel and ramdisk.

        :raises OptionError: a name is not known
        """
        properties = dict(wish.desired.properties)
        for option, name in (("kernel", wish.kernel), ("ramdisk", wish.ramdisk)):
            if name is not None:
                properties[f"{option}_id"] = self._id_of_image(name, option) if name else None
        owner = self.project_id(wish.owner, "owner", wish.owner_domain) if wish.owner else None
        members = wish.members
        if members is not None:
            members = tuple(self.project_id(m, "members") for m in members)
        desired = wish.desired
        if properties != desired.properties:
            desired = Desired(desired.attributes, properties, desired.exact)
        return replace(wish, desired=desired, owner=owner, members=members)

    def project_id(self, name: str, option: str, domain: str | None = None) -> str:
        """The id of a project given by id or name; ``option`` is named in errors."""
        with self._lock:
            if self._projects is None:
                http = Http(self.glance.login.tls, self.glance.http.timeout, self.glance.http.policy)
                self._projects = Projects(http, self.glance.cloud)
            return self._projects.id_of(name, option, domain)

    def _id_of_image(self, name: str, option: str) -> str:
        login = self.glance.login
        if UUID.match(name):
            image = self.glance.image(name)
        else:
            image = select(self.named(name), f"{option} '{name}'", None, login.project_id).current
        if image is None:
            raise OptionError(f"{option}: there is no image '{name}'; publish it first or give its id.")
        return str(image["id"])
