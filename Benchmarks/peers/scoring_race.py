"""pycocotools on one pair of files."""

import contextlib
import io
import time

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


class ScoringRace:
    def __init__(self, truth, detections):
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            self.truth = COCO(truth)
            self.found = self.truth.loadRes(detections)
        self.reading = time.perf_counter() - start

    def evaluate(self):
        """The 12 numbers."""
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = COCOeval(self.truth, self.found, "bbox")
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        return [float(number) for number in evaluation.stats]

    def summary(self):
        return {"seconds": self.reading, "stats": self.evaluate()}

    def time(self):
        start = time.perf_counter()
        self.evaluate()
        return {"seconds": [time.perf_counter() - start]}
