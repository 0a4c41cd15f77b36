"""Auto Seg-Loss's surrogate losses as the paper writes them in PyTorch: masks for the pieces of a curve, one-hot labels,
max pooling for edges and dilation, gradient by autograd. Our own code after Li et al., ICLR 2021."""

import torch
import torch.nn.functional as F

EPS = 1e-8


def curve(x, points):
    """Quadratic Bezier pieces through (0, 0), the control points and (1, 1); y for every x."""
    points = [(0.0, 0.0), *zip(points[0::2], points[1::2]), (1.0, 1.0)]
    y = torch.zeros_like(x)
    for first in range(0, len(points) - 1, 2):
        (x0, y0), (x1, y1), (x2, y2) = points[first : first + 3]
        inside = (x > x0) & (x <= x2) if first else x <= x2
        a = (x1 - x0) / (x2 - x0)
        u = (x - x0) / (x2 - x0)
        if a == 0.5:
            t = u
        else:
            t = (a - torch.sqrt((a * a + (1 - 2 * a) * u).clamp(min=1e-12))) / (2 * a - 1)
        y = torch.where(inside, (1 - t) ** 2 * y0 + 2 * t * (1 - t) * y1 + t * t * y2, y)
    return y


def one_hot(labels, classes):
    """N × C × H × W; a zero vector where the label is outside the classes, and the mask of the others."""
    valid = labels < classes
    target = F.one_hot(torch.where(valid, labels, 0), classes).permute(0, 3, 1, 2).float()
    return target * valid[:, None], valid[:, None].float()


def eroded(x):
    """The least of each 3 × 3 window; outside the image counts for nothing."""
    return -F.max_pool2d(-x, 3, stride=1, padding=1)


def dilated(x, tolerance):
    return F.max_pool2d(x, 2 * tolerance + 1, stride=1, padding=tolerance) if tolerance else x


def edge_band(target, tolerance, drops_background):
    """1 near the edges of the labels of any class, 0 elsewhere; N × 1 × H × W."""
    edge = (eroded(target) != target).float()
    if drops_background:
        edge = edge[:, 1:]
    return dilated(edge.amax(dim=1, keepdim=True), tolerance)


def overlap(logits, labels, theta, mask=None):
    """Soft intersection and union of every class."""
    target, valid = one_hot(labels, logits.shape[1])
    if mask is not None:
        valid = valid * mask
    probability = torch.softmax(logits, dim=1)
    half = len(theta) // 2
    both = curve(probability, theta[:half]) * target
    either = curve(probability, theta[half:])
    either = either + target - either * target
    return (both * valid).sum((0, 2, 3)), (either * valid).sum((0, 2, 3)), target


def accuracy_parts(logits, labels, theta):
    target, _ = one_hot(labels, logits.shape[1])
    found = curve(torch.softmax(logits, dim=1), theta) * target
    return found.sum((0, 2, 3)), target.sum((0, 2, 3))


def boundary_f1(logits, labels, theta, tolerance, drops_background):
    target, _ = one_hot(labels, logits.shape[1])
    probability = torch.softmax(logits, dim=1)
    first, second, third, fourth = (theta[k * len(theta) // 4 : (k + 1) * len(theta) // 4] for k in range(4))
    target_edge = (eroded(target) != target).float()
    shrunk = eroded(probability)
    either = curve(probability, third)
    other = curve(shrunk, fourth)
    edge = either + other - either * other - curve(probability, first) * curve(shrunk, second)
    if drops_background:
        target_edge, edge = target_edge[:, 1:], edge[:, 1:]
    precision = (edge * dilated(target_edge, tolerance)).sum((0, 2, 3)) / (edge.sum((0, 2, 3)) + EPS)
    recall = (dilated(edge, tolerance) * target_edge).sum((0, 2, 3)) / (target_edge.sum((0, 2, 3)) + EPS)
    score = 2 * precision * recall / (precision + recall + EPS)
    return score[target_edge.sum((0, 2, 3)) > 0].mean()


def loss(metric, logits, labels, theta, tolerance, drops_background):
    """1 − the soft metric; `theta` is a list of numbers, `labels` N × H × W of integers."""
    if metric in ("mIoU", "FWIoU", "BIoU"):
        mask = None
        if metric == "BIoU":
            mask = edge_band(one_hot(labels, logits.shape[1])[0], tolerance, drops_background)
        inter, union, target = overlap(logits, labels, theta, mask)
        quotient = inter / (union + EPS)
        if metric == "FWIoU":
            count = target.sum((0, 2, 3))
            return 1 - (quotient * count).sum() / count.sum()
        return 1 - quotient.mean()
    if metric == "mAcc":
        found, count = accuracy_parts(logits, labels, theta)
        return 1 - (found / (count + EPS)).mean()
    if metric == "gAcc":
        found, count = accuracy_parts(logits, labels, theta)
        return 1 - found.sum() / (count.sum() + EPS)
    return 1 - boundary_f1(logits, labels, theta, tolerance, drops_background)
