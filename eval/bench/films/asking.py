"""Questions about a film, written by a language model from shots and subtitles, each with cited evidence.

    movie = await asked(bench, service, movie, see="pictures", language="en")

How many, of which types and about which parts is dealt out before anybody is asked (writers/asking.py). The model gets
shots with ids and seconds (as pictures, captions, or not at all), lines with ids, and never the film's title. What it
cites must be among them: else it is told so once, then another seed is asked, then the film is left out with the
reason. Evidence, spans and what a question requires follow from the citations (writers/citing.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar, cast

from moviellm.generation.briefs import QuestionDraft, QuestionsBrief, QuestionsDraft
from moviellm.generation.gating.solvers import with_pictures
from moviellm.generation.llm.encoded import EncodedList
from moviellm.generation.llm.ladder import Exchanges, answer
from moviellm.generation.llm.rendering import llm_request, render
from moviellm.generation.protocols import Output, Request, derive_seed
from moviellm.generation.schema import DialogueLine, Keyframe, Movie, QAPair, Scene
from moviellm.generation.workbench import Workbench, gather, read_draft
from moviellm.generation.writers.answers import QuestionsAnswer
from moviellm.generation.writers.asking import question_parts, short, slots
from moviellm.generation.writers.checks import LANGUAGES
from moviellm.generation.writers.citing import questions_draft

T = TypeVar("T")
VERSION: Final = 1
"""Bump when what is asked or what an answer means changes: every cell of the stage is then asked again."""
TASK: Final = "questions"
PROMPT: Final = "film_questions"
PICTURES_A_PART: Final = 32
"""Shots shown as pictures in one call."""
SHOTS_A_PART: Final = 240
"""Shots told in one call by captions or by their seconds alone."""
ANY_FILM: Final = "film"
"""Stands for the film's id in what is kept, so that nothing is asked again when films are added."""
DENSE: Final = {"format": "open_ended"}
"""In place of dense captioning, for which a film has no log of events to be held against."""
LINES_A_PART: Final = 600
"""Lines shown in one call: an hour of talk has about so many."""


@dataclass(frozen=True)
class _Part:
    """What a call shows of a film."""

    data: dict[str, Any]
    context: dict[str, Any]
    pictures: list[tuple[str, str]]
    """Id and hash."""


async def asked(bench: Workbench, service: Exchanges, movie: Movie, see: str, language: str) -> Movie:
    """The film with its questions.

    Args:
        see: `pictures`, `captions` or `words`.
        language: Tag of the language that questions are written in.

    Raises:
        CellFailedError: the model gave no usable answer.
    """
    briefs = question_parts(QuestionsBrief(movie=movie, questions=bench.recipe.questions))
    drafts = await gather(_asked_part(bench, service, brief, see, language) for brief in briefs)
    questions = [question for draft in drafts for question in draft.questions]
    return movie.model_copy(update={"qa_pairs": tuple(_pair(bench, movie, i, q) for i, q in enumerate(questions))})


def _pair(bench: Workbench, movie: Movie, index: int, draft: QuestionDraft) -> QAPair:
    return QAPair(
        question_id=f"{movie.movie_id}-q{index:03d}",
        provenance=bench.provenance["qa"],
        keyframe_ids=tuple(_own(movie, one) for one in draft.keyframe_ids),
        line_ids=tuple(_own(movie, one) for one in draft.line_ids),
        **{name: value for name, value in draft if name not in ("group", "turn_of", "keyframe_ids", "line_ids")},
    )


def _own(movie: Movie, item_id: str) -> str:
    """The id of a shot or a line in its film."""
    return movie.movie_id + item_id.removeprefix(ANY_FILM)


async def _asked_part(
    bench: Workbench, service: Exchanges, brief: QuestionsBrief, see: str, language: str
) -> QuestionsDraft:
    number, count = brief.part
    cell_id = f"{brief.movie.movie_id}/7-questions" + (f"-{number:03d}" if count > 1 else "")
    part = part_of(brief, see, language)
    request = _request(bench, brief, part, see, language)

    def check(given: QuestionsAnswer) -> None:
        questions_draft(given, {**part.context, "seed": request.seed})

    async def make() -> tuple[Output, None]:
        images = {sha256: bench.shard.image(sha256) for _, sha256 in part.pictures}
        given = await answer(service, request, QuestionsAnswer, check, images)
        draft = questions_draft(given, {**part.context, "seed": request.seed})
        return cast(Output, draft.model_dump(mode="json")), None

    result = await bench.ask("qa", VERSION, cell_id, request, make)
    return read_draft(QuestionsDraft, result.output or {})


def _request(bench: Workbench, brief: QuestionsBrief, part: _Part, see: str, language: str) -> Request:
    prompt = render(PROMPT, data=part.data, see=see, language=LANGUAGES.get(language, language))
    film_sha256 = brief.movie.provenance[0].prompt_sha256  # not its number, which another film beside it may change
    seed = derive_seed(bench.recipe.seed, "film questions", film_sha256, *brief.part)
    request = llm_request(TASK, bench.recipe, prompt, seed, QuestionsAnswer)
    messages = with_pictures(prompt, part.pictures)
    inputs = {**request.inputs, "messages": EncodedList(messages), "context": cast(Any, part.context)}
    return replace(request, inputs=inputs)


def part_of(brief: QuestionsBrief, see: str, language: str) -> _Part:
    """What a call shows, and what its answer is checked against."""
    movie, scope = brief.movie, brief.scope
    scenes = [scene for scene in movie.scenes() if scope is None or scene.scene_id.startswith(scope)]
    shots = [shot for scene in scenes for shot in scene.keyframes if see != "pictures" or shot.image_sha256]
    shots = _spread(shots, PICTURES_A_PART if see == "pictures" else SHOTS_A_PART)
    lines = _spread([line for scene in scenes for line in scene.dialogue or ()], LINES_A_PART)
    wanted = [slot | DENSE if slot["format"] == "dense_captioning" else slot for slot in slots(brief)]
    told = [scene for scene in (_scene(movie, scene, shots, lines, see) for scene in scenes) if scene is not None]
    return _Part(
        data={
            "part": {"about": "the whole film" if scope is None else "a part of the film", "scenes": told},
            "film": {"seconds": movie.duration_s, "asked": list(brief.part)},
            "slots": wanted,
        },
        context={
            "language": language,
            "movie_id": ANY_FILM,
            "slots": wanted,
            "frames": {short(shot.keyframe_id): [shot.span.start_s, shot.span.end_s] for shot in shots},
            "lines": {short(line.line_id): [line.span.start_s, line.span.end_s] for line in lines},
            "version": VERSION,
        },
        pictures=[(short(s.keyframe_id), str(s.image_sha256)) for s in shots] if see == "pictures" else [],
    )


def _scene(
    movie: Movie, scene: Scene, shots: Sequence[Keyframe], lines: Sequence[DialogueLine], see: str
) -> dict[str, Any] | None:
    """A scene with those of its shots and lines that are shown; None where none is."""
    names = {person.character_id: person.name for person in movie.characters}
    own = {shot.keyframe_id for shot in scene.keyframes}
    said = {line.line_id for line in scene.dialogue or ()}
    frames = [
        [short(shot.keyframe_id), shot.span.start_s, shot.span.end_s, *([shot.caption] if see == "captions" else [])]
        for shot in shots
        if shot.keyframe_id in own
    ]
    spoken = [
        [short(line.line_id), line.span.start_s, names.get(line.character_id or ""), line.text]
        for line in lines
        if line.line_id in said
    ]
    if not frames and not spoken:
        return None
    return {"scene": short(scene.scene_id), "shots": frames, "lines": spoken}


def _spread(items: Sequence[T], count: int) -> list[T]:
    """At most so many, evenly over all of them."""
    if len(items) <= count:
        return list(items)
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]
