"""The adapter against Ultralytics' own models and criteria; no weights are downloaded."""

from __future__ import annotations

import copy
import json
import os
import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_VERBOSE", "false")
pytest.importorskip("ultralytics", exc_type=ImportError)

from coco import folder
from ultralytics import YOLO
from ultralytics.nn.tasks import DetectionModel

import autoloss.ultralytics as adapter
from autoloss.errors import AutolossWarning

HYPERPARAMETERS = SimpleNamespace(box=7.5, cls=0.5, dfl=1.5, epochs=2)


@pytest.fixture(autouse=True)
def traps_are_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(adapter.CLS_VARIABLE, "")
    monkeypatch.setenv(adapter.REG_VARIABLE, "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AutolossWarning)
        yield


def model(kind: str, seed: int = 1) -> Any:
    torch.manual_seed(seed)
    made = DetectionModel(kind, nc=3, verbose=False)
    made.args = HYPERPARAMETERS
    return made.train()


def batch() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    return {
        "img": torch.rand(2, 3, 64, 64, generator=generator),
        "batch_idx": torch.tensor([0.0, 0, 1]),
        "cls": torch.tensor([[0.0], [2], [1]]),
        "bboxes": torch.tensor([[0.3, 0.4, 0.4, 0.5], [0.7, 0.6, 0.3, 0.3], [0.5, 0.5, 0.6, 0.7]]),
    }


def criterion_losses(made: Any, criterion: Any) -> Any:
    """Box, class and distance loss of the batch, times the images."""
    made.criterion = criterion
    return made.loss(batch())[0]


@pytest.mark.parametrize("kind", ["yolov8n.yaml", "yolo26n.yaml"])
def test_a_training_step_with_both_losses_exchanged(kind: str) -> None:
    made = model(kind)
    stock = criterion_losses(copy.deepcopy(made), made.init_criterion())
    found = criterion_losses(made, adapter.adapted(made.init_criterion(), "quality-focal", "giou"))
    assert found.isfinite().all()
    assert found[0].item() != pytest.approx(stock[0].item(), rel=1e-4)
    assert found[1].item() != pytest.approx(stock[1].item(), rel=1e-4)
    assert found[2].item() == pytest.approx(stock[2].item(), rel=1e-4)
    found.sum().backward()
    gradients = [parameter.grad for parameter in made.parameters() if parameter.grad is not None]
    assert gradients
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_both_branches_of_an_end_to_end_criterion_are_exchanged() -> None:
    made = model("yolo26n.yaml")
    criterion = made.init_criterion()
    assert {"one2many", "one2one"} <= vars(criterion).keys()
    adapter.adapted(criterion, "quality-focal", "giou")
    for branch in (criterion.one2many, criterion.one2one):
        assert type(branch.bce) is adapter._ClassLoss
        assert type(branch.bbox_loss) is adapter._BoxLoss


def test_boxes_come_in_pixels() -> None:
    """Boxes given in strides of 8 and 32 overlap as boxes in pixels do; the areas are in square pixels."""
    made = model("yolov8n.yaml")
    criterion = adapter.adapted(made.init_criterion(), reg="Abs(Sub(I,I))")
    seen: dict[str, torch.Tensor] = {}
    criterion.bbox_loss.loss.register_forward_pre_hook(
        lambda module, inputs: seen.update(boxes=inputs[0].detach(), goal=inputs[1])
    )
    criterion_losses(made, criterion)
    truth = torch.tensor([[6.4, 9.6, 32, 41.6], [35.2, 28.8, 54.4, 48], [12.8, 9.6, 51.2, 54.4]])
    assert len(seen["goal"]) > 3
    for goal in seen["goal"]:
        assert (truth - goal).abs().amax(1).min() < 1e-3, goal


def test_quality_focal_with_soft_scores_agrees_with_its_definition() -> None:
    torch.manual_seed(3)
    logits, targets = torch.randn(2, 5, 3), torch.zeros(2, 5, 3)
    targets[0, 1, 2], targets[1, 0, 0] = 0.7, 0.25
    criterion = adapter.adapted(model("yolov8n.yaml").init_criterion(), "quality-focal")
    probability = logits.sigmoid()
    wanted = (targets - probability) ** 2 * torch.nn.functional.binary_cross_entropy_with_logits(
        logits, targets, reduction="none"
    )
    assert torch.allclose(criterion.bce(logits, targets), wanted, atol=1e-6)


def test_a_scale_dependent_formula_warns() -> None:
    criterion = model("yolov8n.yaml").init_criterion()
    with pytest.warns(AutolossWarning, match="in pixels of the network's input"):
        adapter.adapted(criterion, reg="cse-autoloss-a")
    with warnings.catch_warnings():
        warnings.simplefilter("error", AutolossWarning)
        adapter.adapted(criterion, reg="giou")
        with torch.inference_mode():  # where Ultralytics makes the criterion of its validation
            adapter.adapted(criterion, reg="giou")


def test_the_trainer_reaches_new_processes_by_name_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = adapter.trainer(cls="focal", reg="giou")
    assert pickle.loads(pickle.dumps(trainer)) is adapter.AutolossTrainer
    assert os.environ[adapter.CLS_VARIABLE] == "focal"
    bare = trainer.__new__(trainer)
    bare.args = SimpleNamespace()
    bare.data = {"nc": 3, "channels": 3, "names": {0: "a", 1: "b", 2: "c"}}
    made = bare.get_model("yolov8n.yaml", verbose=False)
    made.args = HYPERPARAMETERS
    criterion = made.init_criterion()
    assert type(criterion.bce) is adapter._ClassLoss
    assert type(criterion.bbox_loss) is adapter._BoxLoss
    copied = copy.deepcopy(made)
    assert copied.autoloss == ("focal", "giou")


def test_a_whole_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two passes over six pictures by Ultralytics' own trainer, with its validation, from random weights."""
    monkeypatch.chdir(tmp_path)
    root = yolo_folder(tmp_path / "tiny")
    yolo = YOLO("yolo26n.yaml", task="detect")
    yolo.train(
        data=str(root / "data.yaml"),
        trainer=adapter.trainer(cls="quality-focal", reg="giou"),
        epochs=2,
        imgsz=64,
        batch=2,
        workers=0,
        device="cpu",
        plots=False,
        amp=False,
        verbose=False,
        project=str(tmp_path / "runs"),
    )
    made = yolo.trainer.model
    assert made.autoloss == ("quality-focal", "giou")
    assert type(made.criterion.one2one.bbox_loss) is adapter._BoxLoss
    assert yolo.trainer.loss.isfinite().all()


def yolo_folder(root: Path) -> Path:
    """The tiny COCO folder in Ultralytics' layout."""
    folder(root)
    classes = {3: 0, 8: 1}
    for split in ("train", "val"):
        content = json.loads((root / "annotations" / f"instances_{split}.json").read_text())
        (root / "images").mkdir(exist_ok=True)
        (root / split).rename(root / "images" / split)
        (root / "labels" / split).mkdir(parents=True)
        for image in content["images"]:
            lines = []
            for row in content["annotations"]:
                if row["image_id"] == image["id"]:
                    x, y, width, height = row["bbox"]
                    place = f"{(x + width / 2) / 64} {(y + height / 2) / 48} {width / 64} {height / 48}"
                    lines.append(f"{classes[row['category_id']]} {place}")
            (root / "labels" / split / image["file_name"].replace(".png", ".txt")).write_text("\n".join(lines))
    names = "names: {0: red, 1: green}"
    (root / "data.yaml").write_text(f"path: {root}\ntrain: images/train\nval: images/val\n{names}\n")
    return root


def test_what_cannot_be_used_is_named() -> None:
    made = model("yolov8n.yaml")
    with pytest.raises(TypeError, match="has no box and class losses"):
        adapter.adapted(torch.nn.MSELoss(), "focal")
    with pytest.raises(ValueError, match="cse-autoloss-a"):
        adapter.adapted(made.init_criterion(), "cse-autoloss-a")
    with pytest.raises(ValueError, match="no-such"):
        adapter.trainer(cls="no-such")


def test_pictures_without_objects(tmp_path: Path) -> None:
    made = model("yolov8n.yaml")
    made.criterion = adapter.adapted(made.init_criterion(), "cse-autoloss-b", "cse-autoloss-b")
    empty = {**batch(), "batch_idx": torch.zeros(0), "cls": torch.zeros(0, 1), "bboxes": torch.zeros(0, 4)}
    found = made.loss(empty)[0]
    assert found.isfinite().all()
    found.sum().backward()
