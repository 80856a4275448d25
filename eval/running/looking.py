"""A run that asks nobody: everything is put as it would be, and what would be asked is counted.

    looked = look(model, ready, settings, kept, seen)   # seen(film, asks, place): what the model would be asked
    looked["none"].kept, looked["none"].calls, looked["none"].frames

Questions go the way of asking.py: the same prompts, the same keys, so that a kept answer is found as it would be. Rows
of films are read, and no picture; of a film file its length. Nothing is kept: what would have been said stands in
memory, for the same question under the same showing is asked once. It knows no prices: see estimating.py.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from moviellm.eval.running.asking import Settings, ask_movies, by_movie
from moviellm.eval.running.films import Control, Movie, Showing, Shown
from moviellm.eval.running.journal import Journal
from moviellm.eval.running.protocol import Ask, Model, Said, Told
from moviellm.eval.running.wishes import Ready
from moviellm.generation.progress import progress

WOULD_ASK: Final = Said(text="")
"""In place of an answer that is not there yet."""
Seen = Callable[[Any, Sequence[Ask], int], None]
"""Takes a film, what is asked of it, and the place of one that the model would be asked now."""


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What would become of the questions under one control."""

    kept: frozenset[str]
    """Questions whose answers are there, by id."""
    to_ask: frozenset[str]
    unanswered: Mapping[str, str]
    """Why others cannot be asked, by id."""
    calls: int
    """Questions that the model would be asked: each once, with those that they follow up."""
    frames: Sequence[int]
    """Frames that are shown, by movie."""


def look(model: Model, ready: Ready, settings: Settings, kept: Path, seen: Seen) -> dict[Control, Looked]:
    """What a run would ask, control by control."""
    journal, tally = _Memory(kept), _Tally()
    asked = by_movie(ready.wanted)
    showing = Glance(
        ready.data,
        ready.showing.policy,
        ready.showing.seed,
        lengths_s=_lengths_s(asked, ready) if model.needs_films else {},
        hashed=journal.holds_any,
        tally=tally,
    )
    asker = _Silent(model, seen, tally) if model.needs_films else model
    count = sum(map(len, asked.values())) * len(ready.shown)
    with progress("looking", count, "questions") as advance:
        answers = ask_movies(asker, asked, ready.data, showing, journal, settings, ready.shown, advance)
    return {control: _looked(said, tally, control) for control, said in answers.items()}


@dataclass
class _Tally:
    """What was counted."""

    control: Control = "none"
    """The one under which the model is asked now."""
    calls: Counter[Control] = field(default_factory=Counter)
    frames: dict[Control, list[int]] = field(default_factory=dict)
    """Of each movie that was shown."""


def _looked(said: Mapping[str, Said], tally: _Tally, control: Control) -> Looked:
    there = {name: one for name, one in said.items() if one is not WOULD_ASK}
    return Looked(
        kept=frozenset(name for name, one in there.items() if _is_answer(one)),
        to_ask=frozenset(said.keys() - there.keys()),
        unanswered={name: str(one.reason) for name, one in there.items() if not _is_answer(one)},
        calls=tally.calls[control],
        frames=tally.frames.get(control, []),
    )


def _is_answer(said: Said) -> bool:
    return said.reason is None or "kept" in said.facts


class _Memory(Journal):
    """Answers that are there; what is kept now is forgotten with the process."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.holds_any = bool(self._rows)
        """Whether anything can be found in it: else nobody needs to know what is in a film file."""
        self._now: set[str] = set()

    def get(self, key: str) -> Said | None:
        if key in self._now:
            return WOULD_ASK
        said = super().get(key)
        return None if said is None else replace(said, facts={**said.facts, "kept": True})

    def keep(self, key: str, item_id: str, said: Said) -> None:
        self._now.add(key)


class _Silent:
    """In place of a model: is asked as it would be, and counts."""

    needs_films = True

    def __init__(self, model: Model, seen: Seen, tally: _Tally) -> None:
        self.kind, self.name, self.revision, self.parameters = model.kind, model.name, model.revision, model.parameters
        self.times, self.bare, self.max_tokens = model.times, model.bare, model.max_tokens
        self._seen, self._tally = seen, tally

    def answer(self, film: Any, asks: Sequence[Ask], told: Told) -> None:
        """Nothing is said."""
        for place, ask in enumerate(asks):
            if ask.said is None:
                self._tally.calls[self._tally.control] += 1
                self._seen(film, asks, place)
                told(place, WOULD_ASK)

    def facts(self) -> Mapping[str, Any]:
        """Nothing is paid."""
        return {}

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class Glance(Showing):
    """Films without their pictures, whose frames are counted."""

    lengths_s: Mapping[str, float | None] = field(default_factory=dict)
    """How long film files are, by movie."""
    hashed: bool = True
    """Whether it matters what is in a film file."""
    tally: _Tally = field(default_factory=_Tally)

    def movie(self, movie_id: str) -> "Movie":
        """A movie of which no picture is decoded."""
        return _Glanced(self, movie_id)


class _Glanced(Movie):
    showing: Glance

    def shown(self, control: Control) -> Shown:
        shown = super().shown(control)
        film, tally = shown.film(), self.showing.tally
        tally.frames.setdefault(control, []).append(0 if film is None else len(film))

        def begun() -> Any:
            tally.control = control  # a film is taken out when something of it is asked
            return film

        return replace(shown, film=begun)

    def _opened(self) -> Any:
        if self.showing.data.videos is not None:
            return _of_length(self._path, self.showing.lengths_s.get(self.movie_id), self.showing.policy)
        film = super()._opened()
        return replace(film, frames=[None] * len(film))

    def _file_hash(self) -> str:
        return super()._file_hash() if self.showing.hashed else str(self._path)


def _lengths_s(movies: Iterable[str], ready: Ready) -> dict[str, float | None]:
    """How long the film files of some movies are."""
    from moviellm.training.media.lengths import lengths_of

    videos = ready.data.videos or {}
    there = [movie_id for movie_id in movies if movie_id in videos]
    return dict(zip(there, lengths_of([videos[movie_id] for movie_id in there]), strict=True)) if there else {}


def _of_length(path: Path, duration_s: float | None, policy: Any) -> Any:
    """A film file as far as its length tells: how many frames, and when.

    Raises:
        ValueError: it cannot be read.
    """
    from moviellm.training.media import Film
    from moviellm.training.media.policy import moments, relative
    from moviellm.training.media.said import lines_beside

    if duration_s is None:
        raise ValueError(f"{path} cannot be read as a film")
    times_s = moments(policy, duration_s, name=path.name)
    return Film(
        movie_id=path.stem,
        frames=[None] * len(times_s),
        times_s=relative(policy, times_s),
        duration_s=policy.end_of(duration_s) - policy.start_s,
        dialogue=lines_beside(path, None) or (),
    )
