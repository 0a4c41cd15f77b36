"""Segmentation surrogates against the golden data, and where the original is not safe."""

from __future__ import annotations

import itertools
import math
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from golden import REPOSITORY, doubles, outside, rows, tensor
from torch import Tensor
from torch.nn import functional

from autoloss import LossCard, Surrogate, SurrogateLoss, load
from autoloss.curves import Curve, Parameterization
from autoloss.label_maps import class_boundaries, dilated
from autoloss.segmentation_metrics import PUBLISHED_THETA, Metric

ASL = rows("asl.jsonl")
LOSSES = [row for row in ASL if row["kind"] == "loss"]
BEZIER = [row for row in ASL if row["kind"] == "bezier"]
CONTROL = [row for row in ASL if row["kind"] == "ctrl"]
METRICS = [metric.value for metric in Metric]
FORMS: tuple[Parameterization, ...] = ("bezier", "piecewise_linear")


@cache
def inputs() -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in ASL if row["kind"] == "inputs"}


def evaluated(row: dict[str, Any], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    given = inputs()[row["inputs"]]
    logits = tensor(given["logits"], dtype).requires_grad_()
    labels = torch.tensor(given["label"])
    loss = SurrogateLoss(
        row["metric"],
        row["theta"],
        tolerance=row["tol"],
        drop_background=row["drop_bg"],
        loss_weight=row["loss_weight"],
    )(logits, labels)
    (gradient,) = torch.autograd.grad(loss, logits)
    return loss.detach().double(), gradient.double()


def control_points(raw: list[float]) -> list[float]:
    """Stick-breaking: raw numbers in [0, 1] of one curve to control points that grow in x and in y.

    The first pair stays; each next one goes its share of the way from the pair before it to 1.
    """
    points: list[float] = []
    for index, share in enumerate(raw):
        before = points[index - 2] if index >= 2 else 0.0
        points.append(share * (1 - before) + before)
    return points


def test_the_golden_rows_are_all_here() -> None:
    assert (len(LOSSES), len(BEZIER), len(CONTROL), len(inputs())) == (86, 22, 6, 8)


@pytest.mark.parametrize("row", LOSSES, ids=lambda row: f"{row['id']}-{row['metric']}-{row['inputs']}")
def test_value_and_gradient_are_those_of_the_original(row: dict[str, Any]) -> None:
    value, gradient = evaluated(row, torch.float32)
    limit = torch.tensor(5 * row["grad_maxdiff_32_64"] + 2e-6 * row["grad_maxabs"], dtype=torch.float64)
    wanted = tensor(row["value"], torch.float64)
    assert not list(outside(value.reshape(()), wanted, torch.tensor(1e-5, dtype=torch.float64)))
    wanted = tensor(row["grad"], torch.float64)
    assert not list(outside(gradient, wanted, limit.expand(wanted.shape)))


@pytest.mark.parametrize("row", [row for row in LOSSES if "grad64" in row], ids=lambda row: row["id"])
def test_double_precision_is_kept(row: dict[str, Any]) -> None:
    """The original holds theta in float32, so the double rows agree to what that rounding moves them."""
    value, gradient = evaluated(row, torch.float64)
    assert not list(outside(value.reshape(()), doubles(row["value64"]), doubles(1e-6)))
    wanted = doubles(row["grad64"])
    assert not list(outside(gradient, wanted, doubles(2e-6 * row["grad_maxabs"] + 1e-12).expand(wanted.shape)))


@pytest.mark.parametrize("row", BEZIER, ids=lambda row: row["name"])
def test_curves_are_those_of_the_original(row: dict[str, Any]) -> None:
    """Slopes that are infinite there are finite here, but steeper than any other."""
    x, y, slope = (doubles(row[key]) for key in ("x", "y64", "dydx64"))
    got_y, got_slope = (each.double() for each in Curve.from_points(row["theta"]).evaluate(x.float()))
    assert not list(outside(got_y, y, doubles(2e-6).expand(y.shape)))
    finite = slope.isfinite()
    assert not list(outside(got_slope[finite], slope[finite], 1e-5 * slope[finite].abs() + 1e-6))
    assert got_slope.isfinite().all()
    assert (got_slope[~finite] > 100 * got_slope[finite].max()).all()


@pytest.mark.parametrize("row", CONTROL, ids=lambda row: f"{row['num_pieces']}-{row['num_theta']}")
def test_control_points_are_those_of_the_original(row: dict[str, Any]) -> None:
    size = 2 * (2 * row["num_pieces"] - 1)
    for raw, wanted in zip(row["theta"], row["theta_ctrl"], strict=True):
        got = [number for start in range(0, len(raw), size) for number in control_points(raw[start : start + size])]
        assert got == pytest.approx(wanted, abs=1e-6)


def random_theta(generator: random.Random, curves: int, form: Parameterization) -> list[float]:
    """Control points with many equal and extreme ones."""
    count = 2 * generator.choice([1, 3, 5]) if form == "bezier" else 2 * generator.randint(1, 4)
    theta = []
    for _ in range(curves):
        raw = [generator.choice([0.0, 1.0, 0.5, 1e-9, generator.random()]) for _ in range(count)]
        theta += control_points(raw)
    return theta


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(60))
def test_curves_keep_the_truth_table_and_grow(form: Parameterization, seed: int) -> None:
    theta = random_theta(random.Random(seed), 1, form)
    curve = Curve.from_points(theta, form)
    x = torch.linspace(0, 1, 401)
    y, slope = curve.evaluate(x)
    assert y.isfinite().all(), theta
    assert slope.isfinite().all(), theta
    assert (y[0].item(), y[-1].item()) == (0, pytest.approx(1, abs=1e-6)), theta
    assert (y.diff() >= -1e-6).all(), theta
    assert (slope >= -1e-4).all(), theta


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("metric", METRICS)
def test_extreme_control_points_and_logits_stay_finite(metric: str, form: Parameterization) -> None:
    for seed in range(6):
        generator = random.Random(f"{metric} {form} {seed}")
        theta = random_theta(generator, Metric(metric).curves, form)
        torch.manual_seed(seed)
        logits = (torch.randn(2, 3, 9, 8) * generator.choice([0.0, 1.0, 60.0])).requires_grad_()
        labels = torch.randint(0, 3, (2, 9, 8))
        loss = SurrogateLoss(metric, theta, parameterization=form, tolerance=2)(logits, labels)
        (gradient,) = torch.autograd.grad(loss, logits)
        assert math.isfinite(loss.item()), (seed, theta)
        assert gradient.isfinite().all(), (seed, theta)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("metric", METRICS)
def test_gradient_is_the_slope_of_the_value(metric: str, form: Parameterization) -> None:
    theta = None if form == "bezier" else [0.2, 0.3, 0.6, 0.8] * Metric(metric).curves
    torch.manual_seed(7)
    logits = torch.randn(1, 3, 5, 6, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(0, 3, (1, 5, 6))
    labels[0, 0, 0] = 255
    loss = SurrogateLoss(metric, theta, parameterization=form, tolerance=1)
    assert torch.autograd.gradcheck(lambda x: loss(x, labels), (logits,), eps=1e-7, atol=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_straight_curves_give_the_metric_of_certain_predictions(metric: str) -> None:
    """A certain prediction that is right has loss 0, whatever the curves."""
    torch.manual_seed(3)
    labels = functional.interpolate(torch.rand(2, 1, 3, 4), (12, 16)).mul(3).long()[:, 0]
    logits = functional.one_hot(labels, 3).permute(0, 3, 1, 2) * 200.0
    assert SurrogateLoss(metric)(logits, labels).item() == pytest.approx(0, abs=2e-6)


def test_ignored_pixels_change_nothing() -> None:
    torch.manual_seed(1)
    logits = torch.randn(1, 4, 6, 6)
    labels = torch.randint(0, 4, (1, 6, 6))
    labels[0, :2] = 255
    changed = logits.clone()
    changed[:, :, :2] = 50 * torch.randn(1, 4, 2, 6)
    for metric in ("mIoU", "FWIoU", "mAcc", "gAcc", "BIoU"):
        loss = SurrogateLoss(metric, tolerance=1)
        assert loss(logits, labels).item() == pytest.approx(loss(changed, labels).item(), abs=1e-6)
    other = labels.masked_fill(labels == 255, 2)
    loss = SurrogateLoss("mIoU", ignore_index=2)
    assert loss(logits, other).item() == pytest.approx(loss(logits, other.masked_fill(other == 2, 255)).item())


def test_pixel_weights_of_zero_and_one_are_a_mask() -> None:
    torch.manual_seed(2)
    logits, labels = torch.randn(2, 3, 5, 5), torch.randint(0, 3, (2, 5, 5))
    weight = torch.randint(0, 2, (2, 5, 5)).float()
    for metric in ("mIoU", "FWIoU", "mAcc", "gAcc"):
        loss = SurrogateLoss(metric)
        masked = loss(logits, labels.masked_fill(weight == 0, 255))
        assert loss(logits, labels, weight=weight).item() == pytest.approx(masked.item(), abs=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_computes_in_float32(dtype: torch.dtype) -> None:
    torch.manual_seed(4)
    logits, labels = torch.randn(1, 3, 8, 8).to(dtype), torch.randint(0, 3, (1, 8, 8))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for metric in METRICS:
            loss = SurrogateLoss(metric)(logits.requires_grad_(), labels)
            assert loss.dtype is torch.float32
            assert loss.item() == pytest.approx(SurrogateLoss(metric)(logits.detach().float(), labels).item())
            assert torch.autograd.grad(loss, logits)[0].dtype is dtype


def test_separable_windows_pick_what_one_window_picks() -> None:
    for seed, radius in itertools.product(range(8), (1, 2, 5)):
        torch.manual_seed(seed)
        maps = torch.randint(0, 4, (1, 2, 9, 11)).float().requires_grad_()
        at_once = functional.max_pool2d(maps, 2 * radius + 1, stride=1, padding=radius)
        upstream = torch.randn_like(at_once)
        (wanted,) = torch.autograd.grad(at_once, maps, upstream)
        ours = dilated(maps, radius)
        (got,) = torch.autograd.grad(ours, maps, upstream)
        assert torch.equal(ours, at_once), (seed, radius)
        assert torch.allclose(got, wanted, atol=1e-5), (seed, radius)


def test_boundaries_against_plain_loops() -> None:
    for seed in range(5):
        torch.manual_seed(seed)
        labels = torch.randint(-1, 3, (1, 6, 7))
        got = class_boundaries(labels, 3)[0]
        for row, column in itertools.product(range(6), range(7)):
            window = labels[0, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            center = labels[0, row, column]
            assert got[row, column] == bool(center >= 0 and (window != center).any()), (seed, row, column)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metric": "IoU"}, "unknown metric 'IoU': it is one of mIoU, FWIoU, mAcc, gAcc, BIoU, BF1"),
        ({"metric": "mIoU", "theta": [0.5] * 7}, "mIoU has 2 curves, so theta cannot have 7 numbers"),
        ({"metric": "mAcc", "theta": [0.5] * 4}, "a bezier curve takes 2, 6, 10, ... numbers, not 4"),
        ({"metric": "mAcc", "theta": [0.5, 1.5]}, "control points lie in [0, 1], but number 1 is 1.5"),
        ({"metric": "mAcc", "theta": [math.nan, 0.5]}, "number 0 is nan"),
        ({"metric": "mIoU", "theta": [0.5] * 8 + [0.4] * 4}, "theta, curve 2 of 2 of mIoU: the x of control points"),
        ({"metric": "mIoU", "tolerance": -1}, "tolerance is a whole number of pixels in 0 ... 1024, not -1"),
        ({"metric": "mIoU", "tolerance": 1025}, "in 0 ... 1024, not 1025"),
        ({"metric": "mIoU", "tolerance": math.nan}, "in 0 ... 1024, not nan"),
        ({"metric": "mIoU", "loss_weight": math.nan}, "loss_weight nan is no weight"),
        (
            {"metric": "mAcc", "theta": [0.2, 0.5, 0.3, 0.4, 0.5, 0.6]},
            "the y of control points must not fall, but number 3",
        ),
        ({"metric": "mIoU", "parameterization": "piecewise_linear"}, "are of Bezier curves: give theta"),
        ({"metric": "mIoU", "theta": [0.5] * 12, "parameterization": "cubic"}, "unknown parameterization 'cubic'"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        SurrogateLoss(**arguments)
    assert message in str(caught.value)


def test_what_rounding_took_from_order_and_range_is_given_back() -> None:
    """As in the Swift program, which writes thetas that were float32."""
    loss = SurrogateLoss("mAcc", [0.2, -5e-7, 0.2 - 5e-7, 0.3, 0.7, 1 + 5e-7])
    y, slope = loss.curves[0].evaluate(torch.linspace(0, 1, 101))
    assert (y.diff() >= -1e-6).all() and y.min() >= 0 and y.max() <= 1 and slope.isfinite().all()


def test_bad_inputs_are_named() -> None:
    loss = SurrogateLoss("BF1")
    with pytest.raises(ValueError, match="differ in size"):
        loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 4, 5, dtype=torch.long))
    with pytest.raises(ValueError, match="logits are N x C x H x W"):
        loss(torch.zeros(2, 4, 4), torch.zeros(1, 4, 4, dtype=torch.long))
    with pytest.raises(ValueError, match=r"floating-point numbers, not of shape \(1, 2, 4, 4\) and torch.int64"):
        loss(torch.zeros(1, 2, 4, 4, dtype=torch.long), torch.zeros(1, 4, 4, dtype=torch.long))
    with pytest.raises(ValueError, match=r"not of shape \(1, 0, 4, 4\)"):
        loss(torch.zeros(1, 0, 4, 4), torch.zeros(1, 4, 4, dtype=torch.long))
    with pytest.raises(ValueError, match="logits have one channel, whose softmax is 1 everywhere"):
        loss(torch.zeros(1, 1, 4, 4), torch.zeros(1, 4, 4, dtype=torch.long))
    with pytest.raises(TypeError, match="loss_weight is of type str where a number is needed"):
        SurrogateLoss("mIoU", loss_weight="2")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="labels is of type list where a tensor is needed"):
        loss(torch.zeros(1, 2, 4, 4), [0])
    with pytest.raises(TypeError, match="labels are integers"):
        loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 4, 4))
    with pytest.raises(ValueError, match="BF1 takes none"):
        loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 4, 4, dtype=torch.long), weight=torch.ones(1, 4, 4))


def test_cards_of_the_repository_are_the_published_losses() -> None:
    """The surrogate cards of `results/published` load, and give the loss of their metric and settings."""
    cards = [path for path in (REPOSITORY / "results" / "published").glob("*.yaml") if "SURROGATE" in path.read_text()]
    assert len(cards) == len(METRICS)
    torch.manual_seed(5)
    logits, labels = torch.randn(1, 3, 8, 9), torch.randint(0, 3, (1, 8, 9))
    for path in cards:
        loss = load(path)
        assert type(loss) is SurrogateLoss
        same = SurrogateLoss(loss.metric, tolerance=loss.tolerance, drop_background=loss.drop_background)
        assert loss(logits, labels).item() == pytest.approx(same(logits, labels).item() * loss.loss_weight, abs=1e-6)


def test_a_card_is_saved_and_loaded(tmp_path: Path) -> None:
    kind = Surrogate("BF1", "piecewise_linear", (0.2, 0.3) * 4, 3, True)
    LossCard("mine", kind, loss_weight=2.0).save(tmp_path / "card.yaml")
    loss = load(tmp_path / "card.yaml")
    assert (loss.metric.value, loss.tolerance, loss.drop_background, loss.loss_weight) == ("BF1", 3, True, 2.0)
    assert loss.card.name == "mine"
    with pytest.raises(ValueError, match="has mode SURROGATE"):
        SurrogateLoss.from_card(LossCard("giou", load("giou", "REG").formula))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("metric", METRICS)
def test_gradients_per_sample(metric: str, form: Parameterization) -> None:
    torch.manual_seed(8)
    logits, labels = torch.randn(3, 4, 7, 6), torch.randint(0, 4, (3, 7, 6))
    labels[:, 0] = 255
    theta = None if form == "bezier" else [0.2, 0.3, 0.6, 0.8] * Metric(metric).curves
    loss = SurrogateLoss(metric, theta, parameterization=form, tolerance=1)
    found = torch.func.vmap(torch.func.grad(lambda x, y: loss(x[None], y[None])))(logits, labels)
    for row in range(3):
        leaf = logits[row : row + 1].clone().requires_grad_()
        (wanted,) = torch.autograd.grad(loss(leaf, labels[row : row + 1]), leaf)
        assert torch.allclose(found[row], wanted[0], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("metric", METRICS)
def test_second_derivatives_are_refused_and_not_wrong(metric: str) -> None:
    """The slopes of curves are kept as numbers."""
    logits, labels = torch.randn(1, 3, 5, 5).requires_grad_(), torch.randint(0, 3, (1, 5, 5))
    (slope,) = torch.autograd.grad(SurrogateLoss(metric)(logits, labels), logits, create_graph=True)
    with pytest.raises(RuntimeError, match="have no second derivatives"):
        torch.autograd.grad(slope.sum(), logits)


@pytest.mark.compile
@pytest.mark.parametrize("metric", ["BIoU", "BF1"])
def test_the_whole_graph_compiles_for_any_backend(metric: str) -> None:
    torch.manual_seed(6)
    logits = torch.randn(1, 3, 8, 9, requires_grad=True)
    labels = torch.randint(0, 3, (1, 8, 9))
    loss = SurrogateLoss(metric, tolerance=2)
    torch._dynamo.reset()
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    value, wanted = compiled(logits, labels), loss(logits, labels)
    assert value.item() == pytest.approx(wanted.item(), abs=1e-6)
    got, gradient = (torch.autograd.grad(each, logits)[0] for each in (value, wanted))
    assert torch.allclose(got, gradient, atol=1e-6)


def test_published_control_points_are_those_of_the_golden_rows() -> None:
    for row in LOSSES:
        if row["theta_name"] == "published":
            assert list(PUBLISHED_THETA[Metric(row["metric"])]) == pytest.approx(row["theta"], abs=1e-9)
