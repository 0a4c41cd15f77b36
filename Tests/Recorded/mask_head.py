"""Records what PyTorch makes of a mask head, its loss, its targets and its pasted masks, in mask_head.jsonl.

    pip install torch numpy
    python mask_head.py

The definitions are those of mmdetection's FCNMaskHead and BitmapMasks, written here with PyTorch's own functions.
Rows, by `kind`:
  head    weights by name (convolutions and transposed convolution in PyTorch's order), features (regions x channels x
          cells x cells), labels, targets (regions x side x side); logits, loss and the gradients of all of them
  target  size, counts (run lengths of a mask, column after column), box x1 y1 x2 y2, side; target (side x side of 0, 1)
  paste   size, probabilities (side x side), box; counts of the pasted mask, threshold 0.5
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

TIE = 1e-4      # rows where a value lies so close to a threshold are drawn again: rounding would decide


def runs(mask):
    """Run lengths, column after column, of a height x width mask of booleans."""
    counts, value, run = [], False, 0
    for pixel in mask.T.flatten().tolist():
        if pixel != value:
            counts.append(run)
            value, run = pixel, 0
        run += 1
    return counts + [run]


def nine_digits(value):
    """The same numbers in as many digits as a float32 has."""
    if isinstance(value, list):
        return [nine_digits(element) for element in value]
    if isinstance(value, dict):
        return {key: nine_digits(element) for key, element in value.items()}
    return float(f"{value:.9g}") if isinstance(value, float) else value


def head_row(channels, hidden, convolutions, cells, classes, regions):
    weights = {}
    inputs = channels
    for index in range(convolutions):
        weights[f"conv{index}.weight"] = torch.randn(hidden, inputs, 3, 3) * (2 / (9 * inputs)) ** 0.5
        weights[f"conv{index}.bias"] = torch.randn(hidden) * 0.1
        inputs = hidden
    weights["upsample.weight"] = torch.randn(inputs, hidden, 2, 2) * (2 / inputs) ** 0.5
    weights["upsample.bias"] = torch.randn(hidden) * 0.1
    weights["logits.weight"] = torch.randn(classes, hidden, 1, 1) * 0.3
    weights["logits.bias"] = torch.randn(classes) * 0.1
    features = torch.randn(regions, channels, cells, cells)
    labels = torch.randint(classes, (regions,))
    targets = (torch.rand(regions, 2 * cells, 2 * cells) < 0.4).float()
    for tensor in [features, *weights.values()]:
        tensor.requires_grad_()
    x = features
    for index in range(convolutions):
        x = F.relu(F.conv2d(x, weights[f"conv{index}.weight"], weights[f"conv{index}.bias"], padding=1))
    x = F.relu(F.conv_transpose2d(x, weights["upsample.weight"], weights["upsample.bias"], stride=2))
    logits = F.conv2d(x, weights["logits.weight"], weights["logits.bias"])
    chosen = logits[torch.arange(regions), labels]
    loss = F.binary_cross_entropy_with_logits(chosen, targets, reduction="mean")
    loss.backward()
    return {
        "kind": "head", "convolutions": convolutions, "classes": classes,
        "features": features.tolist(), "weights": {name: tensor.tolist() for name, tensor in weights.items()},
        "labels": labels.tolist(), "targets": targets.tolist(), "logits": logits.tolist(), "loss": loss.item(),
        "features_gradient": features.grad.tolist(),
        "gradients": {name: tensor.grad.tolist() for name, tensor in weights.items()}}


def blob(height, width):
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    cy, cx = torch.rand(2) * torch.tensor([height, width])
    a, b = (0.1 + 0.5 * torch.rand(2)) * max(height, width)
    mask = ((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 <= 1
    return mask & ((x // 3 + y // 4) % 4 != 0)


def random_box(height, width):
    """Corners in 64ths of a pixel, which float32 and the file hold exactly."""
    x1, x2 = sorted((torch.rand(2) * width * 64).round().div(64).tolist())
    y1, y2 = sorted((torch.rand(2) * height * 64).round().div(64).tolist())
    return [x1, y1, x2 + 0.5, y2 + 0.5]


def crop(mask, box, side):
    """RoIAlign on a bitmap: half a pixel of shift, as many samples a cell as it has pixels."""
    x1, y1, x2, y2 = (number - 0.5 for number in box)
    height, width = mask.shape

    def places(start, end, extent):
        cell = (end - start) / side
        grid = math.ceil(cell)
        at = start + (torch.arange(side * grid, dtype=torch.float64) + 0.5) * cell / grid
        return at.clamp(0, extent - 1), grid

    (xs, gx), (ys, gy) = places(x1, x2, width), places(y1, y2, height)
    grid = torch.stack(torch.meshgrid(ys, xs, indexing="ij"), -1).flip(-1)
    grid = 2 * grid / torch.tensor([max(width - 1, 1), max(height - 1, 1)]) - 1
    samples = F.grid_sample(mask[None, None].double(), grid[None], align_corners=True)
    return F.avg_pool2d(samples, (gy, gx))[0, 0]


def target_row():
    while True:
        height, width = torch.randint(8, 60, (2,)).tolist()
        side = [6, 14, 28][torch.randint(3, (1,))]
        mask, box = blob(height, width), random_box(height, width)
        values = crop(mask, box, side)
        if (values - 0.5).abs().min() > TIE:
            break
    return {"kind": "target", "size": [height, width], "counts": runs(mask), "box": box, "side": side,
            "target": (values >= 0.5).int().tolist()}


def paste_row():
    while True:
        height, width = torch.randint(5, 50, (2,)).tolist()
        side = [5, 14, 28][torch.randint(3, (1,))]
        coarse = torch.randn(1, 1, 4, 4) * 2
        probabilities = torch.sigmoid(F.interpolate(coarse, (side, side), mode="bilinear"))
        probabilities = (probabilities * 1024).round() / 1024
        x1, y1, x2, y2 = box = random_box(height, width)
        x = (torch.arange(width) + 0.5 - x1) / (x2 - x1) * 2 - 1
        y = (torch.arange(height) + 0.5 - y1) / (y2 - y1) * 2 - 1
        grid = torch.stack(torch.meshgrid(y, x, indexing="ij"), -1).flip(-1)[None]
        values = F.grid_sample(probabilities, grid, align_corners=False)[0, 0]
        if (values - 0.5).abs().min() > TIE:
            break
    return {"kind": "paste", "size": [height, width], "box": box, "probabilities": probabilities[0, 0].tolist(),
            "counts": runs(values >= 0.5)}


def main():
    torch.manual_seed(5)
    torch.set_num_threads(1)
    rows = [head_row(6, 8, 2, 5, 3, 4), head_row(16, 16, 1, 4, 2, 3), head_row(4, 5, 0, 3, 1, 2)]
    rows += [target_row() for _ in range(60)] + [paste_row() for _ in range(60)]
    target = pathlib.Path(__file__).with_name("mask_head.jsonl")
    target.write_text("".join(json.dumps(nine_digits(row), separators=(",", ":")) + "\n" for row in rows))


if __name__ == "__main__":
    main()
