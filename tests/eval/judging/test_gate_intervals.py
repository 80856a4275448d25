"""Agreement with intervals: the same values as the core's, and doubt where resampling sees none."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.eval.core import cohen_kappa, gwet_ac1, krippendorff_alpha
from moviellm.eval.core.resampling import Interval, Statistic
from moviellm.eval.judging import gate_intervals
from moviellm.eval.judging.gate_intervals import ac1_of, alpha_of, kappa_of

SIDES = st.sampled_from(["a", "b", "tie"])
PAIRS = st.lists(st.tuples(SIDES, SIDES), min_size=2, max_size=30)
ROWS = st.lists(st.lists(st.sampled_from([True, False, None]), min_size=3, max_size=3), min_size=2, max_size=12)


@contextmanager
def undrawn() -> Iterator[list[float]]:
    """Nothing is resampled; what the formulas for many draws give for the data as it is, in a list."""
    found: list[float] = []

    def as_it_is(statistic: Statistic, clusters: int) -> Interval:
        found.append(float(statistic(np.ones((1, clusters)))[0]))
        return Interval(found[-1], None, None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate_intervals, "bootstrap", as_it_is)
        yield found


@settings(max_examples=40)
@given(PAIRS)
def test_kappa_and_ac1_of_many_draws_are_those_of_the_core(pairs: list[tuple[str, str]]) -> None:
    people, judge = [one for one, _ in pairs], [other for _, other in pairs]
    families = [str(at % 4) for at in range(len(pairs))]
    for measure, value in ((kappa_of, cohen_kappa(people, judge)), (ac1_of, gwet_ac1([people, judge]))):
        with undrawn() as found:
            assert measure(people, judge, families)["n"] == len(pairs)
        assert found == ([] if value is None else [pytest.approx(value, abs=1e-9)])


@settings(max_examples=40)
@given(ROWS)
def test_alpha_of_many_draws_is_that_of_the_core(rows: list[list[bool | None]]) -> None:
    with undrawn() as found:
        alpha_of(rows, [str(at % 4) for at in range(len(rows))])
    value = krippendorff_alpha(list(zip(*rows, strict=True)))
    assert found == ([] if value is None else [pytest.approx(value, abs=1e-9)])


@settings(max_examples=20)
@given(PAIRS)
def test_a_value_lies_in_its_interval_or_there_is_none(pairs: list[tuple[str, str]]) -> None:
    people, judge = [one for one, _ in pairs], [other for _, other in pairs]
    found = ac1_of(people, judge, [str(at) for at in range(len(pairs))])
    value, low, high = (found[name] for name in ("value", "low", "high"))
    if low is not None and high is not None and value is not None:
        assert -1.0 <= low <= value <= high <= 1.0


@pytest.mark.parametrize("families", [20, 40])
def test_where_all_agree_there_is_doubt_and_less_with_more_questions(families: int) -> None:
    people = [at % 2 == 0 for at in range(80)]
    names = [str(at % families) for at in range(80)]
    for found in (kappa_of(people, people, names), alpha_of([[one, one] for one in people], names)):
        assert (found["value"], found["high"]) == (1.0, 1.0)
        low = found["low"]
        assert low is not None and (0.6 < low < 0.7 if families == 20 else 0.8 < low < 0.9)


def test_one_question_alone_has_no_interval() -> None:
    found = kappa_of([True, False, True], [True, False, False], ["q", "q", "q"])
    assert found["value"] is not None and found["low"] is None


def test_answers_with_one_verdict_say_nothing_of_repeats() -> None:
    assert alpha_of([[True, None], [None, None]], ["a", "b"]) == {"value": None, "low": None, "high": None, "n": 0}
