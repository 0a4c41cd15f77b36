"""Pictures from files: read, turned where the annotations are of the turned one, and checked before a training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from .faults import InputError


def read(path: Path, width: int, height: int) -> Tensor:
    """A picture (3 x height x width, uint8).

    Raises InputError for a file that is no whole picture, and for one of another size: its boxes would lie elsewhere. A
    picture whose EXIF data say that it is to be turned is turned where the annotations give the size of the turned one.
    """
    from torchvision.transforms.functional import pil_to_tensor

    pixels: Tensor = pil_to_tensor(_opened(path, width, height, is_small=False).convert("RGB"))
    return pixels


def check(path: Path, width: int, height: int) -> None:
    """Raises InputError where `read` would; faster, since a JPEG is decoded at an eighth of its size."""
    _opened(path, width, height, is_small=True)


def _opened(path: Path, width: int, height: int, *, is_small: bool) -> Any:
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as image:
            size = image.size
            if image.mode.startswith(("I", "F")):
                raise ValueError(f"it has more than 8 bits a pixel (mode {image.mode}): convert it")
            turned = size != (width, height) and _turned_size(image) == (width, height)
            if is_small and image.format == "JPEG":
                image.draft("RGB", (1, 1))
            image.load()
            result = ImageOps.exif_transpose(image) if turned else image.copy()
    except Exception as error:  # whatever a broken file raises
        raise InputError(f"{path} is no picture that can be read: {error}") from None
    if size != (width, height) and not turned:
        raise InputError(
            f"{path} is {size[0]} x {size[1]} pixels, but the annotations say {width} x {height}: the boxes would lie "
            "elsewhere; scale the picture, or correct the annotations"
        )
    return result


def _turned_size(image: Any) -> tuple[int, int]:
    """The size after turning as the EXIF data say."""
    width, height = image.size
    return (height, width) if image.getexif().get(0x0112) in (5, 6, 7, 8) else (width, height)
