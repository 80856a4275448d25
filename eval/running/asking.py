"""The questions of a split put to a model, movie by movie: what was said is kept, and never asked again.

    said = ask_all(model, wanted, data, showing, journal, settings, controls=("none", "question-only"))
    said["question-only"]["m00042-q001"]            # Said

A follow-up is asked behind the turns that it follows, with what the model itself answered there. All questions of a
movie with the same bound on the answer go to the model in one call, so that it can read the movie once. A movie is
read once for all controls; a film file is decoded while the one before it is asked about. A movie that cannot be read
leaves its questions unanswered, with the reason, and the others go on. It scores nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from moviellm.eval.running.films import Control, Showing, Shown
from moviellm.eval.running.journal import Journal, key_of
from moviellm.eval.running.protocol import Ask, Model, Said
from moviellm.eval.tasks.items import Data, Question
from moviellm.eval.tasks.table import Times, form_of, prompt_of
from moviellm.generation.progress import progress


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How questions are put."""

    times: Times = "seconds"
    """How the model says times."""
    max_tokens: int | None = None
    """Longest answer; None: as the tasks have it."""
    bare: bool = False
    """Questions are put as they stand."""
    retry_failed: bool = False
    """Ask again what an earlier process got no answer to."""


def ask_all(
    model: Model,
    wanted: Iterable[Question],
    data: Data,
    showing: Showing,
    journal: Journal,
    settings: Settings,
    controls: Sequence[Control] = ("none",),
) -> dict[Control, dict[str, Said]]:
    """What a model says to questions under each control, kept or asked now, by id."""
    asked = by_movie(wanted)
    count = sum(map(len, asked.values())) * len(controls)
    with progress("answering", count, "questions") as advance:
        return ask_movies(model, asked, data, showing, journal, settings, controls, advance)


def ask_movies(
    model: Model,
    asked: Mapping[str, Sequence[Question]],
    data: Data,
    showing: Showing,
    journal: Journal,
    settings: Settings,
    controls: Sequence[Control],
    advance: Callable[[int], None],
) -> dict[Control, dict[str, Said]]:
    """The same of questions by movie; `advance` takes how many were just answered."""
    whole = by_movie(data.questions.values())
    answers: dict[Control, dict[str, Said]] = {control: {} for control in controls}
    movies = (
        _Movie(model, data, showing, journal, settings, controls, whole[movie_id], with_turns(mine, data))
        for movie_id, mine in asked.items()
    )
    for movie in _read_ahead(movies):
        mine = {question.item_id for question in asked[movie.movie_id]}
        for control in controls:
            found = movie.answers(control)
            answers[control] |= {name: said for name, said in found.items() if name in mine}
            advance(len(mine))
    return answers


def by_movie(questions: Iterable[Question]) -> dict[str, list[Question]]:
    """The questions of each movie, in their order."""
    found: dict[str, list[Question]] = {}
    for question in questions:
        found.setdefault(question.movie_id, []).append(question)
    return found


def _read_ahead(movies: "Iterator[_Movie]") -> "Iterator[_Movie]":
    """The movies; of those that take long to read, the next one is read meanwhile, where something of it is asked."""
    pool = ThreadPoolExecutor(1, "reading")
    try:
        movie, ready = next(movies, None), None
        while movie is not None:
            following = next(movies, None)
            if ready is not None:
                ready.result()
            ready = following.read_in(pool) if following is not None else None
            yield movie
            movie = following
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def with_turns(questions: Sequence[Question], data: Data) -> list[Question]:
    """The questions with those that they follow up, each behind what it follows."""
    found: dict[str, Question] = {}
    for question in questions:
        for one in reversed(chain_of(question, data)):
            found.setdefault(one.item_id, one)
    return list(found.values())


def chain_of(question: Question, data: Data) -> list[Question]:
    """A question and those that it follows up, itself first."""
    chain = [question]
    while (before := chain[-1].turn_of) is not None and before in data.questions and len(chain) <= len(data.questions):
        chain.append(data.questions[before])
    return chain


@dataclass(frozen=True)
class _Batch:
    """Questions of one movie that go to the model in one call."""

    shown: Shown
    questions: Sequence[Question]
    limit: int
    """Longest answer, in tokens."""
    prompts: Mapping[str, str]
    """By question."""
    keys: Sequence[str]


@dataclass(frozen=True)
class _Movie:
    """The questions of one movie."""

    model: Model
    data: Data
    showing: Showing
    journal: Journal
    settings: Settings
    controls: Sequence[Control]
    whole: Sequence[Question]
    """All questions of the movie, also those that are not asked now."""
    questions: Sequence[Question]
    """Those that are, with what they follow up."""

    @property
    def movie_id(self) -> str:
        """Its id."""
        return self.questions[0].movie_id

    @cached_property
    def _film(self) -> Any:
        return self.showing.movie(self.movie_id)

    def read_in(self, pool: ThreadPoolExecutor) -> Future[None] | None:
        """Begin to read it, if that takes long and something of it is not kept."""
        if not self.model.needs_films or not self._film.waits:
            return None
        seen = [batch for control in self.controls for batch in self._plans.get(control, ()) if batch.shown.reads]
        if all(self._kept(key) is not None for batch in seen for key in batch.keys):
            return None
        return pool.submit(self._film.read)

    def answers(self, control: Control) -> dict[str, Said]:
        """What is said to them, by id."""
        batches = self._plans.get(control)
        if batches is None:
            return {one.item_id: Said(text=None, reason=self._refused[control]) for one in self.questions}
        found: dict[str, Said] = {}
        for batch in batches:
            found |= self._asked(batch)
        return found

    @cached_property
    def _refused(self) -> dict[Control, str]:
        """Why a control shows nothing of the movie."""
        return {}

    @cached_property
    def _plans(self) -> dict[Control, list[_Batch]]:
        """What is asked under each control."""
        plans: dict[Control, list[_Batch]] = {}
        for control in self.controls:
            shown = Shown({}, lambda: None)
            if self.model.needs_films:
                try:
                    shown = self._film.shown(control)
                except ValueError as error:
                    self._refused[control] = str(error)
                    continue
            limits = {question.item_id: self._limit(question) for question in self.questions}
            plans[control] = [
                self._batch(shown, [one for one in self.questions if limits[one.item_id] == limit], limit)
                for limit in sorted(set(limits.values()))
            ]
        return plans

    def _limit(self, question: Question) -> int:
        """The longest answer of a question and of all that it is a turn with."""
        if self.settings.max_tokens is not None:
            return self.settings.max_tokens
        first = chain_of(question, self.data)[-1].item_id
        turns = [q for q in self.whole if chain_of(q, self.data)[-1].item_id == first]
        return max(form_of(q.answer_format).max_tokens for q in turns)

    def _batch(self, shown: Shown, questions: Sequence[Question], limit: int) -> _Batch:
        prompts = {question.item_id: self._prompt(question, shown) for question in questions}
        chains = ([prompts[one.item_id] for one in reversed(chain_of(q, self.data))] for q in questions)
        keys = [key_of(self.model, shown.key, chain, limit) for chain in chains]
        return _Batch(shown, questions, limit, prompts, keys)

    def _asked(self, batch: _Batch) -> dict[str, Said]:
        places = {question.item_id: place for place, question in enumerate(batch.questions)}
        kept = [self._kept(key) for key in batch.keys]
        asks = [
            Ask(
                question=question,
                prompt=batch.prompts[question.item_id],
                max_tokens=batch.limit,
                turn_of=places.get(question.turn_of or ""),
                said=said.text if said is not None else None,
            )
            for question, said in zip(batch.questions, kept, strict=True)
        ]
        found = {asks[place].question.item_id: said for place, said in enumerate(kept) if said is not None}
        if len(found) == len(asks):
            return found
        try:
            film = batch.shown.film()
        except ValueError as error:
            return {ask.question.item_id: Said(text=None, reason=str(error)) for ask in asks} | found

        def told(place: int, said: Said) -> None:
            item_id = asks[place].question.item_id
            if item_id not in found:
                found[item_id] = said
                if self.model.needs_films:
                    self.journal.keep(batch.keys[place], item_id, said)

        self.model.answer(film, asks, told)
        lost = [ask.question.item_id for ask in asks if ask.question.item_id not in found]
        return found | {item_id: Said(text=None, reason="the model gave no answer") for item_id in lost}

    def _prompt(self, question: Question, shown: Shown) -> str:
        put = question.text
        if not self.settings.bare:
            put = prompt_of(
                question.answer_format,
                question.question_type,
                question=question.text,
                options=question.options,
                times=self.settings.times,
                duration_s=question.duration_s,
            )
        return put if len(chain_of(question, self.data)) > 1 else shown.before + put

    def _kept(self, key: str) -> Said | None:
        said = self.journal.get(key) if self.model.needs_films else None
        return None if said is not None and said.text is None and self.settings.retry_failed else said
