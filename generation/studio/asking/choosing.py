"""Which questions a movie gets: types and formats as the recipe asks, answers balanced, groups, follow-ups.

    drafts = Choice(asker, ideas, config).drafts()

Shares become whole numbers by a seeded rounding that is right on average, so that a run of many movies comes out as
asked. A type without material gives fewer questions; a format that an idea does not allow is made up for by another
question. Among the ideas of a kind the answer that has been right least often comes first.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from moviellm.generation.briefs import QuestionDraft
from moviellm.generation.schema import AnswerFormat, QuestionType
from moviellm.generation.studio.asking.asker import Asker, Idea
from moviellm.generation.studio.asking.turns import follow_ups

TYPES: Final[tuple[QuestionType, ...]] = get_args(QuestionType)
FORMATS: Final[tuple[AnswerFormat, ...]] = get_args(AnswerFormat)
LATE: Final[tuple[QuestionType, ...]] = ("unanswerable",)
"""Types asked last, because they lean on the others."""
CHOICE_SHARE = 0.6
"""Questions that are multiple choice where they could be either and the recipe does not say."""
LONG_SHARE = 0.35
"""Questions that are taken from far apart evidence where there is such."""
HIDDEN_ODDS = 3
"""Questions with a wrong "It is not shown" for each with a right one."""
HIDDEN_SHARE = 0.7
"""Multiple choices, of the kinds that could ask about what is not shown, that offer it."""
CHOOSABLE: Final[Mapping[str, int]] = {"unanswerable": -3, "count": -2, "overview": -1}
"""Types that seldom have material for multiple choice: they take what open-ended questions are asked for first."""
TRIES_MAX = 40
"""Ideas tried for one question."""
GROUP_SIZES: Final = (2, 3, 4)
FOLLOWING: Final[tuple[QuestionType, ...]] = ("plot", "character", "moment", "dialogue", "state")
"""Types that follow-ups can be of."""
FOLLOWED: Final = ("plot", "moment")
FOLLOWED_SHARE = 0.8
"""How seldom others than these are follow-ups: few questions can be followed up by those."""


@dataclass(frozen=True)
class Asked:
    """A chosen question and the idea behind it."""

    idea: Idea
    draft: QuestionDraft


def rounded(shares: Mapping[Any, float], total: int, rng: random.Random) -> Counter[Any]:
    """Whole numbers with the sum `total`, each within one of its share of it and equal to it on average."""
    whole = sum(shares.values()) or 1.0
    names = sorted(shares)
    rng.shuffle(names)
    point, reached, found = rng.random(), 0.0, Counter[Any]()
    for name in names:
        before, reached = reached, reached + total * shares[name] / whole
        found[name] = int(reached + point + 1e-9) - int(before + point + 1e-9)
    return found


class Choice:
    """Chooses the questions of one movie."""

    def __init__(self, asker: Asker, ideas: Sequence[Idea], config: Mapping[str, Any]) -> None:
        self.asker, self.rng, self.config = asker, asker.rng, config
        self.by_type: dict[str, list[Idea]] = {name: [] for name in TYPES}
        for idea in asker.sample(ideas, len(ideas)):
            if self._in_distance(idea) and asker.fits(idea):
                self.by_type[idea.type].append(idea)
        self.asked: list[Asked] = []
        self.used: set[str] = set()
        self.texts: set[str] = set()
        self.tally: Counter[tuple[str, str]] = Counter()
        """How often each answer of a kind was right."""
        self.kinds: Counter[str] = Counter()
        self.owed: Counter[str] = Counter()

    def _in_distance(self, idea: Idea) -> bool:
        return self.asker.within(idea, self.config["distance_min"], self.config["distance_max"])

    def keep(self, idea: Idea, draft: QuestionDraft) -> None:
        """Take a question."""
        self.asked.append(Asked(idea, draft))
        self.used.add(idea.key)
        self.texts.add(draft.question)
        self.tally[idea.kind, str(idea.value)] += 1
        self.kinds[idea.kind] += 1

    def drafts(self, total: int) -> list[QuestionDraft]:
        """The questions, at most `total`, follow-ups after what they follow up; what was kept before counts."""
        wanted = rounded(self.config["types"] or dict.fromkeys(TYPES, 1.0), total, self.rng)
        for item in self.asked:
            wanted[item.idea.type] -= 1
        slots = [name for name in TYPES if name not in LATE for _ in range(wanted[name])]
        self.rng.shuffle(slots)
        slots += [name for name in LATE for _ in range(wanted[name])]
        slots = slots[: total - len(self.asked)]
        formats = self._formats(slots, total)
        later = self._reserved(slots, formats, self._some(total * self.config["follow_ups"]))
        self._groups(slots, formats, self._some(total * self.config["groups"]))
        for name, form in zip(slots, formats, strict=True):
            if name not in LATE:
                self._fill(name, form)
        followed = self._turns(later)
        self._deny([form for name, form in zip(slots, formats, strict=True) if name in LATE])
        return self._ordered(followed)

    def _reserved(
        self, slots: list[QuestionType], formats: list[AnswerFormat], most: int
    ) -> list[tuple[QuestionType, AnswerFormat]]:
        """Slots taken out for follow-ups."""
        fitting = [i for i, name in enumerate(slots) if name in FOLLOWING and formats[i] != "dense_captioning"]
        fitting = self.rng.sample(fitting, len(fitting))
        fitting.sort(key=lambda i: slots[i] not in FOLLOWED and self.rng.random() < FOLLOWED_SHARE)
        taken = sorted(fitting[:most], reverse=True)
        return [(slots.pop(i), formats.pop(i)) for i in taken]

    def _some(self, number: float) -> int:
        """A whole number that is `number` on average."""
        return int(number) + (self.rng.random() < number - int(number))

    def _formats(self, slots: Sequence[QuestionType], total: int) -> list[AnswerFormat]:
        """A format for each slot: the scarce ones where they are possible, then the others."""
        possible = {name: {form for idea in self.by_type[name] for form in idea.formats} for name in TYPES}
        found: list[AnswerFormat | None] = [None] * len(slots)
        if not self.config["formats"]:
            return [self._usual(name, possible[name]) for name in slots]
        left = rounded(self.config["formats"], total, self.rng)
        for item in self.asked:
            left[item.draft.answer_format] -= 1
        for form in ("dense_captioning", "temporal_grounding"):
            fitting = [i for i, name in enumerate(slots) if found[i] is None and form in possible[name]]
            self.rng.shuffle(fitting)
            fitting.sort(key=lambda i: slots[i] != "moment")
            for i in fitting[: max(0, left[form])]:
                found[i] = form
        order = self.rng.sample(range(len(slots)), len(slots))
        order.sort(key=lambda i: CHOOSABLE.get(slots[i], 0))
        for i in order:
            if found[i] is None:
                allowed: list[AnswerFormat] = [f for f in ("open_ended", "multiple_choice") if f in possible[slots[i]]]
                late = CHOOSABLE.get(slots[i], 0) < 0 and left["open_ended"] > 0
                found[i] = "open_ended" if late else max(allowed, key=lambda form: left[form], default="open_ended")
                left[found[i]] -= 1
        return [form or "open_ended" for form in found]

    def _usual(self, name: QuestionType, possible: set[AnswerFormat]) -> AnswerFormat:
        if name == "moment":
            return self.rng.choices(("temporal_grounding", "multiple_choice", "dense_captioning"), (5, 2, 3))[0]
        return (
            "multiple_choice" if self.rng.random() < CHOICE_SHARE and "multiple_choice" in possible else "open_ended"
        )

    def _fill(self, name: QuestionType, wanted: AnswerFormat) -> bool:
        """A question of a type, in the wanted format or, where none can be, in another one, which is made up for."""
        order = sorted(FORMATS, key=lambda form: (form != wanted, -self.owed[form]))
        if self.owed[wanted] < 0:
            order.sort(key=lambda form: -self.owed[form])
        for form in order:
            found = self._find(self.by_type[name], form)
            if found is not None:
                self.keep(*found)
                self.owed[wanted] += form != wanted
                self.owed[form] -= form != wanted
                return True
        return False

    def _find(self, ideas: Sequence[Idea], form: AnswerFormat) -> tuple[Idea, QuestionDraft] | None:
        """The first idea that can be asked, of the kind and with the answer that came least often."""
        fitting = [idea for idea in ideas if form in idea.formats and idea.key not in self.used]
        order = {kind: self.rng.random() for kind in dict.fromkeys(idea.kind for idea in fitting)}
        values = {(idea.kind, str(idea.value)): self.rng.random() for idea in fitting}
        far = self.rng.random() < LONG_SHARE
        ranked = sorted(
            fitting,
            key=lambda idea: (
                self.kinds[idea.kind],
                order[idea.kind],
                self.tally[idea.kind, str(idea.value)],
                values[idea.kind, str(idea.value)],
                far and not self._is_long(idea),
            ),
        )  # fmt: skip
        for idea in ranked[:TRIES_MAX]:
            draft = self.asker.draft(idea, form)
            if draft is not None and (draft.question not in self.texts or idea.rule.startswith("turn.")):
                return idea, draft
        return None

    def _is_long(self, idea: Idea) -> bool:
        """Whether its evidence lies further apart than half the movie."""
        starts = [event.span[0] for event in idea.events]
        return len(starts) > 1 and max(starts) - min(starts) > self.asker.log.duration_s / 2

    def _groups(self, slots: list[QuestionType], formats: list[AnswerFormat], most: int) -> None:
        """All-or-nothing groups: about one event, or about one fact at several times. Takes their slots."""
        number, most = 0, most if most != 1 else self.rng.choice((0, 2))
        for ideas in self._bundles():
            size = self.rng.choice([n for n in GROUP_SIZES if n <= most and most - n != 1] or [0])
            if not size:
                return
            taken: list[tuple[int, Idea, QuestionDraft]] = []
            for i, name in enumerate(slots):
                mine = [idea for idea in ideas if idea.type == name and idea.key not in {t[1].key for t in taken}]
                if len(taken) < size and name not in LATE and (found := self._find(mine, formats[i])):
                    taken.append((i, *found))
            if len(taken) < 2 or most - len(taken) == 1:
                continue
            for _, idea, draft in taken:
                self.keep(idea, draft.model_copy(update={"group": f"group-{number:02d}"}))
            for i, _, _ in reversed(taken):
                del slots[i], formats[i]
            number, most = number + 1, most - len(taken)

    def _bundles(self) -> list[list[Idea]]:
        """Ideas that belong together, in a seeded order."""
        found: dict[str, list[Idea]] = {}
        for ideas in self.by_type.values():
            for idea in ideas:
                if idea.form["ask"] == "fact":
                    key = f"fact {idea.form['entity']} {idea.form['attribute']}"
                    found.setdefault(key, []).append(idea)
                elif idea.events and not idea.anywhere and len(idea.events) < 3:
                    found.setdefault(f"event {idea.events[-1].index}", []).append(idea)
        facts = [rows for key, rows in found.items() if key[:4] == "fact" and len({str(i.value) for i in rows}) > 1]
        events = [rows for key, rows in found.items() if key[:5] == "event" and len({i.type for i in rows}) > 1]
        mixed = self.asker.sample(facts, 8) + self.asker.sample(events, 16)
        return self.asker.sample(mixed, len(mixed))

    def _turns(self, slots: Sequence[tuple[QuestionType, AnswerFormat]]) -> dict[int, int]:
        """Follow-ups for these slots: index of each in `asked` -> index of what it follows up."""
        followed: dict[int, int] = {}
        for name, form in slots:
            bases = [i for i in range(len(self.asked)) if i not in followed and i not in followed.values()]
            for i in self.asker.sample(bases, len(bases)):
                ideas = [idea for idea in follow_ups(self.asker, self.asked[i].idea) if idea.type == name]
                ideas = [idea for idea in ideas if self._in_distance(idea) and self.asker.fits(idea)]
                found = next((f for f in (form, *FORMATS) if (made := self._find(ideas, f))), None)
                if found is not None and made is not None:
                    self.keep(*made)
                    followed[len(self.asked) - 1] = i
                    break
            else:
                self._fill(name, form)
        return followed

    def _hide(self, slots: int) -> Counter[str]:
        """Let some ordinary questions offer a wrong "It is not shown"; how often it may be right, by kind.

        It is right in one of four questions that offer it, whatever their kind: saying so by heart wins nothing.
        """
        kinds = {idea.kind for idea in self.by_type["unanswerable"] if "multiple_choice" in idea.formats}
        offered: Counter[str] = Counter()
        for i in self.asker.sample(range(len(self.asked)), len(self.asked)):
            idea, draft = self.asked[i].idea, self.asked[i].draft
            ordinary = draft.answer_format == "multiple_choice" and not (draft.group or "").startswith("twin")
            if not ordinary or idea.kind not in kinds or sum(offered.values()) >= HIDDEN_ODDS * slots:
                continue
            made = self.asker.with_hidden(idea, draft) if self.rng.random() < HIDDEN_SHARE else None
            if made is not None:
                self.asked[i] = replace(self.asked[i], draft=made)
                offered[idea.kind] += 1
        return rounded(offered, self._some(sum(offered.values()) / HIDDEN_ODDS), self.rng)

    def _deny(self, formats: Sequence[AnswerFormat]) -> None:
        """Questions that the movie does not answer: multiple choice as far as others allow, the rest open."""
        allowed = self._hide(len(formats))
        for _ in formats:
            kinds = {kind for kind, number in allowed.items() if number > 0}
            ideas = [idea for idea in self.by_type["unanswerable"] if idea.kind in kinds]
            found = self._find(ideas, "multiple_choice") or self._find(self.by_type["unanswerable"], "open_ended")
            if found is not None:
                self.keep(*found)
                allowed[found[0].kind] -= found[1].answer_format == "multiple_choice"

    def _ordered(self, followed: Mapping[int, int]) -> list[QuestionDraft]:
        """The questions in a seeded order, each follow-up somewhere after what it follows up."""
        order = self.asker.sample([i for i in range(len(self.asked)) if i not in followed], len(self.asked))
        for i, base in followed.items():
            order.insert(order.index(base) + 1, i)
        place = {i: at for at, i in enumerate(order)}
        return [
            self.asked[i].draft.model_copy(update={"turn_of": place[followed[i]]} if i in followed else {})
            for i in order
        ]
