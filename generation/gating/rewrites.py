"""Questions that text alone answers, asked anew by the model that writes: it is shown why a solver was right.

    leak = Leak(gate="llm_blind", value=1.0, model="model-a", rationale="keepers always hold lanterns")
    other = await rewrite(solver, movie, question, leak, turn=1)        # None: nothing usable came

The evidence, the kind of question and the number of options stay; the right option stays at its place. Questions that
a program computed (`form`) are never rewritten: their answer is known to be right only in their own words. Nor are
questions that belong together. When and how often is decided in gatekeeping.py.
"""

from dataclasses import dataclass

from pydantic import JsonValue

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.gating.solvers import Solver, UnansweredError
from moviellm.generation.llm.ladder import answer
from moviellm.generation.llm.rendering import llm_request, render
from moviellm.generation.protocols import Output, derive_seed
from moviellm.generation.schema import Movie, QAPair, Record, Text, canonical_json
from moviellm.generation.workbench import read_draft

TASK = "rewrite_question"


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A solver that was right without what a question asks for."""

    gate: str
    value: float
    model: str
    rationale: str
    """Why it took its answer, in its words."""


class Rewritten(Record):
    """Answer of the writer."""

    question: Text
    """The question in other words, or another question on the same evidence."""
    answer: Text
    """Its answer; for a question with options, one of them."""
    options: tuple[Text, ...]
    """As many options as before, or none where there were none."""


def may_be_rewritten(recipe: Recipe, movie: Movie, question: QAPair) -> bool:
    """Whether a model wrote it, alone."""
    followed = any(other.turn_of == question.question_id for other in movie.qa_pairs or ())
    alone = question.turn_of is None and question.group_id is None and not followed
    asked = question.answer_format in ("multiple_choice", "open_ended") and question.form is None
    return alone and asked and recipe.writer != "offline" and recipe.llm.model is not None


async def rewrite(solver: Solver, movie: Movie, question: QAPair, leak: Leak, turn: int) -> QAPair | None:
    """The question in another version; None where the writer gave none that can be used."""
    tail = question.question_id.partition("-")[2]
    seed = derive_seed(movie.seed, TASK, tail, turn)
    prompt = render(TASK, data=_told(movie, question, leak), count=len(question.options))
    request = llm_request(TASK, solver.bench.recipe, prompt, seed, Rewritten)

    def check(given: Rewritten) -> None:
        _fit(question, given)

    async def make() -> tuple[Output, None]:
        return (await answer(solver.service, request, Rewritten, check)).model_dump(mode="json"), None

    try:
        cell_id = f"{movie.movie_id}/8-gates-{tail}-r{turn}-write"
        kept = read_draft(Rewritten, await solver.keep(cell_id, request, make))
    except UnansweredError:
        return None
    made = question.provenance and question.provenance.model_copy(
        update={
            "model_id": request.model_id,
            "model_revision": request.model_revision,
            "prompt_id": request.prompt_id,
            "prompt_sha256": request.prompt_sha256,
            "params": canonical_json(dict(request.params)),
            "seed": request.seed,
        }
    )
    return question.model_copy(
        update={
            "question": kept.question,
            "answer": kept.answer,
            "options": _placed(question, kept),
            "provenance": made,
        }
    )


def _told(movie: Movie, question: QAPair, leak: Leak) -> dict[str, JsonValue]:
    """What the writer needs: the question, its evidence, and how it was seen through."""
    names = {person.character_id: person.name for person in movie.characters}
    shown: list[JsonValue] = [k.caption for k in movie.keyframes() if k.keyframe_id in question.keyframe_ids]
    said: list[JsonValue] = [
        {"speaker": names.get(line.character_id or "", "narrator"), "text": line.text}
        for line in movie.dialogue()
        if line.line_id in question.line_ids
    ]
    return {
        "question": question.question,
        "question_type": question.question_type,
        "options": [*question.options],
        "answer": question.answer,
        "requires": [*question.requires],
        "keyframes_show": shown,
        "lines_say": said,
        "solver": {"had": leak.gate.removeprefix("llm_"), "right": leak.value, "rationale": leak.rationale},
    }


def _fit(question: QAPair, given: Rewritten) -> None:
    """Raises ValueError for a version that is no version of this question."""
    if not given.question.strip() or not given.answer.strip():
        raise ValueError("the question or its answer is empty")
    if len(given.options) != len(question.options):
        raise ValueError(f"got {len(given.options)} options; the question has {len(question.options)}")
    if len({option.casefold().strip() for option in given.options}) != len(given.options):
        raise ValueError("two options are the same")
    if given.options and given.answer not in given.options:
        raise ValueError(f"the answer {given.answer!r} is not one of the options")
    if (given.question, sorted(given.options)) == (question.question, sorted(question.options)):
        raise ValueError("it is the same question with the same options; change one of them")


def _placed(question: QAPair, given: Rewritten) -> tuple[str, ...]:
    """The options with the right one where it was: its place is not the writer's to choose."""
    if question.answer_index is None:
        return ()
    wrong = [option for option in given.options if option != given.answer]
    return (*wrong[: question.answer_index], given.answer, *wrong[question.answer_index :])
