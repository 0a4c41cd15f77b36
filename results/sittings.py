"""Experiments of many runs of one program, over several sittings: rows in a file, machine time against a limit, spreads and
paired intervals. Used by the scripts run.py in the folders beside this file. Python's standard library alone.

A run is known by its command line; a row is what came of one. A script may be stopped at any moment (Ctrl-C, kill, power): a run
counts once its line is in the file.
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

# Of the machine on which the rows were made; its hours are processor time over cores, since it had other work too.
CORES = 2
# After so many runs without a result nothing more is begun.
MOST_FAILURES = 4
# Two-sided 95 % points of Student's t for 1, 2, … degrees of freedom.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
BEGIN, END = "<!-- table -->\n", "\n<!-- end of table -->"


# Rows


def read_rows(path, wanted):
    """The rows by command; a line that a power cut broke is passed over, and so are rows of other settings."""
    rows = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if row.get("command") in wanted:
            rows.setdefault(row["command"], row)
    return rows


def append(path, row):
    """Adds a line, whole even after a line that a power cut broke."""
    broken = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    with path.open("a") as file:
        file.write(("\n" if broken else "") + json.dumps(row) + "\n")
        file.flush()
        os.fsync(file.fileno())


def machine_hours(rows):
    """Processor time over the machine's cores; of rows that do not know theirs, the hours in which at least one was under way."""
    rows = list(rows)
    known = sum(row["cpu_seconds"] for row in rows if "cpu_seconds" in row) / CORES / 3600
    return known + union_hours(row for row in rows if "cpu_seconds" not in row)


def union_hours(rows):
    """Hours in which at least one run was under way."""
    total, end = 0.0, 0.0
    for start, seconds in sorted((row["started"], row["wall_seconds"]) for row in rows):
        total += max(0.0, start + seconds - max(start, end))
        end = max(end, start + seconds)
    return total / 3600


def cost(rows):
    """What the runs took, as a sentence."""
    rows = list(rows)
    return (f"They took {machine_hours(rows):.2f} hours of the machine, within {union_hours(rows):.1f} hours in which at least one "
            "was under way, beside other work.")


# Running


def version(program):
    """What the program calls itself, with a hash of the file."""
    name = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    return f"{name} (sha256 {hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()[:12]})"


def run_program(arguments):
    """The last line of JSON that a program prints and what the run cost, or nothing and an error as text."""
    started = time.time()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as messages:
        process = subprocess.Popen(arguments, stdout=output, stderr=messages)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        messages.seek(0)
        cost = {
            "started": round(started), "wall_seconds": round(time.time() - started, 1),
            "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        }
        try:
            return json.loads(output.read().strip().splitlines()[-1]), cost, None
        except (ValueError, IndexError):
            return None, cost, f"exit code {process.returncode}: {messages.read().strip()[-500:]}"


def run_missing(path, commands, perform, describe, workers, minutes, limit_hours):
    """Runs what has no row yet, in order, several at once; whether all have one now.

    `perform(command)` gives a row, or an error as text; `describe(row)` a line for people.
    """
    lock = path.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit("another run.py is at work on these rows")
    rows = read_rows(path, set(commands))
    missing = [command for command in commands if command not in rows]
    done, begun = list(rows.values()), time.time()
    adding, interrupted, failures = threading.Lock(), threading.Event(), []

    def one(command):
        late = time.time() - begun > 60 * minutes or machine_hours(done) > limit_hours
        if late or interrupted.is_set() or len(failures) >= MOST_FAILURES:
            return
        row = perform(command)
        with adding:
            if isinstance(row, str):
                if row.startswith("exit code 130"):
                    interrupted.set()
                failures.append(f"{command}: {row}")
                return
            append(path, row)
            done.append(row)
            left = len(missing) - missing.index(command) - 1
            print(f"{datetime.datetime.now():%H:%M:%S} {describe(row)}, {row['wall_seconds']:.0f} s, {left} left", flush=True)

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            list(pool.map(one, missing))
        except KeyboardInterrupt:
            interrupted.set()
    left = len(commands) - len(read_rows(path, set(commands)))
    if left:
        print(f"{left} runs are left", *failures, sep="\n", file=sys.stderr)
    return left == 0


# The command line


def main(document, holds, run, status, written, add_arguments=None, program=True, workers=2):
    """What every run.py does: runs what is missing and writes the pages, or one of --table, --check and --status.

    `run(options)` says whether all is done, `status(options)` what is; `written(options)` gives the pages' texts by path.
    `holds` names the data; `add_arguments(parser)` adds what only this script knows.
    """
    parser = argparse.ArgumentParser(description=document, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", help=f"folder that holds {holds}")
    parser.add_argument("--workers", type=int, default=workers, help=f"runs at once ({workers or 'see below'})")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin nothing after so many minutes")
    if program:
        parser.add_argument("--program", default=shutil.which("autoloss"), help="the program autoloss (the one on the path)")
    parser.add_argument("--table", action="store_true", help="only write the tables")
    parser.add_argument("--check", action="store_true", help="only say whether the tables are what the rows give")
    parser.add_argument("--status", action="store_true", help="only say what is done")
    if add_arguments:
        add_arguments(parser)
    options = parser.parse_args()
    if options.status:
        print(status(options))
        return
    done = True
    if not options.table and not options.check:
        if not options.data:
            parser.error(f"name the folder that holds {holds}")
        if program and not options.program:
            parser.error("autoloss is not on the path; name it with --program")
        if options.workers is not None and options.workers < 1:
            parser.error("--workers must be at least 1")
        done = run(options)
    pages = written(options)
    names = " and ".join(path.name for path in pages)
    if options.check:
        if any(path.read_text() != text for path, text in pages.items()):
            sys.exit(f"{names}: not what the rows give; run: run.py --table")
        print(f"{names}: what the rows give")
        return
    for path, text in pages.items():
        path.write_text(text)
    sys.exit(0 if done else 1)


# Statistics


def interval(differences):
    """Mean and half width of the 95 % interval (Student's t); the half width of fewer than two is None."""
    mean = statistics.fmean(differences)
    if len(differences) < 2:
        return mean, None
    return mean, STUDENT[len(differences) - 2] * statistics.stdev(differences) / math.sqrt(len(differences))


def spread(values):
    """Mean ± standard deviation."""
    text = f"{statistics.fmean(values):.3f}"
    return text + (f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else "")


def difference(pairs):
    """Mean of second minus first with its 95 % interval."""
    mean, half = interval([b - a for a, b in pairs])
    return f"{mean:+.3f}" + (f" [{mean - half:+.3f}, {mean + half:+.3f}]" if half is not None else "")


def between_marks(text, table):
    """A page with another table between its marks."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + table + END + rest.split(END)[1]
