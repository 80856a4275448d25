"""The movies of a proof, read from their dataset as timelines, by what they are for.

    footage = read_footage(folder, settings)
    footage.album()                             # the pictures of all, decoded

Which movies test what: `known` are movies of the split validation, whose people and places train shows; `unknown` are
movies of the split test, whose people wear what nobody of train wears together, with a place in a light that train
never shows; `clips` are one or two scenes of the known ones. It trains nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from moviellm.training.proof.settings import ProofSettings
from moviellm.training.proof.truths import Album, album_of
from moviellm.training.remix.composing import part
from moviellm.training.remix.timeline import Stretch, Timeline, timeline_of
from moviellm.training.rows.source import Source, open_source, read_movies

CLIPS_A_MOVIE = 3
"""Clips that a movie is cut into for the test of forgetting."""
SETS = ("known", "unknown", "clips")
"""Sets of movies that are asked, in the order of tables."""


@dataclass(frozen=True)
class Footage:
    """Movies by what they are for."""

    train: list[Timeline]
    tests: dict[str, list[Timeline]]
    """By name of SETS."""
    frames: list[str]
    """Keyframe ids of all movies, in the order of the album."""
    taught: list[int]
    """Rows of the album that may teach: of train, without held-out places."""
    folder: Path
    held_out: frozenset[tuple[str, str]]

    def refused(self, scene: Stretch) -> bool:
        """Whether a scene is kept out of training."""
        return (scene.place, scene.light) in self.held_out

    def album(self) -> Album:
        """All pictures with what is known of them; decoding them takes seconds."""
        return album_of(read_movies(open_source(str(self.folder)), pictures=True))


def read_footage(folder: Path, settings: ProofSettings) -> Footage:
    """Movies of a dataset folder.

    Raises ValueError when a test would be empty.
    """
    held_out = frozenset(settings.held_out_places)
    lines = [timeline_of(movie) for movie, _ in read_movies(open_source(str(folder)), pictures=False)]
    known, unknown = _tested(lines, held_out)
    train = [line for line in lines if line.split == "train"]
    for name, found in (("train", train), ("known", known), ("unknown", unknown)):
        if not found:
            raise ValueError(f"{folder} has no movie for {name}: make more movies, or other `held_out_places`")
    frames = [frame for line in lines for frame in line.frames]
    rows = {frame: row for row, frame in enumerate(frames)}
    taught = [
        rows[frame]
        for line in train
        for scene in line.scenes
        if (scene.place, scene.light) not in held_out
        for frame in line.frames[scene.first : scene.last + 1]
    ]
    tests = {"known": known, "unknown": unknown, "clips": _clips(known)}
    return Footage(train, tests, frames, taught, folder, held_out)


def held_out_lines(source: Source, settings: ProofSettings) -> list[Timeline]:
    """The movies that test, known and unknown; no picture is read."""
    lines = [timeline_of(movie) for movie, _ in read_movies(source, pictures=False) if movie.split != "train"]
    known, unknown = _tested(lines, frozenset(settings.held_out_places))
    return [*known, *unknown]


def _tested(lines: Sequence[Timeline], held_out: frozenset[tuple[str, str]]) -> tuple[list[Timeline], list[Timeline]]:
    """Movies of people and places that train shows, and movies of those that it does not."""
    strange = {line.movie_id: any((s.place, s.light) in held_out for s in line.scenes) for line in lines}
    known = [line for line in lines if line.split == "validation" and not strange[line.movie_id]]
    return known, [line for line in lines if line.split == "test" and strange[line.movie_id]]


def _clips(lines: Sequence[Timeline]) -> list[Timeline]:
    """One or two scenes from several places of each movie."""
    clips: list[Timeline] = []
    for number, line in enumerate(lines):
        step = max(len(line.scenes) // CLIPS_A_MOVIE, 1)
        starts = range(0, len(line.scenes) - 1, step)[:CLIPS_A_MOVIE]
        clips += [part(line, at, at + 1 + (number + at) % 2) for at in starts]
    return clips
