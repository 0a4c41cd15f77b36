"""Discovered losses in torchvision's detectors: `autoloss.torchvision.use(model, cls=..., reg=...)`.

Faster R-CNN, Mask R-CNN and Keypoint R-CNN take MULTI_CLS formulas in their box head; FCOS and RetinaNet take
BINARY_CLS formulas. All take REG formulas on decoded boxes in pixels of the network's input. The losses of proposals,
masks, keypoints and centerness stay torchvision's.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.fcos import FCOSHead
from torchvision.models.detection.retinanet import RetinaNetHead
from torchvision.models.detection.roi_heads import RoIHeads

from .adapting import Counts, fed, resolved, resolved_boxes
from .boxes import computed, overlap
from .classification import BinaryClsLoss, MultiClsLoss
from .deltas import DeltaLoss
from .regression import RegLoss

Targets = list[dict[str, Tensor]]


def use(model: nn.Module, cls: object = None, reg: object = None, *, centerness: str = "stock") -> Attached:
    """Trains `model` with other losses, until `restore` is called on the result or its `with` block ends.

    Args:
        model: a torchvision detector, also one wrapped for several GPUs.
        cls, reg: a built-in name ("cse-autoloss-a"), a formula, a card, the path of one, or a loss module. None leaves
            torchvision's own. What the sum is divided by is the card's `average_by`; without a card the sampled
            boxes of all images (two stages), or the positive places of all images (one stage). A name or a formula
            as `reg` weighs 10 in two stages and 1 in one stage; a card or a module weighs what it says.
        centerness: FCOS: "stock", or "iou" for the IoU of the decoded box as target, as CSE-Autoloss-B was trained.

    The losses follow where heads or predictors are exchanged afterwards, as one does for fine-tuning. A second call
    replaces the first. Parameters, state dict and predictions are untouched. Raises TypeError for a model without a
    known head or in nn.DataParallel and for a loss of another mode, LossError for one that is not reduced or wants
    boxes in another unit than pixels, ValueError where neither loss is given, the errors of `autoloss.load` for a loss
    that is none.
    """
    if isinstance(model, nn.DataParallel):
        raise TypeError("torchvision's detectors do not train in nn.DataParallel: take DistributedDataParallel")
    inner = model.module if isinstance(model, nn.parallel.DistributedDataParallel) else model
    if centerness not in ("stock", "iou"):
        raise ValueError(f"centerness is stock or iou, not {centerness!r}")
    if cls is None and reg is None and centerness == "stock":
        raise ValueError("no loss is given: name one, cls=... or reg=...")
    head = _head(inner)
    regression = None if reg is None else resolved_boxes(reg, "reg", two_stages=isinstance(head, RoIHeads))
    attached: Attached
    if isinstance(head, RoIHeads):
        if centerness != "stock":
            raise ValueError("centerness is a branch of FCOS alone")
        attached = _TwoStage(head, None if cls is None else resolved(cls, MultiClsLoss, "cls"), regression)
    elif isinstance(head, (FCOSHead, RetinaNetHead)):
        if centerness != "stock" and not isinstance(head, FCOSHead):
            raise ValueError("centerness is a branch of FCOS alone")
        classification = None if cls is None else resolved(cls, BinaryClsLoss, "cls")
        attached = _OneStage(head, classification, regression, centerness)
    else:
        raise TypeError(f"{type(inner).__name__} has no head of Faster R-CNN, Mask R-CNN, FCOS or RetinaNet")
    before = inner.__dict__.get("_autoloss_attached")
    if before is not None:
        before.restore()
    inner.__dict__["_autoloss_attached"] = attached
    attached.attach(inner)
    return attached


def _head(model: nn.Module) -> Any:
    return getattr(model, "roi_heads", None) or getattr(model, "head", None)


class Attached:
    """The losses in a model; as a context manager they are taken out at its end."""

    head: Any
    kinds: tuple[type, ...]
    """The heads that the losses can go to."""
    watch: Any = None

    def attach(self, model: nn.Module) -> None:
        """Puts the losses in; they go along where a head of the same kind takes the place of this one."""
        self._enter()
        self.watch = model.register_forward_pre_hook(self._follow)

    def restore(self) -> None:
        """Takes the losses out: torchvision's own are back. Again is harmless."""
        if self.watch is not None:
            self.watch.remove()
            self.watch = None
        self._leave()

    def _enter(self) -> None:
        raise NotImplementedError

    def _leave(self) -> None:
        raise NotImplementedError

    def _follow(self, model: nn.Module, inputs: Any) -> None:
        """Before every pass: a head that was exchanged after `use` gets the losses too."""
        head = _head(model)
        if head is self.head:
            return
        if not isinstance(head, self.kinds):
            raise RuntimeError(
                f"the head is a {type(head).__name__} now, and the losses were put into a {type(self.head).__name__}: "
                "call autoloss.torchvision.use again"
            )
        self._leave()
        self.head = head
        self._enter()

    def __enter__(self) -> Attached:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.restore()


class _TwoStage(Attached):
    """Watches the box head and exchanges the two losses that it returns.

    torchvision computes its own as well, without a backward pass: a thousandth of a training step.
    """

    def __init__(
        self, head: RoIHeads, classification: MultiClsLoss | None, regression: RegLoss | DeltaLoss | None
    ) -> None:
        self.head, self.classification, self.regression = head, classification, regression
        self.kinds = (RoIHeads,)
        self.samples: tuple[Tensor, Tensor, Tensor, int] | None = None
        self.outputs: tuple[Tensor, Tensor] | None = None
        self.hooks: list[Any] = []

    def _enter(self) -> None:
        self.head.__dict__["select_training_samples"] = self._select
        self.hooks = [self.head.register_forward_hook(self._computed)]

    def _leave(self) -> None:
        self.head.__dict__.pop("select_training_samples", None)
        self._keep_hooks(0)

    def _keep_hooks(self, count: int) -> None:
        for hook in self.hooks[count:]:
            hook.remove()
        del self.hooks[count:]

    def _select(self, proposals: list[Tensor], targets: Targets) -> Any:
        """torchvision's sampling, remembered: proposals, labels and matched boxes of all images."""
        chosen = type(self.head).select_training_samples(self.head, proposals, targets)
        kept, matched, labels, _ = chosen
        boxes = [
            target["boxes"].to(proposal)[index] if len(target["boxes"]) else torch.zeros_like(proposal)
            for target, index, proposal in zip(targets, matched, kept, strict=True)
        ]
        self.samples = (torch.cat(kept), torch.cat(labels), torch.cat(boxes), len(kept))
        # Every time anew: fine-tuning exchanges the predictor, before or after `use`.
        self._keep_hooks(1)
        self.hooks.append(self.head.box_predictor.register_forward_hook(self._predicted))
        return chosen

    def _predicted(self, module: nn.Module, inputs: Any, output: tuple[Tensor, Tensor]) -> None:
        self.outputs = output

    def _computed(self, module: nn.Module, inputs: Any, output: tuple[Any, dict[str, Tensor]]) -> Any:
        if getattr(module, "_is_replica", False):
            raise RuntimeError("the losses do not follow a model into nn.DataParallel: take DistributedDataParallel")
        samples, outputs = self.samples, self.outputs
        self.samples = self.outputs = None
        self._keep_hooks(1)
        if not self.head.training:
            return None
        if samples is None or outputs is None:
            raise RuntimeError(
                f"{type(self.head).__name__} trains without select_training_samples or without calling its "
                "box_predictor, so the losses see nothing: only heads that train as torchvision's RoIHeads can be used"
            )
        result, losses = output
        return result, {**losses, **self._losses(outputs, samples)}

    def _losses(self, outputs: tuple[Tensor, Tensor], samples: tuple[Tensor, Tensor, Tensor, int]) -> dict[str, Tensor]:
        (logits, deltas), (proposals, labels, targets, images) = outputs, samples
        with torch.autocast(logits.device.type, enabled=False):
            positive = torch.where(labels > 0)[0]
            of_class = deltas.reshape(len(labels), -1, 4)
            # a predictor that does not tell classes apart has four numbers a box
            column = labels[positive] if of_class.shape[1] > 1 else torch.zeros_like(positive)
            coder: BoxCoder = self.head.box_coder
            codes, froms, goal = (
                computed(of_class[positive, column]),
                computed(proposals[positive]),
                computed(targets[positive]),
            )
            boxes = coder.decode_single(codes, froms)
            counts = Counts(len(labels), (labels > 0).sum(), images)
            losses = {}
            if self.classification is not None:
                # torchvision's background is class 0, the formulas' is the last one
                rolled, label = logits.roll(-1, 1), (labels - 1) % logits.shape[1]
                average = counts.divisor(self.classification)
                iou = fed(self.classification, overlap(boxes, goal))
                losses["loss_classifier"] = self.classification(rolled, label, avg_factor=average, iou=iou)
            if self.regression is not None:
                pair = (
                    (codes, coder.encode_single(goal, froms))
                    if isinstance(self.regression, DeltaLoss)
                    else (boxes, goal)
                )
                losses["loss_box_reg"] = self.regression(*pair, avg_factor=counts.divisor(self.regression))
            return losses


class _OneStage(Attached):
    """Stands in for the head's `compute_loss` and exchanges the losses of classes and boxes."""

    def __init__(
        self,
        head: FCOSHead | RetinaNetHead,
        classification: BinaryClsLoss | None,
        regression: RegLoss | DeltaLoss | None,
        centerness: str,
    ) -> None:
        self.head, self.classification, self.regression = head, classification, regression
        self.centerness = centerness
        self.kinds = (FCOSHead,) if isinstance(head, FCOSHead) else (RetinaNetHead,)

    def _enter(self) -> None:
        self.head.__dict__["compute_loss"] = self._compute

    def _leave(self) -> None:
        self.head.__dict__.pop("compute_loss", None)

    def _compute(
        self, targets: Targets, head_outputs: dict[str, Tensor], anchors: list[Tensor], matched_idxs: list[Tensor]
    ) -> dict[str, Tensor]:
        losses: dict[str, Tensor] = type(self.head).compute_loss(
            self.head, targets, head_outputs, anchors, matched_idxs
        )
        logits = head_outputs["cls_logits"]
        with torch.autocast(logits.device.type, enabled=False):
            matched = torch.stack(matched_idxs)
            pairs = [_matched(target, index) for target, index in zip(targets, matched_idxs, strict=True)]
            labels = torch.stack([label for label, _ in pairs])
            goals = torch.stack([goal for _, goal in pairs])
            positive = matched >= 0
            codes = computed(head_outputs["bbox_regression"][positive])
            froms, goal = computed(torch.stack(anchors)[positive]), computed(goals[positive])
            boxes = self._decoded(codes, froms)
            iou = overlap(boxes, goal)
            # RetinaNet: -2 is neither positive nor background
            judged = matched >= -1
            counts = Counts(positive.sum(), positive.sum(), len(targets))
            if self.classification is not None:
                losses["classification"] = self.classification(
                    logits[judged],
                    labels[judged],
                    avg_factor=counts.divisor(self.classification),
                    iou=fed(self.classification, iou),
                )
            if self.regression is not None:
                pair = (codes, self._encoded(goal, froms)) if isinstance(self.regression, DeltaLoss) else (boxes, goal)
                losses["bbox_regression"] = self.regression(*pair, avg_factor=counts.divisor(self.regression))
            if self.centerness == "iou":
                predicted = computed(head_outputs["bbox_ctrness"].squeeze(2)[positive])
                total = functional.binary_cross_entropy_with_logits(predicted, iou.to(predicted), reduction="sum")
                losses["bbox_ctrness"] = total / counts.positives.clamp(min=1)
        return losses

    def _decoded(self, codes: Tensor, anchors: Tensor) -> Tensor:
        boxes: Tensor
        if isinstance(self.head, FCOSHead):
            boxes = self.head.box_coder.decode(codes, anchors)
        else:
            boxes = self.head.regression_head.box_coder.decode_single(codes, anchors)
        return boxes

    def _encoded(self, boxes: Tensor, anchors: Tensor) -> Tensor:
        codes: Tensor
        if isinstance(self.head, FCOSHead):
            codes = self.head.box_coder.encode(anchors, boxes)
        else:
            codes = self.head.regression_head.box_coder.encode_single(boxes, anchors)
        return codes


def _matched(target: dict[str, Tensor], index: Tensor) -> tuple[Tensor, Tensor]:
    """Label (-1 where there is no match) and matched box of every place of one image."""
    if len(target["labels"]) == 0:
        return torch.full_like(index, -1), target["boxes"].new_zeros(len(index), 4)
    nearest = index.clamp(min=0)
    return target["labels"][nearest].masked_fill(index < 0, -1), target["boxes"][nearest]
