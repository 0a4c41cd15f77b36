"""Formulas as classification losses of softmax and of sigmoid heads."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .base import FormulaLoss, feed_iou
from .boxes import computed
from .errors import LossError
from .formula import Formula
from .reduction import checked_reduction, reduce, without_weightless
from .shapes import ValueShape
from .vocabulary import Mode

_KEEPS_WHOLE_NUMBERS = {"Neg", "Abs", "Relu", "Add", "Sub", "Mul", "Dot"}


class MultiClsLoss(FormulaLoss):
    """A formula of X, Y and Z as the classification loss of a softmax head; the last column is the background."""

    mode = Mode.MULTI_CLS
    iou_variable = "Z"

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | Tensor | None = None,
        reduction_override: str | None = None,
        *,
        iou: Tensor | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """The loss of a batch.

        Args:
            pred: logits, N×C, the last class is the background.
            target: N labels in 0 ... C − 1.
            weight: a weight for each row, or None; rows of weight 0 count nothing.
            avg_factor: what a mean divides by in place of the number of entries.
            reduction_override: "none", "sum" or "mean" in place of the module's own.
            iou: what Z holds in positive rows: N numbers, or one for each positive row in row order; without it Z is 1.
            kwargs: ignored, for callers that pass more.

        Raises LossError for arguments that do not fit together.
        """
        reduction = checked_reduction(reduction_override or self.reduction)
        logits = computed(pred)
        label = target.reshape(-1)
        rows, classes = logits.shape
        _check_labels(label, classes)
        if weight is not None:
            weight = weight.reshape(-1)
            if self.formula.shape is ValueShape.PER_ELEMENT:
                raise LossError(
                    "rowWeightsWithElements",
                    "weights for each sample do not combine with a value for each element: sum the classes with Dot",
                )
        elif avg_factor is None and reduction == "mean" and _is_whole(self.formula):
            raise LossError(
                "labelOnlyMean",
                "a formula of Y alone is of whole numbers and has no plain mean: give weights or an averaging factor",
            )
        independent = self.formula.shape is ValueShape.PER_SAMPLE and not self.formula.couples_samples
        x = without_weightless(logits, weight) if independent else logits
        y = (label.unsqueeze(1) == torch.arange(classes, device=label.device)).to(logits.dtype)
        if iou is None:
            self._warn_without_iou()
            z = torch.ones_like(logits)
        else:
            z = feed_iou(iou.to(logits.dtype), label < classes - 1, 1).unsqueeze(1).expand(rows, classes)
        loss = self.formula(X=x, Y=y, Z=z)
        return reduce(loss, weight, reduction, avg_factor, independent=independent) * self.loss_weight


class BinaryClsLoss(FormulaLoss):
    """A formula of X, Q, PY and NY as the classification loss of a sigmoid head; there is no background column."""

    mode = Mode.BINARY_CLS
    iou_variable = "Q"

    def __init__(
        self,
        formula: Formula | str,
        reduction: str = "mean",
        loss_weight: float = 1.0,
        alpha: float | None = 0.25,
    ) -> None:
        """Positive entries weigh `alpha`, negative ones 1 − alpha; None (or below 0) weighs nothing."""
        super().__init__(formula, reduction, loss_weight)
        self.alpha = None if alpha is None or alpha < 0 else float(alpha)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, alpha={self.alpha}"

    def forward(
        self,
        pred: Tensor,
        target: Tensor | tuple[Tensor, Tensor],
        weight: Tensor | None = None,
        avg_factor: float | Tensor | None = None,
        reduction_override: str | None = None,
        *,
        iou: Tensor | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """The loss of a batch.

        Args:
            pred: logits, N×C.
            target: N labels, any outside 0 ... C − 1 is background; or the labels as N×C zeros and ones; or a pair of
                labels and IoUs, as mmdetection's quality focal loss takes them.
            weight: a weight for each row (N) or entry (N×C), or None; what has weight 0 counts nothing.
            avg_factor: what a mean divides by in place of the number of entries.
            reduction_override: "none", "sum" or "mean" in place of the module's own.
            iou: what Q holds at the positive class: N numbers, or one for each positive row in row order; without it Q
                is 0.
            kwargs: ignored, for callers that pass more.

        Raises LossError for arguments that do not fit together.
        """
        reduction = checked_reduction(reduction_override or self.reduction)
        logits = computed(pred)
        if isinstance(target, tuple):
            target, iou = target
        py, positive = _positives(target, logits)
        if iou is None:
            self._warn_without_iou()
            q = torch.zeros_like(logits)
        else:
            q = py * feed_iou(iou.to(logits.dtype), positive, 0).unsqueeze(1)
        if weight is not None and weight.dim() == 1:
            weight = weight.unsqueeze(1)
        independent = not self.formula.couples_samples and "Softmax" not in {node.name for node in self.formula.nodes}
        independent = independent and self.formula.shape is ValueShape.PER_ELEMENT
        x = without_weightless(logits, weight) if independent else logits
        loss = self.formula(X=x, Q=q, PY=py, NY=1 - py)
        if self.alpha is not None:
            loss = loss * torch.where(py == 1, torch.full_like(py, self.alpha), torch.full_like(py, 1 - self.alpha))
        if weight is not None and loss.dim() < 2:
            weight = weight.reshape(-1)
        return reduce(loss, weight, reduction, avg_factor, independent=independent) * self.loss_weight


def _positives(target: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
    """PY, and whether each row has a positive."""
    classes = logits.shape[1]
    if target.dim() == 2 and target.shape == logits.shape:
        py = target.detach().to(logits.dtype)
        return py, (py > 0).any(1)
    label = target.reshape(-1)
    py = (label.unsqueeze(1) == torch.arange(classes, device=label.device)).to(logits.dtype)
    return py, (label >= 0) & (label < classes)


def _check_labels(label: Tensor, classes: int) -> None:
    """Refuses labels outside the classes, on the CPU alone: elsewhere the question would wait for the device."""
    if torch.compiler.is_compiling() or label.device.type != "cpu":
        return
    try:
        wrong = torch.nonzero((label < 0) | (label >= classes)).tolist()
    except RuntimeError:
        return  # Inside torch.func.vmap nothing can be asked.
    if wrong:
        row = wrong[0][0]
        raise LossError("labelOutOfRange", f"label {int(label[row])} of row {row} is outside 0 ... {classes - 1}")


def _is_whole(formula: Formula) -> bool:
    """Whether the original computes the formula in whole numbers: Y alone, nothing but sums and products."""
    return all(node.name == "Y" or (node.children and node.name in _KEEPS_WHOLE_NUMBERS) for node in formula.nodes)
