"""Medians of interleaved runs."""

import statistics


class Race:
    """Times of two programs that took turns: ours, peer, ours, peer …"""

    def __init__(self, rounds, ours, peer):
        """`ours` and `peer` give lists of seconds."""
        self.ours, self.peer = [], []
        for _ in range(rounds):
            self.ours += ours()
            self.peer += peer()

    @property
    def ratio(self):
        """Above 1 where ours takes less time."""
        return statistics.median(self.peer) / statistics.median(self.ours)

    @property
    def ratio_of_best(self):
        """The same for the shortest times; on a busy machine it says more than the medians do."""
        return min(self.peer) / min(self.ours)


def figures(seconds, scale):
    """Median, smallest and largest of the times, in the unit of the row."""
    values = sorted(scale(second) for second in seconds)
    return statistics.median(values), values[0], values[-1]


def row(name, unit, race, peer_name, scale, threads=1, **extra):
    """One line of the answer; times and rates alike have a ratio above 1 where ours is better."""
    ours, ours_min, ours_max = figures(race.ours, scale)
    peer, peer_min, peer_max = figures(race.peer, scale)
    return {
        "name": name, "unit": unit, "ours": ours, "peer": peer, "peer_name": peer_name, "ratio": race.ratio,
        "threads": threads, "ours_min": ours_min, "ours_max": ours_max, "peer_min": peer_min, "peer_max": peer_max,
        "ratio_of_best": race.ratio_of_best, "runs": len(race.ours), **extra,
    }
