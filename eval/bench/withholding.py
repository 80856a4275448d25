"""What the public sees of a movie of test: its pictures, what is said, its title, its questions and their options.

    public_rows(movie, images, film)["qa"]          # answer, answer_index, evidence, gates, form, ... are null

Every column is named here: one that a later schema adds is withheld until somebody puts it on the list. Story, cast,
captions, prompts, boxes, event logs, groups, twins, seeds and provenance are not on it. A question's type is kept only
where it decides how the question is put, because `unanswerable` is an answer; ids of keyframes and lines say no scene.
"""

from collections.abc import Iterable
from typing import Final

from moviellm.eval.bench.renaming import flat_ids
from moviellm.generation.dataset.features import FEATURES, Row, film_row, keyframe_rows, text_rows
from moviellm.generation.schema import Keyframe, Movie

SHOWN: Final[dict[str, frozenset[str]]] = {
    "movies": frozenset({"movie_id", "title", "duration_s", "language", "split", "schema_version"}),
    "keyframes": frozenset(
        {"movie_id", "keyframe_id", "index", "span", "image", "image_sha256", "width_px", "height_px"}
    ),
    "dialogue": frozenset({"movie_id", "speaker", "line_id", "text", "span"}),
    "qa": frozenset(
        {
            "movie_id", "duration_s", "question_id", "level", "question_type", "answer_format", "turn_of", "question",
            "options",
        }
    ),
    "events": frozenset(),
    "films": frozenset(
        {
            "movie_id", "title", "language", "duration_s", "fps", "width_px", "height_px", "moving", "voiced",
            "subtitles_srt", "subtitles_vtt", "video",
        }
    ),
}  # fmt: skip
"""Columns of test that have values in public, by config; a config without any has no rows of test."""
TYPES_SHOWN: Final = frozenset({"overview", "plot"})
"""Question types that decide how a question is put."""
Rows = dict[str, list[Row]]


def whole_rows(movie: Movie, images: Iterable[tuple[Keyframe, bytes]], film: Row | None) -> Rows:
    """Every row of a movie, with all that is known."""
    rows: Rows = {**text_rows(movie), "keyframes": [*keyframe_rows(movie, images)]}
    return rows if film is None else {**rows, "films": [film_row(movie, film)]}


def public_rows(movie: Movie, images: Iterable[tuple[Keyframe, bytes]], film: Row | None) -> Rows:
    """The rows of a movie of test that everybody may see."""
    flat = flat_ids(movie)
    found: Rows = {}
    for config, rows in whole_rows(movie, images, film).items():
        shown = SHOWN[config]
        found[config] = [_public(config, row, shown, flat) for row in rows] if shown else []
    return found


def _public(config: str, row: Row, shown: frozenset[str], flat: dict[str, str]) -> Row:
    row = {name: row[name] if name in shown else None for name in FEATURES[config]}
    if config == "keyframes":
        row["keyframe_id"] = flat[row["keyframe_id"]]
        if row["image"] is not None:
            ending = str(row["image"]["path"]).rpartition(".")[2]
            row["image"] = {"bytes": row["image"]["bytes"], "path": f"{row['keyframe_id']}.{ending}"}
    elif config == "dialogue":
        row["line_id"] = flat[row["line_id"]]
    elif config == "qa" and row["question_type"] not in TYPES_SHOWN:
        row["question_type"] = None
    elif config == "films" and row["subtitles_vtt"] is not None:
        for old, new in flat.items():
            row["subtitles_vtt"] = row["subtitles_vtt"].replace(f"{old}\n", f"{new}\n")
    return row


def private_rows(movie: Movie) -> Rows:
    """Every row of a movie of test without pictures and film: what scores and judges read."""
    bare = [(frame, b"") for frame in movie.keyframes() if frame.image_sha256 is not None]
    rows = whole_rows(movie, bare, None)
    for row in rows["keyframes"]:
        row["image"] = None
    return rows
