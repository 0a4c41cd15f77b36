"""What the loss modules promise beyond the golden rows: precision, empty batches, weights, functional transforms."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import random_formulas
import torch
from losses import known_formulas
from torch import Tensor

from autoloss import AutolossWarning, BinaryClsLoss, Formula, LossError, Mode, MultiClsLoss, RegLoss, areas, overlap

pytestmark = pytest.mark.filterwarnings("ignore::autoloss.AutolossWarning")

CLASSES: dict[Mode, Any] = {Mode.MULTI_CLS: MultiClsLoss, Mode.BINARY_CLS: BinaryClsLoss, Mode.REG: RegLoss}
REGRESSION = "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))"


def boxes(rows: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    target = 300 * torch.rand(rows, 4, generator=generator)
    target[:, 2:] += target[:, :2] + 20
    return target + 5 * torch.randn(rows, 4, generator=generator), target


def batch(mode: Mode, rows: int = 6) -> tuple[Tensor, Tensor]:
    if mode is Mode.REG:
        return boxes(rows)
    generator = torch.Generator().manual_seed(1)
    return 2 * torch.randn(rows, 4, generator=generator), torch.randint(0, 4, (rows,), generator=generator)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", list(known_formulas()))
def test_autocast_and_half_precision_compute_in_float32(name: str, dtype: torch.dtype) -> None:
    formula = known_formulas()[name]
    loss = CLASSES[formula.mode](formula)
    pred, target = batch(formula.mode)
    narrow = pred.to(dtype)
    expected = loss(narrow.float(), target)
    with torch.autocast("cpu", dtype=dtype):
        assert torch.equal(loss(narrow, target), expected)
        leaf = narrow.clone().requires_grad_()
        found = loss(leaf, target)
    assert found.dtype == torch.float32
    found.backward()
    assert leaf.grad is not None and leaf.grad.dtype == dtype and leaf.grad.isfinite().all()
    half = loss(narrow, target.to(dtype) if formula.mode is Mode.REG else target)
    assert half.dtype == torch.float32 and half.isfinite()
    double = loss(pred.double(), target.double() if formula.mode is Mode.REG else target)
    assert double.dtype == torch.float64


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("avg_factor", [None, 1.0, torch.tensor(4.0)])
def test_empty_batches_are_zero_and_keep_the_graph(mode: Mode, avg_factor: Any) -> None:
    text = {Mode.MULTI_CLS: "Neg(Dot(Y,Log(Softmax(X))))", Mode.BINARY_CLS: "Sub(Softplus(X),Mul(PY,X))"}
    loss = CLASSES[mode](Formula(text.get(mode, REGRESSION), mode))
    pred, target = batch(mode)
    pred = pred[:0].requires_grad_()
    for weight in (None, torch.zeros(0)):
        value = loss(pred, target[:0], weight, avg_factor)
        assert value.item() == 0
        value.backward()
        assert loss(pred, target[:0], weight, reduction_override="none").shape[0] == 0


@pytest.mark.parametrize("shape", [(6,), (6, 4)])
def test_weights_of_zero_give_zero_whatever_the_boxes_are(shape: tuple[int, ...]) -> None:
    loss = RegLoss("Div(Sqrt(Sub(U,I)),Sub(U,U))", loss_weight=3.0)
    pred, target = boxes(6)
    pred[0] = float("inf")
    pred[1] = target[1]
    pred.requires_grad_()
    weight = torch.zeros(shape)
    finite = torch.where(torch.isfinite(pred), pred, 1.0)
    value = loss(finite, target, weight, 8.0)
    assert value.item() == 0
    value.backward()
    assert pred.grad is not None and not pred.grad.any()


@pytest.mark.parametrize("mode", list(Mode))
def test_samples_of_weight_zero_count_nothing(mode: Mode) -> None:
    """Also where their loss has no finite value or slope."""
    texts = {
        Mode.MULTI_CLS: "Div(Sqrt(Dot(Y,X)),Dot(Y,Y))",
        Mode.BINARY_CLS: "Sqrt(X)",
        Mode.REG: "Sqrt(Sub(U,Add(I,1e-07)))",
    }
    loss = CLASSES[mode](Formula(texts[mode], mode))
    pred, target = batch(mode)
    pred, rows = pred.abs(), torch.arange(6)
    if mode is Mode.REG:
        pred[0] = target[0]
    else:
        pred[0], pred[1] = 0, -1
    weight = (rows > 1).float()
    leaf = pred.clone().requires_grad_()
    value = loss(leaf, target, weight, 4.0)
    kept = pred[2:].clone().requires_grad_()
    expected = loss(kept, target[2:], weight[2:], 4.0)
    assert torch.allclose(value, expected)
    value.backward()
    expected.backward()
    assert leaf.grad is not None and kept.grad is not None
    assert not leaf.grad[:2].any() and torch.allclose(leaf.grad[2:], kept.grad)


def test_mmdetections_reductions() -> None:
    loss, (pred, target) = RegLoss(REGRESSION, loss_weight=10.0), boxes(6)
    entries = loss(pred, target, reduction_override="none")
    weight = torch.tensor([1.0, 2, 0, 1, 0.5, 0])
    assert entries.shape == (6,)
    assert torch.allclose(loss(pred, target), entries.mean())
    assert torch.allclose(loss(pred, target, reduction_override="sum"), entries.sum())
    assert torch.allclose(loss(pred, target, weight), (entries * weight).mean())
    assert torch.allclose(loss(pred, target, weight, 3.0), (entries * weight).sum() / 3)
    assert torch.allclose(loss(pred, target, weight[:, None].expand(6, 4), 3.0), (entries * weight).sum() / 3)
    assert torch.equal(loss(pred, target, weight, avg_factor=3.0, reduction_override="none"), entries * weight)
    with pytest.raises(ValueError, match="averaging factor has no meaning for a sum"):
        loss(pred, target, avg_factor=3.0, reduction_override="sum")
    with pytest.raises(ValueError, match="reduction 'average' is not known"):
        RegLoss(REGRESSION, reduction="average")


def test_ious_are_taken_by_row_and_by_positive() -> None:
    loss = MultiClsLoss("Dot(Mul(Y,Z),X)", reduction="none")
    logits, label = torch.ones(4, 3), torch.tensor([0, 2, 1, 2])
    assert loss(logits, label, iou=torch.tensor([0.5, 0.25])).tolist() == [0.5, 1, 0.25, 1]
    assert loss(logits, label, iou=torch.tensor([0.5, 9, 0.25, 9])).tolist() == [0.5, 1, 0.25, 1]
    assert loss(logits, torch.full((4,), 2), iou=torch.zeros(0)).tolist() == [1, 1, 1, 1]
    binary = BinaryClsLoss("Mul(Q,X)", reduction="none", alpha=None)
    by_pair = binary(logits, (torch.tensor([0, 3, 1, -1]), torch.tensor([0.5, 9, 0.25, 9])))
    assert by_pair.tolist() == [[0.5, 0, 0], [0, 0, 0], [0, 0.25, 0], [0, 0, 0]]
    with pytest.raises(ValueError, match=r"iou holds 3 numbers where 4 .* or 2"):
        loss(logits, label, iou=torch.zeros(3))
    with pytest.raises(LossError, match=r"label 3 of row 1 is outside 0 ... 2"):
        loss(logits, torch.tensor([0, 3, 1, 2]))


@pytest.mark.parametrize("name", list(known_formulas()))
def test_per_sample_gradients(name: str) -> None:
    formula = known_formulas()[name]
    loss = CLASSES[formula.mode](formula)
    pred, target = batch(formula.mode)

    def one(row: Tensor, goal: Tensor) -> Tensor:
        return loss(row[None], goal[None], reduction_override="sum")

    found = torch.func.vmap(torch.func.grad(one))(pred, target)
    leaf = pred.clone().requires_grad_()
    loss(leaf, target, reduction_override="none").sum().backward()
    assert leaf.grad is not None
    assert torch.allclose(found, leaf.grad, rtol=1e-5, atol=1e-7 * float(leaf.grad.abs().max()) + 1e-9)


@pytest.mark.parametrize("mode", list(Mode))
def test_second_derivatives_and_forward_mode(mode: Mode) -> None:
    for seed in range(6):
        formula = random_formulas.formula(seed, mode)
        given = {name: value[:2].double() for name, value in random_formulas.inputs(seed, mode).items()}
        name = mode.differentiable_variables[0]

        def total(value: Tensor) -> Tensor:
            return formula(**{**given, name: value}).sum()  # noqa: B023

        forward = torch.func.jacfwd(total)(given[name])
        backward = torch.func.grad(total)(given[name])
        same = torch.isclose(forward, backward, rtol=1e-8, atol=1e-10) | ~backward.isfinite() | ~forward.isfinite()
        assert same.all(), f"seed {seed} {formula}"
        assert torch.func.hessian(total)(given[name]).shape == given[name].shape * 2


CRITICAL = [
    ("Neg(Log(Div(I,U)))", "REG"), ("Tanh(Div(Sub(I,U),I))", "REG"), ("Add(1,Neg(Div(I,U)))", "REG"),
    ("Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,2))),E)))))", "REG"), (REGRESSION, "REG"),
    ("Relu(Div(Sub(I,U),I))", "REG"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "mode"), CRITICAL)
def test_gradients_are_finite_where_boxes_touch_part_or_coincide(text: str, mode: str) -> None:
    target = torch.tensor([[10.0, 10, 30, 30]]).repeat(6, 1)
    pred = torch.tensor(
        [
            [10.0, 10, 30, 30],
            [30, 10, 50, 30],
            [100, 100, 120, 120],
            [15, 15, 15, 15],
            [12, 12, 20, 20],
            [0, 0, 600, 900],
        ]
    ).requires_grad_()
    value = RegLoss(text)(pred, target, reduction_override="none")
    assert value.isfinite().all()
    value.sum().backward()
    assert pred.grad is not None and pred.grad.isfinite().all(), pred.grad


@pytest.mark.parametrize("name", [name for name, each in known_formulas().items() if each.mode is not Mode.REG])
def test_gradients_are_finite_at_extreme_logits(name: str) -> None:
    formula = known_formulas()[name]
    x = torch.tensor([[0.0, 0, 0, 0], [100, -100, 0, 0], [-1e4, 1e4, 0, 3], [88, -88, 17, -17]]).requires_grad_()
    value = CLASSES[formula.mode](formula)(x, torch.tensor([0, 1, 2, 3]), reduction_override="none")
    assert value.isfinite().all()
    value.sum().backward()
    assert x.grad is not None and x.grad.isfinite().all(), x.grad


def test_divisions_by_zero_that_nothing_uses_send_back_no_nan() -> None:
    u, i = torch.tensor([4.0, 4.0]).requires_grad_(), torch.tensor([0.0, 2.0]).requires_grad_()
    Formula("Tanh(Div(Sub(I,U),I))")(U=u, I=i).sum().backward()
    assert u.grad is not None and i.grad is not None and u.grad.isfinite().all() and i.grad.isfinite().all()


def test_traps_are_told_when_boxes_or_ious_come() -> None:
    a = RegLoss("Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,2))),E)))))")
    pred, target = boxes(4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        a(pred, target)
    fresh = RegLoss(a.formula)
    with pytest.warns(AutolossWarning, match="look normalised") as caught:
        fresh(pred / 500, target / 500)
    assert caught[0].message.code == "scaleDependent"  # type: ignore[union-attr]
    with pytest.warns(AutolossWarning, match="decode them in float32"):
        RegLoss(REGRESSION)(pred.half(), target.half())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RegLoss(REGRESSION)(pred / 500, target / 500)
        MultiClsLoss("Neg(Dot(Y,Log(Softmax(X))))")(torch.zeros(2, 3), torch.tensor([0, 1]))
    with pytest.warns(AutolossWarning, match="Z is 1 everywhere: pass iou=") as caught:
        MultiClsLoss("Neg(Dot(Mul(Y,Z),X))")(torch.zeros(2, 3), torch.tensor([0, 1]))
    assert caught[0].message.code == "noIoU"  # type: ignore[union-attr]


def test_areas_and_overlap() -> None:
    pred = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 0, 0]])
    target = torch.tensor([[5.0, 0, 15, 10], [20, 20, 30, 30], [0, 0, 0, 0]])
    found = areas(pred, target)
    assert found["I"].tolist() == [50, 0, 0] and found["U"].tolist()[:2] == [150, 200] and found["E"][0] == 150
    assert torch.allclose(overlap(pred, target), torch.tensor([1 / 3, 1e-7, 1e-7]))


def test_missing_and_foreign_inputs_are_named() -> None:
    formula = Formula("Div(I,U)")
    with pytest.raises(LossError, match="the formula uses I, but inputs has no I: add it"):
        formula(U=torch.ones(2))
    with pytest.raises(TypeError, match="X is no variable of REG: use U, I, E"):
        formula(U=torch.ones(2), I=torch.ones(2), X=torch.ones(2))
    with pytest.raises(LossError, match=r"inputs.U has the shape \[2, 1\] where N areas are needed"):
        formula(U=torch.ones(2, 1), I=torch.ones(2))
    with pytest.raises(ValueError, match=r"a formula of REG is needed, .* is one of MULTI_CLS"):
        RegLoss(Formula("Dot(X,Y)"))
