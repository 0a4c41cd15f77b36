"""`surrogate`: value and gradient of the six published surrogates, one thread, against PyTorch."""

import json
import statistics

from .environment import say
from .measure import Race, row
from .workers import WorkerError

PEERS = ("pytorch-eager", "pytorch-compile")
# Radii that the boundaries of a label map are timed at; the time must not depend on them.
RADII = (1, 5, 20, 80)
BOUNDARY_RUNS = 9


def draw(ours, folder):
    """The files of the input, and what the losses are."""
    files = {"logits": str(folder / "surrogate.logits"), "labels": str(folder / "surrogate.labels")}
    given = ours.ask("inputs", files["logits"], files["labels"])
    settings = [
        {"metric": metric, "theta": theta, "tolerance": tolerance, "drops_background": drops}
        for metric, theta, tolerance, drops in zip(
            given["metrics"], given["thetas"], given["tolerances"], given["dropsBackground"])
    ]
    for one in settings:
        one["gradient"] = str(folder / f"surrogate.{one['metric']}.gradient")
        one["value"] = ours.ask("answer", one["metric"], one["gradient"])["value"]
    path = folder / "surrogate.json"
    path.write_text(json.dumps({**files, "shape": given["shape"], "losses": settings}))
    return path, given["shape"], settings


def radius_times(ours, pixels):
    """ns a pixel of marking and dilating the boundaries of all classes of a label map, by radius; the radii take turns."""
    found = {radius: [] for radius in RADII}
    for _ in range(BOUNDARY_RUNS):
        for radius in RADII:
            found[radius] += ours.ask("boundaries", radius, 4)["seconds"][1:]
    return {str(radius): statistics.median(seconds) / pixels * 1e9 for radius, seconds in found.items()}


def surrogate_rows(ours, python, folder, rounds, failures):
    """A row for each peer: the metric whose ratio is least, and all six in `metrics`."""
    path, shape, settings = draw(ours, folder)
    logits = shape[0] * shape[1] * shape[2] * shape[3]
    by_radius = radius_times(ours, shape[2] * shape[3])
    if python:
        python.ask("surrogate", path)
    for peer in PEERS if python else []:
        say(f"surrogate against {peer}")
        races = {}
        for one in settings:
            metric = one["metric"]
            try:
                python.ask("surrogate-prepare", peer, metric)
                races[metric] = Race(
                    rounds,
                    lambda: ours.ask("time", metric, 4)["seconds"][1:],
                    lambda: python.ask("surrogate-time", peer, metric, 3)["seconds"][1:],
                )
            except WorkerError as error:
                failures.append(f"surrogate against {peer}: {error}")
        if not races:
            continue
        least = min(races, key=lambda metric: races[metric].ratio)
        metrics = {
            metric: {
                "ours": statistics.median(race.ours) / logits * 1e9, "peer": statistics.median(race.peer) / logits * 1e9,
                "ratio": race.ratio,
            }
            for metric, race in races.items()
        }
        yield row(
            "surrogate", "ns/logit", races[least], peer, lambda seconds: seconds / logits * 1e9, shape=shape, metric=least,
            metrics=metrics, boundaries_by_radius=by_radius)
