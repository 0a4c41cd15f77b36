"""The closed lists of the formula language: modes, variables and primitives, in the order of the Swift program."""

from __future__ import annotations

from enum import Enum


class Mode(str, Enum):
    """What a formula is a loss for; it fixes the variables, the primitives and the shape of a trainable result."""

    MULTI_CLS = "MULTI_CLS"
    """One label out of C for each sample (softmax heads); logits N×C include the background."""
    BINARY_CLS = "BINARY_CLS"
    """C independent yes-or-no questions for each sample (sigmoid heads); logits N×C."""
    REG = "REG"
    """One number for each pair of predicted and target box, from three areas of N boxes."""

    def __str__(self) -> str:
        return self.value

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables in the order of the original tool's arguments."""
        return _MODE_VARIABLES[self]

    @property
    def differentiable_variables(self) -> tuple[str, ...]:
        """The variables that depend on the prediction; gradients exist with respect to these only."""
        return ("U", "I", "E") if self is Mode.REG else ("X",)

    @property
    def primitives(self) -> tuple[str, ...]:
        """The primitives of the mode, in the order of the original tool's primitive sets."""
        return _MODE_PRIMITIVES[self]


PRIMITIVES: dict[str, int] = {
    "Neg": 1,
    "Exp": 1,
    "Log": 1,
    "Abs": 1,
    "Sqrt": 1,
    "Softmax": 1,
    "Softplus": 1,
    "Sig": 1,
    "Sgdf": 1,
    "Salf": 1,
    "Serf": 1,
    "Tanh": 1,
    "Sin": 1,
    "Cos": 1,
    "Relu": 1,
    "Add": 2,
    "Sub": 2,
    "Mul": 2,
    "Div": 2,
    "Dot": 2,
}
"""The number of arguments of each primitive."""

VARIABLES: dict[str, str] = {
    "X": "logits, N×C",
    "Y": "label as one-hot rows, N×C",
    "Z": "IoU of the decoded box with its target in rows of positives, 1 in all others, N×C",
    "Q": "IoU with the target at the positive class, 0 elsewhere, N×C",
    "PY": "label: 1 at the positive class, 0 elsewhere, N×C",
    "NY": "1 − PY, N×C",
    "U": "area of the union of predicted and target box plus 1e-7, N",
    "I": "area of the intersection of predicted and target box, N",
    "E": "area of the smallest box around both plus 1e-7, N",
}
"""What each letter holds, and its shape."""

_MODE_VARIABLES = {
    Mode.MULTI_CLS: ("X", "Y", "Z"),
    Mode.BINARY_CLS: ("X", "Q", "PY", "NY"),
    Mode.REG: ("U", "I", "E"),
}
_MODE_PRIMITIVES = {
    Mode.MULTI_CLS: tuple(PRIMITIVES),
    Mode.BINARY_CLS: tuple(name for name in PRIMITIVES if name != "Dot"),
    Mode.REG: (
        *("Add", "Sub", "Mul", "Neg", "Log", "Exp", "Div", "Abs", "Sqrt", "Softplus", "Sig", "Tanh", "Relu"),
        *("Sin", "Cos"),
    ),
}


def owners(name: str) -> list[Mode]:
    """The modes that have a variable or a primitive."""
    return [mode for mode in Mode if name in mode.variables or name in mode.primitives]


def as_mode(mode: Mode | str) -> Mode:
    """A mode by its name.

    Raises ValueError with the known names.
    """
    try:
        return Mode(mode)
    except ValueError:
        known = ", ".join(each.value for each in Mode)
        raise ValueError(f"mode '{mode}' is not known: use one of {known}") from None
