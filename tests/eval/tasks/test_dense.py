"""dense.py: events held against one list of right events, or against those of several people."""

from typing import Any

import pytest

from moviellm.eval.core import dense_caption_scores
from moviellm.eval.tasks.dense import dense_scores
from moviellm.eval.tasks.events import Event
from moviellm.eval.tasks.scoring import item_scores
from tests.eval.tasks.kit import asked


def _told(*events: tuple[float, float, str]) -> list[dict[str, Any]]:
    return [{"span": [start_s, end_s], "caption": caption} for start_s, end_s, caption in events]


ONE = _told((0, 10, "a man waits at the pier"), (10, 20, "a boat comes in"))
OTHER = _told((0, 20, "a man at a pier sees a boat"))
SAID = _told((0, 10, "a man waits at the pier"), (10, 20, "a boat comes in"))


def test_one_list_is_scored_as_the_core_scores_it() -> None:
    alone = dense_caption_scores({"video": SAID}, {"video": ONE}, with_meteor=False)
    assert dense_scores(SAID, [ONE])["soda_c"] == pytest.approx(alone["soda_c"])


def test_of_several_people_the_one_that_fits_best_counts() -> None:
    several, best = dense_scores(SAID, [OTHER, ONE]), dense_scores(SAID, [ONE])
    assert {name: several[name] for name in several if name != "cider"} == {
        name: best[name] for name in best if name != "cider"
    }


def test_precision_and_recall_take_their_best_apart() -> None:
    said = _told((0, 20, "a man"), (0, 1, "nothing"))
    several = dense_scores(said, [ONE, OTHER])
    assert (several["precision@0.5"], several["recall@0.5"]) == (0.5, 1.0)


def test_cider_pairs_with_the_events_of_all_people() -> None:
    together = dense_caption_scores({"video": SAID}, {"video": ONE + OTHER}, with_meteor=False)
    assert dense_scores(SAID, [ONE, OTHER])["cider"] == pytest.approx(together["cider"])


def test_a_question_with_several_peoples_events_is_scored_by_all() -> None:
    mine, theirs = Event(0.0, 10.0, "a man waits"), Event(10.0, 40.0, "a boat comes in")
    question = asked("dense_captioning", events=(mine,), others=((theirs,),))
    assert item_scores(question, {"events": [theirs.row()]})["recall@0.9"] == 1.0
    assert question.gold["others"] == [[theirs.row()]]
