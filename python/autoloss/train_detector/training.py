"""One training: steps, checkpoints that go on exactly, and the score at the end."""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from . import evaluation, models
from .data import CocoFolder, Split, StepSampler, collated
from .faults import InputError
from .losses import apply_losses
from .options import Options
from .processes import Processes

CHECKPOINT = "checkpoint.pt"
VERSION = 1


class DivergedError(RuntimeError):
    """The loss is no finite number any more."""


class StoppedError(RuntimeError):
    """The training stopped before its end, with a checkpoint where there is a folder; `interrupted`: by a signal."""

    def __init__(self, message: str, *, interrupted: bool) -> None:
        super().__init__(message)
        self.interrupted = interrupted


@dataclass
class Training:
    """A training of one seed: `run` trains and scores."""

    options: Options
    train: Split
    val: Split
    device: torch.device
    processes: Processes

    def __post_init__(self) -> None:
        options, processes = self.options, self.processes
        self.steps = steps_of(options, len(self.train.images), processes.world)
        options = self.options = replace(options, learning_rate=learning_rate(options, processes.world))
        torch.manual_seed(options.seed)  # the same weights on every process
        synchronized = processes.world > 1 and self.device.type == "cuda"
        self.model = models.build(
            options.detector,
            options.backbone,
            self.train.classes,
            size=options.size,
            max_size=options.max_size,
            weights=options.backbone_weights,
            synchronized=synchronized,
        ).to(self.device)
        apply_losses(self.model, options.detector, options.loss_cls, options.loss_reg)
        torch.manual_seed(options.seed + 1_000_003 * (processes.rank + 1))  # samplers of proposals differ
        self.optimizer = _optimizer(self.model, options)
        enabled = options.amp == "fp16"
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=enabled)
        self.done = 0
        self.seconds = 0.0

    def run(self) -> dict[str, Any]:
        """Trains to the end and scores; the fields of one run of the result line."""
        options = self.options
        if options.resume:
            self._load()
        dataset = CocoFolder(self.train, masks=options.detector == "maskrcnn", seed=options.seed)
        sampler = StepSampler(
            len(dataset), options.batch, self.done, self.steps, options.seed, self.processes.rank, self.processes.world
        )
        loader: DataLoader[Any] = DataLoader(
            dataset,
            batch_sampler=sampler,
            num_workers=options.workers,
            collate_fn=collated,
            generator=torch.Generator(),  # its own, so that going through a loader draws nothing from the random state
        )
        model: nn.Module = self.model
        if self.processes.world > 1:
            ids = [self.device.index] if self.device.type == "cuda" else None
            model = nn.parallel.DistributedDataParallel(self.model, device_ids=ids)
        with _signals() as interrupted:
            self._train(model, loader, interrupted)
        seconds = self.seconds
        self.processes.agree(self.model.buffers())  # running means of batch norm: those that the checkpoint holds
        rows = evaluation.detections(self.model, CocoFolder(self.val), self.device, self.processes)
        boxes = [{key: row[key] for key in row if key != "segmentation"} for row in rows]
        scores = evaluation.score(self.val, boxes)
        result: dict[str, Any] = {"seed": options.seed, "steps": self.steps}
        result |= dict(zip(evaluation.NAMES[:3], scores["stats"][:3], strict=True))
        result |= {"seconds": seconds, "images_per_second": self._images() / max(seconds, 1e-9), **scores}
        if options.detector == "maskrcnn":
            masks = evaluation.score(self.val, rows, "segm")
            result |= {"AP_segm": masks["stats"][0], "stats_segm": masks["stats"]}
        return result

    def _images(self) -> int:
        return self.steps * self.options.batch * self.processes.world

    def _train(self, model: nn.Module, loader: Any, interrupted: list[int]) -> None:
        model.train()
        started, before = time.monotonic(), self.seconds
        for images, targets in loader:
            self._step(model, images, targets)
            self.done += 1
            self.seconds = before + time.monotonic() - started
            self._report()
            stop = self.processes.any(bool(interrupted), self.device)
            paused = self.options.stop_after is not None and self.done >= self.options.stop_after < self.steps
            if stop or paused or self.done == self.steps or self.done % self.options.save_every == 0:
                self._save()
            if stop or paused:
                where = f"; go on with --resume --out {self.options.out}" if self.options.out else ""
                raise StoppedError(f"stopped after step {self.done} of {self.steps}{where}", interrupted=stop)

    def _step(self, model: nn.Module, images: list[Tensor], targets: list[dict[str, Tensor]]) -> None:
        options = self.options
        for group in self.optimizer.param_groups:
            group["lr"] = options.learning_rate * schedule(self.done, self.steps)
        images = [image.to(self.device) for image in images]
        targets = [{key: value.to(self.device) for key, value in target.items()} for target in targets]
        with self._autocast():
            self.losses: dict[str, Tensor] = model(images, targets)
            total = torch.stack([loss.float() for loss in self.losses.values()]).sum()
        if self.processes.any(not math.isfinite(total.item()), self.device):
            parts = ", ".join(f"{name} {loss.item():.4g}" for name, loss in self.losses.items())
            raise DivergedError(f"diverged at step {self.done + 1} of {self.steps}: {parts}")
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(total).backward()  # type: ignore[no-untyped-call]
        if options.clip:
            self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), options.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def _autocast(self) -> AbstractContextManager[Any]:
        kinds = {"fp16": torch.float16, "bf16": torch.bfloat16}
        if self.options.amp == "off":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=kinds[self.options.amp])

    def _report(self) -> None:
        every = max(1, self.steps // 20)
        if self.processes.first and (self.done % every == 0 or self.done == self.steps):
            parts = "  ".join(f"{name} {loss.item():.4f}" for name, loss in self.losses.items())
            print(f"step {self.done}/{self.steps}  {self.seconds:.1f} s  {parts}", file=sys.stderr, flush=True)

    def _save(self) -> None:
        """Writes the checkpoint whole or not at all; every process gives its random state."""
        randoms = self.processes.gathered({"cpu": torch.get_rng_state(), "cuda": self._cuda_state()})
        if self.options.out is None or not self.processes.first:
            return
        folder = Path(self.options.out)
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "version": VERSION,
            "options": self.options.deciding(),
            "seed": self.options.seed,
            "processes": self.processes.world,
            "classes": self.train.names,
            "images": len(self.train.images),
            "step": self.done,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "randoms": randoms,
        }
        temporary = folder / f".{CHECKPOINT}.{os.getpid()}"
        torch.save(content, temporary)
        os.replace(temporary, folder / CHECKPOINT)

    def _cuda_state(self) -> Tensor:
        return (
            torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else torch.empty(0, dtype=torch.uint8)
        )

    def _load(self) -> None:
        file = Path(self.options.out or "") / CHECKPOINT
        if not file.is_file():
            raise InputError(f"--resume: {self.options.out} holds no run ({CHECKPOINT} is missing)")
        try:
            content = torch.load(file, map_location="cpu", weights_only=True)
            version = content["version"]
        except Exception as error:  # whatever a broken file raises
            raise InputError(f"--resume: {file} cannot be read: {str(error).splitlines()[0]}") from None
        if version != VERSION:
            raise InputError(f"--resume: {file} is of version {version}, this program reads {VERSION}")
        mine = {**self.options.deciding(), "seed": self.options.seed, "processes": self.processes.world}
        mine |= {"classes": self.train.names, "images": len(self.train.images)}
        theirs = {**content["options"], **{key: content[key] for key in ("seed", "processes", "classes", "images")}}
        for key, value in mine.items():
            if theirs.get(key) != value:
                raise InputError(
                    f"--resume: {self.options.out} was begun with {key} {theirs.get(key)!r}, not {value!r}"
                )
        self.model.load_state_dict(content["model"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.scaler.load_state_dict(content["scaler"])
        self.done, self.seconds = content["step"], content["seconds"]
        randoms = content["randoms"][self.processes.rank]
        torch.set_rng_state(randoms["cpu"])
        if self.device.type == "cuda" and randoms["cuda"].numel():
            torch.cuda.set_rng_state(randoms["cuda"], self.device)


def steps_of(options: Options, images: int, world: int) -> int:
    """The number of training steps that was asked for."""
    if options.steps is not None:
        return options.steps
    return max(1, math.ceil((options.epochs or 1) * images / (options.batch * world)))


def learning_rate(options: Options, world: int) -> float:
    """The given rate, or the usual one for the number of images a step."""
    if options.learning_rate:
        return options.learning_rate
    return 1e-4 if options.optimizer == "adamw" else 0.02 * options.batch * world / 16


def schedule(step: int, steps: int) -> float:
    """The factor on the learning rate: a linear start over a tenth of the steps (500 at most), then half a cosine."""
    warm = min(500, steps // 10)
    if step < warm:
        return (step + 1) / (warm + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _optimizer(model: nn.Module, options: Options) -> torch.optim.Optimizer:
    """Weight decay acts on weights alone, not on biases and norms."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter for parameter in trained if parameter.dim() > 1], "weight_decay": options.weight_decay},
        {"params": [parameter for parameter in trained if parameter.dim() <= 1], "weight_decay": 0.0},
    ]
    if options.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=options.learning_rate)
    return torch.optim.SGD(groups, lr=options.learning_rate, momentum=0.9)


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collects SIGINT and SIGTERM, so that a step ends and a checkpoint is written; the second one ends at once."""
    received: list[int] = []

    def note(number: int, _: object) -> None:
        received.append(number)
        if len(received) > 1:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
