"""Nodes of formulas, stored once each, children before parents."""

from __future__ import annotations

import struct
from typing import NamedTuple


class Node(NamedTuple):
    """One node of a formula; children are indices of earlier nodes of the same formula."""

    name: str
    """The primitive or the variable; "number" for a number."""
    children: tuple[int, ...] = ()
    value: float = 0.0
    """The number, where the node is one."""

    @property
    def is_number(self) -> bool:
        return self.name == "number"


class NodeTable:
    """Stores nodes; one that is asked for twice is stored once."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._places: dict[Node, int] = {}

    def insert(self, node: Node) -> int:
        """The index of a node whose children are indices of this table; −0 is stored as 0."""
        if node.is_number and node.value == 0:
            node = Node("number", (), 0.0)
        place = self._places.setdefault(node, len(self.nodes))
        if place == len(self.nodes):
            self.nodes.append(node)
        return place


def single(value: float) -> float:
    """The nearest float32; infinite beyond its range."""
    try:
        rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return rounded


def spelling(value: float) -> str:
    """The shortest decimal that reads back to the same number; whole numbers without a point."""
    if value == value and abs(value) < 2**53 and value == int(value):
        return str(int(value))
    text = repr(value)
    if not 2**53 < abs(value) < 1e16:
        return text
    # Swift ends writing whole numbers out at 2^53, Python at 1e16.
    sign, digits = ("-" if value < 0 else ""), text.strip("-").removesuffix(".0")
    return f"{sign}{digits[0]}.{digits[1:].rstrip('0')}e+15"


LONGEST_TREE = 10_000
"""Formulas of more nodes, written out as a tree, are not written out in full where parts can be named or refused."""


def tree_size(nodes: tuple[Node, ...]) -> int:
    """The number of nodes of the formula written out as a tree, where shared parts stand once for every use."""
    sizes: list[int] = []
    for node in nodes:
        sizes.append(1 + sum(sizes[child] for child in node.children))
    return sizes[-1]


def printed(nodes: tuple[Node, ...], limit: int) -> str:
    """The formula written out as a tree without blanks; ends with `…` where that takes more than `limit` letters."""
    pieces: list[str] = []
    length = 0
    pending: list[str | int] = [len(nodes) - 1]
    while pending:
        if length > limit:
            return "".join(pieces) + "…"
        piece = pending.pop()
        if isinstance(piece, int):
            node = nodes[piece]
            if node.is_number:
                piece = spelling(node.value)
            elif not node.children:
                piece = node.name
            else:
                piece = node.name + "("
                pending.append(")")
                for child in reversed(node.children[1:]):
                    pending += [child, ","]
                pending.append(node.children[0])
        pieces.append(piece)
        length += len(piece)
    return "".join(pieces)
