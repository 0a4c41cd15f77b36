#!/usr/bin/env python3
"""Default losses against the published searched losses, on all five detectors: runs what is missing, then writes the table.

  run.py DATA            trains what rows.jsonl does not have yet; DATA holds the folders bccd and aquarium
  run.py --table         writes the table in README.md and table.svg from rows.jsonl
  run.py --check         recomputes both and says whether they are what rows.jsonl gives
  run.py --status        says what is done and how long the rest would take

It may be stopped at any moment (Ctrl-C, kill, power) and started again: a training counts once its line is in rows.jsonl.
Seeds are the outer loop, so that what is done so far is balanced over the rows. Python's standard library alone.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import sittings

HERE = pathlib.Path(__file__).resolve().parent
ROWS = HERE / "rows.jsonl"
README = HERE / "README.md"
FIGURE = HERE / "table.svg"
SEEDS = range(1, 6)
LIMIT_HOURS = 4.0

TWO_STAGE = ("default", "cse-autoloss-a")
ONE_STAGE = ("default", "cse-autoloss-b")
DETECTORS = (("faster-rcnn", TWO_STAGE), ("cascade-rcnn", TWO_STAGE), ("fcos", ONE_STAGE), ("atss", ONE_STAGE))
# After the manner of the profile small-objects, at a smaller input and with one learning rate for all detectors; written out,
# so that a later change of the profile does not mix two kinds of rows.
SMALL_OBJECTS = [
    word
    for setting in (
        "data.height=192", "data.width=192", "training.final.imagesPerBatch=8", "training.final.learningRate=0.04",
        "training.final.warmUpSteps=100", "detector.proposals.anchorSizes=[[8,14],[24,44]]",
        "detector.proposals.kept=128", "detector.head.sampling.count=128")
    for word in ("--set", setting)
]
# What each training adds to `autoloss train`; short enough for ten of each in the time there is.
OPTIONS = {
    "bccd": ["--steps", "1200"],
    "aquarium": ["--profile", "standard", "--steps", "2000", *SMALL_OBJECTS],
    "synthetic": ["--steps", "1200"],
}
METRICS = ("AP", "AP50", "mask_AP", "mask_AP50")


def table_rows():
    """(detector, data, (default, published)) of every row of the table, in its order."""
    rows = [(detector, data, losses) for detector, losses in DETECTORS for data in ("bccd", "aquarium")]
    rows.insert(4, ("mask-rcnn", "synthetic", TWO_STAGE))
    return rows


def trainings():
    """Every training in the order in which they are run: (seed, detector, data, loss)."""
    return [(seed, detector, data, loss) for seed in SEEDS for detector, data, losses in table_rows() for loss in losses]


def arguments(seed, detector, data, loss, folder="DATA"):
    """What follows `autoloss`; all of it but the folder belongs to the identity of a training."""
    source = data if data == "synthetic" else f"{folder}/{data}"
    return [
        "train", "--detector", detector, "--data", source, "--loss-cls", loss, "--loss-reg", loss, *OPTIONS[data],
        "--first-seed", str(seed), "--seeds", "1", "--score-on", "holdout", "--workers", "1", "--json",
    ]


def command(training):
    return " ".join(["autoloss", *arguments(*training)])


def read_rows():
    return sittings.read_rows(ROWS, {command(training) for training in trainings()})


def train(program, version, training, folder):
    """One training; its row, or an error as text."""
    found, cost, failure = sittings.run_program([program, *arguments(*training, folder)])
    if failure or not found.get("runs"):
        return failure or "no runs in the answer"
    run = found["runs"][0]
    row = dict(zip(("seed", "detector", "data", "loss"), training))
    row.update({name: round(run[name], 6) for name in METRICS if run.get(name) is not None})
    if "diverged_at_step" in run:
        row["diverged_at_step"] = run["diverged_at_step"]
    row.update(training_seconds=round(run["seconds"], 1), **cost, program=version, command=command(training))
    return row


def run_missing(folder, workers, minutes, program):
    for name in ("bccd", "aquarium"):
        if not (pathlib.Path(folder) / name).is_dir():
            sys.exit(f"{folder}: holds no folder {name}")
    version = sittings.version(program)
    by_command = {command(training): training for training in trainings()}
    return sittings.run_missing(
        ROWS, list(by_command), lambda text: train(program, version, by_command[text], folder),
        lambda row: f"seed {row['seed']} {row['detector']} {row['data']} {row['loss']}: AP {row.get('AP')} AP50 {row.get('AP50')}",
        workers, minutes, LIMIT_HOURS)


# The table


def value(row, metric):
    """A training that diverged counts as 0."""
    return 0.0 if "diverged_at_step" in row else row.get(metric)


def paired(rows, detector, data, losses, metric):
    """Values of both losses over the seeds that have both."""
    pairs = []
    for seed in SEEDS:
        found = [rows.get(command((seed, detector, data, loss))) for loss in losses]
        if all(found):
            pair = [value(row, metric) for row in found]
            if None not in pair:
                pairs.append(pair)
    return pairs


def comparisons(rows):
    """(detector, data, losses, metric, pairs) of every line of the table that has a pair."""
    for detector, data, losses in table_rows():
        for metric in METRICS:
            pairs = paired(rows, detector, data, losses, metric)
            if pairs:
                yield detector, data, losses, metric, pairs


def table(rows):
    lines = [
        "| detector | data | metric | default losses | published losses | difference [95 %] | seeds |",
        "|---|---|---|---|---|---|---|",
    ]
    for detector, data, losses, metric, pairs in comparisons(rows):
        lines.append(
            f"| {detector} | `{data}` | {metric.replace('_', ' ')} | {sittings.spread([a for a, _ in pairs])} "
            f"| {losses[1]}: {sittings.spread([b for _, b in pairs])} | {sittings.difference(pairs)} | {len(pairs)} |")
    diverged = [row for row in rows.values() if "diverged_at_step" in row]
    done, programs = len(rows), sorted({row["program"] for row in rows.values()})
    lines += ["", f"{done} of {len(trainings())} trainings are done, {len(diverged)} of them diverged (counted as 0). "
              f"{sittings.cost(rows.values())} Program: {', '.join(programs)}."]
    return "\n".join(lines)


def figure(rows):
    """Differences of AP with their intervals, a line each."""
    lines = [entry for entry in comparisons(rows) if entry[3] in ("AP", "mask_AP")]
    reach = 0.01
    for *_, pairs in lines:
        mean, half = sittings.interval([b - a for a, b in pairs])
        reach = max(reach, abs(mean) + (half or 0))
    left, width, step = 190, 360, 24
    height = 56 + step * len(lines)
    middle = left + width / 2

    def x(difference):
        return middle + difference / reach * (width / 2 - 10)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 20} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{left + width + 20}" height="{height}" fill="#fff"/>',
        f'<text x="{middle}" y="18" text-anchor="middle">AP of the published minus AP of the default losses, 95 %</text>',
        f'<line x1="{middle}" y1="28" x2="{middle}" y2="{height - 24}" stroke="#999" stroke-dasharray="3 3"/>',
    ]
    for index, (detector, data, _, metric, pairs) in enumerate(lines):
        y = 42 + step * index
        mean, half = sittings.interval([b - a for a, b in pairs])
        name = f"{detector}, {data}" + (", masks" if metric == "mask_AP" else "")
        parts.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{name}</text>')
        if half is not None:
            parts.append(f'<line x1="{x(mean - half):.1f}" y1="{y}" x2="{x(mean + half):.1f}" y2="{y}" stroke="#0072b2" stroke-width="2"/>')
        parts.append(f'<circle cx="{x(mean):.1f}" cy="{y}" r="4" fill="#0072b2"/>')
    for share in (-1, 0, 1):
        parts.append(f'<text x="{x(share * reach):.1f}" y="{height - 8}" text-anchor="middle">{share * reach:+.3f}</text>')
    return "\n".join(parts + ["</svg>", ""])


def written(rows):
    """The texts of README.md and table.svg as the rows give them."""
    return {README: sittings.between_marks(README.read_text(), table(rows)), FIGURE: figure(rows)}


def status(_):
    rows = read_rows()
    hours = sittings.machine_hours(rows.values())
    return f"{len(rows)} done, {len(trainings()) - len(rows)} left, {hours:.2f} of {LIMIT_HOURS:g} hours used"


if __name__ == "__main__":
    sittings.main(
        __doc__, "the data sets bccd and aquarium",
        lambda options: run_missing(options.data, options.workers, options.minutes, options.program),
        status, lambda _: written(read_rows()))
