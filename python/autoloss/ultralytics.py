"""Discovered losses in Ultralytics YOLO detectors.

    YOLO("yolo11n.yaml").train(data="my.yaml", trainer=autoloss.ultralytics.trainer(cls="quality-focal", reg="giou"))

Boxes reach Ultralytics' losses in units of each level's stride; formulas get them in pixels of the network's input.
Q is the soft score that Ultralytics assigns to the positive class (its largest one of an object is the object's IoU).
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.tasks import DetectionModel

from .adapting import resolved
from .classification import BinaryClsLoss
from .errors import AutolossWarning
from .regression import RegLoss
from .traps import is_scale_dependent

CLS_VARIABLE, REG_VARIABLE = "AUTOLOSS_ULTRALYTICS_CLS", "AUTOLOSS_ULTRALYTICS_REG"


def adapted(criterion: Any, cls: object = None, reg: object = None) -> Any:
    """Puts losses into a criterion of Ultralytics (what `DetectionModel.init_criterion` returns), and returns it.

    An end-to-end criterion has two branches, one-to-many and one-to-one: both get them. The sums are divided as
    Ultralytics does it, by the sum of the assigned scores, and its gains (`box`, `cls`) multiply them; cards'
    `average_by` plays no part. None leaves Ultralytics' own loss.

    Raises TypeError for a criterion without box and class losses (as of oriented boxes) and for a loss of another mode.
    """
    branches = [getattr(criterion, name) for name in ("one2many", "one2one") if hasattr(criterion, name)] or [criterion]
    classification = None if cls is None else resolved(cls, BinaryClsLoss, "cls")
    regression = None if reg is None else resolved(reg, RegLoss, "reg")
    for branch in branches:
        if not hasattr(branch, "bbox_loss") or not hasattr(branch, "bce"):
            raise TypeError(f"{type(branch).__name__} has no box and class losses: a detection criterion is needed")
        if type(branch.bbox_loss).__name__ == "RotatedBboxLoss" and regression is not None:
            raise TypeError("losses of U, I and E are for upright boxes, this criterion is for oriented ones")
    if regression is not None and is_scale_dependent(regression.formula):
        warnings.warn(
            AutolossWarning(
                "scaleDependent",
                f"{regression.formula} is another loss at another scale: it gets boxes in pixels of the network's "
                "input (imgsz), not in strides as Ultralytics' own loss does; another imgsz trains differently",
            ),
            stacklevel=2,
        )
    for branch in branches:
        if classification is not None:
            branch.bce = _ClassLoss(classification)
        if regression is not None:
            branch.bbox_loss = _BoxLoss(branch.bbox_loss, regression)
    return criterion


class AutolossModel(DetectionModel):  # type: ignore[misc]
    """A detection model whose criterion has other losses; checkpoints of it need this package to be loaded."""

    autoloss: tuple[object, object] = (None, None)

    def init_criterion(self) -> Any:
        """Ultralytics' criterion with the losses of `autoloss` (cls, reg) in it."""
        return adapted(super().init_criterion(), *self.autoloss)


class AutolossTrainer(DetectionTrainer):  # type: ignore[misc]
    """Trains an AutolossModel with the losses that two environment variables name.

    Ultralytics starts new Python processes for several GPUs, which import this class; the variables come along.
    """

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> AutolossModel:
        """As DetectionTrainer's, with another class."""
        stock = super().get_model(cfg=cfg, weights=weights, verbose=verbose)
        stock.__class__ = AutolossModel
        stock.autoloss = (os.environ.get(CLS_VARIABLE) or None, os.environ.get(REG_VARIABLE) or None)
        model: AutolossModel = stock
        return model


def trainer(cls: str | None = None, reg: str | None = None) -> type[AutolossTrainer]:
    """The trainer class to give to `YOLO.train(trainer=...)`; holds for all trainings of this process from now on.

    Args:
        cls, reg: a built-in name, a formula or the path of a card; None leaves Ultralytics' own. Tried out at once.
    """
    for variable, loss, kind, place in (
        (CLS_VARIABLE, cls, BinaryClsLoss, "cls"),
        (REG_VARIABLE, reg, RegLoss, "reg"),
    ):
        if loss is not None:
            resolved(loss, kind, place)
        os.environ[variable] = loss or ""
    return AutolossTrainer


class _ClassLoss(nn.Module):
    """Stands in for BCEWithLogitsLoss(reduction="none"): the loss of each entry."""

    def __init__(self, loss: BinaryClsLoss) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Entries (as `scores`: images x places x classes) for soft targets of the same shape."""
        logits, soft = scores.flatten(0, -2), targets.detach().flatten(0, -2).to(torch.float32)
        entries: Tensor = self.loss(logits, (soft > 0).float(), reduction_override="none", iou=soft.amax(1))
        return entries.expand_as(logits).reshape(scores.shape)


class _BoxLoss(nn.Module):
    """Stands in for BboxLoss: the first loss is exchanged, the second (of the distances' distribution) stays."""

    def __init__(self, stock: nn.Module, loss: RegLoss) -> None:
        super().__init__()
        self.stock, self.loss = stock, loss

    @property
    def dfl_loss(self) -> Any:
        """Some versions ask for it."""
        return getattr(self.stock, "dfl_loss", None)

    def forward(
        self,
        pred_dist: Tensor,
        pred_bboxes: Tensor,
        anchor_points: Tensor,
        target_bboxes: Tensor,
        target_scores: Tensor,
        target_scores_sum: Tensor,
        fg_mask: Tensor,
        *more: Any,
    ) -> tuple[Tensor, Tensor]:
        """Box and distance loss; boxes (images x places x 4) come in strides, the last argument is the stride of each
        place (places x 1)."""
        distances: Tensor = self.stock(
            pred_dist, pred_bboxes, anchor_points, target_bboxes, target_scores, target_scores_sum, fg_mask, *more
        )[1]
        if not more or not isinstance(more[-1], Tensor) or more[-1].shape[0] != pred_bboxes.shape[1]:
            raise TypeError("this version of Ultralytics gives its box loss no strides: version 8.4 or later is needed")
        strides = more[-1].to(torch.float32)
        chosen = fg_mask.bool()
        boxes, goal = ((each.float() * strides)[chosen] for each in (pred_bboxes, target_bboxes))
        weight = target_scores.sum(-1)[chosen].float()
        return self.loss(
            boxes, goal, weight, avg_factor=target_scores_sum.float(), reduction_override="mean"
        ), distances
