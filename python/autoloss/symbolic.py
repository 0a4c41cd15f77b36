"""A formula as an expression of SymPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import LossError
from .nodes import LONGEST_TREE, Node, tree_size


def expression(nodes: tuple[Node, ...], *, guards: bool = False) -> Any:
    """The formula as a SymPy expression of real symbols named as the variables.

    `guards` keeps eps = 1e-20 in Log and Div and the clamp of Exp at 88; without them it is the plain mathematics.
    Softmax stands as the function `softmax`, the sum of a Dot as the function `total`: they mix the classes of a row,
    of which a symbol stands for one.

    Raises ImportError where SymPy is not installed, LossError for a formula whose tree has more than 10,000 nodes:
    SymPy writes shared parts out.
    """
    if tree_size(nodes) > LONGEST_TREE:
        raise LossError("tooLarge", f"the formula written out has more than {LONGEST_TREE} nodes: too many for SymPy")
    try:
        import sympy
    except ImportError as error:
        raise ImportError("SymPy is needed for this: pip install sympy") from error
    epsilon = sympy.Rational(1, 10**20) if guards else sympy.Integer(0)
    half = sympy.Rational(1, 2)
    functions: dict[str, Callable[..., Any]] = {
        "Neg": lambda a: -a,
        "Exp": lambda a: sympy.exp(sympy.Min(a, 88)) if guards else sympy.exp(a),
        "Log": lambda a: sympy.log(a + epsilon),
        "Abs": sympy.Abs,
        "Sqrt": sympy.sqrt,
        "Softmax": sympy.Function("softmax"),
        "Softplus": lambda a: sympy.log(1 + sympy.exp(a)),
        "Sig": lambda a: 1 / (1 + sympy.exp(-a)),
        "Sgdf": lambda a: half * (1 + 4 / sympy.pi * sympy.atan(sympy.tanh(sympy.pi * a / 8))),
        "Salf": lambda a: half * (1 + (a / 2) / sympy.sqrt(1 + a**2 / 4)),
        "Serf": lambda a: half * (1 + sympy.erf(sympy.sqrt(sympy.pi) * a / 4)),
        "Tanh": sympy.tanh,
        "Sin": sympy.sin,
        "Cos": sympy.cos,
        "Relu": lambda a: sympy.Max(a, 0),
        "Add": lambda a, b: a + b,
        "Sub": lambda a, b: a - b,
        "Mul": lambda a, b: a * b,
        "Div": lambda a, b: a / (b + epsilon),
        "Dot": lambda a, b: sympy.Function("total")(a * b),
    }
    built: list[Any] = []
    for node in nodes:
        if node.is_number:
            is_whole = node.value == int(node.value)
            built.append(sympy.Integer(int(node.value)) if is_whole else sympy.Float(node.value))
        elif not node.children:
            built.append(sympy.Symbol(node.name, real=True))
        else:
            built.append(functions[node.name](*(built[child] for child in node.children)))
    return built[-1]
