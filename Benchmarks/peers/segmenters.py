"""The segmenter of autoloss in PyTorch: the same layers, parameter names and start values, so that both can be compared.

`Tests/Recorded/segment_step.py` holds loss and gradients of this module fixed; a test there proves that autoloss computes
the same.
"""

import numpy
import torch
from detectors import Backbone, NormConvolution, started, words
from torch import nn
from torch.nn import functional


class Segmenter(Backbone):
    """Logits of every class at a quarter of the input's size."""

    def __init__(self, s):
        super().__init__({**s, "groups": 0})
        inputs, channels, decoder = s["stages"][-1], s["context"], s["decoder"]
        branches = {
            f"branch{index}": NormConvolution(inputs, channels, 0, relu=False, dilation=dilation)
            for index, dilation in enumerate(s["dilations"])
        }
        self.context = nn.ModuleDict({
            "mean": nn.Conv2d(inputs, channels, 1, bias=False), **branches,
            "center": NormConvolution(inputs, channels, 0, kernel=1, relu=False),
        })
        self.decoder = nn.ModuleDict({
            "skip": NormConvolution(s["stages"][-2], decoder, 0, kernel=1, relu=False),
            "context": NormConvolution(channels, decoder, 0, kernel=1, relu=False),
            "refine": NormConvolution(decoder, decoder, 0), "logits": nn.Conv2d(decoder, s["classes"], 1),
        })

    def forward(self, pixels):
        stages = self.stages(pixels)
        x = stages[-1]
        total = self.context["mean"](functional.adaptive_avg_pool2d(x, 1))
        for name, layer in self.context.items():
            if name != "mean":
                total = total + layer(x)
        x = self.decoder["context"](functional.relu(total, inplace=True))
        skip = self.decoder["skip"](stages[-2])
        x = functional.relu(upsampled(x, skip.shape[-2:]) + skip, inplace=True)
        return self.decoder["logits"](self.decoder["refine"](x))


def upsampled(x, size):
    return functional.interpolate(x, size=size, mode="bilinear", align_corners=False)


def segmenter(s):
    """The module that settings describe, with the start values of its parameters' names."""
    return started(Segmenter(s))


def loss(module, pixels, labels):
    """Cross entropy of the logits at the input's size, mean over the pixels that are not ignored (255)."""
    logits = upsampled(module(pixels), pixels.shape[-2:])
    return functional.cross_entropy(logits, labels, ignore_index=255)


def batch(s):
    """Pixels (centred, N × 3 × H × W) and labels (N × H × W) from integers; one label in 16 is ignored."""
    count = s["batch"] * s["height"] * s["width"]
    pixels = (words(s["pixels"], 3 * count) >> numpy.uint64(56)).astype(numpy.float64)
    pixels = ((pixels - 127.5) / 64).reshape(s["batch"], s["height"], s["width"], 3)
    drawn = words(s["pixels"] + " labels", count)
    labels = (drawn >> numpy.uint64(40)) % numpy.uint64(s["classes"])
    labels[drawn >> numpy.uint64(60) == 0] = 255
    labels = labels.astype(numpy.int64).reshape(s["batch"], s["height"], s["width"])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels)
