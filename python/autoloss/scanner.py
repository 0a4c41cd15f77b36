"""Cuts a formula's text into names, numbers and punctuation."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from . import faults
from .errors import FormulaError

MAXIMUM_TEXT_LENGTH = 1_000_000
"""Longer texts, in UTF-8 bytes, are refused."""

_BLANKS = re.compile(rb"[\x09-\x0d ]*")
_WORD = re.compile(rb"[A-Za-z_][A-Za-z_0-9]*")
_NUMBER = re.compile(rb"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
_NUMBER_PARTS = re.compile(rb"[A-Za-z_0-9.+-]+")


class Token(NamedTuple):
    """A piece of the text: `kind` is "name", "number", "(", ")", "," or "end"."""

    kind: str
    offset: int
    text: str = ""
    value: float = 0.0


class Scanner:
    """Hands out the tokens of a text, one after the other."""

    def __init__(self, source: str) -> None:
        self._source = source
        whole = source.encode("utf-8", "replace")
        self._is_cut = len(whole) > MAXIMUM_TEXT_LENGTH
        self._whole = whole
        self._bytes = whole[:MAXIMUM_TEXT_LENGTH]
        self._place = 0

    def peek(self) -> Token:
        """The next token without consuming it."""
        place = self._place
        token = self.next()
        self._place = place
        return token

    def next(self) -> Token:
        """The next token; "end" stands after the last character."""
        start = self._skip(_BLANKS)
        if start >= len(self._bytes):
            if self._is_cut:
                raise self._error(faults.too_long(MAXIMUM_TEXT_LENGTH), start)
            return Token("end", start)
        character = chr(self._bytes[start])
        if character in "(),":
            self._place = start + 1
            return Token(character, start)
        if character == "_" or (character.isascii() and character.isalpha()):
            end = self._skip(_WORD)
            # An accent or a letter of another alphabet inside a name is what is wrong with it.
            if end < len(self._bytes) and self._bytes[end] >= 0x80:
                raise self._error(self._fault(end), end)
            return Token("name", start, self._bytes[start:end].decode("ascii"))
        if character in "0123456789-.+":
            return self._number(start)
        raise self._error(self._fault(start), start)

    def _number(self, start: int) -> Token:
        """Reads `-?digits[.digits][e[+-]digits]`, refusing what follows it directly."""
        matched = _NUMBER.match(self._bytes, start)
        end = self._skip(_NUMBER_PARTS)
        text = self._bytes[start:end].decode("ascii")
        if matched is None or matched.end() != end:
            raise self._error(faults.bad_number(text), start)
        value = float(text)
        if not math.isfinite(value):
            raise self._error(faults.number_too_large(text), start)
        return Token("number", start, text, value)

    def _skip(self, pattern: re.Pattern[bytes]) -> int:
        matched = pattern.match(self._bytes, self._place)
        if matched is not None:
            self._place = matched.end()
        return self._place

    def _fault(self, offset: int) -> faults.Fault:
        byte = self._bytes[offset]
        if byte < 0x80:
            return faults.unexpected_character(chr(byte) if 0x20 <= byte < 0x7F else f"\\u{{{byte:x}}}")
        return faults.not_ascii(self._whole[offset : offset + 4].decode("utf-8", "ignore")[0])

    def _error(self, fault: faults.Fault, offset: int) -> FormulaError:
        return FormulaError(*fault, self._source, offset)
