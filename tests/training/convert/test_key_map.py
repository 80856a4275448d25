"""Key maps match names and shapes, and drop nothing silently."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.training.convert.key_map import ZEROS, Rule, make_plan, rename, rules, under

MAP = (
    Rule(("old.{n}.{rest}",), "new.{n}.{rest}"),
    Rule(("part.q", ZEROS, "part.v"), "whole"),
    Rule(("count",), None, "it counts"),
    Rule((), "one", fill=1.0),
)


def test_names_are_renamed_with_their_numbers_and_ends() -> None:
    plan = make_plan(MAP, {"old.3.a.b": (2,)}, {"new.3.a.b": (2,)})
    assert [(step.target, step.sources) for step in plan.steps] == [("new.3.a.b", ("old.3.a.b",))]


def test_parts_are_put_one_behind_the_other_in_the_order_of_the_rule() -> None:
    plan = make_plan(MAP, {"part.v": (2,), "part.q": (2,)}, {"whole": (6,)})
    assert plan.steps[0].sources == ("part.q", ZEROS, "part.v")


def test_a_missing_part_is_a_wrong_shape() -> None:
    plan = make_plan(MAP, {"part.q": (2,)}, {"whole": (6,)})
    assert plan.wrong == ["whole (4 there, 6 here)"]


def test_what_is_left_out_is_listed_with_its_reason() -> None:
    assert make_plan(MAP, {"count": (9,)}, {}).skipped == {"count": "it counts"}


def test_a_weight_that_the_original_lacks_is_filled() -> None:
    assert make_plan(MAP, {}, {"one": (2,)}).steps[0].fill == 1.0


def test_the_table_of_words_may_grow() -> None:
    step = make_plan(rules("llama"), {"lm_head.weight": (5, 2)}, {"lm_head.weight": (6, 2)}).steps[0]
    assert step.grows


def test_the_table_of_words_may_not_shrink() -> None:
    plan = make_plan(rules("llama"), {"lm_head.weight": (7, 2)}, {"lm_head.weight": (6, 2)})
    assert plan.wrong == ["lm_head.weight (7 x 2 there, 6 x 2 here)"]


def test_rules_under_a_prefix_leave_other_names_alone() -> None:
    line = under("tower.", MAP)[0]
    assert rename("tower.old.1.a", line) == "new.1.a"
    assert rename("old.1.a", line) is None


def test_everything_that_does_not_fit_is_told_at_once() -> None:
    plan = make_plan(MAP, {"stray": (1,), "old.0.a": (1,)}, {"new.0.a": (2,), "gone": (1,)})
    with pytest.raises(ValueError, match="unknown weights.*stray.*missing weights.*gone.*another shape: new.0.a"):
        plan.check("it")


@settings(max_examples=40)
@given(st.dictionaries(st.text(string.ascii_lowercase + "0123456789.", min_size=1), st.just((2, 2)), max_size=20))
def test_every_name_of_a_checkpoint_is_taken_skipped_or_unknown(sources: dict[str, tuple[int, int]]) -> None:
    sources |= {"old.1.x": (2, 2), "count": (2, 2)}
    plan = make_plan(MAP, sources, {"new.1.x": (2, 2)})
    taken = [name for step in plan.steps for name in step.sources]
    assert sorted([*taken, *plan.skipped, *plan.unknown]) == sorted(sources)
