"""Searched loss functions (CSE-Autoloss, Auto Seg-Loss) as PyTorch modules.

>>> loss = autoloss.RegLoss("Sub(1,Div(I,U))", loss_weight=10)
>>> loss(predicted_boxes, target_boxes, avg_factor=64)
"""

from importlib import import_module
from types import ModuleType

from .boxes import areas, overlap
from .cards import Evidence, LossCard, Provenance, Surrogate, load_cards, save_cards
from .classification import BinaryClsLoss, MultiClsLoss
from .deltas import DeltaLoss
from .errors import AutolossWarning, CardError, FormulaError, LossError
from .formula import Formula
from .loading import LossPair, load
from .regression import RegLoss
from .surrogate import SurrogateLoss
from .vocabulary import Mode

__version__ = "0.1.0"

_ADAPTERS = ("mmdet", "mmseg", "torchvision", "ultralytics")
"""Submodules that need a library of their own: imported when first asked for."""


def __getattr__(name: str) -> ModuleType:
    if name in _ADAPTERS:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AutolossWarning",
    "BinaryClsLoss",
    "CardError",
    "DeltaLoss",
    "Evidence",
    "Formula",
    "FormulaError",
    "LossCard",
    "LossError",
    "LossPair",
    "Mode",
    "MultiClsLoss",
    "Provenance",
    "RegLoss",
    "Surrogate",
    "SurrogateLoss",
    "areas",
    "load",
    "load_cards",
    "overlap",
    "save_cards",
]
