"""What can be wrong with a formula that passes as a loss, found by trying it out in float64 and float32."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from .boxes import areas
from .dead_parts import first_dead_part
from .formula import Formula
from .vocabulary import Mode

SCALES = (4.0, 1 / 8, 1 / 32, 1 / 100)
"""An input 4 times as large, strides of detectors, and normalised boxes."""


Found = TypeVar("Found")


class Trap(NamedTuple):
    """A code of `LossWarning` in the Swift program, and a sentence with the mend."""

    code: str
    message: str


def _with_gradients(function: Callable[[Formula], Found]) -> Callable[[Formula], Found]:
    """The same answers inside torch.no_grad and torch.inference_mode."""

    @wraps(function)
    def tried(formula: Formula) -> Found:
        with torch.inference_mode(False), torch.enable_grad():
            return function(formula)

    return tried


@lru_cache(maxsize=256)
@_with_gradients
def find(formula: Formula) -> tuple[Trap, ...]:
    """The traps of a formula, as far as a few inputs show: scaleDependent, deadCode and fp32DeadGradient.

    fp16 is no trap here: the modules compute in float32 with autocast off.
    """
    found: list[Trap] = []
    if formula.mode is Mode.REG and is_scale_dependent(formula):
        found.append(
            Trap(
                "scaleDependent",
                "the gradient depends on the unit of the boxes: pass boxes in the unit of the card (pixels of the "
                "network's input unless it says otherwise), never normalised or in strides",
            )
        )
    part = first_dead_part(formula)
    if part is not None:
        found.append(Trap("deadCode", f"{part} has no influence on the gradient: it could be a number"))
    if formula.mode is not Mode.REG:
        logit = _dying_logit(formula)
        if logit is not None:
            found.append(
                Trap(
                    "fp32DeadGradient",
                    f"the gradient dies in float32 at X = {logit:g}: logits that are that wrong do not recover",
                )
            )
    return tuple(found)


@_with_gradients
def is_scale_dependent(formula: Formula) -> bool:
    """Whether the gradient at the corners, in units of the box, changes when every box is written in another unit."""
    pred, target = _overlapping_boxes()

    def slope(factor: float) -> Tensor | None:
        scaled = (pred * factor).requires_grad_()
        value = formula(**areas(scaled, target * factor))
        if not value.requires_grad:
            return None
        (gradient,) = torch.autograd.grad(value.sum(), scaled)
        return gradient * factor

    base = slope(1.0)
    if base is None or not bool((base.isfinite() & (base != 0)).any()):
        return True
    for factor in SCALES:
        changed = slope(factor)
        # The areas carry 1e-7, which shows in normalised boxes.
        if changed is None or not bool(((changed - base).abs() <= 5e-3 * base.abs().max()).all()):
            return True
    return False


def _overlapping_boxes() -> tuple[Tensor, Tensor]:
    """Predicted boxes of 20 to 300 pixels and targets that overlap them, N×4 in float64."""
    generator = torch.Generator().manual_seed(0)
    corner = torch.rand(24, 2, generator=generator, dtype=torch.float64) * 200
    size = 20 + torch.rand(24, 2, generator=generator, dtype=torch.float64) * 280
    shift = (torch.rand(24, 4, generator=generator, dtype=torch.float64) - 0.5) * 0.4
    pred = torch.cat([corner, corner + size], 1)
    return pred, pred + shift * torch.cat([size, size], 1)


def _dying_logit(formula: Formula) -> float | None:
    """The logit of least size at which the gradient of a confident mistake is alive in float64 and 0 in float32."""
    for size in (8.0, 12.0, 17.0, 20.0, 30.0, 50.0, 88.0):
        for positive in (True, False):
            exact = _slope_of_mistake(formula, size, positive, torch.float64)
            rounded = _slope_of_mistake(formula, size, positive, torch.float32)
            if exact is None or rounded is None:
                continue
            if 1e-3 < abs(exact) < 1e6 and abs(rounded) < 0.01 * abs(exact):
                return -size if positive else size
    return None


def _slope_of_mistake(formula: Formula, size: float, positive: bool, dtype: torch.dtype) -> float | None:
    """The gradient at the entry that is wrong by `size`: a positive far too low, or a negative far too high."""
    wrong = -size if positive else size
    if formula.mode is Mode.BINARY_CLS:
        label = torch.tensor([[1.0 if positive else 0.0]], dtype=dtype)
        x = torch.tensor([[wrong]], dtype=dtype).requires_grad_()
        value = formula(X=x, Q=label, PY=label, NY=1 - label)
        place = 0
    else:
        y = torch.tensor([[1.0, 0.0]], dtype=dtype)
        # Only the gap between logits counts for most, so both directions put the true class below.
        x = torch.tensor([[wrong, 0.0] if positive else [0.0, wrong]], dtype=dtype).requires_grad_()
        value = formula(X=x, Y=y, Z=torch.ones_like(y))
        place = 0
    if not value.requires_grad:
        return None
    (gradient,) = torch.autograd.grad(value.sum(), x)
    return float(gradient[0, place])
