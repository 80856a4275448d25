"""What language models said, counted; and which questions the test split leaves out for it."""

from collections import Counter

import pytest

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.asked_gates import AskedGates, Strict
from moviellm.generation.dataset.check import check_dataset
from moviellm.generation.export import build_dataset
from moviellm.generation.schema import Score, check_movie
from tests.factories import MemoryRun, make_movie


def scored(number, flags=(), split=None, **changes):
    """A movie whose second question went through gates, and has these flags."""
    movie = make_movie(number)
    first, second, third = movie.qa_pairs
    scores = (
        Score(name="llm_blind", value=0.25, measured_by="a"),
        Score(name="llm_blind", value=None, reason="nothing came", measured_by="b"),
    )
    second = second.model_copy(update={"gates": scores, "flags": flags})
    third = third.model_copy(update=changes)
    return movie.model_copy(update={"qa_pairs": (first, second, third), "split": split})


def ids(movie):
    return [question.question_id.partition("-")[2] for question in movie.qa_pairs]


def test_scores_are_counted_by_gate_and_model_and_those_without_a_value_apart():
    table = AskedGates()
    for number in range(4):
        table.add(scored(number))
    (one, two) = table.ordered()
    assert one[:2] == ("llm_blind", "a") and (one[2].questions, one[2].mean) == (4, 0.25)
    assert one[2].chance == pytest.approx(1 / 3)
    assert two[:2] == ("llm_blind", "b") and (two[2].questions, two[2].unscored) == (0, 4)


def test_train_keeps_flagged_questions_and_test_leaves_them_out():
    left_out = Counter()
    train, test = (scored(0, ("guessable", "not_shown"), split) for split in ("train", "test"))
    assert Strict().kept(train, left_out) is train and not left_out
    assert ids(Strict().kept(test, left_out)) == ["q000", "q002"]
    assert left_out == Counter(guessable=1, not_shown=1)


def test_follow_up_goes_with_the_question_it_follows():
    left_out = Counter()
    movie = scored(0, ("guessable",), "test", turn_of="m00000-q001")
    kept = Strict().kept(movie, left_out)
    assert ids(kept) == ["q000"] and left_out == Counter(guessable=1, follows=1)
    check_movie(kept)


def test_group_goes_as_a_whole_in_both_twins():
    strict, left_out = Strict(), Counter()
    one = scored(0, (), "test", group_id="m00000-twin-00")
    other = scored(1, ("guessable",), "test")
    pair = other.qa_pairs[1].model_copy(update={"group_id": "m00000-twin-00"})
    other = other.model_copy(update={"qa_pairs": (other.qa_pairs[0], pair, other.qa_pairs[2])})
    for movie in (one, other):
        strict.add(movie)
    assert ids(strict.kept(one, left_out)) == ["q000", "q001"]
    assert ids(strict.kept(other, left_out)) == ["q000", "q002"]


def test_movie_without_flags_is_left_as_it_is():
    movie = scored(0, (), "test")
    assert Strict().kept(movie, Counter()) is movie


def test_dataset_with_gates_holds_together_and_keeps_both_kinds_of_scores(tmp_path):
    kept = []

    def render(facts):
        from moviellm.cards.dataset_card import render as card

        kept.append(facts)
        return card(facts)

    movies = [scored(number, ("guessable",) if number % 2 else ()) for number in range(4)]
    recipe = Recipe.model_validate({"splits": {"validation": 0, "test": 1}})
    build_dataset(MemoryRun(movies), tmp_path / "data", recipe, run_seed=1, render_readme=render)
    assert list(check_dataset(tmp_path / "data")) == []
    measures = kept[0].measures
    flagged = sum(sum(counts.values()) for counts in measures.asked.flags.values())
    assert flagged + measures.asked.left_out["guessable"] == 2
    assert measures.asked.flags.get("guessable", Counter())["test"] == 0
    import pyarrow.parquet as pq

    rows = pq.read_table(next((tmp_path / "data/qa").glob("train-*.parquet"))).to_pylist()
    names = {score["name"] for row in rows if row["question_type"] == "visual" for score in row["gates"]}
    assert {"llm_blind", "longest_option", "chance"} <= names
    assert any(row["flags"] == ["guessable"] for row in rows)
