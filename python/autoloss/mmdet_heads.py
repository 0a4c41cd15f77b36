"""Heads of mmdetection 3 whose classification loss gets the IoU of decoded and target boxes; see `mmdet.with_iou`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from mmdet.models.dense_heads import ATSSHead, FCOSHead
from mmdet.models.dense_heads.anchor_head import AnchorHead
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from mmdet.utils import reduce_mean
from torch import Tensor

from .adapting import Counts
from .boxes import computed, overlap
from .errors import AutolossWarning, LossError
from .mmdet import AutolossBinaryCls, AutolossMultiCls, AutolossReg
from .traps import is_scale_dependent


def feeding(head: type) -> type:
    """The subclass `Autoloss…` of a head; see `autoloss.mmdet.with_iou`."""
    for stock, mixin, methods in _MIXINS:
        if issubclass(head, stock) and all(getattr(head, name) is getattr(stock, name) for name in methods):
            return type(f"Autoloss{head.__name__}", (mixin, head), {"__module__": __name__})
    raise TypeError(
        f"{head.__name__} computes its losses in its own way: only heads that do as mmdetection's BBoxHead, FCOSHead, "
        "ATSSHead or RetinaHead can be fed"
    )


class _Feeding:
    """What the heads share."""

    loss_cls: Any
    num_classes: int

    def _fed(self, iou: Tensor, counts: Counts | None = None) -> AbstractContextManager[None]:
        """Feeds a loss of ours; any other trains as in the stock head."""
        if not isinstance(self.loss_cls, (AutolossBinaryCls, AutolossMultiCls)):
            return nullcontext()
        fed: AbstractContextManager[None] = self.loss_cls.fed(iou, counts)
        return fed

    def _positives(self, labels: Tensor) -> Tensor:
        return (labels >= 0) & (labels < self.num_classes)

    def _level_ious(
        self: Any, anchors: Tensor, bbox_pred: Tensor, labels: Tensor, bbox_targets: Tensor, decoded: bool
    ) -> Tensor:
        """The IoUs of the positives of one level; whether the targets are boxes or deltas is `decoded`."""
        positive = self._positives(labels.reshape(-1))
        codes = bbox_pred.permute(0, 2, 3, 1).reshape(-1, 4)[positive]
        places, goal = anchors.reshape(-1, 4)[positive], bbox_targets.reshape(-1, 4)[positive]
        goal = goal if decoded else self.bbox_coder.decode(places, goal)
        return overlap(self.bbox_coder.decode(places, computed(codes)), goal)


class _CenternessFeeding(_Feeding):
    """Heads with a centerness branch, which may learn the IoU, as those of CSE-Autoloss-B did."""

    def __init__(self, *given: Any, centerness: str = "stock", **named: Any) -> None:
        """`centerness`: "stock", or "iou" for the IoU of the decoded box as target (it weighs the box loss, too)."""
        if centerness not in ("stock", "iou"):
            raise ValueError(f"centerness is stock or iou, not {centerness!r}")
        super().__init__(*given, **named)
        self.centerness = centerness
        self._target: Tensor | None = None
        self._warn_of_strides()

    def _warn_of_strides(self: Any) -> None:
        """FCOS with `norm_on_bbox` computes box losses in strides, not in pixels."""
        formula = self.loss_bbox.loss.formula if isinstance(self.loss_bbox, AutolossReg) else None
        if getattr(self, "norm_on_bbox", False) and formula is not None and is_scale_dependent(formula):
            told = f"{formula} is another loss at another scale, and norm_on_bbox feeds boxes in strides, not in pixels"
            warnings.warn(AutolossWarning("scaleDependent", told), stacklevel=3)

    def centerness_target(self, *given: Any) -> Tensor:
        """The targets of positives: mmdetection's, or their IoUs."""
        stock: Any = super()
        target: Tensor = stock.centerness_target(*given) if self._target is None else self._target
        return target

    @contextmanager
    def _learning(self, iou: Tensor) -> Iterator[None]:
        self._target = iou if self.centerness == "iou" else None
        try:
            yield
        finally:
            self._target = None


class _FCOS(_CenternessFeeding):
    """All levels and pictures are one call of the loss; its sum is divided by the card's `average_by`."""

    def loss_by_feat(
        self: Any,
        cls_scores: list[Tensor],
        bbox_preds: list[Tensor],
        centernesses: list[Tensor],
        *more: Any,
        **named: Any,
    ) -> Any:
        truths = more[0] if more else named["batch_gt_instances"]
        sizes = [level.shape[-2:] for level in cls_scores]
        device, dtype = bbox_preds[0].device, bbox_preds[0].dtype
        points = self.prior_generator.grid_priors(sizes, dtype=dtype, device=device)
        targets = self.get_targets(points, truths)
        labels, distances = (torch.cat(levels) for levels in targets)
        images, positive = len(cls_scores[0]), self._positives(labels)
        codes = torch.cat([level.permute(0, 2, 3, 1).reshape(-1, 4) for level in bbox_preds])[positive]
        places = torch.cat([level.repeat(images, 1) for level in points])[positive]
        iou = overlap(self.bbox_coder.decode(places, codes), self.bbox_coder.decode(places, distances[positive]))
        count = reduce_mean(positive.sum().float())
        self.__dict__["get_targets"] = lambda *_: targets  # once is enough
        try:
            with self._fed(iou, Counts(count, count, images)), self._learning(iou):
                return super().loss_by_feat(cls_scores, bbox_preds, centernesses, *more, **named)  # type: ignore[misc]
        finally:
            del self.__dict__["get_targets"]


class _ATSS(_CenternessFeeding):
    """Every level is a call of the loss, divided by the samples of all, as the authors of CSE-Autoloss did."""

    def loss_by_feat_single(
        self: Any,
        anchors: Tensor,
        cls_score: Tensor,
        bbox_pred: Tensor,
        centerness: Tensor,
        labels: Tensor,
        label_weights: Tensor,
        bbox_targets: Tensor,
        avg_factor: float,
    ) -> Any:
        iou = self._level_ious(anchors, bbox_pred, labels, bbox_targets, decoded=True)
        with self._fed(iou), self._learning(iou):
            return super().loss_by_feat_single(  # type: ignore[misc]
                anchors, cls_score, bbox_pred, centerness, labels, label_weights, bbox_targets, avg_factor
            )


class _EitherTargets(_Feeding):
    """Heads whose box loss gets boxes or encoded deltas, as `reg_decoded_bbox` says."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """Raises LossError for a formula of boxes that would get deltas."""
        super().__init__(*given, **named)
        self._refuse_deltas()

    def _refuse_deltas(self: Any) -> None:
        if isinstance(self.loss_bbox, AutolossReg) and not self.reg_decoded_bbox:
            raise LossError(
                "encodedBoxes",
                f"{self.loss_bbox.loss.formula} is of the areas of boxes, but without reg_decoded_bbox the head feeds "
                "encoded deltas: write reg_decoded_bbox=True in the configuration of the head",
            )


class _Anchors(_EitherTargets):
    """Every level is a call of the loss, divided by what the head says."""

    def loss_by_feat_single(
        self: Any,
        cls_score: Tensor,
        bbox_pred: Tensor,
        anchors: Tensor,
        labels: Tensor,
        label_weights: Tensor,
        bbox_targets: Tensor,
        *more: Any,
        **named: Any,
    ) -> Any:
        iou = self._level_ious(anchors, bbox_pred, labels, bbox_targets, decoded=self.reg_decoded_bbox)
        with self._fed(iou):
            return super().loss_by_feat_single(  # type: ignore[misc]
                cls_score, bbox_pred, anchors, labels, label_weights, bbox_targets, *more, **named
            )


class _Box(_EitherTargets):
    """The second stage; the sum of the classification loss is divided by the card's `average_by`."""

    def loss(
        self: Any,
        cls_score: Tensor,
        bbox_pred: Tensor,
        rois: Tensor,
        labels: Tensor,
        label_weights: Tensor,
        bbox_targets: Tensor,
        *more: Any,
        **named: Any,
    ) -> Any:
        counts = Counts((label_weights > 0).sum(), self._positives(labels).sum(), len(torch.unique(rois[:, 0])))
        with self._fed(positive_ious(self, bbox_pred, rois, labels, bbox_targets), counts):
            return super().loss(  # type: ignore[misc]
                cls_score, bbox_pred, rois, labels, label_weights, bbox_targets, *more, **named
            )


@torch.no_grad()
def positive_ious(head: Any, bbox_pred: Tensor, rois: Tensor, labels: Tensor, bbox_targets: Tensor) -> Tensor:
    """The IoU (one for each positive row) of decoded and target box, as a BBoxHead holds them.

    Args:
        head: with `num_classes`, `reg_class_agnostic`, `reg_decoded_bbox` and `bbox_coder`.
        bbox_pred: N×4 or N×4C encoded boxes.
        rois: N×5 (image, x1, y1, x2, y2).
        labels: N; `num_classes` is the background.
        bbox_targets: N×4: boxes where `reg_decoded_bbox`, encoded ones otherwise.
    """
    positive = torch.nonzero((labels >= 0) & (labels < head.num_classes)).reshape(-1)
    codes = bbox_pred.reshape(len(labels), -1, 4)
    column = torch.zeros_like(positive) if head.reg_class_agnostic else labels[positive]
    places, goal = computed(rois[positive, 1:]), computed(bbox_targets[positive])
    if not len(positive):
        return goal.new_zeros(0)
    boxes = head.bbox_coder.decode(places, computed(codes[positive, column]))
    return overlap(boxes, goal if head.reg_decoded_bbox else head.bbox_coder.decode(places, goal))


# Stock head, what feeds it, and the methods that a subclass must have left as they are.
_MIXINS: tuple[tuple[type, type, tuple[str, ...]], ...] = (
    (BBoxHead, _Box, ("loss",)),
    (FCOSHead, _FCOS, ("loss_by_feat", "centerness_target")),
    (ATSSHead, _ATSS, ("loss_by_feat", "loss_by_feat_single", "centerness_target")),
    (AnchorHead, _Anchors, ("loss_by_feat", "loss_by_feat_single")),
)
