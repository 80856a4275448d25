"""Questions about a timeline, in the grammar of its captions: each is a caption with a gap.

    for question in questions(line, rng): ...       # kind, text, answer; spans in frames where there is one

A caption is `red hugs at inn`, said of a deed; questions are `who hugs ?`, `where hugs ?`, `at 37 ?`, `when hugs ?`,
`after hugs ?`, `first hugs ?`: three words, of which one says what is asked and one is the key. A convolution over
three tokens has both where the answer begins. A key occurs once in the timeline, so that there is one
answer. Times
are hundredths of the movie, two digits, as `MovieLLMConfig.time = "additive"` numbers them. The same function asks of
a movie and of a remix.
"""

import random
from collections import Counter
from dataclasses import dataclass

from moviellm.training.remix.timeline import Deed, Timeline

KINDS = ("overview", "people", "light", "plot", "temporal", "order", "moment", "edges", "grounding")
"""Kinds of questions, in the order of tables."""
ORDERS_ASKED = 4
"""Pairs of deeds asked for their order."""


@dataclass(frozen=True)
class Question:
    """A question with its one answer."""

    kind: str
    text: str
    answer: str
    span: tuple[int, int] | None = None
    """First and last frame of what is to be found, for `grounding`."""


def hundredth(frame: int, frames: int) -> str:
    """The time of a frame among so many, as two digits."""
    return f"{min(round(100 * frame / frames), 99):02d}"


def frame_at(time: int, frames: int) -> int:
    """The frame that a time in hundredths names, or the nearest one."""
    return min(round(time * frames / 100), frames - 1)


def told(deed: Deed) -> str:
    """A deed as its caption tells it."""
    return f"{deed.actor} {deed.action} at {deed.place}"


def questions(line: Timeline, rng: random.Random) -> list[Question]:
    """Everything that can be asked; chance chooses frames and pairs only."""
    return [
        *_overview(line),
        *(Question("people", f"{who} wears ?", piece) for who, piece in sorted(_seen(line).items())),
        *_places(line),
        *_deeds(line, rng),
        *_orders(line, rng),
    ]


def _seen(line: Timeline) -> dict[str, str]:
    """What those wear who do something."""
    actors = {deed.actor for deed in line.deeds}
    return {who: piece for who, piece in line.wears.items() if who in actors}


def _overview(line: Timeline) -> list[Question]:
    asked = [
        Question("overview", "first place ?", line.scenes[0].place),
        Question("overview", "last place ?", line.scenes[-1].place),
        Question("overview", "how many ?", str(len({deed.actor for deed in line.deeds}))),
    ]
    acting = Counter(deed.actor for deed in line.deeds).most_common(2)
    if len(acting) == 1 or (acting and acting[0][1] > acting[1][1]):
        asked.append(Question("overview", "who most ?", acting[0][0]))
    return asked


def _places(line: Timeline) -> list[Question]:
    """Of places that are seen once: their light, what happens there, and when they are seen."""
    seen, busy = Counter(scene.place for scene in line.scenes), Counter(deed.place for deed in line.deeds)
    asked = []
    for scene in line.scenes:
        if seen[scene.place] == 1:
            span = scene.first, scene.last
            asked.append(Question("light", f"light {scene.place} ?", scene.light))
            asked += _when(line, scene.place, span)
    for deed in line.deeds:
        if busy[deed.place] == 1:
            asked.append(Question("plot", f"what {deed.place} ?", f"{deed.actor} {deed.action}"))
            asked.append(Question("plot", f"who {deed.place} ?", deed.actor))
    return asked


def _deeds(line: Timeline, rng: random.Random) -> list[Question]:
    """Of deeds that are done once: who, where, when, and what is before and after them."""
    done = Counter(deed.action for deed in line.deeds)
    asked = []
    for number, deed in enumerate(line.deeds):
        frame = rng.randint(deed.first, deed.last)
        asked.append(Question("moment", f"at {hundredth(frame, len(line.frames))} ?", told(deed)))
        if done[deed.action] > 1:
            continue
        asked.append(Question("plot", f"where {deed.action} ?", deed.place))
        asked.append(Question("plot", f"who {deed.action} ?", deed.actor))
        asked += _when(line, deed.action, (deed.first, deed.last))
        if number + 1 < len(line.deeds):
            asked.append(Question("temporal", f"after {deed.action} ?", line.deeds[number + 1].action))
        if number > 0:
            asked.append(Question("temporal", f"before {deed.action} ?", line.deeds[number - 1].action))
    return asked


def _orders(line: Timeline, rng: random.Random) -> list[Question]:
    done = Counter(deed.action for deed in line.deeds)
    once = [number for number, deed in enumerate(line.deeds) if done[deed.action] == 1]
    asked = []
    for _ in range(ORDERS_ASKED if len(once) > 1 else 0):
        one, other = rng.sample(once, 2)
        text = f"{line.deeds[one].action} before {line.deeds[other].action} ?"
        asked.append(Question("order", text, "yes" if one < other else "no"))
    return asked


def _when(line: Timeline, key: str, span: tuple[int, int]) -> list[Question]:
    """The first and the last time of what a key names, and both at once."""
    first, last = (hundredth(frame, len(line.frames)) for frame in span)
    return [
        Question("edges", f"first {key} ?", first),
        Question("edges", f"last {key} ?", last),
        Question("grounding", f"when {key} ?", f"from {first} to {last}", span),
    ]
