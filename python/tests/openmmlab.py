"""mmdetection and mmsegmentation where mmcv comes without its compiled operators (mmcv-lite): stand-ins for these."""

from __future__ import annotations

import sys
import types
from importlib.util import find_spec
from typing import Any

import torch


class _Operators(types.ModuleType):
    """Every name is an empty module class; a call of one would fail."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (torch.nn.Module,), {})


def stand_in() -> None:
    """Makes `mmdet.models` importable where `mmcv._ext` is missing."""
    if find_spec("mmcv") is None or find_spec("mmcv._ext") is not None:
        return
    for name in (
        "",
        ".nms",
        ".merge_cells",
        ".multi_scale_deform_attn",
        ".roi_align",
        ".carafe",
        ".point_sample",
        ".modulated_deform_conv",
    ):
        sys.modules[f"mmcv.ops{name}"] = _Operators(f"mmcv.ops{name}")
    import mmcv.cnn.bricks.transformer as transformer

    transformer.MultiScaleDeformableAttention = torch.nn.Module
