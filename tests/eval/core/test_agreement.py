"""Agreement of raters: published numbers, formulas written out, laws, what is undefined, refusals."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.eval.core import cohen_kappa, gwet_ac1, krippendorff_alpha

RATINGS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=12)
TABLES = st.lists(st.lists(st.sampled_from([0, 1, 2, None]), min_size=6, max_size=6), min_size=2, max_size=4)
KRIPPENDORFF = [
    [None, None, None, None, None, 3, 4, 1, 2, 1, 1, 3, 3, None, 3],
    [1, None, 2, 1, 3, 3, 4, 3, None, None, None, None, None, None, None],
    [None, None, 2, 1, 3, 4, 4, None, 2, 1, 1, 3, 3, None, 4],
]
"""Krippendorff 2011, "Computing Krippendorff's alpha-reliability", as commonly quoted: alpha is 0.691 nominal."""


@given(RATINGS)
@settings(max_examples=40, deadline=None)
def test_kappa_is_agreement_beyond_chance(pairs: list[tuple[int, int]]) -> None:
    a, b = zip(*pairs, strict=True)
    n = len(pairs)
    observed = sum(one == other for one, other in pairs) / n
    chance = sum(a.count(kind) * b.count(kind) for kind in range(3)) / n**2
    found = cohen_kappa(a, b)
    assert (found is None) == (chance == 1)
    assert found is None or found == pytest.approx((observed - chance) / (1 - chance), abs=1e-9)
    assert cohen_kappa(b, a) == (found if found is None else pytest.approx(found))


def test_kappa_is_low_and_ac1_high_where_one_category_is_rare() -> None:
    a = ["yes"] * 95 + ["no"] * 5
    b = ["yes"] * 90 + ["no"] * 5 + ["yes"] * 5
    assert cohen_kappa(a, b) == pytest.approx(-0.0526, abs=1e-3)
    assert gwet_ac1([a, b]) == pytest.approx(0.89, abs=0.01)


def test_what_one_rater_left_out_does_not_count() -> None:
    assert cohen_kappa(["y", "n", None, "y"], ["y", "n", "y", None]) == 1.0


def test_ratings_of_several_kinds_are_names() -> None:
    assert cohen_kappa([1, "x", True], [1, "x", "y"]) is not None


@pytest.mark.parametrize(("a", "b"), [([], []), ([None], ["y"]), (["y", "y"], ["y", "y"])])
def test_kappa_without_two_categories_is_undefined(a: Any, b: Any) -> None:
    assert cohen_kappa(a, b) is None


def test_kappa_needs_ratings_of_the_same_things() -> None:
    with pytest.raises(ValueError, match="1 a, 2 b"):
        cohen_kappa(["y"], ["y", "n"])


@given(RATINGS)
def test_ac1_of_two_raters_is_gwets_formula(pairs: list[tuple[int, int]]) -> None:
    a, b = zip(*pairs, strict=True)
    kinds = sorted({*a, *b})
    n = len(pairs)
    observed = sum(one == other for one, other in pairs) / n
    shares = [(a.count(kind) + b.count(kind)) / (2 * n) for kind in kinds]
    if len(kinds) < 2:
        assert gwet_ac1([a, b]) is None
        return
    chance = sum(share * (1 - share) for share in shares) / (len(kinds) - 1)
    assert gwet_ac1([a, b]) == pytest.approx((observed - chance) / (1 - chance))


def test_ac1_and_alpha_of_a_table_with_gaps() -> None:
    """Values of irrCAC 0.4.4 and krippendorff 0.9.0."""
    assert gwet_ac1(KRIPPENDORFF) == pytest.approx(0.70916, abs=1e-5)
    assert krippendorff_alpha(KRIPPENDORFF, "nominal") == pytest.approx(0.691, abs=5e-4)
    assert krippendorff_alpha(KRIPPENDORFF, "interval") == pytest.approx(0.811, abs=5e-4)
    assert krippendorff_alpha(KRIPPENDORFF, "ordinal") == pytest.approx(0.807, abs=2e-3)


@given(TABLES, st.permutations(range(6)))
@settings(max_examples=30, deadline=None)
def test_agreement_knows_no_order_of_raters_or_things(table: list[list[int | None]], order: list[int]) -> None:
    mixed = [[row[at] for at in order] for row in table[::-1]]
    for measure in (gwet_ac1, lambda rows: krippendorff_alpha(rows, "ordinal")):
        one, other = measure(table), measure(mixed)
        assert one == (other if other is None else pytest.approx(other))
        assert one is None or one <= 1.0 + 1e-12


@given(st.lists(st.integers(0, 3), min_size=2, max_size=9))
@settings(max_examples=30, deadline=None)
def test_raters_who_never_differ_agree_fully(row: list[int]) -> None:
    expected = None if len(set(row)) < 2 else pytest.approx(1.0)
    assert gwet_ac1([row, row, row]) == expected
    assert krippendorff_alpha([row, row], "nominal") == expected
    assert krippendorff_alpha([row, row], "interval") == expected


@given(TABLES)
@settings(max_examples=30, deadline=None)
def test_alpha_of_names_knows_no_numbers(table: list[list[int | None]]) -> None:
    named = [[None if rating is None else "xyz"[rating] for rating in row] for row in table]
    one, other = krippendorff_alpha(table, "nominal"), krippendorff_alpha(named, "nominal")
    assert one == (other if other is None else pytest.approx(other))


@pytest.mark.parametrize("table", [[[1, None], [None, 2]], [[1, 1], [1, 1]], [[1, 2]], [[], []]])
def test_agreement_is_undefined_where_nothing_was_rated_twice_or_one_value_used(table: Any) -> None:
    assert gwet_ac1(table) is None
    assert krippendorff_alpha(table, "nominal") is None


@pytest.mark.parametrize(
    ("table", "level", "what"),
    [
        ([[1, 2], [1]], "nominal", "2 ratings of rater 0, 1 ratings of rater 1"),
        ([], "nominal", "one list of ratings a rater"),
        (["12", "12"], "nominal", "one list of ratings a rater"),
        ([[1, 2], [1, 2]], "ranks", "allowed are nominal, ordinal, interval, ratio"),
        ([["x", "y"], ["x", "y"]], "interval", "a rating is 'x', not a number"),
        ([[1, float("nan")], [1, 2]], "ordinal", "finite"),
    ],
)
def test_tables_that_are_none_are_refused(table: Any, level: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        krippendorff_alpha(table, level)
