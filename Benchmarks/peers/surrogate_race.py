"""Value and gradient of the surrogates in PyTorch on the logits that our side has drawn."""

import time

import numpy
import segmentation_surrogates
import torch


class SurrogateRace:
    """The losses of one input; `compile` gives the forward pass to torch.compile."""

    def __init__(self, logits, labels, shape):
        images, classes, height, width = shape
        numbers = numpy.fromfile(logits, dtype=numpy.float32).reshape(shape)
        maps = numpy.fromfile(labels, dtype=numpy.uint8).reshape(images, height, width)
        self.logits = torch.from_numpy(numbers).requires_grad_(True)
        self.labels = torch.from_numpy(maps.astype(numpy.int64))
        self.runs = {}

    def prepare(self, contestant, metric, theta, tolerance, drops_background, value, gradient):
        """Builds a contestant and compares its answer with ours: value within 1e-5, gradient within 1e-4 by its norm.

        Not entry by entry: of millions of probabilities some lie within rounding of a joint of a curve, where the slope jumps.
        """

        def loss(logits, labels):
            return segmentation_surrogates.loss(metric, logits, labels, theta, tolerance, drops_background)

        function = torch.compile(loss, dynamic=False) if contestant == "pytorch-compile" else loss

        def run():
            found = function(self.logits, self.labels)
            return found.detach(), torch.autograd.grad(found, self.logits)[0]

        found, slopes = run()
        ours = torch.from_numpy(numpy.fromfile(gradient, dtype=numpy.float32).reshape(self.logits.shape))
        off = ((slopes - ours).norm() / ours.norm()).item()
        if not (abs(found.item() - value) <= 1e-5 and off <= 1e-4):
            raise ValueError(f"{contestant}, {metric}: {found.item()} and ours {value}, gradients {off:.3g} apart")
        self.runs[contestant, metric] = run
        return {"off": off}

    def time(self, contestant, metric, count):
        run = self.runs[contestant, metric]
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}
