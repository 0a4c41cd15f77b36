"""Annotation files in COCO form, read and checked in full before anything is trained."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .faults import InputError

Entry = dict[str, Any]


@dataclass
class Split:
    """One split of the folder: images in the order of the file, categories by ascending id.

    Images hold id, file_name, width and height; boxes hold image_id, category_id, bbox (x y width height in pixels),
    area, iscrowd and, where the file has one, segmentation.
    """

    name: str
    images: list[Entry]
    boxes: dict[int, list[Entry]]
    category_ids: list[int]
    names: list[str]
    folder: Path
    file: Path
    dropped: list[str] = field(default_factory=list)
    """Where boxes without area in the picture stood."""

    @property
    def classes(self) -> int:
        """Without background."""
        return len(self.category_ids)

    def description(self) -> str:
        """Counts and a hash of everything that a training takes from here: annotations, names and sizes of pictures."""
        sizes = [(self.folder / image["file_name"]).stat().st_size for image in self.images]
        boxes = [self.boxes[image["id"]] for image in self.images]
        content = json.dumps([self.images, sizes, boxes, self.category_ids, self.names], sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()[:16]
        return f"{len(self.images)} pictures with {sum(map(len, boxes))} boxes (sha256 {digest})"


def read_split(root: str, split: str, limit: int | None = None) -> Split:
    """Reads and checks one split; boxes without area in the picture are left out and noted.

    Raises InputError with the place of a fault.
    """
    if not Path(root).is_dir():
        raise InputError(f"--data: there is no folder {root!r}")
    file = Path(root) / "annotations" / f"instances_{split}.json"
    content = _json(file)
    lists = []
    for key in ("images", "annotations", "categories"):
        value = content.get(key) if isinstance(content, dict) else None
        if not isinstance(value, list):
            raise InputError(f"{file} is no COCO instances file: it has no list '{key}'")
        lists.append(value)
    images, annotations, categories = lists
    names = _categories(file, categories)
    if not images:
        raise InputError(f"{file} lists no images")
    result = Split(split, [], {}, list(names), list(names.values()), Path(root) / split, file)
    everywhere: set[int] = set()
    for index, entry in enumerate(images):
        image = _image(result, f"{file}: images[{index}]", entry)
        if image["id"] in everywhere:
            raise InputError(f"{file}: images[{index}] has the id {image['id']} of an earlier image")
        everywhere.add(image["id"])
        if limit is None or index < limit:
            result.images.append(image)
            result.boxes[image["id"]] = []
    sizes = {image["id"]: (image["width"], image["height"]) for image in result.images}
    for index, entry in enumerate(annotations):
        place = f"{file}: annotations[{index}]"
        row = _annotation(place, entry)
        if row["image_id"] not in everywhere:
            raise InputError(f"{place} is of image {row['image_id']}, which the file does not list")
        if row["category_id"] not in names:
            raise InputError(f"{place} is of category {row['category_id']}, which the file does not list")
        if row["image_id"] not in sizes:
            continue
        if _is_inside(row["bbox"], *sizes[row["image_id"]]):
            result.boxes[row["image_id"]].append(row)
        else:
            result.dropped.append(place)
    if not any(result.boxes.values()):
        raise InputError(f"{file} holds no box of its {len(result.images)} pictures: nothing can be learnt or scored")
    return result


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{file} is missing: --data is a folder in COCO layout") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None
    except RecursionError:
        raise InputError(f"{file} cannot be read: it is nested too deeply") from None


def _categories(file: Path, entries: list[Any]) -> dict[int, str]:
    """Names by ascending id."""
    found: dict[int, str] = {}
    for index, entry in enumerate(entries):
        number = _whole(entry.get("id")) if isinstance(entry, dict) else None
        name = entry.get("name") if isinstance(entry, dict) else None
        if number is None or not isinstance(name, str):
            raise InputError(f"{file}: categories[{index}] needs a whole number as id and a text as name")
        if number in found:
            raise InputError(f"{file}: categories[{index}] has the id {number} of an earlier category")
        found[number] = name
    if not found:
        raise InputError(f"{file} lists no categories")
    return dict(sorted(found.items()))


def _image(split: Split, place: str, entry: Any) -> Entry:
    if not isinstance(entry, dict):
        raise InputError(f"{place} is no object with id, file_name, width and height")
    number, width, height = (_whole(entry.get(key)) for key in ("id", "width", "height"))
    name = entry.get("file_name")
    for key, value in (("id", number), ("width", width), ("height", height)):
        if value is None or (key != "id" and value < 1):
            wanted = "a whole number" if key == "id" else "a whole number above 0"
            raise InputError(f"{place} needs {wanted} as {key}, not {entry.get(key)!r}")
    if not isinstance(name, str) or not name:
        raise InputError(f"{place} needs a text as file_name, not {name!r}")
    if not (split.folder / name).is_file():
        raise InputError(f"{place} names {name!r}, which is not in {split.folder}")
    return {"id": number, "file_name": name, "width": width, "height": height}


def _annotation(place: str, entry: Any) -> Entry:
    if not isinstance(entry, dict):
        raise InputError(f"{place} is no object with image_id, category_id and bbox")
    missing = [key for key in ("image_id", "category_id", "bbox") if key not in entry]
    if missing:
        raise InputError(f"{place} has no {' and no '.join(missing)}")
    found: Entry = {}
    for key in ("image_id", "category_id"):
        found[key] = _whole(entry[key])
        if found[key] is None:
            raise InputError(f"{place} needs a whole number as {key}, not {entry[key]!r}")
    box = entry["bbox"]
    numbers = [_number(each) for each in box] if isinstance(box, list) else []
    if len(numbers) != 4 or None in numbers:
        raise InputError(f"{place} needs four numbers (x, y, width, height) in bbox, not {box!r}")
    found["bbox"] = numbers
    area = _number(entry.get("area"))
    found["area"] = numbers[2] * numbers[3] if area is None else area  # type: ignore[operator]
    found["iscrowd"] = int(bool(entry.get("iscrowd")))
    if entry.get("segmentation"):
        found["segmentation"] = entry["segmentation"]
    return found


def _is_inside(box: list[float], width: int, height: int) -> bool:
    """Whether a box has area in the picture."""
    if not all(map(math.isfinite, box)):
        return False
    x, y, wide, high = box
    return min(x + wide, width) > max(x, 0) and min(y + high, height) > max(y, 0)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number.is_integer() and abs(number) < 2**53 else None
