"""The losses of a training, as the command line names them."""

from __future__ import annotations

from torch import nn

from .faults import InputError

DEFAULT = "default"


def apply_losses(model: nn.Module, detector: str, classification: str, boxes: str) -> None:
    """Puts losses (a built-in name, a formula or a card file; `default` leaves torchvision's) into a detector."""
    if classification == DEFAULT and boxes == DEFAULT:
        return
    from .. import torchvision as adapter

    try:
        adapter.use(
            model, cls=None if classification == DEFAULT else classification, reg=None if boxes == DEFAULT else boxes
        )
    except OSError as error:
        raise InputError(f"loss card {error.filename} cannot be read: {error.strerror}") from None
