"""The losses of a training, as the command line names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from torch import nn

from ..adapting import resolved, resolved_boxes
from ..classification import BinaryClsLoss, MultiClsLoss
from ..deltas import DeltaLoss
from ..regression import RegLoss
from .faults import InputError
from .models import TASKS

DEFAULT = "default"

Loss = TypeVar("Loss")


@dataclass(frozen=True)
class Losses:
    """The loss modules; None stands for torchvision's own."""

    classification: MultiClsLoss | BinaryClsLoss | None
    boxes: RegLoss | DeltaLoss | None

    def put_into(self, model: nn.Module) -> None:
        """Trains a detector with them."""
        if self.classification is None and self.boxes is None:
            return
        from .. import torchvision as adapter

        adapter.use(model, cls=self.classification, reg=self.boxes)

    def description(self) -> dict[str, str]:
        """Everything of the losses that decides a training, in words."""
        return {"loss_cls": _described(self.classification), "loss_reg": _described(self.boxes)}


def read_losses(detector: str, classification: str, boxes: str) -> Losses:
    """The losses that a built-in name, a formula or a card file stands for; `default` leaves torchvision's.

    Raises InputError with the option and what is wrong.
    """
    two_stages = TASKS[detector] == "detection-twostage"

    def load() -> MultiClsLoss | BinaryClsLoss:
        if two_stages:
            return resolved(classification, MultiClsLoss, "--loss-cls")
        return resolved(classification, BinaryClsLoss, "--loss-cls")

    return Losses(
        _read("--loss-cls", classification, load),
        _read("--loss-reg", boxes, lambda: resolved_boxes(boxes, "--loss-reg", two_stages=two_stages)),
    )


def _read(option: str, text: str, load: Callable[[], Loss]) -> Loss | None:
    if text == DEFAULT:
        return None
    try:
        return load()
    except OSError as error:
        raise InputError(f"{option}: the loss card {error.filename} cannot be read: {error.strerror}") from None
    except (TypeError, ValueError) as error:
        message = str(error)
        raise InputError(message if message.startswith(option) else f"{option}: {message}") from None


def _described(loss: nn.Module | None) -> str:
    if loss is None:
        return DEFAULT
    card = getattr(loss, "card", None)
    settings = "" if card is None else f", average_by={card.average_by}, iou={card.iou}, box_units={card.box_units}"
    return loss.extra_repr().replace("'", "") + settings
