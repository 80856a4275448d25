"""The upper levels of a story in words: the outline of the movie, its chapters, and the heads of their scenes.

    outline(story, grammar, brief)      # OutlineDraft: title, logline, synopsis in three acts, cast, places, objects
    chapter(story, grammar, brief, 2)   # ChapterDraft: the scene heads of one chapter

The title and the logline are made from the world alone, with voices of their own, so that twins, whose worlds are the
same, share them. It tells no single event: see prose.py.
"""

import random
from collections import Counter
from collections.abc import Iterator

from moviellm.generation.briefs import (
    ChapterDraft,
    ChapterHead,
    CharacterDraft,
    LocationDraft,
    ObjectDraft,
    OutlineDraft,
    SceneHead,
    StoryBrief,
    StyleDraft,
)
from moviellm.generation.protocols import derive_seed
from moviellm.generation.studio.plot.plans import Quest
from moviellm.generation.studio.plot.story import SceneLog, Story
from moviellm.generation.studio.script.language import Grammar, Voice, capital
from moviellm.generation.studio.script.prose import Prose, telling
from moviellm.generation.studio.script.when import day_of, gap_of, hour_of
from moviellm.generation.studio.world.act import Act
from moviellm.generation.studio.world.world import Place

START_MAX, MIDDLE_MAX, END_MAX = 3, 5, 3
"""Acts of a synopsis that begin the story, turn it, and come before its end."""
DRAMATIC = (
    "steal", "arrest", "wound", "lie", "chase", "threaten", "break", "bury", "hide", "free", "refuse", "take", "flee",
    "trade", "argue", "dig", "heal", "read", "write", "call", "apologise", "warn", "promise", "open", "give", "tell",
)  # fmt: skip
"""Actions in the order in which they are worth telling."""
UNTOLD = ("enter", "go", "find", "search", "watch", "wait", "sleep", "close")
"""Actions that a synopsis leaves out."""


def _prose(story: Story, grammar: Grammar, brief: StoryBrief, *part: str | int) -> Prose:
    return Prose(story.world, Voice(grammar, random.Random(derive_seed(brief.seed, brief.theme, *part))))


def outline(story: Story, grammar: Grammar, brief: StoryBrief) -> OutlineDraft:
    """The movie at its first level."""
    world = story.world
    return OutlineDraft(
        title=_title(_prose(story, grammar, brief, "title"), story),
        genre=world.genre,
        logline=_logline(_prose(story, grammar, brief, "logline"), story),
        synopsis=_synopsis(story, _prose(story, grammar, brief, "synopsis")),
        style=StyleDraft(keyword=world.keyword, description=world.look),
        characters=tuple(
            CharacterDraft(name=p.name, role=p.role, description=p.description, appearance=p.appearance)
            for p in world.people
        ),
        locations=tuple(
            LocationDraft(name=p.name, description=capital(p.description) + ".", indoor=p.indoor, kind=p.kind)
            for p in world.places
        ),
        chapters=tuple(_chapter_heads(story, grammar, brief)),
        objects=tuple(ObjectDraft(name=thing.name, kind=thing.kind, colour=thing.colour) for thing in world.things),
        injected=tuple(story.injected),
        twin_difference=_difference(story, grammar),
    )


def _title(prose: Prose, story: Story) -> str:
    """A title that names what every version of the story has: its hero, its goal, its key object, its places."""
    tongue, world, voice = prose.tongue, story.world, prose.voice
    hero, friend = world.people[0], world.people[1]
    villain = next((person for person in world.people if person.role == "antagonist"), friend)
    home, place = world.place(hero.home), voice.rng.choice(world.places)
    if place == home:  # never "Between the Mill and the Mill"
        place = next((other for other in world.places if other != home), home)
    slots = {
        **_place_slots(prose, place),
        "hero": hero.name,
        "friend": story.quests[-1].friend or friend.name,
        "villain": villain.name,
        "thing": story.quests[-1].thing or friend.name,
        "Job": tongue.title(hero.occupation),
        "Villain_job": tongue.title(villain.occupation),
        "Thing": tongue.title(world.things[0].name),
        "The_home": _place_slots(prose, home)["The_place"],
    }
    title = voice.say(voice.grammar.first("title", [world.goal]), slots)
    return voice.finish(title) if voice.level == "cloze" else title


def _place_slots(prose: Prose, place: Place) -> dict[str, str]:
    """A place as it stands in a title."""
    bare = prose.tongue.bare(place.name)
    the_place = place.name.removesuffix(bare) + prose.tongue.title(bare)
    at = place.at.removesuffix(place.name) + the_place
    return {"Place": prose.tongue.title(bare), "The_place": the_place, "At": at}


def _logline(prose: Prose, story: Story) -> str:
    """Who wants what; the villain is announced only where they act."""
    quest = story.quests[-1]
    slots = _quest_slots(prose, quest, story.scenes[-1].place)
    acting = {name for scene in story.scenes for happening in scene.events for name in happening.act.people}
    slots["but"] = prose.voice.say("but" if quest.villain in acting else "but_alone", slots)
    return prose.voice.finish(prose.voice.say(prose.voice.grammar.first("logline", [quest.kind]), slots))


def _quest_slots(prose: Prose, quest: Quest, end: str) -> dict[str, str]:
    world, tongue = prose.world, prose.tongue
    hero = world.person(quest.hero)
    friend = world.person(quest.friend) if quest.friend else hero
    villain = world.person(quest.villain) if quest.villain else friend
    thing = quest.thing or world.things[0].name
    bare = thing if thing not in prose.people else ""
    place = world.place(end)
    end_slots = _place_slots(prose, place)
    return {
        "hero": hero.name,
        "he": tongue.pronoun(hero.she, "subject"),
        "his": tongue.pronoun(hero.she, "possessive"),
        "job": tongue.indefinite(hero.occupation),
        "friend": friend.name,
        "her": tongue.pronoun(friend.she, "possessive"),
        "villain": villain.name,
        "villain_job": tongue.indefinite(villain.occupation),
        "thing": prose.the(thing),
        "thing_a": tongue.indefinite(bare) if bare else thing,
        "Thing": tongue.title(bare or thing),
        "End": tongue.title(place.name),
        "The_end": end_slots["The_place"],
        "At": end_slots["At"],
        "end_at": place.at,
        "home": hero.home,
        "home_at": world.place(hero.home).at,
    }


def _synopsis(story: Story, prose: Prose) -> str:
    """Three acts: who wants what and how it starts, the turns of the story, and how it ends."""
    quest, voice, grammar = story.quests[-1], prose.voice, prose.voice.grammar
    events = [event for scene in story.scenes for event in scene.events if event.core]
    end = next((event.act for event in reversed(events) if event.thread == "main"), story.scenes[-1].events[-1].act)
    slots = _quest_slots(prose, quest, end.place)
    wish = grammar.first("wish", [quest.kind])
    told = [voice.finish(voice.say(rule, slots)) for rule in ("start", wish)]
    events = [event for event in events if event.act.mode != "vain"]
    turns = [event for event in events if event.act.action not in UNTOLD and event.act is not end]
    main = [event.act for event in turns if event.thread == "main"]
    main = main if len(main) > START_MAX + END_MAX else [event.act for event in turns]
    first, last = main[:START_MAX], main[START_MAX:][-END_MAX:]
    middle = [event.act for event in turns if event.act not in (*first, *last)]
    told += prose.paragraph(first)
    if last:
        told.append(voice.finish(voice.say("turn", slots)))
        told += prose.paragraph(_dramatic(middle))
        told.append(voice.finish(voice.say("close", slots)))
        told += prose.paragraph(last)
    ends = grammar.first("ending", [quest.kind])
    ending = ends != "ending" and any(event.thread == "main" for event in events)
    told += [voice.finish(voice.say(ends, slots))] if ending else prose.paragraph([end])
    return prose.text(told)


def _dramatic(acts: list[Act]) -> list[Act]:
    """The few acts of the middle that turn the story most, in order."""
    ranks = {action: rank for rank, action in enumerate(DRAMATIC)}
    chosen: list[int] = []
    while len(chosen) < min(MIDDLE_MAX, len(acts)):
        again = Counter(acts[i].action for i in chosen)
        rest = (i for i in range(len(acts)) if i not in chosen)
        chosen.append(min(rest, key=lambda i: (again[acts[i].action], ranks.get(acts[i].action, len(ranks)), i)))
    return [acts[i] for i in sorted(chosen)]


def _difference(story: Story, grammar: Grammar) -> str | None:
    """For a twin, what happens here and what in the other film, in the plainest words."""
    if story.twin_acts is None:
        return None
    level = "plain" if grammar.level == "rich" else grammar.level
    prose = Prose(story.world, Voice(grammar, random.Random(0), level))
    there, here = (prose.told(act) if act else "" for act in story.twin_acts)
    rule = "twin" if here and there else "twin.nothing_there" if here else "twin.nothing_here"
    return prose.voice.finish(prose.voice.say(rule, {"here": here, "there": there}))


def _chapter_heads(story: Story, grammar: Grammar, brief: StoryBrief) -> Iterator[ChapterHead]:
    """Titles and summaries of all chapters; no title twice while there is another."""
    titles: set[str] = set()
    for index in range(brief.chapters):
        prose = _prose(story, grammar, brief, "chapter head", index)
        scenes = [scene for scene in story.scenes if scene.chapter == index]
        quest = story.quests[index]
        slots = _quest_slots(prose, quest, scenes[-1].place)
        slots["Weather"] = prose.voice.say(f"weather.{scenes[0].weather}")
        first, last = index == 0 and brief.chapters > 1, index == brief.chapters - 1
        rule = "chapter.first" if first else "chapter.last" if last else "chapter.title"
        rule = "chapter.meet" if quest.thing in prose.people else rule
        tried = [prose.voice.say(rule, slots) for _ in range(10)]
        title = next((text for text in tried if text not in titles), tried[0])
        titles.add(title)
        new = index == 0 or quest is not story.quests[index - 1]
        aim = prose.voice.grammar.first("aim", [quest.kind])
        wish = [prose.voice.finish(prose.voice.say(aim, slots))] if new else []
        told = prose.paragraph(telling([event for scene in scenes for event in scene.events], 5))
        yield ChapterHead(title=title, summary=prose.text([*wish, *told]))


def chapter(story: Story, grammar: Grammar, brief: StoryBrief, index: int) -> ChapterDraft:
    """The scenes of one chapter."""
    heads = []
    for i, scene in enumerate(story.scenes):
        if scene.chapter == index:
            prose = _prose(story, grammar, brief, "scene head", index, scene.index)
            heads.append(_scene_head(scene, story.scenes[i - 1] if i else None, prose))
    return ChapterDraft(scenes=tuple(heads))


def _heading(scene: SceneLog, place: Place, prose: Prose) -> str:
    """`INT. LIGHTHOUSE - NIGHT`."""
    kind, light = prose.tongue.word(place.kind), prose.tongue.word(scene.time_of_day)
    return f"{'INT' if place.indoor else 'EXT'}. {kind.upper()} - {light.upper()}"


def _scene_head(scene: SceneLog, before: SceneLog | None, prose: Prose) -> SceneHead:
    place, voice = prose.places[scene.place], prose.voice
    slots = {"day": prose.tongue.weekday(day_of(scene)), "hour": prose.tongue.hour(hour_of(scene))}
    gap = gap_of(voice, before, scene)
    rule = f"lead.{scene.time_of_day}"
    if gap is not None:
        rule, slots["gap"] = ("later.days", gap) if gap else ("later.day", "")
    lead = voice.say(rule, slots)
    told = prose.paragraph(telling(scene.events, 4))
    told[0] = voice.finish(lead + told[0])
    return SceneHead(
        heading=_heading(scene, place, prose),
        location=place.name,
        time_of_day=scene.time_of_day,
        weather=scene.weather,
        summary=prose.text(told),
        date=day_of(scene),
        clock=hour_of(scene),
    )
