"""A COCO folder as training samples: `annotations/instances_{train,val}.json`, `train/`, `val/`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from . import pictures
from .annotations import Entry, Split
from .faults import InputError

Target = dict[str, Tensor]


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
        width, height = entry["width"], entry["height"]
        image = pictures.read(self.split.folder / entry["file_name"], width, height).float() / 255
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

    def check(self, index: int) -> None:
        """Raises InputError where the picture or the masks of a sample cannot be used."""
        entry = self.split.images[index]
        width, height = entry["width"], entry["height"]
        pictures.check(self.split.folder / entry["file_name"], width, height)
        if self.masks:
            self._masks(self.split.boxes[entry["id"]], height, width)

    def _masks(self, rows: list[Entry], height: int, width: int) -> Tensor:
        from pycocotools import mask as coding

        masks = torch.zeros(len(rows), height, width, dtype=torch.uint8)
        for number, row in enumerate(rows):
            shape, place = row.get("segmentation"), f"{self.split.file}: a box of image {row['image_id']}"
            if not shape:
                raise InputError(f"{place} has no segmentation, maskrcnn needs one")
            try:
                if isinstance(shape, list):
                    code = coding.merge(coding.frPyObjects(shape, height, width))
                else:
                    code = coding.frPyObjects(shape, height, width) if isinstance(shape["counts"], list) else shape
                masks[number] = torch.from_numpy(coding.decode(code))
            except Exception as error:  # whatever pycocotools and a mask of another size raise
                raise InputError(f"{place} has a segmentation that cannot be read: {error}") from None
        return masks


def check(datasets: list[CocoFolder], rank: int, world: int, threads: int | None) -> None:
    """Decodes every picture (of `world` processes each its share), so that a broken one shows before the training.

    Raises InputError with the first fault and the number of others.
    """
    samples = [(dataset, index) for dataset in datasets for index in range(len(dataset))][rank::world]

    def fault(sample: tuple[CocoFolder, int]) -> str | None:
        try:
            sample[0].check(sample[1])
        except InputError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(threads or min(8, os.cpu_count() or 1)) as pool:
        faults = [found for found in pool.map(fault, samples) if found]
    if faults:
        others = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InputError(faults[0] + others)


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
