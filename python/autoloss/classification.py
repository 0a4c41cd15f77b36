"""Formulas as classification losses of softmax and of sigmoid heads."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .arguments import KEYWORDS, check_labels, check_logits, check_weight, need_tensor, number, refuse_unknown
from .base import FormulaLoss, feed_iou
from .boxes import computed
from .errors import LossError
from .formula import Formula
from .reduction import checked_reduction, reduce, without_weightless
from .shapes import ValueShape
from .vocabulary import Mode

KEYWORDS_WITH_IOU = (*KEYWORDS, "iou")
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
        **unknown: Any,
    ) -> Tensor:
        """The loss of a batch.

        Args:
            pred: logits, N×C, the last class is the background.
            target: N labels in 0 ... C − 1.
            weight: a weight for each row, or None; rows of weight 0 count nothing.
            avg_factor: what a mean divides by in place of the number of entries.
            reduction_override: "none", "sum" or "mean" in place of the module's own.
            iou: what Z holds in positive rows: N numbers, or one for each positive row in row order; without it Z is 1.

        Raises LossError for arguments that do not fit together (labels are looked at on the CPU alone), TypeError for
        keywords that it does not have.
        """
        refuse_unknown("MultiClsLoss", unknown, KEYWORDS_WITH_IOU)
        reduction = checked_reduction(self.reduction if reduction_override is None else reduction_override)
        check_logits(pred)
        rows, classes = pred.shape
        check_labels(target, rows)
        check_weight(weight, rows)
        logits, label = computed(pred), target.reshape(-1)
        _check_range(label, (label < 0) | (label >= classes), classes, f"outside 0 ... {classes - 1}")
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
        independent = self.entries_are_independent
        x = without_weightless(logits, weight) if independent else logits
        y = (label.unsqueeze(1) == torch.arange(classes, device=label.device)).to(logits.dtype)
        if iou is None:
            self._warn_without_iou()
            z = torch.ones_like(logits)
        else:
            need_tensor("iou", iou)
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
        if alpha is not None and not alpha <= 1:
            raise ValueError(f"alpha {alpha} is no share: write a number in 0 ... 1, or None")
        self.alpha = None if alpha is None or alpha < 0 else float(alpha)

    def _entries_are_independent(self) -> bool:
        is_by_element = self.formula.shape is ValueShape.PER_ELEMENT and not self.formula.couples_samples
        return is_by_element and all(node.name != "Softmax" for node in self.formula.nodes)

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
        **unknown: Any,
    ) -> Tensor:
        """The loss of a batch.

        Args:
            pred: logits, N×C.
            target: N labels, C or below 0 for the background; or the labels as N×C zeros and ones; or a pair of labels
                and IoUs, as mmdetection's quality focal loss takes them.
            weight: a weight for each row (N) or entry (N×C), or None; what has weight 0 counts nothing.
            avg_factor: what a mean divides by in place of the number of entries.
            reduction_override: "none", "sum" or "mean" in place of the module's own.
            iou: what Q holds at the positive class: N numbers, or one for each positive row in row order; without it Q
                is 0.

        Raises LossError for arguments that do not fit together (labels are looked at on the CPU alone), TypeError for
        keywords that it does not have.
        """
        refuse_unknown("BinaryClsLoss", unknown, KEYWORDS_WITH_IOU)
        reduction = checked_reduction(self.reduction if reduction_override is None else reduction_override)
        check_logits(pred)
        if isinstance(target, tuple):
            if len(target) != 2 or iou is not None:
                raise LossError("argumentShape", "target is one pair, labels and IoUs; iou is not given besides")
            target, iou = target
        check_weight(weight, *pred.shape)
        logits = computed(pred)
        py, positive = _positives(target, logits)
        if iou is None:
            self._warn_without_iou()
            q = torch.zeros_like(logits)
        else:
            need_tensor("iou", iou)
            q = py * feed_iou(iou.to(logits.dtype), positive, 0).unsqueeze(1)
        if weight is not None and weight.dim() == 1:
            weight = weight.unsqueeze(1)
        independent = self.entries_are_independent
        x = without_weightless(logits, weight) if independent else logits
        loss = self.formula(X=x, Q=q, PY=py, NY=1 - py)
        if self.alpha is not None:
            loss = loss * torch.where(py == 1, torch.full_like(py, self.alpha), torch.full_like(py, 1 - self.alpha))
        if weight is not None and loss.dim() < 2:
            weight = weight.reshape(-1)
        return reduce(loss, weight, reduction, avg_factor, independent=independent) * self.loss_weight


def _positives(target: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
    """PY, and whether each row has a positive."""
    need_tensor("target", target)
    rows, classes = logits.shape
    if target.shape == logits.shape:
        py = target.detach().to(logits.dtype)
        if number(((py != 0) & (py != 1)).any()):
            raise LossError(
                "softTargets",
                "target holds numbers between or beside 0 and 1: give zeros and ones, and a soft score as iou=, the "
                "number that Q holds",
            )
        return py, (py > 0).any(1)
    check_labels(target, rows, f" or {[rows, classes]} (zeros and ones)")
    label = target.reshape(-1)
    _check_range(label, label > classes, classes, f"above {classes}, which is the background")
    py = (label.unsqueeze(1) == torch.arange(classes, device=label.device)).to(logits.dtype)
    return py, (label >= 0) & (label < classes)


def _check_range(label: Tensor, wrong: Tensor, classes: int, problem: str) -> None:
    """Refuses wrong labels."""
    if number(wrong.any()):
        row = int(wrong.nonzero()[0, 0])
        raise LossError(
            "labelOutOfRange", f"label {int(label[row])} of row {row} is {problem}: pred has {classes} classes"
        )


def _is_whole(formula: Formula) -> bool:
    """Whether the original computes the formula in whole numbers: Y alone, nothing but sums and products."""
    return all(node.name == "Y" or (node.children and node.name in _KEEPS_WHOLE_NUMBERS) for node in formula.nodes)
