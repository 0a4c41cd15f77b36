#!/usr/bin/env python3
"""Records whole training steps of the detectors in PyTorch: losses, every gradient, and the losses of 20 SGD steps.

    python3 Tests/Recorded/training_steps.py > Tests/Recorded/training_steps.json     (needs torch and numpy; seconds)

The networks and losses are those of Benchmarks/peers, what they learn from is in steps/; start values and pixels come from the integer generator there
(`words`), so both programs begin with the same bits. Nothing is drawn at random. The numbers are computed in float64;
`float32_*` say how far PyTorch's own float32 is away from them. `margin` is the smallest distance of any number of the
20 steps from a threshold that would change which box is chosen: rounding must stay below it.
"""

import base64
import json
import sys
from pathlib import Path

import numpy
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Benchmarks" / "peers"))
from mask_head import runs  # noqa: E402
from steps.dense import DenseTraining  # noqa: E402
from steps.regions import RegionTraining, drawn  # noqa: E402

STEPS = 20
COMMON = {
    "batch": 2, "height": 64, "width": 64, "classes": 3, "stem": 16, "stages": [16, 32], "blocks": 1, "pyramid": 16,
    "strides": [4, 8], "groups": 0, "head_groups": 4, "tower": 16, "convolutions": 1, "distance_limit": 24,
    "anchor_scale": 4, "rate": 0.02, "pixels": "pixels",
}
TWO_STAGE = {
    "proposal_channels": 16, "anchors": 2, "anchor_sizes": [[10, 20], [28, 48]], "before": 24, "kept": 12,
    "suppression": 0.7, "cells": 3, "samples": 2, "coarse_from": 28, "hidden": 32, "regions": 64,
}
# Pixels and anchors of these rows are such that proposals, too, show objects to every head, and few numbers come close to
# a threshold.
NARROW = {
    "stem": 8, "stages": [8, 16], "hidden": 24, "anchor_sizes": [[12, 24], [32, 44]], "before": 16,
}
B_CLASSES = (
    "Neg(Add(Mul(Q,Mul(Add(1,Serf(Sig(NY))),Log(Sig(X)))),Mul(Add(Sgdf(X),Neg(Q)),"
    "Mul(Add(Add(1,Neg(Q)),Neg(Add(1,Neg(Sig(X))))),Log(Add(1,Neg(Sig(X))))))))"
)
ROWS = [
    {**COMMON, "kind": "fcos", "rate": 0.002, "classification": B_CLASSES, "regression": "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))"},
    {
        **COMMON, "kind": "atss", "groups": 4, "regression": "Neg(Log(Div(I,U)))",
        "classification": "Add(Mul(PY,Mul(Mul(Sig(Neg(X)),Sig(Neg(X))),Softplus(Neg(X)))),"
        "Mul(NY,Mul(Mul(Sig(X),Sig(X)),Softplus(X))))",
    },
    {
        **COMMON, **TWO_STAGE, "kind": "faster-rcnn", "rate": 0.01, "pixels": "pixels 7",
        "classification": "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))",
        "regression": "Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,2))),E)))))",
    },
    {
        **COMMON, **TWO_STAGE, **NARROW, "kind": "cascade-rcnn", "rate": 0.01, "pixels": "pixels 116", "groups": 4,
        "positive_from": [0.5, 0.6, 0.7], "head_weights": [1, 0.5, 0.25], "delta_scales": [1, 1 / 2, 1 / 3],
        "classification": "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))",
        "regression": "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))",
    },
    {
        **COMMON, **TWO_STAGE, **NARROW, "kind": "mask-rcnn", "rate": 0.01, "pixels": "pixels 105",
        "mask_cells": 4, "mask_samples": 2, "mask_convolutions": 1, "mask_channels": 8, "mask_weight": 0.5,
        "classification": "Neg(Dot(Y,Log(Softmax(X))))",
        "regression": "Neg(Log(Div(I,U)))",
    },
]
BOXES = [
    [([6.3, 8.9, 29.6, 36.2], 0), ([35.4, 20.1, 60.7, 58.3], 2), ([40.2, 3.7, 52.9, 15.4], 1)],
    [([10.7, 30.2, 55.1, 61.6], 1), ([20.6, 5.3, 33.8, 19.5], 0)],
]


def record(s):
    made = DenseTraining if s["kind"] in ("fcos", "atss") else RegionTraining
    exact, single = made(s, BOXES, torch.float64), made(s, BOXES, torch.float32)
    curves, gradients, parts = ([], []), [], None
    for step in range(STEPS):
        for training, curve in zip((exact, single), curves):
            found = training.step()
            curve.append(float(sum(found.values()).detach()))
            if training is exact and step == 0:
                parts = {name: float(part.detach()) for name, part in found.items()}
        if step == 0:
            pairs = zip(exact.module.named_parameters(), single.module.parameters())
            for (name, parameter), other in pairs:
                gradient = parameter.grad.numpy()
                largest = numpy.abs(gradient).max()
                gradients.append({
                    "name": name, "shape": list(gradient.shape),
                    "gradient": base64.b64encode(gradient.astype("<f4").tobytes()).decode(),
                    "float32_error": float(numpy.abs(other.grad.double().numpy() - gradient).max() / largest),
                })
        for training in (exact, single):
            training.optimizer.step()
    error = max(abs(a - b) / a for a, b in zip(*curves))
    worst = max(entry["float32_error"] for entry in gradients)
    count = sum(p.numel() for p in exact.module.parameters())
    print(
        f"{s['kind']}: {count} parameters, losses {curves[0][0]:.4f} to {curves[0][-1]:.4f}, float32 gradients off by "
        f"{worst:.1e}, curve by {error:.1e}, margin {exact.margin:.1e}", file=sys.stderr)
    return {
        "settings": s, "momentum": 0.9, "decay": 1e-4,
        "images": [[described(box, label, s) for box, label in image] for image in BOXES], "losses": parts,
        "curve": curves[0], "float32_curve": error,
        "margin": exact.margin if exact.margin < float("inf") else None, "parameters": gradients,
    }


def described(box, label, s):
    """An object; with its mask, as run lengths, for Mask R-CNN."""
    mask = {"mask": runs(torch.from_numpy(drawn(numpy.array(box), s)))} if s["kind"] == "mask-rcnn" else {}
    return {"box": box, "label": label, **mask}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({"torch": torch.__version__.split("+")[0], "rows": [record(row) for row in ROWS]}, indent=1))
