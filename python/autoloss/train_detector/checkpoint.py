"""Checkpoints: written whole or not at all, read without pickle."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .faults import FailedError, InputError, first_line

NAME = "checkpoint.pt"
VERSION = 2
PARTS = ("model", "optimizer", "scaler")


def randoms(device: torch.device) -> dict[str, Tensor]:
    """The random state of this process, on the CPU and on its GPU."""
    cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.empty(0, dtype=torch.uint8)
    return {"cpu": torch.get_rng_state(), "cuda": cuda}


def restore_randoms(state: dict[str, Tensor], device: torch.device) -> None:
    """Puts it back."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and state["cuda"].numel():
        torch.cuda.set_rng_state(state["cuda"], device)


def save(folder: str, content: dict[str, Any]) -> None:
    """Writes the checkpoint of a folder; `content` holds an `identity`. Raises FailedError where that does not work."""
    temporary = Path(folder) / f".{NAME}.{os.getpid()}"
    try:
        torch.save({"version": VERSION, **content}, temporary)
        os.replace(temporary, Path(folder) / NAME)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        temporary.unlink(missing_ok=True)
        raise FailedError(f"{Path(folder) / NAME} cannot be written: {first_line(error)}") from None


def load(folder: str, identity: dict[str, Any]) -> dict[str, Any]:
    """Reads the checkpoint of a folder. Raises InputError where there is none or where it differs from `identity`."""
    file = Path(folder) / NAME
    if not file.is_file():
        raise InputError(f"--resume: {folder} holds no run ({NAME} is missing)")
    try:
        content: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        version, theirs = content["version"], content["identity"]
    except Exception as error:  # whatever a broken file raises
        raise InputError(f"--resume: {file} cannot be read: {first_line(error)}") from None
    if version != VERSION:
        raise InputError(f"--resume: {file} is of version {version}, this program reads {VERSION}")
    changed = [
        f"{key} {theirs.get(key)!r}, not {value!r}" for key, value in identity.items() if theirs.get(key) != value
    ]
    if changed:
        raise InputError(f"--resume: {folder} was begun with {'; '.join(changed)}")
    return content
