"""Remixes: what may be in them, the same for a seed, and answers that can be read off their frames."""

import random
from collections import Counter
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.training.remix.asking import Question, frame_at, hundredth, questions
from moviellm.training.remix.composing import Remix, join, part, scenes_of
from moviellm.training.remix.timeline import Timeline
from tests.training.remix.lines import PEOPLE, PLACES, scene, scenes


@settings(deadline=None, max_examples=60)
@given(scenes(), st.integers(0, 2**31), st.integers(1, 4))
def test_every_answer_can_be_read_off_the_frames(found: list[Timeline], seed: int, count: int) -> None:
    draw = random.Random(seed)
    line = join(draw.sample(found, min(count, len(found))), "remix")
    for question in questions(line, draw):
        assert question.answer == _read(line, question), question


def _read(line: Timeline, question: Question) -> str:
    """The answer, from what each frame shows: its place, its light, and who does what."""
    seen = [_frame(line, frame) for frame in range(len(line.frames))]
    deeds = [name for name, at in zip(seen, [None, *seen], strict=False) if name[2] and name != at]
    words = question.text.split()
    match words:
        case ["first", "place", "?"]:
            return seen[0][0]
        case ["last", "place", "?"]:
            return seen[-1][0]
        case ["how", "many", "?"]:
            return str(len({actor for _, _, actor, _, _ in deeds}))
        case ["who", "most", "?"]:
            return Counter(actor for _, _, actor, _, _ in deeds).most_common(1)[0][0]
        case [who, "wears", "?"]:
            return PEOPLE[who]
        case ["light", place, "?"]:
            return next(light for where, light, *_ in seen if where == place)
        case ["what", place, "?"]:
            return next(f"{actor} {action}" for where, _, actor, action, _ in deeds if where == place)
        case ["who", place, "?"] if place in PLACES:
            return next(actor for where, _, actor, _, _ in deeds if where == place)
        case ["at", time, "?"]:
            place, _, actor, action, _ = seen[frame_at(int(time), len(seen))]
            return f"{actor} {action} at {place}"
        case ["where", action, "?"]:
            return next(place for place, _, _, does, _ in deeds if does == action)
        case ["who", action, "?"]:
            return next(actor for _, _, actor, does, _ in deeds if does == action)
        case ["when", place, "?"] if place in PLACES:
            return _span([number for number, one in enumerate(seen) if one[0] == place], len(seen))
        case ["when", action, "?"]:
            return _span([number for number, one in enumerate(seen) if one[3] == action], len(seen))
        case ["after" | "before" as side, action, "?"]:
            at = next(number for number, one in enumerate(deeds) if one[3] == action)
            other = deeds[at + (1 if side == "after" else -1)]
            return other[3]
        case ["first" | "last" as side, key, "?"]:
            frames = [number for number, one in enumerate(seen) if key in (one[0], one[3])]
            return hundredth(frames[0 if side == "first" else -1], len(seen))
        case [one, "before", other, "?"]:
            order = [action for _, _, _, action, _ in deeds]
            return "yes" if order.index(one) < order.index(other) else "no"
    raise AssertionError(f"no reading for {question.text}")


def _frame(line: Timeline, frame: int) -> tuple[str, str, str, str, int]:
    """Place, light, actor, action and the number of the deed at a frame; nobody and nothing where there is none."""
    where = next(one for one in line.scenes if one.first <= frame <= one.last)
    for number, deed in enumerate(line.deeds):
        if deed.first <= frame <= deed.last:
            return where.place, where.light, deed.actor, deed.action, number
    return where.place, where.light, "", "", -1


def _span(frames: list[int], of: int) -> str:
    return f"from {hundredth(frames[0], of)} to {hundredth(frames[-1], of)}"


@settings(deadline=None, max_examples=40)
@given(scenes(), st.integers(0, 2**31))
def test_a_remix_shows_a_place_once_and_an_action_once_and_few_people(found: list[Timeline], seed: int) -> None:
    lines = [join(found[at : at + 2], f"m{at}") for at in range(0, len(found) - 1, 2)]
    try:
        line = Remix(lines, cast=2).draw(random.Random(seed), 2)
    except ValueError:
        return
    assert len({one.place for one in line.scenes}) == 2
    assert len({deed.action for deed in line.deeds}) == len(line.deeds)
    assert len({deed.actor for deed in line.deeds}) <= 2


@settings(deadline=None, max_examples=40)
@given(scenes())
def test_taken_apart_and_joined_a_movie_is_the_same(found: list[Timeline]) -> None:
    line = join(found, "m0")
    again = join(scenes_of(line), "m0")
    assert (again.frames, again.scenes, again.deeds, again.lines) == (line.frames, line.scenes, line.deeds, line.lines)


def test_a_part_keeps_the_frames_of_its_scenes() -> None:
    line = join([scene(0, "inn", [("red", "hugs", 2)]), scene(1, "street", [("blue", "waits", 1)])], "m0")
    assert part(line, 1, 2).frames == line.frames[3:]
    assert part(line, 1, 2).deeds[0].first == 1


def test_a_movie_of_test_is_refused() -> None:
    with pytest.raises(ValueError, match="only movies of train are remixed"):
        Remix([scene(0, "inn", [("red", "hugs", 2)], split="test")])


def test_scenes_of_two_splits_are_not_joined() -> None:
    two = [scene(0, "inn", [("red", "hugs", 1)]), scene(1, "street", [("blue", "waits", 1)], split="validation")]
    with pytest.raises(ValueError, match="cannot be one movie"):
        join(two, "m0")


def test_what_is_refused_is_in_no_remix() -> None:
    lines = [scene(number, place, [("red", "hugs", 1)]) for number, place in enumerate(("inn", "street", "garden"))]
    remix = Remix(lines, refused=lambda one: one.place == "street")
    drawn = {one.place for line in islice(remix.endless(0, (1, 1)), 50) for one in line.scenes}
    assert drawn == {"inn", "garden"}


def test_the_same_seed_draws_the_same_remixes() -> None:
    lines = [scene(number, place, [("red", "hugs", 1)]) for number, place in enumerate(("inn", "street", "garden"))]
    one, other = (list(islice(Remix(lines).endless(7, (1, 1)), 5)) for _ in range(2))
    assert one == other
    assert one != list(islice(Remix(lines).endless(8, (1, 1)), 5))


def test_more_scenes_than_places_is_an_error() -> None:
    with pytest.raises(ValueError, match="each is seen once"):
        Remix([scene(0, "inn", [("red", "hugs", 1)])]).draw(random.Random(0), 2)


def test_who_wears_two_things_is_not_asked_about() -> None:
    one = scene(0, "inn", [("red", "hugs", 1)])
    other = scene(1, "street", [("red", "waits", 1)], "m1")
    other = Timeline(**{**vars(other), "wears": {"red": "cap"}})
    texts = [question.text for question in questions(join([one, other], "m"), random.Random(0))]
    assert "red wears ?" not in texts


@pytest.mark.parametrize("frames", range(1, 101))
def test_the_time_of_a_frame_names_that_frame(frames: int) -> None:
    assert [frame_at(int(hundredth(frame, frames)), frames) for frame in range(frames)] == list(range(frames))
