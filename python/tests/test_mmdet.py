"""The adapters for mmdetection and mmsegmentation: against the real libraries where they are installed (their models
with mmcv-lite and stand-ins for its compiled operators, which losses and heads never call), else by signature alone."""

from __future__ import annotations

import copy
import itertools
import math
import sys
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import coco
import golden
import openmmlab
import pytest
import test_golden_heads
import torch
from torch import Tensor

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    openmmlab.stand_in()
    import autoloss.mmdet as detection
    import autoloss.mmseg as segmentation

from golden import REPOSITORY

from autoloss import AutolossWarning, CardError, Formula, LossCard, LossError, SurrogateLoss, overlap
from autoloss.adapting import Counts
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
    with pytest.raises(ValueError, match="the reduction is mean or sum, not none"):
        detection.AutolossReg("giou", reduction="none")
    with pytest.raises(ValueError, match="reduction 'men' is not known"):
        detection.AutolossReg("giou", reduction="men")
    with pytest.raises(ValueError, match="weighting 'mine' is not known"):
        detection.AutolossReg("giou", weighting="mine")
    total = detection.AutolossReg("giou", reduction="sum")
    assert total(pred, target, weight, avg_factor=4).item() == pytest.approx(2 * wanted.item(), rel=1e-6)
    with pytest.raises(ValueError, match="averaging factor"):
        loss(pred, target, avg_factor=4, reduction_override="sum")


def test_classification_losses_say_what_heads_they_are_for() -> None:
    with pytest.raises(ValueError, match="use AutolossBinaryCls"):
        detection.AutolossMultiCls(use_sigmoid=True)
    with pytest.raises(ValueError, match="write use_sigmoid=True"):
        detection.AutolossBinaryCls("focal")
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


def test_a_formula_that_reads_q_is_refused_in_a_stock_head() -> None:
    """It would train on negatives alone; a card that says iou: none, and quality labels, are what they say."""
    logits, labels = torch.randn(5, 3), torch.tensor([0, 1, 2, 3, 3])
    loss = detection.AutolossBinaryCls("cse-autoloss-b", use_sigmoid=True)
    with pytest.raises(LossError, match=r"reads Q, but this head feeds no IoU.* take a head that does"):
        loss(logits, labels, torch.ones(5), avg_factor=3.0)
    assert loss(logits, (labels, torch.rand(5)), torch.ones(5), avg_factor=3.0).isfinite()
    iou = torch.rand(3)
    with loss.fed(iou):
        found = loss(logits, labels, torch.ones(5), avg_factor=3.0)
    assert found.item() == pytest.approx(loss.loss(logits, labels, avg_factor=3.0, iou=iou).item())
    with pytest.raises(LossError, match="feeds no IoU"):
        loss(logits, labels, avg_factor=3.0)
    card = LossCard("mine", Formula("Mul(Q,X)", "BINARY_CLS"), iou="none")
    blind = detection.AutolossBinaryCls(card, use_sigmoid=True)
    with blind.fed(iou):
        assert blind(logits, labels).item() == 0


def test_targets_that_are_no_boxes_are_told_once() -> None:
    """Encoded deltas, as heads without reg_decoded_bbox feed them, would train on areas that mean nothing."""
    torch.manual_seed(5)
    deltas, loss = torch.randn(8, 4), detection.AutolossReg("giou")
    with pytest.warns(AutolossWarning, match=r"no boxes x1, y1, x2, y2, .*reg_decoded_bbox=True") as told:
        loss(torch.randn(8, 4), deltas)
        loss(torch.randn(8, 4), deltas)
    assert [warning.message.code for warning in told] == ["noBoxes"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        padded = torch.cat([boxes(3, 1), torch.zeros(2, 4)])
        detection.AutolossReg("giou")(boxes(5, 2), padded)


def test_what_a_sum_is_divided_by_in_a_head_that_counts() -> None:
    logits, labels = torch.randn(5, 3), torch.tensor([0, 1, 2, 3, 3])
    counts = Counts(torch.tensor(4.0), torch.tensor(3.0), 2)
    found = {}
    for average in ("elements", "sampled", "positives", "positives_plus_images"):
        card = LossCard("mine", Formula("Softplus(X)", "BINARY_CLS"), average_by=average)
        loss = detection.AutolossBinaryCls(card, use_sigmoid=True)
        with loss.fed(torch.rand(3), counts):
            found[average] = loss(logits, labels, avg_factor=1000.0).item()
    total = torch.nn.functional.softplus(logits).sum().item()
    wanted = {"elements": total / 15, "sampled": total / 4, "positives": total / 3, "positives_plus_images": total / 5}
    assert found == pytest.approx(wanted, rel=1e-5)


@needs_mmdet
def test_ious_are_those_of_decoded_boxes() -> None:
    """With a coder that adds offsets: class columns, agnostic codes, encoded and decoded targets."""
    from autoloss.mmdet_heads import positive_ious

    coder = SimpleNamespace(decode=lambda places, codes: places + codes)
    rois = torch.cat([torch.zeros(4, 1), boxes(4, 3)], 1)
    labels = torch.tensor([1, 2, 0, 2])
    codes = torch.randn(4, 8)
    goal = boxes(4, 4)
    head = SimpleNamespace(num_classes=2, reg_class_agnostic=False, reg_decoded_bbox=True, bbox_coder=coder)
    got = positive_ious(head, codes, rois, labels, goal)
    picked = torch.stack([codes[0, 4:], codes[2, :4]]) + rois[[0, 2], 1:]
    wanted = overlap(picked, goal[[0, 2]])
    assert torch.allclose(got, wanted)
    agnostic = SimpleNamespace(num_classes=2, reg_class_agnostic=True, reg_decoded_bbox=False, bbox_coder=coder)
    got = positive_ious(agnostic, codes[:, :4], rois, labels, goal - rois[:, 1:])
    assert torch.allclose(got, overlap(rois[[0, 2], 1:] + codes[[0, 2], :4], goal[[0, 2]]))
    nothing = positive_ious(agnostic, codes[:, :4], rois, torch.full((4,), 2), goal)
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
    from autoloss.mmdet_heads import positive_ious

    iou = positive_ious(fed, codes, rois, labels, targets)
    assert torch.allclose(
        iou, overlap(fed.bbox_coder.decode(rois[labels < 3, 1:], _own(codes, labels)), goal[labels < 3])
    )


def _own(codes: Tensor, labels: Tensor) -> Tensor:
    positive = labels < 3
    return codes.reshape(len(labels), -1, 4)[positive, labels[positive]].detach()


ONE_STAGE: dict[str, dict[str, Any]] = {
    "FCOSHead": {"strides": [8, 16], "regress_ranges": ((-1, 32), (32, 1e8)), "centerness": "iou"},
    "ATSSHead": {
        "anchor_generator": {
            "type": "AnchorGenerator",
            "ratios": [1.0],
            "octave_base_scale": 4,
            "scales_per_octave": 1,
            "strides": [8, 16],
        },
        "bbox_coder": CODER,
        "train_cfg": {"assigner": {"type": "ATSSAssigner", "topk": 4}, "allowed_border": -1, "pos_weight": -1},
        "centerness": "iou",
    },
    "RetinaHead": {
        "anchor_generator": {
            "type": "AnchorGenerator",
            "ratios": [1.0],
            "octave_base_scale": 4,
            "scales_per_octave": 1,
            "strides": [8, 16],
        },
        "bbox_coder": CODER,
        "reg_decoded_bbox": True,
        "train_cfg": {
            "assigner": {"type": "MaxIoUAssigner", "pos_iou_thr": 0.5, "neg_iou_thr": 0.4, "min_pos_iou": 0},
            "sampler": {"type": "PseudoSampler"},
            "allowed_border": -1,
            "pos_weight": -1,
        },
    },
}


def one_stage_configuration(kind: str, cls: str) -> dict[str, Any]:
    """A head of three classes on two levels of 32 channels, with one of our losses."""
    return {
        "type": f"Autoloss{kind}",
        "num_classes": 3,
        "in_channels": 32,
        "feat_channels": 32,
        "stacked_convs": 1,
        "loss_cls": {"type": "AutolossBinaryCls", "formula": cls, "use_sigmoid": True},
        "loss_bbox": {"type": "AutolossReg", "formula": "giou"},
        **copy.deepcopy(ONE_STAGE[kind]),
    }


def one_stage(kind: str, cls: str, *, fed: bool = True) -> Any:
    """The head, or the stock one, which feeds no IoU."""
    from mmdet.registry import MODELS

    torch.manual_seed(9)
    configuration = one_stage_configuration(kind, cls)
    if not fed:
        configuration["type"] = kind
        configuration.pop("centerness", None)
    return MODELS.build(configuration)


def one_stage_losses(head: Any, *, empty: bool = False) -> dict[str, Tensor]:
    """The losses of two pictures with two objects each, or none; levels summed."""
    from mmengine.structures import InstanceData

    torch.manual_seed(2)
    maps = [torch.randn(2, 32, size, size) for size in (8, 4)]
    count = 0 if empty else 2
    truths = [InstanceData(bboxes=boxes(count, seed), labels=torch.tensor([0, 2])[:count]) for seed in (10, 11)]
    metas = [{"img_shape": (64, 64), "pad_shape": (64, 64), "scale_factor": (1, 1)}] * 2
    found = head.loss_by_feat(*head(maps), batch_gt_instances=truths, batch_img_metas=metas)
    return {name: sum(loss) if isinstance(loss, list) else loss for name, loss in found.items()}


@needs_mmdet
def test_heads_that_would_feed_deltas_to_a_formula_of_boxes_are_refused() -> None:
    """It would train on the areas of deltas: a loss of thousands at the first step."""
    from mmdet.registry import MODELS

    two_stages = {
        "type": "AutolossShared2FCBBoxHead",
        "loss_cls": {"type": "AutolossMultiCls", "formula": "cse-autoloss-a"},
        "loss_bbox": {"type": "AutolossReg", "formula": "cse-autoloss-a"},
    }
    refused = "without reg_decoded_bbox the head feeds encoded deltas: write reg_decoded_bbox=True"
    for configuration in (two_stages, one_stage_configuration("RetinaHead", "focal") | {"reg_decoded_bbox": False}):
        for written in (configuration | {"reg_decoded_bbox": False}, configuration):
            with pytest.raises(LossError, match=refused):
                MODELS.build(copy.deepcopy(written))
        assert MODELS.build(copy.deepcopy(configuration) | {"reg_decoded_bbox": True})
        stock = copy.deepcopy(configuration) | {"loss_bbox": {"type": "L1Loss"}}
        assert MODELS.build(stock)


@needs_mmdet
@pytest.mark.parametrize("kind", ONE_STAGE)
def test_one_stage_heads_feed_the_iou_and_train(kind: str) -> None:
    """The gradient at a positive's own logit is negative: what was the matter with a stock head, whose Q is 0."""
    with pytest.raises(LossError, match="feeds no IoU"):
        one_stage_losses(one_stage(kind, "cse-autoloss-b", fed=False))
    head = one_stage(kind, "cse-autoloss-b")
    assert head.cls_out_channels == 3
    if kind == "FCOSHead":  # boxes of two pixels would hardly overlap
        torch.nn.init.constant_(head.conv_reg.bias, math.log(16))
    seen: list[Any] = []

    def note(module: Any, inputs: Any) -> None:
        inputs[0].retain_grad()
        seen.append((inputs[0], inputs[1], module.iou))

    head.loss_cls.register_forward_pre_hook(note)
    losses = one_stage_losses(head)
    torch.stack(list(losses.values())).sum().backward()
    assert all(loss.isfinite() for loss in losses.values())
    assert all(p.grad is None or p.grad.isfinite().all() for p in head.parameters())
    slopes = []
    for logits, labels, iou in seen:
        positive = torch.nonzero((labels >= 0) & (labels < 3)).flatten()
        assert len(iou) == len(positive)
        assert ((iou > 0) & (iou <= 1)).all()
        slopes += [logits.grad[positive, labels[positive]]]
    assert len(torch.cat(slopes)) > 3
    assert (torch.cat(slopes) < 0).any()
    assert "get_targets" not in vars(head)
    empty = one_stage_losses(head, empty=True)
    torch.stack(list(empty.values())).sum().backward()
    assert all(loss.isfinite() for loss in empty.values())


@needs_mmdet
@pytest.mark.parametrize("kind", ONE_STAGE)
def test_one_stage_heads_learn_their_labels_with_cse_autoloss_b(kind: str) -> None:
    """Fifty steps on two pictures: logits of assigned classes rise, all others fall."""
    head = one_stage(kind, "cse-autoloss-b")
    if kind == "FCOSHead":
        torch.nn.init.constant_(head.conv_reg.bias, math.log(16))
    seen: list[Any] = []
    head.loss_cls.register_forward_pre_hook(lambda module, inputs: seen.append((inputs[0].detach(), inputs[1])))
    optimizer = torch.optim.Adam(head.parameters(), lr=3e-3)
    for _ in range(50):
        seen.clear()
        optimizer.zero_grad()
        torch.stack(list(one_stage_losses(head).values())).sum().backward()
        optimizer.step()
    logits, labels = (torch.cat(each) for each in zip(*seen, strict=True))
    assigned = labels.unsqueeze(1) == torch.arange(3)
    assert logits[assigned].mean() > 1
    assert logits[~assigned].mean() < -2


@needs_mmdet
def test_mmdetections_runner_trains_a_whole_detector(tmp_path: Path) -> None:
    """From a configuration file: an FCOS on pictures from a COCO folder, with both losses and the IoU as centerness."""
    from mmengine.config import Config
    from mmengine.runner import Runner

    head = one_stage_configuration("FCOSHead", "cse-autoloss-b")
    head |= {"type": "AutolossFCOSHead", "num_classes": 2, "strides": [16, 32]}
    backbone = {"type": "ResNet", "depth": 18, "out_indices": (2, 3), "frozen_stages": -1, "style": "pytorch"}
    pipeline = [
        {"type": "LoadImageFromFile"},
        {"type": "LoadAnnotations", "with_bbox": True},
        {"type": "Resize", "scale": (64, 64), "keep_ratio": True},
        {"type": "PackDetInputs"},
    ]
    dataset = {
        "type": "CocoDataset",
        "data_root": str(coco.folder(tmp_path / "tiny")),
        "ann_file": "annotations/instances_train.json",
        "data_prefix": {"img": "train/"},
        "metainfo": {"classes": ("green", "red")},
        "pipeline": pipeline,
    }
    loader = {"batch_size": 3, "num_workers": 0, "persistent_workers": False, "dataset": dataset}
    written = Config(
        {
            "custom_imports": {"imports": ["autoloss.mmdet"]},
            "default_scope": "mmdet",
            "work_dir": str(tmp_path / "work"),
            "model": {
                "type": "FCOS",
                "data_preprocessor": {"type": "DetDataPreprocessor", "pad_size_divisor": 32},
                "backbone": backbone,
                "neck": {"type": "FPN", "in_channels": [256, 512], "out_channels": 32, "num_outs": 2},
                "bbox_head": head,
            },
            "train_dataloader": {**loader, "sampler": {"type": "DefaultSampler", "shuffle": True}},
            "train_cfg": {"type": "EpochBasedTrainLoop", "max_epochs": 2},
            "optim_wrapper": {"type": "OptimWrapper", "optimizer": {"type": "AdamW", "lr": 1e-3}},
            "default_hooks": {"checkpoint": None, "logger": None},
            "randomness": {"seed": 1},
            "log_level": "ERROR",
        }
    )
    (tmp_path / "config.py").write_text(written.pretty_text)
    runner = Runner.from_cfg(Config.fromfile(tmp_path / "config.py"))
    before = copy.deepcopy(runner.model.state_dict())
    after = runner.train().state_dict()
    assert all(value.isfinite().all() for value in after.values())
    for name in ("bbox_head.conv_cls.weight", "bbox_head.conv_reg.weight", "bbox_head.conv_centerness.weight"):
        assert not torch.equal(before[name], after[name]), name


@needs_mmdet
def test_heads_that_cannot_be_imported_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mmdet.models.dense_heads", None)
    with pytest.warns(AutolossWarning, match=r"mmdetection's heads cannot be imported \(.*only losses"):
        detection.register()


@needs_mmdet
@pytest.mark.parametrize("kind", ONE_STAGE)
def test_without_q_a_head_that_feeds_is_the_stock_one(kind: str) -> None:
    fed, stock = one_stage(kind, "focal"), one_stage(kind, "focal", fed=False)
    fed.centerness = "stock"
    stock.load_state_dict(fed.state_dict())
    found, wanted = one_stage_losses(fed), one_stage_losses(stock)
    assert found.keys() == wanted.keys()
    for name, loss in wanted.items():
        assert found[name].item() == pytest.approx(loss.item(), rel=1e-6), name


def golden_losses(row: golden.Row, *, average: str) -> dict[str, Any]:
    """The losses of a row with the settings of the authors' modules."""
    cls = LossCard("cls", Formula(row["cls_formula"], "BINARY_CLS"), alpha=0.25, iou="decoded_box", average_by=average)
    reg = LossCard("reg", Formula(row["reg_formula"], "REG"))
    return {
        "loss_cls": {"type": "AutolossBinaryCls", "formula": cls, "use_sigmoid": True},
        "loss_bbox": {"type": "AutolossReg", "formula": reg, "weighting": "original"},
        "centerness": "iou",
    }


@needs_mmdet
@pytest.mark.parametrize("row", test_golden_heads.rows("fcos_head_loss"), ids=test_golden_heads.named)
def test_the_fcos_head_agrees_with_the_authors(row: golden.Row) -> None:
    from mmdet.registry import MODELS
    from mmengine.structures import InstanceData

    names = ("num_classes", "strides", "center_sampling", "center_sample_radius", "norm_on_bbox")
    settings = {name: row[name] for name in names}
    losses = golden_losses(row, average="positives_plus_images")
    ranges = [tuple(each) for each in row["regress_ranges"]]
    head = MODELS.build(
        {
            "type": "AutolossFCOSHead",
            "in_channels": 4,
            "feat_channels": 32,
            "regress_ranges": ranges,
            **settings,
            **losses,
        }
    )
    leaves = {
        name: [golden.tensor(level).requires_grad_() for level in row[key]]
        for name, key in (("grad_cls", "cls_scores"), ("grad_bbox", "bbox_preds"), ("grad_centerness", "centernesses"))
    }
    truths = [
        InstanceData(bboxes=golden.tensor(places).reshape(-1, 4), labels=torch.tensor(labels, dtype=torch.long))
        for places, labels in zip(row["gt_bboxes"], row["gt_labels"], strict=True)
    ]
    found = head.loss_by_feat(*leaves.values(), batch_gt_instances=truths, batch_img_metas=[{}] * len(truths))
    test_golden_heads.check(row, found, leaves)


@needs_mmdet
@pytest.mark.parametrize("row", test_golden_heads.rows("atss_head_loss_single"), ids=test_golden_heads.named)
def test_a_level_of_the_atss_head_agrees_with_the_authors(row: golden.Row) -> None:
    from mmdet.registry import MODELS

    settings = copy.deepcopy(ONE_STAGE["ATSSHead"])
    settings |= {"bbox_coder": {**CODER, "target_stds": row["target_stds"]}, **golden_losses(row, average="sampled")}
    head = MODELS.build({"type": "AutolossATSSHead", "num_classes": row["num_classes"], "in_channels": 4, **settings})
    names = {"grad_cls": "cls_score", "grad_bbox": "bbox_pred", "grad_centerness": "centerness"}
    leaves = {name: [golden.tensor(row[key]).requires_grad_()] for name, key in names.items()}
    anchors, encoded = (golden.tensor(row[key]).reshape(-1, 4) for key in ("anchors", "bbox_targets"))
    labels, weights = torch.tensor(row["labels"]), golden.tensor(row["label_weights"])
    cls, reg, centerness, _ = head.loss_by_feat_single(
        anchors,
        *(tensors[0] for tensors in leaves.values()),
        labels,
        weights,
        head.bbox_coder.decode(anchors, encoded),
        row["num_total_samples"],
    )
    test_golden_heads.check(row, {"loss_cls": cls, "loss_bbox": reg, "loss_centerness": centerness}, leaves)


@needs_mmdet
@pytest.mark.parametrize("row", test_golden_heads.rows("bbox_head_loss"), ids=test_golden_heads.named)
def test_the_box_head_agrees_with_the_authors(row: golden.Row) -> None:
    from mmdet.registry import MODELS

    cls, reg = Formula(row["cls_formula"], "MULTI_CLS"), Formula(row["reg_formula"], "REG")
    head = MODELS.build(
        {
            "type": "AutolossShared2FCBBoxHead",
            "in_channels": 4,
            "fc_out_channels": 4,
            "roi_feat_size": 2,
            "num_classes": row["num_classes"],
            **{name: row[name] for name in ("reg_decoded_bbox", "reg_class_agnostic")},
            "bbox_coder": {**CODER, "target_stds": row["target_stds"], "clip_border": False},
            "loss_cls": {"type": "AutolossMultiCls", "formula": cls, "loss_weight": row["loss_weight_cls"]},
            "loss_bbox": {"type": "AutolossReg", "formula": reg, "loss_weight": row["loss_weight_reg"]},
        }
    )
    leaves = {name: [golden.tensor(row[key]).requires_grad_()] for name, key in BOX_LEAVES.items()}
    given = (golden.tensor(row[key]) for key in ("label_weights", "bbox_targets", "bbox_weights"))
    found = head.loss(
        leaves["grad_cls"][0], leaves["grad_bbox"][0], golden.tensor(row["rois"]), torch.tensor(row["labels"]), *given
    )
    if row.get("exception"):  # the original raises where no region shows an object
        assert found["loss_bbox"].item() == 0
        return
    test_golden_heads.check(row, {name: found[name] for name in ("loss_cls", "loss_bbox")}, leaves)


BOX_LEAVES = {"grad_cls": "cls_score", "grad_bbox": "bbox_pred"}


@needs_mmdet
def test_the_configurations_of_the_readme_build() -> None:
    from mmdet.registry import MODELS

    text = (golden.REPOSITORY / "python" / "README.md").read_text(encoding="utf-8")
    written: dict[str, Any] = {}
    exec("two_stages = " + text.partition("```py\ntwo_stages = ")[2].partition("```")[0], written)
    for name, more in (
        ("two_stages", {"fc_out_channels": 8, "roi_feat_size": 2}),
        ("one_stage", {"feat_channels": 32}),
    ):
        head = MODELS.build({**written[name], "num_classes": 3, "in_channels": 32, **more})
        assert head.loss_bbox.loss_weight == (10 if name == "two_stages" else 1)


@needs_mmdet
def test_boxes_in_strides_are_told() -> None:
    from mmdet.registry import MODELS

    def build(formula: str, norm_on_bbox: bool) -> None:
        head = ONE_STAGE["FCOSHead"] | {"type": "AutolossFCOSHead", "num_classes": 3, "in_channels": 32}
        losses = {
            "loss_cls": {"type": "FocalLoss", "use_sigmoid": True},
            "loss_bbox": {"type": "AutolossReg", "formula": formula},
        }
        MODELS.build({**head, **losses, "feat_channels": 32, "norm_on_bbox": norm_on_bbox})

    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*norm_on_bbox feeds boxes in strides", AutolossWarning)
        build("giou", True)
        build("cse-autoloss-b", False)
        with pytest.raises(AutolossWarning, match="norm_on_bbox feeds boxes in strides"):
            build("cse-autoloss-b", True)


@needs_mmdet
def test_heads_that_compute_their_losses_otherwise_are_refused() -> None:
    from mmdet.models.dense_heads import GFLHead, PAAHead, RPNHead

    for head in (GFLHead, PAAHead, RPNHead, torch.nn.Linear):
        with pytest.raises(TypeError, match=f"{head.__name__} computes its losses in its own way"):
            detection.with_iou(head)
    with pytest.raises(ValueError, match="centerness is stock or iou"):
        one_stage_head = ONE_STAGE["FCOSHead"] | {"centerness": "mine"}
        detection.with_iou(_fcos())(num_classes=3, in_channels=4, **one_stage_head)


def _fcos() -> type:
    from mmdet.models.dense_heads import FCOSHead

    head: type = FCOSHead
    return head


def test_a_surrogate_has_mmsegmentations_signature(tmp_path: Path) -> None:
    torch.manual_seed(12)
    logits, labels = torch.randn(2, 4, 6, 5), torch.randint(0, 4, (2, 6, 5))
    loss = segmentation.AutolossSurrogate("mIoU", loss_weight=0.4)
    wanted = SurrogateLoss("mIoU", loss_weight=0.4, ignore_index=2)(logits, labels)
    assert loss(logits, labels, weight=None, ignore_index=2).item() == pytest.approx(wanted.item())
    assert loss.loss_name == "loss_autoloss"
    with pytest.raises(ValueError, match="begin with 'loss_'"):
        segmentation.AutolossSurrogate("mIoU", loss_name="mine")
    for given in ({"metric": "mIoU"}, {"card": REPOSITORY / "results" / "published" / "auto-seg-loss-miou.yaml"}):
        with pytest.raises(ValueError, match="loss_weight nan is no weight"):
            segmentation.AutolossSurrogate(**given, loss_weight=math.nan)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="loss_weight is of type str"):
            segmentation.AutolossSurrogate(**given, loss_weight="2")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="logits have one channel"):
        loss(torch.randn(2, 1, 6, 5), labels.clamp(max=1))
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
    both = tmp_path / "both.yaml"
    box = "---\nautoloss_card: 1\nname: box\nmode: REG\nformula: Sub(1,Div(I,U))\n"
    both.write_text(f"---\n{card.read_text()}{box}")
    named = segmentation.AutolossSurrogate(card=f"{both}#mine")
    assert named(logits, labels).item() == pytest.approx(same(logits, labels).item())
    with pytest.raises(ValueError, match="a card brings its own theta"):
        segmentation.AutolossSurrogate(card=str(card), theta=[0.2, 0.4, 0.5, 0.6])
    with pytest.raises(CardError, match="it holds several cards: name one behind '#'"):
        segmentation.AutolossSurrogate(card=str(both))
    with pytest.raises(ValueError, match="card takes one of mode SURROGATE"):
        segmentation.AutolossSurrogate(card=f"{both}#box")


@needs_mmseg
def test_a_decode_head_of_mmsegmentation_trains() -> None:
    from mmengine.structures import PixelData
    from mmseg.registry import MODELS
    from mmseg.structures import SegDataSample

    torch.manual_seed(13)
    names = ("mIoU", "BF1")
    losses = [{"type": "mmseg.AutolossSurrogate", "metric": name, "loss_name": f"loss_{name}"} for name in names]
    head = MODELS.build(
        {"type": "mmseg.FCNHead", "in_channels": 4, "channels": 4, "num_classes": 3, "loss_decode": losses}
    )
    labels = torch.randint(0, 3, (2, 1, 8, 8))
    labels[:, :, 0] = 255
    samples = [SegDataSample(gt_sem_seg=PixelData(data=each)) for each in labels]
    found = head.loss_by_feat(head([torch.randn(2, 4, 8, 8)]), samples)
    assert {"loss_mIoU", "loss_BF1"} <= found.keys()
    (found["loss_mIoU"] + found["loss_BF1"]).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in head.parameters())
