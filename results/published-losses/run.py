#!/usr/bin/env python3
"""Default losses against the published searched losses, on all five detectors: runs what is missing, then writes the table.

  run.py DATA            trains what rows.jsonl does not have yet; DATA holds the folders bccd and aquarium
  run.py --table         writes the table in README.md and table.svg from rows.jsonl
  run.py --check         recomputes both and says whether they are what rows.jsonl gives
  run.py --status        says what is done and how long the rest would take

It may be stopped at any moment (Ctrl-C, kill, power) and started again: a training counts once its line is in rows.jsonl.
Seeds are the outer loop, so that what is done so far is balanced over the rows. Python's standard library alone.
"""

import argparse
import concurrent.futures
import datetime
import fcntl
import hashlib
import json
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROWS = HERE / "rows.jsonl"
README = HERE / "README.md"
FIGURE = HERE / "table.svg"
SEEDS = range(1, 6)
LIMIT_HOURS = 4.0
# Of the machine on which rows.jsonl was made; its hours are processor time over cores, since it had other work too.
CORES = 2
# After so many trainings without a result nothing more is begun.
MOST_FAILURES = 4

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
# Two-sided 95 % points of Student's t for 1, 2, … degrees of freedom.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


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
    """The rows by command; a line that a power cut broke is passed over, and so are rows of other settings."""
    wanted = {command(training) for training in trainings()}
    rows = {}
    if ROWS.exists():
        for line in ROWS.read_text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if row.get("command") in wanted:
                rows.setdefault(row["command"], row)
    return rows


def machine_hours(rows):
    """Processor time over the machine's cores; of rows that do not know theirs, the hours in which at least one was under way."""
    rows = list(rows)
    known = sum(row["cpu_seconds"] for row in rows if "cpu_seconds" in row) / CORES / 3600
    return known + union_hours(row for row in rows if "cpu_seconds" not in row)


def union_hours(rows):
    """Hours in which at least one training was under way."""
    total, end = 0.0, 0.0
    for start, seconds in sorted((row["started"], row["wall_seconds"]) for row in rows):
        total += max(0.0, start + seconds - max(start, end))
        end = max(end, start + seconds)
    return total / 3600


# Running


def train(program, version, training, folder):
    """One training; its row, or an error as text."""
    started = time.time()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as messages:
        process = subprocess.Popen([program, *arguments(*training, folder)], stdout=output, stderr=messages)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        messages.seek(0)
        try:
            run = json.loads(output.read())["runs"][0]
        except (ValueError, KeyError, IndexError):
            return None, f"exit code {process.returncode}: {messages.read().strip()[-500:]}"
    row = dict(zip(("seed", "detector", "data", "loss"), training))
    row.update({name: round(run[name], 6) for name in METRICS if run.get(name) is not None})
    if "diverged_at_step" in run:
        row["diverged_at_step"] = run["diverged_at_step"]
    row.update(
        training_seconds=round(run["seconds"], 1), started=round(started), wall_seconds=round(time.time() - started, 1),
        cpu_seconds=round(used.ru_utime + used.ru_stime, 1),
        program=version, command=command(training))
    return row, None


def append(row):
    """Adds a line, whole even after a line that a power cut broke."""
    broken = ROWS.exists() and ROWS.stat().st_size > 0 and not ROWS.read_bytes().endswith(b"\n")
    with ROWS.open("a") as file:
        file.write(("\n" if broken else "") + json.dumps(row) + "\n")
        file.flush()
        os.fsync(file.fileno())


def run_missing(folder, workers, minutes, program):
    lock = ROWS.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit("another run.py is at work on these rows")
    for name in ("bccd", "aquarium"):
        if not (pathlib.Path(folder) / name).is_dir():
            sys.exit(f"{folder}: holds no folder {name}")
    version = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    version += f" (sha256 {hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()[:12]})"
    rows = read_rows()
    missing = [training for training in trainings() if command(training) not in rows]
    done, begun = list(rows.values()), time.time()
    adding = threading.Lock()
    interrupted, failures = threading.Event(), []

    def one(training):
        spent = time.time() - begun
        if interrupted.is_set() or len(failures) >= MOST_FAILURES or spent > 60 * minutes or machine_hours(done) > LIMIT_HOURS:
            return
        row, failure = train(program, version, training, folder)
        with adding:
            if failure:
                if failure.startswith("exit code 130"):
                    interrupted.set()
                failures.append(f"{command(training)}: {failure}")
                return
            append(row)
            done.append(row)
            left = len(missing) - missing.index(training) - 1
            print(f"{datetime.datetime.now():%H:%M:%S} seed {row['seed']} {row['detector']} {row['data']} {row['loss']}: "
                  f"AP {row.get('AP')} AP50 {row.get('AP50')}, {row['wall_seconds']:.0f} s, {left} left", flush=True)

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            list(pool.map(one, missing))
        except KeyboardInterrupt:
            interrupted.set()
    left = len(trainings()) - len(read_rows())
    if left:
        print(f"{left} trainings are left", *failures, sep="\n", file=sys.stderr)
    return left == 0


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


def interval(differences):
    """Mean and half width of the 95 % interval (Student's t); the half width of fewer than two is None."""
    mean = statistics.fmean(differences)
    if len(differences) < 2:
        return mean, None
    return mean, STUDENT[len(differences) - 2] * statistics.stdev(differences) / math.sqrt(len(differences))


def spread(values):
    text = f"{statistics.fmean(values):.3f}"
    return text + (f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else "")


def difference(pairs):
    mean, half = interval([b - a for a, b in pairs])
    return f"{mean:+.3f}" + (f" [{mean - half:+.3f}, {mean + half:+.3f}]" if half is not None else "")


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
            f"| {detector} | `{data}` | {metric.replace('_', ' ')} | {spread([a for a, _ in pairs])} "
            f"| {losses[1]}: {spread([b for _, b in pairs])} | {difference(pairs)} | {len(pairs)} |")
    diverged = [row for row in rows.values() if "diverged_at_step" in row]
    done, programs = len(rows), sorted({row["program"] for row in rows.values()})
    lines += ["", f"{done} of {len(trainings())} trainings are done, {len(diverged)} of them diverged (counted as 0). "
              f"They took {machine_hours(rows.values()):.2f} hours of the machine. Program: {', '.join(programs)}."]
    return "\n".join(lines)


def figure(rows):
    """Differences of AP with their intervals, a line each."""
    lines = [entry for entry in comparisons(rows) if entry[3] in ("AP", "mask_AP")]
    reach = 0.01
    for *_, pairs in lines:
        mean, half = interval([b - a for a, b in pairs])
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
        mean, half = interval([b - a for a, b in pairs])
        name = f"{detector}, {data}" + (", masks" if metric == "mask_AP" else "")
        parts.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{name}</text>')
        if half is not None:
            parts.append(f'<line x1="{x(mean - half):.1f}" y1="{y}" x2="{x(mean + half):.1f}" y2="{y}" stroke="#0072b2" stroke-width="2"/>')
        parts.append(f'<circle cx="{x(mean):.1f}" cy="{y}" r="4" fill="#0072b2"/>')
    for share in (-1, 0, 1):
        parts.append(f'<text x="{x(share * reach):.1f}" y="{height - 8}" text-anchor="middle">{share * reach:+.3f}</text>')
    return "\n".join(parts + ["</svg>", ""])


BEGIN, END = "<!-- table -->\n", "\n<!-- end of table -->"


def written(rows):
    """The texts of README.md and table.svg as the rows give them."""
    before, rest = README.read_text().split(BEGIN)
    after = rest.split(END)[1]
    return before + BEGIN + table(rows) + END + after, figure(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", help="folder with the data sets bccd and aquarium")
    parser.add_argument("--workers", type=int, default=2, help="trainings at once, one thread each (2)")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no training after so many minutes")
    parser.add_argument("--program", default=shutil.which("autoloss"), help="the program autoloss (the one on the path)")
    parser.add_argument("--table", action="store_true", help="only write the table")
    parser.add_argument("--check", action="store_true", help="only verify the table")
    parser.add_argument("--status", action="store_true", help="only say what is done")
    options = parser.parse_args()
    if options.status:
        rows = read_rows()
        left = [training for training in trainings() if command(training) not in rows]
        print(f"{len(rows)} done, {len(left)} left, {machine_hours(rows.values()):.2f} of {LIMIT_HOURS:g} hours used")
        return
    if options.check:
        if written(read_rows()) != (README.read_text(), FIGURE.read_text()):
            sys.exit("README.md or table.svg is not what rows.jsonl gives; run: run.py --table")
        print("README.md and table.svg are what rows.jsonl gives")
        return
    if not options.table:
        if not options.data:
            parser.error("name the folder that holds bccd and aquarium")
        if not options.program:
            parser.error("autoloss is not on the path; name it with --program")
        if options.workers < 1:
            parser.error("--workers must be at least 1")
        done = run_missing(options.data, options.workers, options.minutes, options.program)
    else:
        done = True
    readme, svg = written(read_rows())
    README.write_text(readme)
    FIGURE.write_text(svg)
    sys.exit(0 if done else 1)


if __name__ == "__main__":
    main()
