"""Checks generated Python modules: `check_modules.py MODULES.json syntax` or `… torch expressions.jsonl`.

MODULES.json is a list of {"id", "class", "source"}. Prints one line a fault, then "N modules agree" where there is none.
syntax: every module parses and holds nothing but a docstring, its imports, constants, functions, private classes and one public one.
torch: value and gradients agree with the golden row of the same id within the row's tolerances.
"""

import ast
import json
import math
import sys


def syntax_faults(row):
    tree = ast.parse(row["source"])
    kinds = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef, ast.ClassDef)
    for node in tree.body:
        if not isinstance(node, kinds):
            yield f"{type(node).__name__} at the top level"
        if isinstance(node, ast.Expr) and not (node is tree.body[0] and isinstance(node.value, ast.Constant)):
            yield "a statement at the top level"
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and [name.name for name in node.names] != ["torch"]:
            yield "an import of something else than torch"
        if isinstance(node, ast.ImportFrom) and node.module not in ("__future__", "torch"):
            yield f"an import from {node.module}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if not node.func.id.startswith("_") and node.func.id != "float":
                yield f"a call of {node.func.id}"
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    if [name for name in classes if not name.startswith("_")] != [row["class"]]:
        yield f"classes {classes}"
    if max(len(line) for line in row["source"].splitlines()) > 140:
        yield "a line of more than 140 characters"
    compile(tree, row["id"], "exec")


def load(row):
    names = {}
    exec(compile(row["source"], row["id"], "exec"), names)
    return names[row["class"]]()


def flat(value):
    return [x for part in value for x in flat(part)] if isinstance(value, list) else [float(value)]


def beyond(actual, expected, tolerance):
    actual, expected, tolerance = actual.reshape(-1).tolist(), flat(expected), flat(tolerance)
    if len(actual) != len(expected):
        return f"{len(actual)} numbers instead of {len(expected)}"
    if len(tolerance) != len(expected):
        tolerance = tolerance * len(expected)
    for k, (a, e, t) in enumerate(zip(actual, expected, tolerance)):
        if t == math.inf or a == e or (math.isnan(a) and math.isnan(e)) or abs(a - e) <= t:
            continue
        return f"[{k}] {a} instead of {e} ± {t}"
    return None


def torch_faults(row, golden):
    import torch

    module = load(row)
    slopes = "UIE" if golden["mode"] == "REG" else "X"
    inputs = {}
    for name, value in golden["inputs"].items():
        inputs[name] = torch.tensor(flat(value), dtype=torch.float32).reshape(shape(value))
        inputs[name].requires_grad_(name in slopes)
    value = module(**inputs)
    if list(value.shape) != golden["shape"]:
        yield f"shape {list(value.shape)} instead of {golden['shape']}"
    fault = beyond(value, golden["value"], golden["tol"])
    if fault:
        yield "value " + fault
    if value.requires_grad:
        value.sum().backward()
    for name in slopes:
        gradient, expected = inputs[name].grad, golden["grad"][name]
        if (gradient is None) != (expected is None):
            yield f"dependence on {name}"
        elif gradient is not None and (fault := beyond(gradient, expected, golden["gtol"][name])):
            yield f"gradient {name} {fault}"
    if golden["group"] == "published":
        yield from island_faults(module, inputs, value.detach())


def island_faults(module, inputs, value):
    """The same under autocast, from half-precision inputs in float32, and as one compiled graph."""
    import torch

    plain = {name: tensor.detach() for name, tensor in inputs.items()}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = module(**plain)
    if cast.dtype != torch.float32 or not torch.equal(cast, value):
        yield "autocast changes the value"
    if module(**{name: tensor.half() for name, tensor in plain.items()}).dtype != torch.float32:
        yield "half-precision inputs do not give float32"
    compiled = torch.compile(module, backend="aot_eager", fullgraph=True)(**plain)
    if not torch.allclose(compiled, value, rtol=1e-6, atol=1e-6, equal_nan=True):
        yield "compilation changes the value"


def shape(value):
    return [len(value)] + shape(value[0]) if isinstance(value, list) and value else [0] if value == [] else []


def main(path, check, golden_path=None):
    with open(path) as file:
        rows = json.load(file)
    golden = {}
    if golden_path:
        with open(golden_path) as file:
            golden = {row["id"]: row for row in map(json.loads, file)}
    faults = 0
    for row in rows:
        try:
            found = list(syntax_faults(row) if check == "syntax" else torch_faults(row, golden[row["id"]]))
        except Exception as error:  # whatever a module does wrong is one fault of it
            found = [f"{type(error).__name__}: {error}"]
        for fault in found:
            faults += 1
            print(f"{row['id']}: {fault}")
    if not faults:
        print(f"{len(rows)} modules agree")


main(*sys.argv[1:])
