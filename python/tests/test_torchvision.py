"""The adapter against torchvision's own detectors."""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Iterator

import pytest
import torch
from detection import ONE_STAGE, TWO_STAGE, batch, losses, small, with_few_proposals
from torch import Tensor, nn

pytest.importorskip("torchvision")

from torch.nn import functional

import autoloss
import autoloss.torchvision as adapter
from autoloss.errors import AutolossWarning

DETECTORS = (*TWO_STAGE, *ONE_STAGE)
CLS = {**dict.fromkeys(TWO_STAGE, "loss_classifier"), **dict.fromkeys(ONE_STAGE, "classification")}
REG = {**dict.fromkeys(TWO_STAGE, "loss_box_reg"), **dict.fromkeys(ONE_STAGE, "bbox_regression")}


@pytest.fixture(autouse=True)
def traps_are_known() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AutolossWarning)
        yield


def published(detector: str) -> str:
    return "cse-autoloss-a" if detector in TWO_STAGE else "cse-autoloss-b"


def gradients(model: nn.Module, found: dict[str, Tensor]) -> list[Tensor]:
    model.zero_grad()
    torch.stack(list(found.values())).sum().backward()
    return [parameter.grad for parameter in model.parameters() if parameter.grad is not None]


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_training_step_with_published_losses_then_torchvisions_own(detector: str) -> None:
    model, given = small(detector), batch(detector)
    stock = {name: loss.item() for name, loss in losses(copy.deepcopy(model), given).items()}
    keys = list(model.state_dict())
    fresh = copy.deepcopy(model)
    with adapter.use(fresh, cls=published(detector), reg=published(detector)):
        found = losses(fresh, given)
        assert found.keys() == stock.keys()
        for name, loss in found.items():
            assert loss.isfinite(), name
            changed = name in (CLS[detector], REG[detector])
            assert (loss.item() != pytest.approx(stock[name], rel=1e-4)) == changed, name
        got = gradients(fresh, found)
        assert got
        assert all(gradient.isfinite().all() for gradient in got)
        assert list(fresh.state_dict()) == keys
    again = {name: loss.item() for name, loss in losses(copy.deepcopy(model), given).items()}
    assert again == stock
    restored = copy.deepcopy(model)
    adapter.use(restored, cls=published(detector)).restore()
    assert {name: loss.item() for name, loss in losses(restored, given).items()} == stock


def test_cross_entropy_and_l1_are_torchvisions_own() -> None:
    """Two stages: cross entropy is the stock loss; smooth L1 with torchvision's beta too."""
    model, given = small("fasterrcnn"), batch("fasterrcnn")
    stock = losses(copy.deepcopy(model), given)
    from autoloss.deltas import DeltaLoss

    with adapter.use(model, cls="cross-entropy", reg=DeltaLoss(1 / 9)):
        found = losses(model, given)
    for name, loss in stock.items():
        assert found[name].item() == pytest.approx(loss.item(), rel=1e-5), name


def test_focal_and_giou_are_those_of_fcos() -> None:
    model, given = small("fcos"), batch("fcos")
    stock = losses(copy.deepcopy(model), given)
    with adapter.use(model, cls="focal", reg="giou"):
        found = losses(model, given)
    for name, loss in stock.items():
        assert found[name].item() == pytest.approx(loss.item(), rel=1e-4), name


def test_focal_is_that_of_retinanet_on_one_picture() -> None:
    """torchvision averages picture by picture, the formulas over the batch: with one picture they agree."""
    model = small("retinanet")
    images, targets = batch("retinanet")
    given = (images[:1], targets[:1])
    stock = losses(copy.deepcopy(model), given)
    with adapter.use(model, cls="focal", reg="l1"):
        found = losses(model, given)
    for name, loss in stock.items():
        assert found[name].item() == pytest.approx(loss.item(), rel=1e-4), name


@pytest.mark.parametrize("detector", DETECTORS)
def test_pictures_without_objects(detector: str) -> None:
    model, given = small(detector), batch(detector, empty=True)
    with adapter.use(model, cls=published(detector), reg=published(detector)):
        found = losses(model, given)
        assert all(loss.isfinite() for loss in found.values()), found
        assert found[REG[detector]].item() == 0
        assert all(gradient.isfinite().all() for gradient in gradients(model, found))


@pytest.mark.parametrize("detector", ["fasterrcnn", "fcos"])
def test_autocast_computes_losses_in_float32(detector: str) -> None:
    model, given = small(detector), batch(detector)
    with adapter.use(model, cls=published(detector), reg=published(detector)):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = losses(model, given)
        for name in (CLS[detector], REG[detector]):
            assert found[name].dtype is torch.float32
            assert found[name].isfinite()


def test_z_is_the_iou_of_the_decoded_box() -> None:
    """Σ Y·Z over the classes is 1 − (1 − IoU) at positives: recomputed here from the head's own numbers."""
    model, given = small("fasterrcnn"), batch("fasterrcnn")
    seen: list[Tensor] = []
    logits: list[Tensor] = []
    attached = adapter.use(model, cls="Neg(Dot(Mul(Y,Z),Softmax(X)))")

    def note(module: nn.Module, inputs: tuple[Tensor, Tensor], keywords: dict[str, Tensor]) -> None:
        seen.extend([keywords["iou"], inputs[1]])
        logits.append(inputs[0])

    attached.classification.register_forward_pre_hook(note, with_kwargs=True)
    found = losses(model, given)
    iou, labels = seen
    probabilities = logits[0].softmax(1)[torch.arange(len(labels)), labels]
    z = torch.ones(len(labels))
    z[labels < 3] = iou
    assert len(iou) == int((labels < 3).sum()) > 0
    assert found["loss_classifier"].item() == pytest.approx(-(z * probabilities).mean().item(), rel=1e-4)


def test_centerness_can_learn_the_iou() -> None:
    model, given = small("fcos"), batch("fcos")
    stock = losses(copy.deepcopy(model), given)["bbox_ctrness"].item()
    with adapter.use(model, cls="cse-autoloss-b", reg="cse-autoloss-b", centerness="iou"):
        found = losses(model, given)
    assert found["bbox_ctrness"].item() != pytest.approx(stock)
    assert found["bbox_ctrness"].isfinite()


def test_losses_are_copied_and_pickled_with_the_model() -> None:
    model, given = small("fasterrcnn"), batch("fasterrcnn")
    adapter.use(model, cls="cse-autoloss-a", reg="giou")
    wanted = {name: loss.item() for name, loss in losses(copy.deepcopy(model), given).items()}
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    assert {name: loss.item() for name, loss in losses(loaded, given).items()} == wanted


def test_a_second_call_replaces_the_first_and_predictions_stay() -> None:
    model, given = small("fcos"), batch("fcos")
    model.eval()
    with torch.no_grad():
        before = model(given[0])
        adapter.use(model, cls="focal")
        second = adapter.use(model, reg="iou")
        after = model(given[0])
    assert all(torch.equal(b["boxes"], a["boxes"]) for b, a in zip(before, after, strict=True))
    second.restore()
    assert "compute_loss" not in model.head.__dict__


@pytest.mark.parametrize(("detector", "weight"), [("fasterrcnn", 10), ("fcos", 1)])
def test_names_and_formulas_of_boxes_weigh_as_in_the_swift_program(detector: str, weight: float) -> None:
    """mmdetection's weight of decoded-box losses in two stages; cards and modules weigh what they say."""
    model, given = small(detector), batch(detector)
    text = "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))"
    formula = autoloss.Formula(text, "REG")
    module = autoloss.RegLoss(text, loss_weight=3)
    cards = [autoloss.LossCard("mine", formula, loss_weight=2.0)]
    found = []
    for loss in ("giou", text, formula, module, *cards):
        with adapter.use(model, reg=loss) as attached:
            found.append(losses(model, given)[REG[detector]].item() / attached.regression.loss_weight)
            wanted = {3: 3, 4: 2}.get(len(found) - 1, weight)
            assert attached.regression.loss_weight == wanted, loss
    assert found == pytest.approx([found[0]] * len(found), rel=1e-5)
    with adapter.use(model, reg="cse-autoloss-a") as attached:
        assert attached.regression.loss_weight == weight
    with adapter.use(model, reg="l1") as attached:
        assert attached.regression.loss_weight == 1


@pytest.mark.parametrize("detector", ["fasterrcnn", "fcos"])
def test_a_card_that_wants_no_iou_gets_none(detector: str) -> None:
    """Z is 1 and Q is 0 then, as in the modules without iou=."""
    model, given = small(detector), batch(detector)
    z, plain = ("Neg(Dot(Mul(Y,Z),Log(Softmax(X))))", "Neg(Dot(Y,Log(Softmax(X))))")
    if detector == "fcos":
        z, plain = "Add(Mul(Q,X),Softplus(X))", "Softplus(X)"
    mode = "BINARY_CLS" if detector == "fcos" else "MULTI_CLS"
    found = {}
    for name, text, iou in (("fed", z, "decoded_box"), ("none", z, "none"), ("plain", plain, "none")):
        with adapter.use(model, cls=autoloss.LossCard(name, autoloss.Formula(text, mode), iou=iou)):
            found[name] = losses(model, given)[CLS[detector]].item()
    assert found["none"] == pytest.approx(found["plain"], rel=1e-5)
    assert found["fed"] != pytest.approx(found["plain"], rel=1e-3)


def test_a_sum_is_not_divided() -> None:
    model, given = small("fasterrcnn"), batch("fasterrcnn")
    with adapter.use(model, cls=autoloss.MultiClsLoss("Neg(Dot(Y,Log(Softmax(X))))")):
        mean = losses(model, given)["loss_classifier"]
    with adapter.use(model, cls=autoloss.MultiClsLoss("Neg(Dot(Y,Log(Softmax(X))))", "sum")):
        total = losses(model, given)["loss_classifier"]
    assert total.item() == pytest.approx(48 * mean.item(), rel=1e-5)


@pytest.mark.parametrize("detector", DETECTORS)
def test_cards_that_do_not_fit_are_refused_at_once(detector: str) -> None:
    model = small(detector)
    formula = autoloss.Formula("Sub(1,Div(I,U))", "REG")
    for unit in ("stride", "normalized"):
        with pytest.raises(autoloss.LossError, match=f"reg: the loss is for boxes in the unit '{unit}'"):
            adapter.use(model, reg=autoloss.LossCard("mine", formula, box_units=unit))
    with pytest.raises(autoloss.LossError, match="the reduction is mean or sum, not none"):
        adapter.use(model, reg=autoloss.LossCard("mine", formula, reduction="none"))
    assert losses(model, batch(detector))


@pytest.mark.parametrize("detector", ["fasterrcnn", "fcos"])
def test_double_precision_is_kept(detector: str) -> None:
    model, (images, targets) = small(detector).double(), batch(detector)
    given = (
        [image.double() for image in images],
        [{name: value.double() if name == "boxes" else value for name, value in each.items()} for each in targets],
    )
    options = {"centerness": "iou"} if detector == "fcos" else {}
    with adapter.use(model, cls=published(detector), reg="giou", **options):
        found = losses(model, given)
        for name in (CLS[detector], REG[detector], *(["bbox_ctrness"] if options else [])):
            assert found[name].dtype is torch.float64, name
        assert all(gradient.isfinite().all() for gradient in gradients(model, found))


def test_keypoint_rcnn() -> None:
    from torchvision.models.detection import KeypointRCNN

    torch.manual_seed(4)
    backbone = small("fasterrcnn").backbone
    anchors = small("fasterrcnn").rpn.anchor_generator
    model = KeypointRCNN(backbone, 2, num_keypoints=3, rpn_anchor_generator=anchors, min_size=64, max_size=96)
    images, targets = batch("fasterrcnn")
    for target in targets:
        target["labels"] = torch.ones_like(target["labels"])
        middle = (target["boxes"][:, :2] + target["boxes"][:, 2:]) / 2
        seen = torch.ones(len(middle), 1)
        target["keypoints"] = torch.cat([middle, seen], 1).unsqueeze(1).expand(-1, 3, -1).contiguous()
    given = (images, targets)
    stock = {name: loss.item() for name, loss in losses(copy.deepcopy(with_few_proposals(model)), given).items()}
    with adapter.use(model, cls="cse-autoloss-a", reg="cse-autoloss-a"):
        found = losses(model, given)
        for name in ("loss_classifier", "loss_box_reg"):
            assert found[name].isfinite()
            assert found[name].item() != pytest.approx(stock[name], rel=1e-3), name
        assert found["loss_keypoint"].item() == pytest.approx(stock["loss_keypoint"], rel=1e-5)
        assert all(gradient.isfinite().all() for gradient in gradients(model, found))


def test_data_parallel_is_refused_before_and_after() -> None:
    model = small("fasterrcnn")
    with pytest.raises(TypeError, match=r"do not train in nn\.DataParallel: take DistributedDataParallel"):
        adapter.use(nn.DataParallel(model), cls="cross-entropy")
    attached = adapter.use(model, cls="cross-entropy")
    replica = model.roi_heads._replicate_for_data_parallel()
    with pytest.raises(RuntimeError, match=r"do not follow a model into nn\.DataParallel"):
        attached._computed(replica, (), ([], {}))


def test_what_cannot_be_used_is_named() -> None:
    model = small("fcos")
    with pytest.raises(TypeError, match="has no head of Faster R-CNN"):
        adapter.use(nn.Linear(2, 2), cls="focal")
    with pytest.raises(TypeError, match=r"cls takes a BinaryClsLoss \(BINARY_CLS\), not a MultiClsLoss"):
        adapter.use(model, cls=autoloss.MultiClsLoss("Neg(Dot(Y,Log(Softmax(X))))"))
    with pytest.raises(ValueError, match="cse-autoloss-a"):
        adapter.use(model, cls="cse-autoloss-a")
    with pytest.raises(ValueError, match="Dot"):
        adapter.use(model, cls="Neg(Dot(Y,Log(Softmax(X))))")
    with pytest.raises(autoloss.LossError, match=r"cls: Mul\(PY,2\) does not depend on the prediction"):
        adapter.use(model, cls="Mul(PY,2)")
    with pytest.raises(ValueError, match="centerness is a branch of FCOS alone"):
        adapter.use(small("retinanet"), cls="focal", centerness="iou")
    with pytest.raises(TypeError, match="reg takes a name, a formula, a card or a RegLoss, not a int"):
        adapter.use(model, reg=3)


def test_stock_focal_is_what_the_name_focal_means() -> None:
    """The reference that the FCOS test leans on."""
    from torchvision.ops import sigmoid_focal_loss

    torch.manual_seed(0)
    logits, labels = torch.randn(6, 4), torch.tensor([0, 1, 2, 3, -1, -1])
    wanted = sigmoid_focal_loss(logits, functional.one_hot(labels.clamp(min=0), 4) * (labels >= 0)[:, None].float())
    got = autoloss.load("focal", "BINARY_CLS")(logits, labels, reduction_override="none")
    assert torch.allclose(got, wanted, atol=1e-6)


@pytest.mark.parametrize("detector", TWO_STAGE)
def test_a_predictor_that_is_exchanged_afterwards_trains_with_the_losses(detector: str) -> None:
    """The recipe of fine-tuning: another box predictor, for other classes; before `use` or after it is the same."""
    from torchvision.models.detection.faster_rcnn import FastRCNNPredictor

    found = []
    for is_late in (False, True):
        model, given = small(detector), batch(detector)
        predictor = FastRCNNPredictor(model.roi_heads.box_predictor.cls_score.in_features, 4)
        predictor.load_state_dict(model.roi_heads.box_predictor.state_dict())
        if is_late:
            attached = adapter.use(model, cls="cse-autoloss-a", reg="giou")
            losses(model, given)
            model.roi_heads.box_predictor = predictor
        else:
            model.roi_heads.box_predictor = predictor
            attached = adapter.use(model, cls="cse-autoloss-a", reg="giou")
        found.append({name: loss.item() for name, loss in losses(model, given).items()})
        attached.restore()
        stock = losses(model, given)
        assert stock["loss_box_reg"].item() != pytest.approx(found[-1]["loss_box_reg"], rel=1e-3)
        assert not predictor._forward_hooks
    assert found[1] == found[0]


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_head_that_is_exchanged_afterwards_trains_with_the_losses(detector: str) -> None:
    model, given = small(detector), batch(detector)
    attached = adapter.use(model, cls=published(detector), reg=published(detector))
    wanted = {name: loss.item() for name, loss in losses(model, given).items()}
    name = "roi_heads" if detector in TWO_STAGE else "head"
    other = getattr(small(detector), name)
    setattr(model, name, other)
    assert {key: loss.item() for key, loss in losses(model, given).items()} == pytest.approx(wanted)
    attached.restore()
    stock = {key: loss.item() for key, loss in losses(small(detector), given).items()}
    assert {key: loss.item() for key, loss in losses(model, given).items()} == pytest.approx(stock)


def test_parts_of_one_stage_heads_that_are_exchanged_afterwards_train_with_the_losses() -> None:
    for detector in ONE_STAGE:
        model, given = small(detector), batch(detector)
        with adapter.use(model, cls="cse-autoloss-b", reg="cse-autoloss-b"):
            wanted = {name: loss.item() for name, loss in losses(model, given).items()}
            other = small(detector).head
            model.head.classification_head, model.head.regression_head = (
                other.classification_head,
                other.regression_head,
            )
            assert {name: loss.item() for name, loss in losses(model, given).items()} == pytest.approx(wanted)


def test_heads_that_the_losses_cannot_follow_are_refused_when_they_train() -> None:
    model, given = small("fcos"), batch("fcos")
    adapter.use(model, cls="focal")
    model.head = small("retinanet").head
    with pytest.raises(RuntimeError, match=r"is a RetinaNetHead now, .*: call autoloss\.torchvision\.use again"):
        losses(model, given)

    class Own(nn.Module):
        """A predictor that the head does not call as a module."""

        def __init__(self, stock: nn.Module) -> None:
            super().__init__()
            self.stock = stock

        def __call__(self, features: Tensor) -> tuple[Tensor, Tensor]:
            found: tuple[Tensor, Tensor] = self.stock(features)
            return found

    model = small("fasterrcnn")
    adapter.use(model, cls="cross-entropy")
    model.roi_heads.box_predictor = Own(model.roi_heads.box_predictor)
    with pytest.raises(RuntimeError, match="RoIHeads trains without select_training_samples or without calling its"):
        losses(model, batch("fasterrcnn"))
    model.eval()
    model([torch.rand(3, 64, 96)])


def test_a_pass_that_failed_leaves_nothing_behind() -> None:
    model, given = small("fasterrcnn"), batch("fasterrcnn")
    adapter.use(model, cls="cse-autoloss-a", reg="giou")
    wanted = {name: loss.item() for name, loss in losses(model, given).items()}
    head = model.roi_heads.box_head
    model.roi_heads.box_head = nn.Linear(1, 1)
    with pytest.raises(RuntimeError):
        losses(model, given)
    model.roi_heads.box_head = head
    assert {name: loss.item() for name, loss in losses(model, given).items()} == wanted
    assert not model.roi_heads.box_predictor._forward_hooks


def test_neither_loss_is_refused() -> None:
    with pytest.raises(ValueError, match="no loss is given: name one"):
        adapter.use(small("fcos"))
    assert adapter.use(small("fcos"), centerness="iou")
