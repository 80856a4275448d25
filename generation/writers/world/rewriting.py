"""A model rewrites captions and lines; what no longer says the same gives way to the grammar's own sentence.

    rewriter = Rewriter(recipe, service, story.world, place, language, seed)
    draft = await rewriter.scene(draft)                             # captions of events and pictures
    draft = await rewriter.lines(draft, seconds_per_keyframe)       # what is spoken

Two calls: one rewrites all texts of a scene (prompts/retelling.md), one that is not told what they should say reads
them (prompts/reading.md). A rewrite stays only if what was read is what the state says; the others are dropped, each
with the reason. Events, changes, `says` and pictures are not touched. What texts say is worked out in saying_same.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import JsonValue

from moviellm.generation.briefs import DialogueDraft, SceneDraft
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm.ladder import Exchanges, NoAnswerError, answer
from moviellm.generation.llm.rendering import Rendered, llm_request, render
from moviellm.generation.protocols import Request, derive_seed
from moviellm.generation.studio.script.lines import WORDS_PER_S
from moviellm.generation.studio.world.world import World
from moviellm.generation.writers.checks import LANGUAGES
from moviellm.generation.writers.world.actions import ROLES
from moviellm.generation.writers.world.proposal import FACTS, Proposal
from moviellm.generation.writers.world.saying_same import (
    ReadingProposal,
    Said,
    difference,
    event_says,
    line_says,
    picture_says,
)

LENGTH_MAX: Final = 400
"""Characters of a rewritten text."""


class Retold(Proposal):
    """One text in other words."""

    id: str
    text: str


class RetellingProposal(Proposal):
    """Answer to `retelling`."""

    texts: tuple[Retold, ...]


@dataclass(frozen=True)
class Rewriter:
    """Rewrites the texts of one scene."""

    recipe: Recipe
    service: Exchanges
    world: World
    place: str
    language: str
    seed: int

    async def scene(self, draft: SceneDraft) -> SceneDraft:
        """The scene with other captions."""
        texts = [
            *(event_says(f"e{i}", event, self.place) for i, event in enumerate(draft.events)),
            *(picture_says(f"k{i}", frame, self.world, self.place) for i, frame in enumerate(draft.keyframes)),
        ]
        kept, dropped = await self._rewritten(texts)
        events = [
            event.model_copy(update={"caption": kept.get(f"e{i}", event.caption)})
            for i, event in enumerate(draft.events)
        ]
        frames = [
            frame.model_copy(update={"caption": kept.get(f"k{i}", frame.caption)})
            for i, frame in enumerate(draft.keyframes)
        ]
        return draft.model_copy(
            update={"events": tuple(events), "keyframes": tuple(frames), "dropped": tuple(dropped)}
        )

    async def lines(self, draft: DialogueDraft, seconds_per_keyframe: float) -> DialogueDraft:
        """The lines in other words, as many as there is time for."""
        room = dict.fromkeys((line.keyframe_index for line in draft.lines), int(seconds_per_keyframe * WORDS_PER_S))
        for line in draft.lines:
            room[line.keyframe_index] -= len(line.text.split())
        texts = [
            line_says(f"l{i}", line, len(line.text.split()) + max(0, room[line.keyframe_index]))
            for i, line in enumerate(draft.lines)
        ]
        kept, dropped = await self._rewritten(texts)
        lines = []
        for i, line in enumerate(draft.lines):
            text, own = kept.get(f"l{i}", line.text), len(line.text.split())
            longer = len(text.split()) - own
            if longer > max(0, room[line.keyframe_index]):
                dropped.append(f"{text!r}: there is no time for it")
                text, longer = line.text, 0
            room[line.keyframe_index] -= longer
            lines.append(line.model_copy(update={"text": text}))
        return draft.model_copy(update={"lines": tuple(lines), "dropped": tuple(dropped)})

    async def _rewritten(self, texts: Sequence[Said]) -> tuple[dict[str, str], list[str]]:
        """Texts by id that still say the same, and the others with the reason."""
        if not texts:
            return {}, []
        try:
            retold = await self._retold(texts)
            reading = await self._read([replace(text, text=retold[text.id]) for text in texts if text.id in retold])
        except NoAnswerError as error:
            return {}, [f"nothing was rewritten: {error}"]
        kept, dropped = {}, []
        for said in texts:
            text = retold.get(said.id, said.text)
            if text == said.text:
                continue
            why = difference(said, text, reading, self.world)
            if why is None:
                kept[said.id] = text
            else:
                dropped.append(f"{text!r}: {why}")
        return kept, dropped

    async def _retold(self, texts: Sequence[Said]) -> dict[str, str]:
        data: dict[str, JsonValue] = {"texts": [text.shown() for text in texts]}
        prompt = render("retelling", data=data, language=LANGUAGES.get(self.language, self.language))
        found = await answer(self.service, self._request("retelling", prompt, RetellingProposal), RetellingProposal)
        known = {text.id for text in texts}
        cleaned = {item.id: " ".join(item.text.split()) for item in found.texts if item.id in known}
        return {name: text for name, text in cleaned.items() if 0 < len(text) <= LENGTH_MAX}

    async def _read(self, texts: Sequence[Said]) -> ReadingProposal:
        """What the texts say, read by somebody who is not told what they should say."""
        data: dict[str, JsonValue] = {
            "texts": [text.bare() for text in texts],
            "people": [person.name for person in self.world.people],
            "places": [place.name for place in self.world.places],
            "things": [thing.name for thing in self.world.things],
            "actions": list(ROLES),
        }
        facts = "; ".join(f"{fact} ({about.replace(' ', ', ')}; {value})" for fact, (about, value) in FACTS.items())
        prompt = render("reading", data=data, facts=facts)
        return await answer(self.service, self._request("reading", prompt, ReadingProposal), ReadingProposal)

    def _request(self, task: str, prompt: Rendered, kind: type[Any]) -> Request:
        request = llm_request(task, self.recipe, prompt, derive_seed(self.seed, task), kind)
        free = "rewrite" in self.recipe.llm.free_text_first and task == "retelling"
        return replace(request, params={**request.params, "free_text_first": free})


def rewriting_key(recipe: Recipe) -> tuple[Request, Mapping[str, str]]:
    """What decides rewrites beside the texts: a request with the sampling parameters, and the prompts' hashes."""
    first = render("retelling", data={}, language="")
    second = render("reading", data={}, facts="")
    hashes = {first.prompt_id: first.prompt_sha256, second.prompt_id: second.prompt_sha256}
    return llm_request("retelling", recipe, first, 0, RetellingProposal), hashes
