"""What the adapters share: losses by name, card or formula, and what their sums are divided by."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor

from .base import FormulaLoss
from .builtin import DELTA_BETAS
from .cards import LossCard
from .deltas import DeltaLoss
from .errors import LossError
from .formula import Formula
from .loading import load
from .regression import RegLoss

Loss = TypeVar("Loss", bound=FormulaLoss)


def resolved(loss: object, kind: type[Loss], place: str, units: tuple[str, ...] = ("pixels",)) -> Loss:
    """The module of `kind` that `loss` names: one itself, a formula, a card, a built-in name or a card file.

    `place` says in the message where it was given; `units` are those of boxes that the caller can feed. Raises
    TypeError for a loss of another mode, LossError for one that depends on no prediction, is not reduced, or wants
    boxes in another unit.
    """
    if isinstance(loss, FormulaLoss) and not isinstance(loss, kind):
        raise TypeError(f"{place} takes a {kind.__name__} ({kind.mode.value}), not a {type(loss).__name__}")
    if not isinstance(loss, (str, os.PathLike, LossCard, Formula, kind)):
        raise TypeError(f"{place} takes a name, a formula, a card or a {kind.__name__}, not a {type(loss).__name__}")
    module = loss if isinstance(loss, kind) else load(loss, kind.mode)  # type: ignore[arg-type]
    if not isinstance(module, kind):
        raise TypeError(f"{place} takes a {kind.__name__} ({kind.mode.value}), not a {type(module).__name__}")
    if not module.formula.depends_on_prediction:
        raise LossError("independentOfPrediction", f"{place}: {module.formula} does not depend on the prediction")
    if module.reduction == "none":
        raise LossError(
            "notReduced", f"{place}: a training needs one number, so the reduction is mean or sum, not none"
        )
    if kind is RegLoss and module.box_units not in units:
        raise LossError(
            "boxUnits",
            f"{place}: the loss is for boxes in the unit '{module.box_units}', but here they come in "
            f"{' or '.join(units)}: change box_units in a copy of the card to train so",
        )
    return module


def resolved_boxes(loss: object, place: str, *, two_stages: bool) -> RegLoss | DeltaLoss:
    """The same for losses of boxes: a formula of U, I and E, or l1 and smooth-l1 on encoded deltas.

    As in the Swift program a name or a formula weighs 10 in a two-stage detector (mmdetection's weight for losses of
    decoded boxes there) and 1 in a one-stage detector; a card, a card file and a module weigh what they say.
    """
    if isinstance(loss, DeltaLoss):
        return loss
    if isinstance(loss, str) and loss.strip() in DELTA_BETAS:
        return DeltaLoss(DELTA_BETAS[loss.strip()])
    module = resolved(loss, RegLoss, place)
    if isinstance(loss, Formula) or (isinstance(loss, str) and not is_file(loss)):
        module.loss_weight = 10.0 if two_stages else 1.0
    return module


def is_file(text: str) -> bool:
    """Whether `load` takes a text for the path of a card file."""
    return text.strip().partition("#")[0].endswith((".yaml", ".yml", ".json"))


def fed(loss: FormulaLoss, iou: Tensor) -> Tensor | None:
    """What a loss gets for Z or Q: the IoUs, or None where its card says `iou: none`."""
    return iou if loss.iou == "decoded_box" else None


@dataclass(frozen=True)
class Counts:
    """What a batch holds."""

    sampled: Tensor | int
    """Two stages: the sampled boxes. One stage: the positive places, which are what is sampled there."""
    positives: Tensor
    """A number on the device, so that nothing waits for it."""
    images: int

    def divisor(self, loss: FormulaLoss | DeltaLoss) -> float | Tensor | None:
        """What the sum of a loss is divided by: its card's `average_by`, without a card `sampled`; at least 1.

        None stands for the loss's own entries, or for no division where the loss is reduced to its sum.
        """
        if loss.reduction == "sum":
            return None
        average = "sampled" if loss.card is None else loss.card.average_by
        if average == "sampled":
            return self.sampled.clamp(min=1) if isinstance(self.sampled, Tensor) else max(self.sampled, 1)
        if average == "positives":
            return self.positives.clamp(min=1)
        if average == "positives_plus_images":
            return self.positives + max(self.images, 1)
        return None
