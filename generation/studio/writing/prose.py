"""How a story is told in sentences: events as clauses, several of them as a paragraph, and the outline and chapters.

    prose = Prose(story.world, Voice(grammar, rng))
    prose.event(act)                    # 'Ada gives the silver key to Ben.'
    outline(story, grammar, brief)      # OutlineDraft
    chapter(story, grammar, brief, 2)   # ChapterDraft

It invents nothing: every clause is an act of the log. It makes no pictures (shooting.py) and no speech (lines.py).
"""

import random
from collections.abc import Iterator, Sequence

from moviellm.generation.protocols import (
    ChapterDraft,
    ChapterHead,
    CharacterDraft,
    LocationDraft,
    OutlineDraft,
    SceneHead,
    StoryBrief,
    StyleDraft,
    derive_seed,
)
from moviellm.generation.studio.writing.actions import Act
from moviellm.generation.studio.writing.language import Grammar, Voice, capital, indefinite, listing, sentence
from moviellm.generation.studio.writing.plans import Quest
from moviellm.generation.studio.writing.story import Happening, SceneLog, Story
from moviellm.generation.studio.writing.world import World

SYNOPSIS_CLAUSES_MAX = 12
UNTOLD = ("enter", "go", "find", "search", "watch")
"""Actions that a synopsis leaves out."""
QUIET = ("wait", "watch", "enter", "go")


class Prose:
    """Tells acts of one world with one voice."""

    def __init__(self, world: World, voice: Voice) -> None:
        self.world, self.voice = world, voice
        self.people = {person.name: person for person in world.people}
        self.places = {place.name: place for place in world.places}

    def the(self, thing: str) -> str:
        """A thing with its article; a person's name stays."""
        return thing if thing in self.people else f"the {thing}" if thing else ""

    def slots(self, act: Act, it: bool = False, there: bool = False) -> dict[str, str]:
        """What a rule about an act may name; `it` and `there` stand for an object and a place just named."""
        actor, place = self.people[act.actor], self.places[act.place]
        thing = "it" if it else self.the(act.thing)
        return {
            "actor": act.actor,
            "other": act.other,
            "thing": thing,
            "at": "there" if there else place.at,
            "place": place.name,
            "to": act.target if act.target in self.places else "",
            "chest": self.the(act.target),
            "tool": self.the(act.target),
            "their": "her" if actor.she else "his",
            "them": "her" if actor.she else "him",
            "where": self._where(act, thing),
        }

    def _where(self, act: Act, thing: str) -> str:
        if act.target in self.places:
            return self.voice.say("where.place", {"thing": thing, "spot": self.places[act.target].at})
        return self.voice.say("where.person", {"thing": thing, "spot": act.target})

    def clause(self, act: Act, it: bool = False, there: bool = False) -> str:
        """An act without its subject: `gives the silver key to Ben`."""
        rule = self._rule(act)
        for wanted, variant in ((it, f"{rule}.it"), (there, f"{rule}.there")):
            if wanted and self.voice.grammar.has(variant):
                rule = variant
        return self.voice.say(rule, self.slots(act, it, there))

    def _rule(self, act: Act) -> str:
        rule = f"vp.{act.action}"
        mode = act.mode
        if act.action in ("take", "hide") and act.target:
            mode = "chest"
        if act.action == "argue" and act.thing:
            mode = "thing"
        if act.action == "enter" and not self.places[act.place].indoor:
            return "vp.enter_open"
        if act.action == "ask" and mode == "" and act.thing not in self.people and act.target == "give":
            mode = "give"
        return f"{rule}.{mode}" if mode and self.voice.grammar.has(f"{rule}.{mode}") else rule

    def event(self, act: Act) -> str:
        """An act as a sentence."""
        return sentence(f"{act.actor} {self.clause(act)}")

    def paragraph(self, acts: Sequence[Act]) -> list[str]:
        """Acts as sentences; what one person does in a row becomes one sentence."""
        sentences: list[str] = []
        before: list[Act] = []
        place = ""
        for run in _runs(acts):
            clauses = []
            for i, act in enumerate(run):
                it = i > 0 and bool(act.thing) and act.thing == run[i - 1].thing and act.thing not in self.people
                clause = self.clause(act, it, there=act.place == place)
                clauses.append(clause)
                if act.action in ("go", "flee", "follow") or act.place != place:
                    place = act.place if act.place in clause else ""
            sentences.append(sentence(f"{self._subject(run[0].actor, before)} {listing(clauses)}"))
            before = run
        return sentences

    def _subject(self, name: str, before: list[Act]) -> str:
        """The name, or a pronoun when the sentence before is about the same person and nobody else of that pronoun."""
        if not before or before[0].actor != name:
            return name
        others = {act.other for act in before} | {act.thing for act in before} | {act.target for act in before}
        if any(self.people[other].she == self.people[name].she for other in others if other in self.people):
            return name
        return "She" if self.people[name].she else "He"


def _runs(acts: Sequence[Act]) -> list[list[Act]]:
    """Acts in groups of at most three in a row by the same person."""
    runs: list[list[Act]] = []
    for act in acts:
        if runs and runs[-1][0].actor == act.actor and len(runs[-1]) < 3:
            runs[-1].append(act)
        else:
            runs.append([act])
    return runs


def telling(events: Sequence[Happening], count: int) -> list[Act]:
    """The acts most worth telling, in order, at most `count`."""
    rank = sorted(range(len(events)), key=lambda i: (not events[i].core, events[i].act.action in QUIET, i))
    return [events[i].act for i in sorted(rank[:count])]


def outline(story: Story, grammar: Grammar, brief: StoryBrief) -> OutlineDraft:
    """The movie at its first level."""
    rng = random.Random(derive_seed(brief.seed, "outline", brief.theme))
    prose = Prose(story.world, Voice(grammar, rng))
    world, quest = story.world, story.quests[-1]
    slots = _quest_slots(prose, quest, story.scenes[-1].place)
    rule = {"meet": "title.meet", "open": "title.open", "hide": "title.hide"}.get(quest.kind, "title.thing")
    acting = {name for scene in story.scenes for happening in scene.events for name in happening.act.people}
    butted = {**slots, "but": prose.voice.say("but" if quest.villain in acting else "but_alone", slots)}
    return OutlineDraft(
        title=prose.voice.say(rule, slots),
        genre=world.genre,
        logline=sentence(prose.voice.say(f"logline.{quest.kind}", butted)),
        synopsis=_synopsis(story, prose, slots),
        style=StyleDraft(keyword=world.keyword, description=world.look),
        characters=tuple(
            CharacterDraft(name=p.name, role=p.role, description=p.description, appearance=p.appearance)
            for p in world.people
        ),
        locations=tuple(
            LocationDraft(name=p.name, description=capital(p.description) + ".", indoor=p.indoor) for p in world.places
        ),
        chapters=tuple(_chapter_heads(story, prose, brief.chapters)),
    )


def _quest_slots(prose: Prose, quest: Quest, end: str) -> dict[str, str]:
    world = prose.world
    hero, friend = world.person(quest.hero), world.person(quest.friend)
    villain = world.person(quest.villain) if quest.villain else friend
    bare = quest.thing if quest.thing not in prose.people else ""
    place = world.place(end)
    return {
        "hero": hero.name,
        "He": "She" if hero.she else "He",
        "job": indefinite(hero.occupation),
        "friend": friend.name,
        "their": "her" if friend.she else "his",
        "them": "her" if friend.she else "him",
        "villain": villain.name,
        "villain_job": indefinite(villain.occupation),
        "thing": prose.the(quest.thing),
        "Thing": _title_case(bare),
        "End": _title_case(end),
        "the_end": "the " + _title_case(end.removeprefix("the ")),
        "At": place.at.removesuffix(end) + "the " + _title_case(end.removeprefix("the ")),
        "end_at": place.at,
        "home": hero.home,
        "home_at": world.place(hero.home).at,
    }


def _title_case(text: str) -> str:
    return " ".join(capital(word) for word in text.split())


def _synopsis(story: Story, prose: Prose, slots: dict[str, str]) -> str:
    """Who wants what, the turns of the story, and how it ends."""
    quest = story.quests[-1]
    told = [sentence(prose.voice.say("start", slots))]
    told.append(sentence(prose.voice.say(f"wish.{quest.kind}", {**slots, "hero": slots["He"]})))
    blocks: list[tuple[Quest, list[Happening]]] = []
    for scene in story.scenes:
        if not blocks or blocks[-1][0] is not story.quests[scene.chapter]:
            blocks.append((story.quests[scene.chapter], []))
        blocks[-1][1].extend(event for event in scene.events if event.core)
    for block, events in blocks[:-1]:
        told.append(sentence(prose.voice.say(f"wish.{block.kind}", _quest_slots(prose, block, events[-1].act.place))))
        told += prose.paragraph([event.act for event in events[-2:]])
    turns = [event for event in blocks[-1][1][:-1] if event.act.action not in UNTOLD]
    count = max(3, SYNOPSIS_CLAUSES_MAX - 3 * len(blocks))
    told += prose.paragraph([event.act for event in turns[-count:]])
    return " ".join([*told, sentence(prose.voice.say(f"ending.{quest.kind}", slots))])


def _chapter_heads(story: Story, prose: Prose, chapters: int) -> Iterator[ChapterHead]:
    """Titles and summaries of all chapters; no title twice while there is another."""
    titles: set[str] = set()
    for index in range(chapters):
        scenes = [scene for scene in story.scenes if scene.chapter == index]
        quest = story.quests[index]
        slots = _quest_slots(prose, quest, scenes[-1].place)
        slots["Weather"] = prose.voice.grammar.rules[f"weather.{scenes[0].weather}"][0][1]
        first, last = index == 0 and chapters > 1, index == chapters - 1
        rule = "chapter.first" if first else "chapter.last" if last else "chapter.title"
        rule = "chapter.meet" if quest.kind == "meet" else rule
        tried = [prose.voice.say(rule, slots) for _ in range(6)]
        title = next((text for text in tried if text not in titles), tried[0])
        titles.add(title)
        new = index == 0 or quest is not story.quests[index - 1]
        wish = [sentence(prose.voice.say(f"wish.{quest.kind}", slots))] if new else []
        told = prose.paragraph(telling([event for scene in scenes for event in scene.events], 5))
        yield ChapterHead(title=title, summary=" ".join([*wish, *told]))


def chapter(story: Story, grammar: Grammar, brief: StoryBrief, index: int) -> ChapterDraft:
    """The scenes of one chapter."""
    prose = Prose(story.world, Voice(grammar, random.Random(derive_seed(brief.seed, "chapter", brief.theme, index))))
    scenes = [scene for scene in story.scenes if scene.chapter == index]
    return ChapterDraft(scenes=tuple(_scene_head(scene, prose) for scene in scenes))


def _scene_head(scene: SceneLog, prose: Prose) -> SceneHead:
    place = prose.places[scene.place]
    told = prose.paragraph(telling(scene.events, 4))
    lead = prose.voice.say(f"lead.{scene.time_of_day}")
    told[0] = lead + told[0]
    return SceneHead(
        heading=f"{'INT' if place.indoor else 'EXT'}. {place.kind.upper()} - {scene.time_of_day.upper()}",
        location=place.name,
        time_of_day=scene.time_of_day,
        weather=scene.weather,
        summary=" ".join(told),
    )
