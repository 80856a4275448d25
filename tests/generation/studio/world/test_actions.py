"""Actions: preconditions are checked, effects hold, and causes are the events that set what is needed."""

import inspect

import pytest

from moviellm.generation.schema import StateChange
from moviellm.generation.studio.world.act import message
from moviellm.generation.studio.world.actions import ACTIONS, Act, Not, PreconditionError, State, change_of
from tests.generation.studio.tales import VOCABULARY

PUBLISHED = {
    "go", "enter", "flee", "follow", "chase", "search", "find", "pick_up", "drop", "give", "take", "steal", "trade",
    "hide", "bury", "dig", "open", "close", "lock", "light", "put_out", "break", "repair", "read", "write", "eat",
    "sleep", "wait", "watch", "call", "tell", "lie", "ask", "promise", "argue", "threaten", "apologise", "hug",
    "wound", "heal", "arrest", "free", "show", "warn", "refuse",
}  # fmt: skip


@pytest.fixture
def inn() -> State:
    state = State()
    for name in ("Ada", "Ben"):
        state.cut(("at", name), "the inn")
    state.cut(("where", "silver key"), "at:the inn")
    return state


def test_there_are_the_45_actions_that_painter_and_grammars_know():
    assert set(ACTIONS) == PUBLISHED
    assert len(PUBLISHED) == 45


def test_a_small_vocabulary_takes_the_actions_in_a_listed_order():
    assert sorted(VOCABULARY.data["actions"]) == sorted(ACTIONS)


def test_needs_and_effects_see_the_act_alone():
    assert all(list(inspect.signature(rule).parameters) == ["act"] for rule in ACTIONS.values())


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_needs_its_actor_awake(action: str):
    needs, _ = ACTIONS[action](Act(action, "Ada", "the inn", "Ben", "silver key", "the street", "silver key"))
    assert (("asleep", "Ada"), False) in needs


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


def test_a_buried_thing_must_be_dug_up_where_somebody_believes_it_to_be(inn: State):
    inn.cut(("where", "red spade"), "held:Ada")
    inn.cut(("buried", "silver key"), True)
    dig = Act("dig", "Ada", "the inn", thing="silver key", target="red spade")
    assert inn.wrong(dig)
    inn.cut(("knows", "Ben", "silver key"), "the inn")
    inn.apply("e1", Act("tell", "Ben", "the inn", "Ada", "silver key", "the inn", "silver key"))
    assert inn.apply("e2", dig) == ("e1",)
    assert inn.apply("e3", Act("pick_up", "Ada", "the inn", thing="silver key")) == ("e2",)


def test_a_locked_chest_needs_its_key(inn: State):
    inn.cut(("where", "red chest"), "at:the inn")
    inn.cut(("locked", "red chest"), True)
    assert inn.wrong(Act("open", "Ada", "the inn", thing="red chest"))
    assert inn.wrong(Act("open", "Ada", "the inn", thing="red chest", mode="vain")) is None
    inn.apply("e1", Act("pick_up", "Ada", "the inn", thing="silver key"))
    because = inn.apply("e2", Act("open", "Ada", "the inn", thing="red chest", target="silver key", mode="key"))
    assert because == ("e1",)


def test_a_search_is_in_vain_because_somebody_took_the_thing_away(inn: State):
    search = Act("search", "Ada", "the inn", thing="silver key", mode="vain")
    assert inn.wrong(search)
    inn.apply("e1", Act("pick_up", "Ben", "the inn", thing="silver key"))
    assert inn.apply("e2", search) == ("e1",)


def test_what_was_never_there_is_missed_because_of_nobody(inn: State):
    inn.cut(("where", "silver key"), "held:Ben")
    inn.apply("e1", Act("give", "Ben", "the inn", "Ada", "silver key"))
    assert inn.apply("e2", Act("search", "Ben", "the inn", thing="silver key", mode="vain")) == ()


def test_a_lie_leads_astray_until_the_search_fails(inn: State):
    inn.cut(("knows", "Ben", "silver key"), "the inn")
    inn.apply("e1", Act("lie", "Ben", "the inn", "Ada", "silver key", "the street", "silver key"))
    inn.cut(("at", "Ada"), "the street")
    search = Act("search", "Ada", "the street", thing="silver key", topic="silver key", mode="vain")
    assert inn.apply("e2", search) == ("e1",)
    assert inn.get("knows", "Ada", "silver key") is False


def test_nobody_lies_what_they_believe(inn: State):
    inn.cut(("knows", "Ben", "silver key"), "the inn")
    assert inn.wrong(Act("lie", "Ben", "the inn", "Ada", "silver key", "the inn", "silver key"))


def test_a_text_tells_what_was_written_into_it(inn: State):
    inn.cut(("where", "blue letter"), "held:Ada")
    inn.cut(("knows", "Ada", "silver key"), "the inn")
    inn.apply("e1", Act("write", "Ada", "the inn", thing="blue letter", target="the inn", topic="silver key"))
    assert inn.get("message", "blue letter") == message("silver key", "the inn")
    inn.apply("e2", Act("give", "Ada", "the inn", "Ben", "blue letter"))
    read = Act("read", "Ben", "the inn", thing="blue letter", target="the inn", topic="silver key")
    assert inn.apply("e3", read) == ("e1", "e2")
    assert inn.get("knows", "Ben", "silver key") == "the inn"


def test_who_is_captive_cannot_leave_until_freed(inn: State):
    inn.cut(("captive", "Ben"), True)
    go = Act("go", "Ben", "the inn", target="the street")
    assert inn.wrong(go)
    inn.apply("e1", Act("free", "Ada", "the inn", "Ben"))
    assert inn.apply("e2", go) == ("e1",)


def test_who_sleeps_can_be_robbed_but_not_asked(inn: State):
    inn.cut(("where", "silver key"), "held:Ben")
    inn.apply("e1", Act("sleep", "Ben", "the inn"))
    assert inn.wrong(Act("ask", "Ada", "the inn", "Ben", "silver key", topic="silver key"))
    assert inn.apply("e2", Act("steal", "Ada", "the inn", "Ben", "silver key", mode="asleep")) == ("e1",)


def test_a_quarrel_ends_with_an_apology_and_a_hug(inn: State):
    inn.apply("e1", Act("argue", "Ada", "the inn", "Ben"))
    inn.apply("e2", Act("apologise", "Ben", "the inn", "Ada", mode="quarrel"))
    assert inn.apply("e3", Act("hug", "Ada", "the inn", "Ben", mode="peace")) == ("e1", "e2")
    assert inn.get("feels", "Ben", "Ada") == "trusting"


def test_who_writes_a_fact_again_takes_its_cause_away(inn: State):
    inn.cut(("knows", "Ben", "map"), "the street")
    inn.cut(("at", "Cora"), "the inn")
    inn.cut(("knows", "Cora", "map"), "the street")
    inn.apply("e1", Act("tell", "Ben", "the inn", "Ada", target="the street", topic="map"))
    inn.apply("e2", Act("tell", "Cora", "the inn", "Ada", target="the street", topic="map"))
    because = inn.apply("e3", Act("tell", "Ada", "the inn", "Ben", target="the street", topic="map"))
    assert because == (), "either of two people told her, so neither was necessary"


def test_changes_are_the_facts_that_get_another_value(inn: State):
    inn.cut(("knows", "Ada", "silver key"), "Ben")
    inn.cut(("where", "silver key"), "held:Ada")
    changes = inn.changes(Act("give", "Ada", "the inn", "Ben", "silver key"))
    assert changes == (
        StateChange(entity="silver key", attribute="where", value="held:Ben"),
        StateChange(entity="Ben", attribute="feels:Ada", value="grateful"),
    )


def test_a_fact_is_said_by_whom_it_is_about():
    assert change_of(("knows", "Ada", "silver key"), "the inn") == StateChange(
        entity="Ada", attribute="knows:silver key", value="the inn"
    )
    assert change_of(("lit", "red lantern"), False).value == "no"


def test_a_need_may_be_that_a_fact_has_not_some_value():
    needs, _ = ACTIONS["repair"](Act("repair", "Ada", "the inn", thing="vase", target="hammer", mode="vain"))
    assert (("where", "hammer"), Not("held:Ada")) in needs
