"""What `moviellm train features` does: the frames of a dataset go through a tower once, and their features are kept.

    extract("openai/clip-vit-large-patch14", "org/name", Path("features"), level="pool", policy=FramePolicy(n=64))

The work is making.py's.
"""

from pathlib import Path

from moviellm.generation.output import emit
from moviellm.generation.progress import progress
from moviellm.training.features.making import Made, make_cache
from moviellm.training.features.settings import LEVELS, FeatureSettings
from moviellm.training.media.policy import FramePolicy
from moviellm.training.media.reading import open_movies


def extract(
    model: str,
    dataset: str,
    out: Path,
    *,
    level: str = "pool",
    revision: str | None = None,
    model_revision: str | None = None,
    frames: int | None = None,
    fps: float | None = None,
    cap: int | None = None,
    pool_side: int | None = None,
    cls_from: str | None = None,
    batch: int = 64,
    as_json: bool = False,
) -> None:
    """Make a cache of features and say what it is.

    Raises:
        ValueError: an option, the model, the dataset or the target is wrong.
    """
    found = next((one for one in LEVELS if one == level), None)
    if found is None:
        raise ValueError(f"--level {level!r}: allowed are {', '.join(LEVELS)}")
    if batch < 1:
        raise ValueError(f"--batch {batch}: the tower sees at least 1 frame at once")
    policy = FramePolicy(n=frames, fps=fps, cap=cap)
    movies = open_movies(dataset, revision)
    splits = movies.source.manifest.splits
    films = [(split, movies.film(movie_id, policy)) for split in splits for movie_id in movies.ids(split)]
    from moviellm.training.features.towers import open_tower

    tower = open_tower(model, found, policy, revision=model_revision, pool_side=pool_side, cls_from=cls_from)
    with progress("features", sum(len(film) for _, film in films), "frames") as advance:
        made = make_cache(tower, films, out, source=movies.source, batch=batch, advance=advance)
    _say(made, tower.settings, out, as_json)


def _say(made: Made, settings: FeatureSettings, out: Path, as_json: bool) -> None:
    """What was made, and what to do with it."""
    size = sum(file.bytes for file in made.manifest.files)
    facts = {
        "features": str(out),
        "name": made.manifest.name,
        "version": made.manifest.version,
        "level": settings.level,
        "movies": made.seen + made.kept,
        "movies_seen_now": made.seen,
        "frames": made.frames,
        "bytes": size,
        "bytes_per_frame": settings.bytes_per_frame,
    }
    lines = [
        f"{out}: features of {made.frames:,} frames of {made.seen + made.kept:,} movies at level {settings.level}, "
        f"{settings.bytes_per_frame:,} B a frame, {size / 1e6:,.1f} MB",
        f"  seen now    {made.seen:,} movies; {made.kept:,} were there",
        f'  read them   FeatureCache("{out}").film(MOVIE_ID)',
        f"  push them   moviellm dataset push {out} ORG/{made.manifest.name} --version 1.0.0",
    ]
    emit(facts, "\n".join(lines), as_json)
