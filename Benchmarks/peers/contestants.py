"""What the training steps of all networks share: a module ready to step, and the choice of its memory format."""

import time

import torch
from detectors import optimizer

RATE = 0.001
TRIALS = 5


class Contestant:
    """A module with its optimizer; `loss` takes the module and gives what is minimised."""

    def __init__(self, module, loss, compiled):
        self.module = module
        self.loss = torch.compile(loss, dynamic=False) if compiled else loss
        self.optimizer = optimizer(module, RATE)

    def step(self):
        self.optimizer.zero_grad()
        loss = self.loss(self.module)
        loss.backward()
        self.optimizer.step()
        return loss

    def times(self, count):
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            self.step()
            seconds.append(time.perf_counter() - start)
        return seconds


class StepRace:
    """Contestants by name; a subclass makes one from a memory format."""

    def __init__(self):
        self.contestants = {}

    def contestant(self, format, compiled):
        raise NotImplementedError

    def prepare(self, name):
        """Warms both memory formats, keeps the faster, and gives its first loss from the common start weights."""
        best = None
        for label, format in (("channels_last", torch.channels_last), ("contiguous", torch.contiguous_format)):
            contestant = self.contestant(format, name == "pytorch-compile")
            loss = contestant.step().item()
            contestant.times(TRIALS)
            # Processor time decides, so that a busy machine does not.
            start = time.process_time()
            contestant.times(TRIALS)
            seconds = time.process_time() - start
            if best is None or seconds < best[0]:
                best = seconds, label, loss, contestant
        self.contestants[name] = best[3]
        return {"loss": best[2], "format": best[1]}

    def time(self, name, count):
        return {"seconds": self.contestants[name].times(count)}
