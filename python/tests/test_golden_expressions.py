"""Every row of expressions.jsonl and expressions_errors.jsonl."""

from __future__ import annotations

import re

import golden
import torch
from torch import Tensor

from autoloss import Formula, FormulaError

REFUSED = ["e0448", "e0449", "e0450", "e0451", "e0452", "e0455"]
"""N combined with N×C: the original misaligns them for N = C or N = 1, we refuse."""

ILL_CONDITIONED = ["e0083", "e0530", "e0547"]
"""Ill-conditioned in float64."""


def evaluated(row: golden.Row, dtype: torch.dtype) -> tuple[Tensor, dict[str, Tensor | None]]:
    """Value and gradient of the sum of a row's formula."""
    formula = Formula(row["formula"], row["mode"])
    inputs = {name: golden.tensor(values, dtype) for name, values in row["inputs"].items()}
    leaves = [inputs[name].requires_grad_() for name in formula.mode.differentiable_variables]
    value = formula(**inputs)
    names = formula.mode.differentiable_variables
    if not value.requires_grad:
        return value, dict.fromkeys(names)
    gradients = torch.autograd.grad(value.sum(), leaves, allow_unused=True)
    return value, dict(zip(names, gradients, strict=True))


def test_rows_that_mix_n_with_n_by_c_are_refused() -> None:
    refused = []
    for row in golden.rows("expressions.jsonl"):
        try:
            Formula(row["formula"], row["mode"])
        except FormulaError as error:
            assert error.code == "sampleWithElement"
            refused.append(row["id"])
    assert refused == REFUSED


def test_rows_agree_in_float32() -> None:
    faults = []
    for row in golden.rows("expressions.jsonl"):
        if row["id"] in REFUSED:
            continue
        label = f"{row['id']} {row['formula']}"
        value, gradients = evaluated(row, torch.float32)
        assert value.dtype == torch.float32
        faults += [f"{label} value {fault}" for fault in golden.faults(value, row["value"], row["tol"])]
        for name, gradient in gradients.items():
            expected = row["grad"][name]
            if gradient is None or expected is None:
                faults += [f"{label} dependence on {name}"] if (gradient is None) != (expected is None) else []
                continue
            found = golden.faults(gradient, expected, row["gtol"][name])
            faults += [f"{label} gradient {name} {fault}" for fault in found]
    assert not faults, "\n".join(faults[:20])


def test_rows_agree_in_float64() -> None:
    faults = []
    for row in golden.rows("expressions.jsonl"):
        if row["id"] in REFUSED + ILL_CONDITIONED:
            continue
        label = f"{row['id']} {row['formula']}"
        value, gradients = evaluated(row, torch.float64)
        faults += [f"{label} value {fault}" for fault in double_faults(value, row["value64"], row["tol"])]
        for name, gradient in gradients.items():
            if gradient is not None:
                found = double_faults(gradient, row["grad64"][name], row["gtol"][name])
                faults += [f"{label} gradient {name} {fault}" for fault in found]
    assert not faults, "\n".join(faults[:20])


def double_faults(actual: Tensor, expected: object, tolerance: object) -> list[str]:
    """Beyond 1e-8 relative + 1e-9 of the largest entry + 1e-12; entries of tolerance "inf" are convention."""
    wanted = golden.doubles(expected)
    finite = wanted[wanted.isfinite()]
    largest = finite.abs().max() if len(finite) else torch.tensor(0.0)
    limit = 1e-8 * wanted.abs() + 1e-9 * largest + 1e-12
    free = golden.doubles(tolerance).expand(wanted.shape).isinf()
    return list(golden.outside(actual.detach(), wanted, torch.where(free, torch.inf, limit)))


def test_formulas_that_the_original_refuses_are_refused() -> None:
    accepted = 0
    rows = golden.rows("expressions_errors.jsonl")
    for row in rows:
        # What is left when every literal under Sin or Cos is a computed constant, as the original takes it.
        mended = re.sub(r"(Sin|Cos)\(([0-9]+)\)", r"\1(Neg(Neg(\2)))", row["formula"])
        is_sound = mended != row["formula"] and refusal(mended, row["mode"]) is None
        error = refusal(row["formula"], row["mode"])
        assert (error is None) == is_sound, f"{row['formula']}: {error}"
        accepted += error is None
        assert error is not None or row["exception"] == "AttributeError"
        assert error is None or str(error).endswith("^")
    assert len(rows) == 114
    assert 20 < accepted < 60


def refusal(text: str, mode: str) -> FormulaError | None:
    """What is said against evaluating a formula."""
    try:
        Formula(text, mode).refuse_bare_literal()
    except FormulaError as error:
        return error
    return None
