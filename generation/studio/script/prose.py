"""How a story is told in sentences: acts as clauses, and several of them as a paragraph.

    prose = Prose(story.world, Voice(grammar, rng))
    prose.event(act)                    # 'Ada gives the silver key to Ben.'
    prose.paragraph(acts)               # ['Ada finds the silver key and picks it up.', ...]

It invents nothing: every clause is an act of the log. It writes no outline (outlines.py), makes no pictures
(shooting.py) and no speech (lines.py).
"""

from collections.abc import Sequence

from moviellm.generation.studio.plot.story import Happening
from moviellm.generation.studio.script.language import Voice
from moviellm.generation.studio.script.staging import LEAVING, subject, variants
from moviellm.generation.studio.world.actions import Act
from moviellm.generation.studio.world.world import World

QUIET = ("wait", "watch", "enter", "go", "sleep", "eat", "close", "drop")
"""Actions that a summary leaves out first."""
CLAUSE_TRIES = 6
RUN_MAX = 3
"""Acts of one person in one sentence."""


class Prose:
    """Tells acts of one world with one voice."""

    def __init__(self, world: World, voice: Voice) -> None:
        self.world, self.voice, self.tongue = world, voice, voice.tongue
        self.people = {person.name: person for person in world.people}
        self.places = {place.name: place for place in world.places}

    def the(self, name: str) -> str:
        """A thing with its article; the name of a person or a place stays."""
        return name if not name or name in self.people or name in self.places else self.tongue.the(name)

    def spot(self, name: str) -> str:
        """Where something is that is at a place or with somebody: `in the old inn`, `with Ada`."""
        if name in self.places:
            return self.places[name].at
        return self.voice.say("where.with", {"holder": self.the(name)}) if name else ""

    def slots(self, act: Act, it: bool = False, there: bool = False) -> dict[str, str]:
        """What a rule about an act may name; `it` and `there` stand for an object and a place just named."""
        actor, place, topic = self.people[act.actor], self.places[act.place], subject(act)
        target = self.the(act.target)
        she_other = act.other in self.people and self.people[act.other].she
        return {
            "actor": act.actor,
            "other": act.other,
            "thing": self.tongue.it if it and self.tongue.it else self.the(act.thing or topic),
            "bare": act.thing or topic,
            "topic": self.the(topic),
            "at": self.voice.say("where.there") if there else place.at,
            "place": place.name,
            "to": act.target if act.target in self.places else "",
            "chest": target,
            "tool": target,
            "target": target,
            "he": self.tongue.pronoun(actor.she, "subject"),
            "their": self.tongue.pronoun(actor.she, "possessive"),
            "them": self.tongue.pronoun(actor.she, "object"),
            "where": self.whereabouts(topic, act.target),
            "spot": self.spot(act.target),
            "target_bare": self.tongue.bare(target),
            "them_other": self.tongue.pronoun(she_other, "object"),
            "their_other": self.tongue.pronoun(she_other, "possessive"),
        }

    def whereabouts(self, topic: str, target: str) -> str:
        """A belief as a clause: `the silver key is in the old inn`, `Ben has the silver key`."""
        if not topic or not target:
            return ""
        slots = {"thing": self.the(topic), "spot": self.spot(target), "holder": target}
        held = target in self.people and topic not in self.people
        return self.voice.say("where.person" if held else "where.place", slots)

    def clause(self, act: Act, it: bool = False, there: bool = False) -> str:
        """An act without its subject: `gives the silver key to Ben`."""
        rule = self.voice.grammar.first(f"vp.{act.action}", variants(act, self.people))
        if act.action == "enter" and not act.mode and not self.places[act.place].indoor:
            rule = self.voice.grammar.first("vp.enter", ["open"])
        for wanted, variant in ((it, "it"), (there, "there")):
            rule = self.voice.grammar.first(rule, [variant] if wanted else [])
        return self.voice.say(rule, self.slots(act, it, there))

    def told(self, act: Act) -> str:
        """An act as a clause with its subject, not yet a sentence."""
        return f"{act.actor} {self.clause(act)}"

    def event(self, act: Act) -> str:
        """An act as a sentence."""
        return self.voice.finish(self.told(act))

    def paragraph(self, acts: Sequence[Act]) -> list[str]:
        """Acts as sentences; at the rich level what one person does in a row becomes one sentence."""
        if self.voice.level != "rich":
            return [self.event(act) for act in acts]
        sentences: list[str] = []
        before: list[Act] = []
        place = ""
        for run in _runs(acts):
            clauses = []
            for i, act in enumerate(run):
                it = i > 0 and bool(act.thing) and act.thing == run[i - 1].thing and act.thing not in self.people
                clause = self._listed(act, it, act.place == place, len(run) > 1)
                clauses.append(clause)
                if act.action in LEAVING or act.place != place:
                    place = act.place if act.place in clause else ""
            link = self.voice.say("link") if sentences else ""
            told = f"{self._subject(run[0].actor, before)} {self.tongue.listing(clauses)}"
            sentences.append(self.voice.finish(link + told))
            before = run
        return sentences

    def _listed(self, act: Act, it: bool, there: bool, several: bool) -> str:
        """A clause; among several one without a comma of its own, if there is any."""
        clause = self.clause(act, it, there)
        for _ in range(CLAUSE_TRIES if several else 0):
            if "," not in clause:
                break
            clause = self.clause(act, it, there)
        return clause

    def text(self, sentences: Sequence[str]) -> str:
        """Sentences as a text; without punctuation they need a word between them."""
        between = f" {self.voice.say('link')} " if self.voice.level == "cloze" else " "
        return between.join(filter(None, sentences))

    def _subject(self, name: str, before: list[Act]) -> str:
        """The name, or a pronoun when the sentence before is about the same person and nobody else of that pronoun."""
        if not before or before[0].actor != name:
            return name
        others = {part for act in before for part in (act.other, act.thing, act.target, subject(act))}
        if any(self.people[other].she == self.people[name].she for other in others if other in self.people):
            return name
        return self.tongue.pronoun(self.people[name].she, "subject")


def _runs(acts: Sequence[Act]) -> list[list[Act]]:
    """Acts in groups of a few in a row by the same person."""
    runs: list[list[Act]] = []
    for act in acts:
        if runs and runs[-1][0].actor == act.actor and len(runs[-1]) < RUN_MAX:
            runs[-1].append(act)
        else:
            runs.append([act])
    return runs


def telling(events: Sequence[Happening], count: int) -> list[Act]:
    """The acts most worth telling, in order, at most `count`."""
    rank = sorted(range(len(events)), key=lambda i: (not events[i].core, events[i].act.action in QUIET, i))
    return [events[i].act for i in sorted(rank[:count])]
