"""Entry point; see `options` for what can be asked and `training` for what is done."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from .checkpoint import NAME
from .faults import FailedError, InputError, StoppedError, first_line
from .losses import read_losses
from .models import TASKS
from .options import Options, parse
from .processes import Processes

OK, FAILED, USAGE, MISSING, INTERRUPTED = 0, 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains as asked; the exit code (0 ok, 1 failed or diverged, 2 bad input, 3 a library is missing, 130 stopped)."""
    processes = Processes.from_environment()
    try:
        options = parse(arguments)
        try:
            import pycocotools  # noqa: F401
            import torchvision  # noqa: F401
        except ImportError as error:
            return _complain(f"{error.name} is missing: pip install 'autoloss[detectors]'", MISSING)
        return _all_seeds(options, processes)
    except InputError as error:
        return _complain(_words(error), USAGE)
    except StoppedError as error:
        return _complain(str(error), INTERRUPTED if error.interrupted else OK) if processes.first else OK
    except FailedError as error:
        return _complain(str(error), FAILED) if processes.first else FAILED
    except torch.cuda.OutOfMemoryError as error:
        return _complain(f"{first_line(error)} Take a smaller --batch or --size, or --amp", FAILED)
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)


def _all_seeds(options: Options, processes: Processes) -> int:
    from .annotations import read_split
    from .data import CocoFolder, check
    from .training import Training

    device = _device(options, processes)
    losses = read_losses(options.detector, options.loss_cls, options.loss_reg)
    train, val = (read_split(options.data, split, options.limit) for split in ("train", "val"))
    if train.names != val.names:
        raise InputError(f"{train.file} and {val.file} have different categories")
    dropped = train.dropped + val.dropped
    if dropped and processes.first:
        told = f"{len(dropped)} boxes without area in their picture are left out, the first is {dropped[0]}"
        print(f"train_detector: {told}", file=sys.stderr)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    plans = [_plan(options, number) for number in range(options.seeds)]
    if options.resume and not any(plan.resume for plan in plans):
        raise InputError(f"--resume: {options.out} holds no run of seeds {options.seed} to {plans[-1].seed}")
    for plan in plans:
        _check_run(plan)
    masks = options.detector == "maskrcnn"
    check([CocoFolder(split, masks=masks) for split in (train, val)], processes.rank, processes.world, options.threads)
    if processes.first:
        for plan in plans:
            _check_writable(plan)
    processes.start(device)
    try:
        runs = [Training(plan, train, val, losses, device, processes).run() for plan in plans]
    finally:
        processes.stop()
    if processes.first:
        line = json.dumps(_result(options, runs, device, processes))
        if options.out is not None:
            _write(Path(options.out) / "result.json", line + "\n")
        print(line, flush=True)
    return OK


def _plan(options: Options, number: int) -> Options:
    """The options of one of several seeds, with a folder of its own."""
    if options.seeds == 1:
        return options
    out = None if options.out is None else str(Path(options.out) / f"seed-{options.seed + number}")
    resume = options.resume and out is not None and (Path(out) / NAME).is_file()
    return replace(options, seed=options.seed + number, out=out, resume=resume)


def _check_run(options: Options) -> None:
    """Refuses to write over a run."""
    if options.out is None:
        return
    folder = Path(options.out)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--out {options.out} is no folder")
    if (folder / NAME).exists() and not options.resume:
        raise InputError(f"--out {options.out} holds a run: go on with --resume, or choose another folder")


def _check_writable(options: Options) -> None:
    """Makes the folder, and refuses one that nothing can be written to, before hours of training."""
    if options.out is None:
        return
    folder = Path(options.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"--out {options.out} cannot be written: {error.strerror}") from None


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text)
    except OSError as error:
        raise FailedError(f"{file} cannot be written: {error.strerror}") from None


def _device(options: Options, processes: Processes) -> torch.device:
    name = options.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and torch.cuda.is_available():
        name = f"cuda:{processes.local_rank}"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"--device is auto, cpu, cuda or cuda:N, not {options.device!r}") from None
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"--device is auto, cpu, cuda or cuda:N, not {options.device!r}")
    if device.type == "cuda" and not (torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()):
        raise InputError(f"--device {options.device}: there are {torch.cuda.device_count()} CUDA GPUs here")
    return device


def _result(options: Options, runs: list[dict[str, Any]], device: torch.device, processes: Processes) -> dict[str, Any]:
    scores = [run["AP"] for run in runs]
    return {
        "task": TASKS[options.detector],
        "detector": options.detector,
        "backbone": options.backbone,
        "data": Path(options.data).resolve().name,
        "split": "val",
        "loss_cls": options.loss_cls,
        "loss_reg": options.loss_reg,
        "amp": options.amp,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "processes": processes.world,
        "runs": runs,
        "mean": statistics.fmean(scores),
        "std": statistics.stdev(scores) if len(scores) > 1 else 0.0,
    }


def _words(error: InputError) -> str:
    """What is wrong; of an error in a reading process the last line, without its traceback."""
    text = str(error).strip()
    return text.splitlines()[-1].rpartition("InputError: ")[2] if "Original Traceback" in text else text


def _complain(message: str, code: int) -> int:
    print(f"train_detector: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
