"""Training steps of a detector in PyTorch on one batch: eager in the better memory format, and through torch.compile."""

import json

import numpy
import torch

import detection_losses as losses
import targets as assign
from contestants import Contestant, StepRace
from detectors import detector, words


class TrainingRace(StepRace):
    """What is chosen without gradients (targets; regions too) is made beforehand and costs these contestants nothing."""

    def __init__(self, file):
        super().__init__()
        with open(file) as text:
            given = json.load(text)
        self.settings = s = given["settings"]
        self.is_dense = s["kind"] in ("fcos", "atss")
        count = s["batch"] * s["height"] * s["width"] * 3
        pixels = (words(given["pixels"], count) >> numpy.uint64(56)).astype(numpy.float32)
        pixels = (pixels.reshape(s["batch"], s["height"], s["width"], 3) - 127.5) / 64
        self.pixels = torch.from_numpy(pixels).permute(0, 3, 1, 2)
        self.boxes = [numpy.array([o["box"] for o in image], dtype=numpy.float32) for image in given["images"]]
        self.labels = [numpy.array([o["label"] for o in image]) for image in given["images"]]
        if self.is_dense:
            self.targets = dense_targets(s, self.boxes, self.labels)
        else:
            self.proposals, self.regions, self.is_coarse = region_targets(s, self.boxes, self.labels)

    def one_stage(self, module, pixels):
        return sum(losses.one_stage(module(pixels), self.targets, self.settings))

    def two_stage(self, module, pixels):
        levels, outputs = module.first(pixels)
        first = losses.proposal(outputs, self.proposals)
        boxes = self.regions["regions"].reshape(len(pixels), -1, 4)
        return sum(first) + sum(losses.regions(module.second(levels, boxes, self.is_coarse), self.regions))

    def contestant(self, format, compiled):
        pixels = self.pixels.to(memory_format=format)
        step = self.one_stage if self.is_dense else self.two_stage
        module = detector(self.settings).to(memory_format=format)
        return Contestant(module, lambda module: step(module, pixels), compiled)


def dense_targets(s, boxes, labels):
    """What `detection_losses.one_stage` takes, by level."""
    rule = assign.by_points if s["kind"] == "fcos" else assign.by_overlap
    found, levels = [rule(s, image) for image in boxes], []
    for level, stride in enumerate(s["strides"]):
        origins = (
            assign.points(s, stride) if s["kind"] == "fcos" else assign.anchors(s, stride, [stride * s["anchor_scale"]]))
        objects = numpy.stack([image[level] for image in found])
        image, place = numpy.nonzero(objects >= 0)
        chosen = objects[image, place]
        positive = numpy.zeros((*objects.shape, s["classes"]), dtype=numpy.float32)
        positive[image, place, [labels[i][o] for i, o in zip(image, chosen)]] = 1
        wanted = numpy.array([boxes[i][o] for i, o in zip(image, chosen)], dtype=numpy.float32).reshape(-1, 4)
        levels.append({
            "stride": stride, "positive": torch.from_numpy(positive.reshape(-1, s["classes"])),
            "places": torch.from_numpy(image * objects.shape[1] + place),
            "origins": torch.from_numpy(origins[place].astype(numpy.float32)), "boxes": torch.from_numpy(wanted),
        })
    return levels


def region_targets(s, boxes, labels, anchors_drawn=128, positive_share=0.25):
    """Sampled anchors and regions as autoloss draws them in number; regions are objects moved a little, and anchors."""
    dice = numpy.random.default_rng(1)
    levels = [assign.anchors(s, *pair) for pair in zip(s["strides"], s["anchor_sizes"])]
    anchors = numpy.concatenate(levels)
    objects, background, wanted, regions, matches = [], [], [], [], []
    for image, own in enumerate(boxes):
        found = assign.by_largest(anchors, own, 0.7, 0.3, 0.3)
        shown = dice.permutation(numpy.nonzero(found >= 0)[0])[: anchors_drawn // 2]
        rest = dice.permutation(numpy.nonzero(found == -1)[0])[: anchors_drawn - len(shown)]
        objects += list(image * len(anchors) + shown)
        background += list(image * len(anchors) + rest)
        size, box = anchors[shown, 2:] - anchors[shown, :2], own[found[shown]]
        shift = (box[:, :2] + box[:, 2:] - anchors[shown, :2] - anchors[shown, 2:]) / 2 / size
        wanted.append(numpy.concatenate([shift, numpy.log((box[:, 2:] - box[:, :2]) / size)], axis=1))
        positives = int(s["regions"] * positive_share)
        near = own[dice.integers(len(own), size=positives)]
        near = near + dice.normal(0, 0.05, size=near.shape) * numpy.tile(near[:, 2:] - near[:, :2], 2)
        far = anchors[dice.permutation(numpy.nonzero(found == -1)[0])[: s["regions"] - positives]]
        chosen = numpy.clip(numpy.concatenate([near, far]), 0, [s["width"], s["height"]] * 2)
        regions.append(chosen)
        matches.append(assign.by_largest(chosen, own, 0.5, 0.5))
    regions, matches = numpy.stack(regions).astype(numpy.float32), numpy.stack(matches)
    is_object = numpy.zeros(len(objects) + len(background), dtype=numpy.float32)
    is_object[: len(objects)] = 1
    image, _ = numpy.indices(matches.shape)
    rows = numpy.nonzero(matches.ravel() >= 0)[0]
    of = [(i, m) for i, m in zip(image.ravel()[rows], matches.ravel()[rows])]
    labelled = numpy.full(matches.size, s["classes"])
    labelled[rows] = [labels[i][m] for i, m in of]
    side = numpy.sqrt(numpy.prod(regions[..., 2:] - regions[..., :2], axis=2))
    first = {
        "sampled": torch.tensor(numpy.array(objects + background)), "is_object": torch.from_numpy(is_object),
        "deltas": torch.from_numpy(numpy.concatenate(wanted).astype(numpy.float32)),
    }
    second = {
        "rows": torch.from_numpy(rows), "labels": torch.from_numpy(labelled),
        "regions": torch.from_numpy(regions.reshape(-1, 4)),
        "boxes": torch.from_numpy(numpy.array([boxes[i][m] for i, m in of], dtype=numpy.float32).reshape(-1, 4)),
    }
    return first, second, torch.from_numpy(side >= s["coarse_from"])
