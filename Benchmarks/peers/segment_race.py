"""Training steps of the segmenter in PyTorch on one batch: eager in the better memory format, and through torch.compile."""

import json

import torch
from contestants import Contestant, StepRace
from segmenters import batch, loss, segmenter


class SegmentRace(StepRace):
    """Pixels are floats and labels integers beforehand: making them costs these contestants nothing."""

    def __init__(self, file):
        super().__init__()
        with open(file) as text:
            self.settings = json.load(text)
        pixels, self.labels = batch(self.settings)
        self.pixels = pixels.to(torch.float32)

    def contestant(self, format, compiled):
        pixels, labels = self.pixels.to(memory_format=format), self.labels
        module = segmenter(self.settings).to(memory_format=format)
        return Contestant(module, lambda module: loss(module, pixels, labels), compiled)
