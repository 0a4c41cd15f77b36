#!/bin/sh
# The AP of a checkpoint on the pictures of a split, as `coco-eval --json` prints it.
# usage: score.sh DATA-FOLDER SPLIT CHECKPOINT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
truth=$1/annotations/instances_$2.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
autoloss detect --checkpoint "$3" --threshold 0.05 --json "$1/$2"/*.jpg > "$work/detect.json"
python3 "$here/coco_results.py" "$truth" < "$work/detect.json" > "$work/detections.json"
autoloss coco-eval --gt "$truth" --dt "$work/detections.json" --json
