"""Questions of a movie that ask the same as an earlier one in other words: cosines of their embeddings, in one cell.

    pairs = await with_meanings(bench, movie_id, pairs)     # each with Score(name="repeats_meaning", value=0.71, ...)

The value is the largest cosine of a question, with its answer, to an earlier one of the movie. `gates.embedder` names
the model that embeds: any text encoder of `transformers`, its states averaged over the words; in this process, at no
cost. The cell holds the cosines, a threshold makes the flag (verdicts.py). Likeness by words is in repeats.py.
"""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from moviellm.generation.gating.verdicts import MEANING
from moviellm.generation.protocols import Output, Request, StoppedError
from moviellm.generation.revisions import revision_of
from moviellm.generation.schema import QAPair, Record, Score
from moviellm.generation.workbench import CellFailedError, NotMadeError, Workbench, read_draft

VERSION: Final = 1
"""Bump when the same texts would get other cosines."""
NO_PROMPT: Final = "0" * 64
INSTALL: Final = "pip install 'moviellm[diffusion]'"
Vectors = npt.NDArray[np.float64]


class _Cosines(Record):
    """What the cell holds: for each question the largest cosine to an earlier one."""

    cosines: tuple[float, ...]


class Embedder:
    """A text encoder, loaded when it is first asked."""

    def __init__(self, model_id: str) -> None:
        self.source = model_id
        self.name = Path(model_id).resolve().name if Path(model_id).is_dir() else model_id
        self.revision = revision_of(model_id, None)
        self._loaded: tuple[Any, Any] | None = None

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Vectors of length 1, one a text. Texts are read one by one: beside others the last bits would differ.

        Raises:
            ValueError: the model cannot be loaded.
        """
        import torch

        tokenizer, model = self._loaded = self._loaded or self._load()
        found = []
        for text in texts:
            read = tokenizer(text, return_tensors="pt", truncation=True)
            with torch.inference_mode():
                states = model(**read).last_hidden_state[0]
            mean = states.double().mean(0).numpy()
            found.append(mean / max(float(np.linalg.norm(mean)), 1e-12))
        return np.array(found)

    def _load(self) -> tuple[Any, Any]:
        try:
            from transformers import AutoModel, AutoTokenizer
        except ImportError as error:
            raise ValueError(f"gates.embedder needs torch and transformers ({error}): {INSTALL}") from None
        pinned = {} if Path(self.source).is_dir() else {"revision": self.revision}
        try:
            tokenizer = AutoTokenizer.from_pretrained(self.source, **pinned)
            model = AutoModel.from_pretrained(self.source, use_safetensors=True, **pinned).float().eval()
        except (OSError, KeyError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ValueError(f"gates.embedder: {self.source} does not load: {reason}") from None
        return tokenizer, model


@lru_cache(maxsize=2)
def embedder_of(model_id: str) -> Embedder:
    """The embedder, once a process."""
    return Embedder(model_id)


async def with_meanings(bench: Workbench, movie_id: str, pairs: Sequence[QAPair]) -> tuple[QAPair, ...]:
    """The questions with how alike in meaning they are to an earlier one; those that a program computed as they are.

    Raises:
        StoppedError: there is no such model.
    """
    asked = [question for question in pairs if question.form is None]
    if bench.recipe.gates.embedder is None or not asked:
        return tuple(pairs)
    try:
        embedder = embedder_of(bench.recipe.gates.embedder)
    except ValueError as error:  # no fault of this movie
        raise StoppedError(f"gates.embedder: {error}") from None
    texts = [f"{question.question} {question.answer}" for question in asked]
    request = Request(
        task="gate_meaning",
        model_id=embedder.name,
        model_revision=embedder.revision,
        prompt_id="none",
        prompt_sha256=NO_PROMPT,
        inputs={"texts": [*texts]},
    )

    async def make() -> tuple[Output, None]:
        vectors = await asyncio.to_thread(embedder.vectors, texts)
        return {"cosines": [*nearest_earlier(vectors)]}, None

    measured_by = f"{embedder.name}@{embedder.revision}"
    values: Sequence[float | None]
    reason = None
    try:
        result = await bench.ask("gates", VERSION, f"{movie_id}/8-gates-meaning", request, make)
        values = read_draft(_Cosines, dict(result.output or {})).cosines
    except NotMadeError:
        raise
    except CellFailedError as error:
        values, reason = [None] * len(asked), str(error)
    scored = {
        question.question_id: Score(name=MEANING, value=value, reason=reason, measured_by=measured_by)
        for question, value in zip(asked, values, strict=True)
    }
    return tuple(_with(question, scored.get(question.question_id)) for question in pairs)


def nearest_earlier(vectors: Vectors) -> list[float]:
    """For each vector of length 1 its largest cosine to an earlier one, at least 0; 0 for the first."""
    cosines = np.tril(vectors @ vectors.T, -1)
    return [round(float(value), 6) for value in cosines.max(1, initial=0.0)]


def _with(question: QAPair, score: Score | None) -> QAPair:
    if score is None:
        return question
    kept = tuple(other for other in question.gates or () if other.name != MEANING)
    return question.model_copy(update={"gates": (*kept, score)})
