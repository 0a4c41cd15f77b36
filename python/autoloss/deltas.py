"""The distance of encoded box deltas from their targets."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .boxes import computed
from .reduction import checked_reduction, reduce


class DeltaLoss(nn.Module):
    """L1, or smooth L1 (Girshick, Fast R-CNN, 2015, eq. 3), of encoded deltas: no formula of U, I and E."""

    def __init__(self, beta: float = 0.0, reduction: str = "mean", loss_weight: float = 1.0) -> None:
        """Below a distance of `beta` the loss is a parabola; 0 is plain L1."""
        super().__init__()
        self.beta = float(beta)
        self.reduction = checked_reduction(reduction)
        self.loss_weight = float(loss_weight)

    def extra_repr(self) -> str:
        return f"beta={self.beta:g}, reduction={self.reduction!r}, loss_weight={self.loss_weight:g}"

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | Tensor | None = None,
        reduction_override: str | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """The loss of deltas of any shape, with targets and weights of the same."""
        reduction = checked_reduction(reduction_override or self.reduction)
        distance = (computed(pred) - computed(target)).abs()
        if self.beta > 0:
            parabola = distance * distance / (2 * self.beta)
            distance = torch.where(distance < self.beta, parabola, distance - self.beta / 2)
        return reduce(distance, weight, reduction, avg_factor, independent=True) * self.loss_weight
