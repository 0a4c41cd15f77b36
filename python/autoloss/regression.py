"""Formulas as losses of predicted boxes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .arguments import check_boxes, check_weight, number, refuse_unknown
from .base import FormulaLoss
from .boxes import areas, computed
from .errors import LossError
from .formula import Formula
from .reduction import checked_reduction, reduce
from .traps import is_scale_dependent
from .vocabulary import Mode

WEIGHTINGS = ("per_box", "original")


class RegLoss(FormulaLoss):
    """A formula of U, I and E as the loss of predicted boxes."""

    mode = Mode.REG

    def __init__(
        self,
        formula: Formula | str,
        reduction: str = "mean",
        loss_weight: float = 1.0,
        weighting: str = "per_box",
    ) -> None:
        """Weighting "per_box" takes N weights as they are and of N×4 the mean of each row, as mmdetection does.

        "original" is the module of the published code: the mean over the last axis whatever it is, so that N weights
        collapse to one number; none is refused.
        """
        super().__init__(formula, reduction, loss_weight)
        if weighting not in WEIGHTINGS:
            raise ValueError(f"weighting '{weighting}' is not known: use one of {', '.join(WEIGHTINGS)}")
        self.weighting = weighting

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | Tensor | None = None,
        reduction_override: str | None = None,
        **unknown: Any,
    ) -> Tensor:
        """The loss of a batch of boxes.

        Args:
            pred: decoded boxes, N×4 (x1, y1, x2, y2), in the unit `box_units` (pixels of the network's input unless the
                card says otherwise).
            target: N×4.
            weight: N, N×1 or N×4, or None; boxes of weight 0 count nothing. Where no weight is positive the result is
                the sum of pred · weight, as mmdetection's is: 0 for weights of 0 whatever the boxes are, and it keeps
                the graph.
            avg_factor: what a mean divides by in place of the number of boxes.
            reduction_override: "none", "sum" or "mean" in place of the module's own.

        Raises LossError for arguments that do not fit together, TypeError for keywords that it does not have.
        """
        refuse_unknown("RegLoss", unknown)
        reduction = checked_reduction(self.reduction if reduction_override is None else reduction_override)
        check_boxes(pred, target)
        check_weight(weight, pred.shape[0], 4)
        self._warn_of_boxes(pred, target)
        boxes, goal = computed(pred), computed(target)
        per_box, fallback, is_empty = self._weights(boxes, weight, reduction)
        independent = self.entries_are_independent
        counted = boxes
        if per_box is not None and independent:
            counted = torch.where(per_box.reshape(-1, 1) == 0, boxes.detach(), boxes)
        if is_empty is not None:
            counted = torch.where(is_empty, boxes.detach(), counted)
        loss = self.formula(**areas(counted, goal))
        result = reduce(loss, per_box, reduction, avg_factor, independent=independent) * self.loss_weight
        if fallback is None or is_empty is None:
            return result
        return torch.where(is_empty, fallback, result)

    def _warn_of_boxes(self, pred: Tensor, target: Tensor) -> None:
        """Says once what is wrong with the first boxes that come."""
        if self._has_warned or torch.compiler.is_compiling() or target.numel() == 0:
            return
        self._has_warned = True
        if pred.dtype in (torch.float16, torch.bfloat16):
            step = "half a pixel from 512" if pred.dtype == torch.float16 else "2 pixels from 256"
            self._warn(
                "halfPrecisionBoxes",
                f"boxes come in {str(pred.dtype).removeprefix('torch.')}, which has steps of {step} on: decode them in "
                "float32",
            )
        try:
            largest = float(target.detach().abs().max())
            is_inverted = bool((target.detach()[:, 2:] < target.detach()[:, :2]).any())
        except RuntimeError:
            return  # Inside torch.func.vmap nothing can be asked.
        if is_inverted:
            self._warn(
                "noBoxes",
                "a target ends left of or above where it begins, so these are no boxes x1, y1, x2, y2, and the areas "
                "mean nothing: decode encoded deltas first (in mmdetection reg_decoded_bbox=True), and turn x, y, "
                "width, height into corners",
            )
            return
        is_normalized = largest <= 2
        if is_normalized == (self.box_units == "normalized") or not is_scale_dependent(self.formula):
            return
        if is_normalized:
            self._warn(
                "scaleDependent",
                f"no coordinate of the targets is above {largest:g}, so the boxes look normalised, and this formula "
                "depends on their unit: multiply boxes by the size of the input",
            )
        else:
            self._warn(
                "scaleDependent",
                f"a coordinate of the targets is {largest:g}, but the card says that boxes are normalised, and this "
                "formula depends on their unit: divide boxes by the size of the input",
            )

    def _weights(
        self, boxes: Tensor, weight: Tensor | None, reduction: str
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """One weight a box; the result where no weight is positive, and whether that is so (None: cannot be)."""
        if weight is None:
            if self.weighting == "original":
                raise LossError(
                    "weightsMissing",
                    "the original's regression module needs weights: give them, or use weighting per_box",
                )
            return None, None, None
        weight = weight.to(boxes.dtype)
        per_box = weight.mean(-1) if weight.dim() > 1 or self.weighting == "original" else weight
        if (self.reduction if self.weighting == "original" else reduction) == "none":
            return per_box, None, None
        spread = weight if weight.dim() == 2 else weight.unsqueeze(-1)
        is_empty = ~(weight > 0).any()
        if self.weighting == "original" and weight.dim() == 1 and number(is_empty):
            raise LossError(
                "zeroWeightsPerBox",
                "the original's regression module fails on weights of one number a box that are all zero: "
                "give four a box",
            )
        # A constant has no gradient, here neither.
        values = boxes if self.formula.depends_on_prediction else boxes.detach()
        return per_box, torch.where(spread == 0, torch.zeros_like(values), values * spread).sum(), is_empty
