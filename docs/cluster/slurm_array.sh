#!/bin/bash
# A run made by a Slurm array, without Ray: sbatch docs/cluster/slurm_array.sh RECIPE RUN
# Every task makes its share of the shards of the one run folder, which all nodes see. A task that is killed or
# requeued goes on; `moviellm status RUN` says how far all of them are.
#SBATCH --job-name=moviellm
#SBATCH --array=0-15
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=08:00:00
#SBATCH --requeue
#SBATCH --output=moviellm-%A_%a.log
set -euo pipefail
recipe=$1 run=$2
part=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN + 1))/$SLURM_ARRAY_TASK_COUNT
exec moviellm make --recipe "$recipe" --out "$run" --part "$part" --no-films \
    --set engine.workers="$SLURM_CPUS_PER_TASK"
