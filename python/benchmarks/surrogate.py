"""Times `autoloss.SurrogateLoss` beside the formulation of the original, both in PyTorch: value and gradient.

The peer restates the published formulas as they are written there: dense one-hot maps, every curve at every class and
pixel, both pieces of a curve everywhere, square windows, and a backward pass by autograd alone.

    python benchmarks/surrogate.py [--threads 1] [--shape 2 19 256 256] [--repeats 15] [--device cpu]

prints one JSON line for each metric; times are medians of interleaved runs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from autoloss.segmentation_metrics import PUBLISHED_THETA, Metric
from autoloss.surrogate import SurrogateLoss

EPS = 1e-8


def curve(x: Tensor, points: Tensor) -> Tensor:
    """The original's curve: every piece at every x, then a choice."""
    corners = torch.cat([points.new_zeros(2), points, points.new_ones(2)])
    y = x
    for first in range(0, len(corners) - 2, 4):
        x0, y0, x1, y1, x2, y2 = corners[first : first + 6]
        inside = (x > x0) & (x <= x2) if first else x <= x2
        part = x.where(inside, x2)
        a, u = (x1 - x0) / (x2 - x0), (part - x0) / (x2 - x0)
        t = u if a == 0.5 else (a - torch.sqrt(a**2 + (1 - 2 * a) * u)) / (2 * a - 1)
        piece = (t - 1) ** 2 * y0 - 2 * t * (t - 1) * y1 + t**2 * y2
        y = piece.where(inside, y) if first else piece
    return y


def widened(x: Tensor, tolerance: int) -> Tensor:
    return functional.max_pool2d(x, 2 * tolerance + 1, stride=1, padding=tolerance) if tolerance else x


def eroded(x: Tensor) -> Tensor:
    return -functional.max_pool2d(-functional.pad(x, (1, 1, 1, 1), value=1.0), 3, stride=1)


def original(metric: Metric, tolerance: int, drop_background: bool) -> Callable[[Tensor, Tensor], Tensor]:
    """1 - metric as the original computes it."""

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        classes = logits.shape[1]
        theta = torch.tensor(PUBLISHED_THETA[metric], device=logits.device)
        mask = (labels >= 0) & (labels < classes)
        numbers = functional.one_hot(labels.where(mask, classes), classes + 1)[..., :classes]
        target = numbers.permute(0, 3, 1, 2).float().contiguous()
        pred = logits.softmax(1)
        sides = (0, 2, 3)
        if metric in (Metric.MACC, Metric.GACC):
            inter, count = curve(pred, theta) * target, target.sum(sides)
            if metric is Metric.GACC:
                return 1 - inter.sum() / (count.sum() + EPS)
            return 1 - (inter.sum(sides) / (count + EPS)).mean()
        if metric is Metric.BF1:
            first, second, third, fourth = theta.chunk(4)
            target_edge, worn = (eroded(target) != target).float(), eroded(pred)
            both = curve(pred, first) * curve(worn, second)
            either = curve(pred, third) + curve(worn, fourth) - curve(pred, third) * curve(worn, fourth)
            edge = either - both
            precision = (edge * widened(target_edge, tolerance)).sum(sides) / (edge.sum(sides) + EPS)
            recall = (widened(edge, tolerance) * target_edge).sum(sides) / (target_edge.sum(sides) + EPS)
            f1 = 2 * precision * recall / (precision + recall + EPS)
            present = target_edge.sum(sides) != 0
            return 1 - (f1[1:][present[1:]] if drop_background else f1[present]).mean()
        if metric is Metric.BIOU:
            near = -functional.max_pool2d(-target, 3, stride=1, padding=1)
            trimap = widened((near != target).float(), tolerance)
            mask = mask & ((trimap[:, 1:] if drop_background else trimap).amax(1) > 0.5)
        judged = mask.float()[:, None]
        first, second = theta.chunk(2)
        inter = (curve(pred, first) * target * judged).sum(sides)
        union = curve(pred, second)
        quotient = inter / (((union + target - union * target) * judged).sum(sides) + EPS)
        if metric is Metric.FWIOU:
            count = target.sum(sides)
            return 1 - (quotient * count)[count > 0].sum() / count.sum()
        return 1 - quotient.mean()

    return loss


def seconds(loss: Callable[[Tensor, Tensor], Tensor], logits: Tensor, labels: Tensor) -> tuple[float, float, Tensor]:
    """Seconds of one value and gradient, and both."""
    logits = logits.detach().requires_grad_()
    start = time.perf_counter()
    value = loss(logits, labels)
    value.backward()  # type: ignore[no-untyped-call]
    if logits.is_cuda:
        torch.cuda.synchronize()
    assert logits.grad is not None
    return time.perf_counter() - start, value.item(), logits.grad


def main() -> None:
    """Prints one line a metric."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--shape", type=int, nargs=4, default=[2, 19, 256, 256], metavar=("N", "C", "H", "W"))
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    images, classes, height, width = arguments.shape
    generator = torch.Generator().manual_seed(1)
    # Blobs: labels and logits as smooth as those of pictures.
    coarse = torch.randn(images, classes, height // 16, width // 16, generator=generator)
    field = functional.interpolate(coarse, (height, width), mode="bilinear") * 4
    labels = field.argmax(1).to(arguments.device)
    labels[:, : height // 20] = 255
    noise = torch.randn(images, classes, height, width, generator=generator)
    logits = (field + noise).to(arguments.device)
    for metric in Metric:
        ours = SurrogateLoss(metric)
        peer = original(metric, ours.tolerance, ours.drop_background)
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(arguments.repeats):
            took, value, gradient = seconds(ours, logits, labels)
            took_peer, value_peer, gradient_peer = seconds(peer, logits, labels)
            times[0].append(took)
            times[1].append(took_peer)
        mine, other = (statistics.median(kind) * 1e3 for kind in times)
        apart = ((gradient - gradient_peer).abs().max() / gradient_peer.abs().max()).item()
        row = {"name": f"surrogate-{metric.value}", "unit": "ms", "ours": round(mine, 2), "peer": round(other, 2)}
        row |= {"peer_name": "pytorch-original", "ratio": round(other / mine, 2), "threads": arguments.threads}
        row |= {"value_apart": abs(value - value_peer), "gradient_apart": apart}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
