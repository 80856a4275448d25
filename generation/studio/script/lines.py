"""What is said in a scene: lines that follow from its events, spoken by people who are in the picture.

    draft = dialogue(story, grammar, inputs, seed)      # DialogueDraft

Reads the scene's event keys and who is in which keyframe; what an event means (who asked about what, where something
is said to be) comes from the story's own log. A line has no more words than its keyframe has time for. Words that tell
facts carry them (saying.py).

It gives no times: see generation/dialogue.py.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from moviellm.generation.briefs import DialogueBrief, DialogueDraft, LineDraft
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Emotion, StateChange
from moviellm.generation.studio.plot.story import Happening, SceneLog, Story
from moviellm.generation.studio.script.language import Grammar, Voice, words
from moviellm.generation.studio.script.prose import Prose
from moviellm.generation.studio.script.saying import facts
from moviellm.generation.studio.script.staging import variants
from moviellm.generation.studio.script.when import WEEK, day_of, days_between, gap_of, hour_of
from moviellm.generation.studio.world.actions import Act

WORDS_PER_S = 2.7
TELLING = (
    "tell",
    "lie",
    "ask",
    "promise",
    "refuse",
    "warn",
    "call",
    "threaten",
    "write",
    "read",
    "arrest",
    "apologise",
)
"""Actions that nobody understands without their words."""
TALKATIVE = ("give", "argue", "hug", "take", "show", "chase", "free", "heal", "wound", "trade")
"""Actions that are rarely silent."""
SPOKEN_SHARE, SILENT_SHARE, NARRATED_SHARE = 0.9, 0.55, 0.25
MOTIVE_SHARE = 0.2
MUSING = ("enter", "go", "wait", "search")
"""Actions over which the hero may say what they are after."""
UNHEARD = ("watch", "steal", "chase", "call", "follow")
"""Actions whose other must not hear or cannot."""
TOLD_SHARE = 0.6
"""Share of those who leave and say where to, as far as they say anything."""


def dialogue_inputs(brief: DialogueBrief) -> dict[str, Any]:
    """What the dialogue of a scene reads: no captions, no prompts, no looks."""
    return {
        "story": brief.story.model_dump(mode="json"),
        "scene_key": brief.scene_key,
        "seconds_per_keyframe": brief.seconds_per_keyframe,
        "density": brief.density,
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
    rng = random.Random(derive_seed(seed, "turns"))
    return DialogueDraft(lines=tuple(_Speech(story, log, voice, inputs, rng).lines()))


class _Speech:
    """Speaks one scene."""

    def __init__(
        self, story: Story, log: SceneLog, voice: Voice, inputs: Mapping[str, Any], rng: random.Random
    ) -> None:
        self.story, self.log, self.voice, self.rng = story, log, voice, rng
        self.prose = Prose(story.world, voice)
        self.density: float = inputs["density"]
        self.frames: Sequence[Mapping[str, Any]] = inputs["keyframes"]
        self.room = [int(inputs["seconds_per_keyframe"] * WORDS_PER_S)] * len(self.frames)
        self.found: list[LineDraft] = []

    def lines(self) -> list[LineDraft]:
        if self.voice.grammar.has("narrator.first"):
            self._narrate()
        for event in self.log.events:
            frames = [i for i, frame in enumerate(self.frames) if frame["event"] == event.key]
            action = event.act.action
            share = 1.0 if action in TELLING else SPOKEN_SHARE if action in TALKATIVE else SILENT_SHARE
            if self.rng.random() < share * self.density:
                self._event(event, frames)
        return sorted(self.found, key=lambda line: line.keyframe_index)

    def _narrate(self) -> None:
        """The narrator opens and ends a movie, says how much time has passed, and now and then where we are."""
        index = self.story.scenes.index(self.log)
        before = self.story.scenes[index - 1] if index else None
        jump = before is not None and days_between(before, self.log) >= WEEK
        last = index == len(self.story.scenes) - 1
        share = 1.0 if not index or jump else 0.7 if last else NARRATED_SHARE
        if self.rng.random() >= share * self.density:
            return
        rule = "later" if jump else "first" if not index else "last" if last else self.log.time_of_day
        slots = self._narrator_slots()
        if jump:
            slots["gap"] = gap_of(self.voice, before, self.log) or ""
        text = self.voice.fits(f"narrator.{rule}", slots, self.room[0])
        if text:
            self._speak(None, text, "calm", 0, None)

    def _narrator_slots(self) -> dict[str, str]:
        """Who and what the story is about, and when; nothing of how it goes on."""
        world, tongue = self.story.world, self.voice.tongue
        hero, place = world.people[0], world.place(self.log.place)
        villain = next((person.name for person in world.people if person.role == "antagonist"), "")
        return {
            "hero": hero.name,
            "their": tongue.pronoun(hero.she, "possessive"),
            "friend": world.people[1].name,
            "villain": villain,
            "thing": self.prose.the(world.things[0].name),
            "thing_bare": world.things[0].name,
            "home": hero.home,
            "home_at": world.place(hero.home).at,
            "at": place.at,
            "day": tongue.weekday(day_of(self.log)),
            "hour": tongue.hour(hour_of(self.log)),
        }

    def _event(self, event: Happening, frames: list[int]) -> None:
        """The one who acts speaks; the other may answer in the same picture or a later one."""
        act = event.act
        here = [name for i in frames for name, _ in self.frames[i]["figures"]]
        seen = {name for frame in self.frames[: max(frames) + 1] for name, _ in frame["figures"]}
        you = act.other or next((name for name in here if name != act.actor), "")
        base = self._base(act)
        at = None
        for rule in self._rules(act, base, len(seen) == 1):
            at = self._say(rule, event, act.actor, you, frames) if self.voice.grammar.has(rule) else None
            if at is not None:
                break
        if at is not None and act.other and self.voice.grammar.has(f"{base}.other"):
            self._say(f"{base}.other", event, act.other, act.actor, [i for i in frames if i >= at])

    def _base(self, act: Act) -> str:
        """The rules about an act: those of the most special variant of its action that has any."""
        base = f"say.{act.action}"
        named = (f"{base}.{variant}" for variant in variants(act, self.prose.people))
        return next((name for name in named if self.voice.grammar.has(f"{name}.actor")), base)

    def _rules(self, act: Act, base: str, alone: bool) -> list[str]:
        """What the one who acts may say, the likeliest first."""
        rules = [f"{base}.actor_alone"] if alone else []
        rules.append(f"{base}.actor")
        draw = self.rng.random()
        quest = self.story.quests[-1]
        if act.action in MUSING and act.actor == quest.hero and not act.mode and draw < MOTIVE_SHARE:
            motive = f"motive.{quest.kind}"
            rules.insert(0, motive if self.voice.grammar.has(motive) else "motive.any")
        elif act.action == "go" and draw < TOLD_SHARE:
            rules.insert(0, f"{base}.told.actor")
        return rules

    def _slots(self, act: Act, speaker: str, you: str) -> dict[str, str]:
        quest = self.story.quests[-1]
        about = self.prose.slots(act)
        if not act.target:
            about["tool"] = ""
        return {**about, "me": speaker, "you": you, "holder": act.target, "friend": quest.friend}

    def _say(self, rule: str, event: Happening, speaker: str, you: str, frames: list[int]) -> int | None:
        """Place a line in the first picture that shows the speaker and has room for it; where, or None."""
        act = event.act
        slots = self._slots(act, speaker, you)
        if rule.startswith("motive."):
            slots["thing"] = self.prose.the(self.story.quests[-1].thing)
        for wanted in ("close", "two_shot", "over_shoulder", "medium", "wide"):
            for i in frames:
                emotion = next((mood for name, mood in self.frames[i]["figures"] if name == speaker), None)
                if emotion is None or self.frames[i]["shot"] != wanted:
                    continue
                text = self.voice.fits(rule, slots, self.room[i])
                if text:
                    heard = you if act.action not in UNHEARD and you not in text else ""
                    text = self._manner(text, heard, self.room[i])
                    self._speak(
                        speaker, text, emotion, i, event.key, facts(rule, act, speaker, you, self.prose.people)
                    )
                    return i
        return None

    def _manner(self, text: str, you: str, room: int) -> str:
        """A statement with a word before or after it, where there is time and it has none yet."""
        if not text.endswith(".") or text.endswith("...") or "," in text.split()[0]:
            return text
        rule = "manner.two" if you else "manner.one"
        said = self.voice.say(rule, {"core": text, "you": you}) if self.voice.grammar.has(rule) else text
        return said if words(said) <= room else text

    def _speak(
        self,
        speaker: str | None,
        text: str,
        emotion: Emotion,
        frame: int,
        key: str | None,
        says: tuple[StateChange, ...] = (),
    ) -> None:
        self.room[frame] -= words(text)
        text = self.voice.finish(text)
        line = LineDraft(speaker=speaker, text=text, emotion=emotion, keyframe_index=frame, event_key=key, says=says)
        self.found.append(line)
