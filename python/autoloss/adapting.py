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
from .formula import Formula
from .loading import load
from .regression import RegLoss

Loss = TypeVar("Loss", bound=FormulaLoss)


def resolved(loss: object, kind: type[Loss], place: str) -> Loss:
    """The module of `kind` that `loss` names: one itself, a formula, a card, a built-in name or a card file.

    `place` says in the message where it was given. Raises TypeError for a loss of another mode.
    """
    if isinstance(loss, kind):
        return loss
    if isinstance(loss, FormulaLoss):
        raise TypeError(f"{place} takes a {kind.__name__} ({kind.mode.value}), not a {type(loss).__name__}")
    if isinstance(loss, Formula):
        return kind(loss)
    if not isinstance(loss, (str, os.PathLike, LossCard)):
        raise TypeError(f"{place} takes a name, a formula, a card or a {kind.__name__}, not a {type(loss).__name__}")
    module = load(loss, kind.mode)
    if not isinstance(module, kind):
        raise TypeError(f"{place} takes a {kind.__name__} ({kind.mode.value}), not a {type(module).__name__}")
    return module


def resolved_boxes(loss: object, place: str) -> RegLoss | DeltaLoss:
    """The same for losses of boxes: a formula of U, I and E, or l1 and smooth-l1 on encoded deltas."""
    if isinstance(loss, DeltaLoss):
        return loss
    if isinstance(loss, str) and loss.strip() in DELTA_BETAS:
        return DeltaLoss(DELTA_BETAS[loss.strip()])
    return resolved(loss, RegLoss, place)


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

        None stands for the loss's own entries.
        """
        average = "sampled" if loss.card is None else loss.card.average_by
        if average == "sampled":
            return self.sampled.clamp(min=1) if isinstance(self.sampled, Tensor) else max(self.sampled, 1)
        if average == "positives":
            return self.positives.clamp(min=1)
        if average == "positives_plus_images":
            return self.positives + max(self.images, 1)
        return None
