"""`workers`: images a second of two one-thread trainings side by side over those of one."""

from .environment import say
from .measure import Race, row
from .workers import WorkerError

STEPS = 100


def worker_rows(ours, rounds, failures):
    say("workers against one-worker")

    def training(workers):
        def run():
            result = ours.ask("train", workers, STEPS)
            return [result["seconds"] / result["images"]]

        return run

    try:
        race = Race(rounds, training(2), training(1))
    except WorkerError as error:
        failures.append(f"workers: {error}")
        return
    yield row(
        "workers", "images/s", race, "one-worker", lambda seconds: 1 / seconds, threads=2, steps=STEPS,
        note="two-stage detector, synthetic scenes 160x120, 2 images a step",
    )
