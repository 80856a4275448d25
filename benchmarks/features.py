"""Bytes a frame, an epoch with and without cached features, and frames of a long film by seeking.

    python benchmarks/features.py                   # under 2 minutes; writes results/features.json and .md
    python benchmarks/features.py --minutes 10      # a shorter film; prints, writes nothing

Measured in processor seconds of one thread, since the machine is shared. The tower is CLIP's of 6 layers and width 384
at 224 px with random weights: what a frame costs does not depend on what they are. An epoch is its vision half, the
same for any language model: pictures of the committed sample read, decoded, prepared and seen, against features read
from a cache. The long film is made by our own film writer, of plain pictures, 4 s each.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from painting import RESULTS, machine

from moviellm.generation.files import write_whole
from moviellm.generation.film.mp4 import write_film
from moviellm.generation.imports.films.stream import open_film
from moviellm.training.features import FeatureCache
from moviellm.training.media import FramePolicy, films_of
from moviellm.training.media.decoding import decode
from moviellm.training.media.policy import moments
from moviellm.training.media.reading import open_movies
from moviellm.training.media.seeking import Seeker

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "sample" / "MovieLLM-sample"
FRAMES = 64
WIDE, HIGH = 512, 288
LEVELS = ("cls", "pool", "full")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of this process, and what came out."""
    begin = time.process_time()
    made = work()
    return time.process_time() - begin, made


# ------------------------------------------------------------------------------------------------ features


def save_tower(folder: Path) -> str:
    import torch
    from transformers import CLIPVisionConfig, CLIPVisionModel

    torch.manual_seed(0)
    config = CLIPVisionConfig(
        hidden_size=384, intermediate_size=1536, num_hidden_layers=6, num_attention_heads=6, patch_size=16
    )
    CLIPVisionModel(config).save_pretrained(folder)
    return str(folder)


def measure_features(folder: Path) -> dict[str, Any]:
    """An epoch of the sample's movies through the tower, and from caches of each level."""
    from moviellm.training.features.making import make_cache
    from moviellm.training.features.towers import open_tower

    place = save_tower(folder / "tower")
    movies = open_movies(str(SAMPLE))
    films = [
        (split, movies.film(name, FramePolicy()))
        for split in movies.source.manifest.splits
        for name in movies.ids(split)
    ]
    frames = sum(len(film) for _, film in films)
    levels = {}
    for level in LEVELS:
        tower = open_tower(place, level, FramePolicy(), device="cpu")

        def epoch(tower: Any = tower) -> None:
            for film in films_of(str(SAMPLE)):
                tower.features(tower.frames.prepare(film.frames, film.movie_id))

        without_s, _ = timed(epoch)
        made = make_cache(tower, films, folder / level, source=movies.source)
        shards = sum(file.bytes for file in made.manifest.files if file.path.startswith("shards/"))
        open_s, cache = timed(lambda level=level: FeatureCache(folder / level))
        cache.film(cache.ids()[0])  # the index is read once
        with_s = min(timed(lambda cache=cache: [film.features.sum() for film in cache.films()])[0] for _ in range(3))
        levels[level] = {
            "bytes_per_frame": tower.settings.bytes_per_frame,
            "bytes_per_frame_on_disk": round(shards / frames),
            "open_ms": round(1000 * open_s, 2),
            "ms_per_frame_without": round(1000 * without_s / frames, 2),
            "ms_per_frame_with": round(1000 * with_s / frames, 4),
            "ratio": round(without_s / with_s),
        }
    return {"frames": frames, "levels": levels, "clip_l_bytes_per_frame": clip_l()}


def clip_l() -> dict[str, int]:
    """Bytes a frame for openai/clip-vit-large-patch14, by its sizes: width 1024, projected 768, 257 states."""
    return {"cls": 768 * 2, "pool": 4 * 4 * 1024 * 2, "full": 257 * 1024 * 2}


# ------------------------------------------------------------------------------------------------ seeking


def long_film(folder: Path, minutes: int) -> Path:
    """A film of our own writer, of pictures of noise over a colour."""
    import io

    import numpy as np
    from PIL import Image

    sys.path.insert(0, str(ROOT))
    from tests.factories import make_movie

    movie = make_movie(0, chapters=max(1, minutes // 4), scenes=10, keyframes=6)
    dice = np.random.default_rng(0)

    def pictures() -> Any:
        for keyframe in movie.keyframes():
            base = dice.integers(0, 255, (9, 16, 3), np.uint8)
            picture = Image.fromarray(base).resize((WIDE, HIGH), Image.Resampling.BICUBIC)
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=90)
            yield keyframe, out.getvalue()

    return write_film(movie, pictures(), folder).mp4


def measure_seeking(folder: Path, minutes: int) -> dict[str, Any]:
    """64 frames of a long film: sought, and by decoding all that lies between them."""
    path = long_film(folder, minutes)
    with open_film(path, 1) as film:
        length_s = film.said_end_s or 0.0
    wanted = moments(FramePolicy(n=FRAMES), length_s)

    def read(seek: bool) -> tuple[int, list[float | None]]:
        with open_film(path, 1) as film:
            seeker = Seeker(film, seek)
            shown = [seeker.at(time_s) for time_s in wanted]
            return seeker.decoded, [None if frame is None else float(frame.to_ndarray().mean()) for frame in shown]

    sought_s, (sought, seen) = timed(lambda: read(True))
    through_s, (through, seen_too) = timed(lambda: read(False))
    assert seen == seen_too, "the same pictures either way"
    with tempfile.TemporaryFile() as file:
        whole_s, _ = timed(lambda: decode(path, FramePolicy(n=FRAMES), 0, file.fileno()))
    return {
        "film_s": length_s,
        "film_bytes": path.stat().st_size,
        "frames": FRAMES,
        "decoded_seeking": sought,
        "decoded_through": through,
        "seconds_seeking": round(sought_s, 3),
        "seconds_through": round(through_s, 3),
        "seconds_with_jpeg_hash_and_subtitles": round(whole_s, 3),
        "ratio": round(through_s / sought_s, 1),
    }


# ------------------------------------------------------------------------------------------------ writing it down


def markdown(results: dict[str, Any]) -> str:
    made, film = results["features"], results["seeking"]
    rows = "\n".join(
        f"| `{level}` | {made['clip_l_bytes_per_frame'][level]:,} | {one['bytes_per_frame']:,} | "
        f"{one['bytes_per_frame_on_disk']:,} | {one['ms_per_frame_without']} | {one['ms_per_frame_with']} | "
        f"{one['ratio']:,} | {one['open_ms']} |"
        for level, one in made["levels"].items()
    )
    return f"""# Frame features, and frames of a long film

Written by `python benchmarks/features.py`; one thread of {results["machine"]["cpu"]}, processor seconds.

## An epoch with and without cached features

The vision half of an epoch: {made["frames"]} keyframes of 512x288 of the committed sample, through a CLIP tower of 6
layers and width 384 at 224 px, against features read from the cache.

| level | CLIP-L/14, B a frame | this tower, B a frame | on disk | without, ms a frame | with | ratio | opening, ms |
|---|---:|---:|---:|---:|---:|---:|---:|
{rows}

## {film["frames"]} frames of a film of {film["film_s"] / 60:.0f} minutes

| | pictures decoded | s |
|---|---:|---:|
| read through | {film["decoded_through"]:,} | {film["seconds_through"]} |
| sought | {film["decoded_seeking"]:,} | {film["seconds_seeking"]} |
| ratio | | {film["ratio"]} |

The film is of our own writer, 512x288, H.264, {film["film_bytes"] / 1e6:.1f} MB. With pictures kept as JPEG, the
film's hash and its subtitles, `read_film` takes {film["seconds_with_jpeg_hash_and_subtitles"]} s.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=60)
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results = {
            "machine": machine(),
            "seeking": measure_seeking(folder, arguments.minutes),
            "features": measure_features(folder),
        }
    print(json.dumps(results, indent=1))
    if arguments.minutes == 60:
        write_whole(RESULTS / "features.json", (json.dumps(results, indent=1) + "\n").encode())
        write_whole(RESULTS / "features.md", markdown(results).encode())


if __name__ == "__main__":
    main()
