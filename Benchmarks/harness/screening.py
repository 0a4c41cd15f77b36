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
    mine, theirs = [], []

    def timed(worker, kept):
        def run():
            kept.append(worker.ask("screen"))
            return [kept[-1]["seconds"]]

        return run

    try:
        python.ask("formulas", file)
        race = Race(rounds, timed(ours, mine), timed(python, theirs))
        everywhere = statistics.median(ours.ask("screen-all")["seconds"] for _ in range(rounds))
    except WorkerError as error:
        failures.append(f"screening against deap-pytorch: {error}")
        return

    def share(results, part):
        return statistics.median(result[part] / result["seconds"] for result in results)

    yield row(
        "screening", "formulas/s", race, "deap-pytorch", lambda seconds: count / seconds,
        formulas=count, points=1024, passed_share=mine[0]["passed"] / count,
        parse_share=share(mine, "parse"), canonicalize_share=share(mine, "canonicalize"),
        verify_share=share(mine, "verify"), ours_all_cores=count / everywhere, all_cores=os.cpu_count(),
        peer_compile_share=share(theirs, "compile"), peer_failed_share=theirs[0]["failed"] / count,
        note="ours: parse, canonicalize, verify",
    )
