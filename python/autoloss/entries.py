"""Texts of settings as trees that know the line of every part, from YAML or JSON."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from .errors import CardError


class Scalar(NamedTuple):
    """One text, number, truth value or null, as it is written."""

    text: str
    is_quoted: bool
    """Whether it is a text whatever it looks like."""
    line: int
    """From 1; 0 where it is not known (JSON)."""

    @property
    def is_null(self) -> bool:
        return not self.is_quoted and self.text in ("", "~", "null", "Null", "NULL")


class Items(NamedTuple):
    """A list."""

    values: list[Entry]
    line: int


class Table(NamedTuple):
    """Keys and values, in order."""

    values: dict[str, Entry]
    line: int


Entry = Scalar | Items | Table

INTEGER = re.compile(r"[-+]?[0-9]+")
NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan")


def from_json(text: str) -> Entry:
    """The tree of a JSON text; its lines are 0.

    Raises CardError with the place of the fault.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_pairs, parse_constant=_no_number, parse_int=_Number, parse_float=_Number
        )
        return _from_value(value)
    except json.JSONDecodeError as error:
        raise CardError(f"line {error.lineno}: no JSON: {error.msg}") from None
    except RecursionError:
        raise CardError("no JSON of a loss card: it is nested too deeply") from None


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object, so that none is lost where a key stands twice."""


class _Number(str):
    """A number as it is written."""


def _pairs(pairs: list[tuple[str, Any]]) -> _Pairs:
    return _Pairs(pairs)


def _no_number(text: str) -> None:
    raise CardError(f"'{text}' is no number of JSON")


def _from_value(value: Any) -> Entry:
    if isinstance(value, _Pairs):
        table: dict[str, Entry] = {}
        for key, member in value:
            if key in table:
                raise CardError(f"the key '{key}' stands twice: remove one")
            table[key] = _from_value(member)
        return Table(table, 0)
    if isinstance(value, list):
        return Items([_from_value(element) for element in value], 0)
    if isinstance(value, str):
        return Scalar(str(value), not isinstance(value, _Number), 0)
    return Scalar("null" if value is None else "true" if value else "false", False, 0)
