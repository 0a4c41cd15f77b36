"""DEAP compile plus PyTorch value and gradient at 1,024 points, formula after formula."""

import time

import original
import torch

ROWS, CLASSES = 64, 16


class ScreeningRace:
    """The formulas of a file, one a line: the mode and the text."""

    def __init__(self, path):
        with open(path) as file:
            self.formulas = [line.split(maxsplit=1) for line in file.read().splitlines()]
        self.names = {mode: original.primitive_set(mode) for mode in ("MULTI_CLS", "REG")}
        random = torch.Generator().manual_seed(1)
        labels = torch.randint(CLASSES, (ROWS,), generator=random)
        overlap = torch.rand(ROWS, 1, generator=random).expand(ROWS, CLASSES).contiguous()
        intersection = torch.rand(ROWS * CLASSES, generator=random) * 1000
        union = intersection + torch.rand(ROWS * CLASSES, generator=random) * 1000 + 1
        self.inputs = {
            "MULTI_CLS": [
                torch.randn(ROWS, CLASSES, generator=random).requires_grad_(True),
                torch.nn.functional.one_hot(labels, CLASSES).float(),
                overlap,
            ],
            "REG": [
                union.requires_grad_(True),
                intersection.requires_grad_(True),
                (union.detach() * 1.2).requires_grad_(True),
            ],
        }
        self.leaves = {mode: [t for t in inputs if t.requires_grad] for mode, inputs in self.inputs.items()}

    def run(self):
        compiling = 0.0
        failed = 0
        start = time.perf_counter()
        for mode, text in self.formulas:
            try:
                before = time.perf_counter()
                function = original.compile_formula(text, self.names[mode])
                compiling += time.perf_counter() - before
                value = function(*self.inputs[mode])
                torch.autograd.grad(value.sum(), self.leaves[mode], allow_unused=True)
            except Exception:  # a formula without gradient, or one that this language refuses: done as well
                failed += 1
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "compile": compiling, "failed": failed}
