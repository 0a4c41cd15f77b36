"""Discovered losses in mmdetection 3: `custom_imports = dict(imports=["autoloss.mmdet"])`, then in a head

    loss_cls=dict(type="AutolossMultiCls", formula="cse-autoloss-a")                    # two stages
    loss_cls=dict(type="AutolossBinaryCls", formula="cse-autoloss-b", use_sigmoid=True)  # one stage
    loss_bbox=dict(type="AutolossReg", formula="cse-autoloss-a")                        # with reg_decoded_bbox=True

Stock heads feed no IoU: Z is 1 there (a warning says so), and a formula that reads Q is refused. `with_iou` makes heads
that do; AutolossConvFCBBoxHead, AutolossShared2FCBBoxHead, AutolossShared4Conv1FCBBoxHead, AutolossFCOSHead,
AutolossATSSHead and AutolossRetinaHead are registered. Registered where mmdetection is installed; the losses work
without it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Generic

from torch import Tensor, nn

from .adapting import Counts, Loss, fed, resolved
from .classification import BinaryClsLoss, MultiClsLoss
from .errors import AutolossWarning, LossError
from .reduction import checked_reduction, checked_weight
from .regression import WEIGHTINGS, RegLoss


class _Wrapped(nn.Module, Generic[Loss]):
    """A loss with the settings of its card, of which a configuration may change weight and reduction."""

    def __init__(self, kind: type[Loss], formula: object, loss_weight: float | None, reduction: str | None) -> None:
        super().__init__()
        self.loss = resolved(formula, kind, "formula")
        if loss_weight is not None:
            self.loss.loss_weight = checked_weight(loss_weight)
        if reduction is not None:
            self.loss.reduction = checked_reduction(reduction)
        if self.loss.reduction == "none":
            raise ValueError("a training needs one number: the reduction is mean or sum, not none")
        self.iou: Tensor | None = None
        self.counts: Counts | None = None

    @property
    def loss_weight(self) -> float:
        """Multiplies the reduced loss."""
        return self.loss.loss_weight

    @contextmanager
    def fed(self, iou: Tensor, counts: Counts | None = None) -> Iterator[None]:
        """Inside the block Z or Q hold these IoUs, one for each row or each positive row.

        With `counts` the sum is divided by the card's `average_by` in place of what the head says.
        """
        self.iou, self.counts = iou, counts
        try:
            yield
        finally:
            self.iou = self.counts = None

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | Tensor | None = None,
        reduction_override: str | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """mmdetection's signature; see the module of the formula for shapes.

        A configured reduction "sum" is not divided by what the head says. Other keywords of heads are ignored.
        """
        if reduction_override is None:
            if self.counts is not None:
                avg_factor = self.counts.divisor(self.loss)
            elif self.loss.reduction == "sum":
                avg_factor = None
        more = {} if self.iou is None else {"iou": fed(self.loss, self.iou)}
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
        use_sigmoid: bool = False,
    ) -> None:
        """`use_sigmoid` must be given as True: heads read it from the configuration, and count a background class
        without it."""
        super().__init__(BinaryClsLoss, formula, loss_weight, reduction)
        if not use_sigmoid:
            raise ValueError("AutolossBinaryCls is for sigmoid heads: write use_sigmoid=True in the configuration")

    def forward(self, pred: Tensor, target: Any, *more: Any, **named: Any) -> Tensor:
        """mmdetection's signature. Raises LossError where the formula reads Q and the head feeds no IoU: the formula
        would not see the positives."""
        needs_iou = self.loss.iou == "decoded_box" and "Q" in self.loss.formula.variables
        if needs_iou and self.iou is None and not isinstance(target, tuple):
            raise LossError(
                "noIoU",
                f"{self.loss.formula} reads Q, but this head feeds no IoU, so that it would see no positives: take a "
                "head that does (AutolossFCOSHead, AutolossATSSHead, AutolossRetinaHead, or autoloss.mmdet.with_iou "
                "of yours), or a loss without Q such as 'focal'",
            )
        return super().forward(pred, target, *more, **named)


class AutolossReg(_Wrapped[RegLoss]):
    """A REG formula of decoded boxes (`reg_decoded_bbox=True` in box and anchor heads)."""

    def __init__(
        self,
        formula: object = "cse-autoloss-a",
        loss_weight: float | None = None,
        reduction: str | None = None,
        weighting: str = "per_box",
    ) -> None:
        """Weighting "per_box": weights of N×4 become their row's mean, as in mmdetection's IoU losses. "original": as
        in the authors' module, which averages N weights to one number (their FCOS and ATSS trainings)."""
        super().__init__(RegLoss, formula, loss_weight, reduction)
        if weighting not in WEIGHTINGS:
            raise ValueError(f"weighting '{weighting}' is not known: use one of {', '.join(WEIGHTINGS)}")
        self.loss.weighting = weighting


def register() -> None:
    """Puts the losses into mmdetection's registry, and the heads where mmdetection's models can be imported."""
    from mmdet.registry import MODELS

    for kind in (AutolossMultiCls, AutolossBinaryCls, AutolossReg):
        MODELS.register_module(module=kind, force=True)
    try:
        from mmdet.models.dense_heads import ATSSHead, FCOSHead, RetinaHead
        from mmdet.models.roi_heads.bbox_heads import ConvFCBBoxHead, Shared2FCBBoxHead, Shared4Conv1FCBBoxHead
    except ImportError as error:  # mmcv without its compiled operators
        told = f"mmdetection's heads cannot be imported ({error}): no Autoloss heads are registered, only losses"
        warnings.warn(AutolossWarning("noHeads", told), stacklevel=2)
        return
    for head in (ConvFCBBoxHead, Shared2FCBBoxHead, Shared4Conv1FCBBoxHead, FCOSHead, ATSSHead, RetinaHead):
        MODELS.register_module(module=with_iou(head), force=True)


def with_iou(head: type) -> type:
    """A subclass of a head of mmdetection whose classification loss gets the IoU of each decoded positive box.

    See `autoloss.mmdet_heads`. Raises TypeError for a head whose losses are computed in another way than those of
    mmdetection's BBoxHead, FCOSHead, ATSSHead or AnchorHead (RetinaHead).
    """
    from .mmdet_heads import feeding

    return feeding(head)


if find_spec("mmdet") is not None:
    register()
