"""LaTeX as the Swift program writes it, SymPy, and the strings in the original tool (DEAP)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import random_formulas
import torch
from losses import known_formulas, swift_batch, swift_program

from autoloss import Formula, LossError, Mode
from autoloss.functions import BINARY, UNARY
from autoloss.vocabulary import PRIMITIVES

EXAMPLES = [
    *("Sub(U,Sub(I,E))", "Mul(Neg(U),Neg(I))", "Neg(Neg(U))", "Add(U,-3)", "Add(U,Neg(Add(I,E)))", "Abs(U)"),
    *("Mul(Add(U,I),Add(U,I))", "Abs(Div(U,I))", "Relu(Div(U,1e-07))", "Sqrt(Div(Sqrt(U),Neg(I)))"),
    *("Mul(-2,1e+20)", "Div(Neg(U),1.5e-09)"),
]


def test_latex_is_that_of_the_swift_program() -> None:
    formulas = [Formula(text, "REG") for text in EXAMPLES]
    formulas += list(known_formulas().values())[:4]
    formulas += [random_formulas.formula(seed, mode) for seed in range(2) for mode in Mode]
    for formula in formulas:
        command = [swift_program(), "eval-expr", str(formula), "--mode", formula.mode.value, "--format", "latex"]
        theirs = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()
        assert formula.latex() == theirs, str(formula)


def test_latex_of_many_shared_parts_names_them() -> None:
    text = "U"
    for _ in range(14):
        text = f"Mul({text},Add({text},1))"
    assert Formula(text).latex().startswith("p_{1} = ") and len(Formula(text).latex()) < 2000
    with pytest.raises(LossError, match="more than 10000 nodes: too many for SymPy"):
        Formula(text).sympy()


def test_sympy_is_the_same_function() -> None:
    sympy = pytest.importorskip("sympy")
    checked = 0
    for seed in range(40):
        formula = random_formulas.formula(seed, Mode.REG)
        given = {name: value[:1].double() for name, value in random_formulas.inputs(seed, Mode.REG).items()}
        value = formula(**given).item()
        symbols = {sympy.Symbol(name, real=True): number.item() for name, number in given.items()}
        found = sympy.N(formula.sympy(guards=True).subs(symbols))
        if value != value or abs(value) > 1e12 or not found.is_real:
            continue
        checked += 1
        assert abs(float(found) - value) <= 1e-9 * abs(value) + 1e-9, f"seed {seed} {formula}"
    assert checked > 20
    u, i = sympy.symbols("U I", real=True)
    assert sympy.simplify(Formula("Sub(1,Div(I,U))").sympy() - (1 - i / u)) == 0
    assert Formula("Neg(Dot(Y,Log(Softmax(X))))").sympy().has(sympy.Function("softmax"))


def original_set(mode: Mode) -> object:
    """A primitive set as the original tool builds one: names and arity, variables as arguments, constants 1 to 3."""
    from deap import gp

    chosen = gp.PrimitiveSet("MAIN", len(mode.variables))
    chosen.renameArguments(**{f"ARG{place}": name for place, name in enumerate(mode.variables)})
    for name in mode.primitives:
        arity = PRIMITIVES[name]
        chosen.addPrimitive(_wrapped(name, arity), arity, name=name)
    return chosen


def _wrapped(name: str, arity: int) -> object:
    """A primitive that takes numbers too, as the original's do."""

    def compute(*values: object) -> torch.Tensor:
        tensors = [value if isinstance(value, torch.Tensor) else torch.full((1,), float(value)) for value in values]  # type: ignore[arg-type]
        return BINARY[name](*tensors) if arity == 2 else UNARY[name](*tensors)

    return compute


@pytest.mark.parametrize("mode", list(Mode))
def test_printed_formulas_load_in_the_original_tool(mode: Mode) -> None:
    gp = pytest.importorskip("deap.gp")
    chosen = original_set(mode)
    formulas = [formula for formula in known_formulas().values() if formula.mode is mode]
    formulas += [random_formulas.formula(seed, mode) for seed in range(70)]
    given = random_formulas.inputs(1, mode)
    for formula in formulas:
        tree = gp.PrimitiveTree.from_string(str(formula), chosen)
        assert str(tree).replace(" ", "") == str(formula)
        value = gp.compile(tree, chosen)(*(given[name] for name in mode.variables))
        assert torch.equal(value.nan_to_num(7.0), formula(**given).nan_to_num(7.0)), str(formula)


def test_generated_modules_compute_the_same(tmp_path: Path) -> None:
    """`eval-expr --format python`: one file that needs nothing but PyTorch."""
    formulas = list(known_formulas().values())
    formulas += [random_formulas.formula(seed, mode) for seed in range(3) for mode in Mode]
    program = swift_program()
    for place, formula in enumerate(dict.fromkeys(formulas)):
        command = [program, "eval-expr", str(formula), "--mode", formula.mode.value, "--format", "python"]
        source = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
        assert "import autoloss" not in source and "from __future__" in source
        given = random_formulas.inputs(place, formula.mode)
        module = module_of(source)
        limits = random_formulas.bounds(formula, given)
        theirs = random_formulas.value_and_gradients(module, given, formula.mode)
        ours = random_formulas.value_and_gradients(formula, given, formula.mode)
        assert not random_formulas.disagreement(theirs[0], ours[0], limits[0]), str(formula)
        for name, gradient in ours[1].items():
            found = random_formulas.disagreement(theirs[1][name], gradient, limits[1][name])
            assert not found, f"{formula} {name} {found}"


def test_generated_modules_keep_their_guards_in_onnx(tmp_path: Path) -> None:
    """The optimizer of ONNX graphs drops a sum with a scalar of 1e-20."""
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    u, i = torch.tensor([0.0, 0.0, 2.0]), torch.tensor([1.0, 0.0, 100.0])
    path = str(tmp_path / "generated.onnx")
    for text in ("Div(I,U)", "Add(Log(I),Mul(0,U))", "Log(Div(I,U))"):
        command = [swift_program(), "eval-expr", text, "--mode", "REG", "--format", "python"]
        module = module_of(subprocess.run(command, capture_output=True, text=True, timeout=60).stdout).eval()
        torch.onnx.export(module, (u, i), f=path, dynamo=True, verbose=False)
        session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
        given = {each.name: value.numpy() for each, value in zip(session.get_inputs(), (u, i), strict=True)}
        found = torch.from_numpy(session.run(None, given)[0])
        assert torch.allclose(found, Formula(text)(U=u, I=i), rtol=1e-5), f"{text}: {found}"


@pytest.mark.parametrize(
    ("text", "mode", "given"),
    [
        (
            "Neg(Dot(Mul(Y,Div(1,Sub(1,Softmax(X)))),Log(Softmax(X))))",
            Mode.MULTI_CLS,
            {"X": [[20.0, 0.0], [0.0, 30.0]], "Y": [[0.0, 1.0], [0.0, 1.0]]},
        ),
        ("Mul(PY,Div(Softplus(X),Sub(1,Sig(X))))", Mode.BINARY_CLS, {"X": [[20.0], [1.0]], "PY": [[0.0], [1.0]]}),
        ("Mul(0,Div(1,E))", Mode.REG, {"E": [0.0, 4.0]}),
        ("Add(Div(I,U),Div(2,Add(U,1)))", Mode.REG, {"I": [0.0, 2.0], "U": [0.0, 3.0]}),
    ],
)
def test_generated_modules_have_finite_gradients_where_only_eps_divides(
    text: str, mode: Mode, given: dict[str, list[float]]
) -> None:
    """Also through the compiler; the same as the package's, which the whole of `given` does not make infinite."""
    command = [swift_program(), "eval-expr", text, "--mode", mode.value, "--format", "python"]
    module = module_of(subprocess.run(command, capture_output=True, text=True, timeout=60).stdout)
    free = [name for name in given if name in ("X", "U", "I", "E")]
    found = []
    for compute in (Formula(text, mode), module, torch.compile(module, fullgraph=True, backend="aot_eager")):
        inputs = {name: torch.tensor(value).requires_grad_(name in free) for name, value in given.items()}
        # What a generated file does not read may be None.
        unread = {} if isinstance(compute, Formula) else dict.fromkeys(set(mode.variables) - set(given))
        value = compute(**inputs, **unread)
        found.append([value, *torch.autograd.grad(value.sum(), [inputs[name] for name in free])])
    assert all(part.isfinite().all() for part in found[0])
    for others in found[1:]:
        for ours, theirs in zip(found[0], others, strict=True):
            torch.testing.assert_close(theirs, ours, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("text", ["Sub(1,Div(I,U))", "Div(2,Add(U,1))", "Div(Sqrt(U),Div(I,U))"])
def test_generated_modules_have_forward_mode_and_second_derivatives(text: str) -> None:
    """The same as the package's, for transforms of torch.func."""
    command = [swift_program(), "eval-expr", text, "--mode", "REG", "--format", "python"]
    module = module_of(subprocess.run(command, capture_output=True, text=True, timeout=60).stdout)
    given = (torch.tensor([3.0, 2.0]), torch.tensor([1.0, 0.5]))
    along = (torch.tensor([0.5, -1.0]), torch.tensor([2.0, 1.0]))
    found = []
    for compute in (Formula(text), module):

        def loss(u: torch.Tensor, i: torch.Tensor, compute: Callable[..., torch.Tensor] = compute) -> torch.Tensor:
            return compute(U=u, I=i).sum()

        moved = torch.func.jvp(loss, given, along)
        curvature = torch.func.hessian(loss, argnums=(0, 1))(*given)
        found.append([*moved, *(part for row in curvature for part in row)])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(theirs, ours, rtol=1e-5, atol=1e-6)
    assert found[0][1] != 0


def module_of(source: str) -> torch.nn.Module:
    """The one module of a generated file."""
    names: dict[str, object] = {"__name__": "generated"}
    exec(compile(source, "generated.py", "exec"), names)
    classes = [each for each in names.values() if isinstance(each, type) and issubclass(each, torch.nn.Module)]
    assert len(classes) == 1
    module: torch.nn.Module = classes[0]()
    return module


def test_the_swift_program_computes_the_same_numbers(tmp_path: Path) -> None:
    cases = []
    formulas = list(known_formulas().values()) + [
        random_formulas.formula(seed, mode) for seed in range(70) for mode in Mode
    ]
    for place, formula in enumerate(formulas):
        cases.append((place, formula, random_formulas.inputs(place, formula.mode)))
    rows = [
        {
            "id": place,
            "mode": formula.mode.value,
            "formula": str(formula),
            "inputs": {name: json.loads(json.dumps(value.tolist())) for name, value in given.items()},
        }
        for place, formula, given in cases
    ]
    compared = 0
    for (place, formula, given), answer in zip(cases, swift_batch(rows, tmp_path), strict=True):
        limits = random_formulas.bounds(formula, given)
        value, gradients = random_formulas.value_and_gradients(formula, given, formula.mode)
        theirs = torch.tensor(numbers(answer["value"]), dtype=torch.float64)
        found = random_formulas.disagreement(theirs, value, limits[0])
        assert not found, f"seed {place} {formula} value {found}"
        compared += int(limits[0].isfinite().sum())
        for name, gradient in gradients.items():
            if answer["grad"].get(name) is None:
                assert not gradient.any()
                continue
            theirs = torch.tensor(numbers(answer["grad"][name]), dtype=torch.float64)
            found = random_formulas.disagreement(theirs, gradient, limits[1][name])
            assert not found, f"seed {place} {formula} gradient {name} {found}"
            compared += int(limits[1][name].isfinite().sum())
    assert compared > 4000


def numbers(values: object) -> object:
    return [numbers(value) for value in values] if isinstance(values, list) else float(values)  # type: ignore[arg-type]
