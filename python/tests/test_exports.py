"""torch.compile, torch.export and ONNX: every loss of results/, formula or surrogate, and 201 random formulas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import random_formulas
import torch
from losses import known_of, known_surrogates
from torch import Tensor, nn

from autoloss import BinaryClsLoss, Formula, Mode, MultiClsLoss, RegLoss, SurrogateLoss

pytestmark = [
    pytest.mark.compile,
    pytest.mark.filterwarnings("ignore"),
]

BATCH = 23
"""Formulas that are captured together: one graph of many is much faster than many graphs."""

SEEDS = {Mode.MULTI_CLS: range(69), Mode.BINARY_CLS: range(66), Mode.REG: range(66)}


def batches() -> list[tuple[Mode, list[Formula]]]:
    """201 random formulas in batches of one mode."""
    found = []
    for mode, seeds in SEEDS.items():
        formulas = [random_formulas.formula(seed, mode) for seed in seeds]
        found += [(mode, formulas[start : start + BATCH]) for start in range(0, len(formulas), BATCH)]
    return found


class Many(nn.Module):
    """Several formulas of one mode; every variable is a stack of one tensor for each, so that no gradients mix."""

    def __init__(self, mode: Mode, formulas: list[Formula]) -> None:
        super().__init__()
        self.mode = mode
        self.formulas = formulas

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        return tuple(
            formula(**{name: stack[place] for name, stack in zip(self.mode.variables, given, strict=True)})
            for place, formula in enumerate(self.formulas)
        )


class Losses(nn.Module):
    """Several loss modules of one mode on the same batch."""

    def __init__(self, mode: Mode, formulas: list[Formula]) -> None:
        super().__init__()
        classes: dict[Mode, Any] = {Mode.MULTI_CLS: MultiClsLoss, Mode.BINARY_CLS: BinaryClsLoss, Mode.REG: RegLoss}
        self.losses = nn.ModuleList(classes[mode](formula, loss_weight=2.0) for formula in formulas)
        self.takes_iou = mode is not Mode.REG

    def forward(self, pred: Tensor, target: Tensor, weight: Tensor, iou: Tensor) -> tuple[Tensor, ...]:
        more = {"iou": iou} if self.takes_iou else {}
        return tuple(loss(pred, target, weight, weight.sum(), **more) for loss in self.losses)


def batch_of(mode: Mode, rows: int = 8) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Predictions, targets, weights (one of them 0) and IoUs."""
    generator = torch.Generator().manual_seed(5)
    weight = torch.rand(rows, generator=generator)
    weight[1] = 0
    iou = 0.1 + 0.9 * torch.rand(rows, generator=generator)
    if mode is Mode.REG:
        target = 80 * torch.rand(rows, 4, generator=generator)
        target[:, 2:] += target[:, :2] + 10
        return target + 5 * torch.randn(rows, 4, generator=generator), target, weight, iou
    label = torch.randint(0, 5, (rows,), generator=generator)
    return 2 * torch.randn(rows, 5, generator=generator), label, weight, iou


def gradients(outputs: tuple[Tensor, ...], leaves: list[Tensor]) -> list[Tensor]:
    """The gradient of the sum of everything that is finite."""
    total = sum((value.nan_to_num(0, 0, 0).sum() for value in outputs if value.requires_grad), torch.zeros(()))
    return list(torch.autograd.grad(total, leaves, allow_unused=True, materialize_grads=True))


def check_losses(found: tuple[Tensor, ...], expected: tuple[Tensor, ...], names: list[str]) -> None:
    for name, value, wanted in zip(names, found, expected, strict=True):
        assert torch.allclose(value, wanted, rtol=2e-5, atol=1e-6), f"{name}: {value} instead of {wanted}"


@pytest.mark.parametrize("mode", list(Mode))
def test_known_losses_compile_with_gradients(mode: Mode) -> None:
    known = known_of(mode)
    module = Losses(mode, list(known.values()))
    batch = batch_of(mode)
    pred = batch[0].clone().requires_grad_()
    torch._dynamo.reset()
    found = torch.compile(module, fullgraph=True)(pred, *batch[1:])
    expected = module(pred, *batch[1:])
    check_losses(found, expected, list(known))
    for ours, wanted in zip(gradients(found, [pred]), gradients(expected, [pred]), strict=True):
        assert torch.allclose(ours, wanted, rtol=1e-4, atol=1e-5 * float(wanted.abs().max()))


@pytest.mark.parametrize("mode", list(Mode))
def test_known_losses_export_to_onnx(mode: Mode, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    known = known_of(mode)
    module = Losses(mode, list(known.values())).eval()
    rows = torch.export.Dim("rows", min=2, max=4096)
    shapes = ({0: rows}, {0: rows}, {0: rows}, {0: rows})
    program = torch.export.export(module, batch_of(mode), dynamic_shapes=shapes)
    path = str(tmp_path / "losses.onnx")
    torch.onnx.export(program, f=path, dynamo=True, verbose=False)
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for count in (8, 3):
        batch = batch_of(mode, count)
        expected = module(*batch)
        check_losses(program.module()(*batch), expected, list(known))
        names = [each.name for each in session.get_inputs()]
        given = {"pred": batch[0], "target": batch[1], "weight": batch[2], "iou": batch[3]}
        outputs = session.run(None, {name: given[name].numpy() for name in names})
        check_losses(tuple(map(torch.from_numpy, outputs)), expected, list(known))


@pytest.mark.parametrize(("mode", "formulas"), batches(), ids=lambda each: str(each)[:10])
def test_random_formulas_compile_export_and_run_in_onnxruntime(
    mode: Mode, formulas: list[Formula], tmp_path: Path
) -> None:
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    given = random_formulas.inputs(3, mode)
    module = Many(mode, formulas).eval()
    stacks = {name: torch.stack([given[name]] * len(formulas)) for name in mode.variables}
    limits = [random_formulas.bounds(formula, given) for formula in formulas]
    for of in (lambda limit: [limit[0]], lambda limit: [*limit[1].values()]):
        assert random_formulas.share_without_bound([each for limit in limits for each in of(limit)]) < 0.2
    expected = [random_formulas.value_and_gradients(formula, given, mode) for formula in formulas]

    # The compiler with its backward graph; the code that its last stage writes is tried on the known losses.
    torch._dynamo.reset()
    leaves = {name: stacks[name].clone().requires_grad_() for name in mode.differentiable_variables}
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")(*(stacks | leaves).values())
    total = sum((value.sum() for value in compiled), torch.zeros(()))
    slopes = torch.autograd.grad(total, list(leaves.values()), allow_unused=True, materialize_grads=True)
    program = torch.export.export(module, tuple(stacks.values()))
    exported = program.module()(*stacks.values())
    path = str(tmp_path / "formulas.onnx")
    torch.onnx.export(program, f=path, dynamo=True, verbose=False, input_names=list(stacks))
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {each.name: stacks[each.name].numpy() for each in session.get_inputs()})

    for place, formula in enumerate(formulas):
        value, gradients_of = expected[place]
        results = {"compiled": compiled[place], "exported": exported[place], "ONNX": torch.from_numpy(outputs[place])}
        for way, found in results.items():
            fault = random_formulas.disagreement(found, value, limits[place][0])
            assert not fault, f"{way} {formula}: {fault}"
        for name, slope in zip(leaves, slopes, strict=True):
            fault = random_formulas.disagreement(slope[place], gradients_of[name], limits[place][1][name])
            assert not fault, f"compiled {formula} gradient {name}: {fault}"


class Surrogates(nn.Module):
    """The surrogate of every card, and one with straight pieces."""

    def __init__(self) -> None:
        super().__init__()
        straight = SurrogateLoss("mIoU", [0.2, 0.3, 0.6, 0.8] * 2, parameterization="piecewise_linear")
        self.names = [*known_surrogates(), "straight"]
        self.losses = nn.ModuleList([*known_surrogates().values(), straight])

    def forward(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        return tuple(loss(logits, labels) for loss in self.losses)


def maps(seed: int, images: int, height: int, width: int, present: int = 4) -> tuple[Tensor, Tensor]:
    """Logits of 4 classes and labels of the first few of them, some ignored."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, max(present, 1), (images, height, width), generator=generator)
    labels[:, 0 if present else slice(None)] = 255
    return 3 * torch.randn(images, 4, height, width, generator=generator), labels


def test_surrogates_of_all_cards_compile_with_gradients() -> None:
    module = Surrogates()
    assert len(module.names) >= 7
    logits, labels = maps(0, 2, 9, 11)
    leaf = logits.requires_grad_()
    torch._dynamo.reset()
    found, expected = torch.compile(module, fullgraph=True)(leaf, labels), module(leaf, labels)
    check_losses(found, expected, module.names)
    for name, ours, wanted in zip(module.names, found, expected, strict=True):
        (slope,) = torch.autograd.grad(ours, leaf, retain_graph=True)
        (goal,) = torch.autograd.grad(wanted, leaf)
        assert torch.allclose(slope, goal, rtol=1e-4, atol=1e-6 * float(goal.abs().max())), name


def test_surrogates_of_all_cards_export_to_onnx(tmp_path: Path) -> None:
    """Also where a class or every label is missing: the guards of the quotients must stay."""
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    module = Surrogates().eval()
    images, height, width = (torch.export.Dim(name, min=1, max=4096) for name in ("images", "height", "width"))
    shapes = ({0: images, 2: height, 3: width}, {0: images, 1: height, 2: width})
    program = torch.export.export(module, maps(0, 2, 9, 11), dynamic_shapes=shapes)
    path = str(tmp_path / "surrogates.onnx")
    torch.onnx.export(program, f=path, dynamo=True, verbose=False)
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    for given in (maps(0, 2, 9, 11), maps(1, 3, 8, 6), maps(2, 2, 7, 7, present=2), maps(3, 1, 6, 6, present=0)):
        expected = module(*given)
        outputs = session.run(None, {name: each.numpy() for name, each in zip(names, given, strict=True)})
        for way in (program.module()(*given), tuple(map(torch.from_numpy, outputs))):
            for name, value, wanted in zip(module.names, way, expected, strict=True):
                same = torch.allclose(value, wanted, rtol=2e-5, atol=1e-6, equal_nan=True)
                assert same, f"{name}: {value} instead of {wanted}"


def test_guards_survive_the_optimizer_of_onnx(tmp_path: Path) -> None:
    """A scalar of 1e-20 would be taken for 0 and dropped."""
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    formulas = [Formula("Div(I,U)"), Formula("Log(I)"), Formula("Exp(I)"), Formula("Log(Div(I,E))")]
    given = {
        "U": torch.tensor([0.0, 0.0, 2.0]),
        "I": torch.tensor([1.0, 0.0, 100.0]),
        "E": torch.tensor([0.0, 5.0, 1.0]),
    }
    stacks = {name: torch.stack([value] * len(formulas)) for name, value in given.items()}
    path = str(tmp_path / "guards.onnx")
    module = Many(Mode.REG, formulas).eval()
    torch.onnx.export(module, tuple(stacks.values()), f=path, dynamo=True, verbose=False, input_names=list(stacks))
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {each.name: stacks[each.name].numpy() for each in session.get_inputs()})
    for output, formula in zip(outputs, formulas, strict=True):
        assert torch.allclose(torch.from_numpy(output), formula(**given), rtol=1e-5), str(formula)
