"""The training views: their names, their columns, and the rows that a movie gives for each.

    columns("sft", embed=False)                     # {"row_id": "string", "prompt": [...], ...}, see features.py
    for row in rows_of("sft", movie, pictures, origin, look, seed=0): ...

A row names its pictures by keyframe and hash, and the dataset they are in; with `embed` it holds them. It writes no
file: see writing.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from moviellm.generation.dataset.features import Features, Row
from moviellm.generation.schema import Movie
from moviellm.training.rows import align, boundary, instruct, sft
from moviellm.training.rows.film import Look
from moviellm.training.rows.source import Pictures

View = Literal["sft", "align", "boundary", "instruct"]
VIEWS: tuple[View, ...] = get_args(View)
ABOUT: dict[View, str] = {
    "sft": "every question, with the film before it: `prompt` and `completion`",
    "align": "one picture and its caption (stage 1 of VTimeLLM's recipe)",
    "boundary": "events and their exact boundaries (stage 2)",
    "instruct": "conversations about moments (stage 3)",
}
SHARED: Features = {
    "row_id": "string",
    "movie_id": "string",
    "dataset": "string",
    "revision": "string",
    "split": "string",
    "language": "string",
}
"""Columns of every view, before its own."""
OWN: dict[View, Features] = {
    "sft": sft.COLUMNS,
    "align": align.COLUMNS,
    "boundary": boundary.COLUMNS,
    "instruct": instruct.COLUMNS,
}
MEANING = {
    "row_id": "movie, view and number of the row",
    "movie_id": "movie of the source dataset",
    "dataset": "dataset that the pictures are in: its Hub id, or its name where rows were made from a folder",
    "revision": "its tag or commit; for a folder its version",
    "split": "split, that of the movie in the source",
    "language": "language of the movie, as a BCP-47 tag",
    "prompt": "messages up to the one to be learned, in parts: text and image placeholders",
    "completion": "the message to be learned",
    "messages": "the whole conversation; train with `assistant_only_loss=True`",
    "images": "the pictures behind the placeholders, in order: `keyframe_id` and `image_sha256`, or the pictures",
    "question_id": "question of the source",
    "question_ids": "questions of the source that are asked",
    "question_type": "what the question asks for",
    "answer_format": "how it is answered: open_ended, multiple_choice, temporal_grounding, dense_captioning",
    "level": "how much of the movie it asks about",
    "group_id": "questions that count together",
    "turn_of": "question that this one follows up",
    "flags": "what was found against the question",
    "answer_index": "number of the right option, from 0",
    "evidence": "where the answer is to be seen or heard, in seconds of the movie; for grounding the right span",
    "duration_s": "length of the movie or clip in seconds",
    "templates": "wordings used, by language, task and number",
    "keyframe_id": "the keyframe",
    "kind": "`brief`: its caption; `detailed`: a description of how it was staged",
    "turns": "the conversation without the film, with tokens for its times",
    "tokens": "what each token stands for: seconds from the start of the clip, and the hundredth of it, 0 to 99",
    "clip": "the clip in seconds of the movie",
    "task": "`dense_captioning` (one turn) or `multi_turn`",
    "event_ids": "events of the source that are spoken of",
    "kinds": "what each turn asks about",
}
"""What every column means."""


@dataclass(frozen=True)
class Origin:
    """Where the pictures of rows are."""

    dataset: str
    revision: str


def columns(view: View, embed: bool) -> Features:
    """Columns of a view in the neutral form."""
    found: Features = {**SHARED, **OWN[view]}
    return {**found, "images": ["image"]} if embed else found


def rows_of(view: View, movie: Movie, pictures: Pictures, origin: Origin, look: Look, seed: int) -> Iterator[Row]:
    """The rows that a movie gives.

    Raises:
        ValueError: a picture that a row is to hold is missing.
    """
    if view == "sft":
        made = sft.sft_rows(movie, look, seed)
    elif view == "align":
        made = align.align_rows(movie, seed)
    elif view == "boundary":
        made = boundary.boundary_rows(movie, look, seed)
    else:
        made = instruct.instruct_rows(movie, look, seed)
    names = {one.keyframe_id: one.image for one in movie.keyframes()} if look.embed else {}
    for number, row in enumerate(made):
        if look.embed:
            row["images"] = [_picture(one["keyframe_id"], names, pictures) for one in row["images"]]
        yield {
            "row_id": f"{movie.movie_id}-{view}-{number:05d}",
            "movie_id": movie.movie_id,
            "dataset": origin.dataset,
            "revision": origin.revision,
            "split": movie.split,
            "language": movie.language,
            **row,
        }


def _picture(keyframe_id: str, names: dict[str, str | None], pictures: Pictures) -> Row:
    if keyframe_id not in pictures:
        raise ValueError(f"the picture of {keyframe_id} is missing; check the dataset with: moviellm dataset check")
    return {"bytes": pictures[keyframe_id], "path": names[keyframe_id] or keyframe_id}
