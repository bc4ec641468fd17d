# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalog entries + current images + policy -> ordered steps, and the one ``images:`` list that performs them. Pure.

Words
    *entry*: one dict of the catalog, normalised by ``entry.normalise``; its keys are options of the module ``image``
    plus ``version``, ``enabled``, ``keep`` and ``state`` (active|deactivated).
    *series*: all enabled entries of one ``name``. The newest version (natural order) is the current one and bears the
    plain name; older versions that are listed too stay published as ``<name> (<version>)``.
    *marks*: custom properties that tell whose an image is::

        imageops_catalog   name of the catalog
        imageops_entry     name of the entry
        imageops_version   its version, or "" when the entry has none
        imageops_source    where the bytes came from (no credentials, no query; of a local file its base name)
        imageops_digest    "<algo>:<hex>" of the published bytes, when known beforehand; else absent
        imageops_image     the image's own id

    Servers' snapshots and volumes' uploads inherit all properties of the image that they come from. Therefore marks
    are believed only when ``imageops_image`` is the image's own id. The plan sends the literal ``"{id}"`` for it; the
    module ``image`` puts the id in. Marks are part of the create request, so that an interrupted run leaves nothing
    behind that nobody owns.

``plan()`` returns a dict of::

    steps: [ {action: create|update|replace|adopt|restore|retire|prune|unchanged,
              entry: str, version: str|None, image_id: str|None, name: str, reasons: [str], key: str|None} ]
    images: [ {...} ]     options for ONE call of the module ``image``, in the order of the steps
    result: {created, updated, replaced, adopted, restored, retired, pruned, unchanged: [label],
             images: {label: {id: str|None, name: str, version: str|None, action: str}}}
    table: str            what a person reads before anything moves
    changed: bool

A *label* is the entry's name, or ``<name> (<version>)`` for an older version of a series. ``key`` ties a step to its
element of ``images`` (None when nothing is to be done), and so to the module's result for it.

Elements of ``images:``
    Each is one entry of the module's ``images:`` with the options below. What is not in it is not managed.

    ``key``      label, unique in the list
    ``after``    keys; the element runs only when all of them ended well, and is skipped otherwise
    ``state``    present | deactivated | absent
    ``id``       the image that is meant. Never looked up by name: an image that no catalog owns may bear the same one
    ``match``    instead of ``id``: {property: value}. The image of the own project that has exactly these custom
                 properties *and* its own id in ``imageops_image`` is the one that is meant; none -> it is created.
                 A second run that creates the same image at the same time is found by the same look (the younger gives
                 way), and so is what a killed run left behind. Names play no part
    ``replaces`` with ``match``: id of the image whose successor this one is. The plan has decided that the content
                 differs; nothing is compared. The successor inherits what the element does not manage, is verified,
                 takes over the name, and then ``replaced_state`` (absent|hidden|deactivated) and ``replaced_name`` are
                 applied to the old image. An old image that is in that state already is fine
    ``on_in_use: hide``  a delete that is refused because the image is in use hides it instead, and says so
    ``protected: false`` with ``state: absent``: lift the protection first, then delete

    create   match, name, source options (url|filename|import_method...), checksum, formats, metadata, properties + marks.
             With ``id`` instead of ``match``: either data is to be put into what an interrupted run left (any status
             without data, also one that another run is working on: wait for it, or begin anew), or the entry asks for
             a fixed id that does not exist yet: create the image with it
    replace  as create, with replaces, replaced_state, replaced_name, on_in_use
    update, adopt, restore   id, name, state, hidden, metadata, properties + marks; no source: the content is right.
             ``stores``/``all_stores`` are in it when a copy is missing
    retire, prune   id, and hidden: true | state: deactivated | state: absent + on_in_use: hide; ``name`` when the
             plain name has to be given up; ``after`` the elements of its series

Properties in an element are merged into those of the image; ``null`` removes one (a successor must not inherit the
digest of its predecessor). With ``properties_mode: exact`` the marks are listed, so they stay.
"""

from __future__ import annotations
