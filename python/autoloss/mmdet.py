"""Discovered losses in mmdetection 3: `custom_imports = dict(imports=["autoloss.mmdet"])`, then in a head

    loss_cls=dict(type="AutolossMultiCls", formula="cse-autoloss-a")                      # two stages
    loss_cls=dict(type="AutolossBinaryCls", formula="focal", use_sigmoid=True)   # one stage
    loss_bbox=dict(type="AutolossReg", formula="cse-autoloss-a")                          # with reg_decoded_bbox=True

Stock heads feed no IoU: Z is 1 and Q is 0 then (a warning says so). `with_iou` makes a box head that does; it is
registered as AutolossShared2FCBBoxHead. Registered where mmdetection is installed; the classes work without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from .adapting import Loss, resolved
from .boxes import overlap
from .classification import BinaryClsLoss, MultiClsLoss
from .regression import RegLoss

Head = TypeVar("Head", bound=type)


class _Wrapped(nn.Module, Generic[Loss]):
    """A loss with the settings of its card, of which a configuration may change weight and reduction."""

    def __init__(self, kind: type[Loss], formula: object, loss_weight: float | None, reduction: str | None) -> None:
        super().__init__()
        self.loss = resolved(formula, kind, "formula")
        if loss_weight is not None:
            self.loss.loss_weight = float(loss_weight)
        if reduction is not None:
            self.loss.reduction = reduction
        self.iou: Tensor | None = None

    @property
    def loss_weight(self) -> float:
        """Multiplies the reduced loss."""
        return self.loss.loss_weight

    @contextmanager
    def fed(self, iou: Tensor) -> Iterator[None]:
        """Inside the block Z or Q hold these IoUs, one for each row or each positive row."""
        self.iou = iou
        try:
            yield
        finally:
            self.iou = None

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | Tensor | None = None,
        reduction_override: str | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """mmdetection's signature; see the module of the formula for shapes."""
        more = {} if self.iou is None else {"iou": self.iou}
        loss: Tensor = self.loss(pred, target, weight, avg_factor, reduction_override, **more)
        return loss


class AutolossMultiCls(_Wrapped[MultiClsLoss]):
    """A MULTI_CLS formula for softmax heads (box heads of two-stage detectors)."""

    use_sigmoid = False

    def __init__(
        self,
        formula: object = "cse-autoloss-a",
        loss_weight: float | None = None,
        reduction: str | None = None,
        use_sigmoid: bool = False,
    ) -> None:
        """`formula`: a built-in name, a formula, a card or the path of one. Weight and reduction None: the card's."""
        super().__init__(MultiClsLoss, formula, loss_weight, reduction)
        if use_sigmoid:
            raise ValueError("AutolossMultiCls is for softmax heads: use AutolossBinaryCls with use_sigmoid=True")


class AutolossBinaryCls(_Wrapped[BinaryClsLoss]):
    """A BINARY_CLS formula for sigmoid heads; labels may come as (labels, IoUs), as for quality focal loss."""

    use_sigmoid = True

    def __init__(
        self,
        formula: object = "focal",
        loss_weight: float | None = None,
        reduction: str | None = None,
        use_sigmoid: bool = True,
    ) -> None:
        """The head reads `use_sigmoid` from the configuration, so it must say True there."""
        super().__init__(BinaryClsLoss, formula, loss_weight, reduction)
        if not use_sigmoid:
            raise ValueError("AutolossBinaryCls is for sigmoid heads: use_sigmoid must be True")


class AutolossReg(_Wrapped[RegLoss]):
    """A REG formula of decoded boxes (`reg_decoded_bbox=True` in box and anchor heads)."""

    def __init__(
        self, formula: object = "cse-autoloss-a", loss_weight: float | None = None, reduction: str | None = None
    ) -> None:
        """Weights of N×4 become their row's mean, as in mmdetection's IoU losses."""
        super().__init__(RegLoss, formula, loss_weight, reduction)


def with_iou(head: Head) -> Head:
    """A subclass of a box head of mmdetection whose classification loss gets the IoU of each decoded positive box."""

    def loss(
        self: Any, cls_score: Tensor, bbox_pred: Tensor, rois: Tensor, labels: Tensor, *more: Any, **named: Any
    ) -> Any:
        targets = more[1] if len(more) > 1 else named["bbox_targets"]
        if not isinstance(self.loss_cls, AutolossMultiCls):
            return head.loss(self, cls_score, bbox_pred, rois, labels, *more, **named)  # type: ignore[attr-defined]
        with self.loss_cls.fed(positive_ious(self, bbox_pred, rois, labels, targets)):
            return head.loss(self, cls_score, bbox_pred, rois, labels, *more, **named)  # type: ignore[attr-defined]

    made: Any = type(f"Autoloss{head.__name__}", (head,), {"loss": loss, "__module__": __name__})
    result: Head = made
    return result


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
    places, goal = rois[positive, 1:].float(), bbox_targets[positive].float()
    if not len(positive):
        return goal.new_zeros(0)
    boxes = head.bbox_coder.decode(places, codes[positive, column].float())
    return overlap(boxes, goal if head.reg_decoded_bbox else head.bbox_coder.decode(places, goal))


def register() -> None:
    """Puts the losses into mmdetection's registry, and the box head where mmdetection's models can be imported."""
    from mmdet.registry import MODELS

    for kind in (AutolossMultiCls, AutolossBinaryCls, AutolossReg):
        MODELS.register_module(module=kind, force=True)
    try:
        from mmdet.models.roi_heads.bbox_heads import Shared2FCBBoxHead
    except ImportError:  # mmcv without its compiled operators
        return
    MODELS.register_module(module=with_iou(Shared2FCBBoxHead), force=True)


if find_spec("mmdet") is not None:
    register()
