#!/usr/bin/env python3
"""Prints PyTorch's largest errors beside which docs/accuracy.md sets ours (needs torch with its CPU kernels).

Every STEP-th float of each range goes through the original tool's definition of the function in float32, the slope
through autograd; the reference is float64 without cancellation. Errors are in units in the last place of the result,
or of a given scale where the column of the page says so.
"""
import math
import sys

import numpy as np
import torch

STEP = int(sys.argv[1]) if len(sys.argv) > 1 else 1499
ROOT = math.sqrt(math.pi) / 4
PI = torch.tensor([math.pi])


def serf(x):
    return (1 + torch.erf(x * torch.sqrt(PI) / 4)) / 2


def salf(x):
    h = x / 2
    return (1 + h / torch.sqrt(1 + h * h)) / 2


def sgdf(x):
    return (1 + 2 / PI * 2 * torch.atan(torch.tanh(PI * x / 4 / 2))) / 2


def folded(tail):
    """A curve from its tail below 0: tail(|x|) there, 1 - tail(x) above."""
    return lambda x: np.where(x < 0, tail(np.abs(x)), 1 - tail(np.abs(x)))


def erfc(x):
    return torch.erfc(torch.from_numpy(x)).numpy()


def square(x):
    return np.square(x)


SIG = folded(lambda a: np.exp(-a) / (1 + np.exp(-a)))
SERF = folded(lambda a: erfc(a * ROOT) / 2)
SALF = folded(lambda a: 0.5 / (np.sqrt(1 + a * a / 4) * (np.sqrt(1 + a * a / 4) + a / 2)))
SGDF = folded(lambda a: 2 / math.pi * np.arctan(np.exp(-a * math.pi / 4)))
FUNCTIONS = {
    "Exp": (lambda x: torch.exp(torch.clamp(x, max=88)), lambda x: np.exp(np.minimum(x, 88))),
    "Log": (lambda x: torch.log(x + 1e-20), lambda x: np.log((x.astype(np.float32) + np.float32(1e-20)).astype(float))),
    "Sqrt": (torch.sqrt, np.sqrt),
    "Softplus": (torch.nn.functional.softplus, lambda x: np.where(x > 20, x, np.log1p(np.exp(np.minimum(x, 20))))),
    "Sig": (torch.sigmoid, SIG),
    "Tanh": (torch.tanh, np.tanh),
    "Serf": (serf, SERF),
    "Salf": (salf, SALF),
    "Sgdf": (sgdf, SGDF),
    "Sin": (torch.sin, np.sin),
    "Cos": (torch.cos, np.cos),
}
SLOPES = {
    "Exp": np.exp,
    "Log": lambda x: 1 / (x.astype(np.float32) + np.float32(1e-20)).astype(float),
    "Sqrt": lambda x: 0.5 / np.sqrt(x),
    "Softplus": lambda x: np.where(x > 20, 1, SIG(x)),
    "Sig": lambda x: SIG(x) * SIG(-x),
    "Tanh": lambda x: 4 * np.exp(-2 * np.abs(x)) / square(1 + np.exp(-2 * np.abs(x))),
    "Serf": lambda x: np.exp(-square(x * ROOT)) / 4,
    "Salf": lambda x: 0.25 / np.power(1 + x * x / 4, 1.5),
    "Sgdf": lambda x: 0.5 * np.exp(-np.abs(x) * math.pi / 4) / (1 + np.exp(-np.abs(x) * math.pi / 2)),
    "Sin": np.cos,
    "Cos": lambda x: -np.sin(x),
}
INF = math.inf
MAX = 3.4028234663852886e38
# Function, range, and the scale whose unit in the last place counts where the result is smaller.
ROWS = [
    ("Exp", -INF, -87.3, 0), ("Exp", -87.3, INF, 0), ("Log", 0, INF, 0), ("Sqrt", 0, INF, 0),
    ("Softplus", -INF, -87.3, 0), ("Softplus", -87.3, INF, 0),
    ("Sig", -INF, -88.7, 0), ("Sig", -88.7, 0, 0), ("Sig", 0, INF, 0), ("Tanh", -INF, INF, 0),
    ("Serf", -INF, -1, 0.5), ("Serf", -1, 0, 0), ("Serf", 0, INF, 0),
    ("Salf", -3e19, -1, 0.5), ("Salf", -1, 0, 0), ("Salf", 0, 3e19, 0),
    ("Sgdf", -INF, -1, 0.5), ("Sgdf", -1, 0, 0), ("Sgdf", 0, INF, 0),
    ("Sin", -MAX, MAX, 0), ("Cos", -MAX, MAX, 0),
]
SLOPE_ROWS = [
    ("Exp", -INF, -87.3, 0), ("Exp", -87.3, 87.9, 0), ("Log", 1e-18, 1e18, 0), ("Sqrt", 1e-37, MAX, 0),
    ("Softplus", -87.3, INF, 0), ("Sig", -INF, INF, 0.25), ("Tanh", -INF, INF, 1),
    ("Serf", -4, 4, 0), ("Serf", -INF, INF, 0), ("Salf", -4, 4, 0), ("Salf", -3e19, 3e19, 0),
    ("Sgdf", -4, 4, 0), ("Sgdf", -INF, INF, 0.25), ("Sin", -MAX, MAX, 0), ("Cos", -MAX, MAX, 0),
]


def floats(low, high):
    words = np.arange(0, 2**32, STEP, dtype=np.uint64).astype(np.uint32)
    x = words.view(np.float32)
    x = x[np.isfinite(x)]
    return np.ascontiguousarray(x[(x >= low) & (x <= high)])


def unit(reference, scale):
    _, exponent = np.frexp(np.maximum(np.abs(reference), scale))
    return np.exp2(np.maximum(np.where(reference == 0, -125, exponent) if scale == 0 else exponent, -125) - 24.0)


def worst(x, value, reference, scale):
    with np.errstate(all="ignore"):
        fits = np.isfinite(reference) & np.isfinite(value)
        bad = int(np.sum(~fits & ~((reference.astype(np.float32) == value) | (np.isnan(reference) & np.isnan(value)))))
        errors = np.where(fits, np.abs(value.astype(float) - reference) / unit(reference, scale), 0)
    place = int(np.argmax(errors))
    return errors[place], x[place], bad


def report(name, low, high, scale, measured):
    error, place, bad = measured
    print(f"{name:10} {low:>12.6g} {high:>12.6g} {scale:5} {error:10.4g} at {place:.9g}, {bad} not finite", flush=True)


def softmax(classes):
    """Logits that every language draws alike."""
    row, column = np.meshgrid(np.arange(4096.0), np.arange(float(classes)), indexing="ij")
    x = (8 * np.sin(1.7 * row + 12.9 * column + 0.37 * column * column)).astype(np.float32)
    with np.errstate(all="ignore"):
        exact = np.exp(x.astype(float) - x.max(axis=1, keepdims=True))
    exact = exact / exact.sum(axis=1, keepdims=True)
    return worst(x.ravel(), torch.softmax(torch.from_numpy(x), 1).numpy().ravel(), exact.ravel(), 0)


torch.set_num_threads(1)
for name, low, high, scale in ROWS:
    x = floats(low, high)
    function, reference = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        report(name, low, high, scale, worst(x, function(torch.from_numpy(x)).numpy(), reference(x.astype(float)), scale))
for classes in (2, 21, 81, 300):
    report(f"Softmax{classes}", -8, 8, 0, softmax(classes))
for name, low, high, scale in SLOPE_ROWS:
    x = floats(low, high)
    t = torch.from_numpy(x).requires_grad_()
    FUNCTIONS[name][0](t).sum().backward()
    with np.errstate(all="ignore"):
        report(name + "'", low, high, scale, worst(x, t.grad.numpy(), SLOPES[name](x.astype(float)), scale))
