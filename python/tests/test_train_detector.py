"""`python -m autoloss.train_detector` on a tiny folder: results, exact resume, several processes, bad input."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("torchvision")
pytest.importorskip("pycocotools")

from coco import folder
from detection import with_few_proposals
from PIL import Image

from autoloss import Formula, LossCard
from autoloss.train_detector import models, pictures
from autoloss.train_detector.__main__ import main
from autoloss.train_detector.annotations import read_split
from autoloss.train_detector.data import CocoFolder, StepSampler
from autoloss.train_detector.evaluation import score
from autoloss.train_detector.faults import InputError
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


def torchrun(*given: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of two processes on the CPU, with Gloo between them."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "autoloss.train_detector", *given, "--threads", "1"]
    variables = {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    variables["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, **variables})
    return run.returncode, run.stdout, run.stderr


def test_two_processes_train_one_model_and_go_on_exactly(data: Path, tmp_path: Path) -> None:
    common = arguments(data, "--steps", "4", "--loss-cls", "cse-autoloss-a", detector="fasterrcnn")
    lines = []
    for out, *steps in (("whole", []), ("parts", ["--stop-after", "2"], ["--resume"])):
        for more in steps:
            code, line, messages = torchrun(*common, "--out", str(tmp_path / out), *more)
            assert code == 0, messages
            lines.append(json.loads(line) if line else None)
    whole, stopped, resumed = lines
    assert stopped is None
    for line in (whole, resumed):
        assert line["processes"] == 2
        for name in ("seconds", "images_per_second"):
            line["runs"][0].pop(name)
    assert resumed == whole
    first, second = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert len(torch.load(tmp_path / "parts" / "checkpoint.pt", weights_only=True)["randoms"]) == 2
    code, _, messages = torchrun(*common, "--out", str(tmp_path / "parts"), "--resume", "--batch", "1")
    assert code != 0
    assert "was begun with batch 2, not 1" in messages


def changed_copy(data: Path, root: Path, change: Any, split: str = "train") -> Path:
    """A copy of the data set in which `change` was made to the content of one annotation file."""
    shutil.copytree(data, root)
    file = root / "annotations" / f"instances_{split}.json"
    content = json.loads(file.read_text())
    text = change(content)
    file.write_text(text if isinstance(text, str) else json.dumps(content))
    return root


def with_all(content: Any, name: str, key: str, value: Any) -> None:
    for entry in content[name]:
        entry[key] = value


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: "{", "instances_train.json cannot be read"),
        (lambda content: "[" * 100_000, "it is nested too deeply"),
        (lambda content: "[]", "is no COCO instances file: it has no list 'images'"),
        (lambda content: content.pop("images"), "is no COCO instances file: it has no list 'images'"),
        (lambda content: content.update(annotations={}), "it has no list 'annotations'"),
        (lambda content: content["images"].clear(), "lists no images"),
        (lambda content: content["categories"].clear(), "lists no categories"),
        (
            lambda content: content["categories"][0].pop("name") and None,
            "categories[0] needs a whole number as id and a text",
        ),
        (lambda content: content["categories"][1].update(id="3"), "categories[1] needs a whole number as id"),
        (lambda content: content["categories"][1].update(id=8), "categories[1] has the id 8 of an earlier category"),
        (lambda content: content["categories"].append({"id": 9, "name": "blue"}), "have different categories"),
        (lambda content: content["images"].append(7), "images[6] is no object"),
        (
            lambda content: content["images"][0].pop("file_name") and None,
            "images[0] needs a text as file_name, not None",
        ),
        (lambda content: content["images"][0].update(id=[1]), "images[0] needs a whole number as id, not [1]"),
        (
            lambda content: content["images"][0].update(width=0),
            "images[0] needs a whole number above 0 as width, not 0",
        ),
        (lambda content: content["images"][0].update(file_name="no.png"), "images[0] names 'no.png'"),
        (lambda content: content["images"][1].update(id=1), "images[1] has the id 1 of an earlier image"),
        (
            lambda content: content["images"][0].update(width=48, height=64),
            "is 64 x 48 pixels, but the annotations say",
        ),
        (lambda content: content["annotations"].append(None), "is no object with image_id, category_id and bbox"),
        (lambda content: content["annotations"][1].pop("bbox"), "annotations[1] has no bbox"),
        (lambda content: content["annotations"][1].update(bbox=[1, 2, 3]), "not [1, 2, 3]"),
        (lambda content: content["annotations"][1].update(bbox=["1", 2, 3, 4]), "annotations[1] needs four numbers"),
        (lambda content: content["annotations"][2].update(category_id=7), "annotations[2] is of category 7"),
        (
            lambda content: content["annotations"][2].update(category_id="red"),
            "a whole number as category_id, not 'red'",
        ),
        (lambda content: content["annotations"][0].update(image_id=99), "annotations[0] is of image 99"),
        (lambda content: content["annotations"][0].update(image_id={}), "a whole number as image_id, not {}"),
        (lambda content: content["annotations"].clear(), "holds no box of its 6 pictures"),
        (lambda content: with_all(content, "annotations", "bbox", [9, 9, -3, 4]), "holds no box of its 6 pictures"),
    ],
)
def test_faults_of_the_annotations_are_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any, message: str
) -> None:
    assert main(arguments(changed_copy(data, tmp_path / "copy", change), "--steps", "1")) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("kind", ["text", "cut", "cut-jpeg", "empty", "16 bits"])
def test_pictures_that_cannot_be_read_show_before_the_training(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(data, root)
    for file in sorted((root / "val").iterdir())[:2]:
        whole = file.read_bytes()
        if kind == "cut-jpeg":
            buffer = io.BytesIO()
            Image.open(file).save(buffer, "JPEG", quality=95)
            whole = buffer.getvalue()
        if kind == "16 bits":
            Image.fromarray(np.zeros((48, 64), dtype=np.uint16)).save(file)
            continue
        file.write_bytes({"text": b"nonsense", "empty": b""}.get(kind, whole[: len(whole) * 2 // 3]))
    monkeypatch.setattr(Training, "run", lambda training: pytest.fail("the training began"))
    assert main(arguments(root, "--steps", "1")) == 2
    message = capsys.readouterr().err
    assert f"{root / 'val' / '007.png'} is no picture that can be read" in message
    assert "(and 1 more)" in message


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        (None, "has no segmentation, maskrcnn needs one"),
        ([[1, 2, 3]], "has a segmentation that cannot be read"),
        ({"size": [9, 9], "counts": [81]}, "has a segmentation that cannot be read"),
        ({"size": [48, 64]}, "has a segmentation that cannot be read"),
    ],
)
def test_masks_that_cannot_be_read_show_before_the_training(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], segmentation: Any, message: str
) -> None:
    root = changed_copy(
        data, tmp_path / "copy", lambda content: content["annotations"][0].update(segmentation=segmentation), "val"
    )
    assert main(arguments(root, "--steps", "1", detector="maskrcnn")) == 2
    assert message in capsys.readouterr().err
    if segmentation is None:
        assert main(arguments(root, "--steps", "1")) == 0


def test_boxes_without_area_in_the_picture_are_left_out_and_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = ([1, 1, -5, 4], [64, 3, 5, 5], [3, 3, 0, 9], [float("nan"), 1, 2, 2])

    def change(content: Any) -> None:
        for box in odd:
            content["annotations"].append({**content["annotations"][0], "bbox": box})

    root = changed_copy(data, tmp_path / "copy", change)
    assert main(arguments(root, "--steps", "1")) == 0
    message = capsys.readouterr().err
    assert "4 boxes without area in their picture are left out, the first is " in message
    assert "instances_train.json: annotations[9]" in message


def test_a_picture_with_exif_data_is_turned_where_the_annotations_are_of_the_turned_one(tmp_path: Path) -> None:
    upright = Image.fromarray((torch.arange(20 * 30 * 3) % 251).to(torch.uint8).reshape(20, 30, 3).numpy())
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    file = tmp_path / "turned.png"
    upright.transpose(Image.Transpose.ROTATE_90).save(file, exif=exif)
    wanted = torch.from_numpy(np.array(upright)).permute(2, 0, 1)
    pictures.check(file, 30, 20)
    assert torch.equal(pictures.read(file, 30, 20), wanted)
    assert torch.equal(pictures.read(file, 20, 30), wanted.rot90(1, (1, 2)))
    for reader in (pictures.check, pictures.read):
        with pytest.raises(InputError, match="is 20 x 30 pixels, but the annotations say 31 x 20"):
            reader(file, 31, 20)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--steps", "0"], "--steps is 0, but must be at least 1"),
        (["--batch", "-1"], "--batch is -1, but must be at least 1"),
        (["--epochs", "nan"], "--epochs is nan, but must be above 0"),
        (["--learning-rate", "inf"], "--learning-rate is inf, but must be above 0, and finite"),
        (["--learning-rate", "0"], "--learning-rate is 0.0, but must be above 0, and finite"),
        (["--size", "32"], "--size is 32, but must be at least 33"),
        (["--out", ""], "--out is empty"),
        (["--loss-reg", "Mul(2,3)"], "--loss-reg: Mul(2,3) does not depend on the prediction"),
        (["--size", "900"], "--max-size is 64, but must be at least --size (900)"),
        (["--resume"], "--resume goes on with the run in a folder: give it with --out"),
        (["--device", "toaster"], "--device is auto, cpu, cuda or cuda:N, not 'toaster'"),
        (["--backbone-weights", "nowhere.pth"], "there is no file 'nowhere.pth'"),
        (["--seed", str(2**60)], "but must be below 2^53"),
        (["--loss-cls", "Neg(Dot(Y,Lg(X)))"], "--loss-cls: Dot is no primitive of BINARY_CLS"),
        (["--loss-cls", "cse-autoloss-a"], "--loss-cls: 'cse-autoloss-a' is a loss of MULTI_CLS and REG"),
        (["--loss-reg", "no-such-card.yaml"], "--loss-reg: the loss card no-such-card.yaml cannot be read"),
    ],
)
def test_bad_arguments_are_named(
    data: Path, capsys: pytest.CaptureFixture[str], given: list[str], message: str
) -> None:
    steps = [] if given[0] in ("--steps", "--epochs") else ["--steps", "1"]
    assert main([*arguments(data), *steps, *given]) == 2
    assert message in capsys.readouterr().err


def test_files_that_are_no_weights_are_named(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tensor = tmp_path / "tensor.pt"
    torch.save(torch.zeros(3), tensor)
    for number, content in enumerate((b"root:x:0:0:root:/root:/bin/bash\n", b"", b"PK\x03\x04", b"\x80\x02K\x01.")):
        file = tmp_path / f"{number}.pth"
        file.write_bytes(content)
        assert main([*arguments(data), "--steps", "1", "--backbone-weights", str(file)]) == 2
        told = capsys.readouterr().err
        named = rf"--backbone-weights {re.escape(str(file))} holds (no state dict of PyTorch: \w+|a int,)"
        assert re.search(named, told), told
    assert main([*arguments(data), "--steps", "1", "--backbone-weights", str(tensor)]) == 2
    assert "holds a Tensor, no state dict of PyTorch" in capsys.readouterr().err
    torch.save({"features.0.0.weight": torch.zeros(3)}, tensor)
    assert main([*arguments(data), "--steps", "1", "--backbone-weights", str(tensor)]) == 2
    assert "does not fit the backbone: size mismatch for 0.0.weight" in capsys.readouterr().err
    torch.save({0: torch.zeros(3)}, tensor)
    assert main([*arguments(data), "--steps", "1", "--backbone-weights", str(tensor)]) == 2
    assert re.search(r"lacks \d+ tensors of the backbone: 0\.0\.weight", capsys.readouterr().err)


def test_folders_are_not_mixed_up(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert main([*arguments(data), "--steps", "1", "--out", str(out), "--resume"]) == 2
    assert "holds no run" in capsys.readouterr().err
    assert main([*arguments(data), "--steps", "2", "--out", str(out), "--stop-after", "1"]) == 0
    assert main([*arguments(data), "--steps", "2", "--out", str(out)]) == 2
    assert "holds a run: go on with --resume" in capsys.readouterr().err
    (out / "checkpoint.pt").write_bytes(b"nonsense")
    assert main([*arguments(data), "--steps", "2", "--out", str(out), "--resume"]) == 2
    assert "checkpoint.pt cannot be read" in capsys.readouterr().err


def test_a_resume_with_anything_else_is_refused(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, card, copy = tmp_path / "run", tmp_path / "card.yaml", tmp_path / "copy"
    shutil.copytree(data, copy)
    LossCard("mine", Formula("Sub(1,Div(I,U))")).save(card)
    common = ["--loss-cls", "focal", "--loss-reg", str(card), "--out", str(out)]
    assert main([*arguments(copy), *common, "--steps", "2", "--stop-after", "1"]) == 0

    def resumed(*more: str) -> str:
        capsys.readouterr()
        code = main([*arguments(copy), *common, "--resume", "--steps", "2", *more])
        message = capsys.readouterr().err
        assert (code == 0) == ("was begun with" not in message), message
        return message

    assert "was begun with steps 2, not 3; batch 2, not 1" in resumed("--steps", "3", "--batch", "1")
    assert "; optimizer 'sgd', not 'adamw'" in resumed("--optimizer", "adamw")
    assert "was begun with loss_cls 'Add(Mul(PY," in resumed("--loss-cls", "quality-focal")
    LossCard("mine", Formula("Sub(1,Div(I,U))"), loss_weight=2.0).save(card)
    assert "loss_weight=1, average_by=sampled, iou=none, box_units=pixels', not '" in resumed()
    LossCard("other name", Formula("Sub(1,Div(I,U))")).save(card)
    annotations = copy / "annotations" / "instances_val.json"
    before = annotations.read_text()
    annotations.write_text(before.replace('"category_id": 3', '"category_id": 8'))
    assert "was begun with val '3 pictures with" in resumed()
    annotations.write_text(before)
    picture = copy / "train" / "001.png"
    content = picture.read_bytes()
    Image.open(picture).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(picture, compress_level=1)
    assert "was begun with train '6 pictures with" in resumed()
    picture.write_bytes(content)
    copy.rename(tmp_path / "moved")
    copy = tmp_path / "moved"
    assert "step 2/2" in resumed("--workers", "1")


def test_a_folder_that_cannot_be_written_shows_before_the_training(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    started = [*arguments(data), "--steps", "1", "--out"]
    with monkeypatch.context() as patch:
        patch.setattr(Training, "run", lambda training: pytest.fail("the training began"))
        assert main([*started, str(tmp_path / "file" / "run")]) == 2
        assert "--out" in capsys.readouterr().err
        assert main([*started, str(tmp_path / "file")]) == 2
        assert "is no folder" in capsys.readouterr().err
        assert main([*started, "/proc/none"]) == 2
        assert "--out /proc/none cannot be written" in capsys.readouterr().err
    monkeypatch.setattr(torch, "save", lambda *given: Path(given[1]).parent.joinpath("missing", "x").write_text(""))
    assert main([*started, str(tmp_path / "run")]) == 1
    assert "checkpoint.pt cannot be written" in capsys.readouterr().err


def test_too_little_memory_is_told(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(training: Training) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.\nmore")

    monkeypatch.setattr(Training, "run", run)
    assert main([*arguments(data), "--steps", "1"]) == 1
    assert "Tried to allocate 9 GiB. Take a smaller --batch or --size" in capsys.readouterr().err


def test_faults_of_the_program_are_no_bad_input(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(training: Training) -> None:
        raise ValueError("a fault of the program")

    monkeypatch.setattr(Training, "run", run)
    with pytest.raises(ValueError, match="a fault of the program"):
        main([*arguments(data), "--steps", "1"])


def test_a_picture_that_breaks_while_it_trains_is_named_in_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(data, root)
    monkeypatch.setattr(
        "autoloss.train_detector.data.check",
        lambda *_: [file.write_bytes(b"") for file in (root / "train").iterdir()],
    )
    assert main([*arguments(root), "--steps", "1", "--workers", "1"]) == 2
    message = capsys.readouterr().err
    assert "is no picture that can be read" in message
    assert "Traceback" not in message


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
