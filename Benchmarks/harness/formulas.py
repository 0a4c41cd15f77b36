"""`formula-cls` and `formula-reg`: value and gradient of one published loss, one thread."""

import statistics

from .environment import say
from .measure import Race, row
from .workers import WorkerError

ELEMENTS = 1_000_000
SMALL = 1_024
# Each peer: the contestants that may stand for it (the fastest does), those shown beside it, who of ours runs against it,
# and what has to be said.
PEERS = {
    "c-fused": (["c-fused", "c-fused-streaming"], [], "ours", None),
    "pytorch-eager": (["pytorch-eager"], ["pytorch-eager-lean"], "ours", None),
    "pytorch-compile": (
        ["pytorch-compile", "pytorch-compile-max-autotune"], ["pytorch-compile-one-graph"], "ours",
        "forward compiled, gradient by autograd",
    ),
    "numpy": (["numpy"], [], "ours-value", "value alone on both sides"),
    "pyoperon": (["pyoperon"], [], "ours-value", "value alone on both sides"),
}


def peers(name):
    """The peers of a benchmark; pyoperon has none of the functions of the classification."""
    return [peer for peer in PEERS if not (name == "formula-cls" and peer == "pyoperon")]


def formula_rows(name, ours, python, folder, rounds, failures):
    """One row for each peer; what fails is added to `failures`."""
    for elements in (ELEMENTS, SMALL):
        inputs, answers = folder / f"{name}-{elements}.inputs", folder / f"{name}-{elements}.answers"
        ours.ask("inputs", name, elements, inputs)
        ours.ask("answers", name, elements, answers)
        if python:
            python.ask("load", name, elements, inputs, answers)
    for peer in peers(name):
        worker = ours if peer == "c-fused" else python
        if not worker:
            continue
        say(f"{name} against {peer}")
        try:
            yield formula_row(name, peer, ours, worker, rounds)
        except WorkerError as error:
            failures.append(f"{name} against {peer}: {error}")


def formula_row(name, peer, ours, worker, rounds):
    eligible, shown, contestant, note = PEERS[peer]

    def race(elements, other, rounds):
        # Enough evaluations in a turn to be warm again after the other's.
        if worker is not ours:
            worker.ask("prepare", name, elements, other)
        return Race(
            rounds,
            lambda: ours.ask("time", name, elements, contestant, 3)["seconds"],
            lambda: worker.ask("time", name, elements, other, 3)["seconds"],
        )

    def scale(elements):
        return lambda seconds: seconds / elements * 1e9

    races = {other: race(ELEMENTS, other, rounds) for other in eligible + shown}
    best = min(eligible, key=lambda other: statistics.median(races[other].peer) / statistics.median(races[other].ours))
    small_races = {other: race(SMALL, other, max(3, rounds // 3)) for other in eligible}
    small = min(small_races.values(), key=lambda one: one.ratio)
    extra = {
        "elements": ELEMENTS,
        "variant": best,
        f"ours_{SMALL}": statistics.median(small.ours) / SMALL * 1e9,
        f"peer_{SMALL}": statistics.median(small.peer) / SMALL * 1e9,
        f"ratio_{SMALL}": small.ratio,
    }
    if len(races) > 1:
        extra["variants"] = {
            other: {"peer": statistics.median(one.peer) / ELEMENTS * 1e9, "ratio": one.ratio} for other, one in races.items()
        }
    if note:
        extra["note"] = note
    return row(name, "ns/element", races[best], peer, scale(ELEMENTS), **extra)
