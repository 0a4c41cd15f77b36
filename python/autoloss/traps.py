"""What can be wrong with a formula that passes as a loss, found by trying it out in float64 and float32."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes

from .boxes import areas
from .dead_parts import admissible, first_dead_part, traced
from .formula import Formula
from .functions import EPSILON
from .nodes import printed
from .vocabulary import Mode

SCALES = (4.0, 1 / 8, 1 / 32, 1 / 100)
"""An input 4 times as large, strides of detectors, and normalised boxes."""

MISTAKES = (8.0, 12.0, 17.0, 20.0, 30.0, 50.0, 88.0)
"""How far off the logits of confident mistakes are."""

Found = TypeVar("Found")


class Trap(NamedTuple):
    """A code of `LossWarning` in the Swift program, and a sentence with the mend."""

    code: str
    message: str


def _tried_out(function: Callable[[Formula], Found]) -> Callable[[Formula], Found]:
    """The same answers inside no_grad, inference_mode and FakeTensorMode, and whatever the default device is."""

    @wraps(function)
    def tried(formula: Formula) -> Found:
        with _disable_current_modes(), torch.device("cpu"), torch.inference_mode(False), torch.enable_grad():
            return function(formula)

    return tried


@lru_cache(maxsize=256)
@_tried_out
def find(formula: Formula) -> tuple[Trap, ...]:
    """The traps of a formula, as far as a few inputs show: scaleDependent, deadCode, fp32DeadGradient, and logarithms
    and roots of what they are not made for (logOfNegative, rootOfNegative, rootSlopeInfinite).

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
    return (*found, *_outside_domain(formula))


def _outside_domain(formula: Formula) -> list[Trap]:
    """Logarithms and roots of negative numbers, and roots of 0; the first of each."""
    inputs, prediction = admissible(formula.mode)
    if formula.mode is Mode.REG:
        apart = prediction.detach()[:2] + torch.tensor([[0.0], [1000.0]], dtype=torch.float64)  # coincident, apart
        ends = areas(apart.requires_grad_(), prediction.detach()[:2])
        inputs = {name: torch.cat([area, ends[name]]) for name, area in inputs.items()}
    values = traced(formula, inputs, len(formula.nodes))
    found: dict[str, Trap] = {}
    for node in formula.nodes:
        if node.name not in ("Log", "Sqrt"):
            continue
        argument = values[node.children[0]]
        if bool((argument < (-EPSILON if node.name == "Log" else 0)).any()):
            noun, code = ("logarithm", "logOfNegative") if node.name == "Log" else ("root", "rootOfNegative")
            told = f"can be negative, and its {noun} is no number then"
        elif node.name == "Sqrt" and argument.requires_grad and bool((argument == 0).any()):
            code, told = "rootSlopeInfinite", "can be 0, where the gradient of its root is infinite: add a small number"
        else:
            continue
        if code not in found:
            found[code] = Trap(code, f"{printed(formula.subnodes(node.children[0]), 60)} {told}")
    return list(found.values())


@lru_cache(maxsize=256)
@_tried_out
def is_scale_dependent(formula: Formula) -> bool:
    """Whether the gradient at the corners, in units of the box, changes when every box is written in another unit."""
    pred, target = _overlapping_boxes()
    factors = torch.tensor((1.0, *SCALES), dtype=torch.float64).reshape(-1, 1, 1)
    scaled = (pred * factors).reshape(-1, 4).requires_grad_()
    value = formula(**areas(scaled, (target * factors).reshape(-1, 4)))
    if not value.requires_grad:
        return True
    (gradient,) = torch.autograd.grad(value.sum(), scaled)
    base, *others = gradient.reshape(len(factors), *pred.shape) * factors
    if not bool((base.isfinite() & (base != 0)).any()):
        return True
    # The areas carry 1e-7, which shows in normalised boxes.
    return not all(bool(((other - base).abs() <= 5e-3 * base.abs().max()).all()) for other in others)


def _overlapping_boxes() -> tuple[Tensor, Tensor]:
    """Predicted boxes of 20 to 300 pixels and targets that overlap them, N×4 in float64."""
    generator = torch.Generator().manual_seed(0)
    corner = torch.rand(24, 2, generator=generator, dtype=torch.float64) * 200
    size = 20 + torch.rand(24, 2, generator=generator, dtype=torch.float64) * 280
    shift = (torch.rand(24, 4, generator=generator, dtype=torch.float64) - 0.5) * 0.4
    pred = torch.cat([corner, corner + size], 1)
    return pred, pred + shift * torch.cat([size, size], 1)


def _dying_logit(formula: Formula) -> float | None:
    """The logit of least size at which the gradient of a confident mistake is alive in float64 and 0 in float32.

    None also for formulas that couple samples: those are no losses of a sample.
    """
    if formula.couples_samples:
        return None
    wrong = [sign * size for size in MISTAKES for sign in (-1.0, 1.0)]
    exact = _slopes_of_mistakes(formula, wrong, torch.float64)
    rounded = _slopes_of_mistakes(formula, wrong, torch.float32)
    for logit, slope, other in zip(wrong, exact, rounded, strict=False):
        if 1e-3 < abs(slope) < 1e6 and abs(other) < 0.01 * abs(slope):
            return logit
    return None


def _slopes_of_mistakes(formula: Formula, wrong: list[float], dtype: torch.dtype) -> list[float]:
    """The gradient at each wrong logit: of a positive far too low (below 0), or a negative far too high.

    Empty where the formula does not depend on the prediction.
    """
    logits = torch.tensor(wrong, dtype=dtype).reshape(-1, 1)
    positive = (logits < 0).to(dtype)
    if formula.mode is Mode.BINARY_CLS:
        x = logits.requires_grad_()
        value = formula(X=x, Q=positive, PY=positive, NY=1 - positive)
    else:
        # Only the gap between logits counts for most, so both directions put the true class below.
        x = torch.cat([logits * positive, logits * (1 - positive)], 1).requires_grad_()
        y = torch.tensor([[1.0, 0.0]], dtype=dtype).expand(x.shape)
        value = formula(X=x, Y=y, Z=torch.ones_like(x))
    if not value.requires_grad:
        return []
    (gradient,) = torch.autograd.grad(value.sum(), x)
    slopes: list[float] = gradient[:, 0].tolist()
    return slopes
