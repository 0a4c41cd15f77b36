"""Discovered losses in Ultralytics YOLO detectors.

    YOLO("yolo11n.yaml").train(data="my.yaml", trainer=autoloss.ultralytics.trainer(cls="quality-focal", reg="giou"))

Boxes reach Ultralytics' losses in units of each level's stride; formulas get them in the unit of their card: pixels of
the network's input, unless it says stride or normalized.
"""

from __future__ import annotations

import os
import warnings
from functools import wraps
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.tasks import DetectionModel

from .adapting import Loss, fed, is_file, resolved
from .boxes import computed, overlap
from .cards import BOX_UNITS
from .classification import BinaryClsLoss
from .errors import AutolossWarning, LossError
from .regression import RegLoss
from .traps import is_scale_dependent

CLS_VARIABLE, REG_VARIABLE = "AUTOLOSS_ULTRALYTICS_CLS", "AUTOLOSS_ULTRALYTICS_REG"
QUALITY_VARIABLE = "AUTOLOSS_ULTRALYTICS_QUALITY"
QUALITIES = ("iou", "score")


def adapted(criterion: Any, cls: object = None, reg: object = None, quality: str = "iou") -> Any:
    """Puts losses into a criterion of Ultralytics (what `DetectionModel.init_criterion` returns), and returns it.

    Args:
        criterion: an end-to-end one has two branches, one-to-many and one-to-one: both get the losses.
        cls, reg: a built-in name, a formula, a card, the path of one, or a loss module; None leaves Ultralytics' own.
            The sums are divided as Ultralytics does it, by the sum of the assigned scores, and its gains (`box`,
            `cls`) multiply them; cards' `average_by` plays no part. Names and formulas of box losses weigh 1.
        quality: what Q holds at the positive class: "iou" is the IoU of the decoded box; "score" is the soft score that
            Ultralytics assigns and trains its own loss on (of an object's places the best has the object's IoU, the
            others less).

    Raises TypeError for a criterion without box and class losses (as of oriented boxes) and for a loss of another mode,
    LossError for one whose reduction is not mean.
    """
    if quality not in QUALITIES:
        raise ValueError(f"quality is {' or '.join(QUALITIES)}, not {quality!r}")
    branches = [getattr(criterion, name) for name in ("one2many", "one2one") if hasattr(criterion, name)] or [criterion]
    classification = None if cls is None else _loss(cls, BinaryClsLoss, "cls")
    regression = None if reg is None else _loss(reg, RegLoss, "reg")
    for branch in branches:
        if not all(hasattr(branch, part) for part in ("bbox_loss", "bce", "assigner")):
            raise TypeError(f"{type(branch).__name__} has no box and class losses: a detection criterion is needed")
        if type(branch.bbox_loss).__name__ == "RotatedBboxLoss" and regression is not None:
            raise TypeError("losses of U, I and E are for upright boxes, this criterion is for oriented ones")
    if regression is not None and regression.box_units == "pixels" and is_scale_dependent(regression.formula):
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
            if quality == "iou":
                branch.assigner = _Assigner(branch.assigner, branch.bce)
        if regression is not None:
            branch.bbox_loss = _BoxLoss(branch.bbox_loss, regression)
    return criterion


def _loss(loss: object, kind: type[Loss], place: str) -> Loss:
    module = resolved(loss, kind, place, BOX_UNITS)
    if kind is RegLoss and isinstance(loss, str) and not is_file(loss):
        module.loss_weight = 1.0
    if module.reduction != "mean":
        raise LossError(
            "notMean", f"{place}: Ultralytics divides every sum by its assigned scores, so the reduction must be mean"
        )
    return module


class AutolossModel(DetectionModel):  # type: ignore[misc]
    """A detection model whose criterion has other losses; checkpoints of it need this package to be loaded."""

    autoloss: tuple[Any, ...] = ()

    def init_criterion(self) -> Any:
        """Ultralytics' criterion with the losses of `autoloss` (cls, reg, quality) in it."""
        return adapted(super().init_criterion(), *self.autoloss)


_get_stock_model = DetectionTrainer.get_model


@wraps(_get_stock_model)
def _get_model(self: DetectionTrainer, cfg: Any = None, weights: Any = None, verbose: bool = True) -> Any:
    """DetectionTrainer's, which does not take the losses of a checkpoint along, and would not tell."""
    if isinstance(weights, AutolossModel):
        names = zip(("cls", "reg", "quality"), weights.autoloss, strict=False)
        given = ", ".join(f"{name}={loss!r}" for name, loss in names if loss is not None)
        raise LossError(
            "lossesLost",
            "this checkpoint was trained with losses of autoloss, and this training would go on with Ultralytics' own: "
            f"give it trainer=autoloss.ultralytics.trainer({given}), or, where Ultralytics' own are meant, take the "
            "weights alone: YOLO(configuration).load(checkpoint)",
        )
    return _get_stock_model(self, cfg, weights, verbose)


# Loading such a checkpoint imports this module, in the processes of a multi-GPU training too.
DetectionTrainer.get_model = _get_model


class AutolossTrainer(DetectionTrainer):  # type: ignore[misc]
    """Trains an AutolossModel with the losses that environment variables name; `trainer` sets them.

    Ultralytics starts new Python processes for several GPUs, which import this class; the variables come along.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        """Raises ValueError where no loss is named: Ultralytics' own would be trained, and nothing would tell."""
        losses_of_environment()
        super().__init__(*given, **named)

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> AutolossModel:
        """As DetectionTrainer's, with another class."""
        losses = losses_of_environment()
        stock = _get_stock_model(self, cfg, weights, verbose)
        stock.__class__ = AutolossModel
        stock.autoloss = losses
        model: AutolossModel = stock
        return model


def trainer(cls: str | None = None, reg: str | None = None, quality: str = "iou") -> type[AutolossTrainer]:
    """The trainer class to give to `YOLO.train(trainer=...)`; holds for all trainings of this process from now on.

    Args:
        cls, reg: a built-in name, a formula or the path of a card; None leaves Ultralytics' own. Tried out at once.
        quality: see `adapted`.

    Raises ValueError where neither is given or what is given is no loss, TypeError for what is no text.
    """
    for loss, kind, place in ((cls, BinaryClsLoss, "cls"), (reg, RegLoss, "reg")):
        if loss is not None and not isinstance(loss, str):
            raise TypeError(f"{place} is of type {type(loss).__name__}: it travels to other processes as text")
        if loss is not None:
            _loss(loss, kind, place)
    if quality not in QUALITIES:
        raise ValueError(f"quality is {' or '.join(QUALITIES)}, not {quality!r}")
    os.environ.update({CLS_VARIABLE: cls or "", REG_VARIABLE: reg or "", QUALITY_VARIABLE: quality})
    losses_of_environment()
    return AutolossTrainer


def losses_of_environment() -> tuple[str | None, str | None, str]:
    """What `trainer` was given: cls, reg and quality. Raises ValueError where it was given no loss."""
    cls, reg = (os.environ.get(variable) or None for variable in (CLS_VARIABLE, REG_VARIABLE))
    if cls is None and reg is None:
        raise ValueError("no loss is named: give the training trainer=autoloss.ultralytics.trainer(cls=..., reg=...)")
    return cls, reg, os.environ.get(QUALITY_VARIABLE) or "iou"


class _ClassLoss(nn.Module):
    """Stands in for BCEWithLogitsLoss(reduction="none"): the loss of each entry."""

    def __init__(self, loss: BinaryClsLoss) -> None:
        super().__init__()
        self.loss = loss
        self.iou: Tensor | None = None
        """Of every place (images x places), for the next call; without it Q is the assigned score."""

    def forward(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Entries (as `scores`: images x places x classes) for soft targets of the same shape."""
        logits, soft = scores.flatten(0, -2), computed(targets.detach().flatten(0, -2))
        iou, self.iou = self.iou, None
        quality = fed(self.loss, soft.amax(1) if iou is None else iou.flatten())
        entries: Tensor = self.loss(logits, (soft > 0).to(soft.dtype), reduction_override="none", iou=quality)
        return entries.expand_as(logits).reshape(scores.shape)


class _Assigner(nn.Module):
    """Ultralytics' assigner; tells the class loss the IoU of every decoded box with the box that it is assigned."""

    def __init__(self, stock: nn.Module, loss: _ClassLoss) -> None:
        super().__init__()
        self.stock, self.loss = stock, loss

    @torch.no_grad()
    def forward(self, scores: Tensor, boxes: Tensor, *more: Any, **named: Any) -> Any:
        """What the stock one finds; boxes (images x places x 4) and assigned ones come in the same unit."""
        found = self.stock(scores, boxes, *more, **named)
        goal, chosen = found[1], found[3].bool()
        iou = torch.zeros(chosen.shape, device=boxes.device)
        iou[chosen] = overlap(boxes[chosen], goal[chosen]).to(iou.dtype)
        self.loss.iou = iou
        return found


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
        """Box and distance loss; boxes (images x places x 4) come in strides, the last arguments are the size of the
        input (height, width) and the stride of each place (places x 1)."""
        distances: Tensor = self.stock(
            pred_dist, pred_bboxes, anchor_points, target_bboxes, target_scores, target_scores_sum, fg_mask, *more
        )[1]
        if len(more) < 2 or not isinstance(more[-1], Tensor) or more[-1].shape[0] != pred_bboxes.shape[1]:
            raise TypeError("this version of Ultralytics gives its box loss no strides: version 8.4 or later is needed")
        chosen = fg_mask.bool()
        scale = self._scale(computed(more[-2]), computed(more[-1]))
        boxes, goal = ((computed(each) * scale)[chosen] for each in (pred_bboxes, target_bboxes))
        weight = computed(target_scores.sum(-1)[chosen])
        loss = self.loss(boxes, goal, weight, avg_factor=computed(target_scores_sum), reduction_override="mean")
        return loss, distances

    def _scale(self, size: Tensor, strides: Tensor) -> Tensor:
        """What multiplies boxes in strides, to have them in the unit of the loss."""
        if self.loss.box_units == "stride":
            return torch.ones_like(strides)
        if self.loss.box_units == "normalized":
            return strides / size[[1, 0, 1, 0]]
        return strides
