#!/bin/sh
# Data with small objects, from scratch: FCOS with five seeds, scored on search-val, then the same checkpoints on train and test;
# Faster R-CNN with three seeds and ATSS with one on search-val. Goes on where it was stopped. Needs autoloss on the PATH, and python3.
# usage: run.sh DATA-FOLDER OUT-FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=$1
out=$2
mkdir -p "$out"

# train_on NAME OPTION...: a training kept in OUT/NAME, its results in OUT/NAME.json.
train_on() {
  name=$1
  shift
  resume=
  if [ -d "$out/$name" ]; then resume=--resume; fi
  autoloss train $resume --data "$data" "$@" --out "$out/$name" --json > "$out/$name.part"
  mv "$out/$name.part" "$out/$name.json"
}

train_on fcos --detector fcos --seeds 5 --first-seed 11 --workers 2
train_on faster-rcnn --seeds 3 --workers 2
train_on atss --detector atss --workers 1
train_on standard --profile standard --steps 1500 --workers 1

for split in train test; do
  for seed in 11 12 13 14 15; do
    "$here/score.sh" "$data" $split "$out/fcos/seed-$seed/checkpoint.safetensors"
  done > "$out/fcos-$split.part"
  mv "$out/fcos-$split.part" "$out/fcos-$split.jsonl"
done
