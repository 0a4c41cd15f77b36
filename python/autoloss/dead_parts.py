"""Looks for parts of a formula that could be left out: holds a part at a number and compares value and gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from .boxes import areas
from .formula import Formula
from .functions import BINARY, UNARY
from .nodes import printed
from .vocabulary import Mode

HOLD_LIMIT = 60
"""At most this many parts are held at numbers,"""

WORK_LIMIT = 20_000
"""and no more than compute this many nodes in all, five parts in a formula of 4,000 nodes."""


def first_dead_part(formula: Formula) -> str | None:
    """The outermost part that is the same number wherever it has influence, printed; None where none was found.

    Holds on the inputs tried: every class as the label, IoUs of 0.1 to 1, and Q above 0 only where PY is 1, as the
    modules feed them.
    """
    inputs, leaf = admissible(formula.mode)
    values = traced(formula, inputs)
    if not values[-1].requires_grad:
        return None
    wanted = _gradient(values[-1], leaf)
    if not bool(wanted.isfinite().all()):
        return None
    adjoints = torch.autograd.grad(values[-1].sum(), values, retain_graph=True, allow_unused=True)
    holds = min(HOLD_LIMIT, max(WORK_LIMIT // len(values), 1))
    for index in range(len(formula.nodes) - 2, -1, -1):
        if not formula.nodes[index].children or _is_spelled_number(formula, index):
            continue
        number = _number_where_used(values[index], adjoints[index])
        if number is None:
            continue
        if holds == 0:
            return None
        holds -= 1
        held = traced(formula, inputs, index, number)
        if _same(held[-1], values[-1]) and _same(_gradient(held[-1], leaf), wanted):
            part = printed(formula.subnodes(index), 60)
            return f"{part}, always {number:.4g} where it counts,"
    return None


def traced(formula: Formula, inputs: dict[str, Tensor], hold: int = -1, number: float = 0.0) -> list[Tensor]:
    """The value of every node, with one of them held at a number."""
    values: list[Tensor] = []
    for index, node in enumerate(formula.nodes):
        children = [values[child] for child in node.children]
        if len(children) == 2:
            value = BINARY[node.name](*children)
        elif children:
            value = UNARY[node.name](*children)
        elif node.is_number:
            value = torch.full((1,), node.value, dtype=torch.float64)
        else:
            value = inputs[node.name]
        if index == hold:
            value = torch.full_like(value, number)
        elif hold < 0 and not value.requires_grad:
            value = value.detach().clone().requires_grad_()
        values.append(value)
    return values


def _gradient(value: Tensor, leaf: Tensor) -> Tensor:
    if not value.requires_grad:
        return torch.zeros_like(leaf)
    (gradient,) = torch.autograd.grad(value.sum(), leaf, retain_graph=True, allow_unused=True)
    return torch.zeros_like(leaf) if gradient is None else gradient


def _number_where_used(value: Tensor, adjoint: Tensor | None) -> float | None:
    """The number that a part equals wherever a change of it changes the result; None where it varies or has no use."""
    if adjoint is None:
        return None
    used = value.detach()[adjoint != 0]
    if len(used) == 0:
        return 0.0
    first = used[0]
    is_same = bool(used.isfinite().all()) and bool(((used - first).abs() <= 1e-12 * first.abs()).all())
    return float(first) if is_same else None


def _is_spelled_number(formula: Formula, index: int) -> bool:
    node = formula.nodes[index]
    while node.name == "Neg":
        node = formula.nodes[node.children[0]]
    return node.is_number


def _same(one: Tensor, other: Tensor) -> bool:
    """Equal to ten digits of the largest entry of each row."""
    rows = other.detach().reshape(other.shape[0], -1) if other.dim() else other.detach().reshape(1, 1)
    scale = rows.abs().amax(1, keepdim=True)
    gap = (one.detach().expand(other.shape).reshape(rows.shape) - rows).abs()
    return bool((gap <= 1e-10 * scale).all())


def admissible(mode: Mode) -> tuple[dict[str, Tensor], Tensor]:
    """Inputs as the modules feed them, in float64, and the prediction among them that gradients are taken of."""
    generator = torch.Generator().manual_seed(0)
    if mode is Mode.REG:
        corner = torch.rand(40, 2, generator=generator, dtype=torch.float64) * 300
        size = 8 + torch.rand(40, 2, generator=generator, dtype=torch.float64) * 300
        target = torch.cat([corner, corner + size], 1)
        shift = (torch.rand(40, 4, generator=generator, dtype=torch.float64) - 0.5) * 1.5
        pred = (target + shift * torch.cat([size, size], 1) * 0.4).requires_grad_()
        return areas(pred, target), pred
    x = (torch.randn(40, 4, generator=generator, dtype=torch.float64) * 3).requires_grad_()
    label = torch.arange(40) % (4 if mode is Mode.MULTI_CLS else 5)
    one_hot = (label.unsqueeze(1) == torch.arange(4)).double()
    iou = 0.1 + 0.9 * torch.rand(40, 1, generator=generator, dtype=torch.float64)
    if mode is Mode.MULTI_CLS:
        z = torch.where(label.unsqueeze(1) == 3, 1.0, iou).expand(40, 4)
        return {"X": x, "Y": one_hot, "Z": z}, x
    return {"X": x, "Q": one_hot * iou, "PY": one_hot, "NY": 1 - one_hot}, x
