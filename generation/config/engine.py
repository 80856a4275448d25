"""The part of a recipe that says how the work is done: how much at a time, how often again, for how much money.

    recipe.engine.concurrency

Nothing here changes a byte of the dataset, and nothing here is in the key of a cell. What is made is in recipe.py.
"""

from pydantic import Field

from moviellm.generation.config.section import Section


class EngineConfig(Section):
    """How the work is done. Nothing here changes a byte of the dataset."""

    concurrency: int = Field(default=16, ge=1, le=4096)
    """Cells in work at a time."""
    shard_bytes: int = Field(default=512 * 1024 * 1024, ge=1024)
    """Size of a shard, by estimate from the number and size of its pictures."""
    workers: int | None = Field(default=None, ge=1, le=256)
    """Processes that draw; None takes one a core."""
    max_usd: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    """The run's recorded cost never exceeds it: no call is made that could."""
    batch: bool = False
    """Ask the language model through the Batch API: half the price, hours of waiting."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    """Calls a minute at most; None leaves it to the server's answers."""
    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Tokens a minute at most, by estimate before and by count after."""
    retries: int = Field(default=6, ge=0, le=20)
    """Times a call is tried again when the server is busy, down or cut off."""
    timeout_s: float = Field(default=600.0, gt=0.0, allow_inf_nan=False)
    """Longest wait for one answer."""
    images_at_a_time: int = Field(default=8, ge=1, le=256)
    """Pictures a diffusion pipeline paints together; halved when the memory does not hold them. `concurrency` is best
    four times it. Another number may change the last bits of a picture."""
    gpus: float = Field(default=1.0, ge=0.0, le=16.0, allow_inf_nan=False)
    """GPUs that a diffusion painter takes on a cluster; a half lets two share one, 0 lets it paint on the CPU."""
    painters: int | None = Field(default=None, ge=1, le=10_000)
    """Diffusion painters on a cluster; None takes as many as its GPUs allow, one where `gpus` is 0."""
