"""Checks what losses are called with: an error names the argument, its shape and the one that is needed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .errors import LossError
from .suggestion import nearest

KEYWORDS = ("weight", "avg_factor", "reduction_override")
"""What mmdetection's heads hand to a loss beside prediction and target."""


def refuse_unknown(loss: str, unknown: Iterable[str], known: Iterable[str] = KEYWORDS) -> None:
    """Raises TypeError where a keyword is given that a loss does not have: a misspelled one would be lost unseen."""
    for name in unknown:
        suggestion = nearest(name, known)
        mend = f"did you mean '{suggestion}'?" if suggestion else f"it takes pred, target, {', '.join(known)}"
        raise TypeError(f"{loss} takes no '{name}': {mend}")


def need_tensor(name: str, value: object) -> None:
    """Raises TypeError for what is no tensor, LossError for complex numbers."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} is of type {type(value).__name__} where a tensor is needed")
    if value.is_complex():
        raise LossError("argumentType", f"{name} is of {value.dtype} where real numbers are needed")


def wrong_shape(name: str, value: Tensor, wanted: str) -> LossError:
    """The error for an argument of the wrong shape."""
    return LossError("argumentShape", f"{name} has the shape {list(value.shape)} where {wanted} is needed")


def check_logits(pred: Tensor) -> None:
    """Logits are N×C."""
    need_tensor("pred", pred)
    if pred.dim() != 2:
        raise wrong_shape("pred", pred, "N×C (logits of N samples)")


def check_labels(target: Tensor, rows: int, others: str = "") -> None:
    """Labels are N whole numbers; `others` says what else would do."""
    need_tensor("target", target)
    if target.dim() not in (1, 2) or target.shape[0] != rows or (target.dim() == 2 and target.shape[1] != 1):
        raise wrong_shape("target", target, f"[{rows}] (a label for each row of pred){others}")
    if target.is_floating_point():
        raise LossError("argumentType", f"target is of {target.dtype} where whole numbers (labels) are needed")


def check_boxes(pred: Tensor, target: Tensor) -> None:
    """Boxes are N×4, as many predicted ones as targets."""
    need_tensor("pred", pred)
    need_tensor("target", target)
    if pred.dim() != 2 or pred.shape[1] != 4:
        raise wrong_shape("pred", pred, "N×4 (x1, y1, x2, y2)")
    check_same_shape(pred, target)


def check_same_shape(pred: Tensor, target: Tensor) -> None:
    """A target for every number predicted."""
    need_tensor("pred", pred)
    need_tensor("target", target)
    if target.shape != pred.shape:
        raise wrong_shape("target", target, f"{list(pred.shape)} (the shape of pred)")


def check_weight(weight: Tensor | None, rows: int, columns: int = 1) -> None:
    """Weights are N, N×1 or N×columns."""
    if weight is None:
        return
    need_tensor("weight", weight)
    allowed = weight.dim() == 1 or (weight.dim() == 2 and weight.shape[1] in (1, columns))
    if not allowed or weight.shape[0] != rows:
        more = "" if columns == 1 else f" or [{rows}, {columns}]"
        raise wrong_shape("weight", weight, f"[{rows}]{more}")


def number(value: Tensor) -> Any:
    """The one number of a tensor; None where nothing can be asked without waiting for a device or breaking a graph.

    That is on devices other than the CPU, in the compiler and inside torch.func.vmap.
    """
    if torch.compiler.is_compiling() or value.device.type != "cpu":
        return None
    try:
        return value.item()
    except RuntimeError:
        return None
