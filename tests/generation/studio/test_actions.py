"""Actions: preconditions are checked, effects hold, and causes are the events that set what is needed."""

import pytest

from moviellm.generation.studio.writing.actions import ACTIONS, Act, PreconditionError, State

PUBLISHED = {
    "go", "enter", "find", "pick_up", "drop", "give", "take", "steal", "hide", "open", "lock", "read", "light", "tell",
    "ask", "argue", "hug", "search", "wait", "watch", "follow", "flee",
}  # fmt: skip


@pytest.fixture
def inn() -> State:
    state = State()
    for name in ("Ada", "Ben"):
        state.cut(("at", name), "the inn")
    state.cut(("where", "silver key"), "at:the inn")
    return state


def test_the_actions_are_those_the_painter_knows():
    assert set(ACTIONS) == PUBLISHED


def test_a_failed_precondition_raises(inn: State):
    with pytest.raises(PreconditionError, match="silver key"):
        inn.apply("e1", Act("give", "Ada", "the inn", "Ben", "silver key"))


def test_a_failed_action_changes_nothing(inn: State):
    before = dict(inn.facts)
    with pytest.raises(PreconditionError):
        inn.apply("e1", Act("pick_up", "Ada", "the street", thing="silver key"))
    assert inn.facts == before


def test_holding_passes_from_hand_to_hand(inn: State):
    inn.apply("e1", Act("pick_up", "Ada", "the inn", thing="silver key"))
    assert inn.holder("silver key") == "Ada"
    assert inn.apply("e2", Act("give", "Ada", "the inn", "Ben", "silver key")) == ("e1",)
    assert inn.holder("silver key") == "Ben"


def test_what_lies_there_from_the_start_has_no_cause(inn: State):
    assert inn.apply("e1", Act("pick_up", "Ada", "the inn", thing="silver key")) == ()


def test_a_hidden_thing_must_be_found_first(inn: State):
    inn.cut(("hidden", "silver key"), True)
    assert inn.wrong(Act("pick_up", "Ada", "the inn", thing="silver key"))
    inn.apply("e1", Act("search", "Ada", "the inn", thing="silver key"))
    inn.apply("e2", Act("find", "Ada", "the inn", thing="silver key"))
    assert inn.apply("e3", Act("pick_up", "Ada", "the inn", thing="silver key")) == ("e2",)


def test_a_locked_chest_needs_its_key(inn: State):
    inn.cut(("where", "red chest"), "at:the inn")
    inn.cut(("locked", "red chest"), True)
    assert inn.wrong(Act("open", "Ada", "the inn", thing="red chest"))
    inn.apply("e1", Act("pick_up", "Ada", "the inn", thing="silver key"))
    because = inn.apply("e2", Act("open", "Ada", "the inn", thing="red chest", target="silver key", mode="key"))
    assert because == ("e1",)


def test_who_writes_a_fact_again_takes_its_cause_away(inn: State):
    inn.cut(("knows", "Ben", "map"), "the street")
    inn.cut(("at", "Cora"), "the inn")
    inn.cut(("knows", "Cora", "map"), "the street")
    inn.apply("e1", Act("tell", "Ben", "the inn", "Ada", "map", target="the street"))
    inn.apply("e2", Act("tell", "Cora", "the inn", "Ada", "map", target="the street"))
    because = inn.apply("e3", Act("tell", "Ada", "the inn", "Ben", "map", target="the street"))
    assert because == (), "either of two people told her, so neither was necessary"


def test_effects_never_depend_on_the_state():
    act = Act("steal", "Ada", "the inn", "Ben", "silver key")
    assert ACTIONS["steal"](act) == ACTIONS["steal"](act)
