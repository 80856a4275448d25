"""The view `boundary` (VTimeLLM's stage 2): events and their exact boundaries.

    for row in boundary_rows(movie, look, seed=0): ...

Each clip of a movie gives five conversations: one of a single turn that asks for every event with its times (20 %),
and four of many turns that ask what happens from when to when, and when something happens (80 %). Over the four, every
event is asked for once each way, never both ways in one conversation, where one answer would tell the other. When
something happens is asked only of what happens once in its clip. Answers have one form, so that they can be learned
and read back.
"""

import random
from collections.abc import Iterator, Sequence

from moviellm.generation.dataset.features import Features, Row
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Event, Movie
from moviellm.training.rows.film import Clip, Look, clips, show, single
from moviellm.training.rows.talk import CONVERSATION, Talk
from moviellm.training.rows.words import Chooser, bare, words_for

CONVERSATIONS = 4
"""Conversations of many turns for each one of dense captioning."""
COLUMNS: Features = {**CONVERSATION, "task": "string", "event_ids": ["string"]}


def boundary_rows(movie: Movie, look: Look, seed: int) -> Iterator[Row]:
    """Rows of a movie, without the columns that all views share."""
    chooser = Chooser(words_for(movie.language), random.Random(derive_seed(seed, "boundary", movie.movie_id)))
    for clip in clips(movie):
        shown = show(clip, look, chooser.words)
        if not shown.keyframes:
            continue
        yield {
            **_dense(Talk(clip, look, chooser.words, shown), clip.events, chooser).columns(),
            "task": "dense_captioning",
            "event_ids": [event.event_id for event in clip.events],
        }
        for turns in _dealt(clip, chooser.rng):
            talk = Talk(clip, look, chooser.words, shown)
            for task, event in turns:
                _turn(talk, task, event, chooser)
            yield {**talk.columns(), "task": "multi_turn", "event_ids": [event.event_id for _, event in turns]}


def _dense(talk: Talk, events: Sequence[Event], chooser: Chooser) -> Talk:
    talk.ask(*chooser.say("dense_ask"))
    lines = [chooser.words.line("dense_item", caption=bare(e.caption), **talk.times(e.span)) for e in events]
    talk.answer("\n".join(lines))
    return talk


def _dealt(clip: Clip, rng: random.Random) -> list[list[tuple[str, Event]]]:
    """Both tasks of every event, dealt to the conversations, in a mixed order."""
    once = single(clip.events)
    order = rng.sample(range(len(clip.events)), len(clip.events))
    apart = rng.randrange(1, CONVERSATIONS)
    dealt: list[list[tuple[str, Event]]] = [[] for _ in range(CONVERSATIONS)]
    for place, number in enumerate(order):
        event = clip.events[number]
        dealt[place % CONVERSATIONS].append(("caption", event))
        if event.event_id in once:
            dealt[(place + apart) % CONVERSATIONS].append(("ground", event))
    for turns in dealt:
        rng.shuffle(turns)
    return dealt


def _turn(talk: Talk, task: str, event: Event, chooser: Chooser) -> None:
    slots = {"caption": bare(event.caption), **talk.times(event.span)}
    talk.ask(*chooser.say(f"{task}_ask", **slots))
    talk.answer(chooser.words.line(f"{task}_answer", **slots))
