"""How a scene is shown: its events, and keyframes that stage each of them honestly.

    draft = scene(story, grammar, brief, chapter_index, scene_index, seed)     # SceneDraft, brief.keyframes pictures

Every event gets its action picture and, where there is room, a wide one before it, a face after it, an insert of the
object, another look. A picture is taken either before or after its event, and shows only what the state says at that
moment: people who are there, what they hold, what lies open to view.

It decides nothing about the story (story.py) and draws nothing (painter.py).
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from moviellm.generation.protocols import EventDraft, FigureDraft, KeyframeDraft, SceneDraft, StoryBrief
from moviellm.generation.schema import Emotion, Pose, Shot
from moviellm.generation.studio.writing.actions import Act, State
from moviellm.generation.studio.writing.language import Grammar, Voice, indefinite, listing, sentence
from moviellm.generation.studio.writing.prose import Prose
from moviellm.generation.studio.writing.story import Happening, SceneLog, Story

PROPS_MAX = 3
PEOPLE_IN_WIDE_MAX = 4


@dataclass(frozen=True)
class Staging:
    """How the action picture of an action looks."""

    after: bool
    """Whether it is taken after the event; before it otherwise."""
    shots: tuple[Shot, ...]
    pose: Pose
    emotion: Emotion
    other_pose: Pose = "stand"
    other_emotion: Emotion = "calm"


STAGINGS: Mapping[str, Staging] = {
    "go": Staging(False, ("wide", "medium"), "walk", "calm"),
    "enter": Staging(True, ("wide", "medium"), "walk", "calm"),
    "flee": Staging(False, ("wide", "medium"), "run", "afraid"),
    "follow": Staging(False, ("wide", "medium"), "run", "worried"),
    "search": Staging(False, ("medium", "wide"), "crouch", "worried"),
    "find": Staging(True, ("medium", "medium", "wide"), "reach", "surprised"),
    "pick_up": Staging(True, ("medium", "medium", "wide"), "hold_up", "happy"),
    "drop": Staging(True, ("medium", "wide"), "crouch", "sad"),
    "give": Staging(False, ("two_shot", "medium"), "give", "tender", "reach", "happy"),
    "take": Staging(True, ("two_shot", "medium"), "hold_up", "angry", "reach", "sad"),
    "steal": Staging(True, ("medium", "wide"), "carry", "calm", "think", "calm"),
    "hide": Staging(False, ("medium", "wide"), "kneel", "worried"),
    "open": Staging(True, ("medium", "wide"), "kneel", "surprised"),
    "lock": Staging(True, ("medium", "wide"), "kneel", "calm"),
    "read": Staging(True, ("medium", "close"), "read", "surprised"),
    "light": Staging(True, ("medium", "close"), "hold_up", "calm"),
    "tell": Staging(False, ("two_shot", "over_shoulder", "medium"), "talk", "calm", "stand", "surprised"),
    "ask": Staging(False, ("two_shot", "over_shoulder", "medium"), "talk", "worried", "think", "calm"),
    "argue": Staging(True, ("two_shot", "over_shoulder", "medium"), "point", "angry", "stand", "angry"),
    "hug": Staging(False, ("two_shot", "medium"), "hug", "happy", "hug", "tender"),
    "wait": Staging(False, ("medium", "wide"), "sit", "calm"),
    "watch": Staging(False, ("wide", "over_shoulder"), "stand", "worried", "walk", "calm"),
}
CARRYING_POSES: tuple[Pose, ...] = ("stand", "walk", "carry", "hold_up")
"""Poses in which somebody shows what they happen to carry."""


def scene(story: Story, grammar: Grammar, brief: StoryBrief, chapter: int, index: int, seed: int) -> SceneDraft:
    """Events and keyframes of one scene."""
    log = story.scenes[chapter * brief.scenes + index]
    return _Shooting(story, log, Voice(grammar, random.Random(seed)), brief.keyframes).draft()


class _Shooting:
    """Stages one scene: walks through its events with the state beside it."""

    def __init__(self, story: Story, log: SceneLog, voice: Voice, keyframes: int) -> None:
        self.world, self.log, self.voice, self.keyframes = story.world, log, voice, keyframes
        self.prose = Prose(story.world, voice)
        self.rng = voice.rng
        self.state = State(log.start)
        self.place = story.world.place(log.place)
        self.last_shot: Shot = "insert"
        self.moods: dict[str, Emotion] = {}
        """What each person felt last."""

    def draft(self) -> SceneDraft:
        counts = self._counts()
        frames: list[KeyframeDraft] = []
        events: list[EventDraft] = []
        for event, count in zip(self.log.events, counts, strict=True):
            frames += self._event(event, count, first=not events)
            events.append(self._event_draft(event))
        return SceneDraft(events=tuple(events), keyframes=tuple(frames))

    def _counts(self) -> list[int]:
        """Keyframes of each event: one each, the rest shared out, the first event's and the quest's before others."""
        events = self.log.events
        counts = [1] * len(events)
        order = sorted(range(len(events)), key=lambda i: (i != 0, not events[i].core, self.rng.random()))
        for turn in range(self.keyframes - len(events)):
            counts[order[turn % len(order)]] += 1
        return counts

    def _event_draft(self, event: Happening) -> EventDraft:
        act = event.act
        return EventDraft(
            key=event.key,
            caption=self.prose.event(act),
            participants=act.people,
            action=act.action,
            object=act.thing if act.thing and act.thing not in self.prose.people else None,
            because=event.because,
        )

    def _event(self, event: Happening, count: int, first: bool) -> list[KeyframeDraft]:
        """The pictures of one event; moves the state over it."""
        act, staging = event.act, STAGINGS[event.act.action]
        before = self.state.copy()
        self.state.apply(event.key, act)
        frames = []
        for view in self._views(act, count, first):
            if view != "wide":
                self.moods[act.actor] = staging.emotion
                if act.other:
                    self.moods[act.other] = staging.other_emotion
            if view == "wide":
                frames.append(self._wide(event.key, before))
            elif view == "action":
                frames.append(self._action(event.key, act, staging, self.state if staging.after else before))
            elif view == "insert":
                frames.append(self._insert(event.key, act))
            elif view == "together":
                frames.append(self._together(event.key, act))
            elif view == "after":
                frames.append(self._after(event.key))
            else:
                frames.append(self._face(event.key, act.other if view == "other" else act.actor))
        return frames

    def _views(self, act: Act, count: int, first: bool) -> list[str]:
        """Kinds of pictures of an event, in the order they are shown: wide before, then the action, then the rest."""
        here = self._here(self.state)
        later: list[str] = []
        if act.actor in here and act.action != "enter":
            later.append("face")
        if act.other in here:
            later += ["other", "together"] if act.actor in here else ["other"]
        if self._shown(act.thing) and act.action not in ("ask", "tell", "argue", "search", "watch"):
            later.append("insert")
        self.rng.shuffle(later)
        if here:
            later.append("after")
        wide = 1 if first and count > 1 else 0
        room = count - 1 - wide
        if not later:
            return ["wide"] * (wide + room) + ["action"]
        return ["wide"] * wide + ["action"] + [later[i % len(later)] for i in range(room)]

    def _here(self, state: State) -> list[str]:
        return [person.name for person in self.world.people if state.get("at", person.name) == self.place.name]

    def _shown(self, thing: str) -> bool:
        """Whether an object can be looked at here after the event."""
        where = self.state.where(thing)
        held = where.startswith("held:") and where[5:] in self._here(self.state)
        return held or (where == f"at:{self.place.name}" and not self.state.get("hidden", thing))

    def _props(self, state: State, first: str = "") -> tuple[str, ...]:
        spot = f"at:{self.place.name}"
        lying = [
            thing.name
            for thing in self.world.things
            if state.where(thing.name) == spot and not state.get("hidden", thing.name)
        ]
        lying.sort(key=lambda name: name != first)
        return tuple(lying[:PROPS_MAX])

    def _figure(self, name: str, pose: Pose, emotion: Emotion, state: State, thing: str = "") -> FigureDraft:
        """Somebody with the object of the event in hand, or what they carry anyway, if they have it at that moment."""
        held = [item.name for item in self.world.things if state.holder(item.name) == name]
        holding = thing if thing in held else held[0] if held and pose in CARRYING_POSES else None
        if holding is None and pose in ("give", "carry", "hold_up", "read"):
            pose = "stand"
        if holding is not None and pose == "read" and "text" not in self.world.thing(holding).traits:
            pose = "think"
        return FigureDraft(name=name, pose=pose, emotion=emotion, holding=holding)

    def _wide(self, key: str, state: State) -> KeyframeDraft:
        here = self._here(state)[:PEOPLE_IN_WIDE_MAX]
        poses: tuple[Pose, ...] = ("stand", "stand", "walk", "sit")
        figures = tuple(
            self._figure(name, self.rng.choice(poses), self.moods.get(name, "calm"), state) for name in here
        )
        rule = ("wide.none", "wide.one", "wide.two", "wide.many")[min(len(here), 3)]
        return self._frame(key, self.voice.say(rule, self._slots(here)), "wide", figures, self._props(state))

    def _action(self, key: str, act: Act, staging: Staging, state: State) -> KeyframeDraft:
        here = self._here(state)
        people = [name for name in act.people if name in here]
        held = act.target if act.action in ("open", "lock") else act.thing
        figures = [
            self._figure(
                name,
                staging.pose if name == act.actor else staging.other_pose,
                staging.emotion if name == act.actor else staging.other_emotion,
                state,
                held,
            )
            for name in people
        ]
        shots = [s for s in staging.shots if len(people) == 2 or s not in ("two_shot", "over_shoulder")]
        shot = self.rng.choice([s for s in shots if s != self.last_shot] or shots)
        if shot == "wide":
            others = [name for name in here if name not in people][: PEOPLE_IN_WIDE_MAX - len(people)]
            figures += [self._figure(name, "stand", self.moods.get(name, "calm"), state) for name in others]
        rule = f"action.{act.action}"
        mode = "chest" if act.action in ("take", "hide") and act.target else act.mode
        rule = f"{rule}.{mode}" if mode and self.voice.grammar.has(f"{rule}.{mode}") else rule
        props = self._props(state, act.thing) if shot in ("wide", "medium") else ()
        return self._frame(key, self.voice.say(rule, self.prose.slots(act)), shot, tuple(figures), props)

    def _face(self, key: str, name: str) -> KeyframeDraft:
        emotion = self.moods.get(name, "calm")
        figure = self._figure(name, self.rng.choice(("stand", "think", "stand")), emotion, self.state)
        return self._frame(key, self.voice.say(f"reaction.{emotion}", self._slots([name])), "close", (figure,), ())

    def _after(self, key: str) -> KeyframeDraft:
        name = self.rng.choice(self._here(self.state))
        pose: Pose = self.rng.choice(("stand", "think", "sit"))
        figure = self._figure(name, pose, self.moods.get(name, "calm"), self.state)
        props = self._props(self.state)
        return self._frame(key, self.voice.say("after.one", self._slots([name])), "medium", (figure,), props)

    def _together(self, key: str, act: Act) -> KeyframeDraft:
        shot: Shot = self.rng.choice(("two_shot", "over_shoulder"))
        figures = tuple(
            self._figure(name, "stand", self.moods.get(name, "calm"), self.state, act.thing) for name in act.people
        )
        return self._frame(key, self.voice.say("together.two", self.prose.slots(act)), shot, figures, ())

    def _insert(self, key: str, act: Act) -> KeyframeDraft:
        holder = self.state.holder(act.thing)
        slots = {**self.prose.slots(act), "actor": holder or act.actor}
        if holder:
            figure = self._figure(holder, "hold_up", "calm", self.state, act.thing)
            return self._frame(key, self.voice.say("insert.held", slots), "insert", (figure,), ())
        return self._frame(key, self.voice.say("insert.lying", slots), "insert", (), (act.thing,))

    def _slots(self, names: list[str]) -> dict[str, str]:
        she = bool(names) and self.prose.people[names[0]].she
        sky = [self.voice.say(f"sky.out.{self.log.time_of_day}")]
        if not self.place.indoor:
            sky.append(self.voice.say(f"sky.weather.{self.log.weather}"))
        return {
            "actor": names[0] if names else "",
            "names": listing(names),
            "at": self.place.at,
            "place": self.place.name,
            "look": self.place.description,
            "sky": " ".join(filter(None, sky)),
            "their": "her" if she else "his",
        }

    def _frame(
        self, key: str, caption: str, shot: Shot, figures: tuple[FigureDraft, ...], props: tuple[str, ...]
    ) -> KeyframeDraft:
        self.last_shot = shot
        return KeyframeDraft(
            caption=sentence(caption),
            prompt=self._prompt(shot, figures, props),
            shot=shot,
            figures=figures,
            props=props,
            event_key=key,
        )

    def _prompt(self, shot: Shot, figures: tuple[FigureDraft, ...], props: tuple[str, ...]) -> str:
        say = self.voice.say
        parts = []
        for figure in figures:
            text = f"{self.prose.people[figure.name].appearance}, {say(f'pose.{figure.pose}')}, {figure.emotion}"
            parts.append(text + (f", with {indefinite(figure.holding)} in hand" if figure.holding else ""))
        parts += [indefinite(prop) for prop in props]
        light = [say(f"prompt_light.{self.log.time_of_day}")]
        if not self.place.indoor:
            light.append(say(f"prompt_weather.{self.log.weather}"))
        subject = "; ".join(parts) or self.place.name
        where = f"{self.place.at}, {self.place.description}"
        return f"{say(f'shot.{shot}')} of {subject}; {where}; {', '.join(light)}; {self.world.look}"
