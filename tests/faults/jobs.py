# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work that is disturbed: what a task asks for, what has to be there before it, and what must hold after it.

``unharmed`` holds at every moment, also after a kill; ``finished`` when a run has said that it succeeded.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.imageops.glance.tests.faults.cloud import Document, sha512
from ansible_collections.imageops.glance.tests.faults.process import Limits, Run
from ansible_collections.imageops.glance.tests.faults.stage import Stage, content

OLD = content(1)
NEW = content(2)


class Job:
    """One task on images whose names begin with ``name``."""

    module = "image"
    user = "member"
    #: Contents that an image of this name may have at any time.
    contents: tuple[bytes, ...] = (NEW,)
    #: What the machine denies the disturbed run.
    limits = Limits()

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.name = name
        self.cloud = stage.clouds[self.user]

    def prepare(self) -> None:
        """Make what has to be there before; by default nothing."""

    def own_options(self) -> dict[str, Any]:
        raise NotImplementedError

    def options(self) -> dict[str, Any]:
        base = {"cloud": self.user, "name": self.name, "api_retry_time": 12, "api_timeout": 10, "timeout": 60}
        return {**base, **self.own_options()}

    def observe(self, run: Run) -> None:
        """Look at what the disturbed run has told; by default at nothing."""

    def images(self) -> list[Document]:
        return self.cloud.settled(self.name)

    def unharmed(self) -> None:
        """No image under the name has other data than the task, or the one before it, gave it."""
        right = {sha512(data) for data in self.contents}
        for image in self.images():
            if image["status"] in ("active", "deactivated"):
                assert image["os_hash_value"] in right, f"image {image['id']} has data that nobody asked for"

    def finished(self) -> None:
        raise NotImplementedError

    def only(self, data: bytes | None = NEW, **wanted: Any) -> Document:
        """The one image that is there, which has this data and these attributes."""
        found = self.images()
        assert len(found) == 1, f"there are {len(found)} images: {_listed(found)}"
        _check(found[0], data, wanted)
        return found[0]

    def clean(self) -> None:
        self.cloud.clean(self.name)


def _check(image: Document, data: bytes | None, wanted: dict[str, Any]) -> None:
    status = "queued" if data is None else "active"
    expected = {"status": status, "os_hash_value": None if data is None else sha512(data), **wanted}
    for name, value in expected.items():
        assert image.get(name) == value, f"{name} is {image.get(name)!r}, not {value!r}"


def _listed(images: list[Document]) -> str:
    return ", ".join(f"{i['id']} {i['name']} {i['status']}{' hidden' if i['os_hidden'] else ''}" for i in images)


class Create(Job):
    """A file becomes an image that others can see: POST, PUT, GET, PATCH."""

    def own_options(self) -> dict[str, Any]:
        return {
            "filename": self.stage.file("new.img", NEW),
            "disk_format": "raw",
            "visibility": "community",
            "tags": ["faults"],
            "properties": {"os_distro": "ubuntu"},
        }

    def finished(self) -> None:
        self.only(visibility="community", tags=["faults"], os_distro="ubuntu", disk_format="raw")

    def unharmed(self) -> None:
        super().unharmed()
        found = self.images()
        assert len(found) <= 1, f"there are {len(found)} images: {_listed(found)}"
        for image in found:
            # Others may see it only when its data is right.
            assert image["visibility"] == "private" or image["status"] == "active"


class Empty(Job):
    """An image without data."""

    def own_options(self) -> dict[str, Any]:
        return {"tags": ["faults"]}

    def finished(self) -> None:
        self.only(None, tags=["faults"])


class ById(Create):
    """A new image with an id that the task chooses."""

    def prepare(self) -> None:
        self.image_id = self.cloud.create(name=self.name + " donor")["id"]
        self.cloud.delete(self.image_id)
        self.image_id = self.image_id[:-4] + ("0000" if not self.image_id.endswith("0000") else "1111")

    def own_options(self) -> dict[str, Any]:
        return {**super().own_options(), "id": self.image_id}

    def finished(self) -> None:
        self.only(id=self.image_id)


class DeletedId(Create):
    """The id of an image that was deleted can never be used again."""

    def prepare(self) -> None:
        self.image_id = self.cloud.create(name=self.name)["id"]
        self.cloud.delete(self.image_id)

    def own_options(self) -> dict[str, Any]:
        return {**super().own_options(), "id": self.image_id}


class Stream(Create):
    """A web server's data, streamed through the module."""

    fields: ClassVar[dict[str, Any]] = {}

    def prepare(self) -> None:
        self.url = self.stage.page(f"/{self.name.replace(' ', '-')}.img", NEW, **self.fields)

    def own_options(self) -> dict[str, Any]:
        return {**super().own_options(), "filename": None, "url": self.url, "checksum": f"sha512:{sha512(NEW)}"}


class WrongChecksum(Create):
    """The data is not what the task says that it is."""

    def own_options(self) -> dict[str, Any]:
        return {**super().own_options(), "checksum": f"sha256:{'0' * 64}"}


class WrongFormat(Create):
    """The data has no header of the format that the task declares."""

    def own_options(self) -> dict[str, Any]:
        return {**super().own_options(), "disk_format": "qcow2"}


class Replace(Job):
    """New data for an image: a second one is made, swapped in, and the first one hidden."""

    contents = (OLD, NEW)
    replaced_state = "hidden"

    def prepare(self) -> None:
        self.old = self.cloud.create(OLD, name=self.name, visibility="community", kept="yes", tags=["kept"])

    def own_options(self) -> dict[str, Any]:
        return {
            "filename": self.stage.file("new.img", NEW),
            "on_content_change": "replace",
            "replaced_state": self.replaced_state,
        }

    def unharmed(self) -> None:
        super().unharmed()
        good = [i for i in self.images() if i["name"] == self.name and i["status"] == "active" and not i["os_hidden"]]
        assert good, "there is no good image any more"
        assert all(image["visibility"] == "community" for image in good), "a good image cannot be seen by others"

    def finished(self) -> None:
        found = self.images()
        shown = [image for image in found if image["name"] == self.name]
        assert len(shown) == 1, f"{len(shown)} images bear the name: {_listed(found)}"
        _check(shown[0], NEW, {"visibility": "community", "kept": "yes", "tags": ["kept"], "os_hidden": False})
        left = [image for image in found if image is not shown[0]]
        if self.replaced_state == "absent":
            assert not left, f"left behind: {_listed(left)}"
            return
        assert [image["id"] for image in left] == [self.old["id"]], f"not only the old one is left: {_listed(left)}"
        status = "deactivated" if self.replaced_state == "deactivated" else "active"
        _check(left[0], OLD, {"os_hidden": self.replaced_state == "hidden", "status": status})


class ReplaceDelete(Replace):
    """The same, and the old image is deleted."""

    replaced_state = "absent"


class ReplaceDeactivate(Replace):
    """The same, and the old image is deactivated."""

    replaced_state = "deactivated"


class Update(Job):
    """Metadata alone."""

    def prepare(self) -> None:
        self.cloud.create(NEW, name=self.name, tags=["before"], gone="1", kept="yes")

    def own_options(self) -> dict[str, Any]:
        return {"tags": ["after"], "properties": {"gone": None, "os_distro": "debian"}, "visibility": "community"}

    def finished(self) -> None:
        self.only(tags=["after"], gone=None, os_distro="debian", kept="yes", visibility="community")


class Delete(Job):
    """A protected image goes."""

    def prepare(self) -> None:
        self.cloud.create(NEW, name=self.name, protected=True)

    def own_options(self) -> dict[str, Any]:
        return {"state": "absent", "protected": False}

    def finished(self) -> None:
        assert not self.images(), "the image is still there"


class Share(Job):
    """One project is taken off the list of members, another one is put on it."""

    def prepare(self) -> None:
        self.image = self.cloud.create(NEW, name=self.name, visibility="shared")
        self.cloud.call(
            "POST", f"/images/{self.image['id']}/members", json={"member": self.stage.clouds["admin"].project}
        )

    def own_options(self) -> dict[str, Any]:
        return {"members": [self.stage.clouds["other"].project]}

    def finished(self) -> None:
        self.only(visibility="shared")
        assert self.cloud.members(self.image["id"]) == [self.stage.clouds["other"].project]


class Deactivate(Job):
    """Only an admin may."""

    user = "admin"

    def prepare(self) -> None:
        self.cloud.create(NEW, name=self.name)

    def own_options(self) -> dict[str, Any]:
        return {"state": "deactivated"}

    def finished(self) -> None:
        self.only(status="deactivated")


class Reactivate(Deactivate):
    """And back."""

    def prepare(self) -> None:
        image = self.cloud.create(NEW, name=self.name)
        self.cloud.call("POST", f"/images/{image['id']}/actions/deactivate")

    def own_options(self) -> dict[str, Any]:
        return {"state": "present"}

    def finished(self) -> None:
        self.only()


class Direct(Create):
    """By the staging area: PUT stage, POST import."""

    def own_options(self) -> dict[str, Any]:
        return {**super().own_options(), "import_method": "glance-direct"}


class WebDownload(Create):
    """The cloud fetches the data itself."""

    def prepare(self) -> None:
        self.url = self.stage.page(f"/{self.name.replace(' ', '-')}.img", NEW)

    def own_options(self) -> dict[str, Any]:
        own = {"filename": None, "url": self.url, "import_method": "web-download"}
        return {**super().own_options(), **own}


class Copy(Job):
    """A further copy in another store, which only an admin may make."""

    user = "admin"

    def prepare(self) -> None:
        self.cloud.create(NEW, name=self.name)

    def own_options(self) -> dict[str, Any]:
        return {"stores": ["file", "fast"]}

    def finished(self) -> None:
        image = self.only()
        assert set(image["stores"].split(",")) == {"file", "fast"}


class AdminReplaceDeactivate(ReplaceDeactivate):
    """Deactivating is for admins in Glance's default policy."""

    user = "admin"


class Accept(Job):
    """The consumer's side of sharing."""

    module = "image_member"
    user = "other"

    def prepare(self) -> None:
        owner = self.stage.clouds["member"]
        self.image = owner.create(NEW, name=self.name, visibility="shared")
        owner.call("POST", f"/images/{self.image['id']}/members", json={"member": self.cloud.project})

    def options(self) -> dict[str, Any]:
        return {k: v for k, v in super().options().items() if k not in ("name", "timeout")}

    def own_options(self) -> dict[str, Any]:
        return {"id": self.image["id"], "status": "accepted"}

    def finished(self) -> None:
        path = f"/images/{self.image['id']}/members/{self.cloud.project}"
        assert self.cloud.call("GET", path).json()["status"] == "accepted"

    def clean(self) -> None:
        self.stage.clouds["member"].clean(self.name)


class Info(Job):
    """Reading alone: the answer is whole."""

    module = "image_info"

    def prepare(self) -> None:
        self.ids = sorted(self.cloud.create(name=self.name, tags=["faults"])["id"] for _number in range(3))

    def options(self) -> dict[str, Any]:
        return {k: v for k, v in super().options().items() if k != "timeout"}

    def own_options(self) -> dict[str, Any]:
        return {"include": ["members"]}

    def observe(self, run: Run) -> None:
        if not run.failed:
            assert sorted(image["id"] for image in run.result["images"]) == self.ids

    def finished(self) -> None:
        assert len(self.images()) == len(self.ids)


class Batch(Job):
    """Four images in one task, four at a time."""

    def own_options(self) -> dict[str, Any]:
        entry = {"filename": self.stage.file("new.img", NEW), "disk_format": "raw", "visibility": "community"}
        return {"name": None, "images": [{"name": name, **entry} for name in self.names], "parallel": 4}

    @property
    def names(self) -> list[str]:
        return [f"{self.name} {number}" for number in range(4)]

    def finished(self) -> None:
        found = self.images()
        assert sorted(image["name"] for image in found) == self.names, _listed(found)
        for image in found:
            _check(image, NEW, {"visibility": "community"})
