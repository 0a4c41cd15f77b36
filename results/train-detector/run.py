#!/usr/bin/env python3
"""Default against searched losses in torchvision's Faster R-CNN by `autoloss.train_detector`, from random weights.

  run.py DATA            trains what the rows do not have yet; DATA holds the folder aquarium in COCO layout
  run.py DATA --kind cpu the same in minutes on a CPU, on bccd and aquarium: it shows that the path works, no more
  run.py --table         writes the table in README.md from the rows
  run.py --check         says whether the table is what the rows give
  run.py --status        says what is done

It may be stopped at any moment and started again: a training counts once its row is written, and one that was stopped goes on from
its checkpoint in runs/. --minutes ends it in time (trainings under way write a checkpoint). Seeds are the outer loop, so that what
is done so far is balanced. Needs PyTorch, torchvision and pycocotools; the package is taken from python/ of this repository.
"""

import math
import os
import pathlib
import shlex
import shutil
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import sittings

REPOSITORY = HERE.parent.parent
README = HERE / "README.md"
FINDS = "results/bccd-search/best.yaml"
# Name and what follows --loss-cls and --loss-reg.
LOSSES = {
    "default": ("default", "default"),
    "cse-autoloss-a": ("cse-autoloss-a", "cse-autoloss-a"),
    "found-1": (f"{FINDS}#found-1-cls", f"{FINDS}#found-1-reg"),
    "found-2": (f"{FINDS}#found-2-cls", f"{FINDS}#found-2-reg"),
}
# What is trained of each kind: data, losses, seeds and options. Two minutes of one H200 a training is a guess: none was at hand.
KINDS = {
    "gpu": (
        ("aquarium",), tuple(LOSSES), (1, 2, 3),
        "--detector fasterrcnn --backbone resnet18 --size 400 --max-size 534 --epochs 24 --batch 16 --amp bf16 --workers 4"
        " --save-every 100 --device cuda --threads 4",
    ),
    "cpu": (
        ("bccd", "aquarium"), ("default", "cse-autoloss-a"), (1,),
        "--detector fasterrcnn --backbone mobilenet_v3_small --size 96 --max-size 128 --steps 24 --batch 2 --optimizer adamw"
        " --learning-rate 0.001 --limit 24 --workers 0 --save-every 8 --device cpu --threads 1",
    ),
}
METRICS = ("AP", "AP50", "AP75")


def trainings(kind):
    """(kind, seed, data, loss) of every training in the order in which they are run."""
    folders, losses, seeds, _ = KINDS[kind]
    return [(kind, seed, data, loss) for seed in seeds for data in folders for loss in losses]


def command(training, folder="DATA"):
    """What follows `python -m`; all of it but the folder belongs to the identity of a training."""
    kind, seed, data, loss = training
    classes, boxes = LOSSES[loss]
    return " ".join([
        "autoloss.train_detector", "--data", shlex.quote(f"{folder}/{data}"), "--loss-cls", classes, "--loss-reg", boxes,
        KINDS[kind][3], "--seed", str(seed),
    ])


def train(training, folder, end, workers):
    """One training until `end` at most; its row, or an error as text."""
    out = HERE / "runs" / "-".join(map(str, training))
    more = ["--resume"] if (out / "checkpoint.pt").exists() else []
    left = "0" if end == math.inf else str(max(1, int(end - time.time())))  # 0 is no limit
    arguments = ["timeout", "--foreground", "--kill-after=60", left, sys.executable, "-W", "ignore", "-m"]
    found, cost, failure = sittings.run_program([*arguments, *shlex.split(command(training, folder)), "--out", str(out), *more])
    row = dict(zip(("kind", "seed", "data", "loss"), training))
    if failure and "diverged at step" in failure:  # a result, too
        row.update(dict.fromkeys(METRICS, 0.0), diverged=True, images_per_second=None, device=None)
        return {**row, "at_once": workers, **cost, "command": command(training)}
    if failure:
        return "exit code 130: stopped in time, goes on from its checkpoint" if failure.startswith("exit code 124") else failure
    run = found["runs"][0]
    row.update({name: round(run[name], 6) for name in METRICS})
    row.update(
        steps=run["steps"], training_seconds=round(run["seconds"], 1), images_per_second=round(run["images_per_second"], 2),
        device=found["device"], at_once=workers, **cost, command=command(training))
    shutil.rmtree(out)
    return row


def run_missing(kind, folder, rows, workers, minutes):
    for name in KINDS[kind][0]:
        if not (pathlib.Path(folder) / name).is_dir():
            sys.exit(f"{folder}: holds no folder {name}")
    folder, end = os.path.abspath(folder), time.time() + 60 * minutes
    os.chdir(REPOSITORY)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY / "python"), *filter(None, [os.environ.get("PYTHONPATH")])])
    by_command = {command(training): training for training in trainings(kind)}
    return sittings.run_missing(
        rows, list(by_command), lambda text: train(by_command[text], folder, end, workers),
        lambda row: f"seed {row['seed']} {row['data']} {row['loss']}: AP {row['AP']} AP50 {row['AP50']}, "
        + ("diverged" if row.get("diverged") else f"{row['images_per_second']} images/s"),
        workers, minutes, math.inf)


def table(path):
    """A line for each kind, data set and loss that has rows; differences are of seeds that have both."""
    rows = sittings.read_rows(path, {command(training) for kind in KINDS for training in trainings(kind)})
    found = {(row["kind"], row["seed"], row["data"], row["loss"]): row for row in rows.values()}
    lines = ["| on | data | losses | AP | AP50 | AP minus default [95 %] | images/s | seeds |", "|---|---|---|---|---|---|---|---|"]
    for kind, (folders, losses, seeds, _) in KINDS.items():
        for data in folders:
            for loss in losses:
                mine = {seed: found[kind, seed, data, loss] for seed in seeds if (kind, seed, data, loss) in found}
                if not mine:
                    continue
                pairs = [(found[kind, seed, data, "default"]["AP"], row["AP"]) for seed, row in mine.items()
                         if (kind, seed, data, "default") in found]
                speeds = [row["images_per_second"] for row in mine.values() if row["images_per_second"]]
                speed = f"{sum(speeds) / len(speeds):.2f}" if speeds else "–"
                device = next((row["device"] for row in mine.values() if row["device"]), kind)
                lines.append(
                    f"| {device} | `{data}` | {loss} | {sittings.spread([row['AP'] for row in mine.values()])} "
                    f"| {sittings.spread([row['AP50'] for row in mine.values()])} "
                    f"| {'–' if loss == 'default' or not pairs else sittings.difference(pairs)} | {speed} | {len(mine)} |")
    done = {kind: sum(row["kind"] == kind for row in rows.values()) for kind in KINDS}
    diverged = sum(bool(row.get("diverged")) for row in rows.values())
    lines += ["", "Done: " + ", ".join(f"{done[kind]} of {len(trainings(kind))} trainings of kind {kind}" for kind in KINDS)
              + (f"; {diverged} of them diverged and count as 0." if diverged else ".")]
    return "\n".join(lines)


def add_arguments(parser):
    parser.add_argument("--kind", choices=KINDS, default="gpu", help="what is trained (gpu); --workers is 3 for gpu, 1 for cpu")
    parser.add_argument(
        "--rows", type=lambda text: pathlib.Path(text).absolute(), default=HERE / "rows.jsonl", help="where the rows are (rows.jsonl)")


def main():
    sittings.main(
        __doc__, "the data sets",
        lambda options: run_missing(
            options.kind, options.data, options.rows, options.workers or {"gpu": 3, "cpu": 1}[options.kind], options.minutes),
        lambda options: table(options.rows),
        lambda options: {README: sittings.between_marks(README.read_text(), table(options.rows))},
        add_arguments, program=False, workers=None)


if __name__ == "__main__":
    main()
