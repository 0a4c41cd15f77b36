"""The primitives in PyTorch, with the guards and the conventions at kinks that the language defines.

Log and Div add eps = 1e-20 to their (second) argument, Exp clamps its argument at 88.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

EPSILON = 1e-20
"""Added to the argument of Log and to divisors."""

EXP_LIMIT = 88.0
"""Exp clamps its argument here; its gradient is 0 from here on."""


class _Quotient(torch.autograd.Function):
    """a / d with the divisor's gradient as −(g / d) (a / d).

    PyTorch's own −g ((a / d) / d) overflows where only eps keeps d from 0, and is nan where g is 0 besides.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(a: Tensor, d: Tensor) -> Tensor:
        return a / d

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(inputs[1], output)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:
        d, quotient = ctx.saved_tensors
        share = g / d
        return share, -share * quotient


class _DualQuotient(_Quotient):
    """The same with a derivative forward, for `torch.func.jvp` and `hessian`; the compiler takes no such function."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(inputs[1], output)
        ctx.save_for_forward(inputs[1], output)

    @staticmethod
    def jvp(ctx: Any, a_tangent: Tensor | None, d_tangent: Tensor | None) -> Tensor:
        d, quotient = ctx.saved_tensors
        moved = torch.zeros_like(quotient) if a_tangent is None else a_tangent / d
        return moved if d_tangent is None else moved - quotient * (d_tangent / d)


def div(a: Tensor, b: Tensor) -> Tensor:
    """a ÷ (b + 1e-20), whatever the sign of b."""
    b = shifted(b)
    shape = torch.broadcast_shapes(a.shape, b.shape)  # type: ignore[no-untyped-call]
    spread, divisor = a.expand(shape), b.expand(shape)
    if torch.compiler.is_compiling():
        if not (spread.requires_grad or divisor.requires_grad):
            return spread / divisor
        quotient: Tensor = _Quotient.apply(spread, divisor)
        return quotient
    dual: Tensor = _DualQuotient.apply(spread, divisor)
    return dual


def log(a: Tensor) -> Tensor:
    """ln(a + 1e-20)."""
    return torch.log(shifted(a))


def exp(a: Tensor) -> Tensor:
    """e^min(a, 88)."""
    # Clamping alone passes the gradient at the limit in some releases of PyTorch.
    return torch.exp(torch.where(a < EXP_LIMIT, a, a.detach().clamp(max=EXP_LIMIT)))


def sgdf(a: Tensor) -> Tensor:
    """½ (1 + 4/π × atan(tanh(π a ÷ 8)))."""
    return _ranked(0.5 * (1 + 4 / math.pi * torch.atan(torch.tanh(math.pi * a / 8))))


def salf(a: Tensor) -> Tensor:
    """½ (1 + h ÷ √(1 + h²)) with h = a ÷ 2."""
    h = a / 2
    return 0.5 * (1 + h / torch.sqrt(1 + h * h))


def serf(a: Tensor) -> Tensor:
    """½ (1 + erf(√π a ÷ 4))."""
    return _ranked(0.5 * (1 + torch.erf(a * (math.sqrt(math.pi) / 4))))


def softmax(a: Tensor) -> Tensor:
    """e^a ÷ (sum of e^a over the row's classes), of N×C."""
    return torch.softmax(a, dim=1)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """The sum of a × b over the last axis."""
    return (a * b).sum(-1)


def shifted(a: Tensor, epsilon: float = EPSILON) -> Tensor:
    """a + epsilon.

    The optimizer of ONNX graphs takes a scalar up to 1e-8 for 0 and drops the sum, so an exported one has an axis.
    """
    if not torch.compiler.is_compiling():
        return a + epsilon
    return (a + torch.full((1,), epsilon, dtype=a.dtype, device=a.device)).reshape(a.shape)


def _ranked(a: Tensor) -> Tensor:
    """The original's Serf and Sgdf multiply by a one-element pi, which gives a number an axis."""
    return a if a.dim() else a.reshape(1)


UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "Neg": torch.neg,
    "Exp": exp,
    "Log": log,
    "Abs": torch.abs,
    "Sqrt": torch.sqrt,
    "Softmax": softmax,
    "Softplus": torch.nn.functional.softplus,
    "Sig": torch.sigmoid,
    "Sgdf": sgdf,
    "Salf": salf,
    "Serf": serf,
    "Tanh": torch.tanh,
    "Sin": torch.sin,
    "Cos": torch.cos,
    "Relu": torch.relu,
}
BINARY: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Div": div,
    "Dot": dot,
}
