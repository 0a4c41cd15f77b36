#!/usr/bin/env python3
"""Records training steps of the segmenter in PyTorch: the loss, every gradient, and the losses of 20 SGD steps.

    python3 Tests/Recorded/segment_step.py > Tests/Recorded/segment_step.json     (needs torch and numpy; seconds)

The network and its loss are those of Benchmarks/peers; start values, pixels and labels come from the integer generator
there (`words`), so both programs begin with the same bits. The numbers are computed in float64; `float32_*` say how far
PyTorch's own float32 is away from them.
"""

import base64
import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Benchmarks" / "peers"))
from detectors import optimizer  # noqa: E402
from segmenters import batch, loss, segmenter  # noqa: E402

STEPS = 20
ROWS = [
    {
        "batch": 2, "height": 32, "width": 48, "classes": 3, "stem": 8, "stages": [16, 32], "blocks": 1, "context": 16,
        "dilations": [2, 3], "decoder": 16, "rate": 0.02, "pixels": "pixels",
    },
    {
        "batch": 3, "height": 64, "width": 32, "classes": 8, "stem": 16, "stages": [16, 32, 32], "blocks": 0,
        "context": 24, "dilations": [1], "decoder": 12, "rate": 0.01, "pixels": "pixels 2",
    },
]


class Training:
    """One segmenter on one batch, in one kind of number."""

    def __init__(self, s, dtype):
        self.module = segmenter(s).to(dtype)
        pixels, self.labels = batch(s)
        self.pixels = pixels.to(dtype)
        self.optimizer = optimizer(self.module, s["rate"])

    def step(self):
        """The loss before a step of SGD; leaves the gradients behind."""
        self.optimizer.zero_grad()
        value = loss(self.module, self.pixels, self.labels)
        value.backward()
        return float(value.detach())


def record(s):
    exact, single = Training(s, torch.float64), Training(s, torch.float32)
    curves, gradients = ([], []), []
    for step in range(STEPS):
        for training, curve in zip((exact, single), curves):
            curve.append(training.step())
        if step == 0:
            for (name, parameter), other in zip(exact.module.named_parameters(), single.module.parameters()):
                gradient = parameter.grad
                gradients.append({
                    "name": name, "shape": list(gradient.shape),
                    "gradient": base64.b64encode(gradient.numpy().astype("<f4").tobytes()).decode(),
                    "float32_error": float((other.grad.double() - gradient).abs().max() / gradient.abs().max()),
                })
        for training in (exact, single):
            training.optimizer.step()
    error = max(abs(a - b) / a for a, b in zip(*curves))
    worst = max(entry["float32_error"] for entry in gradients)
    print(
        f"losses {curves[0][0]:.4f} to {curves[0][-1]:.4f}, float32 gradients off by {worst:.1e}, curve by {error:.1e}",
        file=sys.stderr)
    return {"settings": s, "curve": curves[0], "float32_curve": error, "parameters": gradients}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({"torch": torch.__version__.split("+")[0], "rows": [record(row) for row in ROWS]}, indent=1))
