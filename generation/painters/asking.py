"""What a pipeline is asked: phrases of a prompt, pictures that go in, parameters that decide a picture.

    asking = Asking(recipe, PipelineSource.of(recipe))
    request = asking.request("keyframe", brief, seed)              # loads nothing

A request holds what decides the answer and nothing else; see diffusion.py, which answers it.
"""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.painters.inversion import learning
from moviellm.generation.painters.pipelines import Adapter, PipelineSource
from moviellm.generation.painters.prompts import (
    PROMPT_ID,
    keyframe_phrases,
    portrait_phrases,
    prompts_sha256,
    style_phrase,
    style_picture_phrases,
)
from moviellm.generation.paintings import KeyframeBrief, PortraitBrief, StyleBrief
from moviellm.generation.protocols import PainterTask, Request
from moviellm.generation.schema import Record, Style


class Asking:
    """Renders the tasks of one recipe for one pipeline."""

    def __init__(self, recipe: Recipe, source: PipelineSource) -> None:
        self._recipe = recipe
        self._source = source
        self._prompts_sha256 = prompts_sha256()

    def request(self, task: PainterTask, brief: Record, seed: int) -> Request:
        """Render a task: only what decides the answer."""
        if task == "style":
            assert isinstance(brief, StyleBrief)
            return self._style_request(brief, seed)
        if task == "portrait":
            assert isinstance(brief, PortraitBrief)
            inputs = self._inputs(portrait_phrases(brief, self._style_words(brief.style)), brief.style)
            return self._request(task, self._params(brief.width_px, brief.height_px), inputs, seed)
        assert isinstance(brief, KeyframeBrief)
        return self._keyframe_request(brief, seed)

    def _keyframe_request(self, brief: KeyframeBrief, seed: int) -> Request:
        shown = [one for one in brief.figures if one.portrait_sha256 is not None]
        by_reference = self._recipe.identity.method == "reference"
        before = 1 if self._style_picture(brief.style) else 0
        numbers = {one.figure.character_id: before + at + 1 for at, one in enumerate(shown)} if by_reference else {}
        inputs = self._inputs(keyframe_phrases(brief, self._style_words(brief.style), numbers), brief.style)
        params = self._params(brief.width_px, brief.height_px)
        if by_reference:
            faces: list[JsonValue] = [one.portrait_sha256 for one in shown]
            inputs["references"] = [*listed(inputs.get("references")), *faces]
        elif shown:  # an IP-Adapter shows one person: the one who acts
            inputs["portrait_sha256"] = shown[0].portrait_sha256
            inputs["not_shown"] = [f"portrait: {one.appearance}" for one in shown[1:]]
        return self._request("keyframe", params, inputs, seed)

    def _style_request(self, brief: StyleBrief, seed: int) -> Request:
        style, description = self._recipe.style, _described(brief)
        params: dict[str, JsonValue] = {"method": style.method}
        if style.method == "textual_inversion":
            size = self._recipe.image
            params |= self._params(size.width_px, size.height_px)
            params |= {"inversion": style.inversion.model_dump(mode="json"), "inversion_version": learning.VERSION}
        elif style.method == "reference":
            params |= self._params(self._recipe.image.width_px, self._recipe.image.height_px)
        inputs: dict[str, JsonValue] = {"keyword": brief.keyword, "description": description}
        if style.method == "reference":
            words = style_phrase(brief.keyword, description)
            inputs |= {"phrases": [*style_picture_phrases(words)], **self._negative()}
        return self._request("style", params, inputs, seed)

    def _style_words(self, style: Style) -> str:
        """How the prompt asks for the style."""
        if style.embedding_sha256 is None:
            return style_phrase(style.keyword, style.description)
        if style.placeholder_token is not None:
            return f"in the style of {style.placeholder_token}"
        return "in the style of image 1"

    def _style_picture(self, style: Style) -> bool:
        return style.embedding_sha256 is not None and style.placeholder_token is None

    def _inputs(self, phrases: Sequence[str], style: Style) -> dict[str, JsonValue]:
        inputs: dict[str, JsonValue] = {"phrases": [phrase for phrase in phrases if phrase], **self._negative()}
        if self._style_picture(style):
            inputs["references"] = [style.embedding_sha256]
        elif style.embedding_sha256 is not None:
            inputs["learned_style_sha256"] = style.embedding_sha256
        return inputs

    def _negative(self) -> dict[str, JsonValue]:
        negative = self._recipe.painting.negative
        return {} if negative is None else {"negative": negative}

    def _params(self, width_px: int, height_px: int) -> dict[str, JsonValue]:
        """What decides how a picture is painted, beside the model and the words."""
        painting, source = self._recipe.painting, self._source
        params: dict[str, JsonValue] = {
            "width_px": width_px,
            "height_px": height_px,
            "format": self._recipe.image.format,
            "quality": self._recipe.image.quality,
            "steps": painting.steps,
            "guidance": painting.guidance,
            "dtype": painting.dtype,
        }
        named = {"scheduler": source.scheduler, "lora": source.lora, "lora_revision": source.lora_revision}
        params |= {name: value for name, value in named.items() if value is not None}
        if source.adapter is not None:
            params["adapter"] = _adapter_facts(source.adapter)
        return params

    def _request(
        self, task: str, params: Mapping[str, JsonValue], inputs: Mapping[str, JsonValue], seed: int
    ) -> Request:
        return Request(
            task=task,
            model_id=self._source.name,
            model_revision=self._source.revision,
            prompt_id=PROMPT_ID,
            prompt_sha256=self._prompts_sha256,
            params=params,
            inputs=inputs,
            seed=seed,
        )


def _described(brief: StyleBrief) -> str:
    """The style phrases, behind the name of a style where the recipe asks for one."""
    return ", ".join(filter(None, [brief.style, brief.description]))


def listed(value: JsonValue) -> list[JsonValue]:
    """A JSON list, empty where there is none."""
    return value if isinstance(value, list) else []


def _adapter_facts(adapter: Adapter) -> dict[str, JsonValue]:
    return {
        "repository": adapter.repository,
        "revision": adapter.revision,
        "weight": f"{adapter.subfolder}/{adapter.weight}",
        "strength": adapter.strength,
    }
