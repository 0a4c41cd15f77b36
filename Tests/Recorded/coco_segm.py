"""Records what pycocotools makes of masks, in coco_segm.jsonl beside this file.

    pip install numpy pycocotools==2.0.11
    python coco_segm.py

Rows, by `kind`:
  rle      size, counts (list), compressed (text), area, bbox
  polygon  size, segmentation (list of polygons), counts (list of the rasterized mask)
  set      name, gt and dt (JSON texts: an instances file and a results file), stats (the 12 numbers of COCOeval with
           iouType segm), per_class_ap (by category name)
"""

import contextlib
import io
import json
import pathlib
import random
import tempfile

import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

CLASSES = {3: "cup", 7: "plate", 8: "fork"}


def counts_of(rle):
    """The run lengths of a compressed mask, read back from its pixels."""
    pixels = coco_mask.decode(rle).flatten(order="F")
    runs, value, run = [], 0, 0
    for pixel in pixels:
        if pixel != value:
            runs.append(run)
            value, run = pixel, 0
        run += 1
    return runs + [run]


def compress(bitmap):
    rle = coco_mask.encode(np.asfortranarray(bitmap.astype(np.uint8)))
    return {"size": [int(n) for n in rle["size"]], "counts": rle["counts"].decode()}


def as_bytes(rle):
    return {"size": rle["size"], "counts": rle["counts"].encode()}


def blob(rng, height, width, side):
    """An ellipse or a box with holes, anywhere, also over the border."""
    y, x = np.mgrid[0:height, 0:width]
    cx, cy = rng.uniform(0, width), rng.uniform(0, height)
    a, b = side * rng.uniform(0.4, 0.6), side * rng.uniform(0.3, 0.6)
    if rng.random() < 0.5:
        shape = ((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 <= 1
    else:
        shape = (abs(x - cx) <= a) & (abs(y - cy) <= b)
    if rng.random() < 0.3:
        shape &= ((x + y) // max(2, int(side / 4))) % 3 != 0
    return shape


def moved(rng, bitmap, most):
    """The same shape shifted by up to `most` pixels, at times without a few columns."""
    dy, dx = rng.randint(-most, most), rng.randint(-most, most)
    result = np.zeros_like(bitmap)
    height, width = bitmap.shape
    result[max(0, dy):height + min(0, dy), max(0, dx):width + min(0, dx)] = bitmap[
        max(0, -dy):height - max(0, dy), max(0, -dx):width - max(0, dx)]
    if rng.random() < 0.3:
        result[:, rng.randrange(width):][:, :3] = False
    return result


def polygon(rng, height, width, side):
    """Corners around a centre: whole, half or free coordinates, some beyond the border, some twice."""
    cx, cy = rng.uniform(-5, width + 5), rng.uniform(-5, height + 5)
    grid = rng.choice([1, 2, 10, 100, 1e6])
    corners = []
    for index in range(rng.randint(3, 9)):
        angle = 2 * np.pi * (index + rng.uniform(-0.6, 0.6)) / 6
        reach = side * rng.uniform(0.1, 0.7)
        corners.append([round((cx + reach * np.cos(angle)) * grid) / grid, round((cy + reach * np.sin(angle)) * grid) / grid])
    if rng.random() < 0.3:
        corners.append(list(rng.choice(corners)))
    if rng.random() < 0.2:
        corners.append(list(corners[-1]))
    return [float(number) for corner in corners for number in corner]


def rle_rows(rng):
    for index in range(40):
        height, width = rng.randint(1, 60), rng.randint(1, 60)
        if index == 0:
            bitmap = np.zeros((height, width), bool)
        elif index == 1:
            bitmap = np.ones((height, width), bool)
        elif index < 20:
            bitmap = np.array([[rng.random() < 0.4 for _ in range(width)] for _ in range(height)])
        else:
            height, width = height * 20, width * 20
            bitmap = blob(rng, height, width, min(height, width))
        rle = compress(bitmap)
        yield {"kind": "rle", "size": rle["size"], "counts": counts_of(as_bytes(rle)), "compressed": rle["counts"],
               "area": int(coco_mask.area(as_bytes(rle))), "bbox": list(coco_mask.toBbox(as_bytes(rle)))}


def polygon_rows(rng):
    for index in range(300):
        height, width = rng.randint(1, 70), rng.randint(1, 70)
        parts = [polygon(rng, height, width, rng.uniform(2, 60)) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
        if index % 10 == 0:
            left, top = rng.randint(-3, width), rng.randint(-3, height)
            right, bottom = left + rng.randint(0, width), top + rng.randint(0, height)
            parts = [[left, top, right, top, right, bottom, left, bottom]]
        merged = coco_mask.merge(coco_mask.frPyObjects(parts, height, width))
        yield {"kind": "polygon", "size": [height, width], "segmentation": parts, "counts": counts_of(merged)}


def ground_truth(rng, images, settings):
    annotations, bitmaps = [], []
    classes = list(CLASSES) if settings.get("all_classes", True) else list(CLASSES)[:2]
    for image in images:
        height, width = image["height"], image["width"]
        for _ in range(rng.choice([0, 3, 5, 7])):
            side = rng.choice([6, 20, 28, 50, 80, 150])
            bitmap = blob(rng, height, width, side)
            crowd = rng.random() < settings.get("crowds", 0.15)
            form = "list" if crowd else rng.choice(["polygon", "list", "text"])
            if form == "polygon":
                segmentation = [polygon(rng, height, width, side) for _ in range(rng.choice([1, 1, 2]))]
                merged = coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
                bitmap = coco_mask.decode(merged).astype(bool)
            elif form == "list":
                segmentation = {"size": [height, width], "counts": counts_of(as_bytes(compress(bitmap)))}
            else:
                segmentation = compress(bitmap)
            rle = as_bytes(compress(bitmap))
            area = float(coco_mask.area(rle))
            if rng.random() < 0.1:
                area = rng.choice([1024.0, 9216.0, area * 1.3])
            annotations.append({
                "id": len(annotations) + 1, "image_id": image["id"], "category_id": rng.choice(classes),
                "bbox": list(coco_mask.toBbox(rle)), "area": area, "iscrowd": int(crowd), "segmentation": segmentation})
            bitmaps.append(bitmap)
    return annotations, bitmaps


def detections(rng, images, annotations, bitmaps, settings):
    found = []
    sizes = {image["id"]: (image["height"], image["width"]) for image in images}

    def add(image, category, bitmap):
        digits = settings.get("digits", 6)
        rle = compress(bitmap)
        entry = {"image_id": image, "category_id": category, "segmentation": rle, "score": round(rng.random(), digits)}
        if settings.get("boxes"):
            x, y, w, h = coco_mask.toBbox(as_bytes(rle))
            entry["bbox"] = [x - 1.5, y, w + 3, h * 1.1]
        found.append(entry)

    for annotation, bitmap in zip(annotations, bitmaps):
        for _ in range(rng.choice([0, 1, 1, 2]) * settings.get("repeat", 1)):
            category = annotation["category_id"] if rng.random() < 0.9 else rng.choice(list(CLASSES))
            add(annotation["image_id"], category, moved(rng, bitmap, rng.choice([0, 1, 3, 8])))
    for image, (height, width) in sizes.items():
        for _ in range(rng.choice([0, 2, 4])):
            add(image, rng.choice(list(CLASSES)), blob(rng, height, width, rng.choice([6, 30, 100])))
        if rng.random() < 0.5:
            add(image, rng.choice(list(CLASSES)), np.zeros((height, width), bool))
    rng.shuffle(found)
    return found


def evaluate(gt, dt):
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        paths = [pathlib.Path(folder, name) for name in ("gt.json", "dt.json")]
        for path, text in zip(paths, (gt, dt)):
            path.write_text(text)
        truth = COCO(str(paths[0]))
        race = COCOeval(truth, truth.loadRes(str(paths[1])), "segm")
        race.evaluate()
        race.accumulate()
        race.summarize()
    precision = race.eval["precision"]
    per_class = {}
    for index, category in enumerate(race.params.catIds):
        values = precision[:, :, index, 0, -1]
        values = values[values > -1]
        per_class[CLASSES[category]] = float(values.mean()) if values.size else -1.0
    return [float(number) for number in race.stats], per_class


SETS = [
    ("plain", {}), ("ties", {"digits": 1}), ("many ties", {"digits": 0}), ("crowds", {"crowds": 0.6}),
    ("boxes decide sizes", {"boxes": True}), ("boxes and ties", {"boxes": True, "digits": 1}),
    ("a class without objects", {"all_classes": False}), ("more than 100", {"repeat": 40, "images": 1}),
    ("one image", {"images": 1}), ("no crowds", {"crowds": 0}), ("many images", {"images": 12}),
    ("large pictures", {"scale": 2}),
]


def set_rows(rng):
    for name, settings in SETS:
        scale = settings.get("scale", 1)
        images = [
            {"id": 5 + 3 * index, "file_name": f"{index}.png", "height": scale * rng.randint(90, 170),
             "width": scale * rng.randint(90, 200)} for index in range(settings.get("images", 5))]
        annotations, bitmaps = [], []
        while len(annotations) < 3:
            annotations, bitmaps = ground_truth(rng, images, settings)
        gt = json.dumps({"images": images, "annotations": annotations,
                         "categories": [{"id": id, "name": name} for id, name in CLASSES.items()]})
        dt = json.dumps(detections(rng, images, annotations, bitmaps, settings))
        stats, per_class = evaluate(gt, dt)
        yield {"kind": "set", "name": name, "gt": gt, "dt": dt, "stats": stats, "per_class_ap": per_class}


def main():
    rng = random.Random(20)
    rows = [*rle_rows(rng), *polygon_rows(rng), *set_rows(rng)]
    target = pathlib.Path(__file__).with_name("coco_segm.jsonl")
    target.write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows))
    for row in rows:
        if row["kind"] == "set":
            print(row["name"], [round(number, 3) for number in row["stats"]])


if __name__ == "__main__":
    main()
