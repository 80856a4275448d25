"""Stage 6, gates: language models try to answer the questions without what they ask for; what they say is scored.

    movie = await keep_gates(bench, movie, service)

    llm_blind            the question and its options, by every model
    llm_dialogue_only    and all that is said; llm_synopsis_only  and the synopsis: by the first model
    llm_single_frame     and one cited keyframe, the best of three; llm_shuffled  and keyframes and lines in no order
    llm_full             everything, in order: this one must be right
    image_text           the probability that a cited keyframe shows the answer; image_text_others  that two others do

The cells hold what was said (gating/solvers.py); scores and flags are computed from it (asks.py, verdicts.py), so
that a changed threshold asks nothing. What a model did not answer is unscored, with the reason, and never wrong. A
question that text alone answers is rewritten at most three times (rewrites.py), each time put to other models
than the one that saw through it; the version that leaks least stays. Gates that need no model are in measured.py.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from moviellm.generation.config.models import GatesConfig
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.gating.asks import View, cited, one_frame, others, view
from moviellm.generation.gating.meanings import with_meanings
from moviellm.generation.gating.repeats import with_repeats
from moviellm.generation.gating.rewrites import Leak, may_be_rewritten, rewrite
from moviellm.generation.gating.shown import clip_shown
from moviellm.generation.gating.solvers import Solver, UnansweredError
from moviellm.generation.gating.verdicts import (
    BLIND,
    DIALOGUE,
    FULL,
    LLM_GATES,
    SHOWN,
    SHOWN_OTHERS,
    SHUFFLED,
    SINGLE_FRAME,
    SYNOPSIS,
    concerns,
    flagged,
)
from moviellm.generation.llm.ladder import Exchanges
from moviellm.generation.schema import Movie, QAPair, Score
from moviellm.generation.workbench import Workbench, gather

TASKS = {
    BLIND: "gate_blind",
    DIALOGUE: "gate_dialogue_only",
    SYNOPSIS: "gate_synopsis_only",
    SINGLE_FRAME: "gate_single_frame",
    SHUFFLED: "gate_shuffled",
    FULL: "gate_full",
}
"""Gate -> prompt."""
UNCITED = "the question cites no painted keyframe"
NO_LOGPROBS = "the server gives no log-probabilities of yes and no, and gates.clip names no model"
QUESTIONS_AT_A_TIME = 32
"""Questions of a movie in work together: each holds what its solvers read."""


async def keep_gates(bench: Workbench, movie: Movie, service: Exchanges) -> Movie:
    """The movie with what its questions' gates say, and which questions repeat others.

    Without gates in the recipe only the latter is measured, and that only where a model wrote the questions.

    Raises:
        StoppedError: a model cannot be asked now.
    """
    gates = bench.recipe.gates
    if not movie.qa_pairs:
        return movie
    pairs = movie.qa_pairs
    if gates.models or gates.vision:
        pairs = await _kept(bench, movie, service)
    if bench.recipe.writer != "offline":
        pairs = await with_meanings(bench, movie.movie_id, with_repeats(pairs))
    return movie.model_copy(update={"qa_pairs": tuple(flagged(question, gates) for question in pairs)})


async def _kept(bench: Workbench, movie: Movie, service: Exchanges) -> tuple[QAPair, ...]:
    """The questions with their scores, perhaps in other versions."""
    gates, pairs = bench.recipe.gates, movie.qa_pairs or ()
    keeper = _Keeper(Solver(bench, service), movie, gates)
    room = asyncio.Semaphore(len(pairs) if bench.recipe.engine.batch else QUESTIONS_AT_A_TIME)

    async def keep(question: QAPair) -> QAPair:
        async with room:
            return await keeper.keep(question)

    return tuple(await gather(keep(question) for question in pairs))


def gate_cells(recipe: Recipe) -> int:
    """How many cells the gates of one movie take if each concerned every question; rewrites and judges not counted."""
    gates = recipe.gates
    texts = len(gates.models) + 2 if gates.models else 0
    seen = 6 + int(gates.clip is not None) if gates.vision else int(bool(gates.models))
    return recipe.questions.per_movie * (texts + seen) + int(gates.embedder is not None)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A score, and why the solver said what was right."""

    score: Score
    model: str
    rationale: str = ""


@dataclass(frozen=True, kw_only=True)
class _Version:
    """A question with what the gates of text said of it."""

    question: QAPair
    turn: int
    """0 for the question as it was asked, n for its nth rewrite."""
    found: list[_Found]

    @property
    def leak(self) -> Leak | None:
        """The solver that was right most often; None where none has a value."""
        scored = [(one.score.value, one) for one in self.found if one.score.value is not None]
        if not scored:
            return None
        value, one = max(scored, key=lambda item: item[0])
        return Leak(gate=one.score.name, value=value, model=one.model, rationale=one.rationale)

    @property
    def leaks(self) -> float:
        """How often that solver was right; 1 where nobody knows."""
        return self.leak.value if self.leak else 1.0


@dataclass(frozen=True)
class _Keeper:
    """The gates of one movie."""

    solver: Solver
    movie: Movie
    gates: GatesConfig

    async def keep(self, question: QAPair) -> QAPair:
        """The question, perhaps in another version, with its scores."""
        version = await self._settled(question)
        asked = {one.model for one in version.found if one.score.name == BLIND}
        blind = [self._blind(version, model) for model in self.gates.models if model not in asked]
        more = await gather([*blind, *self._whole(version)])
        found = [*version.found, *(one for part in more for one in part)]
        order = [*LLM_GATES, *self.gates.models]
        found.sort(key=lambda one: (order.index(one.score.name), order.index(one.model) if one.model in order else 0))
        kept = tuple(score for score in question.gates or () if score.name not in LLM_GATES)
        scores = (*kept, *(one.score for one in found))
        return version.question.model_copy(update={"gates": scores})

    async def _settled(self, question: QAPair) -> _Version:
        """The version that text alone answers least; the question itself where it does not leak."""
        best = version = await self._version(question, 0, self.gates.models)
        for turn in range(1, self.gates.rewrites + 1):
            leak = version.leak
            if leak is None or leak.value < self.gates.rewrite_from:
                break
            if not may_be_rewritten(self.solver.bench.recipe, self.movie, question):
                break
            other = await rewrite(self.solver, self.movie, version.question, leak, turn)
            if other is None:
                break
            unseen = tuple(model for model in self.gates.models if model != leak.model)
            version = await self._version(other, turn, unseen or self.gates.models)
            best = min(best, version, key=lambda one: one.leaks)
        return best

    async def _version(self, question: QAPair, turn: int, models: Sequence[str]) -> _Version:
        """A question put to those who read text only."""
        version = _Version(question=question, turn=turn, found=[])
        jobs = [self._blind(version, model) for model in models]
        told = (DIALOGUE,) if self.movie.synopsis is None else (DIALOGUE, SYNOPSIS)
        gates = [gate for gate in told if self.gates.models and concerns(gate, question)]
        jobs += [self._read(version, gate) for gate in gates]
        found = [one for part in await gather(jobs) for one in part]
        return _Version(question=question, turn=turn, found=found)

    async def _blind(self, version: _Version, model: str) -> list[_Found]:
        if not concerns(BLIND, version.question):
            return []
        return [await self._solve(version, BLIND, model, View(data={}), str(self.gates.models.index(model)))]

    async def _read(self, version: _Version, gate: str) -> list[_Found]:
        shown = view(gate, self.movie, version.question, self.gates.frames, sees=False)
        return [await self._solve(version, gate, self.gates.models[0], shown)]

    def _whole(self, version: _Version) -> list[Coroutine[Any, Any, list[_Found]]]:
        """The gates that the final version is put to."""
        question, vision = version.question, self.gates.vision
        jobs = [self._full(version)] if concerns(FULL, question) else []
        if vision is None:
            return jobs
        jobs += [self._single_frame(version, vision)] if concerns(SINGLE_FRAME, question) else []
        jobs += [self._shuffled(version, vision)] if concerns(SHUFFLED, question) else []
        jobs += [self._shown(version, vision)] if concerns(SHOWN, question) else []
        return jobs

    async def _full(self, version: _Version) -> list[_Found]:
        vision = self.gates.vision
        model = vision or self.gates.models[0]
        shown = view(FULL, self.movie, version.question, self.gates.frames, sees=vision is not None)
        how = "" if vision else " (captions)"
        return [await self._solve(version, FULL, model, shown, how=how)]

    async def _shuffled(self, version: _Version, model: str) -> list[_Found]:
        shown = view(SHUFFLED, self.movie, version.question, self.gates.frames, sees=True)
        return [await self._solve(version, SHUFFLED, model, shown)]

    async def _single_frame(self, version: _Version, model: str) -> list[_Found]:
        """The best of the cited keyframes, each shown alone."""
        frames = cited(self.movie, version.question)
        jobs = [self._solve(version, SINGLE_FRAME, model, one_frame(frame), f"k{frame.index}") for frame in frames]
        found = await gather(jobs)
        scored = [one for one in found if one.score.value is not None]
        if scored:
            return [max(scored, key=lambda one: one.score.value or 0.0)]
        return found[:1] or [_unscored(SINGLE_FRAME, model, UNCITED)]

    async def _shown(self, version: _Version, model: str) -> list[_Found]:
        """Whether cited keyframes show the answer, by a model that sees, or by CLIP where that one tells nothing."""
        mine, rest = cited(self.movie, version.question), others(self.movie, version.question)
        if not mine:
            return [_unscored(SHOWN, model, UNCITED)]
        try:
            shown = await self.solver.shown(self._cell(version, SHOWN), model, version.question, [*mine, *rest])
            yes = [value for value in shown.yes if value is not None]
            if len(yes) < len(shown.yes):
                if self.gates.clip is None:
                    return [_unscored(SHOWN, model, NO_LOGPROBS)]
                cell_id = self._cell(version, f"{SHOWN}-clip")
                model, found = await clip_shown(self.solver, cell_id, self.gates.clip, version.question, mine, rest)
                yes = [*found]
        except UnansweredError as error:
            return [_unscored(SHOWN, model, str(error))]
        best, other = max(yes[: len(mine)]), yes[len(mine) :]
        scores = [Score(name=SHOWN, value=best, measured_by=model)]
        if other:
            scores.append(Score(name=SHOWN_OTHERS, value=round(sum(other) / len(other), 6), measured_by=model))
        return [_Found(score=score, model=model) for score in scores]

    async def _solve(
        self, version: _Version, gate: str, model: str, shown: View, part: str = "", how: str = ""
    ) -> _Found:
        """One solver's share of right answers over the rotations of the options."""
        cell_id = self._cell(version, f"{gate}-{part}" if part else gate)
        try:
            said = await self.solver.ask(cell_id, TASKS[gate], model, version.question, shown)
            right = list(said.right(version.question))
            for at, text in enumerate(said.said):
                if right[at] is None:
                    judge = self._judge(model)
                    right[at] = await self.solver.judge(f"{cell_id}-judge", judge, version.question, text)
        except UnansweredError as error:
            return _unscored(gate, model, str(error), how)
        why = next((text for ok, text in zip(right, said.rationales, strict=True) if ok), "")
        value = sum(map(bool, right)) / len(right)
        return _Found(score=Score(name=gate, value=value, measured_by=model + how), model=model, rationale=why)

    def _judge(self, solver: str) -> str:
        """The model that compares open answers: another one than the solver, where there is one."""
        models = (*self.gates.models, *([self.gates.vision] if self.gates.vision else []))
        return next((model for model in models if model != solver), solver)

    def _cell(self, version: _Version, name: str) -> str:
        tail = version.question.question_id.partition("-")[2]
        return f"{self.movie.movie_id}/8-gates-{tail}-r{version.turn}-{name}"


def _unscored(gate: str, model: str, reason: str, how: str = "") -> _Found:
    return _Found(score=Score(name=gate, value=None, reason=reason, measured_by=model + how), model=model)
