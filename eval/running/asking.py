"""The questions of a split put to a model, movie by movie: what was said is kept, and never asked again.

    answers = ask_all(model, wanted, data, showing, journal, settings)      # {question id: Said}

A follow-up is asked behind the turns that it follows, with what the model itself answered there. All questions of a
movie with the same bound on the answer go to the model in one call, so that it can read the movie once. A movie that
cannot be read leaves its questions unanswered, with the reason, and the others go on. It scores nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from moviellm.eval.running.films import Showing, Shown
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
) -> dict[str, Said]:
    """What a model says to questions, kept or asked now, by id."""
    by_movie: dict[str, list[Question]] = {}
    for question in wanted:
        by_movie.setdefault(question.movie_id, []).append(question)
    whole: dict[str, list[Question]] = {}
    for question in data.questions.values():
        whole.setdefault(question.movie_id, []).append(question)
    answers: dict[str, Said] = {}
    with progress("answering", sum(map(len, by_movie.values())), "questions") as advance:
        for movie_id, mine in by_movie.items():
            asking = _Movie(model, data, showing, journal, settings, whole[movie_id])
            found = asking.answers(movie_id, with_turns(mine, data))
            answers |= {question.item_id: found[question.item_id] for question in mine}
            advance(len(mine))
    return answers


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
class _Movie:
    """The questions of one movie."""

    model: Model
    data: Data
    showing: Showing
    journal: Journal
    settings: Settings
    whole: Sequence[Question]
    """All questions of the movie, also those that are not asked now."""

    def answers(self, movie_id: str, questions: Sequence[Question]) -> dict[str, Said]:
        """What is said to them, by id."""
        shown = Shown({}, lambda: None)
        if self.model.needs_films:
            try:
                shown = self.showing.shown(movie_id)
            except ValueError as error:
                return {question.item_id: Said(text=None, reason=str(error)) for question in questions}
        found: dict[str, Said] = {}
        for limit in sorted({self._limit(question) for question in questions}):
            batch = [question for question in questions if self._limit(question) == limit]
            found |= self._batch(shown, batch, limit)
        return found

    def _limit(self, question: Question) -> int:
        """The longest answer of a question and of all that it is a turn with."""
        if self.settings.max_tokens is not None:
            return self.settings.max_tokens
        first = chain_of(question, self.data)[-1].item_id
        turns = [q for q in self.whole if chain_of(q, self.data)[-1].item_id == first]
        return max(form_of(q.answer_format).max_tokens for q in turns)

    def _batch(self, shown: Shown, questions: Sequence[Question], limit: int) -> dict[str, Said]:
        places = {question.item_id: place for place, question in enumerate(questions)}
        prompts = {question.item_id: self._prompt(question) for question in questions}
        keys = [
            key_of(
                self.model,
                shown.key,
                [prompts[one.item_id] for one in reversed(chain_of(question, self.data))],
                limit,
            )
            for question in questions
        ]
        kept = [self._kept(key) for key in keys]
        asks = [
            Ask(
                question=question,
                prompt=prompts[question.item_id],
                max_tokens=limit,
                turn_of=places.get(question.turn_of or ""),
                said=said.text if said is not None else None,
            )
            for question, said in zip(questions, kept, strict=True)
        ]
        found = {asks[place].question.item_id: said for place, said in enumerate(kept) if said is not None}
        if len(found) == len(asks):
            return found

        try:
            film = shown.film()
        except ValueError as error:
            return {ask.question.item_id: Said(text=None, reason=str(error)) for ask in asks} | found

        def told(place: int, said: Said) -> None:
            item_id = asks[place].question.item_id
            if item_id not in found:
                found[item_id] = said
                if self.model.needs_films:
                    self.journal.keep(keys[place], item_id, said)

        self.model.answer(film, asks, told)
        lost = [ask.question.item_id for ask in asks if ask.question.item_id not in found]
        return found | {item_id: Said(text=None, reason="the model gave no answer") for item_id in lost}

    def _prompt(self, question: Question) -> str:
        if self.settings.bare:
            return question.text
        return prompt_of(
            question.answer_format,
            question.question_type,
            question=question.text,
            options=question.options,
            times=self.settings.times,
            duration_s=question.duration_s,
        )

    def _kept(self, key: str) -> Said | None:
        said = self.journal.get(key) if self.model.needs_films else None
        return None if said is not None and said.text is None and self.settings.retry_failed else said
