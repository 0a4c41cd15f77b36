"""The formula benchmarks of PyTorch, numpy and pyoperon: the same inputs as ours, the answers compared before timing."""

import math
import time

import numpy as np

EPS = 1e-20
SETS = 3
LOSSES = {
    "formula-cls": {
        "mode": "BINARY_CLS",
        "variables": ["X", "Q", "PY", "NY"],
        "differentiable": ["X"],
        "text": "Neg(Add(Mul(Q,Mul(Add(1,Serf(Sig(NY))),Log(Sig(X)))),Mul(Add(Sgdf(X),Neg(Q)),"
        "Mul(Add(Add(1,Neg(Q)),Neg(Add(1,Neg(Sig(X))))),Log(Add(1,Neg(Sig(X))))))))",
    },
    "formula-reg": {
        "mode": "REG",
        "variables": ["U", "I", "E"],
        "differentiable": ["U", "I", "E"],
        "text": "Neg(Div(Add(Div(Neg(Add(Neg(E),Add(1,I))),Neg(Add(3,Add(2,U)))),Add(Div(E,E),Div(Neg(E),Neg(1)))),"
        "Neg(Add(Div(Neg(Add(U,Div(I,1))),Neg(3)),Neg(E)))))",
    },
}
# What pyoperon parses, with U, I, E under the names it gives them; it has no eps, which these inputs do not feel.
OPERON_REGRESSION = "0 - (((X3 - (1 + X2)) / (0 - (3 + (2 + X1)))) + ((X3 / X3) + X3)) / (X3 - (X1 + X2) / 3)"


def lean_classification(library, sigmoid, erf, x, q, ny):
    """CSE-Autoloss-B classification as a programmer writes it: shared parts once, numbers as numbers."""
    s = sigmoid(x)
    c = 1 - s
    k = 1 + (1 + erf(sigmoid(ny) * (math.sqrt(math.pi) / 4))) / 2
    g = (1 + (4 / math.pi) * library.arctan(library.tanh(x * (math.pi / 8)))) / 2
    return -(q * k * library.log(s + EPS) + (g - q) * ((1 - q) - c) * library.log(c + EPS))


def lean_regression(u, i, e):
    top = (e - (1 + i)) / (-(3 + (2 + u)) + EPS) + (e / (e + EPS) + e)
    return -(top / ((e - (u + i) * (1 / 3)) + EPS))


class FormulaRace:
    """One loss at one size."""

    def __init__(self, loss, elements, inputs, answers):
        self.loss = loss
        self.about = LOSSES[loss]
        variables = self.about["variables"]
        columns = 1 if loss == "formula-reg" else 80 if elements % 80 == 0 else 16
        shape = (elements,) if columns == 1 else (elements // columns, columns)
        numbers = np.fromfile(inputs, dtype=np.float32).reshape((SETS, len(variables)) + shape)
        self.sets = [dict(zip(variables, one)) for one in numbers]
        self.expected = np.fromfile(answers, dtype=np.float32).reshape((-1,) + shape)
        self.elements = elements
        self.runs = {}

    def prepare(self, contestant):
        """Builds a contestant and compares its answer with ours; gives the largest difference in units of the tolerance."""
        run = self.build(contestant)
        found = [np.asarray(part).reshape(self.expected[0].shape) for part in run(0)]
        worst = 0.0
        slack = 0.0
        if "X" in self.sets[0]:  # what the rounding of 1 - Sig(X) does to its logarithm
            slack = 4.8e-7 * (1 + np.exp(self.sets[0]["X"].astype(np.float64)))
        scale = np.max(np.abs(self.expected[1:]), axis=0)
        for number, part in enumerate(found):
            wanted = self.expected[number].astype(np.float64)
            allowed = 2e-5 * np.abs(wanted) + (2e-6 if number == 0 else 4e-6 * scale) + slack
            off = np.abs(part - wanted) / allowed
            if not np.all(off <= 1):  # also where the answer is not a number
                raise ValueError(f"{contestant}: its answers are not ours ({np.max(off):.3g} times the tolerance)")
            worst = max(worst, float(np.max(off)))
        self.runs[contestant] = run
        return {"worst": worst}

    def time(self, contestant, count):
        run = self.runs[contestant]
        batch = max(1, 300_000 // self.elements // (1 if contestant in ("numpy", "pyoperon") else 8))
        for number in range(SETS):
            run(number)
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            for number in range(batch):
                run(number % SETS)
            seconds.append((time.perf_counter() - start) / batch)
        return {"seconds": seconds}

    def build(self, contestant):
        if contestant == "numpy":
            return self.numpy()
        if contestant == "pyoperon":
            return self.operon()
        import torch

        function = self.original(torch) if contestant == "pytorch-eager" else self.lean(torch)
        if contestant == "pytorch-compile-one-graph":
            return self.one_graph(torch, function)
        if contestant == "pytorch-compile":
            function = torch.compile(function, dynamic=False)
        if contestant == "pytorch-compile-max-autotune":
            function = torch.compile(function, dynamic=False, mode="max-autotune-no-cudagraphs")
        return self.autograd(torch, function)

    def original(self, torch):
        import original

        names = original.primitive_set(self.about["mode"])
        return original.compile_formula(self.about["text"], names)

    def lean(self, torch):
        if self.loss == "formula-reg":
            return lean_regression
        return lambda x, q, py, ny: lean_classification(torch, torch.sigmoid, torch.erf, x, q, ny)

    def tensors(self, torch):
        sets = [[torch.from_numpy(values[name]) for name in self.about["variables"]] for values in self.sets]
        leaves = [[t for t, name in zip(one, self.about["variables"]) if name in self.about["differentiable"]] for one in sets]
        return sets, leaves

    def autograd(self, torch, function):
        """Value, then the gradient of its sum by autograd; the upstream ones are there beforehand."""
        sets, leaves = self.tensors(torch)
        for one in leaves:
            for leaf in one:
                leaf.requires_grad_(True)
        ones = torch.ones_like(leaves[0][0])

        def run(number):
            value = function(*sets[number])
            gradients = torch.autograd.grad(value, leaves[number], ones)
            return value.detach(), *gradients

        return run

    def one_graph(self, torch, function):
        """Value and gradient as one compiled function, so that the compiler may fuse both passes."""
        sets, leaves = self.tensors(torch)
        places = [k for k, name in enumerate(self.about["variables"]) if name in self.about["differentiable"]]
        ones = torch.ones_like(leaves[0][0])

        def both(*inputs):
            def of_leaves(*leaves):
                full = list(inputs)
                for place, leaf in zip(places, leaves):
                    full[place] = leaf
                return function(*full)

            value, pullback = torch.func.vjp(of_leaves, *(inputs[place] for place in places))
            return value, *pullback(ones)

        compiled = torch.compile(both, dynamic=False)
        return lambda number: compiled(*sets[number])

    def numpy(self):
        """The value alone; numpy has no erf, so that and the sigmoid are scipy's."""
        from scipy.special import erf, expit

        if self.loss == "formula-reg":
            return lambda number: [lean_regression(*(self.sets[number][name] for name in "UIE"))]

        def run(number):
            values = self.sets[number]
            return [lean_classification(np, expit, erf, values["X"], values["Q"], values["NY"])]

        return run

    def operon(self):
        """The value alone, by pyoperon's interpreter on one thread."""
        import pyoperon

        if self.loss != "formula-reg":
            raise ValueError("pyoperon has none of the functions of this formula")
        # A dataset looks into the array and does not keep it alive.
        self.columns = [np.asfortranarray(np.stack([values[name] for name in "UIE"], axis=1)) for values in self.sets]
        datasets = [pyoperon.Dataset(columns) for columns in self.columns]
        hashes = {variable.Name: variable.Hash for variable in datasets[0].Variables}
        tree = pyoperon.InfixParser.Parse(OPERON_REGRESSION, hashes)
        table = pyoperon.DispatchTable()
        rows = pyoperon.Range(0, self.elements)
        return lambda number: [pyoperon.Evaluate(table, tree, datasets[number], rows)]
