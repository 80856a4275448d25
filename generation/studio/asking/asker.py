"""Ideas for questions, and how an idea becomes a question in one of the answer formats.

    draft = asker.draft(idea, "multiple_choice")      # QuestionDraft, or None when it cannot be asked so

An idea is a logical form with the rule that words it and the pool that wrong options come from: the answers of the
other ideas of its kind, so that right and wrong options look alike. A question is asked only if somebody who saw and
heard everything could settle it (reader.py); wrong options are taken from what the readers of one channel cannot rule
out.

It has no ideas itself: see asking.py, seeing.py, stating.py and denying.py.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from moviellm.generation.briefs import QuestionDraft
from moviellm.generation.schema import AnswerFormat, Channel, Level, QuestionType, TemporalSpan, canonical_json
from moviellm.generation.studio.asking.forms import answer
from moviellm.generation.studio.asking.movielog import Event, Frame, Line, Log, Span, pair
from moviellm.generation.studio.asking.reader import Reader
from moviellm.generation.studio.asking.specs import Form, Value
from moviellm.generation.studio.asking.wording import Words
from moviellm.generation.studio.script.language import slot_names

OPTIONS_MAX, OPTIONS_MIN = 4, 3
NEAR = 6
"""Wrong captions are drawn from so many of the nearest."""
OTHER: Final = "*"
"""Stands for any other answer where nobody listed the possible ones."""
OPEN: Final[tuple[AnswerFormat, ...]] = ("open_ended",)
CHOICE: Final[tuple[AnswerFormat, ...]] = ("multiple_choice",)
EITHER: Final[tuple[AnswerFormat, ...]] = ("open_ended", "multiple_choice")


@dataclass(frozen=True, kw_only=True)
class Idea:
    """Something that can be asked."""

    type: QuestionType
    kind: str
    """Ideas of one kind share their pool of answers."""
    form: Form
    rule: str
    """Rule that words the question."""
    slots: Mapping[str, str]
    template: str | None = None
    """The alternative of the rule that is taken; None for any."""
    sort: str
    """What the answer is; see Words.value."""
    value: Value
    formats: tuple[AnswerFormat, ...] = EITHER
    pool: tuple[Value, ...] | None = None
    """Possible answers; None takes those of all ideas of its kind."""
    barred: tuple[Value, ...] = ()
    """Answers that the question itself rules out, or that are right as well."""
    near: Callable[[Value], float] | None = None
    """How far a wrong answer is from the question; nearer ones are taken first."""
    events: tuple[Event, ...] = ()
    frames: tuple[Frame, ...] = ()
    lines: tuple[Line, ...] = ()
    spans: tuple[Span, ...] = ()
    """Evidence besides the events."""
    level: Level | None = None
    anywhere: bool = False
    """About the whole movie or about nothing in it: the distance to its end does not matter."""
    denies: bool = False
    """Whether the right answer is that it is not shown."""
    refusal: str = ""
    """What an open answer says then."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Words of answers that Words.value does not know."""
    listed: tuple[str, ...] = ()
    """What the question lists to choose from, in its words; the answers are places in this list."""

    @cached_property
    def key(self) -> str:
        """The same for ideas that ask the same."""
        return canonical_json(self.form)

    def ends_s(self) -> float:
        """End of its evidence."""
        gold = [pair(self.value)] if self.formats == ("temporal_grounding",) else self.evidence
        return max((span[1] for span in gold), default=0.0)

    @cached_property
    def evidence(self) -> list[Span]:
        """Everything that shows or says it."""
        shown = [*(event.span for event in self.events), *(frame.span for frame in self.frames)]
        return sorted({*self.spans, *shown, *(line.span for line in self.lines)})


class Asker:
    """Makes questions of one movie."""

    def __init__(self, log: Log, reader: Reader, words: Words, rng: random.Random, data: Mapping[str, Any]) -> None:
        self.log, self.reader, self.words, self.rng = log, reader, words, rng
        self.data = data
        """The writer's vocabulary: names and objects that other movies have."""
        self.pools: dict[str, list[Value]] = {}
        self.breadth = 24
        """Events, lines and pictures that each kind of question looks at."""
        self.thorough = False
        """Whether to look at everything instead of samples."""

    def sample(self, items: Sequence[Any], most: int) -> list[Any]:
        """At most so many of the items, in a seeded order."""
        return self.rng.sample(list(items), len(items) if self.thorough else min(most, len(items)))

    def learn(self, ideas: Sequence[Idea]) -> None:
        """Take the answers of these ideas into the pools of their kinds."""
        for idea in ideas:
            pool = self.pools.setdefault(idea.kind, [])
            if not idea.denies and idea.value not in pool and idea.value not in idea.barred:
                pool.append(idea.value)

    def pool(self, idea: Idea) -> list[Value]:
        """Answers that could be right as far as the question says, the right one among them."""
        found = self.pools.get(idea.kind, []) if idea.pool is None else list(idea.pool)
        found = [value for value in found if value not in idea.barred and value != idea.value]
        return [*found, idea.value]

    def within(self, idea: Idea, least: float, most: float) -> bool:
        """Whether the distance from the end of its evidence to the end of the movie, as a share, is as asked."""
        if idea.anywhere or (least <= 0 and most >= 1):
            return True
        left = (self.log.duration_s - idea.ends_s()) / (self.log.duration_s or 1.0)
        return least - 1e-9 <= left <= most + 1e-9

    def fits(self, idea: Idea) -> bool:
        """Whether the question does not name its own answer, and yes is not the only answer to all of its kind."""
        both = idea.sort != "truth" or {"yes", "no"} <= set(self.pools.get(idea.kind, []))
        return both and (idea.value is None or idea.value not in idea.barred)

    def draft(self, idea: Idea, answer_format: AnswerFormat, text: str | None = None) -> QuestionDraft | None:
        """The idea as a question; None when it cannot be asked in that format or the movie does not settle it."""
        if answer_format not in idea.formats or answer(idea.form, self.log) != idea.value:
            return None
        pool = self.pool(idea)
        if answer_format == "multiple_choice" and len(pool) < OPTIONS_MIN:
            return None
        whole = idea.sort == "text" or len(pool) < 2
        if not whole and not self.reader.settled(idea.form, "film", pool):
            return None
        if answer_format == "multiple_choice":
            options = self.options(idea, pool)
            return None if options is None else self.choice(*self._listing(idea, options), text)
        requires = self.reader.required(idea.form, [*pool, OTHER] if whole else pool, strict=False)
        return self._draft(idea, answer_format, text, {"form": canonical_json(idea.form), "requires": requires})

    def options(self, idea: Idea, pool: Sequence[Value]) -> list[Value] | None:
        """The right answer among wrong ones, in a seeded order; None when there are too few."""
        allowed = list(pool)
        for name in ("dialogue", "vision", "shuffled"):
            left = self.reader.remaining(idea.form, name, allowed)
            if idea.value in left and len(left) >= OPTIONS_MIN:
                allowed = left
        wrong = [value for value in allowed if value != idea.value]
        wrong = self.rng.sample(wrong, len(wrong))
        if idea.near is not None:
            wrong = sorted(wrong, key=idea.near)[:NEAR]
            self.rng.shuffle(wrong)
        texts, options = {self.answer_text(idea, idea.value)}, [idea.value]
        for value in wrong:
            if len(options) < OPTIONS_MAX and self.answer_text(idea, value) not in texts:
                texts.add(self.answer_text(idea, value))
                options.append(value)
        self.rng.shuffle(options)
        return options if len(options) >= OPTIONS_MIN else None

    def _listing(self, idea: Idea, options: list[Value]) -> tuple[Idea, list[Value]]:
        """An idea that lists what can be chosen, with the options alone in its list, and their places in it."""
        if not idea.listed or len(options) == len(idea.listed):
            return idea, options
        kept = [place for place in range(len(idea.listed)) if place in options]
        listed = tuple(idea.listed[place] for place in kept)
        shorter = replace(
            idea,
            form={**idea.form, "events": [idea.form["events"][place] for place in kept]},
            slots={**idea.slots, "list": self.words.listing(listed)},
            value=kept.index(idea.value),
            texts={str(new): idea.texts[str(old)] for new, old in enumerate(kept)},
            events=tuple(idea.events[place] for place in kept),
            listed=listed,
        )
        return shorter, [kept.index(place) for place in options]

    def choice(self, idea: Idea, options: Sequence[Value], text: str | None = None) -> QuestionDraft:
        """The idea as a multiple choice between these answers."""
        fields = {
            "options": tuple(self.answer_text(idea, value) for value in options),
            "answer_index": list(options).index(idea.value),
            "form": canonical_json({**idea.form, "options": list(options)}),
            "requires": self.reader.required(idea.form, options, strict=True),
        }
        return self._draft(idea, "multiple_choice", text, fields)

    def with_hidden(self, idea: Idea, draft: QuestionDraft) -> QuestionDraft | None:
        """The question with "It is not shown" for one of the wrong options; None if it would need less then."""
        options: list[Value] = list(json.loads(draft.form or "")["options"])
        places = [i for i in range(len(options)) if i != draft.answer_index]
        options[self.rng.choice(places)] = None
        made = self.choice(idea, options, draft.question)
        as_before = made.requires == draft.requires and self.reader.settled(idea.form, "film", options)
        return made.model_copy(update={"group": draft.group}) if as_before else None

    def template(self, fitting: Sequence[str]) -> str:
        """One of the alternatives that say the same of an event as the first."""
        same = [text for text in fitting if slot_names(text) == slot_names(fitting[0])]
        return self.rng.choice(same)

    def answer_text(self, idea: Idea, value: Value) -> str:
        """An answer in words."""
        return idea.texts.get(str(value)) or self.words.value(value, idea.sort)

    def question_text(self, idea: Idea) -> str:
        """The question in words."""
        return self.words.question(idea.rule, idea.slots, idea.template)

    def _draft(
        self, idea: Idea, answer_format: AnswerFormat, text: str | None, fields: Mapping[str, Any]
    ) -> QuestionDraft:
        requires: tuple[Channel, ...] = fields["requires"]
        lines = list(idea.lines)
        if "dialogue" in requires or not requires:
            lines += [line for event in idea.events for line in self.log.lines_of.get(event.event_id, [])]
        frames = [*idea.frames, *(f for event in idea.events for f in self.log.frames_of.get(event.event_id, []))]
        gold = answer_format == "temporal_grounding"
        spans = [pair(idea.value)] if gold else idea.evidence
        return QuestionDraft(
            level=idea.level or self._level(spans),
            question_type=idea.type,
            answer_format=answer_format,
            question=text or self.question_text(idea),
            answer=idea.refusal
            if idea.denies and answer_format == "open_ended"
            else self.answer_text(idea, idea.value),
            evidence=tuple(TemporalSpan(start_s=start, end_s=end) for start, end in spans),
            keyframe_ids=tuple(dict.fromkeys(frame.keyframe_id for frame in sorted(frames, key=lambda f: f.span))),
            line_ids=tuple(dict.fromkeys(line.line_id for line in sorted(lines, key=lambda line: line.span))),
            **fields,
        )

    def _level(self, spans: Sequence[Span]) -> Level:
        """The least part of the movie that holds all the evidence."""
        scenes = {self._scene(span) for span in spans}
        chapters = {self.log.chapter_of[scene] for scene in scenes}
        if len(scenes) == 1:
            return "scene"
        return "chapter" if len(chapters) == 1 and len(self.log.chapters) > 1 else "movie"

    def _scene(self, span: Span) -> int:
        ends = [scene["span"][1] for scene in self.log.scenes]
        return next((i for i, end in enumerate(ends) if span[0] < end), len(ends) - 1)
