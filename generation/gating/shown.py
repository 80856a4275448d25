"""Whether keyframes show an answer, by a model of the CLIP kind: where a server gives no log-probabilities.

    measured_by, yes = await clip_shown(solver, cell_id, "openai/clip-vit-large-patch14", question, cited, others)

The cell holds the cosines of the question with its answer to every picture. The probability of a cited picture is the
softmax of its cosine against those of the pictures that are not cited, at CLIP's own scale of 100; it stands beside
the even share of the others. See gatekeeping.py; the model itself is in scorers.py.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from moviellm.generation.gating.solvers import Solver, UnansweredError
from moviellm.generation.protocols import Output, Request
from moviellm.generation.schema import Keyframe, QAPair, Record
from moviellm.generation.workbench import read_draft

if TYPE_CHECKING:
    from moviellm.generation.pictures.scorers import Scorer

SCALE = 100.0
"""Factor of the cosines in CLIP's softmax."""
NO_PROMPT = "0" * 64


class _Cosines(Record):
    """What the cell holds: an item for each picture, cited ones first."""

    cosines: tuple[float, ...]


@lru_cache(maxsize=2)
def scorer_of(model_id: str) -> "Scorer":
    """The model, loaded once a process."""
    from moviellm.generation.pictures.scorers import open_scorer

    return open_scorer(model_id)


async def clip_shown(
    solver: Solver,
    cell_id: str,
    model_id: str,
    question: QAPair,
    cited: Sequence[Keyframe],
    others: Sequence[Keyframe],
) -> tuple[str, tuple[float, ...]]:
    """Model and revision, and a probability for each picture, cited ones first.

    Raises:
        UnansweredError: there is nothing to compare with, or the model failed.
    """
    if not others:
        raise UnansweredError("the movie has no other keyframe to compare with")
    scorer = scorer_of(model_id)
    frames = [*cited, *others]
    text = f"{question.question} {question.answer}"
    request = Request(
        task="gate_image_text_clip",
        model_id=scorer.model_id,
        model_revision=scorer.revision,
        prompt_id="none",
        prompt_sha256=NO_PROMPT,
        inputs={"text": text, "pictures": [frame.image_sha256 for frame in frames]},
    )

    async def make() -> tuple[Output, None]:
        pairs = [(text, solver.bench.shard.image(str(frame.image_sha256))) for frame in frames]
        cosines = await scorer.text_image(pairs)
        return {"cosines": [round(float(cosine), 6) for cosine in cosines]}, None

    cosines = read_draft(_Cosines, await solver.keep(cell_id, request, make)).cosines
    return f"{scorer.model_id}@{scorer.revision}", shares(cosines[: len(cited)], cosines[len(cited) :])


def shares(cited: Sequence[float], others: Sequence[float]) -> tuple[float, ...]:
    """Softmax of each cited cosine against the others, and an even part of what the best of them leaves for each
    other."""
    best = [1.0 / (1.0 + sum(math.exp(min(SCALE * (other - one), 500.0)) for other in others)) for one in cited]
    left = (1.0 - max(best)) / len(others)
    return (*(round(value, 6) for value in best), *(round(left, 6) for _ in others))
