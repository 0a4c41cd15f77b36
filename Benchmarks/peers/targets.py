"""What the places and regions of a batch are to predict: the assignment rules of FCOS, ATSS and Faster R-CNN in numpy.

Written for clearness, not for speed: nothing here is timed.
"""

import numpy


def iou(a, b, least=1e-6):
    """Pairwise overlaps of two lists of boxes."""
    low = numpy.maximum(a[:, None, :2], b[None, :, :2])
    high = numpy.minimum(a[:, None, 2:], b[None, :, 2:])
    inner = numpy.prod(numpy.clip(high - low, 0, None), axis=2)
    area = lambda boxes: (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return inner / numpy.maximum(area(a)[:, None] + area(b)[None, :] - inner, least)


def cells(s, stride):
    """Rows and columns of a level: every halving rounds up."""
    def halved(extent):
        for _ in range(stride.bit_length() - 1):
            extent = (extent + 1) // 2
        return extent

    return halved(s["height"]), halved(s["width"])


def points(s, stride):
    """x and y of each place."""
    height, width = cells(s, stride)
    x, y = numpy.meshgrid(numpy.arange(width), numpy.arange(height))
    return numpy.stack([x.ravel(), y.ravel()], axis=1) * stride + stride // 2


def anchors(s, stride, sides):
    """Square boxes around each place's corner, by row, column, side."""
    height, width = cells(s, stride)
    x, y = numpy.meshgrid(numpy.arange(width) * stride, numpy.arange(height) * stride)
    centre = numpy.stack([x.ravel(), y.ravel()], axis=1).astype(float)[:, None, :]
    half = numpy.array(sides, dtype=float)[None, :, None] / 2
    return numpy.concatenate([centre - half, centre + half], axis=2).reshape(-1, 4)


def by_points(s, boxes):
    """FCOS: the object of each place of each level, -1 for background."""
    found = []
    for stride, (least, most) in zip(s["strides"], ((0, s["distance_limit"]), (s["distance_limit"], numpy.inf))):
        p = points(s, stride)
        best = numpy.full(len(p), -1)
        area = numpy.full(len(p), numpy.inf)
        for index, box in enumerate(boxes):
            sides = numpy.concatenate([p - box[:2], box[2:] - p], axis=1)
            centre, reach = (box[:2] + box[2:]) / 2, stride * 1.5
            core = numpy.concatenate([numpy.maximum(centre - reach, box[:2]), numpy.minimum(centre + reach, box[2:])])
            inside = numpy.concatenate([p - core[:2], core[2:] - p], axis=1).min(axis=1) > 0
            far = sides.max(axis=1)
            own = numpy.prod(box[2:] - box[:2])
            claims = inside & (far >= least) & (far <= most) & (own < area)
            best[claims], area[claims] = index, own
        found.append(best)
    return found


def by_overlap(s, boxes, nearest=9):
    """ATSS: the object of each place of each level, -1 for background."""
    levels = [anchors(s, stride, [stride * s["anchor_scale"]]) for stride in s["strides"]]
    every = numpy.concatenate(levels)
    centres = (every[:, :2] + every[:, 2:]) / 2
    best, overlap = numpy.full(len(every), -1), numpy.full(len(every), -1e8)
    for index, box in enumerate(boxes):
        away = ((centres - (box[:2] + box[2:]) / 2) ** 2).sum(axis=1)
        chosen, start = [], 0
        for level in levels:
            chosen += list(start + numpy.argsort(away[start:start + len(level)], kind="stable")[:nearest])
            start += len(level)
        found = iou(every[chosen], box[None])[:, 0]
        threshold = found.mean() + found.std(ddof=1)
        inside = numpy.concatenate([centres[chosen] - box[:2], box[2:] - centres[chosen]], axis=1).min(axis=1) > 0.01
        for place, value, fits in zip(chosen, found, inside):
            if value >= threshold and fits and value > overlap[place]:
                best[place], overlap[place] = index, value
    return numpy.split(best, numpy.cumsum([len(level) for level in levels])[:-1])


def by_largest(candidates, boxes, positive, negative, minimum=None):
    """Faster R-CNN: the object of each candidate; -1 background, -2 ignored. `minimum`: low-quality matches from there."""
    overlaps = iou(boxes, candidates)
    best = overlaps.max(axis=0)
    found = numpy.where(best >= positive, overlaps.argmax(axis=0), numpy.where(best < negative, -1, -2))
    if minimum is not None:
        for index, row in enumerate(overlaps):
            if row.max() >= minimum:
                found[row == row.max()] = index
    return found


def suppressed(boxes, scores, levels, threshold, limit):
    """Indices that stay, best first; boxes of different levels do not suppress each other."""
    kept = []
    for candidate in numpy.argsort(-scores, kind="stable"):
        same = [k for k in kept if levels[k] == levels[candidate]]
        if len(kept) < limit and not (same and iou(boxes[same], boxes[[candidate]], 0).max() > threshold):
            kept.append(candidate)
    return kept
