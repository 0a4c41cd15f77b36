"""Reads what stands on one line of YAML: scalars, and lists and mappings in brackets."""

from __future__ import annotations

import re

from .entries import Entry, Items, Scalar, Table
from .errors import CardError

_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
}
_HEXADECIMAL = {"x": 2, "u": 4, "U": 8}
_MAXIMUM_DEPTH = 32


_DOUBLE, _SINGLE = r'"[^"\\]*(?:\\.[^"\\]*)*"', r"'[^']*(?:''[^']*)*'"
_QUOTED = {'"': re.compile(_DOUBLE), "'": re.compile(_SINGLE)}
# A quoted text (to the end of the line where it is not closed), or a comment.
_QUOTED_OR_COMMENT = re.compile(
    rf"""(?:^|(?<=[ \t\[{{,:]))(?:{_DOUBLE}|{_SINGLE}|["'].*)|(?:^|(?<=[ \t]))(?P<comment>\#)"""
)
_QUOTED_OR_BRACKET = re.compile(
    rf"""(?:^|(?<=[ \[{{,:]))(?:{_DOUBLE}|{_SINGLE}|(?P<open>["']))|(?P<bracket>[\[\]{{}}])"""
)


def without_comment(line: str) -> str:
    """A line without a `#` comment, and without blanks at its end."""
    if "#" in line:
        for found in _QUOTED_OR_COMMENT.finditer(line):
            if found["comment"]:
                return line[: found.start()].rstrip(" \t")
    return line.rstrip(" \t")


def open_brackets(line: str, number: int) -> int:
    """How many more brackets a line opens than it closes.

    Raises CardError where a quotation mark is not closed on the line.
    """
    depth = 0
    for found in _QUOTED_OR_BRACKET.finditer(line):
        if found["open"]:
            raise CardError(f"line {number}: a quotation mark is not closed on its line")
        if found["bracket"]:
            depth += 1 if found["bracket"] in "[{" else -1
    return depth


def key_end(text: str, number: int) -> int | None:
    """The place of the colon behind a key; None where no key stands."""
    if text[0] in "\"'":
        end = FlowReader(text, number).quoted_end()
        rest = text[end:]
        blanks = len(rest) - len(rest.lstrip(" "))
        return end + blanks if re.match(r" *:( |$)", rest) else None
    found = re.search(r":( |$)", text)
    return found.start() if found else None


class FlowReader:
    """Reads one value from a text."""

    def __init__(self, text: str, line: int) -> None:
        self._text = text
        self._line = line
        self._place = 0
        self._depth = 0

    def whole(self) -> Entry:
        """The value that the text is."""
        value = self._value()
        self._skip()
        if self._place < len(self._text):
            raise self._error(f"the value ends before '{self._text[self._place :][:20]}'")
        return value

    def whole_scalar(self) -> Scalar:
        """The scalar that the text is; plain ones may hold brackets and commas."""
        if self._text[0] in "\"'":
            value = self.whole()
            assert isinstance(value, Scalar)
            return value
        self._refuse_indicator(self._text[0])
        if re.search(r": |:$", self._text):
            raise self._error("a text with ': ' in it needs quotation marks")
        return Scalar(self._text, False, self._line)

    def quoted_end(self) -> int:
        """The place behind the quoted text that begins here."""
        matched = _QUOTED[self._text[self._place]].match(self._text, self._place)
        if matched is None:
            raise self._error("a quotation mark is not closed on its line")
        return matched.end()

    def _value(self) -> Entry:
        self._skip()
        if self._place == len(self._text):
            raise self._error("a value is missing")
        character = self._text[self._place]
        if character == "[":
            return self._list()
        if character == "{":
            return self._mapping()
        if character in "\"'":
            return self._quoted()
        self._refuse_indicator(character)
        return self._plain()

    def _open(self) -> None:
        self._place += 1
        self._depth += 1
        if self._depth > _MAXIMUM_DEPTH:
            raise self._error("brackets are nested too deeply")

    def _list(self) -> Items:
        items = Items([], self._line)
        self._open()
        while not self._closes("]"):
            items.values.append(self._value())
            self._separator("]")
        return items

    def _mapping(self) -> Table:
        table = Table({}, self._line)
        self._open()
        while not self._closes("}"):
            key = self._value()
            if not isinstance(key, Scalar):
                raise self._error("a key is a name")
            self._skip()
            if self._text[self._place : self._place + 1] != ":":
                raise self._error(f"write ':' behind the key '{key.text}'")
            self._place += 1
            if key.text in table.values:
                raise self._error(f"the key '{key.text}' stands twice: remove one")
            table.values[key.text] = self._value()
            self._separator("}")
        return table

    def _closes(self, bracket: str) -> bool:
        self._skip()
        if self._text[self._place : self._place + 1] != bracket:
            return False
        self._place += 1
        self._depth -= 1
        return True

    def _separator(self, bracket: str) -> None:
        self._skip()
        following = self._text[self._place : self._place + 1]
        if following == ",":
            self._place += 1
        elif following != bracket:
            raise self._error(f"write ',' or '{bracket}' here: '{self._text[self._place :][:20]}'")

    def _plain(self) -> Scalar:
        matched = re.compile(r"(?:[^,\[\]{}:]|:(?![ ,\[\]{}]|$))*").match(self._text, self._place)
        text = matched.group().rstrip(" ") if matched else ""
        self._place += len(matched.group()) if matched else 0
        return Scalar(text, False, self._line)

    def _quoted(self) -> Scalar:
        start, end = self._place, self.quoted_end()
        self._place = end
        inner = self._text[start + 1 : end - 1]
        if self._text[start] == "'":
            return Scalar(inner.replace("''", "'"), True, self._line)
        return Scalar(re.sub(r"\\(x..|u....|U........|.)", self._escape, inner), True, self._line)

    def _escape(self, matched: re.Match[str]) -> str:
        code = matched.group(1)
        if code in _ESCAPES:
            return _ESCAPES[code]
        if len(code) == _HEXADECIMAL.get(code[0], 0) + 1 and re.fullmatch("[0-9a-fA-F]+", code[1:]):
            number = int(code[1:], 16)
            if number < 0xD800 or 0xE000 <= number < 0x110000:
                return chr(number)
        raise self._error(f"'\\{code}' is no character")

    def _refuse_indicator(self, character: str) -> None:
        names = {"&": "anchors", "*": "aliases", "!": "tags", "|": "block texts", ">": "block texts", "?": "long keys"}
        if character in names:
            raise self._error(f"{names[character]} ('{character}') are not read here: write the value out")
        if character in "@`%":
            raise self._error(f"a text that begins with '{character}' needs quotation marks")

    def _skip(self) -> None:
        while self._text[self._place : self._place + 1] in (" ", "\t"):
            self._place += 1

    def _error(self, problem: str) -> CardError:
        return CardError(f"line {self._line}: {problem}")
