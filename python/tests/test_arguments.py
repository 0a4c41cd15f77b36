"""What the loss modules are called with: wrong shapes, misspelled keywords, numbers that are none, other devices."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

from autoloss import BinaryClsLoss, DeltaLoss, Formula, LossError, MultiClsLoss, RegLoss, SurrogateLoss, load, overlap
from autoloss.traps import find, is_scale_dependent

pytestmark = pytest.mark.filterwarnings("ignore::autoloss.AutolossWarning")

CLASSIFICATION = MultiClsLoss("Neg(Dot(Y,Log(Softmax(X))))")
LOSSES: dict[str, Any] = {
    "MultiClsLoss": CLASSIFICATION,
    "BinaryClsLoss": BinaryClsLoss("Sub(Softplus(X),Mul(PY,X))"),
    "RegLoss": RegLoss("Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))"),
    "DeltaLoss": DeltaLoss(1.0),
}


def cpu_batch(kind: str) -> tuple[Tensor, Tensor]:
    """Six rows of predictions and targets, whatever the default device is."""
    with torch.device("cpu"):
        return batch(kind)


def batch(kind: str) -> tuple[Tensor, Tensor]:
    """Six rows of predictions and targets."""
    generator = torch.Generator().manual_seed(1)
    if kind in ("MultiClsLoss", "BinaryClsLoss"):
        return 2 * torch.randn(6, 4, generator=generator), torch.tensor([0, 1, 2, 3, 3, 3])
    target = 300 * torch.rand(6, 4, generator=generator)
    target[:, 2:] += target[:, :2] + 20
    return target + 5 * torch.randn(6, 4, generator=generator), target


def faults(kind: str) -> list[tuple[str, tuple[Any, ...]]]:
    """Words of the error, and the arguments that it is for."""
    pred, target = batch(kind)
    found: list[tuple[str, tuple[Any, ...]]] = [
        (rf"weight has the shape \[{shown}\] where \[6\]", (pred, target, torch.ones(shape)))
        for shape, shown in (((1,), "1"), ((), ""), ((5, 4), "5, 4"), ((6, 3), "6, 3"), ((1, 6), "1, 6"))
    ]
    found += [
        (r"avg_factor has the shape \[6\] where one number is needed", (pred, target, None, torch.ones(6))),
        (r"target has the shape \[1.* where \[6", (pred, target[:1])),
        (r"pred has the shape \[2, 6, 4\] where N×", (torch.stack([pred, pred]), torch.stack([target, target]))),
    ]
    if kind == "RegLoss":
        found.append((r"pred has the shape \[6, 2\] where N×4 \(x1, y1, x2, y2\)", (pred[:, :2], target[:, :2])))
        found.append((r"pred has the shape \[24\] where N×4", (pred.reshape(-1), target.reshape(-1))))
    if kind in ("MultiClsLoss", "BinaryClsLoss"):
        found.append((r"target has the shape \[6, 3\]", (pred, torch.zeros(6, 3))))
        found.append((r"label \d of row \d is .*: pred has 2 classes", (pred[:, :2], target)))
        found.append((r"target is of torch.float32 where whole numbers", (pred, target.float())))
    return found


@pytest.mark.parametrize("kind", LOSSES)
def test_wrong_shapes_are_named(kind: str) -> None:
    for words, arguments in faults(kind):
        with pytest.raises(LossError, match=words):
            LOSSES[kind](*arguments)


@pytest.mark.parametrize("kind", LOSSES)
def test_wrong_shapes_are_no_values_in_a_compiled_loss_either(kind: str) -> None:
    for words, arguments in faults(kind):
        if "label" in words:
            continue  # Numbers are not looked at there.
        torch._dynamo.reset()
        with pytest.raises(Exception, match=r"shape|whole numbers"):
            torch.compile(LOSSES[kind], backend="eager", fullgraph=True)(*arguments)


@pytest.mark.parametrize("kind", LOSSES)
def test_weights_by_row_as_a_column_are_the_same(kind: str) -> None:
    loss, (pred, target), weight = LOSSES[kind], batch(kind), torch.tensor([1.0, 2, 0, 1, 0.5, 0])
    assert torch.equal(loss(pred, target, weight[:, None], torch.tensor([3.0])), loss(pred, target, weight, 3.0))


def test_what_is_no_tensor_and_misspelled_keywords_are_named() -> None:
    pred, target = batch("RegLoss")
    logits, label = batch("MultiClsLoss")
    loss = LOSSES["RegLoss"]
    with pytest.raises(TypeError, match="weight is of type float where a tensor is needed"):
        loss(pred, target, 4.0)
    with pytest.raises(TypeError, match="avg_factor is of type list where a number is needed"):
        loss(pred, target, avg_factor=[2.0])
    with pytest.raises(LossError, match=r"pred is of torch.complex64 where real numbers are needed"):
        loss(pred.to(torch.complex64), target)
    with pytest.raises(TypeError, match="target is of type list where a tensor is needed"):
        CLASSIFICATION(logits, label.tolist())
    with pytest.raises(TypeError, match=r"RegLoss takes no 'wieght': did you mean 'weight'\?"):
        loss(pred, target, wieght=torch.zeros(6))
    with pytest.raises(TypeError, match=r"MultiClsLoss takes no 'ious': did you mean 'iou'\?"):
        CLASSIFICATION(logits, label, ious=torch.ones(6))
    with pytest.raises(
        TypeError, match="DeltaLoss takes no 'xyz': it takes pred, target, weight, avg_factor, reduction_o"
    ):
        DeltaLoss()(pred, target, xyz=1)
    with pytest.raises(LossError, match="target is one pair, labels and IoUs; iou is not given besides"):
        BinaryClsLoss("Mul(Q,X)")(logits, (label, torch.ones(6)), iou=torch.ones(6))
    with pytest.raises(LossError, match=r"target has the shape \[6, 2\]"):
        overlap(pred, target[:, :2])


def test_settings_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="loss_weight nan is no weight"):
        RegLoss("U", loss_weight=float("nan"))
    with pytest.raises(ValueError, match="loss_weight inf is no weight"):
        DeltaLoss(loss_weight=float("inf"))
    with pytest.raises(ValueError, match="alpha 2 is no share"):
        BinaryClsLoss("Mul(Q,X)", alpha=2)
    with pytest.raises(ValueError, match="beta -1 is no distance"):
        DeltaLoss(-1)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("kind", LOSSES)
def test_weights_of_zero_give_zero_for_predictions_that_are_no_numbers(kind: str, reduction: str, value: float) -> None:
    """mmdetection's product of nan and 0 is nan."""
    pred, target = batch(kind)
    pred[0], pred[1, 2] = value, value
    for weight in (torch.zeros(6), torch.tensor([0.0, 0, 1, 2, 0, 1])):
        leaf = pred.clone().requires_grad_()
        found = LOSSES[kind](leaf, target, weight, reduction_override=reduction)
        assert found.isfinite().all() and (weight.any() or not found.any())
        found.sum().backward()
        assert leaf.grad is not None and leaf.grad.isfinite().all() and not leaf.grad[weight == 0].any()


@pytest.mark.parametrize("is_default", [False, True])
@pytest.mark.parametrize("kind", LOSSES)
def test_losses_run_on_any_device(kind: str, is_default: bool) -> None:
    """On the meta device, which has no numbers and no autocast; and on the CPU while the default is another."""
    device = "cpu" if is_default else "meta"
    torch.set_default_device("meta" if is_default else None)
    try:
        pred, target, weight = (each.to(device) for each in (*cpu_batch(kind), torch.ones(6, device="cpu")))
        loss = MultiClsLoss("Neg(Dot(Mul(Y,Z),Log(Softmax(X))))") if kind == "MultiClsLoss" else LOSSES[kind]
        more = {"iou": torch.ones(3, device=device)} if kind == "MultiClsLoss" else {}
        pred.requires_grad_()
        for given in (None, weight, 0 * weight):
            found = loss(pred, target, given, 4.0, **more)
            assert found.device.type == device and found.shape == ()
            found.backward()
    finally:
        torch.set_default_device(None)
    assert pred.grad is not None and pred.grad.device.type == device


@pytest.mark.parametrize("is_default", [False, True])
@pytest.mark.parametrize("metric", ["mIoU", "FWIoU", "mAcc", "gAcc", "BIoU", "BF1"])
def test_surrogates_run_on_any_device(metric: str, is_default: bool) -> None:
    device = "cpu" if is_default else "meta"
    logits = torch.zeros(2, 3, 8, 9, device=device, requires_grad=True)
    labels = torch.zeros(2, 8, 9, dtype=torch.long, device=device)
    torch.set_default_device("meta" if is_default else None)
    try:
        weight = None if metric == "BF1" else torch.ones(2, 8, 9, device=device, dtype=torch.float64)
        found = SurrogateLoss(metric)(logits, labels, weight)
        found.backward()
    finally:
        torch.set_default_device(None)
    assert found.device.type == device and found.dtype is torch.float32 and logits.grad is not None


@pytest.mark.parametrize("name", ["cse-autoloss-a", "cse-autoloss-b"])
def test_losses_run_on_tensors_without_numbers(name: str) -> None:
    """FakeTensorMode: what is asked of a model to know its memory."""
    find.cache_clear()
    is_scale_dependent.cache_clear()
    with FakeTensorMode():
        pair = load(name)
        pred, target, weight = torch.rand(6, 4, requires_grad=True), torch.rand(6, 4), torch.rand(6)
        found = pair.reg(pred, target, weight, 4.0) + pair.cls(pred, weight.long(), weight, 4.0, iou=torch.rand(3))
        found.backward()
    assert isinstance(found, FakeTensor) and isinstance(pred.grad, FakeTensor)
    assert find(pair.reg.formula)[0].code == "scaleDependent"


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        ("Div(I,U)", {"I": (1,), "U": (4,)}, r"inputs.I has shape \[1\], inputs.U has \[4\]: make them equal"),
        ("Mul(X,Y)", {"X": (4, 3), "Y": (4, 1)}, r"inputs.Y has shape \[4, 1\], inputs.X has \[4, 3\]"),
        ("Mul(X,Y)", {"X": (4, 3), "Y": (4, 3), "Z": (1, 3)}, r"inputs.Z has shape \[1, 3\]"),
    ],
)
def test_inputs_of_a_formula_have_one_shape(text: str, given: dict[str, tuple[int, ...]], words: str) -> None:
    """The words of the Swift program."""
    with pytest.raises(LossError, match=words) as caught:
        Formula(text)(**{name: torch.ones(shape) for name, shape in given.items()})
    assert caught.value.code == "inputShape"


def test_soft_targets_are_refused() -> None:
    """PY and NY are zeros and ones; outside the CPU and in compiled losses nobody looks, as with labels."""
    loss = load("focal", "BINARY_CLS")
    logits = torch.randn(4, 3)
    sharp = (torch.rand(4, 3) > 0.5).float()
    assert loss(logits, sharp).isfinite() and loss(logits, sharp.bool()).isfinite()
    for soft in (0.3 * sharp, sharp + 1, -sharp - 1, torch.full((4, 3), float("nan"))):
        with pytest.raises(LossError, match="between or beside 0 and 1: give zeros and ones") as caught:
            loss(logits, soft)
        assert caught.value.code == "softTargets"
    torch._dynamo.reset()
    assert torch.compile(loss, backend="eager", fullgraph=True)(logits, sharp).isfinite()
    each = torch.func.vmap(lambda x, y: loss(x[None], y[None]))(logits, sharp)
    assert each.mean().item() == pytest.approx(loss(logits, sharp).item(), rel=1e-5)
