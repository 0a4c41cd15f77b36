"""Loss cards as the Swift program reads and writes them, and autoloss.load."""

# ruff: noqa: E501
from __future__ import annotations

import json
import random
import re
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from golden import REPOSITORY
from losses import CARD_FILES, swift_program

import autoloss
from autoloss import (
    AutolossWarning,
    BinaryClsLoss,
    CardError,
    DeltaLoss,
    Evidence,
    Formula,
    FormulaError,
    LossCard,
    LossError,
    Mode,
    MultiClsLoss,
    Provenance,
    RegLoss,
    Surrogate,
    load_cards,
    save_cards,
)
from autoloss.builtin import NAMES, card_of, modes_of
from autoloss.card_reader import cards_of
from autoloss.card_writer import json_text, yaml_text
from autoloss.traps import find

pytestmark = pytest.mark.filterwarnings("ignore::autoloss.AutolossWarning")

BEST = REPOSITORY / "results" / "bccd-search" / "best.yaml"
PUBLISHED = REPOSITORY / "results" / "published"
SURROGATE = (
    "autoloss_card: 1\nname: a\nmode: SURROGATE\nmetric: mIoU\nparameterization: bezier\ntheta: [0.1, 0.2, 0.3, 0.4]\n"
    "tolerance: 5\ndrop_background: false\n"
)
HEAD = "autoloss_card: 1\nname: a\nmode: REG\nformula: U\n"


def test_cards_that_the_swift_program_wrote_come_back_letter_by_letter() -> None:
    assert yaml_text(load_cards(BEST)) == BEST.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", CARD_FILES, ids=lambda path: path.name)
def test_every_card_file_is_read_as_pyyaml_reads_it(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "autoloss_card" not in text:
        return
    cards = load_cards(path)
    for card in cards:
        card.save(tmp_path / "card.json")
        save_cards([card], tmp_path / "card.yaml")
        assert load_cards(tmp_path / "card.json") == load_cards(tmp_path / "card.yaml") == [card]
    yaml = pytest.importorskip("yaml")
    theirs = [each for each in yaml.safe_load_all(text) if each]
    assert [card.name for card in cards] == [each["name"] for each in theirs]
    for card, each in zip(cards, theirs, strict=True):
        if card.formula is not None:
            assert str(card.formula) == each["formula"] and card.mode == each["mode"]
        assert card.loss_weight == each.get("loss_weight", 1.0) and list(card.warnings) == each.get("warnings", [])
        assert card.provenance.source == each["provenance"]["source"]


def random_card(seed: int) -> LossCard:
    source = random.Random(seed)
    words = [
        "plain",
        "two words",
        'café 😀: "quoted"',
        "1",
        "true",
        "null",
        "",
        " #x",
        "a\nb\tc\r\x00\x1b\x85",
        "-",
        "0.1.0",
        "y",
        "{",
        "\\",
    ]

    def word() -> str:
        return source.choice(words)

    def number() -> float:
        return source.choice(
            [1.0, 0.015625, 1e-9, 10 ** source.uniform(-8, 8), float(source.randrange(100)), 0.1, 1e20]
        )

    def maybe(value: Any) -> Any:
        return value if source.random() < 0.6 else None

    evidence = [
        Evidence(
            word(), word(), word(), (1, 2**64 - 1), word(), number(), number(), maybe(word()), maybe((number(), 2.0))
        )
        for _ in range(source.randrange(3))
    ]
    kind: Formula | Surrogate = Formula("Sub(1,Div(I,U))")
    if source.random() < 0.3:
        kind = Surrogate("mIoU", "bezier", tuple(source.random() for _ in range(4)), 5, source.random() < 0.5)
    return LossCard(
        word(), kind, number(), maybe(0.25), source.choice(["none", "sum", "mean"]), "positives", "none", "stride",
        (word(), word()), tuple(evidence), Provenance(maybe(word()), maybe(word()), maybe(7), maybe(word())),
    )  # fmt: skip


def test_random_cards_come_back() -> None:
    for seed in range(150):
        card = random_card(seed)
        assert cards_of(yaml_text([card, card]), is_json=False) == [card, card], f"seed {seed}\n{yaml_text([card])}"
        assert cards_of(json_text(card), is_json=True) == [card], f"seed {seed}"


def test_random_cards_are_yaml() -> None:
    yaml = pytest.importorskip("yaml")
    for seed in range(60):
        card = random_card(seed)
        (theirs,) = yaml.safe_load_all(yaml_text([card]))
        assert theirs["name"] == card.name and theirs["warnings"] == list(card.warnings), f"seed {seed}"
        assert theirs["loss_weight"] == card.loss_weight, f"seed {seed}"


def test_ways_to_write_a_card() -> None:
    text = (
        "# a comment\n---\nautoloss_card: 1 # version\n'name': 'it''s'\nmode: REG\nformula: Sub(1,Div(I,U))\n"
        'alpha: ~\nwarnings:\n- scaleDependent\n- "b # c"\nevidence:\n  - data: x\n    split: y\n    detector: "\\u00e9"\n'
        "    seeds: [1,\n      2]\n    metric: AP\n    mean: .5\n    std: 1e-3\nprovenance: {source: a:b, seed: 3}\n...\n"
    )
    (card,) = cards_of(text, is_json=False)
    assert card.name == "it's" and card.warnings == ("scaleDependent", "b # c") and card.alpha is None
    assert card.evidence == (Evidence("x", "y", "é", (1, 2), "AP", 0.5, 0.001),)
    assert card.provenance == Provenance(source="a:b", seed=3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "iuo: none\n", "line 5: unknown key 'iuo': did you mean 'iou'?"),
        (HEAD + "zzz: none\n", "unknown key 'zzz': known are autoloss_card, name, mode, formula,"),
        (HEAD + "metric: mIoU\n", "unknown key 'metric'"),
        (HEAD.replace("formula: U\n", ""), "the key 'formula' is missing"),
        (HEAD.replace(": 1", ": 2"), "autoloss_card is 2, this program reads 1: update it"),
        (HEAD.replace("REG", "CLS"), "mode 'CLS' is not known: use one of MULTI_CLS, BINARY_CLS, REG, SURROGATE"),
        (HEAD.replace(": U", ": Neg(Z)"), "line 4: formula: Z is no variable of REG"),
        (HEAD + "loss_weight: 0\n", "line 5: loss_weight: 0.0 is no weight: write a number above 0"),
        (HEAD + "loss_weight: '1'\n", "loss_weight: a number is needed here"),
        (HEAD + "alpha: 2\n", "alpha: 2.0 is no share: write a number in 0 ... 1, or null"),
        (HEAD + "reduction: avg\n", "reduction: 'avg' is not known: use one of none, sum, mean"),
        (HEAD + "average_by: all\n", "use one of elements, sampled, positives, positives_plus_images"),
        (SURROGATE.replace("mIoU", "IoU"), "line 4: metric: unknown metric 'IoU': it is one of mIoU,"),
        (SURROGATE.replace("bezier", "cubic"), "line 5: parameterization: unknown parameterization 'cubic'"),
        (SURROGATE.replace("0.4]", "0.4, 0.5]"), "line 6: theta: mIoU has 2 curves, so theta cannot have 5 numbers"),
        (SURROGATE.replace("0.4]", "1.4]"), "line 6: theta: theta, curve 2 of 2 of mIoU: control points lie in [0, 1]"),
        (SURROGATE.replace("tolerance: 5", "tolerance: 9000"), "line 7: tolerance: tolerance is a whole number of pixels"),
        (HEAD + "warnings: a\n", "warnings: a list is needed here"),
        (HEAD + "evidence:\n- data: x\n  spilt: y\n", "line 7: evidence[0]: unknown key 'spilt': did you mean 'split'?"),
        (HEAD + "evidence: [{data: x}]\n", "evidence[0]: the key 'split' is missing"),
        (HEAD + "provenance: {sed: 1}\n", "provenance: unknown key 'sed': did you mean 'seed'?"),
        (HEAD + "name: b\n", "line 5: the key 'name' stands twice"),
        (HEAD + "warnings: [a\n", "line 5: a bracket is not closed"),
        (HEAD + "warnings: [a}\n", "line 5: "),
        (HEAD + "alpha: &x 1\n", "anchors ('&') are not read here"),
        (HEAD + "alpha: !!float 1\n", "tags ('!') are not read here"),
        (HEAD + "alpha: |\n  1\n", "block texts ('|') are not read here"),
        (HEAD + '  name2: "x\n', "line 5: "),
        (HEAD + "alpha: \"\\q\"\n", "'\\q' is no character"),
        (HEAD + "\tiou: none\n", "line 5: indent with blanks"),
        (": a\n", "line 1: write 'key: value' here"),
        ("just a text\n", "keys and values are needed here"),
        ("[" * 50 + "]" * 50, "nested too deeply"),
    ],
)  # fmt: skip
def test_faults_name_the_place_and_the_mend(text: str, words: str) -> None:
    with pytest.raises(CardError) as caught:
        cards_of(text, is_json=False)
    assert words in str(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", '{"autoloss_card":', "a.json: line 1: no JSON"),
        ("a.json", '{"autoloss_card":1,"name":"a","mode":"REG","formula":"U","iuo":1}', "did you mean 'iou'?"),
        ("a.json", '{"name":"a","name":"b"}', "the key 'name' stands twice"),
        ("a.json", '{"autoloss_card":NaN}', "'NaN' is no number of JSON"),
        ("a.json", "[" * 100_000, "a.json: "),
        ("a.yaml", "", "a.yaml: the file is empty"),
        ("a.yaml", "\xff\xfe", "a.yaml: "),
    ],
    ids=range(7),
)
def test_faults_name_the_file(name: str, text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(CardError) as caught:
        load_cards(tmp_path / name)
    assert words in str(caught.value), str(caught.value)


def test_hostile_texts_are_errors_and_no_crashes() -> None:
    source = random.Random(3)
    text = BEST.read_text(encoding="utf-8")[:2500]
    for seed in range(300):
        letters = list(text)
        for _ in range(source.randint(1, 4)):
            place = source.randrange(len(letters))
            letters[place : place + source.randint(0, 3)] = source.choice("\"'[]{},:#-\n\t &*!|>\\é0")
        try:
            cards_of("".join(letters), is_json=False)
        except CardError as error:
            assert len(str(error)) < 2000, seed


def test_long_lists_and_lines_do_not_hang() -> None:
    start = time.monotonic()
    lines = "".join(f"  w{number}, # {number}\n" for number in range(20_000))
    (card,) = cards_of(f"{HEAD}warnings: [\n{lines}]\n", is_json=False)
    assert card.warnings[::19_999] == ("w0", "w19999")
    quoted = ", ".join(f'"w # {number}"' for number in range(20_000))
    (card,) = cards_of(f"{HEAD}warnings: [{quoted}] # a comment\n", is_json=False)
    assert card.warnings[-1] == "w # 19999"
    with pytest.raises(CardError, match="line 6: a quotation mark is not closed on its line"):
        cards_of(HEAD + "warnings: [\n" + "'\n" * 100_000, is_json=False)
    assert time.monotonic() - start < 60, "reading must not hang"


def test_comments_and_quotation_marks_in_them() -> None:
    text = HEAD.replace("name: a", "name: 'it''s # \\' # \"no\"") + "warnings: [\"a \\\" # b\", c#d, 'e'] # '\n"
    (card,) = cards_of(text, is_json=False)
    assert card.name == "it's # \\" and card.warnings == ('a " # b', "c#d", "e")


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_files_have_a_largest_size(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b" " * 2_000_001)
    with pytest.raises(CardError, match=f"{name}: more than 2000000 bytes are no loss card: split it into files"):
        load_cards(tmp_path / name)


def test_numbers_of_json_are_taken_as_they_are_written() -> None:
    card = json_text(LossCard("a", Formula("U"), loss_weight=2.0)).replace("2.0", "2E+0")
    assert cards_of(card, is_json=True)[0].loss_weight == 2.0
    for number in ("9" * 5000, "1e400", '"2"', "true", "null, 1"):
        with pytest.raises(CardError):
            cards_of(card.replace("2E+0", number), is_json=True)


def test_load_by_name() -> None:
    pair = autoloss.load("cse-autoloss-a")
    assert isinstance(pair.cls, MultiClsLoss) and isinstance(pair.reg, RegLoss) and pair.reg.loss_weight == 10
    assert autoloss.load("cse-autoloss-b").cls.alpha == 0.25
    assert isinstance(autoloss.load("cse-autoloss-a", mode="REG"), RegLoss)
    assert isinstance(autoloss.load("cse-autoloss-b", branch="cls"), BinaryClsLoss)
    assert isinstance(autoloss.load("cross-entropy", "MULTI_CLS"), MultiClsLoss)
    assert autoloss.load("focal", "BINARY_CLS").alpha == 0.25 and autoloss.load("quality-focal").alpha is None
    assert isinstance(autoloss.load("giou"), RegLoss) and isinstance(autoloss.load("smooth-l1"), DeltaLoss)
    for name in ("cse-autoloss-a-cls", "cse-autoloss-a-reg", "cse-autoloss-b-cls", "cse-autoloss-b-reg"):
        mode = load_cards(PUBLISHED / f"{name}.yaml")[0].mode
        from_file, built_in = autoloss.load(PUBLISHED / f"{name}.yaml"), autoloss.load(name[:14], mode=mode)
        assert from_file.card == built_in.card
    with pytest.raises(LossError, match=r"did you mean 'cse-autoloss-a'\?"):
        autoloss.load("cse-autolos-a")
    with pytest.raises(LossError, match="MULTI_CLS and BINARY_CLS: say which with mode="):
        autoloss.load("cross-entropy")
    with pytest.raises(LossError, match="'giou' is a loss of REG, not of BINARY_CLS"):
        autoloss.load("giou", "BINARY_CLS")
    with pytest.raises(TypeError, match=r"two losses: call \.cls or \.reg"):
        pair(torch.zeros(1), torch.zeros(1))


@pytest.mark.parametrize("loss", [None, 5, b"Neg(U)", ["giou"], {"name": "giou"}])
def test_what_is_no_loss_is_named(loss: Any) -> None:
    with pytest.raises(
        TypeError, match=f"a loss is a name, a formula, a card or .*, not of type {type(loss).__name__}"
    ):
        autoloss.load(loss)
    with pytest.raises(TypeError, match=f"a formula is a text, not of type {type(loss).__name__}"):
        RegLoss(loss)


def test_cards_are_checked_where_they_are_made() -> None:
    formula = Formula("Sub(1,Div(I,U))")
    with pytest.raises(CardError, match="box_units: 'pixel' is not known: use one of pixels, stride, normalized"):
        LossCard("a", formula, box_units="pixel")
    with pytest.raises(CardError, match="reduction: 'avg' is not known"):
        LossCard("a", formula, reduction="avg")
    for key, value, mend in (
        ("average_by", "positive", r"use one of elements, .*\(did you mean 'positives'\?\)"),
        ("average_by", "images", "use one of elements, sampled, positives, positives_plus_images$"),
        ("iou", "decoded", "use one of none, decoded_box$"),
        ("box_units", "Pixels", r"\(did you mean 'pixels'\?\)"),
    ):
        with pytest.raises(CardError, match=f"{key}: '{value}' is not known: .*{mend}"):
            LossCard("a", Formula("Sub(1,Div(I,U))"), **{key: value})
    for key in ("loss_weight", "alpha"):
        with pytest.raises(TypeError, match=f"{key} is of type str where a number is needed"):
            LossCard("a", Formula("Sub(1,Div(I,U))"), **{key: "2"})
    with pytest.raises(CardError, match=r"loss_weight: 0.0 is no weight: write a number above 0"):
        LossCard("a", formula, loss_weight=0)
    with pytest.raises(CardError, match=r"alpha: 2.0 is no share"):
        LossCard("a", formula, alpha=2)
    assert LossCard("a", formula, loss_weight=torch.tensor(2.0)).loss_weight == 2.0  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="kind is a Formula or a Surrogate, not of type str"):
        LossCard("a", "Sub(1,Div(I,U))")  # type: ignore[arg-type]
    with pytest.raises(CardError, match="is no path"):
        load_cards("a\0.yaml")


def test_cards_that_cannot_be_written_leave_the_file_alone(tmp_path: Path) -> None:
    formula = Formula("Sub(1,Div(I,U))")
    endless = Evidence("a", "b", "c", (1,), "AP", float("nan"), float("inf"))
    for name, card, words in (
        ("a.yaml", LossCard("\ud800", formula), "a.yaml: a text of the card holds half a character"),
        ("a.json", LossCard("a", formula, evidence=(endless,)), "a.json: JSON has no nan and no infinity: write YAML"),
    ):
        LossCard("kept", formula).save(tmp_path / name)
        with pytest.raises(CardError, match=words):
            card.save(tmp_path / name)
        assert load_cards(tmp_path / name)[0].name == "kept"
    for wrong in ({"name": 5}, {"warnings": "abc"}, {"warnings": (5,)}, {"evidence": ("x",)}):
        with pytest.raises(TypeError, match=r"are te|are tu"):
            LossCard(**({"name": "a", "kind": formula} | wrong))  # type: ignore[arg-type]
    (tmp_path / "b.json").write_bytes(b"\xef\xbb\xbf" + (tmp_path / "a.json").read_bytes())
    assert load_cards(tmp_path / "b.json")[0].name == "kept"


def test_load_by_path_and_by_formula() -> None:
    assert autoloss.load(f"{BEST}#found-2-reg").card.name == "found-2-reg"
    assert autoloss.load(BEST, branch="reg").card.name == "found-1-reg"
    assert isinstance(autoloss.load(str(BEST), mode="MULTI_CLS"), MultiClsLoss)
    loss = autoloss.load("Neg(Log(Div(I,U)))", mode="REG")
    assert isinstance(loss, RegLoss) and loss.loss_weight == 1 and str(loss.formula) == "Neg(Log(Div(I,U)))"
    assert autoloss.load("Mul(PY,X)").alpha == 0.25 and isinstance(autoloss.load(Formula("Div(I,U)")), RegLoss)
    with pytest.raises(CardError, match="several cards: name one behind '#', or give a mode"):
        autoloss.load(BEST)
    with pytest.raises(CardError, match=r"no card named 'found-1-rg' in it: did you mean 'found-1-reg'\?"):
        autoloss.load(f"{BEST}#found-1-rg")
    with pytest.raises(CardError, match="no BINARY_CLS card in it"):
        autoloss.load(BEST, "BINARY_CLS")
    with pytest.raises(FormulaError, match="not closed"):
        autoloss.load("Neg(Log(Div(I,U))", mode="REG")
    with pytest.raises(FileNotFoundError):
        autoloss.load("nowhere.yaml")
    for wrong in (None, b"giou", 5):
        with pytest.raises(TypeError, match="a loss is a name, a formula, a card or the path of one, not of type"):
            autoloss.load(wrong)  # type: ignore[arg-type]


def test_losses_say_what_their_cards_say_of_ious_and_units() -> None:
    pair = autoloss.load("cse-autoloss-a")
    assert (pair.cls.iou, pair.reg.iou, pair.reg.box_units) == ("decoded_box", "none", "pixels")
    with_z = Formula("Neg(Dot(Mul(Y,Z),Log(Softmax(X))))")
    assert MultiClsLoss(with_z).iou == "decoded_box" and MultiClsLoss("Neg(Dot(Y,Log(Softmax(X))))").iou == "none"
    assert autoloss.load(LossCard("unfed", with_z, iou="none")).iou == "none"
    assert autoloss.load("l1").card is None
    formula = autoloss.load("cse-autoloss-a", "REG").formula
    loss = autoloss.load(LossCard("small", formula, box_units="normalized"))
    boxes = torch.tensor([[0.1, 0.1, 0.4, 0.5]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss(boxes, boxes)
    with pytest.warns(AutolossWarning, match="the card says that boxes are normalised"):
        autoloss.load(loss.card)(600 * boxes, 600 * boxes)


@pytest.mark.parametrize(
    ("name", "mode", "codes"),
    [
        ("cse-autoloss-a", "MULTI_CLS", []),
        ("cse-autoloss-a", "REG", ["scaleDependent"]),
        ("cse-autoloss-b", "BINARY_CLS", ["deadCode", "fp32DeadGradient"]),
        ("cse-autoloss-b", "REG", ["scaleDependent", "deadCode"]),
        *[("cross-entropy", "BINARY_CLS", []), ("focal", "MULTI_CLS", []), ("focal", "BINARY_CLS", [])],
        *[("quality-focal", "BINARY_CLS", []), ("giou", "REG", []), ("iou", "REG", []), ("linear-iou", "REG", [])],
    ],
)
def test_traps_are_told_at_loading(name: str, mode: str, codes: list[str]) -> None:
    """The codes that the Swift program gives too."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loss = autoloss.load(name, mode)
    assert [each.message.code for each in caught if isinstance(each.message, AutolossWarning)] == codes
    assert [trap.code for trap in find(loss.formula)] == codes


@pytest.mark.parametrize(
    ("text", "mode", "codes"),
    [
        ("Neg(Log(Sub(X,1)))", "BINARY_CLS", {"logOfNegative"}),
        ("Mul(PY,Sqrt(X))", "BINARY_CLS", {"rootOfNegative"}),
        ("Sqrt(Relu(X))", "BINARY_CLS", {"rootSlopeInfinite"}),
        ("Mul(X,Sqrt(NY))", "BINARY_CLS", set()),
        ("Neg(Dot(Y,Log(Sqrt(Softmax(X)))))", "MULTI_CLS", set()),
        ("Neg(Log(Sub(I,U)))", "REG", {"logOfNegative"}),
        ("Neg(Sqrt(I))", "REG", {"rootSlopeInfinite"}),
        ("Sqrt(Sub(1,Div(I,U)))", "REG", set()),
        ("Sqrt(Sub(I,U))", "REG", {"rootOfNegative"}),
    ],
)
def test_logarithms_and_roots_of_what_has_none_are_told(text: str, mode: str, codes: set[str]) -> None:
    """The Swift program gives these codes too."""
    looked_for = {"logOfNegative", "rootOfNegative", "rootSlopeInfinite"}
    assert {trap.code for trap in find(Formula(text, mode))} & looked_for == codes
    command = [swift_program(), "eval-expr", text, "--mode", mode, "--json"]
    theirs = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=60).stdout)["warnings"]
    assert set(theirs) & looked_for >= codes


def test_warnings_of_built_in_cards_are_codes_of_the_swift_program() -> None:
    source = (REPOSITORY / "Sources" / "Screening" / "Explanation" / "LossWarning.swift").read_text()
    codes = {code for line in re.findall(r"^  case ([a-z0-9A-Z, ]+)$", source, re.M) for code in line.split(", ")}
    assert {"deadCode", "fp32DeadGradient"} < codes
    for name in NAMES:
        for mode in modes_of(name):
            assert set(card_of(name, mode).warnings) <= codes, name
    for path in (REPOSITORY / "results" / "published").glob("*.yaml"):
        for card in load_cards(path):
            assert set(card.warnings) <= codes, path


@pytest.mark.parametrize("mode", list(Mode))
def test_traps_of_large_formulas_take_few_passes(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    """2,000 nodes, none of which can be left out."""
    texts = [f"Relu(Add({mode.differentiable_variables[0]},{number}.5))" for number in range(512)]
    while len(texts) > 1:
        texts = [f"Add({one},{other})" for one, other in zip(texts[::2], texts[1::2], strict=False)]
    formula = Formula(f"Div({texts[0]},{mode.differentiable_variables[0]})", mode)
    assert len(formula.nodes) > 2000
    passes: list[int] = []
    stock = torch.autograd.grad

    def counted(*given: Any, **more: Any) -> Any:
        passes.append(1)
        return stock(*given, **more)

    monkeypatch.setattr(torch.autograd, "grad", counted)
    find(formula)
    assert 2 <= len(passes) <= 16


def test_parts_of_large_formulas_that_do_not_count_are_found() -> None:
    text = "Add(Mul(0,Exp(U)),Div(Mul(3,I),Mul(3,U)))"
    for number in range(200):
        text = f"Add({text},Sin(Div(I,{number + 1})))"
    assert "deadCode" in [trap.code for trap in find(Formula(text))]


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_loading_does_not_depend_on_the_default_device(device: str) -> None:
    names = [("cse-autoloss-b", mode) for mode in ("BINARY_CLS", "REG")] + [("cross-entropy", "MULTI_CLS")]
    for name, mode in names:
        formula = card_of(name, Mode(mode)).formula
        assert formula is not None
        expected = find.__wrapped__(formula)  # type: ignore[attr-defined]
        torch.set_default_device(device)
        try:
            assert find.__wrapped__(formula) == expected  # type: ignore[attr-defined]
            autoloss.load(name, mode)
        finally:
            torch.set_default_device(None)
