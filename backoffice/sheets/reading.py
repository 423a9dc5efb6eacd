"""Read the bytes of a file as a sheet, and find everything that is wrong with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice import limits
from backoffice.models.group_keys import PATTERN
from backoffice.sheets.decoding import decoded, refused, shown
from backoffice.sheets.sheet import (
    FORMAT,
    VERSION,
    Entry,
    Problems,
    SheetRefused,
    doubled,
    place,
)
from backoffice.text.numbers import formatted

FIELDS = ("format", "version", "groups")
OF_GROUP = (
    *("key", "name", "description", "permissions", "grants"),
    *("mask_data", "all_permissions"),
)
SCHEMA = "$schema"  # editors look there for the schema


def read(data: bytes) -> list[Entry]:
    """Return the groups of a sheet. Raises SheetRefused with every problem of its form."""
    problems = Problems()
    entries = read_into(data, problems)
    if problems:
        raise SheetRefused(problems)
    return entries


def read_into(data: bytes, problems: Problems) -> list[Entry]:
    """Return those groups of a sheet that can be read, and add what is wrong with the others.

    Raises SheetRefused for what is no sheet at all.
    """
    value = decoded(data)
    groups = _groups(value, problems)
    entries = [_entry(each, place("groups", number), problems) for number, each in groups]
    found = [entry for entry in entries if entry is not None]
    _check_keys(found, problems)
    return found


def _groups(value: object, problems: Problems) -> list[tuple[int, Any]]:
    """Return the groups as they stand there, each with its number. Raises SheetRefused."""
    if not isinstance(value, dict):
        raise refused("", _("A sheet is an object with the fields format, version and groups."))
    if value.get("format") != FORMAT:
        raise refused("format", _("This has to be “%(format)s”.", format=FORMAT))
    version = value.get("version")
    if version != VERSION or not _is_number(version):
        sentence = _("This product reads version %(version)s of the format.", version=VERSION)
        raise refused("version", sentence)
    groups = value.get("groups")
    if not isinstance(groups, list):
        raise refused("groups", _("This has to be a list of groups."))
    if len(groups) > limits.SHEET_GROUPS:
        raise refused("groups", _too_many(limits.SHEET_GROUPS))
    _check_fields(value, "", (SCHEMA, *FIELDS), problems)
    return list(enumerate(groups))


def _is_number(value: object) -> bool:
    """Tell whether it is a whole number; Python counts `true` and `1.0` as equal to 1."""
    return type(value) is int


def _too_many(most: int) -> str:
    return _("These are more than %(most)s.", most=formatted(most))


def _check_fields(
    value: Mapping[str, object], where: str, known: Sequence[str], problems: Problems
) -> None:
    for name in value:
        if name not in known:
            sentence = _l("There is no such field. These are: %(fields)s.", fields=", ".join(known))
            problems.add(place(where, shown(name)), sentence)


def _entry(value: object, where: str, problems: Problems) -> Entry | None:
    """Return the group at this place; None if so much is wrong that it is no group."""
    if not isinstance(value, dict):
        problems.add(where, _("This has to be an object: a group with its name."))
        return None
    _check_fields(value, where, OF_GROUP, problems)
    name = _text(value, "name", where, problems)
    if name is None:
        if "name" not in value:
            problems.add(place(where, "name"), _("Give the group a name."))
        return None
    return Entry(
        place=where,
        name=name,
        key=_key(value, where, problems),
        description=_text(value, "description", where, problems),
        permissions=_texts(value, "permissions", where, problems),
        grants=_texts(value, "grants", where, problems),
        mask_data=_flag(value, "mask_data", where, problems),
        all_permissions=_flag(value, "all_permissions", where, problems) or False,
    )


def _text(value: Mapping[str, Any], name: str, where: str, problems: Problems) -> str | None:
    """Return a text as it stands there, or None."""
    text = value.get(name)
    if name in value and not isinstance(text, str):
        problems.add(place(where, name), _("This has to be a text."))
    return text if isinstance(text, str) else None


def _key(value: Mapping[str, Any], where: str, problems: Problems) -> str | None:
    if "key" not in value:
        return None
    key = value["key"]
    if isinstance(key, str) and PATTERN.fullmatch(key):
        return key
    sentence = _(
        "A key has at most 40 small letters from a to z, digits and underscores, and begins with "
        "a letter or digit."
    )
    problems.add(place(where, "key"), sentence)
    return None


def _texts(
    value: Mapping[str, Any], name: str, where: str, problems: Problems
) -> tuple[str, ...] | None:
    """Return a list of short texts, or None."""
    if name not in value:
        return None
    texts, here = value[name], place(where, name)
    if not isinstance(texts, list):
        problems.add(here, _("This has to be a list of texts."))
        return None
    if len(texts) > limits.SHEET_PERMISSIONS:
        problems.add(here, _too_many(limits.SHEET_PERMISSIONS))
        return None
    _check_texts(texts, here, problems)
    return tuple(texts) if all(isinstance(text, str) for text in texts) else None


def _check_texts(texts: Sequence[object], where: str, problems: Problems) -> None:
    for number, text in enumerate(texts):
        if not _is_short(text):
            most = limits.SHEET_CODE
            sentence = _l("This has to be a text of at most %(most)s characters.", most=most)
            problems.add(place(where, number), sentence)
    for number in doubled([text if isinstance(text, str) else "" for text in texts]):
        if _is_short(texts[number]):
            problems.add(place(where, number), _l("This stands in the list already."))


def _is_short(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= limits.SHEET_CODE


def _flag(value: Mapping[str, Any], name: str, where: str, problems: Problems) -> bool | None:
    """Return whether it says true or false, or None."""
    flag = value.get(name)
    if name in value and not isinstance(flag, bool):
        problems.add(place(where, name), _("This has to be true or false."))
    return flag if isinstance(flag, bool) else None


def _check_keys(entries: Sequence[Entry], problems: Problems) -> None:
    keyed = [entry for entry in entries if entry.key]
    for number in doubled([entry.key or "" for entry in keyed]):
        where = place(keyed[number].place, "key")
        problems.add(where, _("Another group of the sheet has this key."))
