"""Planted leaks are found, chance stays chance, no model answers a movie it saw, twins are picked alike."""

import random
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from moviellm.generation.dataset.gate_table import GateTable, all_or_nothing, should_fail, wilson
from moviellm.generation.gating import learned as gates_learned
from moviellm.generation.gating import measured as gates
from moviellm.generation.gating.learned import Choice, folds_of, learn
from moviellm.generation.gating.measured import BLIND, GATES, Gates
from moviellm.generation.schema import Movie, QAPair
from tests.factories import make_movie

NOUNS = ("map", "key", "lamp", "coin", "ring", "bell", "kite", "drum", "mask", "vase")
QUESTIONS = 30
Change = Callable[[list[str], int, random.Random], list[str]]


@pytest.fixture(autouse=True)
def few_slots(monkeypatch):
    """These movies have few words: smaller models are trained faster."""
    monkeypatch.setattr(gates_learned, "SLOTS", 1 << 14)


def ask(movie_id: str, number: int, options: list[str], right: int, text: str = "What is it?", **rest) -> QAPair:
    fields = {"requires": ("vision",), "evidence": (), "keyframe_ids": (), "line_ids": (), **rest}
    return QAPair(
        question_id=f"{movie_id}-q{number:03d}",
        level="movie",
        question_type="visual",
        answer_format="multiple_choice",
        question=text,
        answer=options[right],
        options=tuple(options),
        answer_index=right,
        **fields,
    )


def movies(change: Change = lambda options, right, dice: options, count: int = 10, **rest) -> list[Movie]:
    """Movies with questions whose answers follow from nothing, but for what `change` makes of the options."""
    made = []
    for number in range(count):
        dice = random.Random(number)
        movie = make_movie(number)
        pairs = []
        for i in range(QUESTIONS):
            options, right = [f"the {noun}" for noun in dice.sample(NOUNS, 4)], dice.randrange(4)
            text = f"What lies beside the {dice.choice(NOUNS)}?"
            pairs.append(ask(movie.movie_id, i, change(options, right, dice), right, text, **rest))
        made.append(movie.model_copy(update={"qa_pairs": tuple(pairs)}))
    return made


def scored(dataset: list[Movie], channels=None) -> list[Movie]:
    book = Gates(channels)
    for movie in dataset:
        book.add(movie)
    book.learn()
    return [book.scored(movie) for movie in dataset]


def accuracies(dataset: list[Movie]) -> dict[str, float]:
    table = GateTable()
    for movie in scored(dataset):
        table.add(movie)
    return {gate: count.accuracy for gate, count in table.by_gate().items() if count.questions}


def values(movie: Movie, number: int = 0) -> dict[str, float | None]:
    return {score.name: score.value for score in (movie.qa_pairs or ())[number].gates or ()}


def test_a_right_option_that_is_always_the_longest_is_found():
    def longer(options, right, dice):
        return [option + " over there" if i == right else option for i, option in enumerate(options)]

    assert accuracies(movies(longer))["longest_option"] == 1.0


def test_a_word_that_gives_the_answer_away_is_found():
    def telling(options, right, dice):
        return [option.replace("the", "that" if i == right else "this") for i, option in enumerate(options)]

    found = accuracies(movies(telling))
    assert found["options_only"] > 0.95
    assert found["longest_option"] < 0.4


def test_an_answer_that_follows_from_the_question_is_found_by_who_reads_it_only():
    dataset = []
    for movie in movies():
        pairs = []
        for i, question in enumerate(movie.qa_pairs or ()):
            noun = question.options[question.answer_index].split()[1]
            text = f"What lies beside the {NOUNS[(NOUNS.index(noun) + 1) % len(NOUNS)]}?"
            pairs.append(ask(movie.movie_id, i, list(question.options), question.answer_index, text))
        dataset.append(movie.model_copy(update={"qa_pairs": tuple(pairs)}))
    found = accuracies(dataset)
    assert found["question_only"] > 0.8
    assert found["options_only"] < 0.4


def test_an_option_that_repeats_the_question_is_found():
    dataset = []
    for movie in movies():
        pairs = [
            ask(movie.movie_id, i, list(q.options), q.answer_index, f"Where is {q.options[q.answer_index]}?")
            for i, q in enumerate(movie.qa_pairs or ())
        ]
        dataset.append(movie.model_copy(update={"qa_pairs": tuple(pairs)}))
    assert accuracies(dataset)["question_only"] > 0.95


def test_a_position_that_is_always_right_is_found():
    dataset = []
    for movie in movies():
        pairs = [ask(movie.movie_id, i, list(q.options), 2, q.question) for i, q in enumerate(movie.qa_pairs or ())]
        dataset.append(movie.model_copy(update={"qa_pairs": tuple(pairs)}))
    found = accuracies(dataset)
    assert found["options_only"] > 0.95 and found["most_frequent_answer"] < 0.95


def test_an_answer_that_is_mostly_right_is_found():
    def mostly(options, right, dice):
        options = [option for option in options if option != "the map"] + ["a coat"]
        options[right] = "the map" if dice.random() < 0.7 else "a hat"
        options[(right + 1) % 4] = "the map" if options[right] == "a hat" else "a hat"
        return options[:4]

    assert accuracies(movies(mostly))["most_frequent_answer"] > 0.6


def test_an_answer_that_is_spoken_beside_the_words_of_the_question_is_found():
    movie = movies(count=1)[0]
    line = next(movie.dialogue())
    question = ask(movie.movie_id, 0, ["a bell", "the tower", "a coin"], 1, "What does the key open?")
    assert line.text.startswith("The key opens the tower")
    assert values(scored([movie.model_copy(update={"qa_pairs": (question,)})])[0])["lexical"] == 1.0


def test_random_answers_stay_near_chance():
    found = accuracies(movies(count=40))
    assert set(found) == {"options_only", "question_only", "longest_option", "most_frequent_answer", "lexical"}
    assert all(abs(accuracy - 0.25) < 0.05 for accuracy in found.values()), found


def test_no_model_was_trained_on_the_movie_that_it_answers():
    """A word of one movie's right answers has a weight in the models that saw that movie, and in no other."""
    choices = [
        Choice(f"m{number:05d}", "What is it?", ("a map", f"a key of tower{number}"), 1) for number in range(10)
    ]
    solver = learn(choices, folds_of([choice.group for choice in choices]), False, lambda: None)
    for number, choice in enumerate(choices):
        slot = gates_learned._slots([f"tower{number}"], np.zeros(0, np.int64))[2]
        weights = [model.weights[slot] for model in solver.models]
        assert weights.pop(solver.fold_of[choice.group]) == 0.0
        assert min(weights) > 0.0


def test_a_movie_and_its_twin_are_in_one_fold():
    dataset = movies(count=6)
    dataset[4] = dataset[4].model_copy(update={"twin_of": "m00001"})
    book = Gates()
    for movie in dataset:
        book.add(movie)
    book.learn()
    assert len(book._folds) == 5 and "m00004" not in book._folds


def test_the_order_of_the_movies_changes_nothing():
    dataset = movies(count=6)
    assert scored(dataset[::-1])[::-1] == scored(dataset)


def test_a_sample_is_the_same_whatever_the_order(monkeypatch):
    monkeypatch.setattr(gates, "SAMPLE", 40)
    dataset = movies(count=6)
    assert scored(dataset[::-1])[::-1] == scored(dataset)


def test_memory_holds_a_sample_of_the_questions(monkeypatch):
    monkeypatch.setattr(gates, "SAMPLE", 10)
    book = Gates()
    for movie in movies(count=6):
        book.add(movie)
        assert len(book._sample) <= 2 * 10 + QUESTIONS


def test_one_movie_alone_has_learned_gates_without_a_value_and_a_reason():
    (movie,) = scored(movies(count=1))
    by_name = {score.name: score for score in movie.qa_pairs[0].gates}
    for gate in ("options_only", "question_only", "most_frequent_answer"):
        assert by_name[gate].value is None and "no unrelated one" in by_name[gate].reason
    assert by_name["longest_option"].value is not None


def test_gates_of_exact_readers_are_stored_and_missing_ones_say_why():
    dataset = movies(count=1)
    first = f"{dataset[0].movie_id}-q000"
    (movie,) = scored(dataset, lambda movie: {first: {"dialogue_only": 0.5, "single_frame": 0.25, "shuffled": 1.0}})
    assert values(movie)["dialogue_only"] == 0.5 and values(movie)["shuffled"] == 1.0
    assert values(movie, 1)["shuffled"] is None


def test_chance_stands_beside_the_gates():
    (movie,) = scored(movies(count=1))
    assert values(movie)["chance"] == 0.25


def test_open_questions_have_empty_gates():
    movie = scored([make_movie(0)])[0]
    formats = {q.answer_format: q.gates for q in movie.qa_pairs or ()}
    assert formats["open_ended"] == () and formats["temporal_grounding"] == ()


def test_yes_or_no_questions_have_the_gates_that_can_guess_them():
    dataset = []
    for movie in movies(count=4):
        base = movie.qa_pairs[0].model_dump() | {"answer_format": "open_ended", "options": (), "answer_index": None}
        pairs = tuple(
            QAPair(**base | {"question_id": f"{movie.movie_id}-q{i:03d}", "answer": "No." if i % 5 else "Yes."})
            for i in range(20)
        )
        dataset.append(movie.model_copy(update={"qa_pairs": pairs}))
    found = scored(dataset)[0]
    assert set(values(found)) == {"chance", "question_only", "most_frequent_answer"}
    assert values(found, 1) == {"chance": 0.5, "question_only": 1.0, "most_frequent_answer": 1.0}


def test_a_movie_without_questions_is_left_as_it_is():
    movie = make_movie(0).model_copy(update={"qa_pairs": None})
    assert scored([movie]) == [movie]


def test_learning_reports_the_share_that_is_done():
    book, parts = Gates(), []
    for movie in movies(count=6):
        book.add(movie)
    book.learn(parts.append)
    assert len(parts) == 2 * gates_learned.FOLDS and sum(parts) == 1


# ------------------------------------------------------------------------------------------------ twins


def twins(count: int = 12) -> list[Movie]:
    """Pairs of movies asked the same questions with the same options in the same order, and other answers."""
    made = []
    for number, movie in enumerate(movies(count=count)):
        twin = make_movie(count + number)
        both: dict[str, list[QAPair]] = {movie.movie_id: [], twin.movie_id: []}
        for i, q in enumerate(movie.qa_pairs or ()):
            for which, right in ((movie, q.answer_index), (twin, (q.answer_index + 1 + i % 3) % 4)):
                group = f"{movie.movie_id}-twin-{i}"
                both[which.movie_id].append(ask(which.movie_id, i, list(q.options), right, q.question, group_id=group))
        made.append(movie.model_copy(update={"qa_pairs": tuple(both[movie.movie_id])}))
        made.append(twin.model_copy(update={"twin_of": movie.movie_id, "qa_pairs": tuple(both[twin.movie_id])}))
    return made


def test_every_blind_gate_scores_exactly_zero_on_pairs_of_twins():
    table = GateTable()
    for movie in scored(twins()):
        table.add(movie)
    for gate in BLIND:
        count = table.by_gate()[gate]
        assert count.pairs == 12 * QUESTIONS
        assert count.pairs_right == 0


def test_blind_gates_do_answer_single_questions_of_twins():
    """So that the zero above is the pairs' doing: half a pair is often right."""
    table = GateTable()
    for movie in scored(twins()):
        table.add(movie)
    assert all(table.by_gate()[gate].accuracy > 0.15 for gate in BLIND)


def test_a_solver_that_looks_is_paid_for_pairs():
    dataset = twins(2)
    table = GateTable()
    for movie in scored(dataset, lambda movie: {q.question_id: {"shuffled": 1.0} for q in movie.qa_pairs or ()}):
        table.add(movie)
    # `shuffled` need not fail on these questions, and is counted for pairs all the same.
    assert table.by_gate()["shuffled"].pairs_right == 2 * QUESTIONS


def test_a_group_is_right_only_if_all_of_it_is():
    assert all_or_nothing([1.0, 1.0]) == 1.0
    assert all_or_nothing([1.0, 0.5]) == 0.0


# ------------------------------------------------------------------------------------------------ the table


@pytest.mark.parametrize(
    ("requires", "failing"),
    [
        ((), set()),
        (("dialogue",), set(BLIND)),
        (("vision",), {*BLIND, "lexical", "dialogue_only"}),
        (("vision", "order"), set(GATES)),
    ],
)
def test_a_gate_should_fail_on_what_its_solver_cannot_know(requires, failing):
    question = ask("m00000", 0, ["a", "b"], 0, requires=requires)
    assert {gate for gate in GATES if should_fail(gate, question)} == failing


def test_the_bound_is_chance_and_three_points():
    table = GateTable()
    for movie in scored(movies(count=3)):
        table.add(movie)
    count = table.by_gate()["longest_option"]
    assert count.questions == 3 * QUESTIONS
    assert (count.chance, count.bound) == (0.25, 0.28)
    assert count.holds == (count.right <= 0.28 * count.questions)


def test_what_was_not_measured_is_counted_apart():
    table = GateTable()
    for movie in scored(movies(count=1)):
        table.add(movie)
    count = table.by_gate()["options_only"]
    assert (count.questions, count.unmeasured) == (0, QUESTIONS)


def test_types_are_told_apart():
    table = GateTable()
    for movie in scored(movies(count=2)):
        table.add(movie)
    assert {kind for _, kind in table.counts} == {"visual"}


def test_wilson_s_interval_is_that_of_the_textbook():
    """Brown, Cai and DasGupta's form; value for 81 of 263 from Newcombe 1998, table I."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


def test_intervals_narrow_with_more_questions():
    widths = [np.diff(wilson(count / 4, count))[0] for count in (40, 400, 4000)]
    assert all(one > other for one, other in pairwise(widths))
