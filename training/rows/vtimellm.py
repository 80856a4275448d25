"""The export `vtimellm`: the JSON of VTimeLLM's three stages, but for the features of its picture encoder.

    stage1.json     {"id": keyframe id, "image", "conversations"}
    stage2.json     {"source", "id": clip id, "conversations", "meta": {"split", "duration", "token": {"<s0>": s}}}
    stage3.json     the same, from the view `instruct`
    frames.json     clip id -> the pictures at its 100 moments, for the encoder
    images/         the pictures; with --films, films/ has the movies, and records name them in "video"
    subtitles/      the dialogue of the movies, which VTimeLLM does not hear

Its loader reads `FEATURES/<id>.npy`: for a clip 100 vectors of CLIP ViT-L/14, one for each picture of frames.json, for
a picture one. Seconds of tokens count from the start of the clip; `split` says where it lies, and is left out for a
whole movie.
"""

from moviellm.generation.dataset.features import Row
from moviellm.generation.schema import Movie
from moviellm.training.rows.align import align_rows
from moviellm.training.rows.boundary import boundary_rows
from moviellm.training.rows.export_folder import ExportFolder, ExportOptions, conversations, flat
from moviellm.training.rows.film import Look
from moviellm.training.rows.instruct import instruct_rows
from moviellm.training.rows.source import Pictures

SOURCE = "moviellm"
MOMENTS = 100
"""Frames that VTimeLLM takes of a clip."""


def export_movie(folder: ExportFolder, movie: Movie, pictures: Pictures, options: ExportOptions) -> None:
    """Add a movie."""
    painted = {one.keyframe_id: one for one in movie.keyframes() if one.keyframe_id in pictures}
    if not painted:
        return
    paths = {name: folder.picture(one, pictures[name]) for name, one in painted.items()}
    film = folder.film(movie, pictures) if options.films else None
    folder.subtitles(movie)
    for row in align_rows(movie, options.seed):
        name = row["keyframe_id"]
        record = {
            "id": name,
            "image": paths[name],
            "conversations": conversations(flat(row["prompt"] + row["completion"])),
        }
        folder.add("stage1", movie.split, record)
    look = Look(stamps=False)
    told: set[str] = set()
    for stage, rows in (("stage2", boundary_rows), ("stage3", instruct_rows)):
        for row in rows(movie, look, options.seed):
            record = _record(movie, row, film)
            folder.add(stage, movie.split, record)
            if record["id"] not in told:
                told.add(record["id"])
                moments = _moments(row, [(one.span.start_s, paths[name]) for name, one in painted.items()])
                folder.add("frames", None, {"id": record["id"], "duration": row["duration_s"], "frames": moments})


def clip_id(movie: Movie, row: Row) -> str:
    """The movie's id for the whole movie; else with start and end of the clip in milliseconds."""
    start_s, end_s = row["clip"]["start_s"], row["clip"]["end_s"]
    if (start_s, end_s) == (0.0, movie.duration_s):
        return movie.movie_id
    return f"{movie.movie_id}-{round(1000 * start_s):08d}-{round(1000 * end_s):08d}"


def _record(movie: Movie, row: Row, film: str | None) -> Row:
    turns = [(turn["role"], turn["text"]) for turn in row["turns"]]
    turns[0] = (turns[0][0], f"<video>\n{turns[0][1]}")
    name = clip_id(movie, row)
    split = {} if name == movie.movie_id else {"split": [row["clip"]["start_s"], row["clip"]["end_s"]]}
    video = {} if film is None else {"video": film}
    return {
        "source": SOURCE,
        "id": name,
        **video,
        "conversations": conversations(turns),
        "meta": {
            **split,
            "duration": row["duration_s"],
            "token": {one["token"]: one["time_s"] for one in row["tokens"]},
        },
    }


def _moments(row: Row, pictures: list[tuple[float, str]]) -> list[str]:
    """The picture on screen in the middle of every hundredth of the clip."""
    found, place = [], 0
    for number in range(MOMENTS):
        time_s = row["clip"]["start_s"] + row["duration_s"] * (number + 0.5) / MOMENTS
        while place + 1 < len(pictures) and pictures[place + 1][0] <= time_s:
            place += 1
        found.append(pictures[place][1])
    return found
