"""One detector on one batch in PyTorch, in one kind of number: what all detectors share."""

import numpy
import torch
from detectors import detector, optimizer, words

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
    """A subclass names the `variables` of its classification formula and gives the `losses`."""

    variables = ()

    def __init__(self, s, images, dtype):
        self.s, self.dtype, self.margin = s, dtype, float("inf")
        self.module = detector(s).to(dtype)
        count = s["batch"] * s["height"] * s["width"] * 3
        pixels = (words(s["pixels"], count) >> numpy.uint64(56)).astype(float).reshape(s["batch"], s["height"], s["width"], 3)
        self.pixels = ((torch.from_numpy(pixels) - 127.5) / 64).to(dtype).permute(0, 3, 1, 2).contiguous()
        self.boxes = [numpy.array([box for box, _ in image], dtype=numpy.float32).astype(float) for image in images]
        self.labels = [numpy.array([label for _, label in image]) for image in images]
        self.terms = {
            "classification": formula(s["classification"], self.variables),
            "regression": formula(s["regression"], ("U", "I", "E")),
        }
        self.optimizer = optimizer(self.module, s["rate"])

    def tensor(self, numbers):
        return torch.from_numpy(numpy.ascontiguousarray(numbers)).to(self.dtype)

    def losses(self):
        """The parts by their names in autoloss."""
        raise NotImplementedError

    def watch(self, distances, scale=1.0):
        """Takes note of how far numbers are from where they would decide otherwise."""
        self.margin = min(self.margin, float(numpy.abs(distances).min(initial=1)) / scale)

    def step(self):
        """Losses and gradients; the parts of the loss."""
        self.optimizer.zero_grad()
        parts = self.losses()
        sum(parts.values()).backward()
        return parts
