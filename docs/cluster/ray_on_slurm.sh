#!/bin/bash
# A run made on Ray inside one Slurm job: sbatch docs/cluster/ray_on_slurm.sh RECIPE RUN
# The first node is the head, and moviellm runs there; the others are workers. When a node dies, its shards are made on
# the others; when the head dies, submit the same job again: it goes on.
#SBATCH --job-name=moviellm-ray
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=64G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --output=moviellm-%j.log
set -euo pipefail
recipe=$1 run=$2
mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${nodes[0]}
port=$((20000 + SLURM_JOB_ID % 20000))
address=$(srun --nodes=1 --ntasks=1 --nodelist="$head" hostname --ip-address | awk '{print $1}'):$port
export RAY_USAGE_STATS_ENABLED=0

srun --overlap --nodes=1 --ntasks=1 --nodelist="$head" \
    ray start --head --port="$port" --num-cpus="$SLURM_CPUS_PER_TASK" --include-dashboard=false --block &
until ray status --address "$address" > /dev/null 2>&1; do sleep 2; done
if ((${#nodes[@]} > 1)); then
    srun --overlap --nodes=$((${#nodes[@]} - 1)) --ntasks=$((${#nodes[@]} - 1)) --exclude="$head" \
        ray start --address="$address" --num-cpus="$SLURM_CPUS_PER_TASK" --block &
fi

RAY_ADDRESS=$address moviellm make --recipe "$recipe" --out "$run" --no-films --on ray
