"""`coco-eval`: box average precision of 500,000 detections on 5,000 images, against pycocotools on the same files."""

import json
import random
import statistics

from .environment import say
from .measure import Race, row
from .workers import WorkerError

IMAGES, DETECTIONS, CATEGORIES = 5_000, 100, 80


def draw(folder):
    """Writes ground truth like COCO's validation set in number (about 7 objects an image) and detections near it."""
    dice = random.Random(1)
    annotations, detections = [], []
    for image in range(1, IMAGES + 1):
        objects = []
        for _ in range(min(int(dice.expovariate(1 / 7.5)), 60)):
            side = 2 ** dice.uniform(3, 8.5)
            width, height = side * dice.uniform(0.5, 1.5), side * dice.uniform(0.5, 1.5)
            box = [dice.uniform(0, 640 - min(width, 600)), dice.uniform(0, 480 - min(height, 440)), width, height]
            objects.append((dice.randint(1, CATEGORIES), box))
            annotations.append({
                "id": len(annotations) + 1, "image_id": image, "category_id": objects[-1][0],
                "bbox": [round(number, 2) for number in box], "area": round(width * height * 0.7, 2),
                "iscrowd": int(dice.random() < 0.01),
            })
        for number in range(DETECTIONS):
            if objects and number < 3 * len(objects):
                category, (x, y, width, height) = objects[number % len(objects)]
                x, y = x + dice.gauss(0, 0.1) * width, y + dice.gauss(0, 0.1) * height
                width, height = width * 2 ** dice.gauss(0, 0.2), height * 2 ** dice.gauss(0, 0.2)
                score = dice.betavariate(3, 2)
            else:
                category = dice.randint(1, CATEGORIES)
                x, y, width, height = (dice.uniform(0, 300) for _ in range(4))
                score = dice.betavariate(1, 4)
            detections.append({
                "image_id": image, "category_id": category,
                "bbox": [round(number, 2) for number in (x, y, width + 1, height + 1)], "score": round(score, 5),
            })
    truth = {
        "info": {},
        "images": [{"id": image, "file_name": f"{image}.jpg", "width": 640, "height": 480} for image in range(1, IMAGES + 1)],
        "categories": [{"id": number, "name": f"class {number}"} for number in range(1, CATEGORIES + 1)],
        "annotations": annotations,
    }
    paths = folder / "truth.json", folder / "detections.json"
    for path, content in zip(paths, (truth, detections)):
        path.write_text(json.dumps(content))
    return paths


def coco_rows(ours, python, folder, rounds, failures):
    if not python:
        return
    say(f"coco-eval against pycocotools ({IMAGES * DETECTIONS} detections)")
    files = draw(folder)
    try:
        mine, theirs = ours.ask("coco", *files), python.ask("coco", *files)
        worst = max(abs(a - b) for a, b in zip(mine["stats"], theirs["stats"], strict=True))
        if worst > 1e-9:
            failures.append(f"coco-eval: the 12 numbers differ by {worst:.3g}")
            return
        race = Race(rounds, lambda: ours.ask("coco-time")["seconds"], lambda: python.ask("coco-time")["seconds"])
    except WorkerError as error:
        failures.append(f"coco-eval against pycocotools: {error}")
        return
    medians = statistics.median(race.ours), statistics.median(race.peer)
    yield row(
        "coco-eval", "s", race, "pycocotools", lambda seconds: seconds, images=IMAGES,
        detections=IMAGES * DETECTIONS, ap=mine["stats"][0],
        ours_with_reading=medians[0] + mine["seconds"], peer_with_reading=medians[1] + theirs["seconds"],
        ratio_with_reading=(medians[1] + theirs["seconds"]) / (medians[0] + mine["seconds"]),
        note="files read beforehand",
    )
