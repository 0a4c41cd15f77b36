"""Reads the subset of YAML that loss cards are written in, without PyYAML.

Documents after `---`, block mappings and lists by indentation, flow lists and mappings, comments, and scalars that are
plain, single-quoted or double-quoted. Anchors, tags, block scalars (`|`, `>`) and texts over several lines are refused
by name.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .entries import Entry, Items, Scalar, Table
from .errors import CardError
from .yaml_flow import FlowReader, key_end, open_brackets, without_comment

_MAXIMUM_INDENT = 64


class _Line(NamedTuple):
    number: int
    indent: int
    text: str


def documents(text: str) -> list[Entry]:
    """The documents of a YAML text; those that hold nothing are left out.

    Raises CardError with the line of the fault.
    """
    found: list[Entry] = []
    lines: list[_Line] = []
    for number, raw in enumerate(text.lstrip("\ufeff").split("\n"), start=1):
        raw = raw.rstrip("\r")
        if raw.startswith("%"):
            raise CardError(f"line {number}: directives are not read here: remove the line")
        if re.fullmatch(r"(---|\.\.\.)\s*(#.*)?", raw):
            found += _document(lines)
            lines = []
            continue
        if raw.startswith("--- "):
            raise CardError(f"line {number}: write what follows '---' on the next line")
        content = without_comment(raw)
        if content.strip(" "):
            indent = len(content) - len(content.lstrip(" "))
            if content[indent] == "\t" or indent > _MAXIMUM_INDENT:
                raise CardError(f"line {number}: indent with blanks, two for each level")
            lines.append(_Line(number, indent, content.strip(" ")))
    return found + _document(lines)


def _document(lines: list[_Line]) -> list[Entry]:
    if not lines:
        return []
    reader = _BlockReader(lines)
    entry = reader.block(lines[0].indent)
    reader.expect_end()
    return [entry]


class _BlockReader:
    """Reads the lines of one document."""

    def __init__(self, lines: list[_Line]) -> None:
        self._lines = lines
        self._place = 0

    def expect_end(self) -> None:
        if self._place < len(self._lines):
            line = self._lines[self._place]
            raise CardError(f"line {line.number}: this is indented otherwise than the lines before it")

    def block(self, indent: int) -> Entry:
        """The mapping or list whose lines have an indentation, or one flow value or scalar."""
        line = self._lines[self._place]
        if line.text == "-" or line.text.startswith("- "):
            return self._list(indent)
        if line.text[0] not in "[{" and key_end(line.text, line.number) is not None:
            return self._mapping(indent)
        return self._value(line.text, line)

    def _list(self, indent: int) -> Items:
        items = Items([], self._lines[self._place].number)
        while (line := self._at(indent)) and (line.text == "-" or line.text.startswith("- ")):
            rest = line.text[1:].lstrip(" ")
            if not rest:
                items.values.append(self._nested(line, indent + 1))
            elif rest[0] not in "[{\"'" and key_end(rest, line.number) is not None:
                inner = indent + len(line.text) - len(rest)
                self._lines[self._place] = _Line(line.number, inner, rest)
                items.values.append(self._mapping(inner))
            else:
                items.values.append(self._value(rest, line))
        return items

    def _mapping(self, indent: int) -> Table:
        table = Table({}, self._lines[self._place].number)
        while line := self._at(indent):
            end = key_end(line.text, line.number)
            if not end:
                raise CardError(f"line {line.number}: write 'key: value' here")
            key = FlowReader(line.text[:end], line.number).whole_scalar().text
            if key in table.values:
                raise CardError(f"line {line.number}: the key '{key}' stands twice: remove one")
            rest = line.text[end + 1 :].strip(" ")
            table.values[key] = self._value(rest, line) if rest else self._nested(line, indent + 1, lists_at=indent)
        return table

    def _at(self, indent: int) -> _Line | None:
        if self._place < len(self._lines) and self._lines[self._place].indent == indent:
            return self._lines[self._place]
        return None

    def _nested(self, parent: _Line, least: int, lists_at: int | None = None) -> Entry:
        """What stands below a key or a dash, or null."""
        self._place += 1
        if self._place < len(self._lines):
            line = self._lines[self._place]
            is_list = line.text == "-" or line.text.startswith("- ")
            if line.indent >= least or (is_list and line.indent == lists_at):
                return self.block(line.indent)
        return Scalar("", False, parent.number)

    def _value(self, text: str, line: _Line) -> Entry:
        """A flow value or scalar; a flow value may go on over the next lines."""
        self._place += 1
        if text[0] in "[{":
            parts = [text]
            depth = open_brackets(text, line.number)
            while depth > 0:
                if self._place == len(self._lines):
                    raise CardError(f"line {line.number}: a bracket is not closed")
                following = self._lines[self._place]
                parts.append(following.text)
                depth += open_brackets(following.text, following.number)
                self._place += 1
            return FlowReader(" ".join(parts), line.number).whole()
        return FlowReader(text, line.number).whole_scalar()
