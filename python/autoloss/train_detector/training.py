"""One training: steps, checkpoints that go on exactly, and the score at the end."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from . import checkpoint, evaluation, models
from .annotations import Split
from .data import CocoFolder, StepSampler, collated
from .faults import FailedError, StoppedError
from .losses import Losses
from .options import Options
from .processes import Processes
from .schedule import learning_rate, optimizer_of, schedule, steps_of


@dataclass
class Training:
    """A training of one seed: `run` trains and scores."""

    options: Options
    train: Split
    val: Split
    losses: Losses
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
            weights="none" if options.resume else options.backbone_weights,
            synchronized=synchronized,
        ).to(self.device)
        self.losses.put_into(self.model)
        torch.manual_seed(options.seed + 1_000_003 * (processes.rank + 1))  # samplers of proposals differ
        self.optimizer = optimizer_of(self.model, options)
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
            self.parts: dict[str, Tensor] = model(images, targets)
            total = torch.stack([part.float() for part in self.parts.values()]).sum()
        if self.processes.any(not math.isfinite(total.item()), self.device):
            parts = ", ".join(f"{name} {part.item():.4g}" for name, part in self.parts.items())
            raise FailedError(f"diverged at step {self.done + 1} of {self.steps}: {parts}")
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
            parts = "  ".join(f"{name} {part.item():.4f}" for name, part in self.parts.items())
            print(f"step {self.done}/{self.steps}  {self.seconds:.1f} s  {parts}", file=sys.stderr, flush=True)

    def _save(self) -> None:
        """A checkpoint, where there is a folder; every process gives its random state."""
        randoms = self.processes.gathered(checkpoint.randoms(self.device))
        if self.options.out is not None and self.processes.first:
            state = {part: getattr(self, part).state_dict() for part in checkpoint.PARTS}
            progress = {"step": self.done, "seconds": self.seconds, "randoms": randoms}
            checkpoint.save(self.options.out, {"identity": self._identity(), **progress, **state})

    def _load(self) -> None:
        content = checkpoint.load(self.options.out or "", self._identity())
        for part in checkpoint.PARTS:
            getattr(self, part).load_state_dict(content[part])
        self.done, self.seconds = content["step"], content["seconds"]
        checkpoint.restore_randoms(content["randoms"][self.processes.rank], self.device)

    def _identity(self) -> dict[str, Any]:
        """What a training must have in common with the one that it goes on with."""
        return {
            **self.options.deciding(),
            **self.losses.description(),
            "seed": self.options.seed,
            "processes": self.processes.world,
            "classes": self.train.names,
            "train": self.train.description(),
            "val": self.val.description(),
        }


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
