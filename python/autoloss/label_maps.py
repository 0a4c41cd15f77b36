"""What segmentation losses ask of label maps: which pixels count, where classes meet, what lies near.

Label maps are N x H x W int64 tensors here, with -1 for a pixel that is not to be judged.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

IGNORED = -1


def clean_labels(labels: Tensor, classes: int, ignore_index: int | None) -> Tensor:
    """Label maps (N x H x W or N x 1 x H x W, any integer type) as int64; -1 where the label is outside
    0 ... classes - 1 or equals `ignore_index`."""
    if labels.dim() == 4 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.dim() != 3:
        raise ValueError(f"labels are N x H x W, not of shape {tuple(labels.shape)}")
    if labels.is_floating_point() or labels.is_complex():
        raise TypeError(f"labels are integers, not {labels.dtype}")
    labels = labels.long()
    ignored = (labels < 0) | (labels >= classes)
    if ignore_index is not None:
        ignored |= labels == ignore_index
    return labels.masked_fill(ignored, IGNORED)


def class_boundaries(labels: Tensor, classes: int) -> Tensor:
    """True (N x H x W) at pixels of a class that have another label in their 3 x 3 window inside the image."""
    maps = labels[:, None].to(torch.float32)  # class numbers are exact
    highest = functional.max_pool2d(maps, 3, stride=1, padding=1)
    lowest = -functional.max_pool2d(-maps, 3, stride=1, padding=1)
    return ((highest != lowest) & (maps >= 0) & (maps < classes))[:, 0]


def dilated(maps: Tensor, radius: int) -> Tensor:
    """The maximum over the (2 radius + 1)^2 window inside the image of N x C x H x W `maps`; differentiable.

    Rows first, then columns: the work grows with the side of the window, not with its area. Among equal maxima the
    first in row-major order gets the gradient, as with one window.
    """
    if radius == 0:
        return maps
    side = 2 * radius + 1
    rows = functional.max_pool2d(maps, (1, side), stride=1, padding=(0, radius))
    return functional.max_pool2d(rows, (side, 1), stride=1, padding=(radius, 0))


def eroded(maps: Tensor) -> Tensor:
    """The minimum over the 3 x 3 window inside the image of N x C x H x W `maps`; differentiable."""
    return -functional.max_pool2d(-maps, 3, stride=1, padding=1)
