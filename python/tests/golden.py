"""Reads the golden files that the Swift tests read, and compares numbers with them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "Tests" / "Golden"

Row = dict[str, Any]


@cache
def rows(name: str) -> list[Row]:
    """The rows of a file of JSON Lines; every input must be read as float32 first."""
    with open(FOLDER / name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def tensor(values: Any, dtype: torch.dtype = torch.float32) -> Tensor:
    """A float32 tensor of nested lists in which "nan", "inf" and "-inf" are texts, then in another precision."""
    return torch.tensor(_numbers(values), dtype=torch.float64).to(torch.float32).to(dtype)


def doubles(values: Any) -> Tensor:
    """A float64 tensor of references that were not rounded to float32."""
    return torch.tensor(_numbers(values), dtype=torch.float64)


def faults(actual: Tensor, expected: Any, tolerance: Any) -> Iterator[str]:
    """What is outside its own absolute tolerance; "inf" accepts anything."""
    wanted = tensor(expected, torch.float64)
    if actual.shape != wanted.shape:
        yield f"shape {list(actual.shape)} instead of {list(wanted.shape)}"
        return
    limit = doubles(tolerance).expand(wanted.shape)
    yield from outside(actual.detach().double(), wanted, limit)


def outside(actual: Tensor, wanted: Tensor, limit: Tensor) -> Iterator[str]:
    """The entries that differ by more than a limit."""
    same = (actual == wanted) | (actual.isnan() & wanted.isnan()) | ((actual - wanted).abs() <= limit)
    same |= limit == math.inf
    for place in torch.nonzero(~same).tolist()[:3]:
        at = tuple(place)
        yield f"{place}: {actual[at].item()} instead of {wanted[at].item()} ± {limit[at].item()}"


def _numbers(values: Any) -> Any:
    if isinstance(values, list):
        return [_numbers(value) for value in values]
    return float(values)
