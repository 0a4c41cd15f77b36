"""How long, how fast and with which optimizer a training goes."""

from __future__ import annotations

import math

import torch
from torch import nn

from .options import Options


def steps_of(options: Options, images: int, world: int) -> int:
    """The number of training steps that was asked for."""
    if options.steps is not None:
        return options.steps
    return max(1, math.ceil((options.epochs or 1) * images / (options.batch * world)))


def learning_rate(options: Options, world: int) -> float:
    """The given rate, or the usual one for the number of images a step."""
    if options.learning_rate:
        return options.learning_rate
    return 1e-4 if options.optimizer == "adamw" else 0.02 * options.batch * world / 16


def schedule(step: int, steps: int) -> float:
    """The factor on the learning rate: a linear start over a tenth of the steps (500 at most), then half a cosine."""
    warm = min(500, steps // 10)
    if step < warm:
        return (step + 1) / (warm + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def optimizer_of(model: nn.Module, options: Options) -> torch.optim.Optimizer:
    """Weight decay acts on weights alone, not on biases and norms."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter for parameter in trained if parameter.dim() > 1], "weight_decay": options.weight_decay},
        {"params": [parameter for parameter in trained if parameter.dim() <= 1], "weight_decay": 0.0},
    ]
    if options.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=options.learning_rate)
    return torch.optim.SGD(groups, lr=options.learning_rate, momentum=0.9)
