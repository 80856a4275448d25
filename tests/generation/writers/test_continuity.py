"""The continuity record: laws of facts, plans and their agreement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.schema import StateChange
from moviellm.generation.writers.continuity import (
    Planned,
    Roster,
    difference,
    disagreements,
    fact_problems,
    fold,
    holder,
    is_alive,
    plan_problems,
    together_problems,
)

PEOPLE, PLACES, OBJECTS = ("Ada", "Ben", "Cleo"), ("the inn", "the pier"), ("brass key", "tin box")
ROSTER = Roster(people=PEOPLE, places=PLACES, objects=OBJECTS)
SPOTS = ("nowhere", *(f"held:{name}" for name in PEOPLE), *(f"at:{place}" for place in PLACES))


def change(entity: str, attribute: str, value: str) -> StateChange:
    return StateChange(entity=entity, attribute=attribute, value=value)


CHANGES = st.one_of(
    st.builds(change, st.sampled_from(PEOPLE), st.just("at"), st.sampled_from(PLACES)),
    st.builds(change, st.sampled_from(PEOPLE), st.just("wears"), st.sampled_from(("a coat", "a shirt"))),
    st.builds(change, st.sampled_from(PEOPLE), st.sampled_from(("knows:a", "knows:b")), st.just("yes")),
    st.builds(change, st.sampled_from(PEOPLE), st.just("alive"), st.sampled_from(("yes", "no"))),
    st.builds(change, st.sampled_from(OBJECTS), st.just("where"), st.sampled_from(SPOTS)),
)
FACTS = st.lists(CHANGES, max_size=8).map(lambda changes: fold({}, changes))


@given(FACTS, st.lists(CHANGES, max_size=8))
def test_the_difference_of_two_records_leads_from_one_to_the_other(
    before: dict[tuple[str, str], str], changes: list[StateChange]
) -> None:
    after = fold(before, changes)
    assert fold(before, difference(before, after)) == after


@given(FACTS, st.lists(CHANGES, max_size=8))
def test_what_comes_out_as_planned_agrees(before: dict[tuple[str, str], str], changes: list[StateChange]) -> None:
    after = fold(before, changes)
    assert list(disagreements(before, difference(before, after), after, "it")) == []


@given(FACTS, st.lists(CHANGES, max_size=8), st.lists(CHANGES, max_size=3))
def test_whatever_else_comes_out_is_a_disagreement_unless_it_is_only_known_or_unplanned_whereabouts(
    before: dict[tuple[str, str], str], planned: list[StateChange], more: list[StateChange]
) -> None:
    wanted = fold(before, planned)
    plan, after = difference(before, wanted), fold(wanted, more)
    said = {(item.entity, item.attribute) for item in plan}
    defaults = {"alive": "yes", "where": "nowhere"}
    differs = {
        key
        for key in after
        if after[key] != wanted.get(key, defaults.get(key[1]))
        and (key in said or key[1] in ("alive", "where", "wears"))
    }
    assert bool(list(disagreements(before, plan, after, "it"))) == bool(differs)


@given(FACTS)
def test_more_may_be_known_than_planned_but_not_less(before: dict[tuple[str, str], str]) -> None:
    learned = change("Ada", "knows:the secret", "yes")
    after = fold(before, [learned])
    assert list(disagreements(before, [], after, "it")) == []
    assert list(disagreements(before, [learned], before, "it")) == [
        "it: the plan says that Ada gets to know 'the secret'; nobody tells"
    ]


@given(FACTS, st.lists(st.lists(CHANGES, max_size=4), min_size=1, max_size=4))
def test_a_plan_without_problems_kills_nobody_who_takes_part_later_and_wakes_no_dead(
    begins: dict[tuple[str, str], str], parts: list[list[StateChange]]
) -> None:
    plan = [Planned(name=f"part {i}", people=PEOPLE, places=PLACES, ends_with=tuple(p)) for i, p in enumerate(parts)]
    if list(plan_problems(ROSTER, begins, plan)):
        return
    facts = begins
    for part in plan:
        assert all(is_alive(facts, person) for person in PEOPLE)
        facts = fold(facts, part.ends_with)
        for thing in OBJECTS:
            held = holder(facts, thing)
            changed = {item.entity for item in part.ends_with}
            assert held is None or thing not in changed or is_alive(facts, held)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (change("Zed", "at", "the inn"), "the person 'Zed' was not introduced"),
        (change("Ada", "at", "the moon"), "the place 'the moon' was not introduced"),
        (change("brass key", "where", "held:Zed"), "the person 'Zed' was not introduced"),
        (change("brass key", "where", "at:the moon"), "the place 'the moon' was not introduced"),
        (change("brass key", "where", "in:sack"), "the object 'sack' was not introduced"),
        (change("tin box", "where", "in:tin box"), "cannot lie in itself"),
        (change("sabre", "where", "held:Ada"), "the object 'sabre' was not introduced"),
        (change("Ada", "alive", "maybe"), "yes or no"),
        (change("story", "date", "tomorrow"), "'tomorrow' is no date"),
    ],
)
def test_a_fact_that_cannot_be_is_said(wrong: StateChange, said: str) -> None:
    problems = list(fact_problems(ROSTER, [wrong], "here"))
    assert len(problems) == 1 and problems[0].startswith("here: ") and said in problems[0]


def test_two_values_of_one_fact_are_a_problem() -> None:
    both = [change("Ada", "at", "the inn"), change("Ada", "at", "the pier")]
    assert "'the inn' and 'the pier'" in next(fact_problems(ROSTER, both, "here"))


def _part(name: str, people: tuple[str, ...], place: str, day: str, clock: str) -> Planned:
    return Planned(name=name, people=people, places=(place,), ends_with=(), date=day, clock=clock)


def test_nobody_is_at_two_places_at_the_same_time() -> None:
    one = _part("scene 1", ("Ada", "Ben"), "the inn", "1931-10-04", "18:40")
    other = _part("scene 2", ("Ada",), "the pier", "1931-10-04", "18:40")
    later = _part("scene 2", ("Ada",), "the pier", "1931-10-04", "18:45")
    assert [problem.partition(" is ")[0] for problem in together_problems([one, other])] == ["Ada"]
    assert list(together_problems([one, later])) == []


def test_days_that_run_backwards_are_a_problem() -> None:
    parts = [_part("a", (), "the inn", "1931-10-04", "18:40"), _part("b", (), "the inn", "1931-10-03", "18:40")]
    assert "run backwards" in next(plan_problems(ROSTER, {}, parts))
