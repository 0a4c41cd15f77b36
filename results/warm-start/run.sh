#!/bin/sh
# What a pretrained backbone gains: the same seeds from scratch and from the synthetic backbone, on search-val.
# usage: run.sh DATA-FOLDER STEPS SEEDS OUT-FOLDER [further options of train]
set -eu
data=$1
steps=$2
seeds=$3
out=$4
shift 4
mkdir -p "$out"
for init in none synthetic; do
  autoloss train --data "$data" --init $init --steps "$steps" --seeds "$seeds" --workers 1 --json "$@" \
    > "$out/$(basename "$data")-$steps-$init.json"
done
