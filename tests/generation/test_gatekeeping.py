"""Gates by language models: what is asked, kept, scored, flagged and rewritten; what a changed threshold costs."""

import math

import pytest

from moviellm.generation.gatekeeping import gate_cells
from moviellm.generation.gating import shown as gate_shown
from moviellm.generation.gating.verdicts import LLM_GATES
from moviellm.generation.llm.asks import Reply
from moviellm.generation.protocols import StoppedError
from moviellm.generation.workbench import NotMadeError
from tests.factories import make_image, make_movie
from tests.generation.gatekit import TWO, Models, keep, recipe
from tests.servers.gate_answers import GateAnswers
from tests.servers.openai_answers import Spoken

MOVIE = make_movie(0, chapters=2, scenes=2, keyframes=3)
NEVER = {"gate_blind": 0.0, "gate_dialogue_only": 0.0, "gate_synopsis_only": 0.0, "gate_single_frame": 0.0}
CHOICE = 1
"""Index of the factory's question with options, of which it has three."""


def knowing(**leaks):
    """Models that know the answers, and give nothing away unless told."""
    answers = GateAnswers(leaks={**NEVER, "gate_shuffled": 0.0, "gate_full": 1.0, **leaks})
    answers.teach(MOVIE)
    return Models(answers)


def values(movie, index=CHOICE):
    """What was measured of a question, without its likeness to others (test_repeats.py)."""
    scores = [score for score in movie.qa_pairs[index].gates if score.name != "repeats"]
    return [(score.name, score.value, score.measured_by) for score in scores]


def test_each_gate_is_a_score_with_the_model_that_measured_it(tmp_path):
    movie, _ = keep(tmp_path, MOVIE, recipe(vision="eyes"), knowing())
    third = pytest.approx(1 / 3)
    assert values(movie) == [
        ("llm_blind", third, "model-a"),
        ("llm_blind", third, "model-b"),
        ("llm_dialogue_only", third, "model-a"),
        ("llm_synopsis_only", third, "model-a"),
        ("llm_full", 1.0, "eyes"),
        ("image_text", pytest.approx(values(movie)[5][1]), "eyes"),
        ("image_text_others", pytest.approx(values(movie)[5][1]), "eyes"),
    ]
    named = {score.name for question in movie.qa_pairs for score in question.gates}
    real_films = {"llm_title_only", "llm_evidence"}  # asked by eval/bench/films
    assert named == set(LLM_GATES) - real_films - {"repeats_meaning"}  # that one has a model of its own


def test_model_that_always_takes_one_position_scores_one_in_k(tmp_path):
    models = Models(
        lambda name, data, schema, seed: {"rationale": "", "option": "C"} if "options" in data else _open()
    )
    movie, _ = keep(tmp_path, MOVIE, recipe(), models)
    assert {value for _, value, _ in values(movie)} == {1 / 3}
    assert movie.qa_pairs[CHOICE].flags == ("wrong_or_unanswerable",)


def _open():
    return {"rationale": "", "answer": "nothing", "same": False, "start_s": 90.0, "end_s": 99.0}


def test_without_eyes_full_context_is_told_by_captions_and_says_so(tmp_path):
    movie, _ = keep(tmp_path, MOVIE, recipe(), knowing())
    assert ("llm_full", 1.0, "model-a (captions)") in values(movie)
    assert not any(name.startswith("image") or "frame" in name for name, _, _ in values(movie))


def test_running_again_asks_nothing(tmp_path):
    first, bench = keep(tmp_path, MOVIE, recipe(vision="eyes"), knowing())
    models = knowing()
    again, _ = keep(tmp_path, MOVIE, recipe(vision="eyes"), models)
    assert again == first and not models.asks
    assert len({cell.cell_id for cell in bench.cells}) == len(bench.cells)


def test_changing_a_threshold_asks_nothing_and_changes_flags(tmp_path):
    def flags(movie):
        return [question.flags for question in movie.qa_pairs]

    models = knowing(gate_blind=1.0)
    strict, _ = keep(tmp_path, MOVIE, recipe(vision="eyes", rewrites=0), models)
    assert strict.qa_pairs[CHOICE].flags[0] == "guessable"
    loose = {"blind_max": 1.0, "full_min": 0.0, "shown_min": 0.0, "shown_margin": 0.0, "synopsis_max": 0.3}
    models = knowing()
    other, _ = keep(tmp_path, MOVIE, recipe(vision="eyes", rewrites=0, **loose), models)
    assert not models.asks and flags(other) != flags(strict)
    assert "synopsis_leaks" in other.qa_pairs[CHOICE].flags
    scores = [[question.gates for question in movie.qa_pairs] for movie in (strict, other)]
    assert scores[0] == scores[1]


def test_what_was_not_answered_is_unscored_with_the_reason_and_flags_nothing(tmp_path):
    models = Models(lambda *_: Reply(text="I would rather not.", finish_reason="stop"))
    movie, _ = keep(tmp_path, MOVIE, recipe(vision="eyes"), models)
    scores = [score for question in movie.qa_pairs for score in question.gates if score.name != "repeats"]
    assert {score.value for score in scores} == {None} and all(score.reason for score in scores)
    assert "3 of 3 answers are missing" in movie.qa_pairs[CHOICE].gates[0].reason
    assert [question.flags for question in movie.qa_pairs] == [(), (), ()]


def test_one_missing_rotation_leaves_the_gate_unscored_and_not_wrong(tmp_path):
    def answers(name, data, schema, seed):
        if name != "rewrite_question" and data.get("options", {}).get("A") == "a map":
            return Reply(text="", finish_reason="length")
        return knower(name, data, schema, seed)

    knower = knowing(gate_blind=1.0).answers
    movie, _ = keep(tmp_path, MOVIE, recipe(rewrites=0), Models(answers))
    score = movie.qa_pairs[CHOICE].gates[0]
    assert score.value is None and score.reason.startswith("1 of 3 answers are missing: no usable answer from model-a")


def test_what_was_not_answered_is_asked_again_when_failures_are_retried(tmp_path):
    silent = Models(lambda *_: Reply(text="I would rather not.", finish_reason="stop"))
    keep(tmp_path, MOVIE, recipe(), silent)
    models = knowing()
    keep(tmp_path, MOVIE, recipe(), models)
    assert not models.asks
    movie, _ = keep(tmp_path, MOVIE, recipe(), models, retry_failed=True)
    assert models.asks and all(score.value is not None for question in movie.qa_pairs for score in question.gates)


def test_run_that_is_stopped_goes_on_with_what_was_not_asked(tmp_path):
    whole = knowing()
    expected, _ = keep(tmp_path / "whole", MOVIE, recipe(vision="eyes"), whole)
    first = knowing()
    asked = first.exchange

    async def until_spent(ask):
        if len(first.asks) >= 11:
            raise StoppedError("the money is spent")
        return await asked(ask)

    first.exchange = until_spent
    with pytest.raises(StoppedError, match="money"):
        keep(tmp_path / "run", MOVIE, recipe(vision="eyes"), first)
    second = knowing()
    movie, _ = keep(tmp_path / "run", MOVIE, recipe(vision="eyes"), second)
    assert movie == expected
    # Rotations of one question are one cell: what was under way when it stopped is asked again, the rest is not.
    assert len(whole.asks) - 11 <= len(second.asks) < len(whole.asks)


def test_open_answer_is_judged_by_another_model_only_where_no_rule_tells(tmp_path):
    models = knowing()
    keep(tmp_path, MOVIE, recipe(), models)
    judged = [ask for ask in models.asks if ask.schema_name == "gate_judge"]
    answered = [ask for ask in models.asks if ask.schema_name == "gate_blind" and '"open_ended"' in str(ask.messages)]
    assert len(answered) == 2 and {ask.model for ask in judged} == set(TWO)
    assert all("cannot be told" in str(ask.messages) for ask in judged), "the right one needs no judge"


def test_pictures_are_sent_by_hash_with_their_bytes_beside_them(tmp_path):
    models = knowing()
    keep(tmp_path, MOVIE, recipe(vision="eyes", frames=4), models)
    ask = next(ask for ask in models.asks if ask.schema_name == "gate_full")
    parts = ask.messages[-1]["content"]
    shown = [part["image_url"]["url"].removeprefix("sha256:") for part in parts if part["type"] == "image_url"]
    assert len(shown) == 4 and set(shown) == set(ask.images)
    assert make_image("m00000-c00-s00-k00") in ask.images.values(), "the cited keyframe is among them"
    assert parts[0]["text"] == "Picture 1: 0 s" and parts[-1]["text"].endswith("```")


# ---------------------------------------------------------------- image and text


def seeing(cited, other):
    """Models that know, whose eyes find the answer with these probabilities in cited frames and in others."""
    mine = "m00000-c00-s00-k00"
    knower = knowing().answers

    def answers(name, data, schema, seed):
        if name != "text":
            return knower(name, data, schema, seed)

        def look(ask):
            yes = cited if make_image(mine) in ask.images.values() else other
            return Reply(text="Yes", finish_reason="length", logprobs={"Yes": math.log(yes), "No": math.log(1 - yes)})

        return look

    return Models(answers)


@pytest.mark.parametrize(
    ("cited", "other", "flags"),
    [(0.9, 0.2, ()), (0.4, 0.1, ("not_shown",)), (0.9, 0.85, ("not_shown",)), (0.6, 0.4, ())],
)
def test_answer_must_be_seen_in_cited_frames_more_than_in_others(tmp_path, cited, other, flags):
    movie, _ = keep(tmp_path, MOVIE, recipe(vision="eyes"), seeing(cited, other))
    found = {name: value for name, value, _ in values(movie)}
    assert (found["image_text"], found["image_text_others"]) == (pytest.approx(cited), pytest.approx(other))
    assert movie.qa_pairs[CHOICE].flags == flags


def without_logprobs():
    knower = knowing().answers
    return Models(lambda *ask: Spoken("yes") if ask[0] == "text" else knower(*ask))


def test_server_without_log_probabilities_leaves_the_check_unscored(tmp_path):
    movie, _ = keep(tmp_path, MOVIE, recipe(vision="eyes"), without_logprobs())
    score = next(score for score in movie.qa_pairs[CHOICE].gates if score.name == "image_text")
    assert score.value is None and "no log-probabilities" in score.reason and movie.qa_pairs[CHOICE].flags == ()


def test_clip_checks_where_the_server_gives_no_log_probabilities(tmp_path, monkeypatch):
    class Scorer:
        model_id, revision = "tests/clip", "abc"
        asked = 0

        async def text_image(self, pairs):
            Scorer.asked += 1
            return [0.31 if image == make_image("m00000-c00-s00-k00") else 0.29 for _, image in pairs]

    monkeypatch.setattr(gate_shown, "scorer_of", lambda model_id: Scorer())
    movie, _ = keep(tmp_path, MOVIE, recipe(vision="eyes", clip="tests/clip"), without_logprobs())
    found = {name: (value, by) for name, value, by in values(movie)}
    expected = math.exp(2) / (math.exp(2) + 2)
    assert found["image_text"] == (pytest.approx(expected, abs=1e-5), "tests/clip@abc")
    asked = Scorer.asked
    keep(tmp_path, MOVIE, recipe(vision="eyes", clip="tests/clip"), without_logprobs())
    assert Scorer.asked == asked > 0


# ---------------------------------------------------------------- rewrites


def leaking_until(turns):
    """Models that see through a question until it has been rewritten so often; and what was asked of whom."""
    knower = knowing(gate_blind=1.0).answers
    honest = knowing().answers

    def answers(name, data, schema, seed):
        if name == "rewrite_question":
            value = knower(name, data, schema, seed)
            honest.known[value["question"]] = value["answer"]
            return value
        seen_through = data.get("question", "").count("(asked anew") < turns
        return (knower if seen_through else honest)(name, data, schema, seed)

    return Models(answers)


def test_question_that_leaks_is_rewritten_until_it_does_not(tmp_path):
    models = leaking_until(2)
    movie, _ = keep(tmp_path, MOVIE, recipe(), models)
    question = movie.qa_pairs[CHOICE]
    assert question.question.count("(asked anew") == 2 and question.flags == ()
    assert question.options[question.answer_index] == question.answer and question.answer_index == 1
    assert question.evidence == MOVIE.qa_pairs[CHOICE].evidence
    told = next(str(ask.messages) for ask in models.asks if ask.schema_name == "rewrite_question")
    assert "The words give it away." in told


def test_rewrite_is_put_to_other_models_than_the_one_that_saw_through_it(tmp_path):
    movie, bench = keep(tmp_path, MOVIE, recipe(), leaking_until(1))
    asked = [
        (cell.cell_id.partition("q001-")[2], cell.request.model_id) for cell in bench.cells if "q001" in cell.cell_id
    ]
    blind = [(name, model) for name, model in asked if "blind" in name]
    assert blind == [
        ("r0-llm_blind-0", "model-a"),
        ("r0-llm_blind-1", "model-b"),
        ("r1-llm_blind-1", "model-b"),
        ("r1-llm_blind-0", "model-a"),  # for the score; it decided nothing
    ]
    assert [by for _, _, by in values(movie)][:2] == list(TWO)


def test_after_three_rewrites_the_question_is_kept_with_its_flag(tmp_path):
    models = leaking_until(99)
    movie, _ = keep(tmp_path, MOVIE, recipe(), models)
    assert movie.qa_pairs[CHOICE].question == MOVIE.qa_pairs[CHOICE].question, "no version leaks less than the first"
    assert movie.qa_pairs[CHOICE].flags == ("guessable",)
    anew = [
        ask
        for ask in models.asks
        if ask.schema_name == "rewrite_question" and "What does Ada hold" in str(ask.messages)
    ]
    assert len(anew) == 3


def test_rewrite_that_does_not_fit_is_asked_again_and_then_left(tmp_path):
    knower = knowing(gate_blind=1.0).answers

    def answers(name, data, schema, seed):
        if name == "rewrite_question":
            return {"question": "What?", "answer": "a clock", "options": ["a map", "a key"]}
        return knower(name, data, schema, seed)

    movie, _ = keep(tmp_path, MOVIE, recipe(), Models(answers))
    assert movie.qa_pairs[CHOICE].question == MOVIE.qa_pairs[CHOICE].question
    assert movie.qa_pairs[CHOICE].flags == ("guessable",)


@pytest.mark.parametrize(
    "change",
    [{"form": '{"a":1}'}, {"group_id": "m00000-g"}, {"turn_of": "m00000-q000"}],
    ids=lambda change: next(iter(change)),
)
def test_computed_questions_and_those_that_belong_together_are_never_rewritten(tmp_path, change):
    first, second, third = MOVIE.qa_pairs
    movie = MOVIE.model_copy(update={"qa_pairs": (first, second.model_copy(update=change), third)})
    models = leaking_until(1)
    kept, _ = keep(tmp_path, movie, recipe(), models)
    assert kept.qa_pairs[CHOICE].question == second.question and kept.qa_pairs[CHOICE].flags == ("guessable",)


def test_offline_questions_are_tested_and_never_rewritten(tmp_path):
    made = recipe().model_copy(update={"writer": "offline"})
    movie, _ = keep(tmp_path, MOVIE, made, leaking_until(1))
    assert movie.qa_pairs[CHOICE].question == MOVIE.qa_pairs[CHOICE].question
    assert movie.qa_pairs[CHOICE].flags == ("guessable",)


# ---------------------------------------------------------------- the stage


def test_recipe_without_gates_asks_nobody_and_measures_repetition_alone(tmp_path):
    models = knowing()
    movie, bench = keep(tmp_path, MOVIE, recipe(models=()), models)
    assert not models.asks and not bench.cells
    assert [[score.name for score in question.gates] for question in movie.qa_pairs] == [["repeats"]] * 3


def test_computed_questions_without_gates_stay_as_they_are(tmp_path):
    pairs = tuple(question.model_copy(update={"form": "{}"}) for question in MOVIE.qa_pairs)
    movie = MOVIE.model_copy(update={"qa_pairs": pairs})
    assert keep(tmp_path, movie, recipe(models=()), knowing())[0] == movie


def test_scores_of_other_gates_stay(tmp_path):
    movie, _ = keep(tmp_path, MOVIE, recipe(), knowing())
    other = movie.qa_pairs[CHOICE].gates[0].model_copy(update={"name": "longest_option"})
    pair = movie.qa_pairs[CHOICE].model_copy(update={"gates": (other, *movie.qa_pairs[CHOICE].gates)})
    again = movie.model_copy(update={"qa_pairs": (movie.qa_pairs[0], pair, movie.qa_pairs[2])})
    kept, _ = keep(tmp_path, again, recipe(), knowing())
    assert kept.qa_pairs[CHOICE].gates == pair.gates


def test_dry_run_finds_what_is_there_and_asks_nothing(tmp_path):
    models = knowing()
    with pytest.raises(NotMadeError, match="not made yet"):
        keep(tmp_path, MOVIE, recipe(), models, make_missing=False)
    assert not models.asks
    movie, _ = keep(tmp_path, MOVIE, recipe(), models)
    assert keep(tmp_path, MOVIE, recipe(), knowing(), make_missing=False)[0] == movie


def test_number_of_cells_is_known_before(tmp_path):
    made = recipe(vision="eyes", rewrites=0).model_copy(
        update={"questions": recipe().questions.model_copy(update={"per_movie": 3})}
    )
    _, bench = keep(tmp_path, MOVIE, made, knowing())
    judges = sum("judge" in cell.cell_id for cell in bench.cells)
    assert 0 < len(bench.cells) - judges <= gate_cells(made)
    assert gate_cells(recipe(models=())) == 0


@pytest.mark.parametrize(
    ("gates", "said"), [({"models": ("a", "a")}, "names one twice"), ({"clip": "c", "vision": None}, "not set")]
)
def test_recipe_that_contradicts_itself_is_refused(gates, said):
    with pytest.raises(ValueError, match=said):
        recipe(**gates)
