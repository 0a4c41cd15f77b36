"""COCO metrics of a detector on a split, by pycocotools."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .annotations import Split
from .data import CocoFolder
from .processes import Processes

NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


@torch.no_grad()
def detections(
    model: nn.Module, dataset: CocoFolder, device: torch.device, processes: Processes
) -> list[dict[str, Any]]:
    """COCO result rows of all images; every process takes its share and all get the whole."""
    model.eval()
    rows: list[dict[str, Any]] = []
    for index in range(processes.rank, len(dataset), processes.world):
        image, target = dataset[index]
        output = model([image.to(device)])[0]
        rows += _rows(output, int(target["image_id"]), dataset.split.category_ids)
    return [row for part in processes.gathered(rows) for row in part]


def _rows(output: dict[str, Tensor], image_id: int, category_ids: list[int]) -> list[dict[str, Any]]:
    boxes = output["boxes"].float().cpu()
    boxes[:, 2:] -= boxes[:, :2]
    masks = _encoded(output["masks"]) if "masks" in output else [None] * len(boxes)
    rows = []
    labels, scores = output["labels"].tolist(), output["scores"].float().tolist()
    for box, label, score, mask in zip(boxes.tolist(), labels, scores, masks, strict=True):
        if not 1 <= label <= len(category_ids):
            continue  # the background logit of FCOS and RetinaNet is a class that nothing trains
        row = {"image_id": image_id, "category_id": category_ids[label - 1], "bbox": box, "score": score}
        rows.append(row if mask is None else {**row, "segmentation": mask})
    return rows


def _encoded(masks: Tensor) -> list[Any]:
    from pycocotools import mask as coding

    return [coding.encode(np.asfortranarray((mask[0] > 0.5).byte().cpu().numpy())) for mask in masks]


def score(split: Split, rows: list[dict[str, Any]], kind: str = "bbox") -> dict[str, Any]:
    """{"stats": the 12 numbers in pycocotools' order, "per_class_ap": {name: AP}}; -1 where nothing is to be found."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = COCO()
    annotations: list[dict[str, Any]] = []
    for image in split.images:
        for row in split.boxes[image["id"]]:
            annotation = {**row, "id": len(annotations) + 1}
            if kind == "bbox":
                annotation.pop("segmentation", None)
            annotations.append(annotation)
    truth.dataset = {
        "images": split.images,
        "annotations": annotations,
        "categories": [
            {"id": number, "name": name} for number, name in zip(split.category_ids, split.names, strict=True)
        ],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        if not rows:
            found = [0.0 if annotations else -1.0] * 12
            return {"stats": found, "per_class_ap": dict.fromkeys(split.names, found[0])}
        evaluation = COCOeval(truth, truth.loadRes(rows), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision = evaluation.eval["precision"]  # threshold, recall, class, area, detections
    per_class = {}
    for index, name in enumerate(split.names):
        found = precision[:, :, index, 0, -1]
        per_class[name] = float(found[found > -1].mean()) if (found > -1).any() else -1.0
    return {"stats": [float(number) for number in evaluation.stats], "per_class_ap": per_class}
