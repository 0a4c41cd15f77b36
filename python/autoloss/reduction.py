"""Weighs and reduces the entries of a loss, as mmdetection does."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .arguments import wrong_shape
from .errors import LossError

REDUCTIONS = ("none", "sum", "mean")


def checked_reduction(reduction: str) -> str:
    """One of none, sum and mean.

    Raises ValueError with the known names.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction '{reduction}' is not known: use one of {', '.join(REDUCTIONS)}")
    return reduction


def checked_weight(loss_weight: float) -> float:
    """A weight of the whole loss; raises ValueError where it is not finite, TypeError where it is no number."""
    if isinstance(loss_weight, (str, bytes)) or not hasattr(loss_weight, "__float__"):
        raise TypeError(f"loss_weight is of type {type(loss_weight).__name__} where a number is needed")
    if not math.isfinite(loss_weight):
        raise ValueError(f"loss_weight {loss_weight} is no weight: write a finite number")
    return float(loss_weight)


def reduce(
    loss: Tensor, weight: Tensor | None, reduction: str, avg_factor: float | Tensor | None, *, independent: bool
) -> Tensor:
    """The weighed and reduced loss.

    Args:
        loss: entries of any shape.
        weight: multiplies the entries; of a shape that broadcasts with them, or None.
        reduction: "none", "sum" or "mean".
        avg_factor: one number that a mean divides by in place of the number of entries; 1.2e-7 is added to it.
        independent: whether an entry depends on its own sample alone; then an entry of weight 0 counts as 0, also where
            it is not finite.

    Raises LossError of code `averageFactorWithSum` for a sum with an averaging factor, as mmdetection does, and of code
    `argumentShape` for a factor of more than one number.
    """
    if avg_factor is not None and reduction == "sum":
        raise LossError(
            "averageFactorWithSum",
            "an averaging factor has no meaning for a sum: use reduction mean, or give no factor",
        )
    if isinstance(avg_factor, (str, list, tuple)):
        raise TypeError(f"avg_factor is of type {type(avg_factor).__name__} where a number is needed")
    if isinstance(avg_factor, Tensor):
        if avg_factor.numel() != 1:
            raise wrong_shape("avg_factor", avg_factor, "one number")
        avg_factor = avg_factor.reshape(())
    if weight is not None:
        weight = weight.to(loss.dtype)
        weighed = loss * weight
        loss = torch.where(weight == 0, torch.zeros_like(weighed), weighed) if independent else weighed
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    if avg_factor is None:
        return loss.sum() / max(loss.numel(), 1)
    return loss.sum() / (avg_factor + torch.finfo(torch.float32).eps)


def without_weightless(values: Tensor, weight: Tensor | None) -> Tensor:
    """The same values, cut from the gradient in rows of weight 0, so that no inf or nan comes back out of them.

    Args:
        values: N×K.
        weight: N, N×1, N×K or None.
    """
    if weight is None:
        return values
    rows = weight if weight.dim() == values.dim() else weight.reshape(-1, 1)
    return torch.where(rows == 0, values.detach(), values)
