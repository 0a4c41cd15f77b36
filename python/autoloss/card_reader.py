"""Makes loss cards of texts: every key is checked, unknown ones are refused with a suggestion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from .cards import (
    CHOICES,
    VERSION,
    Evidence,
    LossCard,
    Provenance,
    Surrogate,
    alpha_fault,
    choice_fault,
    weight_fault,
)
from .curves import checked_parameterization
from .entries import INTEGER, NUMBER, Entry, Items, Scalar, Table, from_json
from .errors import CardError, FormulaError
from .formula import Formula
from .segmentation_metrics import Metric
from .suggestion import nearest
from .surrogate import checked_tolerance, curves_of
from .vocabulary import Mode
from .yaml_subset import documents

SHARED_KEYS = (
    "loss_weight",
    "alpha",
    "reduction",
    "average_by",
    "iou",
    "box_units",
    "warnings",
    "evidence",
    "provenance",
)
HEAD_KEYS = ("autoloss_card", "name", "mode")
SURROGATE_KEYS = ("metric", "parameterization", "theta", "tolerance", "drop_background")
EVIDENCE_KEYS = (
    *("data", "split", "detector", "seeds", "metric", "mean", "std", "baseline", "paired_interval", "command"),
)
PROVENANCE_KEYS = ("source", "run", "seed", "version")

_Value = TypeVar("_Value")


def cards_of(text: str, is_json: bool) -> list[LossCard]:
    """The cards of a text.

    Raises CardError naming line and key.
    """
    entries = [from_json(text)] if is_json else documents(text)
    return [_card(_Keys(entry, "")) for entry in entries]


class _Keys:
    """A mapping whose values are taken by key and type."""

    def __init__(self, entry: Entry, path: str) -> None:
        if not isinstance(entry, Table):
            raise _error(entry, path, "keys and values are needed here, as in 'name: my-loss'")
        self._table = entry
        self._path = path

    def refuse_unknown(self, known: Sequence[str]) -> None:
        unknown = sorted(key for key in self._table.values if key not in known)
        if unknown:
            suggestion = nearest(unknown[0], known)
            mend = f"did you mean '{suggestion}'?" if suggestion else f"known are {', '.join(known)}"
            raise _error(self._table.values[unknown[0]], self._path, f"unknown key '{unknown[0]}': {mend}")

    def entry(self, key: str) -> Entry | None:
        """The value of a key; None where it is missing or null."""
        value = self._table.values.get(key)
        return None if value is None or (isinstance(value, Scalar) and value.is_null) else value

    def need(self, key: str, read: Callable[[Entry, str], _Value]) -> _Value:
        value = self.entry(key)
        if value is None:
            raise _error(self._table, self._path, f"the key '{key}' is missing")
        return read(value, self._path + key)

    def take(self, key: str, read: Callable[[Entry, str], _Value], default: _Value) -> _Value:
        value = self.entry(key)
        return default if value is None else read(value, self._path + key)

    def choose(self, key: str, default: str) -> str:
        value, choices = self.take(key, _text, default), CHOICES[key]
        if value not in choices:
            raise self.fail(key, choice_fault(value, choices))
        return value

    def fail(self, key: str, problem: str) -> CardError:
        return _error(self._table.values[key], self._path + key, problem)


def _card(keys: _Keys) -> LossCard:
    version = keys.need("autoloss_card", _integer)
    if version != VERSION:
        raise keys.fail("autoloss_card", f"autoloss_card is {version}, this program reads {VERSION}: update it")
    name = keys.need("name", _text)
    mode = keys.need("mode", _text)
    is_surrogate = mode == "SURROGATE"
    own = SURROGATE_KEYS if is_surrogate else ("formula",)
    keys.refuse_unknown([*HEAD_KEYS, *own, *SHARED_KEYS])
    kind = _surrogate(keys) if is_surrogate else _formula(keys, mode)
    loss_weight = keys.take("loss_weight", _number, 1.0)
    alpha = keys.take("alpha", lambda entry, path: float(_number(entry, path)), None)
    for key, fault in (("loss_weight", weight_fault(loss_weight)), ("alpha", alpha_fault(alpha))):
        if fault is not None:
            raise keys.fail(key, fault)
    return LossCard(
        name=name,
        kind=kind,
        loss_weight=loss_weight,
        alpha=alpha,
        reduction=keys.choose("reduction", "mean"),
        average_by=keys.choose("average_by", "sampled"),
        iou=keys.choose("iou", "none"),
        box_units=keys.choose("box_units", "pixels"),
        warnings=keys.take("warnings", _listed(_text), ()),
        evidence=keys.take("evidence", _listed(_evidence), ()),
        provenance=keys.take("provenance", _provenance, Provenance()),
    )


def _formula(keys: _Keys, mode: str) -> Formula:
    if mode not in Mode.__members__:
        known = ", ".join([*Mode.__members__, "SURROGATE"])
        raise keys.fail("mode", f"mode '{mode}' is not known: use one of {known}")
    text = keys.need("formula", _text)
    try:
        return Formula(text, mode)
    except FormulaError as error:
        raise keys.fail("formula", error.rendering) from None


def _surrogate(keys: _Keys) -> Surrogate:
    surrogate = Surrogate(
        metric=keys.need("metric", _text),
        parameterization=keys.need("parameterization", _text),
        theta=keys.need("theta", _listed(_number)),
        tolerance=keys.need("tolerance", _integer),
        drop_background=keys.need("drop_background", _truth),
    )
    steps: list[tuple[str, Callable[[], object]]] = [
        ("metric", lambda: Metric.named(surrogate.metric)),
        ("parameterization", lambda: checked_parameterization(surrogate.parameterization)),
        ("theta", lambda: curves_of(Metric(surrogate.metric), surrogate.theta, surrogate.parameterization)),
        ("tolerance", lambda: checked_tolerance(surrogate.tolerance)),
    ]
    for key, check in steps:
        try:
            check()
        except ValueError as error:
            raise keys.fail(key, str(error)) from None
    return surrogate


def _evidence(entry: Entry, path: str) -> Evidence:
    keys = _Keys(entry, path + ".")
    keys.refuse_unknown(EVIDENCE_KEYS)
    return Evidence(
        data=keys.need("data", _text),
        split=keys.need("split", _text),
        detector=keys.need("detector", _text),
        seeds=keys.need("seeds", _listed(_integer)),
        metric=keys.need("metric", _text),
        mean=keys.need("mean", _number),
        std=keys.need("std", _number),
        baseline=keys.take("baseline", _optional_text, None),
        paired_interval=keys.take("paired_interval", _optional_numbers, None),
        command=keys.take("command", _optional_text, None),
    )


def _provenance(entry: Entry, path: str) -> Provenance:
    keys = _Keys(entry, path + ".")
    keys.refuse_unknown(PROVENANCE_KEYS)
    return Provenance(
        source=keys.take("source", _optional_text, None),
        run=keys.take("run", _optional_text, None),
        seed=keys.take("seed", _optional_integer, None),
        version=keys.take("version", _optional_text, None),
    )


def _text(entry: Entry, path: str) -> str:
    if not isinstance(entry, Scalar):
        raise _error(entry, path, "a text is needed here")
    return entry.text


def _number(entry: Entry, path: str) -> float:
    if not isinstance(entry, Scalar) or entry.is_quoted or not NUMBER.fullmatch(entry.text):
        raise _error(entry, path, "a number is needed here")
    return float(entry.text.replace(".inf", "inf").replace(".nan", "nan"))


def _integer(entry: Entry, path: str) -> int:
    if not isinstance(entry, Scalar) or entry.is_quoted or not INTEGER.fullmatch(entry.text) or len(entry.text) > 20:
        raise _error(entry, path, "a whole number is needed here")
    return int(entry.text)


def _truth(entry: Entry, path: str) -> bool:
    if not isinstance(entry, Scalar) or entry.is_quoted or entry.text not in ("true", "false"):
        raise _error(entry, path, "true or false is needed here")
    return entry.text == "true"


def _listed(read: Callable[[Entry, str], _Value]) -> Callable[[Entry, str], tuple[_Value, ...]]:
    def read_list(entry: Entry, path: str) -> tuple[_Value, ...]:
        if not isinstance(entry, Items):
            raise _error(entry, path, "a list is needed here, as in [a, b]")
        return tuple(read(element, f"{path}[{place}]") for place, element in enumerate(entry.values))

    return read_list


def _optional_text(entry: Entry, path: str) -> str | None:
    return _text(entry, path)


def _optional_integer(entry: Entry, path: str) -> int | None:
    return _integer(entry, path)


def _optional_numbers(entry: Entry, path: str) -> tuple[float, ...] | None:
    return _listed(_number)(entry, path)


def _error(entry: Entry, path: str, problem: str) -> CardError:
    place = [f"line {entry.line}"] if entry.line else []
    return CardError(": ".join([*place, *([path.rstrip(".")] if path else []), problem]))
