"""How a scene is shown: its events, and keyframes that stage each of them honestly.

    draft = scene(story, grammar, brief, chapter_index, scene_index, seed)     # SceneDraft, brief.keyframes pictures

A scene may open with a wide picture of the place, which belongs to no event. Every event gets its action picture and,
where there is room, a face, an answer, an insert of the object, another look. A picture is taken either before or
after its event (staging.py says which), and shows only what the state says at that moment: people who are there, what
they hold, what lies open to view and whether it is open, lit or broken. Whoever acts is in every picture of an event
but inserts, and comes first in it.

It decides nothing about the story (story.py) and draws nothing (painter.py).
"""

import random

from moviellm.generation.briefs import EventDraft, FigureDraft, KeyframeDraft, SceneDraft, StoryBrief
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Emotion, Facing, Pose, PropState, Shot
from moviellm.generation.studio.plot.story import Happening, SceneLog, Story
from moviellm.generation.studio.script.language import Grammar, Voice
from moviellm.generation.studio.script.prompts import prompt
from moviellm.generation.studio.script.prose import Prose
from moviellm.generation.studio.script.staging import (
    CARRYING_POSES,
    HOLDING_POSES,
    SPEECH,
    UNSEEN,
    Staging,
    staging_of,
    variants,
)
from moviellm.generation.studio.world.actions import Act, State

PROPS_MAX = 3
PEOPLE_IN_WIDE_MAX = 4


def scene(story: Story, grammar: Grammar, brief: StoryBrief, chapter: int, index: int, seed: int) -> SceneDraft:
    """Events and keyframes of one scene."""
    log = story.scenes[chapter * brief.scenes + index]
    rng = random.Random(derive_seed(seed, "staging"))
    return _Shooting(story, log, Voice(grammar, random.Random(seed)), brief.keyframes, rng).draft()


class _Shooting:
    """Stages one scene: walks through its events with the state beside it."""

    def __init__(self, story: Story, log: SceneLog, voice: Voice, keyframes: int, rng: random.Random) -> None:
        self.world, self.log, self.voice, self.keyframes = story.world, log, voice, keyframes
        self.prose = Prose(story.world, voice)
        self.rng = rng
        """Not the voice's: pictures are the same in every language."""
        self.state = State(log.start)
        self.place = story.world.place(log.place)
        self.last_shot: Shot = "insert"
        self.moods: dict[str, Emotion] = {}
        """What each person felt last."""

    def draft(self) -> SceneDraft:
        frames: list[KeyframeDraft] = []
        events: list[EventDraft] = []
        for event, count in zip(self.log.events, self._counts(), strict=True):
            if not events and count > 1:
                frames.append(self._wide())
                count -= 1
            frames += self._event(event, count)
            events.append(self._event_draft(event))
        return SceneDraft(events=tuple(events), keyframes=tuple(frames), changes=self.log.changes)

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
            target=act.target or None,
            topic=act.topic or None,
            variant=act.mode or None,
            changes=event.changes,
            because=event.because,
        )

    def _event(self, event: Happening, count: int) -> list[KeyframeDraft]:
        """The pictures of one event; moves the state over it."""
        act, staging = event.act, staging_of(event.act, self.prose.people)
        before = self.state.copy()
        self.state.apply(event.key, act)
        self.moods[act.actor] = staging.emotion
        if act.other:
            self.moods[act.other] = staging.other_emotion
        leaves = self.state.get("at", act.actor) != self.place.name
        now = before if leaves else self.state
        frames = []
        for view in self._views(act, now, count, leaves):
            if view == "action":
                frames.append(self._action(event.key, act, staging, self.state if staging.after else before))
            elif view == "insert":
                frames.append(self._insert(event.key, act))
            elif view in ("together", "answer"):
                frames.append(self._both(event.key, act, now, view))
            elif view == "face":
                frames.append(self._face(event.key, act, now))
            else:
                frames.append(self._alone(event.key, act, now, view))
        return frames

    def _views(self, act: Act, now: State, count: int, leaves: bool) -> list[str]:
        """Kinds of pictures of an event in the order they are shown; who leaves is looked at before."""
        if leaves:
            return [("before", "face")[i % 2] for i in range(count - 1)] + ["action"]
        later = ["face"]
        if act.other in self._here(now) and act.action not in UNSEEN:
            later += ["answer", "together"]
        if act.action not in (*SPEECH, "search", "watch") and self._shown(act.thing):
            later.append("insert")
        self.rng.shuffle(later)
        later.append("after")
        return ["action"] + [later[i % len(later)] for i in range(count - 1)]

    def _here(self, state: State) -> list[str]:
        return [person.name for person in self.world.people if state.get("at", person.name) == self.place.name]

    def _in_sight(self, thing: str, state: State) -> bool:
        """Whether an object lies here for everybody to see."""
        lying = state.where(thing) == f"at:{self.place.name}"
        return lying and not state.get("hidden", thing) and not state.get("buried", thing)

    def _shown(self, thing: str) -> bool:
        """Whether an object can be looked at here after the event."""
        return self.state.holder(thing) in self._here(self.state) or self._in_sight(thing, self.state)

    def _props(self, state: State, *first: str) -> tuple[str, ...]:
        lying = [thing.name for thing in self.world.things if self._in_sight(thing.name, state)]
        lying.sort(key=lambda name: name not in first)
        return tuple(lying[:PROPS_MAX])

    def _figure(
        self, name: str, pose: Pose, emotion: Emotion, state: State, thing: str = "", facing: Facing = "in"
    ) -> FigureDraft:
        """Somebody with the object of the event in hand, or what they carry anyway, if they have it at that moment."""
        held = [item.name for item in self.world.things if state.holder(item.name) == name]
        holding = thing if thing in held else held[0] if held and pose in CARRYING_POSES else None
        if holding is None and pose in HOLDING_POSES:
            pose = "stand"
        if holding is not None and pose == "read" and "text" not in self.world.thing(holding).traits:
            pose = "think"
        return FigureDraft(name=name, pose=pose, emotion=emotion, holding=holding, facing=facing)

    def _idle(self, name: str, state: State, *poses: Pose, thing: str = "") -> FigureDraft:
        """Somebody who does nothing: asleep, in bonds or wounded if they are, else in one of the poses."""
        pose = self.rng.choice(poses)
        states: tuple[tuple[str, Pose], ...] = (("asleep", "sleep"), ("captive", "caught"), ("wounded", "hurt"))
        for fact, told in states:
            if state.get(fact, name):
                pose = told
                break
        return self._figure(name, pose, self.moods.get(name, "calm"), state, thing)

    def _wide(self) -> KeyframeDraft:
        """The place before anything happens, with who is there."""
        here = self._here(self.state)[:PEOPLE_IN_WIDE_MAX]
        figures = tuple(self._idle(name, self.state, "stand", "stand", "sit") for name in here)
        rule = ("wide.none", "wide.one", "wide.two", "wide.many")[min(len(here), 3)]
        return self._frame(None, self.voice.say(rule, self._slots(here)), "wide", figures, self.state, True)

    def _action(self, key: str, act: Act, staging: Staging, state: State) -> KeyframeDraft:
        here = self._here(state)
        spoken = act.action in SPEECH
        wanted = {"thing": "" if spoken else act.thing, "target": act.target, "": ""}
        figures = [
            self._figure(act.actor, staging.pose, staging.emotion, state, wanted[staging.holds], staging.facing)
        ]
        if act.other in here and act.action != "call":
            thing, pose = wanted[staging.other_holds], staging.other_pose
            pose = "sleep" if state.get("asleep", act.other) else pose
            mood = staging.other_emotion
            figures.append(self._figure(act.other, pose, mood, state, thing, staging.other_facing))
        unfit = ("close",) if len(figures) == 2 else ("two_shot", "over_shoulder")
        shots = [shot for shot in staging.shots if shot not in unfit]
        shots = shots or ["medium"]
        shot = self.rng.choice([s for s in shots if s != self.last_shot] or shots)
        if shot == "wide":
            others = [name for name in here if name not in act.people][: PEOPLE_IN_WIDE_MAX - len(figures)]
            figures += [self._idle(name, state, "stand") for name in others]
        rule = self.voice.grammar.first(f"action.{act.action}", variants(act, self.prose.people))
        core = self.voice.say(rule, self._act_slots(act))
        caption = self.voice.say("frame", {**self._act_slots(act), "core": core})
        lies = shot in ("wide", "medium") or (len(figures) == 2 and act.action in ("break", "dig"))
        return self._frame(key, caption, shot, tuple(figures), state, lies, act.thing, act.target)

    def _face(self, key: str, act: Act, state: State) -> KeyframeDraft:
        figure = self._idle(act.actor, state, "stand", "think", "stand", thing=act.thing)
        caption = self.voice.say(f"reaction.{figure.emotion}", self._act_slots(act))
        return self._frame(key, caption, "close", (figure,), state)

    def _alone(self, key: str, act: Act, state: State, view: str) -> KeyframeDraft:
        figure = self._idle(act.actor, state, "stand", "think", "stand", thing=act.thing)
        caption = self.voice.say(f"{view}.one", self._act_slots(act))
        return self._frame(key, caption, "medium", (figure,), state, True, act.thing, act.target)

    def _both(self, key: str, act: Act, state: State, view: str) -> KeyframeDraft:
        shot: Shot = "two_shot" if view == "answer" else self.rng.choice(("two_shot", "over_shoulder"))
        figures = tuple(self._idle(name, state, "stand", thing=act.thing) for name in act.people)
        rule = f"answer.{figures[1].emotion}" if view == "answer" else "together.two"
        return self._frame(key, self.voice.say(rule, self._act_slots(act)), shot, figures, state)

    def _insert(self, key: str, act: Act) -> KeyframeDraft:
        holder = self.state.holder(act.thing)
        slots = {**self._act_slots(act), "actor": holder or act.actor}
        if holder:
            figure = self._figure(holder, "hold_up", "calm", self.state, act.thing)
            return self._frame(key, self.voice.say("insert.held", slots), "insert", (figure,), self.state)
        caption = self.voice.say("insert.lying", slots)
        return self._frame(key, caption, "insert", (), self.state, True, act.thing, props_max=1)

    def _act_slots(self, act: Act) -> dict[str, str]:
        return {**self._slots(list(act.people)), **self.prose.slots(act)}

    def _slots(self, names: list[str]) -> dict[str, str]:
        """What a caption may name beside the act: the place, the hour and the weather, and what somebody wears."""
        tongue, say = self.prose.tongue, self.voice.say
        sky = [say(f"sky.out.{self.log.time_of_day}")]
        if not self.place.indoor:
            sky.append(say(f"sky.weather.{self.log.weather}"))
        looks = self.prose.people[names[0]].looks if names else None
        return {
            "actor": names[0] if names else "",
            "other": names[1] if len(names) > 1 else "",
            "names": tongue.listing(names),
            "at": self.place.at,
            "place": self.place.name,
            "look": self.place.description,
            "sky": " ".join(filter(None, sky)),
            "colour": tongue.word(looks.colour, tongue.gender(tongue.word(looks.garment))) if looks else "",
            "piece": tongue.word(looks.garment) if looks else "",
        }

    def _frame(
        self,
        key: str | None,
        caption: str,
        shot: Shot,
        figures: tuple[FigureDraft, ...],
        state: State,
        lies: bool = False,
        *first: str,
        props_max: int = PROPS_MAX,
    ) -> KeyframeDraft:
        """A picture; `lies`: what lies about is in it, the things `first` before others."""
        self.last_shot = shot
        props = self._props(state, *first)[:props_max] if lies else ()
        seen = [*props, *(figure.holding for figure in figures if figure.holding)]
        return KeyframeDraft(
            caption=self.voice.finish(caption),
            prompt=prompt(self.world, self.place, self.log, shot, figures, props, self.voice),
            shot=shot,
            figures=figures,
            props=props,
            event_key=key,
            states=tuple(
                PropState(object=name, state=told)
                for name in seen
                for told in ("open", "lit", "broken")
                if state.get(told, name)
            ),
        )
