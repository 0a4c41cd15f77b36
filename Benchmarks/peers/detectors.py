"""The detectors of autoloss in PyTorch: the same layers, parameter names and start values, so that both can be compared.

The parameters have autoloss's names ("stage0.block0.first.norm.weight"). `Tests/Recorded/training_steps.py` holds
losses and gradients of these modules fixed; a test there proves that autoloss computes the same.
"""

import math

import numpy
import torch
from torch import nn
from torch.nn import functional

MASK = (1 << 64) - 1


def words(name, count):
    """`count` 64-bit words of the stream of that name: SplitMix64 from the FNV-1a hash of the name."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) & MASK
    steps = (state + 0x9E3779B97F4A7C15 * k & MASK for k in range(1, count + 1))
    z = numpy.fromiter(steps, dtype=numpy.uint64, count=count)
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return z ^ (z >> numpy.uint64(31))


def start_value(name, shape):
    """Float32 start of a parameter: weights uniform with variance 1 / fan-in, norm scales near 1, the rest near 0."""
    count = math.prod(shape)
    u = (words(name, count) >> numpy.uint64(40)).astype(numpy.float64) / 2**23 - 1
    if len(shape) > 1:
        u = u * math.sqrt(3 / (count / shape[0]))
    elif name.endswith(".norm.weight"):
        u = 1 + 0.2 * u
    else:
        u = 0.1 * u
    return torch.from_numpy(u.astype(numpy.float32).reshape(shape))


class NormConvolution(nn.Conv2d):
    """Convolution without bias, normalization, and ReLU unless told otherwise."""

    def __init__(self, inputs, outputs, groups, kernel=3, stride=1, relu=True, dilation=1):
        super().__init__(inputs, outputs, kernel, stride, dilation * (kernel // 2), dilation, bias=False)
        self.norm = nn.GroupNorm(groups, outputs) if groups else nn.BatchNorm2d(outputs)
        self.relu = relu

    def forward(self, x):
        y = self.norm(super().forward(x))
        return functional.relu(y, inplace=True) if self.relu else y


class Block(nn.Module):
    """relu(x + norm(conv(relu(norm(conv(x))))))"""

    def __init__(self, channels, groups):
        super().__init__()
        self.first = NormConvolution(channels, channels, groups)
        self.second = NormConvolution(channels, channels, groups, relu=False)

    def forward(self, x):
        return functional.relu(x + self.second(self.first(x)), inplace=True)


class Stage(NormConvolution):
    """A convolution of stride 2, then residual blocks."""

    def __init__(self, inputs, outputs, groups, blocks):
        super().__init__(inputs, outputs, groups, stride=2)
        self.blocks = blocks
        for index in range(blocks):
            self.add_module(f"block{index}", Block(outputs, groups))

    def forward(self, x):
        x = super().forward(x)
        for index in range(self.blocks):
            x = getattr(self, f"block{index}")(x)
        return x


class Backbone(nn.Module):
    """Stem and stages; `groups` 0 stands for batch normalization."""

    def __init__(self, s):
        super().__init__()
        groups = s["groups"]
        self.stem = NormConvolution(3, s["stem"], groups, stride=2)
        self.count = len(s["stages"])
        before = s["stem"]
        for index, outputs in enumerate(s["stages"]):
            self.add_module(f"stage{index}", Stage(before, outputs, groups, s["blocks"]))
            before = outputs

    def stages(self, pixels):
        """The output of every stage."""
        x, stages = self.stem(pixels), []
        for index in range(self.count):
            x = getattr(self, f"stage{index}")(x)
            stages.append(x)
        return stages


class Pyramid(Backbone):
    """Backbone and two-level feature pyramid."""

    def __init__(self, s):
        super().__init__(s)
        groups, channels = s["groups"], s["pyramid"]
        coarse, fine = s["stages"][-1], s["stages"][-2]
        self.lateral = nn.ModuleDict({
            "coarse": NormConvolution(coarse, channels, groups, kernel=1, relu=False),
            "fine": NormConvolution(fine, channels, groups, kernel=1, relu=False),
        })
        self.pyramid = nn.ModuleDict({
            "fine": NormConvolution(channels, channels, groups), "coarse": NormConvolution(channels, channels, groups),
        })

    def levels(self, pixels):
        """The finer and the coarser level."""
        stages = self.stages(pixels)
        coarse, fine = self.lateral["coarse"](stages[-1]), self.lateral["fine"](stages[-2])
        total = fine + functional.interpolate(coarse, size=fine.shape[-2:], mode="nearest")
        return [self.pyramid["fine"](total), self.pyramid["coarse"](coarse)]


class DenseHead(nn.Module):
    """Two towers and three outputs, shared by both levels."""

    def __init__(self, s):
        super().__init__()
        channels, groups = s["tower"], s["head_groups"]
        widths = [s["pyramid"]] + [channels] * s["convolutions"]
        for name in ("classes", "boxes"):
            self.add_module(name, nn.ModuleList(NormConvolution(a, channels, groups) for a in widths[:-1]))
        self.logits = nn.Conv2d(widths[-1], s["classes"], 3, padding=1)
        self.distances = nn.Conv2d(widths[-1], 4, 3, padding=1)
        self.centerness = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, x):
        a = b = x
        for layer in self.classes:
            a = layer(a)
        for layer in self.boxes:
            b = layer(b)
        return self.logits(a), self.distances(b), self.centerness(b)


def rows(x, channels):
    """N × (anchors · channels) × H × W to N × places × channels."""
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, channels)


class OneStage(Pyramid):
    """FCOS or ATSS: logits, boxes and centerness of every place, levels one after another."""

    def __init__(self, s):
        super().__init__(s)
        self.head = DenseHead(s)
        self.classes = s["classes"]

    def forward(self, pixels):
        found = [self.head(level) for level in self.levels(pixels)]
        widths = (self.classes, 4, 1)
        return [[rows(part, width) for part, width in zip(level, widths)] for level in found]


class ProposalHead(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.hidden = nn.Conv2d(s["pyramid"], s["proposal_channels"], 3, padding=1)
        self.logit = nn.Conv2d(s["proposal_channels"], s["anchors"], 1)
        self.delta = nn.Conv2d(s["proposal_channels"], 4 * s["anchors"], 1)

    def forward(self, x):
        x = functional.relu(self.hidden(x), inplace=True)
        return rows(self.logit(x), 1)[..., 0], rows(self.delta(x), 4)


class BoxHead(nn.Module):
    """`boxes`: how many boxes a region has, one for each class or one for all."""

    def __init__(self, s, boxes):
        super().__init__()
        self.first = nn.Linear(s["cells"] ** 2 * s["pyramid"], s["hidden"])
        self.second = nn.Linear(s["hidden"], s["hidden"])
        self.logits = nn.Linear(s["hidden"], s["classes"] + 1)
        self.deltas = nn.Linear(s["hidden"], 4 * boxes)

    def forward(self, pooled):
        """`pooled`: regions × cells × cells × channels."""
        x = functional.relu(self.first(pooled.flatten(1)), inplace=True)
        x = functional.relu(self.second(x), inplace=True)
        return self.logits(x), self.deltas(x)


class MaskHead(nn.Module):
    """3×3 convolutions, a 2×2 transposed convolution of stride 2, and a logit for each pixel and class."""

    def __init__(self, s):
        super().__init__()
        channels, self.count = s["mask_channels"], s["mask_convolutions"]
        before = s["pyramid"]
        for index in range(self.count):
            self.add_module(f"conv{index}", nn.Conv2d(before, channels, 3, padding=1))
            before = channels
        # The transposed convolution as autoloss keeps it: a 1×1 convolution to the channels of the four new pixels, row
        # by row. What it gives a pixel depends on that pixel alone, as stride and size are equal.
        self.upsample = nn.Conv2d(before, 4 * channels, 1)
        self.logits = nn.Conv2d(channels, s["classes"], 1)

    def forward(self, pooled):
        """`pooled`: regions × cells × cells × channels; regions × classes × 2 cells × 2 cells."""
        x = pooled.permute(0, 3, 1, 2)
        for index in range(self.count):
            x = functional.relu(getattr(self, f"conv{index}")(x))
        x = functional.relu(self.upsample(x))
        # pixel_shuffle wants the new pixel's number behind the channel's.
        x = x.unflatten(1, (4, -1)).transpose(1, 2).flatten(1, 2)
        return self.logits(functional.pixel_shuffle(x, 2))


class TwoStage(Pyramid):
    """Faster R-CNN; the caller chooses the regions between `first` and `second`."""

    def __init__(self, s):
        super().__init__(s)
        self.proposals = ProposalHead(s)
        self.add_heads(s)
        self.cells, self.samples, self.strides = s["cells"], s["samples"], s["strides"]

    def add_heads(self, s):
        self.head = BoxHead(s, s["classes"])

    def first(self, pixels):
        levels = self.levels(pixels)
        return levels, [self.proposals(level) for level in levels]

    def pool(self, level, stride, regions, cells, samples):
        """RoIAlign of image-major regions (N × R × 4): bilinear samples at a fixed grid, then their mean in each cell."""
        steps = cells * samples
        at = (torch.arange(steps, dtype=regions.dtype) + 0.5) / steps
        height, width = level.shape[-2:]
        low, side = regions[..., :2], regions[..., 2:] - regions[..., :2]
        # Pixel p (aligned: half a pixel off) is (2 p + 1) / extent - 1 in grid_sample's coordinates.
        x = (low[..., :1] + side[..., :1] * at) / stride * 2 / width - 1
        y = (low[..., 1:] + side[..., 1:] * at) / stride * 2 / height - 1
        grid = torch.stack([
            x[:, :, None, :].expand(-1, -1, steps, -1), y[:, :, :, None].expand(-1, -1, -1, steps)], dim=-1)
        grid = grid.reshape(grid.shape[0], -1, steps, 2)
        found = functional.grid_sample(level, grid, padding_mode="border", align_corners=False)
        found = functional.avg_pool2d(found, samples)
        return found.reshape(found.shape[0], found.shape[1], -1, cells, cells).permute(0, 2, 3, 4, 1)

    def pooled(self, levels, regions, is_coarse, cells, samples):
        """What a head sees of image-major regions: N × R × 4 boxes, and which of them read the coarser level."""
        fine = self.pool(levels[0], self.strides[0], regions, cells, samples)
        coarse = self.pool(levels[1], self.strides[1], regions, cells, samples)
        return torch.where(is_coarse[..., None, None, None], coarse, fine).flatten(0, 1)

    def second(self, levels, regions, is_coarse):
        """Logits and deltas of image-major regions."""
        return self.head(self.pooled(levels, regions, is_coarse, self.cells, self.samples))


class Cascade(TwoStage):
    """Cascade R-CNN: a head a stage, each with one box for all classes."""

    def add_heads(self, s):
        self.heads = len(s["positive_from"])
        for index in range(self.heads):
            self.add_module(f"head{index}", BoxHead(s, 1))

    def second(self, levels, regions, is_coarse, stage=0):
        """Logits and deltas of one stage's regions."""
        return getattr(self, f"head{stage}")(self.pooled(levels, regions, is_coarse, self.cells, self.samples))


class Masked(TwoStage):
    """Mask R-CNN."""

    def add_heads(self, s):
        super().add_heads(s)
        self.mask = MaskHead(s)
        self.mask_cells, self.mask_samples = s["mask_cells"], s["mask_samples"]

    def third(self, levels, regions, is_coarse):
        """Mask logits of image-major regions."""
        return self.mask(self.pooled(levels, regions, is_coarse, self.mask_cells, self.mask_samples))


KINDS = {"fcos": OneStage, "atss": OneStage, "faster-rcnn": TwoStage, "cascade-rcnn": Cascade, "mask-rcnn": Masked}


def detector(s):
    """The module that settings describe, with the start values of its parameters' names."""
    return started(KINDS[s["kind"]](s))


def started(module):
    """The module in training, with the start values of its parameters' names."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(start_value(name, tuple(parameter.shape)))
    return module.train()


def optimizer(module, rate, momentum=0.9, decay=1e-4, **options):
    """SGD; biases and norms do not decay."""
    weights = [p for p in module.parameters() if p.dim() > 1]
    others = [p for p in module.parameters() if p.dim() == 1]
    return torch.optim.SGD(
        [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}], lr=rate,
        momentum=momentum, **options)
