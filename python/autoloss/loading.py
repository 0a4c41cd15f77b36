"""One way to every loss: a built-in name, a card file, or a formula."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import nn

from . import traps
from .builtin import DELTA_BETAS, NAMES, card_of, modes_of
from .cards import LossCard, Surrogate, load_cards
from .classification import BinaryClsLoss, MultiClsLoss
from .deltas import DeltaLoss
from .errors import AutolossWarning, CardError, FormulaError, LossError
from .formula import Formula
from .regression import RegLoss
from .suggestion import nearest
from .vocabulary import Mode, as_mode

BRANCHES = ("cls", "reg")


class LossPair(NamedTuple):
    """The two losses of a detector: what a name such as cse-autoloss-a stands for without a mode."""

    cls: MultiClsLoss | BinaryClsLoss
    reg: RegLoss

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        raise TypeError("these are two losses: call .cls or .reg, or load one with mode= or branch=")


def load(
    loss: str | os.PathLike[str] | LossCard | Formula, mode: Mode | str | None = None, *, branch: str | None = None
) -> Any:
    """A loss module, ready to train with.

    Args:
        loss: a built-in name (cse-autoloss-a, focal, giou, …), the path of a card file (.yaml, .yml or .json;
            `path#name` for one of its cards), a card, a formula, or the text of one.
        mode: MULTI_CLS, BINARY_CLS or REG, where the loss leaves a choice.
        branch: "cls" or "reg" in place of a mode, where that is enough to tell.

    Returns MultiClsLoss, BinaryClsLoss or RegLoss with the settings of the card (`.card`); DeltaLoss for l1 and
    smooth-l1; SurrogateLoss for a card of mode SURROGATE; a LossPair (`.cls`, `.reg`) for a published pair without mode
    and branch. A formula alone has weight 1, and alpha 0.25 in BINARY_CLS. Warns (AutolossWarning) of the traps that
    the loss holds.

    Raises FormulaError, CardError or LossError (all ValueErrors), which say what is wrong and the mend; ValueError for
    an unknown mode or branch, OSError (FileNotFoundError and the like) where a card file cannot be read, TypeError for
    what is none of these, such as None or bytes.
    """
    wanted = None if mode is None else as_mode(mode)
    if branch is not None and branch not in BRANCHES:
        raise ValueError(f"branch '{branch}' is not known: use one of {', '.join(BRANCHES)}")
    if isinstance(loss, LossCard):
        return module(_fitting([loss], wanted, branch, loss.name))
    if isinstance(loss, Formula):
        return module(_fitting([_bare(loss)], wanted, branch, str(loss)))
    if not isinstance(loss, (str, os.PathLike)):
        kind = type(loss).__name__
        raise TypeError(f"a loss is a name, a formula, a card or the path of one, not of type {kind}")
    text = os.fsdecode(loss).strip()
    path, _, name = text.partition("#")
    if not isinstance(loss, str) or path.endswith((".yaml", ".yml", ".json")):
        cards = load_cards(path)
        if name:
            cards = [card for card in cards if card.name == name] or _no_such_card(path, name, cards)
        return module(_fitting(cards, wanted, branch, text))
    if text in DELTA_BETAS:
        return DeltaLoss(DELTA_BETAS[text])
    if text in NAMES:
        return _built_in(text, wanted, branch)
    if wanted is None and branch == "reg":
        wanted = Mode.REG
    return module(_fitting([_bare(_parsed(text, wanted))], wanted, branch, text))


def module(card: LossCard) -> Any:
    """The module that computes the loss of a card; warns of its traps."""
    if isinstance(card.kind, Surrogate):
        return _surrogate(card)
    formula = card.kind
    for trap in traps.find(formula):
        warnings.warn(AutolossWarning(trap.code, f"{card.name}: {trap.message}"), stacklevel=3)
    loss: MultiClsLoss | BinaryClsLoss | RegLoss
    if formula.mode is Mode.MULTI_CLS:
        loss = MultiClsLoss(formula, card.reduction, card.loss_weight)
    elif formula.mode is Mode.BINARY_CLS:
        loss = BinaryClsLoss(formula, card.reduction, card.loss_weight, card.alpha)
    else:
        loss = RegLoss(formula, card.reduction, card.loss_weight)
    loss.card = card
    return loss


def _surrogate(card: LossCard) -> nn.Module:
    from importlib import import_module

    found: nn.Module = import_module("autoloss.surrogate").SurrogateLoss.from_card(card)
    return found


def _bare(formula: Formula) -> LossCard:
    """A formula alone: weight 1, and the alpha of the original's builders."""
    alpha = 0.25 if formula.mode is Mode.BINARY_CLS else None
    uses_iou = bool({"Z", "Q"} & set(formula.variables))
    return LossCard(_shown(str(formula)), formula, alpha=alpha, iou="decoded_box" if uses_iou else "none")


def _built_in(name: str, mode: Mode | None, branch: str | None) -> Any:
    modes = modes_of(name)
    left = [each for each in modes if _fits(each, mode, branch)]
    if len(left) == 1:
        return module(card_of(name, left[0]))
    listed = " and ".join(each.value for each in modes)
    if not left:
        wanted = mode.value if mode else f"branch {branch}"
        raise LossError("noSingleFormula", f"'{name}' is a loss of {listed}, not of {wanted}")
    if len(left) == 2 and left[1] is Mode.REG:
        return LossPair(*(module(card_of(name, each)) for each in left))
    raise LossError("noSingleFormula", f"'{name}' stands for a formula in {listed}: say which with mode=")


def _fits(mode: Mode, wanted: Mode | None, branch: str | None) -> bool:
    return (wanted is None or mode is wanted) and (branch is None or (mode is Mode.REG) == (branch == "reg"))


def _fitting(cards: Sequence[LossCard], mode: Mode | None, branch: str | None, source: str) -> LossCard:
    """The first card of the wanted mode or branch; without either there must be one card only."""
    if mode is None and branch is None:
        if len(cards) == 1:
            return cards[0]
        listed = ", ".join(card.name for card in cards)
        raise CardError(f"{source}: it holds several cards: name one behind '#', or give a mode (cards: {listed})")
    for card in cards:
        if card.formula is not None and _fits(card.formula.mode, mode, branch):
            return card
    listed = ", ".join(f"{card.name} ({card.mode})" for card in cards)
    wanted = f"{mode} card" if mode else f"card for branch {branch}"
    raise CardError(f"{source}: no {wanted} in it (cards: {listed})")


def _no_such_card(path: str, name: str, cards: Sequence[LossCard]) -> list[LossCard]:
    names = [card.name for card in cards]
    suggestion = nearest(name, names)
    mend = f"did you mean '{suggestion}'?" if suggestion else f"cards: {', '.join(names)}"
    raise CardError(f"{path}: no card named '{name}' in it: {mend}")


def _parsed(text: str, mode: Mode | None) -> Formula:
    """A formula; where a single word is none, it was meant as a name."""
    try:
        return Formula(text, mode)
    except FormulaError as error:
        # Names have no parentheses; a letter or a primitive is no name.
        if error.code not in ("unknownName", "trailingText") or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_ -]*", text):
            raise
        suggestion = nearest(text, NAMES)
        mend = f": did you mean '{suggestion}'?" if suggestion else ""
        raise LossError(
            "unknownLoss",
            f"there is no loss '{_shown(text)}'{mend} (names: {', '.join(NAMES)}; or a formula, or a card file "
            "whose name ends with .yaml, .yml or .json)",
        ) from None


def _shown(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"
