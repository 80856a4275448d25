"""What is said in a scene: lines that follow from its events, spoken by people who are in the picture.

    draft = dialogue(story, grammar, inputs, seed)      # DialogueDraft

Reads the scene's event keys and who is in which keyframe; what an event means (who asked about what, where something
is said to be) comes from the story's own log. A line has no more words than its keyframe has time for.

It gives no times: see generation/dialogue.py.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from moviellm.generation.protocols import DialogueBrief, DialogueDraft, LineDraft
from moviellm.generation.schema import Emotion
from moviellm.generation.studio.writing.actions import Act
from moviellm.generation.studio.writing.language import Grammar, Voice, capital, words
from moviellm.generation.studio.writing.story import SceneLog, Story

WORDS_PER_S = 2.7
TALKATIVE = ("ask", "tell", "give", "argue", "hug", "take")
"""Actions that are rarely silent."""
SPOKEN_SHARE, SILENT_SHARE, NARRATED_SHARE = 0.95, 0.6, 0.25


def dialogue_inputs(brief: DialogueBrief) -> dict[str, Any]:
    """What the dialogue of a scene reads: no captions, no prompts, no looks."""
    return {
        "story": brief.story.model_dump(mode="json"),
        "scene_key": brief.scene_key,
        "seconds_per_keyframe": brief.seconds_per_keyframe,
        "events": [event.key for event in brief.draft.events],
        "keyframes": [
            {
                "event": keyframe.event_key,
                "shot": keyframe.shot,
                "figures": [[figure.name, figure.emotion] for figure in keyframe.figures],
            }
            for keyframe in brief.draft.keyframes
        ],
    }


def dialogue(story: Story, grammar: Grammar, inputs: Mapping[str, Any], seed: int) -> DialogueDraft:
    """The lines of one scene.

    Raises:
        ValueError: the scene is not one of this story's.
    """
    log = story.by_first_event.get(next(iter(inputs["events"]), ""))
    if log is None or [event.key for event in log.events] != list(inputs["events"]):
        raise ValueError(
            f"the events of scene {inputs['scene_key']} are not those this writer tells for the theme; "
            "dialogue can only be written for scenes of the same writer"
        )
    voice = Voice(grammar, random.Random(seed))
    return DialogueDraft(lines=tuple(_Speech(story, log, voice, inputs).lines()))


class _Speech:
    """Speaks one scene."""

    def __init__(self, story: Story, log: SceneLog, voice: Voice, inputs: Mapping[str, Any]) -> None:
        self.story, self.log, self.voice = story, log, voice
        self.frames: Sequence[Mapping[str, Any]] = inputs["keyframes"]
        self.room = [int(inputs["seconds_per_keyframe"] * WORDS_PER_S)] * len(self.frames)
        self.found: list[LineDraft] = []

    def lines(self) -> list[LineDraft]:
        self._narrate()
        for event in self.log.events:
            frames = [i for i, frame in enumerate(self.frames) if frame["event"] == event.key]
            share = SPOKEN_SHARE if event.act.action in TALKATIVE else SILENT_SHARE
            if frames and self.voice.rng.random() < share:
                self._event(event.act, frames)
        return sorted(self.found, key=lambda line: line.keyframe_index)

    def _narrate(self) -> None:
        last = self.log is self.story.scenes[-1]
        if self.frames[0]["shot"] != "wide" or self.voice.rng.random() > (0.7 if last else NARRATED_SHARE):
            return
        place = self.story.world.place(self.log.place)
        quest = self.story.quests[self.log.chapter]
        slots = {"at": place.at, "thing": self._the(quest.thing)}
        text = self.voice.fits("narrator.last" if last else f"narrator.{self.log.time_of_day}", slots, self.room[0])
        if text:
            self._speak(None, text, "calm", 0)

    def _event(self, act: Act, frames: list[int]) -> None:
        """The one who acts speaks; the other may answer in the same picture or a later one."""
        rule = self._rule(act)
        alone = f"{rule}.actor_alone"
        here = {name for i in frames for name, _ in self.frames[i]["figures"]}
        first = alone if len(here) == 1 and self.voice.grammar.has(alone) else f"{rule}.actor"
        at = self._say(first, act, act.actor, act.other, frames)
        if at is not None and act.other and self.voice.grammar.has(f"{rule}.other"):
            self._say(f"{rule}.other", act, act.other, act.actor, [i for i in frames if i >= at])

    def _rule(self, act: Act) -> str:
        mode = act.mode
        if act.action == "take" and act.target:
            mode = "chest"
        elif act.action == "argue" and act.thing:
            mode = "thing"
        elif act.action == "tell" and act.target in {person.name for person in self.story.world.people}:
            mode = "held"
        elif act.action == "tell" and act.thing in {person.name for person in self.story.world.people}:
            mode = "person"
        elif act.action == "ask" and mode == "vain" and self._is_bargain(act):
            mode = "quid"
        rule = f"say.{act.action}"
        return f"{rule}.{mode}" if self.voice.grammar.has(f"{rule}.{mode}.actor") else rule

    def _is_bargain(self, act: Act) -> bool:
        """Whether the one who is asked names a price next."""
        return any(e.act.mode == "price" and e.act.actor == act.other for e in self.log.events)

    def _the(self, thing: str) -> str:
        named = thing in {person.name for person in self.story.world.people}
        return thing if named or not thing else f"the {thing}"

    def _say(self, rule: str, act: Act, speaker: str, you: str, frames: list[int]) -> int | None:
        """Place a line in the first picture that shows the speaker and has room for it; where, or None."""
        places = {place.name: place.at for place in self.story.world.places}
        slots = {
            "me": speaker,
            "you": you or "friend",
            "thing": self._the(act.thing) or "it",
            "bare": act.thing.split(" ")[-1] if act.thing else "it",
            "where": places.get(act.target, f"with {act.target}"),
            "holder": act.target,
            "to": act.target,
            "place": act.place,
        }
        for wanted in ("close", "two_shot", "over_shoulder", "medium", "wide"):
            for i in frames:
                emotion = next((mood for name, mood in self.frames[i]["figures"] if name == speaker), None)
                if emotion is None or self.frames[i]["shot"] != wanted:
                    continue
                text = self.voice.fits(rule, slots, self.room[i])
                if text:
                    self._speak(speaker, text, emotion, i)
                    return i
        return None

    def _speak(self, speaker: str | None, text: str, emotion: Emotion, frame: int) -> None:
        self.room[frame] -= words(text)
        self.found.append(LineDraft(speaker=speaker, text=capital(text), emotion=emotion, keyframe_index=frame))
