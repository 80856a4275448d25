"""Shots told in words by a model that sees: for a writer that takes no pictures.

    told = await captioned(bench, movie, "eyes", language="English")      # the movie with captions

One cell for `AT_ONCE` shots, so that a film that was stopped goes on where it was. Captions are for the writer and for
gates without eyes; the dataset does not hold them, since they would tell a model what it is to see.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from moviellm.generation.gating.solvers import asking, with_pictures
from moviellm.generation.llm.encoded import EncodedList
from moviellm.generation.llm.ladder import Exchanges, answer
from moviellm.generation.llm.rendering import llm_request, render
from moviellm.generation.protocols import Output
from moviellm.generation.schema import Keyframe, Movie, Record, Text
from moviellm.generation.workbench import Workbench, gather, read_draft

VERSION: Final = 1
"""Bump when what is asked or what an answer means changes."""
TASK: Final = "film_captions"
AT_ONCE: Final = 8
"""Shots described in one call."""


class Captions(Record):
    """Answer: what pictures show."""

    captions: tuple[Text, ...]
    """One sentence for each picture, in their order."""


async def captioned(bench: Workbench, service: Exchanges, movie: Movie, model: str, language: str) -> Movie:
    """The movie with what its shots show.

    Raises:
        CellFailedError: the model gave no usable answer.
    """
    shots = [keyframe for keyframe in movie.keyframes() if keyframe.image_sha256 is not None]
    groups = [shots[at : at + AT_ONCE] for at in range(0, len(shots), AT_ONCE)]
    told = await gather(
        _told(bench, service, f"{movie.movie_id}/2-captions-{number:04d}", model, group, language)
        for number, group in enumerate(groups)
    )
    texts = {
        shot.keyframe_id: text for group, texts in zip(groups, told, strict=True)
        for shot, text in zip(group, texts, strict=True)
    }  # fmt: skip
    return with_captions(movie, texts)


def with_captions(movie: Movie, texts: dict[str, str]) -> Movie:
    """The movie with captions by id of keyframe; without one where there is none."""
    chapters = []
    for chapter in movie.chapters:
        scenes = []
        for scene in chapter.scenes:
            frames = tuple(
                frame.model_copy(update={"caption": texts.get(frame.keyframe_id, "")}) for frame in scene.keyframes
            )
            scenes.append(scene.model_copy(update={"keyframes": frames}))
        chapters.append(chapter.model_copy(update={"scenes": tuple(scenes)}))
    return movie.model_copy(update={"chapters": tuple(chapters)})


async def _told(
    bench: Workbench, service: Exchanges, cell_id: str, model: str, shots: Sequence[Keyframe], language: str
) -> tuple[str, ...]:
    prompt = render(TASK, data={"pictures": len(shots)}, count=len(shots), language=language)
    hashes = [str(shot.image_sha256) for shot in shots]
    labelled = [(f"{number}", sha256) for number, sha256 in enumerate(hashes, 1)]
    messages: list[Any] = with_pictures(prompt, labelled)
    request = llm_request(TASK, asking(bench.recipe, model), prompt, 0, Captions)
    request = replace(request, inputs={**request.inputs, "messages": EncodedList(messages)})

    def check(given: Captions) -> None:
        if len(given.captions) != len(shots):
            raise ValueError(f"captions: {len(shots)} pictures have one sentence each, got {len(given.captions)}")
        if not all(text.strip() for text in given.captions):
            raise ValueError("captions: one is empty")

    async def make() -> tuple[Output, None]:
        images = {sha256: bench.shard.image(sha256) for sha256 in hashes}
        given = await answer(service, request, Captions, check, images)
        return given.model_dump(mode="json"), None

    result = await bench.ask("keyframes", VERSION, cell_id, request, make)
    return tuple(" ".join(text.split()) for text in read_draft(Captions, result.output or {}).captions)
