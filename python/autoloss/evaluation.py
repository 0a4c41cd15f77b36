"""Computes a formula in PyTorch: one operation after the other, every shared part once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from .arguments import need_tensor
from .boxes import full_precision
from .errors import LossError
from .functions import BINARY, UNARY
from .nodes import Node, single
from .vocabulary import Mode


class Step(NamedTuple):
    """One operation of a program; `name` is a primitive, a variable or "number"."""

    name: str
    left: int = -1
    right: int = -1
    value: float = 0.0
    single: float = 0.0
    """The value as the nearest float32, infinite beyond its range."""


def program(nodes: tuple[Node, ...]) -> tuple[Step, ...]:
    """The operations of a formula, children before parents."""
    steps = []
    for node in nodes:
        left, right = (*node.children, -1, -1)[:2]
        steps.append(Step(node.name, left, right, node.value, single(node.value)))
    return tuple(steps)


def evaluate(steps: tuple[Step, ...], mode: Mode, inputs: Mapping[str, Tensor]) -> Tensor:
    """The value of a formula.

    float16, bfloat16 and whole numbers are computed in float32 with autocast off, float64 in float64. Gradients flow to
    X, or to U, I and E, alone.
    """
    given = _checked(mode, inputs)
    device = given[0].device
    dtype = torch.float64 if any(tensor.dtype == torch.float64 for tensor in given) else torch.float32
    with full_precision(device):
        return _run(steps, mode, inputs, dtype, device)


def _run(
    steps: tuple[Step, ...], mode: Mode, inputs: Mapping[str, Tensor], dtype: torch.dtype, device: torch.device
) -> Tensor:
    values: list[Tensor] = []
    for step in steps:
        if step.right >= 0:
            values.append(BINARY[step.name](values[step.left], values[step.right]))
        elif step.left >= 0:
            values.append(UNARY[step.name](values[step.left]))
        elif step.name == "number":
            number = step.value if dtype == torch.float64 else step.single
            values.append(torch.full((1,), number, dtype=dtype, device=device))
        else:
            values.append(_variable(step.name, mode, inputs).to(dtype))
    return values[-1]


def _checked(mode: Mode, inputs: Mapping[str, Tensor]) -> list[Tensor]:
    """The tensors that are given, all of one shape, in the order of the mode's variables."""
    given = [(name, value) for name in mode.variables if (value := inputs.get(name)) is not None]
    if not given:
        raise LossError("missingInput", f"no inputs are given: the formula is of {', '.join(mode.variables)}")
    first, like = given[0]
    for name, value in given:
        need_tensor(f"inputs.{name}", value)
        if value.dim() != (1 if mode is Mode.REG else 2):
            wanted = "N areas" if mode is Mode.REG else "N×C values"
            raise LossError("inputShape", f"inputs.{name} has the shape {list(value.shape)} where {wanted} are needed")
        if value.shape != like.shape:
            raise LossError(
                "inputShape",
                f"inputs.{name} has shape {list(value.shape)}, inputs.{first} has {list(like.shape)}: make them equal",
            )
    return [value for _, value in given]


def _variable(name: str, mode: Mode, inputs: Mapping[str, Tensor]) -> Tensor:
    value = inputs.get(name)
    if value is None:
        raise LossError("missingInput", f"the formula uses {name}, but inputs has no {name}: add it")
    return value if name in mode.differentiable_variables else value.detach()
