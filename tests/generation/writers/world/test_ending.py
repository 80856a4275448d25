"""The synopsis says that the goal is reached only where the last scene reaches it."""

import pytest

from moviellm.generation.studio.world.act import Act
from moviellm.generation.writers.world.dates import Calendar
from moviellm.generation.writers.world.ending import aim, end_of, finished, goal_lines, stage_end
from tests.generation.studio.tales import tale
from tests.generation.writers.worlds import founded, scene, stage, step

GET = step("give", "Cora", other="Ada", thing="gold cup", thread="main")
END = step("give", other="Ben", thing="gold cup", thread="main")


def threads(acted):
    return [step.thread for scene in acted.scenes for step in scene.steps]


def played(*scenes, keyframes=6):
    acted = stage(keyframes=keyframes)
    acted.play(scenes)
    stage_end(acted)
    return acted


def test_the_step_that_reaches_the_goal_is_the_last_of_the_main_plot():
    acted = played(scene(GET), scene(END, step("hug", other="Ben", thread="main")))
    assert threads(acted) == ["main", "main", "side"]


def test_an_end_that_is_missing_is_planned_where_there_is_room():
    acted = played(scene(GET), scene(step("hug", "Ben", other="Ada")))
    assert (acted.scenes[-1].steps[-1].action, threads(acted)) == ("give", ["main", "", "main"])


def test_without_room_for_an_end_there_is_no_main_plot():
    acted = played(scene(GET), scene(step("hug", "Ben", other="Ada", thread="main")), keyframes=1)
    assert threads(acted) == ["side", "side"]


def test_a_goal_that_is_undone_is_not_reached():
    give, steal = Act("give", "Ada", "x", "Ben", "gold cup"), Act("steal", "Cora", "x", "Ben", "gold cup")
    quest = founded().quest
    assert (end_of(quest, [give]), end_of(quest, [give, steal])) == (0, None)


@pytest.mark.parametrize("seed", range(12))
def test_the_end_of_an_offline_story_reaches_its_goal(seed):
    story = tale(seed)
    main = [event.act for log in story.scenes for event in log.events if event.thread == "main"]
    assert end_of(story.quests[-1], main[-1:]) == 0


def test_what_nobody_met_or_touched_is_not_in_the_world():
    world = finished(played(scene(GET), scene(END))).world
    assert [person.name for person in world.people] == ["Ada", "Ben", "Cora"]
    assert [thing.name for thing in world.things] == ["gold cup"]
    assert [place.name for place in world.places] == ["the old inn"]


def test_every_goal_has_an_end_in_words():
    lines = list(goal_lines())
    assert len(lines) == 16
    assert aim(founded().quest) == "Ada gives the gold cup to Ben"


def test_time_goes_on_and_nights_are_over_at_dawn():
    calendar = Calendar.start("dusk", 3)
    told = [calendar.turn(*turn) for turn in (("dusk", 0), ("night", 0), ("dawn", 0), ("dawn", 0), ("day", 9))]
    assert told == sorted(told)
    days = [int(date.replace("-", "")) for date, _ in told]
    assert days[2] > days[0]
    assert days[4] >= days[3] + 9


@pytest.mark.parametrize("seed", range(20))
def test_the_clock_says_the_time_of_day(seed):
    calendar = Calendar.start("day", seed)
    windows = {"dawn": (5, 7), "day": (7, 17.5), "dusk": (17.5, 20.5), "night": (20.5, 29)}
    for name in ("day", "day", "dusk", "night", "night", "dawn", "day", "night") * 3:
        hours, minutes = map(int, calendar.turn(name, 0)[1].split(":"))
        low, high = windows[name]
        time = hours + minutes / 60
        assert low <= time < high or low <= time + 24 < high
