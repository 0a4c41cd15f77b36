"""The losses of the detectors in PyTorch, vectorized over a whole batch whose targets are tensors already."""

import math

import torch
from torch.nn import functional

LARGEST_LOG = 8.0
CLIP = abs(math.log(0.016))


def areas(predicted, target):
    """Union, intersection and enclosing area of boxes with the same index, as the published losses see them."""
    low, high = torch.maximum(predicted[:, :2], target[:, :2]), torch.minimum(predicted[:, 2:], target[:, 2:])
    inner = (high - low).clamp(min=0).prod(dim=1)
    own = (predicted[:, 2:] - predicted[:, :2]).prod(dim=1) + (target[:, 2:] - target[:, :2]).prod(dim=1)
    low, high = torch.minimum(predicted[:, :2], target[:, :2]), torch.maximum(predicted[:, 2:], target[:, 2:])
    return own - inner + 1e-7, inner, (high - low).clamp(min=0).prod(dim=1) + 1e-7


def overlap(predicted, target):
    """The IoU that feeds Q, Z, box weights and centerness."""
    union, inner, _ = areas(predicted.detach(), target)
    return (inner / (union - 1e-7).clamp(min=1e-6)).clamp(min=1e-7)


def shifted(numbers, anchors, deviations):
    """Boxes that normalised deltas describe relative to anchors."""
    raw = numbers * numbers.new_tensor(deviations)
    size = anchors[:, 2:] - anchors[:, :2]
    centre = (anchors[:, :2] + anchors[:, 2:]) / 2 + size * raw[:, :2]
    half = size * raw[:, 2:].clamp(-CLIP, CLIP).exp() / 2
    return torch.cat([centre - half, centre + half], dim=1)


def stretched(numbers, points, stride):
    """Boxes that the logarithms of the distances to their sides, in strides, describe."""
    sides = numbers.clamp(max=LARGEST_LOG).exp() * stride
    return torch.cat([points - sides[:, :2], points + sides[:, 2:]], dim=1)


def focal(x, quality, positive, negative):
    """Focal loss with gamma 2."""
    wrong = torch.sigmoid(-x)
    return positive * wrong**2 * functional.softplus(-x) + negative * (1 - wrong)**2 * functional.softplus(x)


def giou(union, inner, enclosing):
    return 1 - inner / union + (enclosing - union) / enclosing


def one_stage(outputs, targets, s, classification=focal, regression=giou, alpha=0.25):
    """Classification, boxes and centerness of FCOS or ATSS; targets by level: `positive` (one-hot), `places`, `origins`
    (points or anchors) and `boxes` of the places that show an object."""
    images = outputs[0][0].shape[0]
    count = sum(len(level["places"]) for level in targets)
    shown, overlaps, centers = [], [], 0.0
    for (logits, numbers, centerness), level in zip(outputs, targets):
        numbers = numbers.flatten(0, 1)[level["places"]]
        if s["kind"] == "fcos":
            decoded = stretched(numbers, level["origins"], level["stride"])
        else:
            decoded = shifted(numbers, level["origins"], (0.1, 0.1, 0.2, 0.2))
        found = overlap(decoded, level["boxes"])
        shown.append(decoded)
        overlaps.append(found)
        centers = centers + functional.binary_cross_entropy_with_logits(
            centerness.flatten()[level["places"]], found, reduction="sum")
    scores = 0.0
    for (logits, _, _), level, found in zip(outputs, targets, overlaps):
        positive, negative = level["positive"], 1 - level["positive"]
        quality = positive * torch.zeros_like(positive[:, 0]).index_put((level["places"],), found)[:, None]
        loss = classification(logits.flatten(0, 1), quality, positive, negative)
        scores = scores + (loss * (alpha * positive + (1 - alpha) * negative)).sum()
    weights = torch.cat(overlaps)
    boxes = torch.cat([level["boxes"] for level in targets])
    reached = (regression(*areas(torch.cat(shown), boxes)) * weights).sum() / weights.sum()
    divisor = count + images if s["kind"] == "fcos" else max(count, 1)
    return scores / divisor, reached, centers / max(count, 1)


def proposal(outputs, targets):
    """Objectness and boxes of the proposal network; `sampled`: flat anchors in the loss, objects first."""
    logits = torch.cat([level[0] for level in outputs], dim=1).flatten()
    deltas = torch.cat([level[1] for level in outputs], dim=1).flatten(0, 1)
    sampled, wanted = targets["sampled"], targets["deltas"]
    objects = functional.binary_cross_entropy_with_logits(logits[sampled], targets["is_object"], reduction="sum")
    found = (deltas[sampled[: len(wanted)]] - wanted).abs().sum()
    return objects / len(sampled), found / len(sampled)


def cross_entropy(x, one_hot, quality):
    return -(one_hot * functional.log_softmax(x, dim=1)).sum(dim=1)


def regions(
    outputs, targets, classification=cross_entropy, regression=giou, weight=10.0, deviations=(0.1, 0.1, 0.2, 0.2)
):
    """Classification and boxes of a box head; `rows`: the regions that show an object, with label and box."""
    logits, deltas = outputs
    rows, labels = targets["rows"], targets["labels"]
    boxes = deltas.reshape(len(deltas), -1, 4)
    own = boxes[rows, labels[rows] if boxes.shape[1] > 1 else 0]
    decoded = shifted(own, targets["regions"][rows], deviations)
    quality = torch.ones_like(logits[:, 0]).index_put((rows,), overlap(decoded, targets["boxes"]))[:, None]
    one_hot = functional.one_hot(labels, logits.shape[1]).to(logits.dtype)
    scores = classification(logits, one_hot, quality.expand_as(logits)).sum() / len(logits)
    return scores, weight * regression(*areas(decoded, targets["boxes"])).sum() / len(logits)


def masks(logits, labels, targets):
    """Binary cross entropy in the true class's mask alone: its mean over the pixels of all regions."""
    own = logits[torch.arange(len(labels)), labels]
    return functional.binary_cross_entropy_with_logits(own, targets)
