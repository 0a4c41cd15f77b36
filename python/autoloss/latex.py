"""Writes a formula as LaTeX mathematics with no more parentheses than needed, as the Swift program does."""

from __future__ import annotations

from typing import NamedTuple

from .nodes import LONGEST_TREE, Node, spelling, tree_size

_CALLS = {"Exp": "\\exp", "Log": "\\log", "Sig": "\\sigma", "Tanh": "\\tanh", "Sin": "\\sin", "Cos": "\\cos"}

# How firmly an expression holds together, from loose to firm.
_SUM, _QUOTIENT, _PRODUCT, _PREFIX, _POWER, _ATOM = range(6)


class _Form(NamedTuple):
    """How one node reads: a sum with a negated term is a difference, a product of equals a square."""

    kind: str
    children: tuple[int, ...] = ()
    number: float = 0.0


class _Binding(NamedTuple):
    core: int
    leads_with_minus: bool = False
    is_tall: bool = False
    """Whether it stands on several levels, so that brackets around it must grow."""

    def needs_parentheses(self, place: str) -> bool:
        minus = self.leads_with_minus
        return {
            "open": False,
            "term": minus,
            "subtrahend": minus or self.core == _SUM,
            "firstFactor": self.core < _PRODUCT,
            "factor": minus or self.core < _PRODUCT,
            "base": minus or self.core < _ATOM,
        }[place]


_Piece = str | int | tuple[int, str]
"""A text, a node, or an operand with the place where it stands."""


def latex(nodes: tuple[Node, ...]) -> str:
    """The formula as LaTeX mathematics for amsmath, without the `$` around it.

    Where the tree is longer than LONGEST_TREE, shared parts have names: `p_{1} = …;\\; …`.
    """
    return _Writer(nodes).written()


class _Writer:
    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self._nodes = nodes
        self._forms = [_form(node, nodes) for node in nodes]
        self._bindings: list[_Binding] = []
        for form in self._forms:
            own = _binding(form, self._bindings)
            is_tall = form.kind in ("quotient", "total", "totalOf")
            is_tall = is_tall or any(self._bindings[child].is_tall for child in form.children)
            self._bindings.append(own._replace(is_tall=is_tall))
        self._names: dict[int, str] = {}

    def written(self) -> str:
        text = ""
        for place, node in enumerate(self._shared()):
            name = f"p_{{{place + 1}}}"
            text += f"{name} = {self._write(node)};\\; "
            self._names[node] = name
            self._bindings[node] = _Binding(_ATOM)
        return text + self._write(len(self._nodes) - 1)

    def _shared(self) -> list[int]:
        """The parts with a name: those used more than once, where the tree would fill pages."""
        if tree_size(self._nodes) <= LONGEST_TREE:
            return []
        uses = [0] * len(self._nodes)
        for node in self._nodes:
            for child in node.children:
                uses[child] += 1
        return [index for index, node in enumerate(self._nodes) if uses[index] > 1 and node.children]

    def _write(self, node: int) -> str:
        """One node; an explicit stack stands in for recursion."""
        written: list[str] = []
        pending: list[_Piece] = [node]
        while pending:
            piece = pending.pop()
            if isinstance(piece, str):
                written.append(piece)
            elif isinstance(piece, int):
                if piece in self._names:
                    written.append(self._names[piece])
                else:
                    pending += reversed(self._pieces(self._forms[piece], self._nodes[piece]))
            else:
                index, place = piece
                binding = self._bindings[index]
                if binding.needs_parentheses(place):
                    pending += [_close(binding.is_tall), index, _open(binding.is_tall)]
                else:
                    pending.append(index)
        return "".join(written)

    def _pieces(self, form: _Form, node: Node) -> list[_Piece]:
        a, b = (*form.children, -1, -1)[:2]
        match form.kind:
            case "variable":
                return [node.name if len(node.name) == 1 else f"\\mathit{{{node.name}}}"]
            case "number":
                return [_number(form.number)]
            case "negative":
                return ["-", (a, "subtrahend")]
            case "sum":
                return [(a, "open"), " + ", (b, "term")]
            case "difference":
                return [(a, "open"), " - ", (b, "subtrahend")]
            case "less":
                return [(a, "open"), " - ", _number(form.number)]
            case "product":
                return [(a, "firstFactor"), " \\cdot ", (b, "factor")]
            case "square":
                return [(a, "base"), "^{2}"]
            case "quotient":
                return ["\\frac{", (a, "open"), "}{", (b, "open"), "}"]
            case "root":
                return ["\\sqrt{", (a, "open"), "}"]
            case "magnitude":
                is_tall = self._bindings[a].is_tall
                return ["\\left|" if is_tall else "\\lvert ", (a, "open"), "\\right|" if is_tall else "\\rvert"]
            case "total":
                return ["\\sum ", (a, "factor"), " \\cdot ", (b, "factor")]
            case "totalOf":
                return ["\\sum ", (a, "factor")]
        is_tall = self._bindings[a].is_tall
        name = "\\max" if node.name == "Relu" else _CALLS.get(node.name, f"\\operatorname{{{node.name.lower()}}}")
        first: list[_Piece] = ["0, "] if node.name == "Relu" else []
        return [name + _open(is_tall), *first, (a, "open"), _close(is_tall)]


def _form(node: Node, nodes: tuple[Node, ...]) -> _Form:
    children = node.children
    if node.is_number:
        return _Form("number", (), node.value)
    if not children:
        return _Form("variable")
    if len(children) == 1:
        kinds = {"Neg": "negative", "Abs": "magnitude", "Sqrt": "root"}
        return _Form(kinds.get(node.name, "call"), children)
    left, right = children
    if node.name == "Add" and nodes[right].name == "Neg":
        return _Form("difference", (left, nodes[right].children[0]))
    if node.name == "Add" and nodes[right].is_number and nodes[right].value < 0:
        return _Form("less", (left,), -nodes[right].value)
    if node.name == "Mul" and left == right:
        return _Form("square", (left,))
    if node.name == "Dot" and nodes[left].is_number and nodes[left].value == 1:
        return _Form("totalOf", (right,))
    kinds = {"Add": "sum", "Sub": "difference", "Mul": "product", "Div": "quotient", "Dot": "total"}
    return _Form(kinds[node.name], children)


def _binding(form: _Form, below: list[_Binding]) -> _Binding:
    match form.kind:
        case "number":
            is_product = "e" in spelling(form.number)
            return _Binding(_PRODUCT if is_product else _ATOM, form.number < 0)
        case "negative":
            inner = below[form.children[0]]
            return _Binding(_ATOM if inner.needs_parentheses("subtrahend") else inner.core, True)
        case "sum" | "difference" | "less":
            return _Binding(_SUM, below[form.children[0]].leads_with_minus)
        case "product":
            first = below[form.children[0]]
            return _Binding(_PRODUCT, first.leads_with_minus and not first.needs_parentheses("firstFactor"))
        case "quotient":
            return _Binding(_PRODUCT)
        case "square":
            return _Binding(_POWER)
        case "total" | "totalOf":
            return _Binding(_QUOTIENT)
    return _Binding(_ATOM)


def _number(value: float) -> str:
    """A number; its digits are those of the printed formula."""
    digits, _, exponent = spelling(abs(value)).partition("e")
    written = f"{digits} \\times 10^{{{int(exponent)}}}" if exponent else digits
    return "-" + written if value < 0 else written


def _open(around_tall: bool) -> str:
    return "\\left(" if around_tall else "("


def _close(around_tall: bool) -> str:
    return "\\right)" if around_tall else ")"
