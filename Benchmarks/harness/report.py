"""Rows for people and for programs."""

import json

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
    if "passed_share" in row:
        found.append(f"{row['passed_share']:.1%} passed")
        found.append(
            "time: " + ", ".join(f"{row[part + '_share']:.0%} {part}" for part in ("parse", "canonicalize", "verify"))
        )
        found.append(f"ours on {row['all_cores']} cores: {digits(row['ours_all_cores'])}")
        found.append(
            f"verifying each canonical form once ({row['duplicate_share']:.0%} duplicates): "
            f"{digits(row['ours_duplicates_skipped'])}"
        )
    return "; ".join(found)


def table(rows):
    lines = [HEADER]
    for row in rows:
        lines.append([
            row["name"], row["peer_name"], row["unit"], digits(row["ours"]), digits(row["peer"]),
            f"{digits(row['ratio'])}x", str(row["threads"]), remarks(row),
        ])
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER) - 1)]
    texts = []
    for line in lines:
        cells = [
            cell.rjust(width) if 3 <= column <= 6 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths))
        ]
        texts.append("  ".join(cells + line[-1:]).rstrip())
    return "\n".join(texts)


def rounded(value):
    """Six digits are more than any clock here has."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    return value


def json_line(row):
    return json.dumps(rounded(row))


def record(folder, rows, about, command):
    """Writes the rows, the table and the machine; the command stands beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rows.jsonl").write_text("".join(json_line(row) + "\n" for row in rows))
    (folder / "table.txt").write_text(table(rows) + "\n")
    (folder / "machine.json").write_text(json.dumps({"command": command, **about}, indent=2) + "\n")
