#!/bin/sh
# Trainings of FCOS without changes of size and colour, seed 1, on search-val; each NAME.json is what `train --json` prints, and
# NAME-train.json the AP on the pictures of train. Needs autoloss on the PATH, and python3.
# usage: tuning.sh DATA-FOLDER OUT-FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=$1
out=$2
mkdir -p "$out"

# plain NAME OPTION...
plain() {
  name=$1
  shift
  resume=
  if [ -d "$out/$name" ]; then resume=--resume; fi
  autoloss train $resume --out "$out/$name" --data "$data" --detector fcos --workers 1 --json --profile small-objects \
    --set training.final.largestZoom=1 --set training.final.colorJitter=0 --set detector.results.scoreThreshold=0.01 "$@" \
    > "$out/$name.part"
  mv "$out/$name.part" "$out/$name.json"
  "$here/score.sh" "$data" train "$out/$name/seed-1/checkpoint.safetensors" > "$out/$name-train.json"
}

plain short --steps 2500
plain short-rate --steps 2500 --set training.final.learningRate=0.1
plain short-batch --steps 5000 --set training.final.imagesPerBatch=4
plain decay --steps 5000 --set training.final.weightDecay=0.001
plain blocks --steps 5000 --set detector.backbone.blocksPerStage=1
plain strides --steps 5000 --set data.height=256 --set data.width=256 --set 'detector.backbone.stageChannels=[32,64,128]' \
  --set detector.oneStage.distanceLimit=48 --set detector.backbone.pyramidChannels=64 --set detector.oneStage.channels=64
