"""Every step is tried on the state: what cannot happen is caught, sent back, mended or left out with the reason."""

import pytest

from moviellm.generation.studio.world.actions import ACTIONS, State
from moviellm.generation.writers.world.actions import ROLES, manual
from moviellm.generation.writers.world.naming import Names
from moviellm.generation.writers.world.proposal import FixProposal
from moviellm.generation.writers.world.reasons import read_step, settled
from moviellm.generation.writers.world.stage import ENDING
from tests.generation.studio.tales import events, tale
from tests.generation.writers.worlds import scene, stage, step

WAIT = scene(step("wait", "Ben"))
IMPOSSIBLE = {
    "unknown action": (step("teleport"), "unknown", "no action 'teleport'"),
    "unknown mode": (step("give", mode="sideways", other="Ben", thing="red lantern"), "unknown", "no mode"),
    "unknown person": (step("hug", other="Zorro"), "unknown", "no 'Zorro'"),
    "unknown actor": (step("wait", "Zorro"), "unknown", "no person 'Zorro'"),
    "unknown thing": (step("drop", thing="purple elephant"), "unknown", "no 'purple elephant'"),
    "a part is missing": (step("give", other="Ben"), "incomplete", "needs thing"),
    "wrong kind of thing": (step("eat", thing="red lantern"), "senseless", "to be a food"),
    "wrong kind of place": (step("go", target="Ben"), "senseless", "to be a place"),
    "with oneself": (step("hug", other="Ada"), "senseless", "cannot hug with or about Ada"),
    "wrong holder": (step("give", other="Ben", thing="gold cup"), "elsewhere", "in the hands of Cora"),
    "captive elsewhere": (step("hug", other="Dan"), "absent", "Dan is at the damp cellar"),
    "a captive goes nowhere": (step("go", "Dan", target="the old inn"), "absent", "Dan is at the damp cellar"),
    "locked": (step("open", thing="brown chest"), "locked", "the brown chest is locked"),
    "shut": (step("close", thing="brown chest"), "open or shut", "the brown chest is shut"),
    "hidden": (step("pick_up", thing="silver key"), "hidden", "the silver key is hidden"),
    "far away": (step("pick_up", thing="black spade"), "elsewhere", "at the deep forest"),
    "in a shut chest": (
        step("take", thing="white bandage", target="brown chest"), "open or shut", "the brown chest is shut"
    ),
    "not asleep": (
        step("steal", mode="asleep", other="Ben", thing="brown bread"), "asleep", "Ben is awake"
    ),
    "not known": (
        step("tell", other="Ben", topic="gold cup", target="Cora"), "not known", "Ada knows nothing about it"
    ),
    "believed": (
        step("lie", "Ben", other="Ada", topic="gold cup", target="Cora"), "not known", "believes just that"
    ),
    "not asked": (step("refuse", other="Ben", topic="gold cup"), "not asked", "Ben has not asked Ada"),
    "not grateful": (step("hug", mode="thanks", other="Ben"), "not felt", "not grateful towards Ben"),
    "no wrong": (step("argue", mode="wronged", other="Ben"), "no wrong", "has done Ada no wrong"),
    "no such price": (
        step("give", mode="favour", other="Ben", thing="red lantern"), "no such price", "not named that price"
    ),
    "not captive": (step("free", other="Ben"), "captive", "Ben is no captive"),
    "not wounded": (step("heal", other="Ben"), "wounded or well", "Ben is well"),
    "not broken": (step("repair", mode="vain", thing="gold cup", target="x"), "unknown", "no 'x'"),
    "not lit": (step("put_out", thing="red lantern"), "lit or not", "the red lantern is not lit"),
    "not searched": (step("find", thing="silver key"), "not searched", "has not searched"),
    "calls who is here": (step("call", other="Ben", target="the old inn"), "senseless", "another place"),
    "nowhere to go": (step("go", target="the old inn"), "senseless", "needs another place"),
    "says something else": (step("read", thing="red lantern"), "senseless", "to be a text"),
}  # fmt: skip


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_impossible_step_is_caught_and_left_out_with_the_reason(name):
    wrong, kind, text = IMPOSSIBLE[name]
    acted = stage()
    acted.play([scene(step("wait", "Ben"), wrong), WAIT])
    (left,) = acted.left
    assert (left.fault.kind, left.step) == (kind, wrong)
    assert text in str(left)
    assert [item.action for item in acted.scenes[0].steps] == ["wait"]


def test_who_has_gone_does_nothing_more_in_the_scene():
    acted = stage()
    acted.play([scene(step("go", target="the deep forest"), step("hug", "Ben", other="Ada")), WAIT])
    assert "Ada is at the deep forest, not at the old inn" in str(acted.left[0])


def test_who_is_here_cannot_come_in():
    acted = stage()
    acted.play([scene(step("wait"), step("enter")), WAIT])
    assert "here already" in str(acted.left[0])


def test_who_sleeps_does_nothing():
    acted = stage()
    acted.play([scene(step("sleep"), step("hug", "Ben", other="Ada")), WAIT])
    assert acted.left[0].fault.kind == "asleep"


def test_nobody_looks_on_where_something_is_hidden():
    acted = stage()
    hide = step("hide", thing="red lantern")
    acted.play([scene(step("hug", other="Ben"), hide), scene(hide, step("wait", "Ben"))])
    assert [(item.scene, item.fault.kind) for item in acted.left] == [(0, "secret"), (1, "secret")]


def test_who_watches_may_look_on():
    acted = stage()
    watch = step("watch", "Ben", mode="hide", other="Ada", thing="red lantern")
    acted.play([scene(step("hide", thing="red lantern"), watch), WAIT])
    assert not acted.left


def test_nothing_happens_twice_in_a_scene():
    acted = stage()
    acted.play([scene(step("hug", other="Ben"), step("hug", other="Ben")), WAIT])
    assert acted.left[0].fault.kind == "again"


def test_a_scene_has_no_more_steps_than_pictures():
    acted = stage(keyframes=2)
    acted.play([scene(step("wait"), step("wait", "Ben"), step("hug", other="Ben")), WAIT])
    assert (len(acted.scenes[0].steps), acted.left[0].fault.kind) == (2, "room")


def test_a_slow_pace_leaves_room_for_fewer_steps():
    assert (stage(keyframes=10).cap, stage(keyframes=10, world={"pace": "slow"}).cap) == (10, 4)


def test_a_scene_without_a_possible_step_gets_something_that_these_people_do():
    acted = stage()
    acted.play([scene(step("hug", "Ben", other="Dan")), WAIT])
    assert len(acted.scenes[0].steps) == 1
    assert (acted.filled, len(acted.left)) == (1, 1)


def test_a_scene_without_steps_gets_one():
    acted = stage()
    acted.play([scene(), WAIT])
    assert (len(acted.scenes[0].steps), acted.filled) == (1, 1)


# ------------------------------------------------------------------------------------------------ mending


def mended(wrong, *instead, after=()):
    """A stage after a chapter whose second step was sent back."""
    acted = stage()
    acted.play([scene(step("wait", "Ben"), wrong, *after), WAIT], [FixProposal(broken=1, steps=instead)])
    return acted


def test_a_step_put_right_is_taken_and_reported():
    acted = mended(step("give", other="Ben", thing="gold cup"), step("give", other="Ben", thing="red lantern"))
    assert [item.thing for item in acted.scenes[0].steps] == ["", "red lantern"]
    assert not acted.left
    assert "gold cup" in str(acted.mended[0])


def test_several_steps_may_stand_in_for_one():
    search, find = step("search", thing="silver key"), step("find", thing="silver key")
    acted = mended(step("pick_up", thing="silver key"), search, find, step("pick_up", thing="silver key"))
    assert [item.action for item in acted.scenes[0].steps] == ["wait", "search", "find", "pick_up"]


def test_a_wrong_repair_is_left_out_with_both_reasons():
    acted = mended(step("eat", thing="red lantern"), step("eat", thing="brown bread"))
    assert "to be a food" in str(acted.left[0])
    assert "instead eat: Ada, thing brown bread: the brown bread is in the hands of Ben" in str(acted.left[0])


def test_a_repair_of_nothing_leaves_the_step_out():
    acted = mended(step("eat", thing="red lantern"))
    assert len(acted.left) == 1


def test_a_step_that_another_repair_makes_possible_is_taken_as_it_was():
    later = step("give", other="Ben", thing="gold cup")
    get = step("give", "Cora", other="Ada", thing="gold cup")
    acted = mended(step("eat", thing="gold cup"), get, after=(later,))
    assert [(item.action, item.actor) for item in acted.scenes[0].steps] == [
        ("wait", "Ben"), ("give", "Cora"), ("give", "Ada"),
    ]  # fmt: skip
    assert len(acted.mended) == 2


def test_a_repair_of_a_step_that_was_possible_changes_nothing():
    acted = stage()
    acted.play([scene(step("wait", "Ben")), WAIT], [FixProposal(broken=0, steps=(step("hug", other="Ben"),))])
    assert [item.action for item in acted.scenes[0].steps] == ["wait"]


def test_steps_may_be_added_to_the_end_of_the_last_scene():
    acted = stage()
    acted.play([WAIT, WAIT], [FixProposal(broken=ENDING, steps=(step("hug", other="Ben"),))])
    assert [len(item.steps) for item in acted.scenes] == [1, 2]


def test_a_rehearsal_changes_nothing():
    acted = stage()
    before = dict(acted.state.facts)
    broken, _ = acted.rehearse([scene(step("go", target="the deep forest"), step("teleport")), WAIT])
    assert (acted.state.facts, len(broken), acted.scenes) == (before, 1, [])


# ------------------------------------------------------------------------------------------------ what the state says


def test_a_text_is_read_as_it_says():
    acted = stage()
    acted.play([scene(step("read", "Ben", thing="white letter")), WAIT])
    (read,) = acted.scenes[0].steps
    assert (read.topic, read.target) == ("gold cup", "the damp cellar")


def test_what_was_asked_for_is_given_because_it_was_asked_for():
    acted = stage()
    ask = step("ask", other="Ben", topic="brown bread")
    acted.play([scene(ask, step("give", "Ben", other="Ada", thing="brown bread")), WAIT])
    assert acted.scenes[0].steps[1].mode == "asked"


def test_who_was_called_comes_because_of_the_call():
    acted = stage()
    call = step("call", other="Cora", target="the deep forest")
    acted.play([scene(call, step("enter", "Cora")), WAIT])
    assert (acted.scenes[0].steps[1].mode, acted.scenes[0].steps[1].topic) == ("called", "Ada")


# ------------------------------------------------------------------------------------------------ the table of actions


def test_every_action_of_the_world_is_in_the_manual():
    assert set(ROLES) == set(ACTIONS)
    assert all(any(line.startswith(action) for line in manual(ACTIONS)) for action in ACTIONS)


def test_a_manual_names_no_action_that_may_not_occur():
    assert all(line.startswith(("give", "go")) for line in manual({"give", "go"}))


@pytest.mark.parametrize("seed", range(8))
def test_every_act_of_an_offline_story_is_one_that_a_model_may_propose(seed):
    story = tale(seed)
    names, state = Names(story.world), State()
    for log in story.scenes:
        for fact, value in log.cuts:
            state.cut(fact, value)
        for event in log.events:
            act = event.act
            said = step(
                act.action, act.actor, mode=act.mode, other=act.other, thing=act.thing, target=act.target,
                topic=act.topic,
            )  # fmt: skip
            read = settled(read_step(said, act.place, story.world, names, ACTIONS), state)
            assert state.wrong(read) is None
            state.apply(event.key, act)
    assert events(story)
