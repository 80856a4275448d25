"""pairing.py and panel.py: two runs held against each other in both orders, by one judge and by three."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.judging.judge import judge_run
from moviellm.eval.judging.leaving import Judged, rescored
from moviellm.eval.judging.pairing import position_of
from moviellm.eval.judging.panel import agreement_of, majority
from moviellm.eval.judging.pointwise import Scored
from tests.eval.judging.runs import answers_of, name_of, number, verdicts_of, write_run
from tests.eval.judging.test_judge import PINNED
from tests.servers.judge_double import JudgeDouble, failing, judge_double

pytestmark = pytest.mark.usefixtures("few_draws")
SIDES = st.sampled_from(["a", "b", "tie", None])


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Eight questions: the first is right alone on 0 to 3, the second on 4; both on 5; neither on 6; the same on 7."""
    one = write_run(tmp_path / "one", {**answers_of(8, right=(0, 1, 2, 3, 5)), name_of(7): "the same"})
    other = write_run(tmp_path / "other", {**answers_of(8, right=(4, 5), word="a boat"), name_of(7): "the same"})
    return one, other


def judged(runs: tuple[Path, Path], *judges: str, **options: Any) -> Judged:
    (found,) = judge_run(runs[0], judges=judges or (PINNED,), against=runs[1], **options)
    return found


def test_wins_are_those_of_both_orders(server: JudgeDouble, runs: tuple[Path, Path]) -> None:
    facts = judged(runs).facts
    told = number(facts)
    assert (told["wins"], told["ties"], told["losses"], told["value"]) == (4, 3, 1, 0.6875)
    assert facts["metric"].startswith("judged_win_rate-vs-other-")


def test_every_pair_is_asked_in_both_orders_but_equal_answers(server: JudgeDouble, runs: tuple[Path, Path]) -> None:
    judged(runs)
    assert server.calls["verdict_pairwise"] == 2 * 6  # 5 and 7 are the same answer twice


def test_a_judge_that_takes_the_first_gives_ties_that_are_counted(
    server: JudgeDouble, runs: tuple[Path, Path]
) -> None:
    server.bias = "first"
    facts = judged(runs).facts
    told = facts["position"]["judge-2026-03"]
    assert number(facts)["value"] == 0.5
    assert (told["pairs"], told["inconsistent"], told["flipped"], told["first_preferred"]) == (6, 6, 6, 1.0)


def test_an_order_without_a_verdict_is_no_loss_and_no_tie(server: JudgeDouble, runs: tuple[Path, Path]) -> None:
    server.plan(None, "refusal")
    found = judged(runs, concurrency=1)
    (row,) = [row for row in verdicts_of(found.folder).values() if row["score"] is None]
    assert (row["unscored"], row["side"], row["orders"]) == ("refused", None, ["a", None])


def test_with_faults_no_verdict_is_invented(server: JudgeDouble, tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", answers_of(60, right=range(30)))
    other = write_run(tmp_path / "other", answers_of(60, right=range(20, 60), word="a boat"))
    server.faults = failing(0.3)
    found = judged((one, other))
    truth = ["a"] * 20 + ["tie"] * 10 + ["b"] * 30
    sides = [row["side"] for row in verdicts_of(found.folder).values()]
    assert all(side in (None, true) for side, true in zip(sides, truth, strict=True))
    assert sides.count(None) == found.facts["unscored"]["n"]
    assert rescored(found.folder)[1] == []


def test_ratings_that_no_game_bounds_are_none_with_a_reason(server: JudgeDouble, tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", answers_of(4, right=range(4)))
    facts = judged((one, write_run(tmp_path / "other", answers_of(4, word="a boat")))).facts
    rating = next(told for name, told in facts["tasks"]["qa_open"]["metrics"].items() if name.startswith("bradley"))
    assert rating["value"] is None
    assert "not estimable" in rating["reason"]


def test_a_panel_says_what_most_of_it_say_and_how_far_it_agrees(
    server: JudgeDouble, runs: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with judge_double(bias="first") as partial:
        monkeypatch.setenv("PARTIAL_BASE_URL", partial.base_url)
        facts = judged(runs, PINNED, "openai:other-2026-03", "partial:third@abc").facts
    assert (number(facts)["wins"], number(facts)["losses"]) == (4, 1)
    assert facts["agreement"]["same"]["judge-2026-03 and other-2026-03"] == 1.0
    assert facts["agreement"]["krippendorff_alpha"] < 1.0
    assert "judge-2026-03+other-2026-03+third@abc" in facts["metric"]
    assert facts["members"]["third@abc"]["tasks"]["qa_open"]["metrics"]


def test_a_panel_that_can_be_split_is_refused(runs: tuple[Path, Path]) -> None:
    with pytest.raises(ValueError, match="a panel of 2 judges can be split"):
        judged(runs, PINNED, "openai:other-2026-03")


def test_another_right_answer_is_another_dataset(runs: tuple[Path, Path]) -> None:
    write_run(runs[1], answers_of(8), gold=lambda at: {"answer": "something else"})
    with pytest.raises(ValueError, match="have other right answers"):
        judged(runs)


def voice(score: float | None) -> Scored:
    return Scored(score=score, unscored="refused" if score is None else None, reason="" if score is None else None)


SCORES = st.sampled_from([0.0, 0.5, 1.0, None])


@given(st.permutations([0, 1, 2]), st.tuples(SCORES, SCORES, SCORES))
def test_a_panel_does_not_depend_on_its_order(order: list[int], scores: tuple[float | None, ...]) -> None:
    voices = [voice(score) for score in scores]
    assert majority(voices, "pairwise").score == majority([voices[at] for at in order], "pairwise").score


@given(st.tuples(SCORES, SCORES, SCORES))
def test_a_panel_says_nothing_that_no_two_members_say_but_a_tie(scores: tuple[float | None, ...]) -> None:
    found = majority([voice(score) for score in scores], "pairwise").score
    assert (
        found is None
        or scores.count(found) > 1
        or (found == 0.5 and sorted(map(str, scores)) == ["0.0", "0.5", "1.0"])
    )


def test_a_member_without_a_verdict_has_no_voice() -> None:
    assert majority([voice(1.0), voice(0.0), voice(None)], "pointwise").unscored == "no majority"
    assert majority([voice(1.0), voice(1.0), voice(None)], "pointwise").score == 1.0


@given(st.lists(st.tuples(SIDES, SIDES), max_size=20))
def test_positions_are_counted_of_pairs_with_both_orders(pairs: list[tuple[str | None, ...]]) -> None:
    told = position_of(pairs)
    assert told["flipped"] <= told["inconsistent"] <= told["pairs"] == sum(None not in pair for pair in pairs)


def test_members_that_say_the_same_agree_wholly() -> None:
    told = {"q1": voice(1.0), "q2": voice(0.0)}
    assert agreement_of([told, told, told], "pairwise", ["x", "y", "z"])["krippendorff_alpha"] == 1.0
