"""Auto Seg-Loss in mmsegmentation: `custom_imports = dict(imports=["autoloss.mmseg"])`, then in a decode head

    loss_decode=dict(type="AutolossSurrogate", metric="mIoU", loss_weight=1.0)

Registered where mmsegmentation is installed; the class works without it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from torch import Tensor, nn

from .cards import LossCard
from .curves import checked_parameterization
from .loading import load
from .reduction import checked_weight
from .surrogate import SurrogateLoss


class AutolossSurrogate(nn.Module):
    """A segmentation surrogate with mmsegmentation's signature."""

    def __init__(
        self,
        metric: str | None = None,
        theta: Sequence[float] | None = None,
        card: str | os.PathLike[str] | LossCard | None = None,
        parameterization: str = "bezier",
        tolerance: int = 5,
        drop_background: bool | None = None,
        loss_weight: float | None = None,
        loss_name: str = "loss_autoloss",
    ) -> None:
        """A metric with `theta` (None: the published control points), or a card of mode SURROGATE: one itself or its
        path, with `#name` where a file holds several.

        `loss_weight` None is the card's, or 1. Raises ValueError for a `loss_name` that does not begin with `loss_`:
        mmsegmentation would silently leave such a loss out of the backward pass.
        """
        super().__init__()
        if not loss_name.startswith("loss_"):
            raise ValueError(
                f"loss_name is {loss_name!r}: mmsegmentation trains only with names that begin with 'loss_'"
            )
        if (metric is None) == (card is None):
            raise ValueError("give either a metric or a card")
        self._loss_name = loss_name
        if card is not None:
            if theta is not None:
                raise ValueError("a card brings its own theta: give either")
            loss = load(card)
            if not isinstance(loss, SurrogateLoss):
                raise ValueError(f"card takes one of mode SURROGATE, not {card}")
            self.loss = loss
            if loss_weight is not None:
                self.loss.loss_weight = checked_weight(loss_weight)
        else:
            self.loss = SurrogateLoss(
                metric or "",
                theta,
                parameterization=checked_parameterization(parameterization),
                tolerance=tolerance,
                drop_background=drop_background,
                loss_weight=1.0 if loss_weight is None else loss_weight,
            )

    @property
    def loss_name(self) -> str:
        """The key of this loss in the logs."""
        return self._loss_name

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        ignore_index: int | None = 255,
        **kwargs: Any,
    ) -> Tensor:
        """The loss (a scalar) of logits N×C×H×W against labels N×H×W.

        `weight` (N×H×W) counts pixels (not with BF1). A ratio of sums over the batch has no other reduction:
        `avg_factor` and `reduction_override` "none" are refused.
        """
        if avg_factor is not None or reduction_override == "none":
            raise ValueError("a metric of the whole batch takes no avg_factor and no reduction 'none'")
        self.loss.ignore_index = ignore_index
        loss: Tensor = self.loss(cls_score, label, weight=weight)
        return loss


if find_spec("mmseg") is not None:
    from mmseg.registry import MODELS

    MODELS.register_module(module=AutolossSurrogate, force=True)
