"""The losses that have a name, usable wherever a formula is."""

from __future__ import annotations

from .cards import LossCard, Provenance
from .formula import Formula
from .vocabulary import Mode

_PUBLISHED = Provenance(
    source="Liu et al., Loss Function Discovery for Object Detection via Convergence-Simulation Driven Search, "
    "ICLR 2021"
)

# BINARY_CLS spells 1 − Sig(X) as Sig(Neg(X)) and Log(Sig(X)) as Neg(Softplus(Neg(X))), the same functions without the
# cancellation that kills the gradient from about X = 17 in float32; the published B keeps its spelling.
_TEXTS: dict[str, dict[Mode, str]] = {
    "cse-autoloss-a": {
        Mode.MULTI_CLS: "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))",
        Mode.REG: "Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,2))),E)))))",
    },
    "cse-autoloss-b": {
        Mode.BINARY_CLS: "Neg(Add(Mul(Q,Mul(Add(1,Serf(Sig(NY))),Log(Sig(X)))),Mul(Add(Sgdf(X),Neg(Q)),"
        "Mul(Add(Add(1,Neg(Q)),Neg(Add(1,Neg(Sig(X))))),Log(Add(1,Neg(Sig(X))))))))",
        Mode.REG: "Neg(Div(Add(Div(Neg(Add(Neg(E),Add(1,I))),Neg(Add(3,Add(2,U)))),Add(Div(E,E),Div(Neg(E),Neg(1)))),"
        "Neg(Add(Div(Neg(Add(U,Div(I,1))),Neg(3)),Neg(E)))))",
    },
    "cross-entropy": {
        Mode.MULTI_CLS: "Neg(Dot(Y,Log(Softmax(X))))",
        Mode.BINARY_CLS: "Sub(Softplus(X),Mul(PY,X))",
    },
    "focal": {
        Mode.MULTI_CLS: "Neg(Dot(Mul(Y,Mul(Sub(1,Softmax(X)),Sub(1,Softmax(X)))),Log(Softmax(X))))",
        Mode.BINARY_CLS: "Add(Mul(PY,Mul(Mul(Sig(Neg(X)),Sig(Neg(X))),Softplus(Neg(X)))),"
        "Mul(NY,Mul(Mul(Sig(X),Sig(X)),Softplus(X))))",
    },
    "quality-focal": {
        Mode.BINARY_CLS: "Mul(Mul(Sub(Q,Sig(X)),Sub(Q,Sig(X))),Sub(Softplus(X),Mul(Q,X)))",
    },
    "l1": {},
    "smooth-l1": {},
    "iou": {Mode.REG: "Neg(Log(Div(I,U)))"},
    "linear-iou": {Mode.REG: "Sub(1,Div(I,U))"},
    "giou": {Mode.REG: "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))"},
}

NAMES = tuple(_TEXTS)
"""Every built-in name."""

DELTA_BETAS = {"l1": 0.0, "smooth-l1": 1.0}
"""The losses that work on encoded deltas, and below which distance they are parabolas."""


def modes_of(name: str) -> tuple[Mode, ...]:
    """The modes in which a name stands for a formula."""
    return tuple(_TEXTS[name])


def card_of(name: str, mode: Mode) -> LossCard:
    """The card of a built-in loss in one of its modes.

    The published losses have the settings of their authors; A's box loss weighs 10, every other loss 1.
    """
    text = _TEXTS[name][mode]
    formula = Formula(text, mode)
    if name == "cse-autoloss-a" and mode is Mode.REG:
        warnings = ("scaleDependent", "fp16Overflow")
        return LossCard("cse-autoloss-a-reg", formula, loss_weight=10.0, warnings=warnings, provenance=_PUBLISHED)
    if name == "cse-autoloss-a":
        return LossCard("cse-autoloss-a-cls", formula, iou="decoded_box", provenance=_PUBLISHED)
    if name == "cse-autoloss-b" and mode is Mode.REG:
        warnings = ("scaleDependent", "fp16Overflow")
        return LossCard("cse-autoloss-b-reg", formula, average_by="positives", warnings=warnings, provenance=_PUBLISHED)
    if name == "cse-autoloss-b":
        return LossCard(
            "cse-autoloss-b-cls",
            formula,
            alpha=0.25,
            average_by="positives_plus_images",
            iou="decoded_box",
            warnings=("deadCode", "fp32DeadGradient"),
            provenance=_PUBLISHED,
        )
    has_alpha = name == "focal" and mode is Mode.BINARY_CLS
    needs_iou = "Q" in formula.variables
    return LossCard(name, formula, alpha=0.25 if has_alpha else None, iou="decoded_box" if needs_iou else "none")
