"""A COCO folder as training samples: `annotations/instances_{train,val}.json`, `train/`, `val/`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from .faults import InputError

Target = dict[str, Tensor]


@dataclass
class Split:
    """One split of the folder, read and checked: images in the order of the file, categories by ascending id."""

    images: list[dict[str, Any]]
    boxes: dict[int, list[dict[str, Any]]]
    category_ids: list[int]
    names: list[str]
    folder: Path
    dropped: int = 0
    file: Path = field(default_factory=Path)

    @property
    def classes(self) -> int:
        """Without background."""
        return len(self.category_ids)


def read_split(root: str, split: str, limit: int | None = None) -> Split:
    """Reads and checks one split; boxes without area are dropped and counted. Raises InputError with the place."""
    if not Path(root).is_dir():
        raise InputError(f"--data: there is no folder {root!r}")
    file = Path(root) / "annotations" / f"instances_{split}.json"
    try:
        content = json.loads(file.read_text())
        images, annotations, categories = (content[key] for key in ("images", "annotations", "categories"))
        ids = sorted(category["id"] for category in categories)
        names = {category["id"]: str(category["name"]) for category in categories}
    except FileNotFoundError:
        raise InputError(f"{file} is missing: --data is a folder in COCO layout") from None
    except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None
    except (KeyError, TypeError) as error:
        raise InputError(f"{file} is no COCO instances file: {error!r} is missing or of the wrong kind") from None
    if len(set(ids)) != len(ids) or not ids:
        raise InputError(f"{file}: category ids must be there and differ")
    images = images[:limit]
    if not images:
        raise InputError(f"{file} lists no images")
    result = Split(images, {}, ids, [names[number] for number in ids], Path(root) / split, file=file)
    _check_images(result)
    known, everywhere = set(result.boxes), {image["id"] for image in content["images"]}
    for index, annotation in enumerate(annotations):
        place = f"{file}: annotations[{index}]"
        try:
            x, y, width, height = (float(number) for number in annotation["bbox"])
            image_id, category_id = annotation["image_id"], annotation["category_id"]
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{place} needs image_id, category_id and four numbers in bbox ({error!r})") from None
        if image_id not in everywhere:
            raise InputError(f"{place} is of image {image_id}, which the file does not list")
        if category_id not in names:
            raise InputError(f"{place} is of category {category_id}, which the file does not list")
        if image_id not in known:
            continue
        if width > 0 and height > 0 and all(map(_finite, (x, y, width, height))):
            result.boxes[image_id].append(annotation)
        else:
            result.dropped += 1
    return result


def _check_images(split: Split) -> None:
    for index, image in enumerate(split.images):
        try:
            name, number = image["file_name"], image["id"]
            image["width"], image["height"]
        except (KeyError, TypeError) as error:
            raise InputError(f"{split.file}: images[{index}] has no {error}") from None
        if number in split.boxes:
            raise InputError(f"{split.file}: images[{index}] has the id {number} of an earlier image")
        split.boxes[number] = []
        if not (split.folder / name).is_file():
            raise InputError(f"{split.file}: images[{index}] names {name!r}, which is not in {split.folder}")


def _finite(number: float) -> bool:
    return abs(number) < float("inf")


class CocoFolder(Dataset[tuple[Tensor, Target]]):
    """Images (3 x H x W in [0, 1]) with boxes (x1 y1 x2 y2 in pixels), labels from 1 on, image ids, and masks if asked.

    Samples are addressed by (image index, position in the training): the position and the seed alone decide about
    flips, so that neither worker processes nor a resume change them.
    """

    def __init__(self, split: Split, *, masks: bool = False, seed: int | None = None) -> None:
        """With a seed half of the samples are flipped; crowd annotations are left out then."""
        self.split, self.masks, self.seed = split, masks, seed
        self.label_of = {number: index + 1 for index, number in enumerate(split.category_ids)}

    def __len__(self) -> int:
        return len(self.split.images)

    def __getitem__(self, key: int | tuple[int, int]) -> tuple[Tensor, Target]:
        index, position = key if isinstance(key, tuple) else (key, 0)
        entry = self.split.images[index]
        image = self._read(self.split.folder / entry["file_name"])
        height, width = image.shape[-2:]
        rows = [row for row in self.split.boxes[entry["id"]] if not (self.seed is not None and row.get("iscrowd"))]
        boxes = torch.tensor([row["bbox"] for row in rows], dtype=torch.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        boxes[:, 0::2].clamp_(0, width)
        boxes[:, 1::2].clamp_(0, height)
        kept = ((boxes[:, 2:] - boxes[:, :2]) > 0).all(1)
        labels = torch.tensor([self.label_of[row["category_id"]] for row in rows], dtype=torch.int64)
        target = {"boxes": boxes[kept], "labels": labels[kept], "image_id": torch.tensor(entry["id"])}
        if self.masks:
            target["masks"] = self._masks(rows, height, width)[kept]
        if self.seed is not None and self._flips(position):
            image = image.flip(-1)
            target["boxes"] = torch.stack(
                [
                    width - target["boxes"][:, 2],
                    target["boxes"][:, 1],
                    width - target["boxes"][:, 0],
                    target["boxes"][:, 3],
                ],
                1,
            )
            if self.masks:
                target["masks"] = target["masks"].flip(-1)
        return image, target

    def _flips(self, position: int) -> bool:
        generator = torch.Generator().manual_seed(mixed(self.seed or 0, position, 1))
        return bool(torch.rand(1, generator=generator) < 0.5)

    def _read(self, path: Path) -> Tensor:
        from PIL import Image
        from torchvision.transforms.functional import pil_to_tensor

        try:
            with Image.open(path) as image:
                pixels: Tensor = pil_to_tensor(image.convert("RGB"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path} is no image that can be read: {error}") from None
        return pixels.float() / 255

    def _masks(self, rows: list[dict[str, Any]], height: int, width: int) -> Tensor:
        from pycocotools import mask as coding

        masks = torch.zeros(len(rows), height, width, dtype=torch.uint8)
        for number, row in enumerate(rows):
            shape = row.get("segmentation")
            if not shape:
                raise InputError(
                    f"{self.split.file}: annotation {row.get('id')} has no segmentation, maskrcnn needs one"
                )
            if isinstance(shape, list):
                code = coding.merge(coding.frPyObjects(shape, height, width))
            else:
                code = coding.frPyObjects(shape, height, width) if isinstance(shape["counts"], list) else shape
            masks[number] = torch.from_numpy(coding.decode(code))
        return masks


class StepSampler(Sampler[list[tuple[int, int]]]):
    """The batches of one process from step `first` to step `last`: every pass in an order that seed and pass decide."""

    def __init__(self, count: int, batch: int, first: int, last: int, seed: int, rank: int, world: int) -> None:
        self.count, self.batch, self.first, self.last = count, batch, first, last
        self.seed, self.rank, self.world = seed, rank, world

    def __len__(self) -> int:
        return self.last - self.first

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        order, order_pass = torch.empty(0), -1
        for step in range(self.first, self.last):
            start = (step * self.world + self.rank) * self.batch
            samples = []
            for position in range(start, start + self.batch):
                number, place = divmod(position, self.count)
                if number != order_pass:
                    generator = torch.Generator().manual_seed(mixed(self.seed, number, 2))
                    order, order_pass = torch.randperm(self.count, generator=generator), number
                samples.append((int(order[place]), position))
            yield samples


def mixed(seed: int, position: int, purpose: int) -> int:
    """A seed for one purpose at one position (a splitmix64 step)."""
    value = (seed * 0x9E3779B97F4A7C15 + position * 0xBF58476D1CE4E5B9 + purpose * 0x94D049BB133111EB) % 2**64
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) % 2**64
    return (value ^ (value >> 31)) % 2**63


def collated(samples: list[tuple[Tensor, Target]]) -> tuple[list[Tensor], list[Target]]:
    """A batch as torchvision's detectors take it."""
    return [sample[0] for sample in samples], [sample[1] for sample in samples]
