"""The static shape rules of the formula language."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from . import faults
from .errors import FormulaError
from .nodes import Node
from .vocabulary import Mode


class ValueShape(Enum):
    """The array shape of a value, as the original tool's tensors have it."""

    RANK_ZERO = "[]"
    ONE = "[1]"
    PER_SAMPLE = "[N]"
    PER_ELEMENT = "[N, C]"


class NodeShape(NamedTuple):
    """The shape of one node, and whether its rows depend on one another (a `Dot` over N lies below)."""

    value: ValueShape
    couples_samples: bool = False


_WORDS = {
    ValueShape.RANK_ZERO: "one number",
    ValueShape.ONE: "a constant",
    ValueShape.PER_SAMPLE: "one number for each sample",
    ValueShape.PER_ELEMENT: "N×C",
}


class _ShapeError(Exception):
    def __init__(self, fault: faults.Fault) -> None:
        self.fault = fault
        super().__init__(fault[1])


def node_shapes(
    nodes: tuple[Node, ...], mode: Mode, report: Callable[[faults.Fault, int], FormulaError]
) -> tuple[NodeShape, ...]:
    """The shape of every node.

    Raises the error that `report` makes of what is wrong and the node where it is.
    """
    shapes: list[NodeShape] = []
    for index, node in enumerate(nodes):
        try:
            shapes.append(_shape(node, mode, [shapes[child] for child in node.children]))
        except _ShapeError as error:
            raise report(error.fault, index) from None
    return tuple(shapes)


def _shape(node: Node, mode: Mode, children: list[NodeShape]) -> NodeShape:
    if not children:
        if node.is_number:
            return NodeShape(ValueShape.ONE)
        return NodeShape(ValueShape.PER_SAMPLE if mode is Mode.REG else ValueShape.PER_ELEMENT)
    if len(children) == 1:
        return _unary(node.name, children[0])
    return _binary(node.name, children[0], children[1])


def _unary(primitive: str, child: NodeShape) -> NodeShape:
    if primitive == "Softmax" and child.value is not ValueShape.PER_ELEMENT:
        raise _ShapeError(faults.softmax_of_low_rank(_WORDS[child.value]))
    if primitive in ("Serf", "Sgdf") and child.value is ValueShape.RANK_ZERO:
        return NodeShape(ValueShape.ONE, child.couples_samples)
    return child


def _binary(primitive: str, left: NodeShape, right: NodeShape) -> NodeShape:
    couples = left.couples_samples or right.couples_samples
    joined = _broadcast(left.value, right.value)
    if primitive != "Dot":
        return NodeShape(joined, couples)
    if joined is ValueShape.RANK_ZERO:
        raise _ShapeError(faults.dot_of_scalars())
    if joined is ValueShape.PER_ELEMENT:
        return NodeShape(ValueShape.PER_SAMPLE, couples)
    return NodeShape(ValueShape.RANK_ZERO, couples or joined is ValueShape.PER_SAMPLE)


def _broadcast(left: ValueShape, right: ValueShape) -> ValueShape:
    """Scalars and `[1]` spread over everything; `[N]` and `[N, C]` do not combine."""
    if {left, right} == {ValueShape.PER_SAMPLE, ValueShape.PER_ELEMENT}:
        raise _ShapeError(faults.sample_with_element())
    for shape in (ValueShape.PER_ELEMENT, ValueShape.PER_SAMPLE, ValueShape.ONE):
        if shape in (left, right):
            return shape
    return ValueShape.RANK_ZERO
