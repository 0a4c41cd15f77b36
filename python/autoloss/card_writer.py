"""Writes loss cards, letter by letter as the Swift program does."""

from __future__ import annotations

import json
import re
from typing import Any

from .cards import VERSION, LossCard, Surrogate
from .nodes import single

_CONTROLS = re.compile("[\\x00-\\x1f\\x7f-\\x9f]")
_WORDS_OF_YAML = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}


def yaml_text(cards: list[LossCard]) -> str:
    """Cards as one YAML text, a document each: keys in the order of the schema, short numbers, lists on one line."""
    return "".join("---\n" + _block(_values(card), "") for card in cards)


def json_text(card: LossCard) -> str:
    """A card as JSON, with the same keys in the same order."""
    return json.dumps(_values(card), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _values(card: LossCard) -> dict[str, Any]:
    values: dict[str, Any] = {"autoloss_card": VERSION, "name": card.name, "mode": card.mode}
    if isinstance(card.kind, Surrogate):
        values |= vars(card.kind) | {"theta": list(card.kind.theta)}
    else:
        values["formula"] = str(card.kind)
    return values | {
        "loss_weight": card.loss_weight,
        "alpha": card.alpha,
        "reduction": card.reduction,
        "average_by": card.average_by,
        "iou": card.iou,
        "box_units": card.box_units,
        "warnings": list(card.warnings),
        "evidence": [vars(each) for each in card.evidence],
        "provenance": vars(card.provenance),
    }


def _block(values: dict[str, Any], indent: str) -> str:
    text = ""
    for key, value in values.items():
        if isinstance(value, dict):
            text += f"{indent}{key}:\n{_block(value, indent + '  ')}"
        else:
            text += f"{indent}{key}: {_inline(value)}\n"
    return text


def _inline(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _shortest(value)
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_inline(member)}" for key, member in value.items()) + "}"
    return "[" + ", ".join(map(_inline, value)) + "]"


def _is_plain(text: str) -> bool:
    """Whether a text can stand without quotation marks and is no number or word of YAML."""
    if not text or not text[0].isalpha() or text.lower() in _WORDS_OF_YAML:
        return False
    return all(each.isalpha() or each.isnumeric() or each in "_-./+" for each in text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return '"' + _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", escaped) + '"'


def _shortest(number: float) -> str:
    """The shortest decimal; numbers that were written from a float32 (to 15 digits) as that float32."""
    if number != number or number in (float("inf"), float("-inf")):
        return ".nan" if number != number else ".inf" if number > 0 else "-.inf"
    rounded = single(number)
    was_single = abs(rounded - number) <= 1e-14 * abs(number)
    text = _shortest_single(rounded) if was_single else repr(number)
    if text.endswith(".0") and len(text) < 12:
        return text[:-2]
    # Without a point, readers of YAML 1.1 (PyYAML) take 1e-09 for a text.
    return text if "." in text else text.replace("e", ".0e")


def _shortest_single(number: float) -> str:
    """The shortest decimal that reads back to a float32, written out between 1e-4 and 2^24."""
    digits = next(f"{number:.{digits}e}" for digits in range(9) if single(float(f"{number:.{digits}e}")) == number)
    mantissa, exponent = digits.split("e")
    if 1e-4 <= abs(number) <= 2.0**24 or number == 0:
        places = max(len(mantissa.replace("-", "").replace(".", "")) - 1 - int(exponent), 1)
        return f"{float(digits):.{places}f}"
    sign = "-" if int(exponent) < 0 else "+"
    return f"{mantissa}e{sign}{abs(int(exponent)):02d}"
