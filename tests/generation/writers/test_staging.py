"""What a scene may do with the facts: who is there, what is at hand."""

from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.schema import StateChange
from moviellm.generation.writers.continuity import Roster, fold, holder
from moviellm.generation.writers.staging import Walk

ROSTER = Roster(people=("Ada", "Ben", "Cleo"), places=("the inn", "the pier"), objects=("key", "box"))


def change(entity: str, attribute: str, value: str) -> StateChange:
    return StateChange(entity=entity, attribute=attribute, value=value)


def walk(*facts: StateChange, people: tuple[str, ...] = ("Ada", "Ben")) -> Walk:
    return Walk(roster=ROSTER, facts=fold({}, facts), place="the inn", people=people)


def only_problem(scene: Walk) -> str:
    assert len(scene.problems) == 1
    return scene.problems[0]


def test_whoever_the_plan_puts_into_a_scene_is_there() -> None:
    scene = walk(change("Ada", "at", "the pier"))
    scene.event("e1", ["Ada", "Ben"], [])
    assert scene.problems == [] and scene.facts["Ada", "at"] == "the inn"


def test_nobody_else_comes_in() -> None:
    scene = walk()
    scene.event("e1", ["Ada", "Cleo"], [])
    assert only_problem(scene) == "event e1: Cleo is not in this scene; its people are Ada, Ben"


def test_who_has_left_is_not_there() -> None:
    scene = walk()
    scene.event("e1", ["Ben"], [change("Ben", "at", "the pier")])
    scene.event("e2", ["Ada", "Ben"], [])
    assert only_problem(scene) == "event e2: Ben has left for the pier and is not there"


def test_who_has_left_may_come_back() -> None:
    scene = walk()
    scene.event("e1", ["Ben"], [change("Ben", "at", "the pier")])
    scene.event("e2", ["Ben"], [change("Ben", "at", "the inn")])
    scene.event("e3", ["Ada", "Ben"], [])
    assert scene.problems == []


def test_the_dead_do_not_act_but_can_be_buried() -> None:
    scene = walk()
    scene.event("e1", ["Ben", "Ada"], [change("Ada", "alive", "no")])
    scene.event("e2", ["Ben", "Ada"], [])
    assert scene.problems == []
    scene.event("e3", ["Ada"], [])
    assert only_problem(scene) == "event e3: Ada is dead and cannot act"


def test_the_dead_do_not_speak() -> None:
    scene = walk()
    scene.event("e1", ["Ben"], [change("Ada", "alive", "no")])
    scene.event("e2", ["Ben"], [])
    scene.speaks("line 1", "Ada", "e1")  # last words
    assert scene.problems == []
    scene.speaks("line 2", "Ada", "e2")
    assert only_problem(scene) == "line 2: Ada is dead and cannot speak"


def test_the_dead_lie_in_pictures() -> None:
    scene = walk()
    scene.event("e1", ["Ben"], [change("Ada", "alive", "no")])
    scene.event("e2", ["Ben"], [])
    scene.figure("keyframe 1", "Ada", "sleep", None, "e2")
    assert scene.problems == []
    scene.figure("keyframe 2", "Ada", "wave", None, "e2")
    assert "is dead and cannot wave" in only_problem(scene)


def test_the_dead_stay_dead() -> None:
    scene = walk()
    scene.event("e1", ["Ben"], [change("Ada", "alive", "no")])
    scene.event("e2", ["Ben"], [change("Ada", "alive", "yes")])
    assert only_problem(scene) == "event e2: Ada is dead and stays dead"


def test_nobody_holds_what_another_holds() -> None:
    scene = walk(change("key", "where", "held:Ben"))
    scene.event("e1", ["Ada"], [])
    scene.figure("keyframe 1", "Ada", "stand", "key", "e1")
    assert only_problem(scene) == "keyframe 1: Ada holds the key, but the key is held by Ben"


def test_what_changes_hands_is_seen_with_either() -> None:
    scene = walk(change("key", "where", "held:Ben"))
    scene.event("e1", ["Ben", "Ada"], [change("key", "where", "held:Ada")])
    scene.figure("keyframe 1", "Ben", "give", "key", "e1")
    scene.figure("keyframe 2", "Ada", "stand", "key", "e1")
    scene.figure("keyframe 2", "Ada", "stand", "a cup", "e1")
    assert scene.problems == []


def test_nobody_takes_what_is_elsewhere() -> None:
    for spot, said in (("at:the pier", "the key lies at the pier"), ("held:Cleo", "the key is held by Cleo")):
        scene = walk(change("key", "where", spot))
        scene.event("e1", ["Ada"], [change("key", "where", "held:Ada")])
        assert only_problem(scene) == f"event e1: {said}, so that nobody here can take or move it"


def test_what_lies_in_a_box_is_where_the_box_is() -> None:
    for spot, fine in (("at:the inn", True), ("held:Ben", True), ("at:the pier", False), ("held:Cleo", False)):
        scene = walk(change("key", "where", "in:box"), change("box", "where", spot))
        scene.event("e1", ["Ada"], [change("key", "where", "held:Ada")])
        assert (scene.problems == []) == fine


def test_boxes_in_each_other_end() -> None:
    scene = walk(change("key", "where", "in:box"), change("box", "where", "in:key"))
    scene.event("e1", ["Ada"], [change("key", "where", "held:Ada")])
    assert scene.problems == []


def test_what_lies_elsewhere_is_in_no_picture() -> None:
    scene = walk(change("key", "where", "at:the pier"))
    scene.props("keyframe 1", ["key", "a lamp"], None)
    assert only_problem(scene) == "keyframe 1: the key cannot be seen here, for the key lies at the pier"


def test_word_may_reach_somebody_who_is_not_there() -> None:
    scene = walk()
    scene.event("e1", ["Ada"], [change("Cleo", "knows:Ada is at the inn", "yes")])
    assert scene.problems == []


MOVES = st.lists(
    st.tuples(
        st.sampled_from(ROSTER.people),
        st.one_of(
            st.builds(change, st.sampled_from(ROSTER.people), st.just("at"), st.sampled_from(ROSTER.places)),
            st.builds(
                change,
                st.sampled_from(ROSTER.objects),
                st.just("where"),
                st.sampled_from(("held:Ada", "held:Ben", "held:Cleo", "at:the inn", "at:the pier")),
            ),
            st.builds(change, st.sampled_from(ROSTER.people), st.just("alive"), st.sampled_from(("yes", "no"))),
        ),
    ),
    max_size=8,
)


@given(MOVES, st.sets(st.sampled_from(ROSTER.people)))
def test_a_scene_without_problems_breaks_no_law(moves: list[tuple[str, StateChange]], people: set[str]) -> None:
    cast = tuple(sorted(people))
    scene = walk(change("key", "where", "held:Cleo"), people=cast)
    for i, (actor, moved) in enumerate(moves):
        before = dict(scene.facts)
        scene.event(f"e{i}", [actor], [moved])
        if scene.problems:
            return
        assert before.get((actor, "alive")) != "no"
        assert actor in cast
        if moved.attribute == "where":
            had, has = holder(before, moved.entity), holder(scene.facts, moved.entity)
            assert had is None or had == has or had in cast
            assert has is None or has == had or (has in cast and scene.facts.get((has, "alive")) != "no")
        if moved.attribute == "alive":
            assert not (before.get((moved.entity, "alive")) == "no" and moved.value == "yes")
