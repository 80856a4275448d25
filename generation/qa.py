"""Stage 5, questions: what can be asked of the finished movie, with the answer and its evidence.

    movie = await ask_questions(bench, movie)

One cell a movie: questions may span it from end to end. The writer sees events, keyframes with what is visible, and
dialogue, but no pixels. It scores nothing: gates are measured later.
"""

from moviellm.generation.protocols import QuestionsBrief, QuestionsDraft, derive_seed
from moviellm.generation.schema import Movie, QAPair
from moviellm.generation.workbench import CellFailedError, Workbench

VERSION = 1
"""Bump when what is asked or what an answer means changes: every cell of the stage is then asked again."""


async def ask_questions(bench: Workbench, movie: Movie) -> Movie:
    """The movie with its questions.

    Raises:
        CellFailedError: the writer gave no acceptable answer.
    """
    brief = QuestionsBrief(movie=movie, questions=bench.recipe.questions.per_movie)
    seed = derive_seed(movie.seed, "questions")

    def check(answer: QuestionsDraft) -> None:
        if len(answer.questions) > brief.questions:
            raise ValueError(f"got {len(answer.questions)} questions, asked for at most {brief.questions}")

    cell_id = f"{movie.movie_id}/7-questions"
    draft = await bench.write("qa", VERSION, cell_id, "questions", brief, seed, QuestionsDraft, check)
    try:
        pairs = tuple(
            QAPair(question_id=f"{movie.movie_id}-q{i:03d}", provenance=bench.provenance["qa"], **dict(question))
            for i, question in enumerate(draft.questions)
        )
    except ValueError as error:
        raise CellFailedError(f"{cell_id}: {error}") from None
    return movie.model_copy(update={"qa_pairs": pairs})
