"""`python -m autoloss.train_detector` on a tiny folder: results, exact resume, several processes, bad input."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("torchvision")
pytest.importorskip("pycocotools")

from coco import folder
from detection import with_few_proposals

from autoloss.train_detector import models
from autoloss.train_detector.__main__ import main
from autoloss.train_detector.data import CocoFolder, StepSampler, read_split
from autoloss.train_detector.evaluation import score
from autoloss.train_detector.schedule import schedule
from autoloss.train_detector.training import Training

pytestmark = pytest.mark.filterwarnings("ignore::autoloss.AutolossWarning")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("coco") / "tiny", masks=True)


@pytest.fixture(autouse=True)
def proposals_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = models.build
    monkeypatch.setattr(models, "build", lambda *given, **named: with_few_proposals(whole(*given, **named)))


def arguments(data: Path, *more: str, detector: str = "fcos") -> list[str]:
    small = ["--backbone", "mobilenet_v3_small", "--size", "48", "--max-size", "64", "--batch", "2", "--workers", "0"]
    return ["--data", str(data), "--detector", detector, "--device", "cpu", *small, *more]


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 1
    line: dict[str, Any] = json.loads(lines[0])
    return line


@pytest.mark.parametrize(
    ("detector", "loss"),
    [("fasterrcnn", "cse-autoloss-a"), ("maskrcnn", "default"), ("fcos", "cse-autoloss-b"), ("retinanet", "focal")],
)
def test_one_result_line(data: Path, capsys: pytest.CaptureFixture[str], detector: str, loss: str) -> None:
    boxes = {"retinanet": "giou"}.get(detector, loss)
    given = arguments(data, "--steps", "2", "--loss-cls", loss, "--loss-reg", boxes, detector=detector)
    assert main(given) == 0
    line = result(capsys)
    stages = "onestage" if detector in ("fcos", "retinanet") else "twostage"
    assert line["task"] == f"detection-{stages}"
    assert (line["detector"], line["data"], line["split"]) == (detector, "tiny", "val")
    assert (line["loss_cls"], line["loss_reg"], line["mean"]) == (loss, boxes, line["runs"][0]["AP"])
    (run,) = line["runs"]
    assert {"seed", "AP", "AP50", "AP75", "seconds", "images_per_second", "stats", "per_class_ap"} <= run.keys()
    assert run["per_class_ap"].keys() == {"red", "green"}
    assert len(run["stats"]) == 12
    assert ("AP_segm" in run) == (detector == "maskrcnn")


def weights(out: Path) -> dict[str, torch.Tensor]:
    content = torch.load(out / "checkpoint.pt", weights_only=True)
    model: dict[str, torch.Tensor] = content["model"]
    return model


def test_a_stopped_training_goes_on_exactly(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Faster R-CNN draws random proposals in every step, so that the random state counts too."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    common = arguments(data, "--steps", "4", detector="fasterrcnn")
    assert main([*common, "--out", str(whole)]) == 0
    undisturbed = result(capsys)
    assert main([*common, "--out", str(parts), "--stop-after", "2"]) == 0
    assert capsys.readouterr().out == ""
    assert main([*common, "--out", str(parts), "--resume"]) == 0
    resumed = result(capsys)
    for line in (undisturbed, resumed):
        for name in ("seconds", "images_per_second"):
            line["runs"][0].pop(name)
    assert resumed == undisturbed
    first, second = weights(whole), weights(parts)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert json.loads((parts / "result.json").read_text())["mean"] == resumed["mean"]


def test_mixed_precision_trains(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = arguments(data, "--steps", "2", "--amp", "bf16", "--loss-cls", "cse-autoloss-a", detector="fasterrcnn")
    assert main(given) == 0
    assert result(capsys)["amp"] == "bf16"


def test_two_processes_train_one_model(data: Path, tmp_path: Path) -> None:
    """With the variables that torchrun sets, and Gloo between them."""
    given = arguments(data, "--steps", "2", "--loss-cls", "cse-autoloss-b", "--loss-reg", "cse-autoloss-b")
    command = [
        sys.executable,
        "-m",
        "autoloss.train_detector",
        *given,
        "--threads",
        "1",
        "--out",
        str(tmp_path / "out"),
    ]
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = str(free.getsockname()[1])
    processes = []
    for rank in range(2):
        variables = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}
        variables |= {"MASTER_PORT": port, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        variables["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
        environment = {**os.environ, **variables}
        pipe = subprocess.PIPE
        processes.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment))
    outputs = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert outputs[1][0] == ""
    line = json.loads(outputs[0][0])
    assert line["processes"] == 2
    assert len(torch.load(tmp_path / "out" / "checkpoint.pt", weights_only=True)["randoms"]) == 2


def broken(data: Path, tmp_path: Path, change: Any) -> Path:
    """A copy of the data set with another train file."""
    root = tmp_path / "broken"
    (root / "annotations").mkdir(parents=True)
    for split in ("train", "val"):
        (root / split).symlink_to(data / split)
        text = (data / "annotations" / f"instances_{split}.json").read_text()
        if split == "train":
            content = json.loads(text)
            text = change(content) or json.dumps(content)
        (root / "annotations" / f"instances_{split}.json").write_text(text)
    return root


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: "{", "instances_train.json cannot be read"),
        (lambda content: content.pop("images") and None, "is no COCO instances file"),
        (lambda content: content["annotations"][1].pop("bbox") and None, "annotations[1] needs image_id, category_id"),
        (lambda content: content["annotations"][2].update(category_id=7), "annotations[2] is of category 7"),
        (lambda content: content["annotations"][0].update(image_id=99), "annotations[0] is of image 99"),
        (lambda content: content["images"][0].update(file_name="no.png"), "images[0] names 'no.png'"),
        (lambda content: content["images"][1].update(id=1), "images[1] has the id 1 of an earlier image"),
        (lambda content: content["categories"].append({"id": 9, "name": "blue"}), "have different categories"),
    ],
)
def test_faults_of_the_data_are_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any, message: str
) -> None:
    assert main(arguments(broken(data, tmp_path, change), "--steps", "1")) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--steps", "0"], "--steps is 0, but must be at least 1"),
        (["--batch", "-1"], "--batch is -1, but must be at least 1"),
        (["--epochs", "nan"], "--epochs is nan, but must be above 0"),
        (["--learning-rate", "inf"], "--learning-rate is inf, but must be above 0, and finite"),
        (["--learning-rate", "0"], "--learning-rate is 0.0, but must be above 0, and finite"),
        (["--size", "900"], "--max-size is 64, but must be at least --size (900)"),
        (["--resume"], "--resume goes on with the run in a folder: give it with --out"),
        (["--device", "toaster"], "--device is auto, cpu, cuda or cuda:N, not 'toaster'"),
        (["--backbone-weights", "nowhere.pth"], "there is no file 'nowhere.pth'"),
        (["--loss-cls", "Neg(Dot(Y,Lg(X)))"], "Lg"),
        (["--loss-cls", "cse-autoloss-a"], "cse-autoloss-a"),
        (["--loss-reg", "no-such-card.yaml"], "no-such-card.yaml"),
    ],
)
def test_bad_arguments_are_named(
    data: Path, capsys: pytest.CaptureFixture[str], given: list[str], message: str
) -> None:
    steps = [] if given[0] in ("--steps", "--epochs") else ["--steps", "1"]
    assert main([*arguments(data), *steps, *given]) == 2
    assert message in capsys.readouterr().err


def test_folders_are_not_mixed_up(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert main([*arguments(data), "--steps", "1", "--out", str(out), "--resume"]) == 2
    assert "holds no run" in capsys.readouterr().err
    assert main([*arguments(data), "--steps", "2", "--out", str(out), "--stop-after", "1"]) == 0
    assert main([*arguments(data), "--steps", "2", "--out", str(out)]) == 2
    assert "holds a run: go on with --resume" in capsys.readouterr().err
    assert main([*arguments(data), "--steps", "3", "--out", str(out), "--resume"]) == 2
    assert "was begun with steps 2, not 3" in capsys.readouterr().err
    (out / "checkpoint.pt").write_bytes(b"nonsense")
    assert main([*arguments(data), "--steps", "2", "--out", str(out), "--resume"]) == 2
    assert "checkpoint.pt cannot be read" in capsys.readouterr().err


def test_an_interrupted_training_leaves_a_checkpoint(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Training, "_report", lambda training: signal.raise_signal(signal.SIGINT))
    out = tmp_path / "run"
    assert main([*arguments(data), "--steps", "3", "--out", str(out)]) == 130
    captured = capsys.readouterr()
    assert (captured.out, "stopped after step 1 of 3; go on with --resume" in captured.err) == ("", True)
    monkeypatch.undo()
    assert main([*arguments(data), "--steps", "3", "--out", str(out), "--resume"]) == 0
    assert result(capsys)["runs"][0]["steps"] == 3


def test_several_seeds_have_folders_and_a_mean(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "runs"
    given = [*arguments(data), "--steps", "1", "--seeds", "2", "--seed", "4", "--out", str(out)]
    assert main([*given, "--resume"]) == 2
    assert "holds no run of seeds 4 to 5" in capsys.readouterr().err
    assert main(given) == 0
    line = result(capsys)
    assert [run["seed"] for run in line["runs"]] == [4, 5]
    assert line["mean"] == pytest.approx(sum(run["AP"] for run in line["runs"]) / 2)
    assert (out / "seed-4" / "checkpoint.pt").is_file()
    assert not torch.equal(
        *(weights(out / f"seed-{seed}")["head.classification_head.cls_logits.weight"] for seed in (4, 5))
    )


def test_a_missing_library_is_named(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    assert main([*arguments(data), "--steps", "1"]) == 3
    assert "pycocotools is missing: pip install 'autoloss[detectors]'" in capsys.readouterr().err


def test_a_diverged_training_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--steps", "2", "--loss-reg", "Mul(Exp(Exp(U)),Exp(Exp(U)))"]
    assert main([*arguments(data), *given]) == 1
    assert "diverged at step 1 of 2" in capsys.readouterr().err


def test_every_pass_sees_every_image_once_whatever_the_processes() -> None:
    for world in (1, 2, 3):
        seen: dict[int, list[int]] = {}
        for rank in range(world):
            for batch in StepSampler(6, 2, 0, 12 // (2 * world), 5, rank, world):
                for index, position in batch:
                    seen.setdefault(position // 6, []).append(index)
        assert {number: sorted(indices) for number, indices in seen.items()} == {0: [*range(6)], 1: [*range(6)]}
    late = list(StepSampler(6, 2, 2, 6, 5, 0, 1))
    assert late == list(StepSampler(6, 2, 0, 6, 5, 0, 1))[2:]


def test_flips_move_boxes_and_masks_with_the_picture(data: Path) -> None:
    split = read_split(str(data), "train")
    plain, flipping = CocoFolder(split, masks=True), CocoFolder(split, masks=True, seed=1)
    flips = 0
    for position in range(12):
        image, target = flipping[0, position]
        still, unmoved = plain[0]
        if torch.equal(image, still):
            continue
        flips += 1
        assert torch.equal(image.flip(-1), still)
        for box, mask in zip(target["boxes"].long().tolist(), target["masks"], strict=True):
            assert mask[box[1] : box[3], box[0] : box[2]].all()
            assert mask.sum() == (box[2] - box[0]) * (box[3] - box[1])
        assert torch.equal(64 - target["boxes"][:, [2, 0]], unmoved["boxes"][:, [0, 2]])
    assert 2 <= flips <= 10


def test_scores_of_perfect_and_of_no_detections(data: Path) -> None:
    split = read_split(str(data), "val")
    rows = [{**row, "score": 0.9} for rows in split.boxes.values() for row in rows]
    perfect = score(split, [{key: row[key] for key in ("image_id", "category_id", "bbox", "score")} for row in rows])
    assert perfect["stats"][0] == pytest.approx(1)
    assert all(ap == pytest.approx(1) for ap in perfect["per_class_ap"].values())
    nothing = score(split, [])
    assert nothing["stats"][0] == 0


def test_the_learning_rate_starts_low_and_ends_at_nothing() -> None:
    factors = [schedule(step, 100) for step in range(100)]
    assert factors[0] == pytest.approx(1 / 11)
    assert max(factors) == 1
    assert factors[-1] < 1e-3
    assert schedule(0, 1) == 1
