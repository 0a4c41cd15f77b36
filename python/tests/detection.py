"""Small torchvision detectors and pictures for the tests."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from autoloss.train_detector import models

Batch = tuple[list[Tensor], list[dict[str, Tensor]]]
ONE_STAGE = ("fcos", "retinanet")
TWO_STAGE = ("fasterrcnn", "maskrcnn")


def small(detector: str, seed: int = 1) -> nn.Module:
    """A detector of 3 classes on MobileNet, for pictures of 64 x 96."""
    torch.manual_seed(seed)
    return with_few_proposals(models.build(detector, "mobilenet_v3_small", 3, size=64, max_size=96))


def with_few_proposals(model: nn.Module) -> nn.Module:
    """The same two-stage detector with 24 boxes a picture in place of 512: twenty times less work on a CPU."""
    if hasattr(model, "roi_heads"):
        model.rpn._pre_nms_top_n = model.rpn._post_nms_top_n = {"training": 60, "testing": 20}
        model.roi_heads.fg_bg_sampler.batch_size_per_image = 24
    return model


def batch(detector: str, *, empty: bool = False) -> Batch:
    """Two pictures with three objects, or none; masks for Mask R-CNN."""
    generator = torch.Generator().manual_seed(5)
    images = [torch.rand(3, 64, 96, generator=generator) for _ in range(2)]
    boxes = [[[4.0, 6, 40, 44], [50, 10, 90, 60]], [[20.0, 8, 52, 50]]]
    labels = [[1, 3], [2]]
    targets = []
    for here, names in zip(boxes, labels, strict=True):
        target = {"boxes": torch.tensor(here), "labels": torch.tensor(names)}
        if empty:
            target = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.long)}
        if detector == "maskrcnn":
            target["masks"] = torch.zeros(len(target["labels"]), 64, 96, dtype=torch.uint8)
            for mask, (x1, y1, x2, y2) in zip(target["masks"], target["boxes"].long().tolist(), strict=True):
                mask[y1:y2, x1:x2] = 1
        targets.append(target)
    return images, targets


def losses(model: nn.Module, given: Batch, seed: int = 3) -> dict[str, Tensor]:
    """The losses of a batch in training mode; the sampling of proposals is seeded."""
    model.train()
    torch.manual_seed(seed)
    found: dict[str, Tensor] = model(*given)
    return found
