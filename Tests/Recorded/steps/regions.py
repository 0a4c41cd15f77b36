"""Faster, Cascade and Mask R-CNN: what is chosen without gradients, and the losses.

Cascade R-CNN is that of its paper (Cai and Vasconcelos, 2018, section 4): head t learns from the boxes that head t - 1
made, taken as constants, with the objects that overlap them by at least its own threshold; the objects' own boxes join
the candidates of every head, as in mmdetection, and are not among those that go on. Mask R-CNN (He et al., 2017,
section 3) learns a mask of the true class on each region that shows an object.
"""

from dataclasses import dataclass

import detection_losses as losses
import numpy
import targets as assign
import torch
from mask_head import crop

from steps.training import Training


@dataclass
class Regions:
    """The regions of a batch, image after image, objects first; `padded` and `used` have a row of them an image."""

    padded: numpy.ndarray
    used: numpy.ndarray
    is_coarse: numpy.ndarray
    image: numpy.ndarray
    boxes: numpy.ndarray
    # Index of the object that a region shows, -1 for none.
    matches: numpy.ndarray
    # Whether it is an object's own box.
    is_own: numpy.ndarray


class RegionTraining(Training):
    variables = ("X", "Y", "Z")

    def losses(self):
        levels, outputs = self.module.first(self.pixels)
        parts = dict(zip(("objectness", "proposalBoxes"), losses.proposal(outputs, self.anchor_targets())))
        candidates = [self.proposals(outputs, image) for image in range(self.s["batch"])]
        if self.s["kind"] == "cascade-rcnn":
            return parts | self.cascade(levels, candidates)
        regions = self.regions(candidates, 0.5)
        second = self.module.second(levels, *self.padded(regions))
        found = losses.regions(self.kept(second, regions), self.region_targets(regions), **self.terms)
        parts |= dict(zip(("classification", "boxes"), found))
        if self.s["kind"] == "mask-rcnn":
            parts["masks"] = self.masks(levels, regions)
        return parts

    def cascade(self, levels, candidates):
        """The sum over the heads, each with its threshold, its weight and its own scale of deltas."""
        sums = {"classification": 0.0, "boxes": 0.0}
        heads = zip(self.s["positive_from"], self.s["head_weights"], self.s["delta_scales"])
        for stage, (threshold, weight, scale) in enumerate(heads):
            deviations = tuple(scale * deviation for deviation in (0.1, 0.1, 0.2, 0.2))
            regions = self.regions(candidates, threshold)
            outputs = self.kept(self.module.second(levels, *self.padded(regions), stage), regions)
            found = losses.regions(outputs, self.region_targets(regions), deviations=deviations, **self.terms)
            for name, part in zip(sums, found):
                sums[name] = sums[name] + weight * part
            moved = losses.shifted(outputs[1].detach().double(), torch.from_numpy(regions.boxes), deviations)
            moved = self.inside(moved.numpy())
            candidates = [moved[(regions.image == image) & ~regions.is_own] for image in range(self.s["batch"])]
        return sums

    def masks(self, levels, regions):
        logits = self.module.third(levels, *self.padded(regions))
        shown = numpy.nonzero(regions.matches >= 0)[0]
        objects = [(regions.image[row], regions.matches[row]) for row in shown]
        side = 2 * self.s["mask_cells"]
        wanted = []
        for row, (image, index) in zip(shown, objects):
            box = regions.boxes[row]
            cells = (box[2:] - box[:2]) / side
            self.watch(cells - numpy.round(cells))
            shares = crop(torch.from_numpy(drawn(self.boxes[image][index], self.s)), box.tolist(), side).numpy()
            self.watch(shares - 0.5)
            wanted.append(shares >= 0.5)
        labels = torch.tensor([self.labels[image][index] for image, index in objects])
        own = logits[torch.from_numpy(numpy.nonzero(regions.used.ravel())[0][shown])]
        return self.s["mask_weight"] * losses.masks(own, labels, self.tensor(numpy.array(wanted)))

    def anchors(self):
        levels = [assign.anchors(self.s, *pair) for pair in zip(self.s["strides"], self.s["anchor_sizes"])]
        return numpy.concatenate(levels), numpy.repeat([0, 1], [len(level) for level in levels])

    def anchor_targets(self):
        anchors, _ = self.anchors()
        objects, background, wanted = [], [], []
        for image, boxes in enumerate(self.boxes):
            found = assign.by_largest(anchors, boxes, 0.7, 0.3, 0.3)
            for anchor in numpy.nonzero(found >= 0)[0]:
                objects.append(image * len(anchors) + anchor)
                wanted.append(encoded(boxes[found[anchor]], anchors[anchor]))
            background += list(image * len(anchors) + numpy.nonzero(found == -1)[0])
        is_object = numpy.zeros(len(objects) + len(background))
        is_object[: len(objects)] = 1
        return {
            "sampled": torch.tensor(objects + background), "deltas": self.tensor(wanted),
            "is_object": self.tensor(is_object),
        }

    def proposals(self, outputs, image):
        """The boxes of an image that the proposal network gives."""
        anchors, level_of = self.anchors()
        boxes, scores, levels = [], [], []
        for level, (logits, deltas) in enumerate(outputs):
            logit = logits[image].detach().double().numpy()
            order = numpy.argsort(-logit, kind="stable")
            self.watch(logit[order[self.s["before"] - 1]] - logit[order[self.s["before"]]])
            best = order[: self.s["before"]]
            own = torch.from_numpy(anchors[level_of == level][best])
            found = losses.shifted(deltas[image].detach().double()[torch.from_numpy(best.copy())], own, (1, 1, 1, 1))
            boxes.append(self.inside(found.numpy()))
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
        return boxes[kept[: self.s["kept"]]]

    def inside(self, boxes):
        return numpy.clip(boxes, 0, [self.s["width"], self.s["height"]] * 2)

    def regions(self, candidates, threshold):
        """Every candidate, with the objects' own boxes before them."""
        chosen = []
        for boxes, own in zip(candidates, self.boxes):
            boxes = numpy.concatenate([own, boxes])
            self.watch(assign.iou(boxes, own).max(axis=1) - threshold)
            found = assign.by_largest(boxes, own, threshold, threshold)
            order = numpy.argsort(found < 0, kind="stable")
            chosen.append((boxes[order], found[order], order < len(own)))
        padded = numpy.zeros((len(chosen), max(len(boxes) for boxes, _, _ in chosen), 4))
        used = numpy.zeros(padded.shape[:2], dtype=bool)
        for image, (boxes, _, _) in enumerate(chosen):
            padded[image, : len(boxes)], used[image, : len(boxes)] = boxes, True
        side = numpy.sqrt(numpy.prod(padded[..., 2:] - padded[..., :2], axis=2))
        self.watch(side[used] - self.s["coarse_from"], self.s["coarse_from"])
        return Regions(
            padded, used, side >= self.s["coarse_from"], numpy.nonzero(used)[0], padded[used],
            numpy.concatenate([matches for _, matches, _ in chosen]), numpy.concatenate([own for _, _, own in chosen]))

    def padded(self, regions):
        return self.tensor(regions.padded), torch.from_numpy(regions.is_coarse)

    def kept(self, outputs, regions):
        """Outputs without the rows that fill up."""
        keep = torch.from_numpy(numpy.nonzero(regions.used.ravel())[0])
        return [part[keep] for part in outputs]

    def region_targets(self, regions):
        rows = numpy.nonzero(regions.matches >= 0)[0]
        labels = [
            self.labels[image][match] if match >= 0 else self.s["classes"]
            for image, match in zip(regions.image, regions.matches)]
        return {
            "rows": torch.from_numpy(rows), "labels": torch.tensor(labels), "regions": self.tensor(regions.boxes),
            "boxes": self.tensor([self.boxes[regions.image[row]][regions.matches[row]] for row in rows]),
        }


def encoded(box, anchor):
    size, wanted = anchor[2:] - anchor[:2], box[2:] - box[:2]
    shift = ((box[:2] + box[2:]) - (anchor[:2] + anchor[2:])) / 2 / size
    return numpy.concatenate([shift, numpy.log(wanted / size)])


def drawn(box, s):
    """The mask of an object, height × width: the ellipse in its box without the lower left quarter."""
    y, x = numpy.meshgrid(numpy.arange(s["height"]) + 0.5, numpy.arange(s["width"]) + 0.5, indexing="ij")
    (cx, cy), (a, b) = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    return (((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 <= 1) & ~((x < cx) & (y > cy))
