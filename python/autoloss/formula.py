"""A loss formula: a value that prints, compares, and computes on tensors."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from . import faults
from .errors import FormulaError
from .evaluation import evaluate, program
from .latex import latex
from .nodes import Node, printed
from .parser import parse
from .scanner import MAXIMUM_TEXT_LENGTH
from .shapes import ValueShape
from .symbolic import expression
from .vocabulary import Mode, as_mode


class Formula:
    """A formula such as `Neg(Dot(Y,Log(Softmax(X))))`, read without eval, that is called with its variables by name.

    >>> Formula("Sub(1,Div(I,U))")(I=torch.tensor([1.0]), U=torch.tensor([2.0]))
    tensor([0.5000])
    """

    def __init__(self, text: str, mode: Mode | str | None = None) -> None:
        """Reads a formula; without a mode its variables decide.

        Raises FormulaError with the place in the text; of code `ambiguousMode` where no mode is given and several fit.
        """
        if not isinstance(text, str):
            raise TypeError(f"a formula is a text, not of type {type(text).__name__}")
        read = parse(text, None if mode is None else as_mode(mode))
        self._nodes = read.nodes
        self._mode = read.mode
        self._shape = read.shapes[-1]
        self._program = program(read.nodes)
        self._text = printed(read.nodes, MAXIMUM_TEXT_LENGTH)
        self._hash = hash((read.mode.value, read.nodes))
        # Found once: compilers of earlier releases cannot look into nodes.
        self._is_literal = read.nodes[-1].is_number
        used = {node.name for node in read.nodes}
        self._variables = tuple(name for name in read.mode.variables if name in used)

    @property
    def mode(self) -> Mode:
        """What the formula is a loss for."""
        return self._mode

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The distinct nodes, children before parents, the root last; never empty."""
        return self._nodes

    @property
    def shape(self) -> ValueShape:
        """The shape of the value."""
        return self._shape.value

    @property
    def couples_samples(self) -> bool:
        """Whether the value of a row depends on other rows (a `Dot` over N)."""
        return self._shape.couples_samples

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that occur, in the order of the mode's."""
        return self._variables

    @property
    def depends_on_prediction(self) -> bool:
        """Whether a variable occurs that gradients flow to."""
        return any(name in self._mode.differentiable_variables for name in self.variables)

    def subnodes(self, index: int) -> tuple[Node, ...]:
        """The nodes at and below one of them, in an order of their own with the root last."""
        needed = {index}
        for place in range(index, -1, -1):
            if place in needed:
                needed |= set(self._nodes[place].children)
        kept = sorted(needed)
        places = {old: new for new, old in enumerate(kept)}
        return tuple(
            self._nodes[old]._replace(children=tuple(places[child] for child in self._nodes[old].children))
            for old in kept
        )

    def __call__(self, **inputs: Tensor) -> Tensor:
        """The value, of shape `shape`: neither weighted nor reduced.

        Takes the mode's variables by name, those that the formula does not use may be left out: N×C tensors in
        classification, N areas in regression. Computes in float32 (float64 where an input is), whatever autocast says;
        gradients flow to X, or to U, I and E, alone.

        Raises LossError for a missing variable or one of the wrong rank, TypeError for one that the mode does not have,
        FormulaError for a formula that is one number.
        """
        self.refuse_bare_literal()
        for name in inputs:
            if name not in self._mode.variables:
                known = ", ".join(self._mode.variables)
                raise TypeError(f"{name} is no variable of {self._mode}: use {known}")
        return evaluate(self._program, self._mode, inputs)

    def refuse_bare_literal(self) -> None:
        """Raises FormulaError of code `bareLiteral` where the formula is one number and nothing else."""
        if self._is_literal:
            raise FormulaError(*faults.bare_literal(), self._text, 0)

    def latex(self) -> str:
        """The formula as LaTeX mathematics for amsmath, without the `$` around it."""
        return latex(self._nodes)

    def sympy(self, *, guards: bool = False) -> Any:
        """The formula as a SymPy expression; `guards` keeps eps = 1e-20 and the clamp of Exp at 88.

        Raises ImportError where SymPy is not installed, LossError where the formula written out has more than 10,000
        nodes.
        """
        return expression(self._nodes, guards=guards)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Formula({self._text!r}, mode={self._mode.value!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Formula):
            return NotImplemented
        return self._mode is other._mode and self._nodes == other._nodes

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        return (Formula, (self._text, self._mode.value))


def as_formula(formula: Formula | str, mode: Mode) -> Formula:
    """A formula of a mode, read where it is a text.

    Raises FormulaError where it is none, ValueError where it is one of another mode, TypeError for anything else.
    """
    if not isinstance(formula, Formula):
        return Formula(formula, mode)
    if formula.mode is not mode:
        raise ValueError(f"a formula of {mode} is needed, {formula} is one of {formula.mode}")
    return formula
