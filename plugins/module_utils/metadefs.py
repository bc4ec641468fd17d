# Copyright: (c) 2026, imageops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud's own definitions of image properties, and whether a property keeps to them. Pure.

Glance does not enforce its metadata definitions; Nova finds a wrong value when a server is to boot. Definitions are
JSON schemas (Metadata Definitions API v2).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

#: Families of names that services look at; a name in them that nobody has defined is most likely a typing error.
KNOWN_FAMILIES = ("hw_", "os_", "img_")


def property_definitions(namespaces: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """All properties of namespaces, those inside objects too, by name.

    A name that several namespaces define allows what any of them allows.
    """
    found: dict[str, dict[str, Any]] = {}
    for namespace in namespaces:
        groups = [namespace.get("properties") or {}]
        groups += [part.get("properties") or {} for part in namespace.get("objects") or ()]
        for group in groups:
            for name, schema in group.items():
                found[name] = _wider(found[name], schema) if name in found else _essential(schema)
    return found


_CHECKED = ("type", "enum", "minimum", "maximum", "pattern", "items", "operators")


def _essential(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: schema[key] for key in _CHECKED if key in schema}


def _wider(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    if first.get("type") != second.get("type"):
        return {}
    merged = {key: first[key] for key in first if key in second and first[key] == second[key]}
    if "enum" in first and "enum" in second:
        merged["enum"] = [*first["enum"], *(value for value in second["enum"] if value not in first["enum"])]
    return merged


def check_property(name: str, value: str, definitions: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Why a stored value breaks its definition, as the end of a sentence; None when it does not, or there is none."""
    schema = definitions.get(name)
    if not schema:
        return None
    kind = schema.get("type", "string")
    if kind == "boolean":
        fine = value.lower() in ("true", "false", "yes", "no", "on", "off", "1", "0", "t", "f", "y", "n")
        return None if fine else f"is '{value}', but must be true or false"
    if kind in ("integer", "number"):
        return _check_number(value, schema, kind)
    if kind == "array":
        items = schema.get("items") or {}
        allowed = items.get("enum")
        wrong = [part for part in value.split(",") if allowed and part.strip() not in allowed]
        return _not_allowed(wrong[0].strip(), allowed or ()) if wrong else None
    allowed = schema.get("enum")
    if allowed and value not in [str(one) for one in allowed]:
        return _not_allowed(value, allowed)
    return None


def _check_number(value: str, schema: Mapping[str, Any], kind: str) -> str | None:
    try:
        number = int(value) if kind == "integer" else float(value)
    except ValueError:
        return f"is '{value}', but must be {'a whole number' if kind == 'integer' else 'a number'}"
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and number < least:
        return f"is {value}, but must be {least} at least"
    if most is not None and number > most:
        return f"is {value}, but must be {most} at most"
    return None


def _not_allowed(value: str, allowed: Iterable[Any]) -> str:
    words = [str(one) for one in allowed]
    near = difflib.get_close_matches(value, words, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"is '{value}', but must be one of {', '.join(words)}{hint}"


def check_name(name: str, definitions: Mapping[str, Any]) -> str | None:
    """A doubt about a name that nobody has defined although its family is known; None when there is none."""
    if name in definitions or not name.startswith(KNOWN_FAMILIES) or not definitions:
        return None
    near = difflib.get_close_matches(name, list(definitions), n=1)
    return f"is not known to this cloud{f'; did you mean {near[0]}?' if near else ''}"


def check_properties(
    wanted: Mapping[str, Mapping[str, Any]], definitions: Mapping[str, Mapping[str, Any]]
) -> tuple[list[str], list[str]]:
    """Mistakes and warnings of the properties of many images, by image."""
    mistakes, warnings = [], []
    for image, properties in wanted.items():
        for name, value in properties.items():
            if value is None:
                continue
            wrong = check_property(name, str(value), definitions)
            doubt = check_name(name, definitions)
            if wrong:
                mistakes.append(f"{image}: property {name} {wrong}")
            elif doubt:
                warnings.append(f"{image}: property {name} {doubt}")
    return mistakes, warnings
