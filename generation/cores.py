"""How many cores this process may use: what a scheduler gave it, not what the machine has.

    usable_cores()                                # 2 in a Slurm task with two of 128

A limit of a container on processor time is not a number of cores, and is not read.
"""

import os


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
