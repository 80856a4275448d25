"""The view `instruct` (VTimeLLM's stage 3): conversations about moments, from questions and events.

    for row in instruct_rows(movie, look, seed=0): ...

A conversation is about one clip. Its turns come from the dataset's questions (with their follow-ups behind them) and
from the events: what happens over a stretch, when something happens, what comes before and after, who takes part,
where it takes place. Every wording is a template, no language model is asked. In a clip that is not the whole movie
only those questions are asked that the clip alone answers. Multiple choice and dense captioning are left to the other
views.
"""

import random
from collections.abc import Iterator, Sequence

from moviellm.generation.dataset.features import Features, Row
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Event, Movie, QAPair, QuestionType
from moviellm.training.rows.film import Clip, Look, clips, show, single
from moviellm.training.rows.sft import threads_of
from moviellm.training.rows.talk import CONVERSATION, Talk, covered
from moviellm.training.rows.times import CLOCK
from moviellm.training.rows.words import Chooser, bare, capital, plain, sentence, words_for

TURNS = 5
"""Questions of a conversation; the last block of follow-ups may go beyond."""
KINDS = ("stretch", "when", "after", "before", "who", "where")
"""What is asked about events."""
LOCAL: frozenset[QuestionType] = frozenset({"character", "dialogue", "visual", "cause", "moment"})
"""Types of questions whose answer does not change when the rest of the movie is not shown."""
COLUMNS: Features = {**CONVERSATION, "question_ids": ["string"], "event_ids": ["string"], "kinds": ["string"]}
Block = list[QAPair] | tuple[str, list[Event]]
"""Questions that stay together, or a kind with the events it is about."""


def instruct_rows(movie: Movie, look: Look, seed: int) -> Iterator[Row]:
    """Rows of a movie, without the columns that all views share."""
    chooser = Chooser(words_for(movie.language), random.Random(derive_seed(seed, "instruct", movie.movie_id)))
    for clip in clips(movie):
        shown = show(clip, look, chooser.words)
        if not shown.keyframes:
            continue
        for blocks in _conversations([*_question_blocks(clip), *_event_blocks(clip, chooser.rng)], chooser.rng):
            talk = Talk(clip, look, chooser.words, shown)
            kinds = [kind for block in blocks for kind in _speak(talk, block, chooser)]
            questions = [one.question_id for block in blocks if isinstance(block, list) for one in block]
            events = [one.event_id for block in blocks if isinstance(block, tuple) for one in block[1]]
            yield {**talk.columns(), "question_ids": questions, "event_ids": events, "kinds": kinds}


def _question_blocks(clip: Clip) -> list[Block]:
    """Questions that the clip answers, each first question with its follow-ups behind it."""
    return [thread for thread in threads_of(clip.movie) if all(_fits(one, clip) for one in thread)]


def _fits(question: QAPair, clip: Clip) -> bool:
    if question.answer_format not in ("open_ended", "temporal_grounding"):
        return False
    if question.answer_format == "temporal_grounding" and not question.evidence:
        return False
    if clip.is_whole:
        return True
    inside = bool(question.evidence) and all(clip.span.covers(span) for span in question.evidence)
    named = [60.0 * int(minutes) + int(rest) for minutes, rest in CLOCK.findall(question.question)]
    shown = all(clip.span.start_s <= time_s <= clip.span.end_s for time_s in named)
    return inside and shown and question.question_type in LOCAL and question.level in ("scene", "keyframe")


def _event_blocks(clip: Clip, rng: random.Random) -> list[Block]:
    """About one question of an event, of every kind in turn; one that would have two answers is left out."""
    events = list(clip.events)
    happens_once = single(events)
    blocks: list[Block] = []
    for place, number in enumerate(rng.sample(range(len(events)), len(events))):
        kind, event = KINDS[place % len(KINDS)], events[number]
        once = event.event_id in happens_once
        if kind == "stretch":
            blocks.append((kind, events[number : number + rng.randint(2, 3)]))
        elif kind == "when" and once:
            blocks.append((kind, [event]))
        elif kind == "after" and once and number + 1 < len(events):
            blocks.append((kind, [event, events[number + 1]]))
        elif kind == "before" and once and number > 0:
            blocks.append((kind, [event, events[number - 1]]))
        elif (kind == "who" and event.participants) or (kind == "where" and event.location is not None):
            blocks.append((kind, [event]))
    return blocks


def _conversations(blocks: list[Block], rng: random.Random) -> Iterator[list[Block]]:
    """The blocks, mixed, in conversations of about `TURNS` questions."""
    rng.shuffle(blocks)
    sizes = [len(block) if isinstance(block, list) else 1 for block in blocks]
    count = max(1, round(sum(sizes) / TURNS))
    parts: list[list[Block]] = [[] for _ in range(count)]
    filled = [0] * count
    for block, size in zip(blocks, sizes, strict=True):
        least = filled.index(min(filled))
        parts[least].append(block)
        filled[least] += size
    return iter([part for part in parts if part])


def _speak(talk: Talk, block: Block, chooser: Chooser) -> list[str]:
    """Ask and answer a block; the kinds of its turns."""
    if isinstance(block, tuple):
        _about_events(talk, block[0], block[1], chooser)
        return [block[0]]
    for question in block:
        talk.ask(f"dataset.{question.question_id}", talk.ledger.with_clock_times(plain(question.question)))
        if question.answer_format == "temporal_grounding":
            spans = question.evidence
            talk.answer(" ".join(chooser.words.line("ground_answer", **talk.times(span)) for span in spans))
        else:
            talk.answer(talk.ledger.with_clock_times(plain(question.answer)))
    return [question.question_type or "question" for question in block]


def _about_events(talk: Talk, kind: str, events: Sequence[Event], chooser: Chooser) -> None:
    asked, told = events[0], events[-1]
    say = chooser.words.line
    caption = {"caption": bare(asked.caption)}
    if kind == "stretch":
        talk.ask(*chooser.say("stretch_ask", **talk.times(covered([event.span for event in events]))))
        talk.answer(" ".join(sentence(event.caption) for event in events))
    elif kind == "when":
        talk.ask(*chooser.say("when_ask", **caption))
        talk.answer(say("ground_answer", **talk.times(asked.span)))
    elif kind in ("after", "before"):
        talk.ask(*chooser.say(f"{kind}_ask", **caption))
        talk.answer(say("neighbour_answer", caption=bare(told.caption), **talk.times(told.span)))
    elif kind == "who":
        names = {person.character_id: plain(person.name) for person in talk.clip.movie.characters}
        talk.ask(*chooser.say("who_ask", **talk.times(asked.span)))
        talk.answer(f"{chooser.words.listing([names[one] for one in dict.fromkeys(asked.participants)])}.")
    else:
        talk.ask(*chooser.say("where_ask", **talk.times(asked.span)))
        talk.answer(sentence(capital(asked.location or "")))
