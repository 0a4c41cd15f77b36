"""Every row of head_losses.jsonl: the loss modules inside whole heads."""

from __future__ import annotations

import math
import warnings

import golden
import pytest
import torch
from torch import Tensor

from autoloss import AutolossWarning, BinaryClsLoss, MultiClsLoss, RegLoss, overlap

pytestmark = pytest.mark.filterwarnings("ignore::autoloss.AutolossWarning")


def rows(kind: str) -> list[golden.Row]:
    found = [row for row in golden.rows("head_losses.jsonl") if row["kind"] == kind]
    assert found
    return found


def named(row: golden.Row) -> str:
    return f"{row['id']} {row['name']}"


def check(row: golden.Row, losses: dict[str, Tensor], leaves: dict[str, list[Tensor]]) -> None:
    """Losses within 1e-5 relative, gradients within 5e-5 of the largest entry."""
    for name, loss in losses.items():
        expected = golden.tensor(row["losses"][name]).item()
        assert abs(loss.item() - expected) <= 1e-5 * abs(expected), f"{name}: {loss.item()} instead of {expected}"
    sum(losses.values(), torch.zeros(())).backward()
    for name, tensors in leaves.items():
        expected_levels = row[name] if len(tensors) > 1 else [row[name]]
        wanted = [golden.tensor(values).flatten() for values in expected_levels]
        limit = 5e-5 * max(values.abs().max().item() for values in wanted)
        for tensor, values in zip(tensors, wanted, strict=True):
            assert tensor.grad is not None
            assert (tensor.grad.flatten() - values).abs().max().item() <= limit, name


def flat(level: Tensor) -> Tensor:
    """Image-major rows × channels of images × channels × height × width."""
    return level.permute(0, 2, 3, 1).reshape(-1, level.shape[1])


def decoded(anchors: Tensor, deltas: Tensor) -> Tensor:
    """Boxes from encoded deltas of standard deviations 0.1 and 0.2."""
    limit = abs(math.log(16 / 1000))
    center = (anchors[:, :2] + anchors[:, 2:]) / 2
    size = anchors[:, 2:] - anchors[:, :2]
    center = center + deltas[:, :2] * 0.1 * size
    size = size * (deltas[:, 2:] * 0.2).clamp(-limit, limit).exp()
    return torch.cat([center - size / 2, center + size / 2], 1)


def around(points: Tensor, distances: Tensor) -> Tensor:
    """Boxes from distances to left, top, right and bottom."""
    return torch.cat([points - distances[:, :2], points + distances[:, 2:]], 1)


@pytest.mark.parametrize("row", rows("bbox_head_loss"), ids=named)
def test_box_head(row: golden.Row) -> None:
    classes = row["num_classes"]
    cls_score = golden.tensor(row["cls_score"]).requires_grad_()
    bbox_pred = golden.tensor(row["bbox_pred"]).requires_grad_()
    labels, label_weights = torch.tensor(row["labels"]), golden.tensor(row["label_weights"])
    positive = labels < classes
    rois = golden.tensor(row["rois"])[:, 1:]
    chosen = bbox_pred.view(len(labels), -1, 4)[positive, labels[positive]]
    boxes, targets = decoded(rois[positive], chosen), golden.tensor(row["bbox_targets"])[positive]
    cls_loss = MultiClsLoss(row["cls_formula"], loss_weight=row["loss_weight_cls"])
    reg_loss = RegLoss(row["reg_formula"], loss_weight=row["loss_weight_reg"])
    average = max(float((label_weights > 0).sum()), 1.0)
    losses = {
        "loss_cls": cls_loss(cls_score, labels, label_weights, average, iou=overlap(boxes, targets)),
        "loss_bbox": reg_loss(boxes, targets, golden.tensor(row["bbox_weights"])[positive], len(labels)),
    }
    if row.get("exception"):
        # The original raises when no region shows an object; here the box loss is then 0 and keeps the graph.
        sum(losses.values(), torch.zeros(())).backward()
        assert losses["loss_bbox"].item() == 0
        assert bbox_pred.grad is not None and not bbox_pred.grad.any()
        assert cls_score.grad is not None and cls_score.grad.isfinite().all()
        return
    check(row, losses, {"grad_cls": [cls_score], "grad_bbox": [bbox_pred]})


def fcos_targets(row: golden.Row, level: int, points: Tensor) -> tuple[Tensor, Tensor]:
    """Labels (−1 is background) and distances of the points of one level, image after image."""
    stride, (low, high) = row["strides"][level], row["regress_ranges"][level]
    labels, distances = [], []
    for boxes, classes in zip(row["gt_bboxes"], row["gt_labels"], strict=True):
        label = torch.full((len(points),), -1)
        distance = torch.zeros(len(points), 4)
        if boxes:
            truth = golden.tensor(boxes)
            sides = torch.cat([points[:, None] - truth[None, :, :2], truth[None, :, 2:] - points[:, None]], 2)
            inside = sides.amin(2) > 0
            if row["center_sampling"]:
                center, reach = (truth[:, :2] + truth[:, 2:]) / 2, stride * row["center_sample_radius"]
                first = torch.maximum(center - reach, truth[:, :2])
                last = torch.minimum(center + reach, truth[:, 2:])
                inner = torch.cat([points[:, None] - first, last - points[:, None]], 2)
                inside = inner.amin(2) > 0
            inside &= (sides.amax(2) >= low) & (sides.amax(2) <= high)
            area = ((truth[:, 2] - truth[:, 0]) * (truth[:, 3] - truth[:, 1])).expand(len(points), -1)
            smallest = torch.where(inside, area, torch.inf).argmin(1)
            found = inside.any(1)
            label = torch.where(found, torch.tensor(classes)[smallest], -1)
            distance = sides[torch.arange(len(points)), smallest]
        labels.append(label)
        distances.append(distance / stride if row["norm_on_bbox"] else distance)
    return torch.cat(labels), torch.cat(distances)


@pytest.mark.parametrize("row", rows("fcos_head_loss"), ids=named)
def test_fcos_head(row: golden.Row) -> None:
    leaves = {
        name: [golden.tensor(level).requires_grad_() for level in row[key]]
        for name, key in (("grad_cls", "cls_scores"), ("grad_bbox", "bbox_preds"), ("grad_centerness", "centernesses"))
    }
    points, labels, distances = [], [], []
    images = len(row["gt_bboxes"])
    for level, (stride, scores) in enumerate(zip(row["strides"], leaves["grad_cls"], strict=True)):
        height, width = scores.shape[2:]
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        grid = torch.stack([x.flatten(), y.flatten()], 1).float() * stride + stride // 2
        points += [grid] * images
        label, distance = fcos_targets(row, level, grid)
        labels.append(label)
        distances.append(distance)
    label, distance, point = torch.cat(labels), torch.cat(distances), torch.cat(points)
    positive = label >= 0
    assert int(positive.sum()) == row["num_pos"]
    scores, boxes, centerness = (torch.cat([flat(level) for level in levels]) for levels in leaves.values())
    # The original decodes around the point in pixels, also distances in strides.
    pred, target = around(point[positive], boxes[positive]), around(point[positive], distance[positive])
    iou = overlap(pred, target)
    cls_loss = BinaryClsLoss(row["cls_formula"])
    reg_loss = RegLoss(row["reg_formula"], weighting="original")
    losses = {"loss_cls": cls_loss(scores, label, avg_factor=row["num_pos"] + images, iou=iou)}
    if row["num_pos"]:
        losses["loss_bbox"] = reg_loss(pred, target, iou, iou.sum())
        losses["loss_centerness"] = torch.nn.functional.binary_cross_entropy_with_logits(
            centerness[positive].flatten(), iou
        )
    else:
        losses |= {"loss_bbox": pred.sum(), "loss_centerness": centerness[positive].sum()}
    check(row, losses, leaves)


@pytest.mark.parametrize("row", rows("atss_head_loss_single"), ids=named)
def test_atss_level(row: golden.Row) -> None:
    names = {"grad_cls": "cls_score", "grad_bbox": "bbox_pred", "grad_centerness": "centerness"}
    leaves = {name: [golden.tensor(row[key]).requires_grad_()] for name, key in names.items()}
    scores, boxes, centerness = (flat(tensors[0]) for tensors in leaves.values())
    labels = torch.tensor(row["labels"]).flatten()
    positive = (labels >= 0) & (labels < row["num_classes"])
    anchors = golden.tensor(row["anchors"]).reshape(-1, 4)[positive]
    pred = decoded(anchors, boxes[positive])
    target = decoded(anchors, golden.tensor(row["bbox_targets"]).reshape(-1, 4)[positive])
    iou = overlap(pred, target)
    samples = row["num_total_samples"]
    weights = golden.tensor(row["label_weights"]).flatten()
    losses = {"loss_cls": BinaryClsLoss(row["cls_formula"])(scores, labels, weights, samples, iou=iou)}
    if positive.any():
        losses["loss_bbox"] = RegLoss(row["reg_formula"], weighting="original")(pred, target, iou, 1.0)
        losses["loss_centerness"] = (
            torch.nn.functional.binary_cross_entropy_with_logits(centerness[positive].flatten(), iou, reduction="sum")
            / samples
        )
    else:
        losses |= {"loss_bbox": pred.sum(), "loss_centerness": centerness.sum() * 0}
    check(row, losses, leaves)


def test_warnings_are_ours() -> None:
    """What the file ignores exists."""
    with pytest.warns(AutolossWarning, match="no IoU is fed"), warnings.catch_warnings():
        warnings.simplefilter("always")
        MultiClsLoss("Dot(Mul(Y,Z),X)")(torch.zeros(2, 3), torch.tensor([0, 2]))
