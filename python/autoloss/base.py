"""What the three loss modules share."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from .arguments import number
from .errors import AutolossWarning, LossError
from .formula import Formula, as_formula
from .reduction import checked_reduction, checked_weight
from .shapes import ValueShape
from .vocabulary import Mode

if TYPE_CHECKING:
    from .cards import LossCard


class FormulaLoss(nn.Module):
    """A formula with its weight and reduction; subclasses know what its letters mean."""

    mode: Mode
    iou_variable: str | None = None
    """The letter that IoUs feed."""

    def __init__(self, formula: Formula | str, reduction: str = "mean", loss_weight: float = 1.0) -> None:
        super().__init__()
        self.formula = as_formula(formula, self.mode)
        self.formula.refuse_bare_literal()
        self.reduction = checked_reduction(reduction)
        self.entries_are_independent = self._entries_are_independent()
        """Whether an entry of the value depends on its own sample alone; then an entry of weight 0 counts 0 whatever it
        is."""
        self.loss_weight = checked_weight(loss_weight)
        self.card: LossCard | None = None
        """The card that the loss was loaded from."""
        self._has_warned = False

    def _entries_are_independent(self) -> bool:
        return self.formula.shape is ValueShape.PER_SAMPLE and not self.formula.couples_samples

    @property
    def iou(self) -> str:
        """What is to feed Z or Q, as the card says: "none" or "decoded_box"; without a card, what the formula needs.

        Whoever calls the module feeds it: the IoU of the decoded boxes, or nothing.
        """
        if self.card is not None:
            return self.card.iou
        return "decoded_box" if self.iou_variable in self.formula.variables else "none"

    @property
    def box_units(self) -> str:
        """The unit in which boxes are to come, as the card says: "pixels" (also without a card), "stride" or
        "normalized". Nothing is converted here."""
        return "pixels" if self.card is None else self.card.box_units

    def extra_repr(self) -> str:
        return f"{self.formula}, reduction={self.reduction!r}, loss_weight={self.loss_weight:g}"

    def _warn_without_iou(self) -> None:
        """Says once that nothing feeds the IoU."""
        if self._has_warned or self.iou_variable not in self.formula.variables or torch.compiler.is_compiling():
            return
        self._has_warned = True
        letter, stands = self.iou_variable, "1" if self.mode is Mode.MULTI_CLS else "0"
        self._warn(
            "noIoU",
            f"the formula uses {letter}, but no IoU is fed, so {letter} is {stands} everywhere: pass iou= "
            "(autoloss.overlap of decoded and target boxes), or use an adapter that does",
        )

    def _warn(self, code: str, message: str) -> None:
        warnings.warn(AutolossWarning(code, message), stacklevel=5)


def feed_iou(iou: Tensor, positive: Tensor, elsewhere: float) -> Tensor:
    """A number for each row: the IoU in positive rows, `elsewhere` in all others.

    Args:
        iou: N numbers, one for each row, or one for each positive row in row order; without gradient.
        positive: N booleans.

    Raises LossError where the number of IoUs fits neither (the number of positives is asked for on the CPU alone).
    """
    values = iou.detach().reshape(-1)
    if values.shape[0] != positive.shape[0]:
        count = number(positive.sum())
        if values.shape[0] > positive.shape[0] or (count is not None and values.shape[0] != count):
            some = "one for each positive row" if count is None else f"{count} (one for each positive row)"
            wanted = f"{positive.shape[0]} (one for each row) or {some}"
            raise LossError("argumentShape", f"iou holds {values.shape[0]} numbers where {wanted} are needed")
        if values.shape[0] == 0:
            return torch.full_like(positive, elsewhere, dtype=values.dtype)
        values = values[(positive.long().cumsum(0) - 1).clamp(min=0)]
    return torch.where(positive, values, torch.full_like(values, elsewhere))
