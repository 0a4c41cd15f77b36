#!/bin/sh
# FCOS on data with small objects, from scratch: five trainings scored on search-val, then the same checkpoints on the test split.
# usage: run.sh DATA-FOLDER OUT-FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=$1
out=$2
mkdir -p "$out"
autoloss train --data "$data" --detector fcos --seeds 5 --first-seed 11 --workers 2 --out "$out/training" --json > "$out/val.json"
truth=$data/annotations/instances_test.json
: > "$out/test.jsonl"
for seed in 11 12 13 14 15; do
  autoloss detect --checkpoint "$out/training/seed-$seed/checkpoint.safetensors" --threshold 0.05 --json "$data"/test/*.jpg \
    | python3 "$here/coco_results.py" "$truth" > "$out/detections.json"
  autoloss coco-eval --gt "$truth" --dt "$out/detections.json" --json >> "$out/test.jsonl"
done
