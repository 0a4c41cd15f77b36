"""The adapters for mmdetection and mmsegmentation: against the real libraries where they are installed (their models
with mmcv-lite and stand-ins for its compiled operators, which losses and heads never call), else by signature alone."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openmmlab
import pytest
import torch
from torch import Tensor

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    openmmlab.stand_in()
    import autoloss.mmdet as detection
    import autoloss.mmseg as segmentation

from autoloss import AutolossWarning, SurrogateLoss
from autoloss.loading import load

needs_mmdet = pytest.mark.skipif(find_spec("mmdet") is None, reason="mmdetection is not installed")
needs_mmseg = pytest.mark.skipif(find_spec("mmseg") is None, reason="mmsegmentation is not installed")

CODER = {"type": "DeltaXYWHBBoxCoder", "target_means": [0.0] * 4, "target_stds": [0.1, 0.1, 0.2, 0.2]}


@pytest.fixture(autouse=True)
def traps_are_known() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def boxes(count: int, seed: int) -> Tensor:
    torch.manual_seed(seed)
    corner = torch.rand(count, 2) * 50
    return torch.cat([corner, corner + 5 + torch.rand(count, 2) * 40], 1)


def test_signature_and_settings() -> None:
    loss = detection.AutolossReg("giou", loss_weight=2.0)
    pred, target = boxes(6, 1), boxes(6, 2)
    weight = torch.tensor([1.0, 0, 1, 1, 0, 1])
    wanted = (load("giou", "REG")(pred, target, reduction_override="none") * weight).sum() / (4 + 1.1920929e-7) * 2
    assert loss(pred, target, weight, 4).item() == pytest.approx(wanted.item(), rel=1e-6)
    assert loss(pred, target, weight, avg_factor=4, reduction_override=None).item() == pytest.approx(wanted.item())
    assert loss(pred, target, torch.zeros(6)).item() == 0
    assert detection.AutolossReg().loss_weight == 10
    assert detection.AutolossMultiCls(reduction="sum").loss.reduction == "sum"
    with pytest.raises(ValueError, match="averaging factor"):
        loss(pred, target, avg_factor=4, reduction_override="sum")


def test_classification_losses_say_what_heads_they_are_for() -> None:
    with pytest.raises(ValueError, match="use AutolossBinaryCls"):
        detection.AutolossMultiCls(use_sigmoid=True)
    with pytest.raises(ValueError, match="use_sigmoid must be True"):
        detection.AutolossBinaryCls(use_sigmoid=False)
    with pytest.raises(ValueError, match="cse-autoloss-b"):
        detection.AutolossMultiCls("cse-autoloss-b")
    with pytest.raises(TypeError, match=r"formula takes a RegLoss \(REG\)"):
        detection.AutolossReg(load("focal", "BINARY_CLS"))


def test_a_stock_head_feeds_no_iou_and_is_told() -> None:
    loss = detection.AutolossMultiCls("cse-autoloss-a")
    logits, labels, weights = torch.randn(5, 4), torch.tensor([0, 1, 2, 3, 3]), torch.ones(5)
    with pytest.warns(AutolossWarning, match="no IoU is fed"):
        found = loss(logits, labels, weights, avg_factor=5.0)
    plain = torch.nn.functional.cross_entropy(logits, labels)
    assert found.item() == pytest.approx((1 + math.sin(1)) * plain.item(), rel=1e-5)


def test_ious_are_those_of_decoded_boxes() -> None:
    """With a coder that adds offsets: class columns, agnostic codes, encoded and decoded targets."""
    coder = SimpleNamespace(decode=lambda places, codes: places + codes)
    rois = torch.cat([torch.zeros(4, 1), boxes(4, 3)], 1)
    labels = torch.tensor([1, 2, 0, 2])
    codes = torch.randn(4, 8)
    goal = boxes(4, 4)
    head = SimpleNamespace(num_classes=2, reg_class_agnostic=False, reg_decoded_bbox=True, bbox_coder=coder)
    got = detection.positive_ious(head, codes, rois, labels, goal)
    picked = torch.stack([codes[0, 4:], codes[2, :4]]) + rois[[0, 2], 1:]
    wanted = detection.overlap(picked, goal[[0, 2]])
    assert torch.allclose(got, wanted)
    agnostic = SimpleNamespace(num_classes=2, reg_class_agnostic=True, reg_decoded_bbox=False, bbox_coder=coder)
    got = detection.positive_ious(agnostic, codes[:, :4], rois, labels, goal - rois[:, 1:])
    assert torch.allclose(got, detection.overlap(rois[[0, 2], 1:] + codes[[0, 2], :4], goal[[0, 2]]))
    nothing = detection.positive_ious(agnostic, codes[:, :4], rois, torch.full((4,), 2), goal)
    assert nothing.shape == (0,)


@needs_mmdet
@pytest.mark.parametrize(("name", "type_name"), [("giou", "GIoULoss"), ("linear-iou", "IoULoss"), ("iou", "IoULoss")])
def test_box_losses_conform_to_mmdetections_own(name: str, type_name: str) -> None:
    from mmdet.registry import MODELS

    more = {} if name == "giou" else {"mode": "log" if name == "iou" else "linear"}
    theirs = MODELS.build({"type": type_name, "loss_weight": 1.5, **more})
    ours = MODELS.build({"type": "AutolossReg", "formula": name, "loss_weight": 1.5})
    pred, target = boxes(8, 5), boxes(8, 5) + 3 * torch.randn(8, 4)
    for weight in (None, torch.rand(8), torch.rand(8, 1).expand(8, 4), torch.zeros(8, 4)):
        for average, reduction in itertools.product((None, 5.0), (None, "none", "mean", "sum")):
            is_empty = weight is not None and not weight.any()
            if is_empty and reduction in ("none", "sum"):
                continue  # theirs answers before it looks at the reduction
            if average is not None and reduction == "sum":
                for loss in (ours, theirs):
                    with pytest.raises(ValueError):
                        loss(pred, target, weight, avg_factor=average, reduction_override=reduction)
                continue
            arguments: dict[str, Any] = {"avg_factor": average, "reduction_override": reduction}
            got, wanted = ours(pred, target, weight, **arguments), theirs(pred, target, weight, **arguments)
            assert torch.allclose(got, wanted, atol=1e-5), (weight, average, reduction)


@needs_mmdet
def test_class_losses_conform_to_mmdetections_own() -> None:
    from mmdet.registry import MODELS

    torch.manual_seed(6)
    logits, labels = torch.randn(9, 3), torch.tensor([0, 1, 2, 3, 3, 3, 0, 3, 1])
    quality = torch.rand(9) * (labels < 3)
    plain = MODELS.build({"type": "AutolossMultiCls", "formula": "cross-entropy"})
    sigmoid = {"use_sigmoid": True}
    pairs = [
        (MODELS.build({"type": "FocalLoss", **sigmoid}), {"formula": "focal", **sigmoid}, labels),
        (
            MODELS.build({"type": "QualityFocalLoss", **sigmoid}),
            {"formula": "quality-focal", **sigmoid},
            (labels, quality),
        ),
    ]
    for weight, average in itertools.product((None, torch.rand(9)), (None, 4.0)):
        for theirs, configuration, target in pairs:
            ours = MODELS.build({"type": "AutolossBinaryCls", **configuration})
            reduction = "mean" if average else "sum"
            got, wanted = (
                loss(logits, target, weight, avg_factor=average, reduction_override=reduction)
                for loss in (ours, theirs)
            )
            assert got.item() == pytest.approx(wanted.item(), rel=1e-5), configuration
        softmax = MODELS.build({"type": "CrossEntropyLoss"})
        inside = labels.clamp(max=2)
        got, wanted = (loss(logits, inside, weight, avg_factor=average) for loss in (plain, softmax))
        assert got.item() == pytest.approx(wanted.item(), rel=1e-5)


@needs_mmdet
@pytest.mark.parametrize("is_decoded", [True, False])
def test_a_box_head_trains_with_and_without_ious(is_decoded: bool) -> None:
    from mmdet.registry import MODELS

    settings = {
        "in_channels": 8,
        "fc_out_channels": 16,
        "roi_feat_size": 2,
        "num_classes": 3,
        "reg_decoded_bbox": is_decoded,
        "bbox_coder": CODER,
        "loss_cls": {"type": "AutolossMultiCls", "formula": "cse-autoloss-a"},
        "loss_bbox": {"type": "AutolossReg", "formula": "giou"} if is_decoded else {"type": "L1Loss"},
    }
    torch.manual_seed(7)
    fed = MODELS.build({"type": "AutolossShared2FCBBoxHead", **settings})
    stock = MODELS.build({"type": "Shared2FCBBoxHead", **settings})
    stock.load_state_dict(fed.state_dict())
    features = torch.randn(6, 8, 2, 2)
    rois = torch.cat([torch.zeros(6, 1), boxes(6, 8)], 1)
    labels = torch.tensor([0, 1, 2, 3, 3, 0])
    goal = rois[:, 1:] + 4 * torch.randn(6, 4)
    targets = goal if is_decoded else fed.bbox_coder.encode(rois[:, 1:], goal)
    weights = (labels < 3).float()[:, None].expand(6, 4)
    found = []
    for head in (fed, stock):
        scores, codes = head(features)
        losses = head.loss(scores, codes, rois, labels, torch.ones(6), targets, weights)
        (losses["loss_cls"] + losses["loss_bbox"]).backward()
        assert all(p.grad is None or p.grad.isfinite().all() for p in head.parameters())
        found.append(losses)
    assert found[0]["loss_bbox"].item() == pytest.approx(found[1]["loss_bbox"].item())
    assert found[0]["loss_cls"].item() < found[1]["loss_cls"].item()
    iou = detection.positive_ious(fed, codes, rois, labels, targets)
    assert torch.allclose(
        iou, detection.overlap(fed.bbox_coder.decode(rois[labels < 3, 1:], _own(codes, labels)), goal[labels < 3])
    )


def _own(codes: Tensor, labels: Tensor) -> Tensor:
    positive = labels < 3
    return codes.reshape(len(labels), -1, 4)[positive, labels[positive]].detach()


@needs_mmdet
def test_an_fcos_head_trains() -> None:
    from mmdet.registry import MODELS
    from mmengine.structures import InstanceData

    torch.manual_seed(9)
    head = MODELS.build(
        {
            "type": "FCOSHead",
            "num_classes": 3,
            "in_channels": 32,
            "feat_channels": 32,
            "stacked_convs": 1,
            "strides": [8, 16],
            "regress_ranges": ((-1, 32), (32, 1e8)),
            "loss_cls": {"type": "AutolossBinaryCls", "formula": "cse-autoloss-b", "use_sigmoid": True},
            "loss_bbox": {"type": "AutolossReg", "formula": "giou"},
        }
    )
    assert head.cls_out_channels == 3
    maps = [torch.randn(2, 32, size, size) for size in (8, 4)]
    truths = [InstanceData(bboxes=boxes(2, seed), labels=torch.tensor([0, 2])) for seed in (10, 11)]
    metas = [{"img_shape": (64, 64), "scale_factor": (1, 1)}] * 2
    losses = head.loss_by_feat(*head(maps), batch_gt_instances=truths, batch_img_metas=metas)
    total = torch.stack(list(losses.values())).sum()
    total.backward()
    assert total.isfinite()
    assert all(p.grad is None or p.grad.isfinite().all() for p in head.parameters())


def test_a_surrogate_has_mmsegmentations_signature(tmp_path: Path) -> None:
    torch.manual_seed(12)
    logits, labels = torch.randn(2, 4, 6, 5), torch.randint(0, 4, (2, 6, 5))
    loss = segmentation.AutolossSurrogate("mIoU", loss_weight=0.4)
    wanted = SurrogateLoss("mIoU", loss_weight=0.4, ignore_index=2)(logits, labels)
    assert loss(logits, labels, weight=None, ignore_index=2).item() == pytest.approx(wanted.item())
    assert loss.loss_name == "loss_autoloss"
    with pytest.raises(ValueError, match="begin with 'loss_'"):
        segmentation.AutolossSurrogate("mIoU", loss_name="mine")
    with pytest.raises(ValueError, match="either a metric or a card"):
        segmentation.AutolossSurrogate()
    with pytest.raises(ValueError, match="takes no avg_factor"):
        loss(logits, labels, avg_factor=3.0)
    card = tmp_path / "card.yaml"
    card.write_text(
        "autoloss_card: 1\nname: mine\nmode: SURROGATE\nmetric: BIoU\nparameterization: piecewise_linear\n"
        "theta: [0.2, 0.4, 0.5, 0.6]\ntolerance: 2\ndrop_background: true\nloss_weight: 3.0\n"
    )
    found = segmentation.AutolossSurrogate(card=str(card), loss_name="loss_boundary")
    given = {"parameterization": "piecewise_linear", "tolerance": 2, "drop_background": True, "loss_weight": 3.0}
    same = SurrogateLoss("BIoU", [0.2, 0.4, 0.5, 0.6], **given)  # type: ignore[arg-type]
    assert found(logits, labels).item() == pytest.approx(same(logits, labels).item())
    assert load(str(card))(logits, labels).item() == pytest.approx(same(logits, labels).item())


@needs_mmseg
def test_a_decode_head_of_mmsegmentation_trains() -> None:
    from mmengine.structures import PixelData
    from mmseg.registry import MODELS
    from mmseg.structures import SegDataSample

    torch.manual_seed(13)
    names = ("mIoU", "BF1")
    losses = [{"type": "AutolossSurrogate", "metric": name, "loss_name": f"loss_{name}"} for name in names]
    head = MODELS.build({"type": "FCNHead", "in_channels": 4, "channels": 4, "num_classes": 3, "loss_decode": losses})
    labels = torch.randint(0, 3, (2, 1, 8, 8))
    labels[:, :, 0] = 255
    samples = [SegDataSample(gt_sem_seg=PixelData(data=each)) for each in labels]
    found = head.loss_by_feat(head([torch.randn(2, 4, 8, 8)]), samples)
    assert {"loss_mIoU", "loss_BF1"} <= found.keys()
    (found["loss_mIoU"] + found["loss_BF1"]).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in head.parameters())
