"""A second reader, written apart from the product, finds the same answers and the same changes of the story world."""

import random
from collections import Counter
from functools import lru_cache

from moviellm.generation.schema import Movie
from moviellm.generation.studio.channels import read_channels
from tests.generation.studio.independent import Film, disagreement, form_of
from tests.generation.studio.independent_world import NO
from tests.generation.studio.kit import THEMES, make

MOVIES = 24


@lru_cache
def movies() -> tuple[Movie, ...]:
    return tuple(make(THEMES[i % len(THEMES)], 2 + i % 2, 2 + i % 3, 5, i, 60) for i in range(MOVIES))


def changed_by_order(seed: int = 1) -> dict[str, tuple[int, int]]:
    """Kind of form -> questions, and those with another answer when the events are in another order."""
    dice, asked, changed = random.Random(seed), Counter(), Counter()
    for movie in movies():
        order = dice.sample(movie.events, len(movie.events))
        events = tuple(e.model_copy(update={"span": at.span}) for e, at in zip(order, movie.events, strict=True))
        film, other = Film(movie), Film(movie.model_copy(update={"events": events}))
        for question in movie.qa_pairs or ():
            form = form_of(question)
            if form:
                asked[form["ask"]] += 1
                changed[form["ask"]] += film.answer(form) != other.answer(form)
    return {kind: (count, changed[kind]) for kind, count in asked.items()}


def test_the_second_reader_agrees_on_every_question():
    wrong, asked = [], 0
    for movie in movies():
        film = Film(movie)
        for question in movie.qa_pairs or ():
            asked += 1
            why = disagreement(film, question)
            if why:
                wrong.append(f"{question.question_id} {question.form} {question.answer!r}: {why}")
    assert asked > 20 * MOVIES
    assert wrong == []


def test_every_event_changes_what_the_second_set_of_rules_says():
    for movie in movies():
        for h in Film(movie).happenings:
            mine = {key: value for key, value in h.after.items() if h.before.get(key, NO) != value}
            assert mine == {(c.entity, c.attribute): c.value for c in h.event.changes}, h.event


def test_every_question_with_one_answer_has_a_form():
    assert all(question.form for movie in movies() for question in movie.qa_pairs or ())


def test_another_order_of_the_events_changes_what_depends_on_it():
    found = changed_by_order()
    for kind in ("fact", "next", "first", "ending"):
        asked, changed = found[kind]
        assert changed > 0.3 * asked, f"{kind}: {changed} of {asked}"


def test_another_order_of_the_events_changes_no_count_of_them():
    found = changed_by_order()
    assert found["count"][0] > 20 and found["count"][1] == 0
    assert found["event"][1] == 0


def test_no_channel_leads_its_reader_astray():
    """0 would say that a reader who lacks something rules the right answer out."""
    found = [value for movie in movies() for gates in read_channels(movie).values() for value in gates.values()]
    assert len(found) > 10 * MOVIES and min(found) > 0


def test_a_channel_that_is_not_required_settles_something():
    """Else `requires` would name everything, and the gates would hold for nothing."""
    assert any(gates["dialogue_only"] == 1.0 for movie in movies() for gates in read_channels(movie).values())
