"""`train-step-…`, `segment-step`: one step of training (forward, losses, backward, SGD) on a decoded batch, against PyTorch."""

import json
import random

from .environment import say
from .measure import Race, row
from .workers import WorkerError

COMMON = {
    "batch": 8, "height": 128, "width": 128, "classes": 8, "stem": 16, "stages": [32, 64], "blocks": 1, "pyramid": 32,
    "strides": [4, 8], "groups": 0, "head_groups": 8, "tower": 32, "convolutions": 4, "distance_limit": 24,
    "anchor_scale": 4,
}
SETTINGS = {
    "train-step-onestage": {**COMMON, "kind": "fcos"},
    "train-step-twostage": {
        **COMMON, "kind": "faster-rcnn", "blocks": 0, "proposal_channels": 32, "anchors": 2,
        "anchor_sizes": [[10, 20], [28, 48]], "cells": 5, "samples": 2, "coarse_from": 28, "hidden": 160, "regions": 64,
        "kept": 64,
    },
    # The standard segmenter on crops as its training cuts them; five classes, as dubai-aerial has.
    "segment-step": {
        "kind": "segmenter", "batch": 8, "height": 128, "width": 128, "classes": 5, "stem": 16, "stages": [32, 64],
        "blocks": 1, "context": 32, "dilations": [2, 4], "decoder": 32, "pixels": "pixels",
    },
}
NOTES = {
    "train-step-onestage": "FCOS, batch norm in the backbone, group norm in the head",
    "train-step-twostage": "Faster R-CNN, batch norm; the peer is given its regions, ours chooses them",
    "segment-step": "small DeepLab, batch norm, cross entropy at the input's size",
}
PEERS = ("pytorch-eager", "pytorch-compile")
STEPS = 3


def draw(settings, path):
    """Writes the network; for a detector, the objects of a batch too, 3 to 8 an image."""
    if settings["kind"] == "segmenter":
        path.write_text(json.dumps(settings))
        return
    dice = random.Random(1)
    images = []
    for _ in range(settings["batch"]):
        objects = []
        for _ in range(dice.randint(3, 8)):
            side = dice.uniform(12, 60)
            width, height = side * dice.uniform(0.7, 1.4), side * dice.uniform(0.7, 1.4)
            x, y = dice.uniform(0, settings["width"] - width), dice.uniform(0, settings["height"] - height)
            box = [round(number, 2) for number in (x, y, x + width, y + height)]
            objects.append({"box": box, "label": dice.randrange(settings["classes"])})
        images.append(objects)
    path.write_text(json.dumps({"settings": settings, "images": images, "pixels": "pixels"}))


def step_rows(name, ours, python, folder, rounds, failures):
    """A row for each peer; the first carries what the layers cost."""
    settings = SETTINGS[name]
    verb = "segment" if settings["kind"] == "segmenter" else "step"
    path = folder / f"{name}.json"
    draw(settings, path)
    mine = ours.ask(verb, path)
    facts = ours.ask(f"{verb}-time", STEPS)
    extra = {
        "parameters": mine["parameters"], "batch": settings["batch"], "allocations": facts["allocations"],
        "note": NOTES[name],
    }
    layers = ours.ask(f"{verb}-layers")
    for peer in PEERS if python else []:
        say(f"{name} against {peer}")
        try:
            if peer == PEERS[0]:
                python.ask(verb, path)
            theirs = python.ask(f"{verb}-prepare", peer)
            # The regions of two stages are not the same on both sides; a test holds those steps against PyTorch.
            if settings["kind"] != "faster-rcnn" and abs(mine["loss"] - theirs["loss"]) > 1e-4 * theirs["loss"]:
                failures.append(f"{name}: the first loss is {mine['loss']}, that of {peer} {theirs['loss']}")
                return
            loading = []

            def step():
                ours.ask(f"{verb}-time", 1)
                found = ours.ask(f"{verb}-time", STEPS)
                loading.append(found["loading"] / (sum(found["seconds"]) / STEPS))
                return found["seconds"]

            def other():
                python.ask(f"{verb}-time", peer, 1)
                return python.ask(f"{verb}-time", peer, STEPS)["seconds"]

            race = Race(rounds, step, other)
        except WorkerError as error:
            failures.append(f"{name} against {peer}: {error}")
            continue
        found = row(name, "ms/step", race, peer, lambda seconds: 1e3 * seconds, **extra, peer_format=theirs["format"])
        found["loading_share"] = sorted(loading)[len(loading) // 2]
        if peer == PEERS[0]:
            found["peak"], found["layers"] = layers["peak"], layers["layers"]
        yield found


def share(operations, seconds, peak):
    return f"{operations / seconds / peak:.0%}" if operations else ""


def layer_page(rows):
    """The layers of all rows that know theirs, as a page."""
    lines = [
        "# Layers of one training step, one run", "",
        "Written by `Benchmarks/compare --only train-step-onestage train-step-twostage segment-step --record DIR`: the least of",
        "30 passes over the whole network for each layer, on one thread. The share is that of the fused multiply-adds this core can",
        "do in registers; operations are counted as the direct algorithm needs them, so that Winograd's convolutions,",
        "which need fewer, can be above 100%. Layers without a share are bound by memory.",
    ]
    for found in rows:
        if "layers" not in found:
            continue
        layers, peak = found["layers"], found["peak"]
        total = 1e3 * sum(layer["forwardSeconds"] + layer["backwardSeconds"] for layer in layers)
        lines += [
            "", f"## {found['name']}", "",
            f"Peak {peak / 1e9:.0f} GFLOP/s; all layers together {total:.1f} ms of the step's {found['ours']:.1f} ms"
            f" (least: {found['ours_min']:.1f} ms).", "",
            "| layer | kind | forward ms | share | backward ms | share |", "|---|---|---:|---:|---:|---:|",
        ]
        for layer in layers:
            ahead, back = layer["forwardSeconds"], layer["backwardSeconds"]
            lines.append(
                f"| {layer['name']} | {layer['kind']} | {1e3 * ahead:.3f} | {share(layer['forwardOperations'], ahead, peak)} "
                f"| {1e3 * back:.3f} | {share(layer['backwardOperations'], back, peak)} |")
    return "\n".join(lines) + "\n"
