"""The command line of `python -m autoloss.train_detector`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .faults import InputError
from .models import BACKBONES, DETECTORS

EXAMPLE = """example:
  python -m autoloss.train_detector --data my-folder --detector fasterrcnn --backbone resnet50 \\
    --loss-cls cse-autoloss-a --loss-reg cse-autoloss-a --epochs 24 --batch 8 --amp fp16 --out runs/mine
  torchrun --nproc-per-node 4 -m autoloss.train_detector ... (the same; --batch counts the images of one process)

my-folder holds annotations/instances_{train,val}.json, train/ and val/.
The last line on stdout is the result as JSON."""


@dataclass(frozen=True)
class Options:
    """Everything that was asked for."""

    data: str
    detector: str
    backbone: str
    loss_cls: str
    loss_reg: str
    steps: int | None
    epochs: float | None
    batch: int
    learning_rate: float
    optimizer: str
    weight_decay: float
    clip: float
    size: int
    max_size: int
    amp: str
    seed: int
    seeds: int
    workers: int
    device: str
    threads: int | None
    backbone_weights: str
    limit: int | None
    save_every: int
    stop_after: int | None
    out: str | None
    resume: bool

    # What may differ between a run and its resume: it changes neither weights nor scores.
    # Data and losses are compared by what is in them.
    FREE = (
        *("out", "resume", "seeds", "seed", "workers", "device", "threads", "save_every", "stop_after", "data"),
        *("loss_cls", "loss_reg"),
    )

    def deciding(self) -> dict[str, object]:
        """The settings that decide the weights."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in self.FREE}


def parse(arguments: Sequence[str] | None = None) -> Options:
    """The options of a command line; argparse ends the program with 2 for unknown ones, InputError tells the rest."""
    parser = argparse.ArgumentParser(
        prog="python -m autoloss.train_detector",
        description="Trains a torchvision detector on a COCO folder and scores it with COCO metrics.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", required=True, help="folder in COCO layout")
    add("--detector", choices=DETECTORS, default="fasterrcnn")
    add("--backbone", choices=BACKBONES, default="resnet50")
    add("--loss-cls", default="default", help="default, a built-in name, a formula or a card file")
    add("--loss-reg", default="default", help="the same for boxes")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="training steps (of --batch images on every process)")
    length.add_argument("--epochs", type=float, help="passes over the training images (default 12)")
    add("--batch", type=int, default=4, help="images a step on each process (default 4)")
    add("--learning-rate", type=float, default=None, help="default 0.02 * images a step / 16 (sgd), 0.0001 (adamw)")
    add("--optimizer", choices=("sgd", "adamw"), default="sgd")
    add("--weight-decay", type=float, default=1e-4)
    add("--clip", type=float, default=10.0, help="largest norm of the gradient; 0 for none (default 10)")
    add("--size", type=int, default=800, help="short side of the network's input in pixels (default 800)")
    add("--max-size", type=int, default=1333, help="long side at most (default 1333)")
    add("--amp", choices=("off", "fp16", "bf16"), default="off", help="mixed precision")
    add("--seed", type=int, default=1)
    add("--seeds", type=int, default=1, help="trainings with seeds --seed, --seed + 1, ... (default 1)")
    add("--workers", type=int, default=2, help="processes that read images (default 2)")
    add("--device", default="auto", help="auto, cpu, cuda or cuda:N (default auto)")
    add("--threads", type=int, default=None, help="CPU threads of each process")
    add("--backbone-weights", default="none", help="none, imagenet (downloads) or a state dict file (default none)")
    add("--limit", type=int, default=None, help="only the first N images of each split, to try things out")
    add("--save-every", type=int, default=500, help="steps between checkpoints in --out (default 500)")
    add("--stop-after", type=int, default=None, help="end after that many steps in all, to go on with --resume")
    add("--out", default=None, help="folder for checkpoint and result")
    add("--resume", action="store_true", help="go on with the run in --out")
    return _checked(Options(**_with_defaults(vars(parser.parse_args(arguments)))))


def _with_defaults(values: dict[str, Any]) -> dict[str, Any]:
    if values["steps"] is None and values["epochs"] is None:
        values["epochs"] = 12.0
    rate = values["learning_rate"]
    if rate is None:
        values["learning_rate"] = 0.0  # see schedule.learning_rate: it needs the number of processes
    else:
        _require(0 < rate < float("inf"), "learning_rate", rate, "above 0, and finite")
    return values


def _checked(options: Options) -> Options:
    for name in ("batch", "seeds", "save_every"):
        _require(getattr(options, name) >= 1, name, getattr(options, name), "at least 1")
    for name in ("steps", "limit", "threads", "stop_after"):
        value = getattr(options, name)
        _require(value is None or value >= 1, name, value, "at least 1")
    for name in ("weight_decay", "clip", "workers", "seed"):
        _require(0 <= getattr(options, name) < float("inf"), name, getattr(options, name), "0 or more, and finite")
    _require(options.seed + options.seeds < 2**53, "seed", options.seed, "below 2^53")
    _require(options.epochs is None or 0 < options.epochs < float("inf"), "epochs", options.epochs, "above 0")
    # The deepest map of the backbone has cells of 32 pixels, and batch norm cannot learn from one alone.
    _require(options.size >= 33, "size", options.size, "at least 33")
    _require(options.max_size >= options.size, "max_size", options.max_size, f"at least --size ({options.size})")
    if options.out == "":
        raise InputError("--out is empty: name a folder, or leave it away to keep nothing")
    if options.resume and options.out is None:
        raise InputError("--resume goes on with the run in a folder: give it with --out")
    weights = options.backbone_weights
    if weights not in ("none", "imagenet") and not Path(weights).is_file():
        raise InputError(f"--backbone-weights is none, imagenet or a file; there is no file {weights!r}")
    return options


def _require(condition: bool, name: str, value: object, need: str) -> None:
    if not condition:
        raise InputError(f"--{name.replace('_', '-')} is {value}, but must be {need}")
