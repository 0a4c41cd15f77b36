"""`screening`: formulas judged in a second, against DEAP compile plus PyTorch value and gradient at 1,024 points."""

import os
import statistics

from .environment import say
from .measure import Race, row
from .workers import WorkerError

FORMULAS = 10_000


def screening_rows(ours, python, folder, rounds, failures):
    file = folder / "formulas.txt"
    count = ours.ask("formulas", FORMULAS, file)["count"]
    if not python:
        return
    say(f"screening against deap-pytorch ({count} formulas)")
    mine, strict, theirs = [], [], []
    cores = os.cpu_count()

    def timed(kept, times, worker, *words):
        def run():
            results = [worker.ask("screen", *words) for _ in range(times)]
            kept.extend(results)
            return [result["seconds"] for result in results]

        return run

    def rate(*words):
        return count / statistics.median(ours.ask("screen", *words)["seconds"] for _ in range(3 * rounds))

    as_used, every = timed(mine, 3, ours, 1, "skipped"), timed(strict, 3, ours, 1, "every")

    def turn():
        seconds = as_used()
        every()
        return seconds

    try:
        python.ask("formulas", file)
        race = Race(rounds, turn, timed(theirs, 1, python))
        seconds_of_peer = statistics.median(result["seconds"] for result in theirs)
        seconds_of_every = statistics.median(result["seconds"] for result in strict)
        extra = {
            "ours_all_cores": rate(cores, "skipped"),
            "ours_every_verified": count / seconds_of_every,
            "ratio_every_verified": seconds_of_peer / seconds_of_every,
            "ours_all_cores_every_verified": rate(cores, "every"),
        }
    except WorkerError as error:
        failures.append(f"screening against deap-pytorch: {error}")
        return

    def share(results, part):
        return statistics.median(result[part] / result["seconds"] for result in results)

    yield row(
        "screening", "formulas/s", race, "deap-pytorch", lambda seconds: count / seconds,
        formulas=count, points=1024, passed_share=mine[0]["passed"] / count,
        parse_share=share(mine, "parse"), canonicalize_share=share(mine, "canonicalize"),
        verify_share=share(mine, "verify"), all_cores=cores, duplicate_share=mine[0]["duplicates"] / count, **extra,
        peer_compile_share=share(theirs, "compile"), peer_failed_share=theirs[0]["failed"] / count,
        note="every formula parsed and canonicalized, the first of each canonical form verified",
    )
