"""The parser: the language, its errors word for word as the Swift program gives them, and hostile texts."""

from __future__ import annotations

import pickle
import random
import subprocess
import time
from pathlib import Path

import pytest
import random_formulas
from losses import known_formulas, swift_batch, swift_program

from autoloss import Formula, FormulaError, Mode
from autoloss.vocabulary import PRIMITIVES, VARIABLES

BAD = [
    *("", " ", "Neg", "Neg(", "Neg()", "Neg(X", "Neg(X))", "Neg(X,Y)", "Add(X)", "Add(X,)", "Add(,X)", "Add(X Y)"),
    *("Add(X,Y,Z)", "X(1)", "X X", "(X)", ")", ",", "Nge(X)", "neg(X)", "Foo(X)", "Q1", "Softmx(X)", "X+Y", "1-X"),
    *("-X", "2+x", "1e", "1.", ".5", "+1", "1.2.3", "0x1F", "1e400", "Neg(1_000)", "Neg(X)*2", "X*Y", "X[0]", "{X}"),
    *(
        "Neg(X);",
        "'X'",
        '"X"',
        "Neg(“X”)",
        "Neg（X）",
        "Neg(X，Y)",
        "Neg(\u00a0X)",
        "Négation(X)",
        "Ne\u0301g(X)",
        "Add(X,Q)",
    ),
    *("Mul(Y,PY)", "Dot(U,I)", "Add(X,U)", "Softmax(2)", "Softmax(Dot(X,Y))", "Dot(Dot(1,2),Dot(1,2))", "2", "X", "Z"),
    *(
        "Add(Dot(X,Y),X)",
        "Neg(\x00X)",
        "Neg(\x7fX)",
        "Neg(X)\n)",
        "Add(1,\n  Nge(X))",
        "Neg(𝒳)",
        "a" * 80,
        "1" * 60 + "x",
    ),
    *(
        "Neg(" * 300 + "X",
        "Neg(U" + " " * 200 + "!",
        "é" * 120 + "Neg(U)",
        "__import__('os')",
        "lambda: 1",
        "Neg(X) # no",
    ),
]


def fault(text: str, mode: str | None) -> FormulaError | None:
    try:
        Formula(text, mode).refuse_bare_literal()
    except FormulaError as error:
        return error
    return None


def mutated(seed: int) -> str:
    """A formula with a few letters changed, left out, doubled or swapped."""
    source = random.Random(seed)
    text = list(str(random_formulas.formula(seed, source.choice(list(Mode)))))
    for _ in range(source.randint(1, 3)):
        place = source.randrange(len(text)) if text else 0
        letter = source.choice([*"(),XYZUIEQPN1.-+e ébx*\n", *PRIMITIVES, *VARIABLES])
        change = source.randrange(4)
        if change == 0:
            text.insert(place, letter)
        elif text and change == 1:
            text[place] = letter
        elif text:
            text[place : place + 1] = [] if change == 2 else [text[place]] * 2
    return "".join(text)


def test_errors_are_those_of_the_swift_program(tmp_path: Path) -> None:
    modes: list[str | None] = [None, "MULTI_CLS", "BINARY_CLS", "REG"]
    pairs = [(text, mode) for text in BAD for mode in modes]
    pairs += [(mutated(seed), modes[seed % 4]) for seed in range(400)]
    rows = [
        {"id": place, "formula": text, "inputs": {}} | ({"mode": mode} if mode else {})
        for place, (text, mode) in enumerate(pairs)
    ]
    compared = 0
    for (text, mode), answer in zip(pairs, swift_batch(rows, tmp_path), strict=True):
        theirs = answer.get("error")
        if theirs is not None and theirs["code"] == "missingInput":
            theirs = None  # A sound formula, for which nothing was given.
        ours = fault(text, mode)
        label = f"{text[:120]!r} {mode}: {ours} against {theirs}"
        assert (ours is None) == (theirs is None), label
        if ours is None or theirs is None:
            continue
        if theirs["code"] == "unknownLoss":
            # There a single word may be the name of a loss, as it may in autoloss.load.
            assert ours.code in ("unknownName", "trailingText", "unexpectedCharacter", "badNumber"), label
            continue
        compared += 1
        assert (ours.code, ours.message) == (theirs["code"], theirs["message"]), label
        assert (ours.offset, ours.line, ours.column) == (theirs["position"], theirs["line"], theirs["column"]), label
    assert compared > 400


@pytest.mark.parametrize(
    "text", ["Neg(Dot(Y,Log(Softmax(X)))", "Add(1,\n  Mul(U,I)", "Neg(" + "Add(1," * 40 + "Exq(U)", "Neg(Mul(U,“I”))"]
)
def test_the_caret_stands_where_the_swift_program_puts_it(text: str) -> None:
    mode = "MULTI_CLS" if "Y" in text else "REG"
    command = [swift_program(), "eval-expr", text, "--mode", mode]
    theirs = subprocess.run(command, capture_output=True, text=True, timeout=60).stderr
    error = fault(text, mode)
    assert error is not None
    assert theirs.strip().removeprefix("error: ") == str(error).strip()


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("text", ["Neg(" * 100_000 + "1" + ")" * 100_000, "(" * 100_000, "Add(1," * 100_000])
def test_deep_nesting_is_an_error_and_no_crash(text: str, mode: Mode) -> None:
    error = fault(text, mode)
    assert error is not None
    assert error.code in ("tooDeep", "unexpectedCharacter")
    assert len(str(error)) < 500


def test_limits() -> None:
    assert fault("Neg(U)" + " " * 1_000_000, "REG").code == "tooLong"  # type: ignore[union-attr]
    numbers = [f"{number}.25" for number in range(4200)]
    while len(numbers) > 1:
        numbers = [
            f"Add({numbers[place]},{numbers[place + 1]})" if place + 1 < len(numbers) else numbers[place]
            for place in range(0, len(numbers), 2)
        ]
    error = fault(f"Add(U,{numbers[0]})", "REG")
    assert error is not None and error.code == "tooManyNodes"
    assert len(Formula("Neg(" * 256 + "U" + ")" * 256).nodes) == 257
    start = time.monotonic()
    assert fault("Neg(" + "9" * 900_000 + ")", "REG") is not None
    assert fault("1." + "0" * 900_000, "REG") is not None
    assert time.monotonic() - start < 60, "a long number must not hang"


def test_text_round_trip_and_equality() -> None:
    formulas = list(known_formulas().values())
    formulas += [random_formulas.formula(seed, mode) for seed in range(60) for mode in Mode]
    for formula in formulas:
        again = Formula(str(formula), formula.mode)
        assert again == formula and hash(again) == hash(formula) and again.nodes == formula.nodes
        assert Formula(str(formula).replace(",", " ,\t").replace("(", " (\n"), formula.mode) == formula
        assert pickle.loads(pickle.dumps(formula)) == formula
    for spelled in ("Add(U,0.1)", "Add(U,1e-07)", "Add(U,12345678901234567)", "Add(U,1e+17)", "Add(U,-3)"):
        assert str(Formula(spelled)) == spelled.replace("12345678901234567", "1.2345678901234568e+16")
    assert Formula("Neg(U)") != Formula("Neg(I)") and Formula("Neg(X)", "MULTI_CLS") != Formula("Neg(X)", "BINARY_CLS")
    assert Formula("Neg(U)") != "Neg(U)" and str(Formula("Add(U,-0)")) == "Add(U,0)"


def test_numbers_print_as_the_swift_program_prints_them(tmp_path: Path) -> None:
    source = random.Random(0)
    numbers = [10 ** source.uniform(-12, 20) * source.choice([1, -1]) for _ in range(60)]
    numbers += [1e15, 2.0**53, 2.0**53 + 2, 1e16, 1.7e16, 2.0**54, 1.9e16, 1e-4, 1e-5, 0.1, 5e-324, 1.5e300, 123456.75]
    formulas = [Formula(f"Add(U,{number!r})") for number in numbers]
    program = swift_program()
    for formula in formulas[:: max(len(formulas) // 12, 1)] + formulas[60:]:
        run = subprocess.run([program, "eval-expr", str(formula), "--json"], capture_output=True, text=True, timeout=60)
        assert f'"formula":"{formula}"' in run.stdout, f"{formula}: {run.stdout[:200]}"


def test_the_mode_is_found_or_asked_for() -> None:
    assert Formula("Neg(Dot(Y,X))").mode is Mode.MULTI_CLS and Formula("Mul(PY,X)").mode == "BINARY_CLS"
    assert Formula("Div(I,U)").mode == "REG" and Formula("Softplus(X)", mode="BINARY_CLS").mode is Mode.BINARY_CLS
    with pytest.raises(FormulaError, match="MULTI_CLS or BINARY_CLS: say which") as caught:
        Formula("Softplus(X)")
    assert caught.value.code == "ambiguousMode"
    with pytest.raises(ValueError, match="mode 'CLS' is not known: use one of MULTI_CLS, BINARY_CLS, REG"):
        Formula("X", "CLS")
