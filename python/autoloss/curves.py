"""Curves that carry a logic gate from {0, 1} to probabilities: quadratic Bezier pieces or straight ones.

A curve goes through (0, 0), its control points (x1, y1, x2, y2, ...) and (1, 1). The formulas of Auto Seg-Loss (Li et
al., ICLR 2021) divide by 2a - 1 and by the width of a piece; the ones here are the same mathematics without either
division, so that straight, equal and extreme control points are as safe as any others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor

Parameterization = Literal["bezier", "piecewise_linear"]
PARAMETERIZATIONS: tuple[Parameterization, ...] = get_args(Parameterization)

# Narrower pieces hold no more than a few numbers of float32 below 1: they are steps.
NARROWEST = 2.0**-22

SLACK = 1e-6
"""What rounding to float32 may take from range and order, as in the Swift program."""


@dataclass(frozen=True)
class Piece:
    """One piece over start < x <= end: y = y0 + t (b + t c), where t in [0, 1] solves u = 2 t (1 - t) a + t^2 and
    u = (x - start) / width. A straight piece has a = 1/2 and c = 0, hence t = u."""

    start: float
    end: float
    a: float
    y0: float
    b: float
    c: float

    @property
    def width(self) -> float:
        return self.end - self.start

    @property
    def least_root(self) -> float:
        """What a slope divides by at least: a curve that starts or ends vertically keeps a finite slope there.

        Near 1 float32 tells apart only steps of 6e-8, whose root this is; near 0 it tells far smaller ones.
        """
        return 1e-6 if self.a < 0.5 else 2.5e-4


@dataclass(frozen=True)
class Curve:
    """A curve from (0, 0) to (1, 1): pieces of positive width in order of x."""

    pieces: tuple[Piece, ...]
    straight: bool

    @classmethod
    def from_points(cls, points: Sequence[float], parameterization: Parameterization = "bezier") -> Curve:
        """The curve through `points` (x1, y1, x2, y2, ...), all in [0, 1], x never falling (but for 1e-6).

        Bezier: one point bends a piece, every second one joins two pieces, so there are 2 (2 pieces - 1) numbers.
        Raises ValueError for another count, a number outside [0, 1] or a falling x.
        """
        check_points(points, parameterization)
        corners = _corners(_grown(points))
        step = 2 if parameterization == "bezier" else 1
        pieces = []
        for first in range(0, len(corners) - 1, step):
            (x0, y0), (x2, y2) = corners[first], corners[first + step]
            if x2 - x0 < NARROWEST:
                continue
            if parameterization == "bezier":
                x1, y1 = corners[first + 1]
                pieces.append(Piece(x0, x2, (x1 - x0) / (x2 - x0), y0, 2 * (y1 - y0), y0 - 2 * y1 + y2))
            else:
                pieces.append(Piece(x0, x2, 0.5, y0, y2 - y0, 0.0))
        return cls(tuple(pieces), parameterization == "piecewise_linear")

    def evaluate(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Value and slope at `x` (any shape, entries in [0, 1]); not differentiable by itself, see `apply`."""
        y0 = self._choose(x, [piece.y0 for piece in self.pieces])
        b = self._choose(x, [piece.b for piece in self.pieces])
        start = self._choose(x, [piece.start for piece in self.pieces])
        rate = self._choose(x, [1 / piece.width for piece in self.pieces])
        u = ((x - start) * rate).clamp_(0, 1)
        if self.straight:
            value, slope = u * b + y0, torch.ones_like(u) * (b * rate)
        else:
            a = self._choose(x, [piece.a for piece in self.pieces])
            c = self._choose(x, [piece.c for piece in self.pieces])
            # a^2 + (1 - 2a) u as a sum of terms that are never negative
            root = (u - a).square_().add_(u * (1 - u)).sqrt_()
            t = u / (root + a).clamp_(min=torch.finfo(u.dtype).tiny)
            ct = t * c
            least: Any = self._choose(x, [piece.least_root for piece in self.pieces])
            slope = (ct * 2 + b).mul_(rate).div_(root.clamp_(min=least).mul_(2))
            value = ct.add_(b).mul_(t).add_(y0)
        return self._pin_ends(x, value), slope

    def _choose(self, x: Tensor, coefficients: list[float]) -> Tensor | float:
        """The coefficient of the piece that each entry of `x` lies in; a plain number where all pieces agree."""
        chosen: Tensor | float = coefficients[0]
        for piece, coefficient in zip(self.pieces[1:], coefficients[1:], strict=True):
            if isinstance(chosen, Tensor):
                chosen = chosen.masked_fill_(x > piece.start, coefficient)
            elif coefficient != chosen:
                chosen = torch.where(x > piece.start, coefficient, chosen).to(x.dtype)
        return chosen

    def _pin_ends(self, x: Tensor, value: Tensor) -> Tensor:
        """A curve that jumps at 0 or at 1 still keeps the truth table: 0 at 0, 1 at 1."""
        first, last = self.pieces[0], self.pieces[-1]
        if first.y0 != 0:
            value = value.masked_fill(x <= 0, 0)
        if not math.isclose(last.y0 + last.b + last.c, 1, abs_tol=1e-12):
            value = value.masked_fill(x >= 1, 1)
        return value

    def apply(self, x: Tensor) -> Tensor:
        """The curve at `x` (any shape, entries in [0, 1]), differentiable once."""
        y: Tensor = _CurveFunction.apply(x, self)[0]
        return y


class _CurveFunction(torch.autograd.Function):
    """Value and slope; keeps one tensor for the backward pass: the slope."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, curve: Curve) -> tuple[Tensor, Tensor]:
        return curve.evaluate(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Curve], output: tuple[Tensor, Tensor]) -> None:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(output[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor | None, curvature: Tensor | None) -> tuple[Tensor | None, None]:
        refuse_second_derivative(curvature)
        (slope,) = ctx.saved_tensors
        return None if gradient is None else gradient * slope, None


def refuse_second_derivative(curvature: Tensor | None) -> None:
    """Raises RuntimeError where a gradient comes back to a slope: nothing is kept to answer it with.

    The compiler, which refuses second derivatives itself, tries with zeros.
    """
    if curvature is not None and not torch.compiler.is_compiling():
        raise RuntimeError("segmentation surrogates have no second derivatives: differentiate them once")


def _grown(points: Sequence[float]) -> list[float]:
    """The points without what rounding took from range and order."""
    grown: list[float] = []
    for index, number in enumerate(points):
        least = grown[index - 2] if index % 2 == 0 and index else 0.0
        grown.append(min(max(number, least), 1.0))
    return grown


def _corners(points: Sequence[float]) -> list[tuple[float, float]]:
    return [(0.0, 0.0), *zip(points[0::2], points[1::2], strict=True), (1.0, 1.0)]


def checked_parameterization(name: str) -> Parameterization:
    """The parameterization of that name. Raises ValueError with the known ones."""
    for known in PARAMETERIZATIONS:
        if name == known:
            return known
    raise ValueError(f"unknown parameterization {name!r}: it is one of {', '.join(PARAMETERIZATIONS)}")


def check_points(points: Sequence[float], parameterization: str) -> None:
    """Raises ValueError, naming the entry, where `points` are no control points of one curve."""
    checked_parameterization(parameterization)
    if not points or len(points) % 2 or (parameterization == "bezier" and len(points) % 4 != 2):
        allowed = "2, 6, 10, ..." if parameterization == "bezier" else "2, 4, 6, ..."
        raise ValueError(f"a {parameterization} curve takes {allowed} numbers, not {len(points)}")
    for index, number in enumerate(points):
        if not -SLACK <= number <= 1 + SLACK:
            raise ValueError(f"control points lie in [0, 1], but number {index} is {number}")
    check_growth(points, "x")


def check_growth(points: Sequence[float], axis: str) -> None:
    """Raises ValueError, naming the entry, where x or y fall from one control point to the next."""
    for index in range(2 + "xy".index(axis), len(points), 2):
        if points[index] < points[index - 2] - SLACK:
            raise ValueError(
                f"the {axis} of control points must not fall, but number {index} ({points[index]}) is below "
                f"number {index - 2} ({points[index - 2]})"
            )
