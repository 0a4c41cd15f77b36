"""Every row of loss_wrappers.jsonl."""

from __future__ import annotations

import warnings
from collections import Counter

import golden
import torch
from torch import Tensor

from autoloss import AutolossWarning, BinaryClsLoss, LossError, MultiClsLoss, RegLoss


def evaluated(row: golden.Row) -> tuple[Tensor, Tensor | None]:
    """The value, and the gradient of its sum with respect to logits or boxes."""
    kind, reduction = row["kind"], row["reduction"] or "mean"
    weight = None if row["weight"] is None else golden.tensor(row["weight"])
    settings = {"reduction": reduction, "loss_weight": row.get("loss_weight") or 1.0}
    if kind in ("reg_loss", "RegLoss"):
        weighting = "original" if kind == "RegLoss" else "per_box"
        loss = RegLoss(row["formula"], **settings, weighting=weighting)
        pred = golden.tensor(row["bbox_pred"]).requires_grad_()
        value = loss(pred, golden.tensor(row["bbox_targets"]), weight, row["avg_factor"])
    else:
        pred = golden.tensor(row["cls_pred"]).requires_grad_()
        iou = None if row["pos_ious"] is None else golden.tensor(row["pos_ious"])
        if kind in ("multi_cls_loss", "MultiClsLoss"):
            loss = MultiClsLoss(row["formula"], **settings)
        else:
            alpha = row.get("alpha")
            loss = BinaryClsLoss(row["formula"], **settings, alpha=0.25 if alpha is None else alpha)
        value = loss(pred, torch.tensor(row["label"]), weight, row["avg_factor"], iou=iou)
    if not value.requires_grad:
        return value, None
    return value, torch.autograd.grad(value.sum(), pred, allow_unused=True)[0]


def test_every_row_agrees_or_is_refused() -> None:
    faults, refused = [], Counter[str]()
    rows = golden.rows("loss_wrappers.jsonl")
    for row in rows:
        label = f"{row['id']} {row['kind']} {row['formula']}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", AutolossWarning)
                value, gradient = evaluated(row)
        except LossError as error:
            refused[error.code] += 1
            if not row.get("exception"):
                faults.append(f"{label}: {error}")
            continue
        if row.get("exception"):
            faults.append(f"{label} must be refused")
            continue
        faults += [f"{label} value {fault}" for fault in golden.faults(value, row["value"], row["tol"])]
        if (gradient is None) != (row["grad"] is None):
            faults.append(f"{label} dependence")
        elif gradient is not None:
            found = golden.faults(gradient, row["grad"], row["gtol"])
            faults += [f"{label} gradient {fault}" for fault in found]
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults[:20])
    assert len(rows) > 300
    assert refused == {
        "averageFactorWithSum": 1,
        "rowWeightsWithElements": 10,
        "labelOnlyMean": 2,
        "zeroWeightsPerBox": 1,
        "weightsMissing": 1,
    }
