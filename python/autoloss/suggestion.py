"""The known name nearest to a misspelled one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that differs only in case, else the first within an edit distance of 1 (2 from five letters on)."""
    known = list(candidates)
    if len(name.encode("utf-8", "replace")) > 64:
        return None
    lower = name.lower()
    for candidate in known:
        if candidate.lower() == lower:
            return candidate
    limit = 2 if len(name) >= 5 else 1
    best: tuple[int, str] | None = None
    for candidate in known:
        if abs(len(candidate) - len(lower)) > limit:
            continue
        gap = _distance(lower, candidate.lower())
        if gap <= limit and gap < len(candidate) and (best is None or gap < best[0]):
            best = (gap, candidate)
    return best[1] if best else None


def _distance(first: Sequence[str], second: Sequence[str]) -> int:
    """Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment)."""
    rows = [list(range(len(second) + 1))]
    for i, one in enumerate(first):
        row = [i + 1]
        for j, other in enumerate(second):
            best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (one != other))
            if i > 0 and j > 0 and one == second[j - 1] and first[i - 1] == other:
                best = min(best, rows[i - 1][j - 1] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
