"""FCOS and ATSS."""

import detection_losses as losses
import numpy
import targets as assign
import torch

from steps.training import Training


class DenseTraining(Training):
    variables = ("X", "Q", "PY", "NY")

    def losses(self):
        parts = losses.one_stage(self.module(self.pixels), self.targets(), self.s, **self.terms)
        return dict(zip(("classification", "boxes", "centerness"), parts))

    def targets(self):
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
