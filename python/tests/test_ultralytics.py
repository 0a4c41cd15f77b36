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
from autoloss import AutolossWarning, Formula, LossCard, LossError, RegLoss, overlap

HYPERPARAMETERS = SimpleNamespace(box=7.5, cls=0.5, dfl=1.5, epochs=2)


@pytest.fixture(autouse=True)
def traps_are_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(adapter.CLS_VARIABLE, "")
    monkeypatch.setenv(adapter.REG_VARIABLE, "")
    monkeypatch.setenv(adapter.QUALITY_VARIABLE, "")
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
    assert criterion.one2many.bce is not criterion.one2one.bce
    for branch in (criterion.one2many, criterion.one2one):
        assert type(branch.bce) is adapter._ClassLoss
        assert type(branch.assigner) is adapter._Assigner
        assert type(branch.bbox_loss) is adapter._BoxLoss


TRUTH = torch.tensor([[6.4, 9.6, 32, 41.6], [35.2, 28.8, 54.4, 48], [12.8, 9.6, 51.2, 54.4]])
"""The boxes of the batch in pixels."""


@pytest.mark.parametrize("unit", ["pixels", "stride", "normalized"])
def test_boxes_come_in_the_unit_of_the_card(unit: str) -> None:
    made = model("yolov8n.yaml")
    card = LossCard("mine", Formula("Abs(Sub(I,I))", "REG"), box_units=unit)
    criterion = adapter.adapted(made.init_criterion(), reg=card)
    seen: dict[str, torch.Tensor] = {}
    criterion.bbox_loss.loss.register_forward_pre_hook(
        lambda module, inputs: seen.update(boxes=inputs[0].detach(), goal=inputs[1])
    )
    criterion_losses(made, criterion)
    assert len(seen["goal"]) > 3
    scales = {"pixels": (1.0,), "stride": (1 / 8, 1 / 16, 1 / 32), "normalized": (1 / 64,)}[unit]
    wanted = torch.cat([TRUTH * scale for scale in scales])
    for goal in seen["goal"]:
        assert (wanted - goal).abs().amax(1).min() < 1e-3, goal


def test_q_is_the_iou_of_the_decoded_box_or_the_assigned_score() -> None:
    """Seen by the class loss and recomputed from the boxes that the box loss gets."""
    made = model("yolov8n.yaml")
    found = {}
    for quality in adapter.QUALITIES:
        seen: dict[str, torch.Tensor] = {}
        criterion = adapter.adapted(made.init_criterion(), "quality-focal", "giou", quality)
        criterion.bce.loss.register_forward_pre_hook(
            lambda module, inputs, named, seen=seen: seen.update(py=inputs[1], q=named["iou"]), with_kwargs=True
        )
        criterion.bbox_loss.loss.register_forward_pre_hook(
            lambda module, inputs, seen=seen: seen.update(boxes=inputs[0].detach(), goal=inputs[1], score=inputs[2])
        )
        criterion_losses(made, criterion)
        positive = seen["py"].amax(1) > 0
        chosen = seen["score"] > 0
        assert int(positive.sum()) == int(chosen.sum()) > 3
        wanted = overlap(seen["boxes"], seen["goal"]) if quality == "iou" else seen["score"]
        assert torch.allclose(seen["q"][positive], wanted[chosen], atol=1e-4), quality
        found[quality] = seen["q"][positive]
    assert not torch.allclose(found["iou"], found["score"], atol=1e-3)


def test_a_card_that_wants_no_iou_gets_none() -> None:
    made = model("yolov8n.yaml")
    values = []
    for text in ("Add(Mul(Q,X),Softplus(X))", "Softplus(X)"):
        card = LossCard("mine", Formula(text, "BINARY_CLS"), iou="none")
        values.append(criterion_losses(copy.deepcopy(made), adapter.adapted(made.init_criterion(), card))[1].item())
    assert values[0] == pytest.approx(values[1])


def test_quality_focal_with_soft_scores_agrees_with_its_definition() -> None:
    torch.manual_seed(3)
    logits, targets = torch.randn(2, 5, 3), torch.zeros(2, 5, 3)
    targets[0, 1, 2], targets[1, 0, 0] = 0.7, 0.25
    criterion = adapter.adapted(model("yolov8n.yaml").init_criterion(), "quality-focal", quality="score")
    probability = logits.sigmoid()
    wanted = (targets - probability) ** 2 * torch.nn.functional.binary_cross_entropy_with_logits(
        logits, targets, reduction="none"
    )
    assert torch.allclose(criterion.bce(logits, targets), wanted, atol=1e-6)


def test_names_of_box_losses_weigh_one() -> None:
    """The gains of Ultralytics multiply them; a card and a module weigh what they say."""
    text = "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))"
    card = LossCard("mine", Formula(text, "REG"), loss_weight=3.0)
    for loss, weight in (("cse-autoloss-a", 1), ("giou", 1), (text, 1), (card, 3), (RegLoss(text, loss_weight=2), 2)):
        criterion = adapter.adapted(model("yolov8n.yaml").init_criterion(), reg=loss)
        assert criterion.bbox_loss.loss.loss_weight == weight, loss


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_reductions_that_ultralytics_does_not_do_are_refused(reduction: str) -> None:
    criterion = model("yolov8n.yaml").init_criterion()
    before = dict(vars(criterion))
    with pytest.raises(LossError, match=r"reg: .* the reduction (must be mean|is mean or sum, not none)"):
        adapter.adapted(criterion, reg=LossCard("mine", Formula("Sub(1,Div(I,U))"), reduction=reduction))
    with pytest.raises(LossError, match=r"cls: .* the reduction (must be mean|is mean or sum, not none)"):
        adapter.adapted(criterion, LossCard("mine", Formula("Softplus(Mul(X,NY))"), reduction=reduction))
    assert vars(criterion) == before


def test_under_autocast_and_in_half_precision_losses_are_float32() -> None:
    made = model("yolo26n.yaml")
    criterion = adapter.adapted(made.init_criterion(), "cse-autoloss-b", "cse-autoloss-b")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = criterion_losses(made, criterion)
    assert found.dtype is torch.float32
    assert found.isfinite().all()
    found.sum().backward()
    entries = criterion.one2one.bce(torch.randn(1, 4, 3).half(), torch.rand(1, 4, 3).half())
    assert entries.dtype is torch.float32
    assert entries.isfinite().all()


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
    assert copied.autoloss == ("focal", "giou", "iou")


def test_a_trainer_that_was_given_no_losses_is_refused() -> None:
    """Ultralytics' own would be trained, and nothing would tell."""
    with pytest.raises(ValueError, match=r"no loss is named: give the training trainer=autoloss\.ultralytics"):
        adapter.AutolossTrainer(overrides={"model": "yolov8n.yaml"})
    bare = adapter.AutolossTrainer.__new__(adapter.AutolossTrainer)
    with pytest.raises(ValueError, match="no loss is named"):
        bare.get_model("yolov8n.yaml")
    with pytest.raises(ValueError, match="no loss is named"):
        adapter.trainer()
    with pytest.raises(TypeError, match="reg is of type RegLoss: it travels to other processes as text"):
        adapter.trainer(reg=RegLoss("Sub(1,Div(I,U))"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="quality is iou or score, not 'mine'"):
        adapter.trainer(cls="focal", quality="mine")


def test_a_whole_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two passes over six pictures by Ultralytics' own trainer, with its validation, from random weights."""
    monkeypatch.chdir(tmp_path)
    root = yolo_folder(tmp_path / "tiny")
    yolo = YOLO("yolo26n.yaml", task="detect")
    yolo.train(
        data=str(root / "data.yaml"),
        trainer=adapter.trainer(cls="quality-focal", reg="giou", quality="score"),
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
    assert made.autoloss == ("quality-focal", "giou", "score")
    assert type(made.criterion.one2one.bbox_loss) is adapter._BoxLoss
    assert yolo.trainer.loss.isfinite().all()
    going_on_with_its_checkpoint(yolo.trainer.last, root, tmp_path)


def going_on_with_its_checkpoint(last: Path, root: Path, tmp_path: Path) -> None:
    """Fine-tuned or resumed without the trainer it would go back to Ultralytics' own losses."""
    options: dict[str, Any] = {"imgsz": 64, "batch": 2, "workers": 0, "device": "cpu", "plots": False, "amp": False}
    options |= {"verbose": False, "project": str(tmp_path / "more"), "epochs": 1, "data": str(root / "data.yaml")}
    trained = r"trained with losses of autoloss, .*trainer\(cls='quality-focal', reg='giou', quality='score'\)"
    with pytest.raises(LossError, match=trained):
        YOLO(str(last)).train(**options)
    interrupted = torch.load(last, weights_only=False)
    interrupted |= {"epoch": 0, "optimizer": {}, "ema": interrupted["ema"] or interrupted["model"]}
    interrupted["train_args"] |= {"epochs": 2, "data": str(root / "data.yaml")}
    torch.save(interrupted, last.with_name("interrupted.pt"))
    with pytest.raises(LossError, match=trained):
        YOLO(str(last.with_name("interrupted.pt"))).train(resume=True, device="cpu")
    assert YOLO(str(last)).predict(str(next((root / "images" / "val").iterdir())), imgsz=64, verbose=False)
    again = YOLO(str(last))
    again.train(trainer=adapter.trainer(cls="focal"), **options)
    assert again.trainer.model.autoloss == ("focal", None, "iou")
    with pytest.raises(LossError, match=r"trainer\(cls='focal', quality='iou'\)"):
        YOLO(str(again.trainer.last)).train(**options)
    stock = YOLO("yolo26n.yaml", task="detect").load(str(last))
    stock.train(**options)
    assert type(stock.trainer.model) is DetectionModel


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
