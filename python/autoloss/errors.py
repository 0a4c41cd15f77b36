"""The errors of the package: what is wrong, where, and how to mend it."""

from __future__ import annotations

import unicodedata
from typing import ClassVar


class FormulaError(ValueError):
    """Why a text is no formula; its text is the message, the line it is about, and a caret under the place."""

    window: ClassVar[int] = 100
    """The number of characters of the source shown."""

    def __init__(self, code: str, message: str, source: str, offset: int) -> None:
        self.code = code
        """A word that programs may depend on; it does not change with the wording of the message."""
        self.message = message
        """One sentence or two: what is wrong, and the mend."""
        self.source = source
        """The text that was read."""
        self.offset = offset
        """The place in UTF-8 bytes, from 0."""
        before = source.encode("utf-8", "replace")[:offset].split(b"\n")
        self.line = len(before)
        """The line of the place, from 1."""
        self.column = sum(byte & 0xC0 != 0x80 for byte in before[-1]) + 1
        """The column of the place in characters, from 1."""
        super().__init__(self.rendering)

    def __reduce__(self) -> tuple[type[FormulaError], tuple[str, str, str, int]]:
        return (type(self), (self.code, self.message, self.source, self.offset))

    @property
    def rendering(self) -> str:
        """The message, the line it is about (at most 100 characters around the place), and a caret under the place."""
        data = self.source.encode("utf-8", "replace")
        before = data[: self.offset][-4 * self.window :].split(b"\n")[-1]
        after = data[self.offset :][: 4 * self.window].split(b"\n")[0]
        line_before, line_after = _visible(before), _visible(after)
        shown = line_before[-max(self.window // 2, self.window - len(line_after)) :]
        text = shown + line_after[: self.window - len(shown)]
        return f"{self.message}\n  {text}\n  {' ' * len(shown)}^"


class LossError(ValueError):
    """Arguments that a loss refuses."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        """A word that programs may depend on."""
        self.message = message
        super().__init__(message)

    def __reduce__(self) -> tuple[type[LossError], tuple[str, str]]:
        return (type(self), (self.code, self.message))


class CardError(ValueError):
    """Why a loss card cannot be read; the text names the file, the place in it, and the mend."""


class AutolossWarning(UserWarning):
    """A trap that a loss holds: it trains, but perhaps not as meant."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        """The code of the trap, as in the `warnings` of a loss card."""
        super().__init__(message)


def _visible(data: bytes) -> str:
    """A part of a line with blanks for characters that would move the cursor."""
    text = data.decode("utf-8", "replace")
    return "".join(" " if unicodedata.category(each) == "Cc" else each for each in text)
