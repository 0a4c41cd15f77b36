"""Loss cards: what, beside the formula, a training with a loss depends on."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .errors import CardError
from .formula import Formula
from .reduction import REDUCTIONS
from .suggestion import nearest

VERSION = 1
"""The version of the schema that this package writes and reads."""

MAXIMUM_FILE_SIZE = 2_000_000
"""Larger files are refused: a card takes about a thousand bytes, the longest formula a million."""

AVERAGES = ("elements", "sampled", "positives", "positives_plus_images")
IOU_SOURCES = ("none", "decoded_box")
BOX_UNITS = ("pixels", "stride", "normalized")
CHOICES = {"reduction": REDUCTIONS, "average_by": AVERAGES, "iou": IOU_SOURCES, "box_units": BOX_UNITS}


def choice_fault(value: object, choices: Sequence[str]) -> str:
    """What is wrong with a value that is none of the choices."""
    suggestion = nearest(str(value), choices)
    meant = f" (did you mean '{suggestion}'?)" if suggestion else ""
    return f"'{value}' is not known: use one of {', '.join(choices)}{meant}"


def weight_fault(value: float) -> str | None:
    """What is wrong with a `loss_weight`; None where nothing is."""
    return None if 0 < value < math.inf else f"{value} is no weight: write a number above 0"


def alpha_fault(value: float | None) -> str | None:
    """What is wrong with an `alpha`; None where nothing is."""
    is_share = value is None or 0 <= value <= 1
    return None if is_share else f"{value} is no share: write a number in 0 ... 1, or null"


@dataclass(frozen=True)
class Surrogate:
    """The parameters of a segmentation surrogate (Auto Seg-Loss)."""

    metric: str
    parameterization: str
    theta: tuple[float, ...]
    tolerance: int
    drop_background: bool


@dataclass(frozen=True)
class Evidence:
    """A measured result."""

    data: str
    split: str
    detector: str
    seeds: tuple[int, ...]
    metric: str
    mean: float
    std: float
    baseline: str | None = None
    paired_interval: tuple[float, ...] | None = None
    command: str | None = None


@dataclass(frozen=True)
class Provenance:
    """Where the loss comes from."""

    source: str | None = None
    run: str | None = None
    seed: int | None = None
    version: str | None = None


@dataclass(frozen=True)
class LossCard:
    """One loss in full, as it is passed on; the keys are those of the files that the Swift program reads and writes."""

    name: str
    kind: Formula | Surrogate
    """A formula, or the parameters of a segmentation surrogate (mode SURROGATE)."""
    loss_weight: float = 1.0
    """Multiplies the reduced loss."""
    alpha: float | None = None
    """BINARY_CLS: weight of positives (negatives get 1 − alpha); None for none."""
    reduction: str = "mean"
    average_by: str = "sampled"
    """What a mean divides by: elements, sampled, positives or positives_plus_images."""
    iou: str = "none"
    """What feeds Z or Q: none or decoded_box."""
    box_units: str = "pixels"
    """The areas are in squares of pixels, stride or normalized."""
    warnings: tuple[str, ...] = ()
    """Codes such as scaleDependent, deadCode, fp16Overflow."""
    evidence: tuple[Evidence, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        """Raises TypeError for values of other types, CardError naming the key for a value that no card may have."""
        if not isinstance(self.kind, (Formula, Surrogate)):
            raise TypeError(f"kind is a Formula or a Surrogate, not of type {type(self.kind).__name__}")
        if not isinstance(self.name, str) or any(not isinstance(each, str) for each in self.warnings):
            raise TypeError("name and each of warnings are texts")
        if isinstance(self.warnings, str) or any(not isinstance(each, Evidence) for each in self.evidence):
            raise TypeError("warnings and evidence are tuples, of texts and of Evidence")
        for key in ("loss_weight", "alpha"):
            if isinstance(getattr(self, key), (str, bytes)):
                raise TypeError(f"{key} is of type {type(getattr(self, key)).__name__} where a number is needed")
        # Numbers of NumPy and tensors of one number become plain ones.
        object.__setattr__(self, "loss_weight", float(self.loss_weight))
        object.__setattr__(self, "alpha", None if self.alpha is None else float(self.alpha))
        for key, choices in CHOICES.items():
            if getattr(self, key) not in choices:
                raise CardError(f"{key}: {choice_fault(getattr(self, key), choices)}")
        for key, fault in (("loss_weight", weight_fault(self.loss_weight)), ("alpha", alpha_fault(self.alpha))):
            if fault is not None:
                raise CardError(f"{key}: {fault}")

    @property
    def mode(self) -> str:
        """MULTI_CLS, BINARY_CLS, REG or SURROGATE."""
        return "SURROGATE" if isinstance(self.kind, Surrogate) else self.kind.mode.value

    @property
    def formula(self) -> Formula | None:
        """The formula, or None for a segmentation surrogate."""
        return None if isinstance(self.kind, Surrogate) else self.kind

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the card as the Swift program does: JSON where the name ends with .json, else YAML."""
        save_cards([self], path)


def load_cards(path: str | os.PathLike[str]) -> list[LossCard]:
    """The cards of a file, at least one: YAML (one card a document), or JSON where the name ends with .json.

    Raises CardError naming the file, the line and the key, also for a file of more than 2,000,000 bytes; OSError where
    the file cannot be read.
    """
    from .card_reader import cards_of

    name = os.fspath(path)
    if "\0" in name:
        raise CardError(f"{name!r} is no path")
    with open(path, "rb") as file:
        data = file.read(MAXIMUM_FILE_SIZE + 1)
    if len(data) > MAXIMUM_FILE_SIZE:
        raise CardError(f"{name}: more than {MAXIMUM_FILE_SIZE} bytes are no loss card: split it into files")
    try:
        text = data.decode("utf-8-sig")
        cards = cards_of(text, is_json=name.endswith(".json"))
    except UnicodeDecodeError:
        raise CardError(f"{name}: this is no text in UTF-8") from None
    except CardError as error:
        raise CardError(f"{name}: {error}") from None
    if not cards:
        raise CardError(f"{name}: the file is empty")
    return cards


def save_cards(cards: list[LossCard], path: str | os.PathLike[str]) -> None:
    """Writes cards to one file, a YAML document each; JSON (one card) where the name ends with .json.

    Raises CardError for what such a file cannot hold, and leaves one that is there as it is; OSError where it cannot be
    written.
    """
    from .card_writer import json_text, yaml_text

    name = os.fspath(path)
    if name.endswith(".json") and len(cards) != 1:
        raise CardError(f"{name}: a JSON file holds one card, not {len(cards)}: write YAML")
    try:
        data = (json_text(cards[0]) if name.endswith(".json") else yaml_text(cards)).encode("utf-8")
    except UnicodeEncodeError:
        raise CardError(f"{name}: a text of the card holds half a character (a surrogate): leave it out") from None
    except ValueError:
        raise CardError(f"{name}: JSON has no nan and no infinity: write YAML") from None
    Path(path).write_bytes(data)
