"""Two gates of films: does a model know the film by its name, and is what a question cites enough to answer it?

    movie = await probed(bench, service, movie, title="The Third Man (1949)")

    llm_title_only   the question and the title, by every model of `gates.models`: right means guessable
    llm_evidence     the shots and lines that it cites, by `gates.vision` or from captions: must be right

They are kept, scored and turned into flags as the other gates are (gatekeeping.py); those run before. What a film's
questions say together is `knows`: how much oftener a model is right with the title than without.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from moviellm.generation.config.models import GatesConfig
from moviellm.generation.gating.asks import View, cited
from moviellm.generation.gating.solvers import Solver, UnansweredError
from moviellm.generation.gating.verdicts import BLIND, EVIDENCE, TITLE, concerns, flagged
from moviellm.generation.llm.ladder import Exchanges
from moviellm.generation.schema import Movie, QAPair, Score
from moviellm.generation.workbench import Workbench, gather

SHOTS_MAX: Final = 16
"""Cited shots that are shown for the evidence."""
KNOWN_FROM: Final = 0.2
"""A film counts as known by name where the title adds so much to the share of right answers: a rule of thumb."""
NO_EVIDENCE: Final = "nothing that it cites can be shown to this model"


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What one model knows of one film by its name."""

    model: str
    questions: int
    """Questions with both scores."""
    title: float
    """Mean share of right answers with the title alone."""
    blind: float
    """Mean share without it."""

    @property
    def gain(self) -> float:
        """What the title adds."""
        return self.title - self.blind

    @property
    def known(self) -> bool:
        """Whether that is much."""
        return self.gain >= KNOWN_FROM


async def probed(bench: Workbench, service: Exchanges, movie: Movie, title: str) -> Movie:
    """The movie whose questions have both scores, and the flags that follow from all they have.

    Raises:
        StoppedError: a model cannot be asked now.
    """
    prober = _Prober(Solver(bench, service), movie, title, bench.recipe.gates)
    pairs = await gather(prober.probe(question) for question in movie.qa_pairs or ())
    return movie.model_copy(update={"qa_pairs": tuple(pairs)})


def knowledge(movie: Movie, models: Sequence[str]) -> list[Knowledge]:
    """What models know of a film by its name, over its questions."""
    found = []
    for model in models:
        both: list[tuple[float, float]] = []
        for question in movie.qa_pairs or ():
            values = {s.name: s.value for s in question.gates or () if s.measured_by == model}
            title, blind = values.get(TITLE), values.get(BLIND)
            if title is not None and blind is not None:
                both.append((title, blind))
        if both:
            titles, blinds = zip(*both, strict=True)
            means = (sum(titles) / len(both), sum(blinds) / len(both))
            found.append(Knowledge(model=model, questions=len(both), title=means[0], blind=means[1]))
    return found


@dataclass(frozen=True)
class _Prober:
    solver: Solver
    movie: Movie
    title: str
    gates: GatesConfig

    async def probe(self, question: QAPair) -> QAPair:
        titled = View(data={"title": self.title})
        jobs = [
            self._solve(question, TITLE, "gate_title_only", model, titled, f"-{at}")
            for at, model in enumerate(self.gates.models)
            if concerns(TITLE, question)
        ]
        if concerns(EVIDENCE, question):
            jobs.append(self._evidence(question))
        scores = (*(question.gates or ()), *await gather(jobs))
        return flagged(question.model_copy(update={"gates": scores}), self.gates)

    async def _evidence(self, question: QAPair) -> Score:
        vision = self.gates.vision
        model, how = (vision, "") if vision else (self.gates.models[0], " (captions)")
        shown = evidence_view(self.movie, question, sees=vision is not None)
        if not shown.data and not shown.pictures:
            return Score(name=EVIDENCE, value=None, reason=NO_EVIDENCE, measured_by=model + how)
        score = await self._solve(question, EVIDENCE, "gate_evidence", model, shown)
        return score.model_copy(update={"measured_by": model + how})

    async def _solve(self, question: QAPair, gate: str, prompt: str, model: str, shown: View, part: str = "") -> Score:
        """A solver's share of right answers over the rotations of the options."""
        tail = question.question_id.partition("-")[2]
        cell_id = f"{self.movie.movie_id}/8-gates-{tail}-r0-{gate}{part}"
        try:
            said = await self.solver.ask(cell_id, prompt, model, question, shown)
            right = list(said.right(question))
            for at, text in enumerate(said.said):
                if right[at] is None:
                    right[at] = await self.solver.judge(f"{cell_id}-judge", self._judge(model), question, text)
        except UnansweredError as error:
            return Score(name=gate, value=None, reason=str(error), measured_by=model)
        return Score(name=gate, value=sum(map(bool, right)) / len(right), measured_by=model)

    def _judge(self, solver: str) -> str:
        """Another model than the solver, where there is one."""
        models = (*self.gates.models, *([self.gates.vision] if self.gates.vision else []))
        return next((model for model in models if model != solver), solver)


def evidence_view(movie: Movie, question: QAPair, *, sees: bool) -> View:
    """The shots and lines that a question cites; shots by their captions for who does not see."""
    lines: list[JsonValue] = [
        {"at_s": line.span.start_s, "text": line.text}
        for line in movie.dialogue()
        if line.line_id in question.line_ids
    ]
    shots = sorted(cited(movie, question, SHOTS_MAX), key=lambda shot: shot.span.start_s)
    data: dict[str, JsonValue] = {"lines": lines} if lines else {}
    if sees:
        return View(data=data, pictures=tuple((f"{s.span.start_s:g} s", str(s.image_sha256)) for s in shots))
    told: list[JsonValue] = [{"at_s": s.span.start_s, "shows": s.caption} for s in shots if s.caption]
    return View(data={**data, **({"shots": told} if told else {})})
