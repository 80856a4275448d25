"""A writer and a painter that answer at once, count their calls, and fail where a test says."""

from collections import Counter
from collections.abc import Sequence

from pydantic import JsonValue

from moviellm.generation.briefs import (
    ChapterBrief,
    DialogueBrief,
    QuestionsBrief,
    SceneBrief,
    StoryBrief,
)
from moviellm.generation.paintings import Painting
from moviellm.generation.protocols import NO_BLOBS, Accept, Blobs, Output, Request, accept_all
from moviellm.generation.schema import Record, Style
from tests.factories import make_image


def _request(task: str, inputs: dict[str, JsonValue], seed: int) -> Request:
    return Request(
        task=task,
        model_id="tests/fake",
        model_revision="1",
        prompt_id="none",
        prompt_sha256="0" * 64,
        inputs=inputs,
        seed=seed,
    )


class FakeWriter:
    """Writes a story of Ada and a key. `wrong` maps a task to what its answer is updated with."""

    def __init__(self, wrong: dict[str, dict[str, JsonValue]] | None = None) -> None:
        self.wrong = wrong or {}
        self.calls: Counter[str] = Counter()

    def request(self, task: str, brief: Record, seed: int) -> Request:
        return _request(task, brief.model_dump(mode="json"), seed)

    def parts(self, brief: Record) -> Sequence[Record]:
        return [brief]

    async def close(self) -> None:
        """Nothing is held."""

    async def write(self, request: Request, accept: Accept = accept_all) -> Output:
        self.calls[request.task] += 1
        answer = getattr(self, f"_{request.task}")(request)
        return answer | self.wrong.get(request.task, {})

    def _outline(self, request: Request) -> dict[str, JsonValue]:
        story = StoryBrief.model_validate(request.inputs)
        ending = "loses" if story.twin else "finds"
        return {
            "title": f"The {story.theme}",
            "genre": "mystery",
            "logline": "Ada wants the key.",
            "synopsis": f"Ada looks for {story.theme} number {story.seed} and {ending} it.",
            "twin_difference": "Ada loses it." if story.twin else None,
            "style": {"keyword": "ink", "description": "ink on paper"},
            "characters": [
                {"name": "Ada", "role": "protagonist", "description": "a keeper", "appearance": "a tall person"},
                {"name": "Bo", "role": "supporting", "description": "a friend", "appearance": "a child"},
            ],
            "locations": [{"name": "the old pier", "description": "planks", "indoor": False}],
            "chapters": [{"title": f"Part {c}", "summary": "Ada looks."} for c in range(story.chapters)],
        }

    def _chapter(self, request: Request) -> dict[str, JsonValue]:
        brief = ChapterBrief.model_validate(request.inputs)
        scene = {
            "heading": "EXT. PIER - DAY",
            "location": "the old pier",
            "time_of_day": "day",
            "weather": "clear",
            "summary": "Ada looks.",
        }
        return {"scenes": [scene for _ in range(brief.story.scenes)]}

    def _scene(self, request: Request) -> dict[str, JsonValue]:
        brief = SceneBrief.model_validate(request.inputs)
        key = f"e{brief.chapter_index}-{brief.scene_index}"
        earlier = [f"e{brief.chapter_index}-{brief.scene_index - 1}"] if brief.scene_index else []
        what = "loses" if brief.story.twin and brief.chapter_index else "finds"
        event = {"key": key, "caption": f"Ada {what} the key.", "participants": ["Ada"], "because": earlier}
        keyframe = {
            "caption": f"Ada {what} the key.",
            "prompt": "Ada finds the key",
            "shot": "wide",
            "figures": [{"name": "Ada", "pose": "stand", "emotion": "calm"}],
            "props": [],
            "event_key": key,
        }
        return {"events": [event], "keyframes": [keyframe for _ in range(brief.story.keyframes)]}

    def _dialogue(self, request: Request) -> dict[str, JsonValue]:
        DialogueBrief.model_validate(request.inputs)
        line = {"speaker": "Ada", "text": "There it is.", "emotion": "happy", "keyframe_index": 0}
        return {"lines": [line, line | {"speaker": None, "text": "She was right."}]}

    def _questions(self, request: Request) -> dict[str, JsonValue]:
        brief = QuestionsBrief.model_validate(request.inputs)
        movie = brief.movie
        question = {
            "level": "movie",
            "question_type": "plot",
            "answer_format": "open_ended",
            "question": "Who finds the key?",
            "answer": "Ada",
            "evidence": [movie.events[0].span.model_dump()],
            "keyframe_ids": [next(movie.keyframes()).keyframe_id],
            "line_ids": [],
            "requires": ["vision"],
        }
        if brief.twin is not None:
            question["group"] = "twin-00"
            return {"questions": [question, question | {"question": "And then?", "group": "own-00", "turn_of": 0}]}
        return {"questions": [question]}


class FakePainter:
    """Paints one colour a request. `fails` are keyframe numbers that cannot be painted."""

    makes_portraits = False

    def __init__(self, fails: set[str] | None = None) -> None:
        self.fails = fails or set()
        self.calls: Counter[str] = Counter()

    def request(self, task: str, brief: Record, seed: int) -> Request:
        return _request(task, brief.model_dump(mode="json"), seed)

    async def lock_style(self, request: Request) -> tuple[Output, None]:
        self.calls["style"] += 1
        return Style(
            style_id="ink",
            keyword="ink",
            description="ink on paper",
            placeholder_token=None,
            base_model_id="tests/fake",
            base_model_revision="1",
            embedding_path=None,
            embedding_sha256=None,
        ).model_dump(mode="json"), None

    async def paint(self, request: Request, blobs: Blobs = NO_BLOBS) -> tuple[Output, bytes]:
        self.calls["keyframe"] += 1
        keyframe_id = str(request.inputs["keyframe_id"])
        if keyframe_id in self.fails:
            raise ValueError(f"no paint left for {keyframe_id}")
        painting = Painting(width_px=64, height_px=36, media_type="image/jpeg", visible=())
        return painting.model_dump(mode="json"), make_image(keyframe_id)

    async def close(self) -> None:
        """Nothing is held."""
