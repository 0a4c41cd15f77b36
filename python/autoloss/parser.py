"""Reads `formula := Name | number | Name "(" formula { "," formula } ")"` without recursion and without eval."""

from __future__ import annotations

from typing import NamedTuple

from . import faults
from .errors import FormulaError
from .nodes import Node, NodeTable
from .scanner import Scanner
from .shapes import NodeShape, node_shapes
from .suggestion import nearest
from .vocabulary import PRIMITIVES, VARIABLES, Mode, owners

MAXIMUM_DEPTH = 256
"""Deeper nesting is refused, so that nothing that walks a formula needs a deep stack."""

MAXIMUM_NODE_COUNT = 4096
"""Texts of more distinct nodes are refused, so that evaluating what was read stays within bounded memory."""


class Parsed(NamedTuple):
    """What was read: the nodes, children before parents and the root last, the mode, and the shape of every node."""

    nodes: tuple[Node, ...]
    mode: Mode
    shapes: tuple[NodeShape, ...]


def parse(source: str, mode: Mode | None) -> Parsed:
    """Reads a formula and checks its names and shapes; a mode of None lets its variables decide.

    Raises FormulaError, with the place in the text.
    """
    return _Parser(source, mode).parse()


class _Call:
    """A primitive whose arguments are being read."""

    def __init__(self, primitive: str, offset: int) -> None:
        self.primitive = primitive
        self.offset = offset
        self.arguments: list[int] = []

    @property
    def is_complete(self) -> bool:
        return len(self.arguments) == PRIMITIVES[self.primitive]

    @property
    def too_few(self) -> faults.Fault:
        return faults.too_few_arguments(self.primitive, len(self.arguments))


class _Parser:
    def __init__(self, source: str, mode: Mode | None) -> None:
        self._source = source
        self._mode = mode
        self._scanner = Scanner(source)
        self._table = NodeTable()
        self._offsets: list[int] = []
        self._open: list[_Call] = []
        # The modes that have every name so far, and the name that narrowed them last.
        self._candidates = list(Mode)
        self._narrowing = ""

    def parse(self) -> Parsed:
        self._parse_tree()
        end = self._scanner.next()
        if end.kind != "end":
            raise self._error(faults.trailing_text(), end.offset)
        mode = self._mode
        if mode is None:
            if len(self._candidates) != 1:
                raise self._error(faults.ambiguous_mode(self._candidates), 0)
            mode = self._candidates[0]
        # Nodes are inserted when they end, so that the order is that of the first visit and the root is last.
        nodes = tuple(self._table.nodes)
        shapes = node_shapes(nodes, mode, lambda fault, node: self._error(fault, self._offsets[node]))
        return Parsed(nodes, mode, shapes)

    def _parse_tree(self) -> None:
        while True:
            value = self._parse_operand()
            while value is not None:
                if not self._open:
                    return
                self._open[-1].arguments.append(value)
                value = self._parse_separator()

    def _parse_operand(self) -> int | None:
        """Reads a leaf, or opens a call and returns None."""
        token = self._scanner.next()
        call = self._open[-1] if self._open else None
        if token.kind == "number":
            return self._insert(Node("number", (), token.value), token.offset)
        if token.kind == "name":
            return self._parse_name(token.text, token.offset)
        if token.kind == "end":
            raise self._error(call.too_few if call else faults.empty(), token.offset)
        if token.kind == ")" and call and (call.arguments or PRIMITIVES[call.primitive] == 2):
            raise self._error(call.too_few, token.offset)
        if token.kind == "(" or not call:
            raise self._error(faults.unexpected_character(token.kind), token.offset)
        raise self._error(faults.missing_argument(), token.offset)

    def _parse_name(self, name: str, offset: int) -> int | None:
        if name in VARIABLES:
            self._admit(name, offset)
            following = self._scanner.peek()
            if following.kind == "(":
                raise self._error(faults.variable_called(name), following.offset)
            return self._insert(Node(name), offset)
        if name not in PRIMITIVES:
            raise self._error(faults.unknown_name(name, self._suggestion(name)), offset)
        self._admit(name, offset)
        following = self._scanner.next()
        if following.kind != "(":
            raise self._error(faults.missing_parenthesis(name), following.offset)
        if len(self._open) >= MAXIMUM_DEPTH:
            raise self._error(faults.too_deep(MAXIMUM_DEPTH), offset)
        self._open.append(_Call(name, offset))
        return None

    def _parse_separator(self) -> int | None:
        """Reads what follows an argument: None after a comma (another argument follows), the call's node after `)`."""
        call = self._open[-1]
        token = self._scanner.next()
        if token.kind == ",":
            if call.is_complete:
                raise self._error(faults.too_many_arguments(call.primitive), token.offset)
            return None
        if token.kind == ")":
            if not call.is_complete:
                raise self._error(call.too_few, token.offset)
            self._open.pop()
            return self._insert(Node(call.primitive, tuple(call.arguments)), call.offset)
        if call.is_complete:
            raise self._error(faults.unclosed_parenthesis(call.primitive), token.offset)
        is_argument = token.kind in ("name", "number")
        raise self._error(faults.missing_comma(call.primitive) if is_argument else call.too_few, token.offset)

    def _admit(self, name: str, offset: int) -> None:
        """Keeps the modes that have a name; an error when none is left."""
        having = owners(name)
        if self._mode is not None:
            if self._mode not in having:
                raise self._error(faults.not_of_mode(name, self._mode), offset)
            return
        left = [mode for mode in self._candidates if mode in having]
        if not left:
            raise self._error(faults.mixed_modes(name, self._narrowing), offset)
        if len(left) < len(self._candidates):
            self._narrowing = name
        self._candidates = left

    def _suggestion(self, name: str) -> str | None:
        modes = [self._mode] if self._mode else self._candidates
        here = [each for mode in modes for each in (*mode.primitives, *mode.variables)]
        return nearest(name, here) or nearest(name, [*PRIMITIVES, *VARIABLES])

    def _insert(self, node: Node, offset: int) -> int:
        index = self._table.insert(node)
        if index == len(self._offsets):
            self._offsets.append(offset)
        if index >= MAXIMUM_NODE_COUNT:
            raise self._error(faults.too_many_nodes(MAXIMUM_NODE_COUNT), offset)
        return index

    def _error(self, fault: faults.Fault, offset: int) -> FormulaError:
        return FormulaError(*fault, self._source, offset)
