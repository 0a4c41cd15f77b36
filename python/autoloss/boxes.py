"""The areas that regression formulas see, and the overlap that feeds Z and Q."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from .arguments import check_boxes

AREA_EPSILON = 1e-7
"""Added to union and enclosing area."""


def areas(pred: Tensor, target: Tensor) -> dict[str, Tensor]:
    """U, I and E (each N) of predicted and target boxes (each N×4: x1, y1, x2, y2), in squares of their unit.

    The intersection and the enclosing box clamp their sides at 0; the areas of the boxes themselves are not clamped, so
    that an inverted box has a negative one. Raises LossError for tensors of other shapes.
    """
    check_boxes(pred, target)
    intersection = _intersection(pred, target)
    outer = (torch.maximum(pred[:, 2:], target[:, 2:]) - torch.minimum(pred[:, :2], target[:, :2])).clamp(min=0)
    union = _area(pred) + _area(target) - intersection + AREA_EPSILON
    return {"U": union, "I": intersection, "E": outer[:, 0] * outer[:, 1] + AREA_EPSILON}


def overlap(pred: Tensor, target: Tensor) -> Tensor:
    """The IoU (N) that feeds Z and Q: intersection ÷ max(union, 1e-6), at least 1e-7, without gradient.

    Args:
        pred: N×4 decoded boxes x1, y1, x2, y2; of fewer than 32 bits they are taken in float32.
        target: N×4.

    Raises LossError for tensors of other shapes.
    """
    check_boxes(pred, target)
    p, t = computed(pred.detach()), computed(target.detach())
    intersection = _intersection(p, t)
    union = _area(p) + _area(t) - intersection
    return (intersection / union.clamp(min=1e-6)).clamp(min=1e-7)


def computed(values: Tensor) -> Tensor:
    """In the precision that losses compute in: float64 stays, anything else is float32."""
    return values if values.dtype == torch.float64 else values.float()


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """Autocast is off inside, on devices that have it (the meta device has none)."""
    # Compilers of earlier releases cannot ask.
    if torch.compiler.is_compiling() or torch.amp.is_autocast_available(device.type):
        return torch.autocast(device.type, enabled=False)
    return nullcontext()


def _intersection(pred: Tensor, target: Tensor) -> Tensor:
    sides = (torch.minimum(pred[:, 2:], target[:, 2:]) - torch.maximum(pred[:, :2], target[:, :2])).clamp(min=0)
    return sides[:, 0] * sides[:, 1]


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
