#!/usr/bin/env python3
"""Surrogate losses of six segmentation metrics against cross entropy, Dice and Lovász: searches, trains, writes the tables.

  run.py DATA            runs what rows.jsonl does not have yet; DATA holds the folders dubai-aerial and nuclei
  run.py --table         writes the tables in README.md from rows.jsonl
  run.py --check         recomputes them and says whether they are what rows.jsonl gives
  run.py --status        says what is done

First the searches, whose finds are kept as cards in thetas/, then the trainings, seed after seed. A search that was stopped goes on
where it was, for which its folder is kept beside the rows (runs/, not part of the results). It may be stopped at any moment (Ctrl-C,
kill, power) and started again: a run counts once its line is in rows.jsonl. Python's standard library alone.
"""

import json
import pathlib
import shutil
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import sittings

HERE = pathlib.Path(__file__).resolve().parent
ROWS, README, THETAS, RUNS = HERE / "rows.jsonl", HERE / "README.md", HERE / "thetas", HERE / "runs"
LIMIT_HOURS = 5.0
SEEDS = range(1, 4)
METRICS = ("mIoU", "FWIoU", "mAcc", "gAcc", "BIoU", "BF1")
# All metrics on one data set, the three that differ most on the other.
GRID = {"dubai-aerial": METRICS, "nuclei": ("mIoU", "BIoU", "BF1")}
# Losses that know no metric: one training serves all columns.
PLAIN = ("ce", "dice", "lovasz")
# Steps of a training; `nuclei` has learnt by then.
STEPS = {"dubai-aerial": 2000, "nuclei": 600}
# What each search changes of its search space: the final scoring is that of this script.
SEARCH = ["--set", "selection.finalSeeds=1", "--set", "training.final.schedule.steps=300"]


def searches():
    return [(data, metric) for data, metrics in GRID.items() for metric in metrics]


def trainings():
    """(seed, data, loss, metric) in the order in which they are run; the metric of a plain loss is only the first column."""
    return [
        (seed, data, loss, metric)
        for seed in SEEDS
        for data, metrics in GRID.items()
        for loss, of in [*((plain, metrics[:1]) for plain in PLAIN), ("published", metrics), ("searched", metrics)]
        for metric in of
    ]


def search_arguments(data, metric, folder="DATA", out="runs"):
    return [
        "surrogate", "search", "--metric", metric, "--data", f"{folder}/{data}", "--seed", "1", "--workers", "1", *SEARCH,
        "--out", f"{out}/{data}-{metric}", "--json",
    ]


def card(data, metric, folder="thetas"):
    return f"{folder}/{data}-{metric}.yaml"


def train_arguments(seed, data, loss, metric, folder="DATA", thetas="thetas"):
    theta = card(data, metric, thetas) if loss == "searched" else loss
    return [
        "surrogate", "train", "--metric", metric, "--theta", theta, "--data", f"{folder}/{data}", "--steps", str(STEPS[data]),
        "--first-seed", str(seed), "--seeds", "1", "--score-on", "holdout", "--workers", "1", "--json",
    ]


def command(arguments):
    return " ".join(["autoloss", *arguments])


def commands():
    return [command(search_arguments(*search)) for search in searches()] + [
        command(train_arguments(*training)) for training in trainings()]


def read_rows():
    return sittings.read_rows(ROWS, set(commands()))


# Running


def search(program, version, data, metric, folder):
    """One search, begun or gone on with; its row, or an error as text."""
    run = RUNS / f"{data}-{metric}"
    arguments = search_arguments(data, metric, folder, str(RUNS))
    costs = RUNS / f"{data}-{metric}.costs.jsonl"
    RUNS.mkdir(exist_ok=True)
    found, cost, failure = sittings.run_program(
        [program, *arguments, *(["--resume"] if (run / "run.sqlite").exists() else [])])
    sittings.append(costs, cost)
    if failure or found.get("type") != "summary":
        # A search that Ctrl-C stopped has printed its generations.
        return failure or "exit code 130: stopped before its end"
    THETAS.mkdir(exist_ok=True)
    shutil.copyfile(run / "best.yaml", HERE / card(data, metric))
    parts = [json.loads(line) for line in costs.read_text().splitlines()]
    cost = {
        "started": parts[0]["started"], "wall_seconds": round(sum(part["wall_seconds"] for part in parts), 1),
        "cpu_seconds": round(sum(part["cpu_seconds"] for part in parts), 1),
    }
    return {
        "data": data, "metric": metric, "loss": "search", "best": found["best"][:1], **cost, "program": version,
        "command": command(search_arguments(data, metric)),
    }


def train(program, version, training, folder):
    """One training; its row, or an error as text."""
    seed, data, loss, metric = training
    if loss == "searched" and not (HERE / card(data, metric)).exists():
        return f"{card(data, metric)} is not there: its search is not done"
    found, cost, failure = sittings.run_program([program, *train_arguments(*training, folder, str(THETAS))])
    if failure or not found.get("runs"):
        return failure or "no runs in the answer"
    run = found["runs"][0]
    row = {"seed": seed, "data": data, "loss": loss, "metric": metric}
    row.update({name: round(run[name], 6) for name in METRICS if isinstance(run.get(name), float)})
    if "diverged_at_step" in run:
        row["diverged_at_step"] = run["diverged_at_step"]
    row.update(**cost, program=version, command=command(train_arguments(*training)))
    return row


def run_missing(folder, workers, minutes, program):
    for name in GRID:
        if not (pathlib.Path(folder) / name).is_dir():
            sys.exit(f"{folder}: holds no folder {name}")
    version, begun = sittings.version(program), time.time()
    known = {command(search_arguments(*pair)): pair for pair in searches()}
    done = sittings.run_missing(
        ROWS, list(known), lambda text: search(program, version, *known[text], folder),
        lambda row: f"search {row['data']} {row['metric']}", workers, minutes, LIMIT_HOURS)
    if not done:
        return False
    # One limit for both.
    spent = sittings.machine_hours(sittings.read_rows(ROWS, set(known)).values())
    by_command = {command(train_arguments(*training)): training for training in trainings()}
    return sittings.run_missing(
        ROWS, list(by_command), lambda text: train(program, version, by_command[text], folder),
        lambda row: f"seed {row['seed']} {row['data']} {row['loss']} {row['metric']}: {row.get(row['metric'])}",
        workers, minutes - (time.time() - begun) / 60, LIMIT_HOURS - spent)


# The tables


def value(row, metric):
    """A training that diverged counts as 0."""
    return 0.0 if "diverged_at_step" in row else row.get(metric)


def values(rows, data, loss, of, metric):
    """By seed, the metric that a loss (of a metric) reaches."""
    found = {}
    for seed in SEEDS:
        row = rows.get(command(train_arguments(seed, data, loss, GRID[data][0] if loss in PLAIN else of)))
        if row is not None and value(row, metric) is not None:
            found[seed] = value(row, metric)
    return found


def scores(rows, data):
    """What every loss reaches in every metric."""
    lines = [f"| `{data}` | " + " | ".join(METRICS) + " |", "|---" * (len(METRICS) + 1) + "|"]
    losses = [(plain, GRID[data][0]) for plain in PLAIN]
    losses += [(loss, of) for loss in ("published", "searched") for of in GRID[data]]
    for loss, of in losses:
        cells = [values(rows, data, loss, of, metric) for metric in METRICS]
        if any(cells):
            name = loss if loss in PLAIN else f"{loss} {of}"
            marked = [f"**{sittings.spread(list(cell.values()))}**" if loss not in PLAIN and metric == of
                      else sittings.spread(list(cell.values())) if cell else ""
                      for cell, metric in zip(cells, METRICS)]
            lines.append(f"| {name} | " + " | ".join(marked) + " |")
    return lines


def differences(rows):
    """For each metric the surrogates made for it against the losses that are not, seed by seed."""
    pairs = [("searched", "ce"), ("searched", "published"), ("published", "ce"), ("searched", "dice"), ("searched", "lovasz"),
             ("published", "dice"), ("published", "lovasz")]
    lines = ["| data | metric | " + " | ".join(f"{a} − {b} [95 %]" for a, b in pairs) + " |", "|---" * (len(pairs) + 2) + "|"]
    for data, metric in searches():
        cells = []
        for first, second in pairs:
            ours, theirs = values(rows, data, first, metric, metric), values(rows, data, second, metric, metric)
            both = [(theirs[seed], ours[seed]) for seed in SEEDS if seed in ours and seed in theirs]
            cells.append(sittings.difference(both) if both else "")
        if any(cells):
            lines.append(f"| `{data}` | {metric} | " + " | ".join(cells) + " |")
    return lines


def costs(rows):
    """Minutes of one core that searches and trainings took."""
    lines = ["| minutes of one core | searches (each) | trainings (each) |", "|---|---|---|"]
    for data in GRID:
        cells = []
        for searched in (True, False):
            seconds = [row["cpu_seconds"] for row in rows.values()
                       if row["data"] == data and (row["loss"] == "search") == searched]
            cells.append(f"{sum(seconds) / 60:.0f} ({sum(seconds) / len(seconds) / 60:.1f})" if seconds else "")
        lines.append(f"| `{data}` | " + " | ".join(cells) + " |")
    return lines


def tables(rows):
    lines = []
    for data in GRID:
        lines += [*scores(rows, data), ""]
    lines += [*differences(rows), ""]
    lines += [*costs(rows), ""]
    diverged = [row for row in rows.values() if "diverged_at_step" in row]
    programs = sorted({row["program"] for row in rows.values()})
    lines.append(
        f"{len(rows)} of {len(commands())} searches and trainings are done, {len(diverged)} trainings diverged (counted as 0). "
        f"{sittings.cost(rows.values())} Program: {', '.join(programs) or '–'}.")
    return "\n".join(lines)


def status(_):
    rows = read_rows()
    hours = sittings.machine_hours(rows.values())
    return f"{len(rows)} done, {len(commands()) - len(rows)} left, {hours:.2f} of {LIMIT_HOURS:g} hours used"


if __name__ == "__main__":
    sittings.main(
        __doc__, "the data sets dubai-aerial and nuclei",
        lambda options: run_missing(options.data, options.workers, options.minutes, options.program),
        status, lambda _: {README: sittings.between_marks(README.read_text(), tables(read_rows()))})
