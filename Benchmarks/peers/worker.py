"""Answers each line of words with one line of JSON: what `compare` measures beside autoloss.

Lines: `versions` · `load LOSS N INPUTS ANSWERS` · `prepare LOSS N CONTESTANT` · `time LOSS N CONTESTANT COUNT` ·
`formulas FILE` · `screen` · `coco GT DT` · `coco-time` · `step FILE` · `step-prepare CONTESTANT` ·
`step-time CONTESTANT COUNT` · `segment FILE` · `segment-prepare CONTESTANT` · `segment-time CONTESTANT COUNT` ·
`surrogate FILE` · `surrogate-prepare CONTESTANT METRIC` · `surrogate-time CONTESTANT METRIC COUNT`.
What goes wrong is an answer too: `{"error": …}`.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import sys

# One thread for everything, before any library reads it.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TORCHINDUCTOR_COMPILE_THREADS"):
    os.environ[name] = "1"

races = {}


def one_thread():
    """Says it to PyTorch as well, where it is installed; later is too late for its second setting."""
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)


def versions():
    found = {"python": platform.python_version()}
    for package in ("torch", "numpy", "scipy", "deap", "pyoperon", "pycocotools"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    return found


def answer(words):
    if words[0] == "versions":
        return versions()
    if words[0] == "load":
        from formula_race import FormulaRace

        races[words[1], words[2]] = FormulaRace(words[1], int(words[2]), words[3], words[4])
        return {}
    if words[0] == "prepare":
        return races[words[1], words[2]].prepare(words[3])
    if words[0] == "time":
        return races[words[1], words[2]].time(words[3], int(words[4]))
    if words[0] == "formulas":
        from screening_race import ScreeningRace

        races["screening"] = ScreeningRace(words[1])
        return {}
    if words[0] == "screen":
        return races["screening"].run()
    if words[0] == "coco":
        from scoring_race import ScoringRace

        races["coco"] = ScoringRace(words[1], words[2])
        return races["coco"].summary()
    if words[0] == "coco-time":
        return races["coco"].time()
    if words[0] == "step":
        from training_race import TrainingRace

        races["step"] = TrainingRace(words[1])
        return {}
    if words[0] == "step-prepare":
        return races["step"].prepare(words[1])
    if words[0] == "step-time":
        return races["step"].time(words[1], int(words[2]))
    if words[0] == "segment":
        from segment_race import SegmentRace

        races["segment"] = SegmentRace(words[1])
        return {}
    if words[0] == "segment-prepare":
        return races["segment"].prepare(words[1])
    if words[0] == "segment-time":
        return races["segment"].time(words[1], int(words[2]))
    if words[0] == "surrogate":
        from surrogate_race import SurrogateRace

        with open(words[1]) as text:
            given = json.load(text)
        races["surrogate"] = SurrogateRace(given["logits"], given["labels"], given["shape"])
        races["surrogate-losses"] = {one["metric"]: one for one in given["losses"]}
        return {}
    if words[0] == "surrogate-prepare":
        return races["surrogate"].prepare(words[1], **races["surrogate-losses"][words[2]])
    if words[0] == "surrogate-time":
        return races["surrogate"].time(words[1], words[2], int(words[3]))
    raise ValueError("unknown line: " + " ".join(words))


def main():
    # Libraries print to the standard output; the answers need it for themselves.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    one_thread()
    for line in sys.stdin:
        words = line.split()
        if not words:
            continue
        try:
            reply = answer(words)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(reply) + "\n")
        out.flush()


main()
