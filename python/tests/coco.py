"""A tiny data set in COCO layout: bright rectangles on noise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from PIL import Image


def folder(root: Path, *, train: int = 6, val: int = 3, masks: bool = False) -> Path:
    """Writes `root` with `train` and `val` pictures of 64 x 48, one or two objects of two classes each."""
    generator = torch.Generator().manual_seed(11)
    (root / "annotations").mkdir(parents=True)
    number = 0
    for split, count in (("train", train), ("val", val)):
        (root / split).mkdir()
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for _ in range(count):
            number += 1
            image = torch.randint(0, 90, (3, 48, 64), generator=generator, dtype=torch.uint8)
            for _ in range(1 + number % 2):
                x, y, width, height = (
                    int(torch.randint(low, low + 20, (1,), generator=generator)) for low in (2, 2, 14, 10)
                )
                kind = int(torch.randint(0, 2, (1,), generator=generator))
                image[kind, y : y + height, x : x + width] = 250
                row = {"id": len(annotations) + 1, "image_id": number, "category_id": (3, 8)[kind], "iscrowd": 0}
                row |= {"bbox": [x, y, width, height], "area": width * height}
                if masks:
                    row["segmentation"] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
                annotations.append(row)
            name = f"{number:03}.png"
            Image.fromarray(image.permute(1, 2, 0).numpy()).save(root / split / name)
            images.append({"id": number, "file_name": name, "width": 64, "height": 48})
        categories = [{"id": 8, "name": "green"}, {"id": 3, "name": "red"}]
        content = {"images": images, "annotations": annotations, "categories": categories}
        (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(content))
    return root
