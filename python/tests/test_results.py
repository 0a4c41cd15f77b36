"""The script behind `results/train-detector`: its commands, its table, and a whole run of it with tiny settings."""

from __future__ import annotations

import importlib.util
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from golden import REPOSITORY

pytest.importorskip("torchvision")
pytest.importorskip("pycocotools")

from coco import folder

from autoloss.train_detector.losses import read_losses
from autoloss.train_detector.options import parse

SCRIPT = REPOSITORY / "results" / "train-detector" / "run.py"
pytestmark = pytest.mark.filterwarnings("ignore::autoloss.AutolossWarning")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(REPOSITORY)
    specification = importlib.util.spec_from_file_location("run", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    made = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(made)
    return made


def test_every_training_can_be_asked_for(script: ModuleType) -> None:
    for kind in script.KINDS:
        trainings = script.trainings(kind)
        assert len({script.command(training) for training in trainings}) == len(trainings)
        for training in trainings:
            _, *given = shlex.split(script.command(training))
            options = parse(given)
            losses = read_losses(options.detector, options.loss_cls, options.loss_reg)
            assert (losses.boxes is None) == (training[3] == "default")
            assert losses.boxes is None or losses.boxes.loss_weight == 10
    assert len(script.trainings("gpu")) == 12


@pytest.mark.parametrize("folder", ["train-detector", "published-losses", "auto-seg-loss"])
def test_the_tables_are_what_the_rows_give(folder: str, tmp_path: Path) -> None:
    results = shutil.copytree(REPOSITORY / "results" / folder, tmp_path / folder).parent
    shutil.copy(REPOSITORY / "results" / "sittings.py", results)
    check = [sys.executable, str(results / folder / "run.py"), "--check"]
    ended = subprocess.run(check, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "what the rows give" in ended.stdout
    page = results / folder / "README.md"
    page.write_text(page.read_text().replace("<!-- table -->\n", "<!-- table -->\nanother line\n"))
    ended = subprocess.run(check, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "run: run.py --table" in ended.stderr


def test_a_training_that_diverged_is_a_result(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = (None, {"started": 1, "wall_seconds": 1.0, "cpu_seconds": 1.0}, "exit code 1: diverged at step 3 of 9")
    monkeypatch.setattr(script.sittings, "run_program", lambda arguments: answer)
    rows = tmp_path / "rows.jsonl"
    for seed in (1, 2):
        row = script.train(("gpu", seed, "aquarium", "found-1"), "data", float("inf"), 1)
        assert (row["AP"], row["diverged"]) == (0, True)
        script.sittings.append(rows, row)
    table = script.table(rows)
    assert "| gpu | `aquarium` | found-1 | 0.000 ± 0.000 | 0.000 ± 0.000 | – | – | 2 |" in table
    assert table.endswith("; 2 of them diverged and count as 0.")


def test_a_whole_run(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(tmp_path / "data" / "aquarium")
    tiny = (
        "--detector fasterrcnn --backbone mobilenet_v3_small --size 48 --max-size 64 --steps 1 --batch 1 --workers 0"
        " --save-every 1 --device cpu --threads 1"
    )
    monkeypatch.setitem(script.KINDS, "gpu", (("aquarium",), ("default", "found-2"), (7,), tiny))
    monkeypatch.setattr(script, "HERE", tmp_path)
    monkeypatch.setattr(script, "README", tmp_path / "README.md")
    shutil.copy(SCRIPT.with_name("README.md"), tmp_path)
    rows = tmp_path / "mine.jsonl"
    monkeypatch.setattr(sys, "argv", ["run.py", str(tmp_path / "data"), "--rows", str(rows), "--workers", "2"])
    for again in (False, True):
        with pytest.raises(SystemExit) as end:
            script.main()
        assert end.value.code == 0, capsys.readouterr().err
        found = [json.loads(line) for line in rows.read_text().splitlines()]
        assert {row["loss"] for row in found} == {"default", "found-2"}
        assert len(found) == 2
        assert ("seed 7" in capsys.readouterr().out) != again
    assert "| cpu | `aquarium` | found-2 |" in (tmp_path / "README.md").read_text()
    assert not any((tmp_path / "runs").iterdir())
