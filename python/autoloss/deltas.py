"""The distance of encoded box deltas from their targets."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from .arguments import check_same_shape, check_weight, refuse_unknown, wrong_shape
from .boxes import computed
from .cards import LossCard
from .reduction import checked_reduction, checked_weight, reduce, without_weightless


class DeltaLoss(nn.Module):
    """L1, or smooth L1 (Girshick, Fast R-CNN, 2015, eq. 3), of encoded deltas: no formula of U, I and E."""

    def __init__(self, beta: float = 0.0, reduction: str = "mean", loss_weight: float = 1.0) -> None:
        """Below a distance of `beta` the loss is a parabola; 0 is plain L1."""
        super().__init__()
        if not 0 <= beta < math.inf:
            raise ValueError(f"beta {beta} is no distance: write a number from 0 on")
        self.beta = float(beta)
        self.reduction = checked_reduction(reduction)
        self.loss_weight = checked_weight(loss_weight)
        self.card: LossCard | None = None
        """Always None: cards hold formulas."""

    def extra_repr(self) -> str:
        return f"beta={self.beta:g}, reduction={self.reduction!r}, loss_weight={self.loss_weight:g}"

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | Tensor | None = None,
        reduction_override: str | None = None,
        **unknown: Any,
    ) -> Tensor:
        """The loss of deltas, N×K, with targets of the same shape.

        `weight` is one number a row (N or N×1) or one an entry (N×K); what has weight 0 counts nothing.

        Raises LossError for arguments that do not fit together, TypeError for keywords that it does not have.
        """
        refuse_unknown("DeltaLoss", unknown)
        reduction = checked_reduction(self.reduction if reduction_override is None else reduction_override)
        check_same_shape(pred, target)
        if pred.dim() != 2:
            raise wrong_shape("pred", pred, "N×K (K numbers for each of N boxes)")
        check_weight(weight, *pred.shape)
        if weight is not None and weight.dim() == 1:
            weight = weight.unsqueeze(1)
        distance = (without_weightless(computed(pred), weight) - computed(target)).abs()
        if self.beta > 0:
            parabola = distance * distance / (2 * self.beta)
            distance = torch.where(distance < self.beta, parabola, distance - self.beta / 2)
        return reduce(distance, weight, reduction, avg_factor, independent=True) * self.loss_weight
