"""Rows for people and for programs."""

import json

from .steps import layer_page

HEADER = ["name", "peer", "unit", "ours", "peer", "ratio", "threads", "remarks"]


def digits(number):
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def remarks(row):
    """What stands beside the numbers of a row, in words."""
    found = [row["note"]] if "note" in row else []
    if "ratio_1024" in row:
        found.append(f"1,024 elements: {digits(row['ratio_1024'])}x")
    for name, variant in row.get("variants", {}).items():
        if name != row["variant"]:
            found.append(f"{name}: {digits(variant['peer'])} ({digits(variant['ratio'])}x)")
    for name, metric in row.get("metrics", {}).items():
        found.append(f"{name}: {digits(metric['ours'])} and {digits(metric['peer'])} ({digits(metric['ratio'])}x)")
    if "boundaries_by_radius" in row:
        times = ", ".join(f"{digits(time)} at radius {radius}" for radius, time in row["boundaries_by_radius"].items())
        found.append(f"boundaries of a label map, ns/pixel: {times}")
    if "loading_share" in row:
        found.append(f"{row['parameters']:,} parameters, peer {row['peer_format']}")
        found.append(f"{row['loading_share']:.1%} of the step waits for data")
        if row["allocations"] >= 0:
            found.append(f"{row['allocations']:,} calls of the allocator a step")
    if "passed_share" in row:
        found.append(f"{row['passed_share']:.1%} passed")
        found.append(
            "time: " + ", ".join(f"{row[part + '_share']:.0%} {part}" for part in ("parse", "canonicalize", "verify"))
        )
        found.append(f"ours on {row['all_cores']} cores: {digits(row['ours_all_cores'])}")
        found.append(
            f"{row['duplicate_share']:.0%} duplicates; verifying these too: {digits(row['ours_every_verified'])} "
            f"({row['ratio_every_verified']:.3g}x)"
        )
    return "; ".join(found)


def cells(row):
    return [
        row["name"], row["peer_name"], row["unit"], digits(row["ours"]), digits(row["peer"]),
        f"{digits(row['ratio'])}x", str(row["threads"]), remarks(row),
    ]


def table(rows):
    """Aligned columns for a terminal."""
    lines = [HEADER] + [cells(row) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER) - 1)]
    texts = []
    for line in lines:
        aligned = [
            cell.rjust(width) if 3 <= column <= 6 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths))
        ]
        texts.append("  ".join(aligned + line[-1:]).rstrip())
    return "\n".join(texts)


def rounded(value):
    """Six digits are more than any clock here has."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list):
        return [rounded(part) for part in value]
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    return value


def json_line(row):
    return json.dumps(rounded(row))


def record(folder, rows, about, command):
    """Writes the rows, the machine, and a page with both and the command."""
    folder.mkdir(parents=True, exist_ok=True)
    if any("layers" in row for row in rows):
        (folder / "layers.md").write_text(layer_page(rows))
    kept = [{name: value for name, value in row.items() if name != "layers"} for row in rows]
    (folder / "rows.jsonl").write_text("".join(json_line(row) + "\n" for row in kept))
    (folder / "machine.json").write_text(json.dumps({"command": command, **about}, indent=2) + "\n")
    lines = [HEADER, ["---"] * 3 + ["---:"] * 4 + ["---"]] + [cells(row) for row in rows]
    page = [
        "# Benchmarks, one run",
        "",
        f"Made by `{command}`; what the rows mean and why they are fair stands in",
        "[Benchmarks/README.md](../../Benchmarks/README.md). Times are medians, ratios are above 1 where autoloss is better.",
        "All fields are in `rows.jsonl`, the machine is in `machine.json`.",
        "",
        *(f"- {name}: {value}" for name, value in about.items() if name != "vector_flags"),
        "",
        *("| " + " | ".join(line) + " |" for line in lines),
    ]
    (folder / "README.md").write_text("\n".join(page) + "\n")
