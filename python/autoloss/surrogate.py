"""Auto Seg-Loss: segmentation metrics as losses, each logic gate of the metric replaced by a curve (Li et al., ICLR
2021).

The value and gradient are those of the original; the work is not: a curve that only the true class needs is evaluated
at the true class only, no one-hot maps are kept, and every curve saves one tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from . import label_maps
from .arguments import need_tensor
from .boxes import full_precision
from .cards import LossCard, Surrogate
from .curves import Curve, Parameterization, check_growth, checked_parameterization, refuse_second_derivative
from .functions import shifted
from .reduction import checked_weight
from .segmentation_metrics import PUBLISHED_THETA, Metric

EPSILON = 1e-8
MAXIMUM_TOLERANCE = 1024
"""In pixels, as in the Swift program."""


class SurrogateLoss(nn.Module):
    """`loss_weight` * (1 - surrogate of a segmentation metric), over a batch.

    Args:
        metric: mIoU, FWIoU, mAcc, gAcc, BIoU or BF1.
        theta: control points of all curves one after the other, in [0, 1]; None takes the published ones (Bezier).
            mIoU, FWIoU, BIoU: intersection, union. mAcc, gAcc: intersection. BF1: AND of prediction, AND of eroded
            prediction, OR of prediction, OR of eroded prediction.
        parameterization: "bezier" or "piecewise_linear".
        tolerance: BIoU and BF1: how far the edges are widened, 0 to 1024 pixels.
        drop_background: BIoU: class 0 has no edges; BF1: class 0 is left out. None is True for BIoU alone, as
            published.
        ignore_index: pixels of this label count nowhere, nor do labels outside the classes.
        loss_weight: multiplies the loss.

    Half precision logits are computed in float32, also under autocast.
    """

    def __init__(
        self,
        metric: str | Metric,
        theta: Sequence[float] | None = None,
        *,
        parameterization: Parameterization = "bezier",
        tolerance: int = 5,
        drop_background: bool | None = None,
        ignore_index: int | None = 255,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.metric = Metric.named(metric)
        if theta is None:
            if parameterization != "bezier":
                raise ValueError("the published control points are of Bezier curves: give theta for another one")
            theta = PUBLISHED_THETA[self.metric]
        self.theta = tuple(float(number) for number in theta)
        self.parameterization = checked_parameterization(parameterization)
        self.tolerance = checked_tolerance(tolerance)
        self.drop_background = self.metric is Metric.BIOU if drop_background is None else drop_background
        self.ignore_index = ignore_index
        self.loss_weight = checked_weight(loss_weight)
        self.card: LossCard | None = None
        """The card that the loss was loaded from."""
        self.curves = curves_of(self.metric, self.theta, parameterization)

    @classmethod
    def from_card(cls, card: LossCard, *, ignore_index: int | None = 255) -> SurrogateLoss:
        """The loss of a card of mode SURROGATE. Raises ValueError for another card."""
        kind = card.kind
        if not isinstance(kind, Surrogate):
            raise ValueError(f"card {card.name} is of mode {card.mode}, a segmentation surrogate has mode SURROGATE")
        loss = cls(
            kind.metric,
            kind.theta,
            parameterization=checked_parameterization(kind.parameterization),
            tolerance=kind.tolerance,
            drop_background=kind.drop_background,
            ignore_index=ignore_index,
            loss_weight=card.loss_weight,
        )
        loss.card = card
        return loss

    def forward(self, logits: Tensor, labels: Tensor, weight: Tensor | None = None) -> Tensor:
        """The loss (a scalar) of `logits` (N x C x H x W) against `labels` (N x H x W integers).

        `weight` (N x H x W, optional; not with BF1) counts each pixel that many times. With nothing to judge, FWIoU
        and BF1 are nan and the others `loss_weight`, with gradient 0, as in the original.
        """
        need_tensor("logits", logits)
        need_tensor("labels", labels)
        if logits.dim() != 4 or not logits.is_floating_point() or 0 in logits.shape[1:]:
            shape = tuple(logits.shape)
            raise ValueError(
                f"logits are N x C x H x W floating-point numbers, not of shape {shape} and {logits.dtype}"
            )
        if logits.shape[1] < 2:
            raise ValueError(
                "logits have one channel, whose softmax is 1 everywhere, so that nothing would be trained: give two "
                "channels, background and object (in mmsegmentation num_classes=2, out_channels=2)"
            )
        labels = label_maps.clean_labels(labels, logits.shape[1], self.ignore_index)
        if labels.shape != logits[:, 0].shape:
            raise ValueError(f"logits {tuple(logits.shape)} and labels {tuple(labels.shape)} differ in size")
        if weight is not None:
            need_tensor("weight", weight)
        if weight is not None and (self.metric is Metric.BF1 or weight.shape != labels.shape):
            raise ValueError("pixel weights are N x H x W, and BF1 takes none")
        with full_precision(logits.device):
            if logits.dtype in (torch.float16, torch.bfloat16):
                logits = logits.float()
            probabilities = logits.softmax(1)
            return self.loss_weight * (1 - self._score(probabilities, labels, weight))

    def _score(self, probabilities: Tensor, labels: Tensor, weight: Tensor | None) -> Tensor:
        if self.metric is Metric.BF1:
            return self._boundary_f1(probabilities, labels)
        counted = labels != label_maps.IGNORED
        if self.metric is Metric.BIOU:
            band = label_maps.class_boundaries(labels, probabilities.shape[1])
            if self.drop_background:
                band &= labels != 0
            near = label_maps.dilated(band[:, None].to(torch.float32), self.tolerance)[:, 0]
            counted = counted & (near > 0)
        amount = counted.to(probabilities.dtype)
        if weight is not None:
            amount = amount * weight.to(amount.dtype)
        targets = labels.clamp(min=0)
        true = probabilities.gather(1, targets[:, None])[:, 0]
        classes = probabilities.shape[1]
        count = _class_sums(amount, targets, classes)
        inter = _class_sums(self.curves[0].apply(true) * amount, targets, classes)
        if self.metric is Metric.GACC:
            return inter.sum() / shifted(count.sum(), EPSILON)
        if self.metric is Metric.MACC:
            return (inter / shifted(count, EPSILON)).mean()
        elsewhere: Tensor = _OffTargetSums.apply(probabilities, targets, amount, self.curves[1])[0]
        union = count + elsewhere
        quotient = inter / shifted(union, EPSILON)
        if self.metric is Metric.FWIOU:
            return _ratio_or_nan((quotient * count).sum(), count.sum())
        return quotient.mean()

    def _boundary_f1(self, probabilities: Tensor, labels: Tensor) -> Tensor:
        and_p, and_e, or_p, or_e = self.curves
        classes = probabilities.shape[1]
        edges = label_maps.class_boundaries(labels, classes)
        first = 1 if self.drop_background else 0
        numbers = torch.arange(first, classes, device=labels.device)
        truth = (edges[:, None] & (labels[:, None] == numbers[None, :, None, None])).to(probabilities.dtype)
        wide_truth = label_maps.dilated(truth, self.tolerance)
        probabilities = probabilities[:, first:]
        worn = label_maps.eroded(probabilities)
        one, other = or_p.apply(probabilities), or_e.apply(worn)
        predicted = one + other - one * other - and_p.apply(probabilities) * and_e.apply(worn)
        wide_predicted = label_maps.dilated(predicted, self.tolerance)
        sides = (0, 2, 3)
        truths = truth.sum(sides)
        precision = (predicted * wide_truth).sum(sides) / shifted(predicted.sum(sides), EPSILON)
        recall = (wide_predicted * truth).sum(sides) / shifted(truths, EPSILON)
        f1 = 2 * precision * recall / shifted(precision + recall, EPSILON)
        present = truths > 0
        return _ratio_or_nan(torch.where(present, f1, torch.zeros_like(f1)).sum(), present.sum())

    def extra_repr(self) -> str:
        """What print(module) shows."""
        return (
            f"{self.metric.value}, {self.parameterization}, tolerance={self.tolerance}, "
            f"drop_background={self.drop_background}, ignore_index={self.ignore_index}, loss_weight={self.loss_weight}"
        )


def checked_tolerance(tolerance: int) -> int:
    """A number of pixels; raises ValueError outside 0 ... 1024."""
    if not 0 <= tolerance <= MAXIMUM_TOLERANCE or int(tolerance) != tolerance:
        raise ValueError(f"tolerance is a whole number of pixels in 0 ... {MAXIMUM_TOLERANCE}, not {tolerance}")
    return int(tolerance)


def curves_of(metric: Metric, theta: Sequence[float], parameterization: str) -> list[Curve]:
    """The curves of a theta: equal parts of it, in order. Raises ValueError naming the number that is wrong."""
    size, rest = divmod(len(theta), metric.curves)
    if rest or not size:
        raise ValueError(f"{metric.value} has {metric.curves} curves, so theta cannot have {len(theta)} numbers")
    parts = [theta[index * size : (index + 1) * size] for index in range(metric.curves)]
    curves = []
    for number, part in enumerate(parts):
        try:
            curves.append(Curve.from_points(part, checked_parameterization(parameterization)))
            check_growth(part, "y")  # A falling curve is no gate.
        except ValueError as error:
            raise ValueError(f"theta, curve {number + 1} of {metric.curves} of {metric.value}: {error}") from None
    return curves


def _class_sums(values: Tensor, targets: Tensor, classes: int) -> Tensor:
    """The sum of `values` (N x H x W) over the pixels of each class (C)."""
    return values.new_zeros(classes).index_add(0, targets.reshape(-1), values.reshape(-1))


def _ratio_or_nan(total: Tensor, count: Tensor) -> Tensor:
    """total / count; without a count nan, and then no gradient."""
    some = count > 0
    return torch.where(some, total / torch.where(some, count, torch.ones_like(count)), torch.nan)


class _OffTargetSums(torch.autograd.Function):
    """For each class the sum over the counted pixels of other classes of the curve at its probability (C).

    And the slope at every probability (N x C x H x W), 0 where nothing is counted.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(probabilities: Tensor, targets: Tensor, amount: Tensor, curve: Curve) -> tuple[Tensor, Tensor]:
        value, slope = curve.evaluate(probabilities)
        mask = amount[:, None].expand_as(value).scatter(1, targets[:, None], 0)
        return value.mul_(mask).sum((0, 2, 3)), slope.mul_(mask)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(output[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor | None, curvature: Tensor | None) -> tuple[Tensor | None, None, None, None]:
        refuse_second_derivative(curvature)
        (slope,) = ctx.saved_tensors
        return None if gradient is None else slope * gradient[None, :, None, None], None, None, None
