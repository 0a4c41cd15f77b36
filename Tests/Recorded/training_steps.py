#!/usr/bin/env python3
"""Records whole training steps of the detectors in PyTorch: losses, every gradient, and the losses of 20 SGD steps.

    python3 Tests/Recorded/training_steps.py > Tests/Recorded/training_steps.json     (needs torch and numpy; seconds)

The networks and losses are those of Benchmarks/peers, start values and pixels come from the integer generator there
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
import detection_losses as losses  # noqa: E402
import targets as assign  # noqa: E402
from detectors import detector, optimizer, words  # noqa: E402

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
]
BOXES = [
    [([6.3, 8.9, 29.6, 36.2], 0), ([35.4, 20.1, 60.7, 58.3], 2), ([40.2, 3.7, 52.9, 15.4], 1)],
    [([10.7, 30.2, 55.1, 61.6], 1), ([20.6, 5.3, 33.8, 19.5], 0)],
]
PRIMITIVES = {
    "Neg": lambda x: -x, "Add": lambda a, b: a + b, "Sub": lambda a, b: a - b, "Mul": lambda a, b: a * b,
    "Div": lambda a, b: a / (b + 1e-20), "Log": lambda x: torch.log(x + 1e-20), "Sig": torch.sigmoid,
    "Softplus": torch.nn.functional.softplus, "Sin": torch.sin, "Softmax": lambda x: torch.softmax(x, dim=1),
    "Dot": lambda a, b: (a * b).sum(dim=1), "Serf": lambda x: (1 + torch.erf(x * torch.pi**0.5 / 4)) / 2,
    "Sgdf": lambda x: (1 + 4 / torch.pi * torch.atan(torch.tanh(torch.pi * x / 8))) / 2,
}


def formula(text, variables):
    code = compile(text, text, "eval")
    return lambda *given: eval(code, PRIMITIVES, dict(zip(variables, given)))


class Training:
    """One detector on one batch, in one kind of number."""

    def __init__(self, s, dtype):
        self.s, self.dtype, self.margin = s, dtype, float("inf")
        self.module = detector(s).to(dtype)
        count = s["batch"] * s["height"] * s["width"] * 3
        pixels = (words(s["pixels"], count) >> numpy.uint64(56)).astype(float).reshape(s["batch"], s["height"], s["width"], 3)
        self.pixels = ((torch.from_numpy(pixels) - 127.5) / 64).to(dtype).permute(0, 3, 1, 2).contiguous()
        self.boxes = [numpy.array([box for box, _ in image], dtype=numpy.float32).astype(float) for image in BOXES]
        self.labels = [numpy.array([label for _, label in image]) for image in BOXES]
        variables = ("X", "Y", "Z") if s["kind"] == "faster-rcnn" else ("X", "Q", "PY", "NY")
        self.terms = {
            "classification": formula(s["classification"], variables),
            "regression": formula(s["regression"], ("U", "I", "E")),
        }
        self.optimizer = optimizer(self.module, s["rate"])

    def tensor(self, numbers):
        return torch.from_numpy(numpy.ascontiguousarray(numbers)).to(self.dtype)

    def losses(self):
        """The parts by their names in autoloss."""
        if self.s["kind"] == "faster-rcnn":
            return self.two_stage()
        parts = losses.one_stage(self.module(self.pixels), self.dense_targets(), self.s, **self.terms)
        return dict(zip(("classification", "boxes", "centerness"), parts))

    def dense_targets(self):
        rule = assign.by_points if self.s["kind"] == "fcos" else assign.by_overlap
        found = [rule(self.s, boxes) for boxes in self.boxes]
        levels = []
        for level, stride in enumerate(self.s["strides"]):
            origins = (
                assign.points(self.s, stride) if self.s["kind"] == "fcos"
                else assign.anchors(self.s, stride, [stride * self.s["anchor_scale"]])
            ).astype(float)
            objects = numpy.stack([image[level] for image in found])
            image, place = numpy.nonzero(objects >= 0)
            chosen = objects[image, place]
            positive = numpy.zeros((*objects.shape, self.s["classes"]))
            positive[image, place, [self.labels[i][o] for i, o in zip(image, chosen)]] = 1
            levels.append({
                "stride": stride, "positive": self.tensor(positive.reshape(-1, self.s["classes"])),
                "places": torch.from_numpy(image * objects.shape[1] + place), "origins": self.tensor(origins[place]),
                "boxes": self.tensor(numpy.array([self.boxes[i][o] for i, o in zip(image, chosen)]).reshape(-1, 4)),
            })
        return levels

    def anchors(self):
        levels = [assign.anchors(self.s, *pair) for pair in zip(self.s["strides"], self.s["anchor_sizes"])]
        return numpy.concatenate(levels), numpy.repeat([0, 1], [len(level) for level in levels])

    def two_stage(self):
        levels, outputs = self.module.first(self.pixels)
        anchors, level_of = self.anchors()
        objects, background, wanted = [], [], []
        for image, boxes in enumerate(self.boxes):
            found = assign.by_largest(anchors, boxes, 0.7, 0.3, 0.3)
            for anchor in numpy.nonzero(found >= 0)[0]:
                objects.append(image * len(anchors) + anchor)
                wanted.append(encoded(boxes[found[anchor]], anchors[anchor]))
            background += list(image * len(anchors) + numpy.nonzero(found == -1)[0])
        is_object = numpy.zeros(len(objects) + len(background))
        is_object[: len(objects)] = 1
        first = losses.proposal(outputs, {
            "sampled": torch.tensor(objects + background), "deltas": self.tensor(wanted),
            "is_object": self.tensor(is_object),
        })
        chosen = [self.regions(outputs, image, anchors, level_of) for image in range(self.s["batch"])]
        count = max(len(boxes) for boxes, _ in chosen)
        padded = numpy.zeros((len(chosen), count, 4))
        used = numpy.zeros((len(chosen), count), dtype=bool)
        found = numpy.full((len(chosen), count), -1)
        for image, (boxes, matches) in enumerate(chosen):
            padded[image, : len(boxes)], found[image, : len(boxes)] = boxes, matches
            used[image, : len(boxes)] = True
        side = numpy.sqrt(numpy.prod(padded[..., 2:] - padded[..., :2], axis=2))
        self.watch(side[used] - self.s["coarse_from"], self.s["coarse_from"])
        second = self.module.second(levels, self.tensor(padded), torch.from_numpy(side >= self.s["coarse_from"]))
        keep = torch.from_numpy(numpy.nonzero(used.ravel())[0])
        image, place = numpy.nonzero(used)
        matches = found[used]
        labels = [self.labels[i][m] if m >= 0 else self.s["classes"] for i, m in zip(image, matches)]
        rows = numpy.nonzero(matches >= 0)[0]
        targets = {
            "rows": torch.from_numpy(rows), "labels": torch.tensor(labels), "regions": self.tensor(padded[used]),
            "boxes": self.tensor([self.boxes[image[r]][matches[r]] for r in rows]),
        }
        parts = losses.regions([part[keep] for part in second], targets, **self.terms)
        return dict(zip(("objectness", "proposalBoxes", "classification", "boxes"), (*first, *parts)))

    def regions(self, outputs, image, anchors, level_of):
        """Proposals of an image behind its ground truths, and the object that each region shows."""
        boxes, scores, levels = [], [], []
        for level, (logits, deltas) in enumerate(outputs):
            logit = logits[image].detach().double().numpy()
            order = numpy.argsort(-logit, kind="stable")
            self.watch(logit[order[self.s["before"] - 1]] - logit[order[self.s["before"]]])
            best = order[: self.s["before"]]
            own = torch.from_numpy(anchors[level_of == level][best])
            found = losses.shifted(deltas[image].detach().double()[torch.from_numpy(best.copy())], own, (1, 1, 1, 1))
            boxes.append(numpy.clip(found.numpy(), 0, [self.s["width"], self.s["height"]] * 2))
            scores.append(logit[best])
            levels += [level] * len(best)
        boxes, scores, levels = numpy.concatenate(boxes), numpy.concatenate(scores), numpy.array(levels)
        sides = boxes[:, 2:] - boxes[:, :2]
        self.watch(sides - 1)
        large = (sides >= 1).all(axis=1)
        boxes, scores, levels = boxes[large], scores[large], levels[large]
        overlaps = assign.iou(boxes, boxes, 0) * (levels[:, None] == levels[None, :])
        self.watch(overlaps - self.s["suppression"])
        rivals = numpy.triu(overlaps > 0.9 * self.s["suppression"], 1)
        self.watch((scores[:, None] - scores[None, :])[rivals])
        kept = assign.suppressed(boxes, scores, levels, self.s["suppression"], self.s["kept"] + 1)
        self.watch(scores[kept[-2]] - scores[kept[-1]] if len(kept) > self.s["kept"] else 1.0)
        kept = kept[: self.s["kept"]]
        boxes = numpy.concatenate([self.boxes[image], boxes[kept]])
        self.watch(assign.iou(boxes, self.boxes[image]).max(axis=1) - 0.5)
        found = assign.by_largest(boxes, self.boxes[image], 0.5, 0.5)
        order = numpy.argsort(found < 0, kind="stable")
        return boxes[order], found[order]

    def watch(self, distances, scale=1.0):
        self.margin = min(self.margin, float(numpy.abs(distances).min(initial=1)) / scale)

    def step(self):
        """One step of SGD; the parts of the loss before it."""
        self.optimizer.zero_grad()
        parts = self.losses()
        sum(parts.values()).backward()
        return parts


def encoded(box, anchor):
    size, wanted = anchor[2:] - anchor[:2], box[2:] - box[:2]
    shift = ((box[:2] + box[2:]) - (anchor[:2] + anchor[2:])) / 2 / size
    return numpy.concatenate([shift, numpy.log(wanted / size)])


def record(s):
    exact, single = Training(s, torch.float64), Training(s, torch.float32)
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
        "images": [[{"box": box, "label": label} for box, label in image] for image in BOXES], "losses": parts,
        "curve": curves[0], "float32_curve": error,
        "margin": exact.margin if exact.margin < float("inf") else None, "parameters": gradients,
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({"torch": torch.__version__.split("+")[0], "rows": [record(row) for row in ROWS]}, indent=1))
