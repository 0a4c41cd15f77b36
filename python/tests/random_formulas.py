"""Random formulas and inputs for property tests; the same seed gives the same ones."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import Tensor

from autoloss import Formula, Mode, areas
from autoloss.functions import BINARY, UNARY

ROWS, CLASSES = 6, 4


def formula(seed: int, mode: Mode) -> Formula:
    """A formula of a mode that depends on the prediction, with a trainable shape."""
    source = random.Random(f"{seed} {mode.value}")
    while True:
        grow = _per_sample if mode is Mode.MULTI_CLS else _plain
        found = Formula(grow(source, mode, source.randint(2, 5)), mode)
        if found.depends_on_prediction:
            return found


def _plain(source: random.Random, mode: Mode, depth: int) -> str:
    """Of N×C values (N areas in REG)."""
    if depth == 0 or source.random() < 0.15:
        return _leaf(source, mode)
    unary = [name for name in mode.primitives if name in UNARY]
    if source.random() < 0.45:
        name = source.choice(unary)
        # Softmax takes nothing but N×C.
        inner = "X" if name == "Softmax" else _plain(source, mode, depth - 1)
        return f"{name}({inner})"
    name = source.choice(["Add", "Sub", "Mul", "Div"])
    return f"{name}({_plain(source, mode, depth - 1)},{_plain(source, mode, depth - 1)})"


def _per_sample(source: random.Random, mode: Mode, depth: int) -> str:
    """Of N values: a Dot, or what is made of one."""
    if depth <= 1 or source.random() < 0.6:
        return f"Dot({_matrix(source, depth - 1)},{_plain(source, mode, depth - 1)})"
    if source.random() < 0.5:
        name = source.choice([name for name in UNARY if name != "Softmax"])
        return f"{name}({_per_sample(source, mode, depth - 1)})"
    left, right = (_per_sample(source, mode, depth - 1) for _ in range(2))
    return f"{source.choice(['Add', 'Sub', 'Mul', 'Div'])}({left},{right})"


def _matrix(source: random.Random, depth: int) -> str:
    """Of N×C values for certain."""
    variable = source.choice(["X", "Y", "Z"])
    return variable if depth <= 0 else f"Add({variable},{_plain(source, Mode.MULTI_CLS, depth - 1)})"


def _leaf(source: random.Random, mode: Mode) -> str:
    return source.choice([*mode.variables, *mode.variables, "1", "2", "3", "0.5"])


def inputs(seed: int, mode: Mode) -> dict[str, Tensor]:
    """Inputs of a mode as the modules feed them, in float32."""
    generator = torch.Generator().manual_seed(seed)
    if mode is Mode.REG:
        target = 50 * torch.rand(ROWS, 4, generator=generator)
        target[:, 2:] += target[:, :2] + 8
        return {
            name: value.detach()
            for name, value in areas(target + 4 * torch.randn(ROWS, 4, generator=generator), target).items()
        }
    x = 2 * torch.randn(ROWS, CLASSES, generator=generator)
    label = torch.randint(0, CLASSES, (ROWS,), generator=generator)
    y = torch.eye(CLASSES)[label]
    iou = 0.1 + 0.9 * torch.rand(ROWS, 1, generator=generator)
    if mode is Mode.MULTI_CLS:
        return {
            "X": x,
            "Y": y,
            "Z": torch.where(label[:, None] == CLASSES - 1, 1.0, iou).expand(ROWS, CLASSES).contiguous(),
        }
    return {"X": x, "Q": y * iou, "PY": y, "NY": 1 - y}


def value_and_gradients(
    compute: Callable[..., Tensor], given: dict[str, Tensor], mode: Mode
) -> tuple[Tensor, dict[str, Tensor]]:
    """The value, and the gradient of its sum with respect to the variables that depend on the prediction."""
    leaves = {name: given[name].detach().clone().requires_grad_() for name in mode.differentiable_variables}
    value = compute(**(given | leaves))
    gradients = torch.autograd.grad(value.sum(), list(leaves.values()), allow_unused=True)
    found = {
        name: torch.zeros_like(leaves[name]) if g is None else g
        for (name, _), g in zip(leaves.items(), gradients, strict=True)
    }
    return value.detach(), found


def bounds(subject: Formula, given: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
    """How far float32 results may be apart, for value and gradients: what rounding of every operation moves.

    Three times the largest move in five runs in float64 whose every result is disturbed by 1e-7, + 3e-6 relative
    + 3e-7; infinite where the number is lost altogether.
    """
    exact = {name: value.double() for name, value in given.items()}
    base = value_and_gradients(subject, exact, subject.mode)
    single = value_and_gradients(subject, given, subject.mode)
    runs = [single]
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        runs.append(value_and_gradients(lambda **each: _disturbed(subject, generator, each), exact, subject.mode))  # noqa: B023

    def limit(pick: Callable[[tuple[Tensor, dict[str, Tensor]]], Tensor]) -> Tensor:
        wanted = pick(base)
        moves = torch.stack([(pick(run).double() - wanted).abs() for run in runs]).amax(0)
        scale = wanted.abs().nan_to_num(0, 0, 0)
        found = 3 * moves + 3e-6 * scale + 1e-6 * (scale.max() if scale.numel() else 0) + 3e-7
        is_lost = ~wanted.isfinite() | ~moves.isfinite() | (moves > 0.02 * scale + 1e-3) | (scale > 1e30)
        return torch.where(is_lost, torch.inf, found)

    return limit(lambda run: run[0]), {name: limit(lambda run, name=name: run[1][name]) for name in base[1]}


def share_without_bound(limits: list[Tensor]) -> float:
    """Of all entries, how many no comparison can fail on; formulas count alike."""
    return sum(limit.isinf().double().mean().item() for limit in limits) / len(limits)


def _disturbed(subject: Formula, generator: torch.Generator, given: dict[str, Tensor]) -> Tensor:
    values: list[Tensor] = []
    for node in subject.nodes:
        children = [values[child] for child in node.children]
        if not children:
            number = torch.full((1,), node.value, dtype=torch.float64)
            values.append(number if node.is_number else given[node.name])
            continue
        result = BINARY[node.name](*children) if len(children) == 2 else UNARY[node.name](*children)
        noise = 1e-7 * (2 * torch.rand(result.shape, generator=generator, dtype=torch.float64) - 1)
        values.append(result * (1 + noise))
    return values[-1]


def disagreement(actual: Tensor, expected: Tensor, limit: Tensor) -> str:
    """The first entry that is further off than its limit; empty where there is none."""
    a, b = actual.detach().double(), expected.detach().double()
    if a.shape != b.shape:
        return f"shape {list(a.shape)} instead of {list(b.shape)}"
    same = (a == b) | (a.isnan() & b.isnan()) | ((a - b).abs() <= limit) | limit.isinf()
    for place in torch.nonzero(~same).tolist()[:1]:
        at = tuple(place)
        return f"{place}: {a[at].item()} instead of {b[at].item()} ± {limit[at].item()}"
    return ""
