"""The published, built-in and discovered losses, and the Swift program, for tests that go through all of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from golden import REPOSITORY

from autoloss import Formula, Mode, Surrogate, SurrogateLoss, load_cards
from autoloss.builtin import NAMES, card_of, modes_of

CARD_FILES = sorted((REPOSITORY / "results").rglob("*.yaml"))


@cache
def known_formulas() -> dict[str, Formula]:
    """Every formula of a loss card in results/ and of a built-in name, by a name."""
    found: dict[str, Formula] = {}
    for path in CARD_FILES:
        if "autoloss_card" in path.read_text(encoding="utf-8"):
            found |= {card.name: card.formula for card in load_cards(path) if card.formula is not None}
    for name in NAMES:
        for mode in modes_of(name):
            formula = card_of(name, mode).formula
            assert formula is not None
            found[f"{name} {mode}"] = formula
    return found


@cache
def known_surrogates() -> dict[str, SurrogateLoss]:
    """The segmentation surrogate of every card in results/, by the name of the card."""
    cards = [card for path in CARD_FILES if "mode: SURROGATE" in path.read_text() for card in load_cards(path)]
    return {card.name: SurrogateLoss.from_card(card) for card in cards if isinstance(card.kind, Surrogate)}


def known_of(mode: Mode) -> dict[str, Formula]:
    return {name: formula for name, formula in known_formulas().items() if formula.mode is mode}


def swift_program() -> str:
    """The built program: $AUTOLOSS_BINARY, or that of this repository; skips the test where there is none."""
    built = REPOSITORY / ".build" / "release" / "autoloss"
    path = os.environ.get("AUTOLOSS_BINARY") or (str(built) if built.exists() else shutil.which("autoloss"))
    if not path or not Path(path).exists():
        pytest.skip("no built autoloss program: build it (swift build -c release) or set AUTOLOSS_BINARY")
    return path


def swift_batch(rows: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """What `eval-expr --batch` answers to rows, in order."""
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    run = subprocess.run(
        [swift_program(), "eval-expr", "--batch", str(file), "--json"], capture_output=True, text=True, timeout=300
    )
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(rows), run.stderr[-500:]
    return answers
