"""Questions that ask what an earlier one asks."""

from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.config.models import GatesConfig
from moviellm.generation.gating.repeats import likeness, with_repeats
from moviellm.generation.gating.verdicts import verdicts
from tests.factories import make_movie

FIRST = make_movie(0).qa_pairs[0]
sets = st.frozensets(st.sampled_from("abcdefgh"))


def asked(*texts, **changes):
    """Questions with these words and answers, with what is stored about them."""
    return with_repeats([FIRST.model_copy(update={"question": q, "answer": a, **changes}) for q, a in texts])


def values(pairs):
    return [score.value for question in pairs for score in question.gates if score.name == "repeats"]


def test_first_of_its_kind_is_like_nothing_and_its_repetition_is_flagged():
    pairs = asked(("Who hides the key?", "Ada."), ("Where is the map?", "In the attic."), ("who hides a key", "ada"))
    assert values(pairs)[0] == 0.0 and values(pairs)[1] < 0.2 and values(pairs)[2] == 1.0
    assert [verdicts(question, GatesConfig()) for question in pairs] == [(), (), ("repeated",)]


def test_another_word_that_matters_makes_another_question():
    pairs = asked(("Who hides the key in the attic?", "Ada"), ("Who finds the key in the attic?", "Ben"))
    assert values(pairs)[1] < 0.8 and verdicts(pairs[1], GatesConfig()) == ()


def test_threshold_is_the_recipes():
    pairs = asked(("Who hides the key?", "Ada"), ("Who hides the old key?", "Ada"))
    assert verdicts(pairs[1], GatesConfig(repeats_max=0.5)) == ("repeated",)
    assert verdicts(pairs[1], GatesConfig(repeats_max=1.0)) == ()


def test_computed_questions_are_not_compared():
    pairs = asked(("Who?", "Ada"), ("Who?", "Ada"), form="{}")
    assert [question.gates for question in pairs] == [None, None]


def test_measured_twice_it_is_stored_once():
    pairs = asked(("Who?", "Ada"), ("Who?", "Ada"))
    assert with_repeats(pairs) == pairs


@given(sets, sets)
def test_likeness_is_symmetric_and_one_only_for_the_same(one, other):
    assert likeness(one, other) == likeness(other, one) and 0.0 <= likeness(one, other) <= 1.0
    assert (likeness(one, other) == 1.0) == (one == other and bool(one))
