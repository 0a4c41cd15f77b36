"""Torchvision detectors on ResNet or MobileNet feature pyramids, with random weights unless told otherwise."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from .faults import InputError, first_line

DETECTORS = ("fasterrcnn", "maskrcnn", "fcos", "retinanet")
BACKBONES = (
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
)
TASKS = {
    "fasterrcnn": "detection-twostage",
    "maskrcnn": "detection-twostage",
    "fcos": "detection-onestage",
    "retinanet": "detection-onestage",
}


def build(
    detector: str,
    backbone: str,
    classes: int,
    *,
    size: int,
    max_size: int,
    weights: str = "none",
    synchronized: bool = False,
) -> nn.Module:
    """A detector for `classes` classes (without background), with images scaled to a short side of `size`.

    Batch norm learns, since there are no weights that a frozen one could hold (`synchronized`: over all processes).
    The pyramid has strides 4 to 64 (two stages) or 8 to 128; anchors are 8 strides wide in two-stage detectors and
    4, 5 and 6.3 strides in RetinaNet, as torchvision has them for ResNet.
    """
    from torchvision.models.detection import FCOS, FasterRCNN, MaskRCNN, RetinaNet
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.retinanet import RetinaNetHead

    two_stages = TASKS[detector] == "detection-twostage"
    body = _pyramid(backbone, two_stages, weights)
    scale: dict[str, Any] = {"min_size": size, "max_size": max_size}
    strides = [4, 8, 16, 32, 64] if two_stages else [8, 16, 32, 64, 128]
    # torchvision counts a background class in every detector
    if two_stages:
        anchors = AnchorGenerator(tuple((8 * stride,) for stride in strides), ((0.5, 1.0, 2.0),) * 5)
        kind = FasterRCNN if detector == "fasterrcnn" else MaskRCNN
        model: nn.Module = kind(body, classes + 1, rpn_anchor_generator=anchors, **scale)
    elif detector == "fcos":
        model = FCOS(body, classes + 1, **scale)
    else:
        anchors = AnchorGenerator(
            tuple((4 * stride, int(4 * stride * 2 ** (1 / 3)), int(4 * stride * 2 ** (2 / 3))) for stride in strides),
            ((0.5, 1.0, 2.0),) * 5,
        )
        head = RetinaNetHead(body.out_channels, anchors.num_anchors_per_location()[0], classes + 1)
        model = RetinaNet(body, classes + 1, anchor_generator=anchors, head=head, **scale)
    if synchronized:
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
    return model


def _pyramid(backbone: str, two_stages: bool, weights: str) -> Any:
    from torchvision.models.detection.backbone_utils import mobilenet_backbone, resnet_fpn_backbone
    from torchvision.ops.feature_pyramid_network import LastLevelMaxPool, LastLevelP6P7

    extra = LastLevelMaxPool() if two_stages else LastLevelP6P7(256, 256)
    common: dict[str, Any] = {
        "backbone_name": backbone,
        "weights": "DEFAULT" if weights == "imagenet" else None,
        "norm_layer": nn.BatchNorm2d,
        "extra_blocks": extra,
    }
    try:
        if backbone.startswith("resnet"):
            layers = [1, 2, 3, 4] if two_stages else [2, 3, 4]
            body = resnet_fpn_backbone(trainable_layers=5, returned_layers=layers, **common)
        else:
            layers = [1, 2, 3, 5] if two_stages else [2, 3, 5]
            body = mobilenet_backbone(trainable_layers=6, returned_layers=layers, fpn=True, **common)
    except OSError as error:
        raise InputError(f"--backbone-weights {weights} cannot be loaded: {error}") from None
    if weights not in ("none", "imagenet"):
        _load_backbone(body.body, weights)
    return body


def _load_backbone(body: nn.Module, file: str) -> None:
    """Loads what fits of a state dict; InputError if nothing or something of another shape does."""
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a foreign file raises
        raise InputError(f"--backbone-weights {file} holds no state dict of PyTorch: {first_line(error)}") from None
    state = state.get("state_dict", state) if isinstance(state, dict) else state
    if not isinstance(state, dict):
        raise InputError(f"--backbone-weights {file} holds a {type(state).__name__}, no state dict of PyTorch")
    try:
        outcome = body.load_state_dict({str(key).removeprefix("features."): each for key, each in state.items()}, False)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()  # the lines above say what was loaded into what
        raise InputError(f"--backbone-weights {file} does not fit the backbone: {reason}") from None
    if outcome.missing_keys:
        some = ", ".join(outcome.missing_keys[:3])
        raise InputError(
            f"--backbone-weights {file} lacks {len(outcome.missing_keys)} tensors of the backbone: {some}, ..."
        )
