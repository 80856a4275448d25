"""Stage 5, questions: what can be asked of the finished movie, with the answer and its evidence.

    movie = await ask_questions(bench, movie)
    movie = await ask_questions(bench, movie, twin=other)       # some questions are asked of both, in the same words

One cell a movie, or as many as the writer takes for it: questions may span it from end to end. The writer sees events,
keyframes with what is visible, and dialogue, but no pixels. It scores nothing: gates are measured later (gating/).
"""

from collections.abc import Iterator, Sequence
from typing import cast

from moviellm.generation.briefs import QuestionDraft, QuestionsBrief, QuestionsDraft
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Movie, QAPair
from moviellm.generation.workbench import CellFailedError, Workbench, gather

VERSION = 2
"""Bump when what is asked or what an answer means changes: every cell of the stage is then asked again."""
TWIN_GROUP = "twin-"
"""How the groups of questions that both twins are asked begin."""


async def ask_questions(bench: Workbench, movie: Movie, twin: Movie | None = None) -> Movie:
    """The movie with its questions.

    Args:
        twin: The other movie of a pair of twins, without questions.

    Raises:
        CellFailedError: the writer gave no acceptable answer.
    """
    whole = QuestionsBrief(movie=movie, questions=bench.recipe.questions, twin=twin)
    drafts = await gather(_part(bench, brief) for brief in _parts(bench, whole))
    asked = tuple(question for draft in drafts for question in _shifted(draft, drafts))
    try:
        pairs = tuple(
            QAPair(
                question_id=_question_id(movie, i),
                provenance=bench.provenance["qa"],
                group_id=_group_id(movie, question),
                turn_of=None if question.turn_of is None else _question_id(movie, question.turn_of),
                **{name: value for name, value in question if name not in ("group", "turn_of")},
            )
            for i, question in enumerate(asked)
        )
    except ValueError as error:
        raise CellFailedError(f"{movie.movie_id}/7-questions: {error}") from None
    return movie.model_copy(update={"qa_pairs": pairs})


def _parts(bench: Workbench, whole: QuestionsBrief) -> list[QuestionsBrief]:
    return [cast(QuestionsBrief, part) for part in bench.writer.parts(whole)]


async def _part(bench: Workbench, brief: QuestionsBrief) -> QuestionsDraft:
    """The questions of one part."""

    def check(answer: QuestionsDraft) -> None:
        if len(answer.questions) > brief.questions.per_movie:
            raise ValueError(f"got {len(answer.questions)} questions, asked for at most {brief.questions.per_movie}")
        for i, question in enumerate(answer.questions):
            if question.turn_of is not None and not 0 <= question.turn_of < i:
                raise ValueError(f"question {i} follows up question {question.turn_of}, which does not come before it")

    number, count = brief.part
    names = ["questions"] if count == 1 else ["questions", number]
    cell_id = f"{brief.movie.movie_id}/7-questions" + (f"-{number:03d}" if count > 1 else "")
    seed = derive_seed(brief.movie.seed, *names)
    return await bench.write("qa", VERSION, cell_id, "questions", brief, seed, QuestionsDraft, check)


def _shifted(draft: QuestionsDraft, drafts: Sequence[QuestionsDraft]) -> Iterator[QuestionDraft]:
    """Questions of one part, their `turn_of` counted from the first question of all parts."""
    before = 0
    for other in drafts:
        if other is draft:
            break
        before += len(other.questions)
    for question in draft.questions:
        turn_of = None if question.turn_of is None else question.turn_of + before
        yield question.model_copy(update={"turn_of": turn_of})


def _question_id(movie: Movie, index: int) -> str:
    return f"{movie.movie_id}-q{index:03d}"


def _group_id(movie: Movie, question: QuestionDraft) -> str | None:
    """Id of a question's group: twins share that of the original."""
    if question.group is None:
        return None
    shared = question.group.startswith(TWIN_GROUP)
    return f"{movie.twin_of or movie.movie_id if shared else movie.movie_id}-{question.group}"
