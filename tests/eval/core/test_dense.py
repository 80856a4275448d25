"""Scores of dense captions: known answers, an independent count, missing films, laws, refusals."""

from typing import Any

import pytest

from moviellm.eval.core import cider_d, dense_caption_scores

CAPTIONS = ["a man rides a horse", "two dogs run on the beach", "a woman sings", "they leave the house"]
GOLDS = {
    name: [{"span": [10 * at, 10 * at + 10], "caption": f"{text} {name}"} for at, text in enumerate(CAPTIONS)]
    for name in ("v1", "v2")
}


@pytest.fixture(autouse=True)
def without_meteor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOVIELLM_METEOR_JAR", "/nowhere/meteor-1.5.jar")


def test_the_truth_has_the_full_score() -> None:
    found = dense_caption_scores(GOLDS, GOLDS)
    for t in (0.3, 0.5, 0.7, 0.9):
        assert [found[f"{name}@{t}"] for name in ("precision", "recall", "f1")] == [1.0, 1.0, 1.0]
    assert found["cider"] == pytest.approx(10.0)
    assert found["soda_c"] == pytest.approx(1.0)


def test_without_meteor_it_is_none_with_a_reason_and_nothing_stands_in() -> None:
    found = dense_caption_scores(GOLDS, GOLDS, "meteor")
    assert (found["meteor"], found["soda_c"], found["soda_similarity"]) == (None, None, "meteor")
    assert "meteor-1.5.jar is absent" in found["meteor_reason"]
    assert "meteor-1.5.jar is absent" in found["soda_reason"]


def test_what_soda_compared_with_is_said() -> None:
    assert dense_caption_scores(GOLDS, GOLDS)["soda_similarity"] == "rouge_l"
    assert dense_caption_scores(GOLDS, GOLDS, lambda pred, gold: 0.5)["soda_similarity"] == "given"
    assert dense_caption_scores(GOLDS, GOLDS, lambda pred, gold: 0.5)["soda_c"] == pytest.approx(0.5)


def test_precision_and_recall_by_overlap() -> None:
    preds = {
        "v1": [{"span": [0, 4], "caption": "x"}, {"span": [0, 10], "caption": "x"}, {"span": [50, 60], "caption": "x"}]
    }
    found = dense_caption_scores(preds, {"v1": GOLDS["v1"]})
    assert (found["precision@0.3"], found["recall@0.3"]) == pytest.approx((2 / 3, 1 / 4))
    assert (found["precision@0.5"], found["recall@0.5"]) == pytest.approx((1 / 3, 1 / 4))
    assert found["f1@0.5"] == pytest.approx(2 * (1 / 3) * (1 / 4) / (1 / 3 + 1 / 4))


def test_cider_of_a_film_is_cider_over_its_pairs_with_a_strange_word_for_the_unmatched() -> None:
    preds = {
        "v1": [
            {"span": [0, 10], "caption": "a man rides"},
            {"span": [10, 20], "caption": "two cats run on the beach"},
            {"span": [90, 99], "caption": "nothing is here"},
        ]
    }
    cands = {"0": "a man rides", "1": "two cats run on the beach", "2": "nothing is here"}
    refs = {"0": [GOLDS["v1"][0]["caption"]], "1": [GOLDS["v1"][1]["caption"]], "2": ["qzxw"]}
    expected = cider_d(cands, refs)["score"]
    found = dense_caption_scores(preds, GOLDS)
    assert found["cider"] == pytest.approx(expected / 2)
    assert dense_caption_scores(preds, {"v1": GOLDS["v1"]})["cider"] == pytest.approx(expected)


@pytest.mark.parametrize("preds", [{}, {"v1": [], "v2": []}, {"other": GOLDS["v1"]}])
def test_films_without_predictions_count_0_in_every_score(preds: Any) -> None:
    found = dense_caption_scores(preds, GOLDS)
    assert {value for name, value in found.items() if "@" in name or name in ("cider", "soda_c")} == {0.0}


def test_leaving_out_a_film_raises_no_score() -> None:
    all_of_them = dense_caption_scores({"v1": GOLDS["v1"], "v2": [{"span": [0, 1], "caption": "x"}]}, GOLDS)
    without = dense_caption_scores({"v1": GOLDS["v1"]}, GOLDS)
    for name in ("precision@0.5", "recall@0.5", "cider", "soda_c"):
        assert without[name] <= all_of_them[name] + 1e-12


def test_a_line_separator_in_one_caption_changes_no_other_film() -> None:
    preds = {"v1": [{"span": [0, 10], "caption": "a man\u2028rides\r"}], "v2": GOLDS["v2"]}
    plain = {"v1": [{"span": [0, 10], "caption": "a man rides"}], "v2": GOLDS["v2"]}
    assert dense_caption_scores(preds, GOLDS) == dense_caption_scores(plain, GOLDS)


def test_an_overlap_at_the_threshold_counts_but_not_for_densevid() -> None:
    preds, golds = {"v": [{"span": [0, 5], "caption": "a"}]}, {"v": [{"span": [0, 10], "caption": "a"}]}
    assert dense_caption_scores(preds, golds)["recall@0.5"] == 1.0
    assert dense_caption_scores(preds, golds, densevid=True)["recall@0.5"] == 0.0
    assert dense_caption_scores(preds, golds, densevid=True)["recall@0.3"] == 1.0


def test_the_order_of_films_and_events_changes_nothing() -> None:
    preds = {"v1": GOLDS["v1"][:3], "v2": [{"span": [3, 30], "caption": "a man rides"}, *GOLDS["v2"][2:]]}
    mixed = {name: preds[name][::-1] for name in ("v2", "v1")}
    one, other = dense_caption_scores(preds, GOLDS), dense_caption_scores(mixed, dict(reversed(GOLDS.items())))
    assert {k: v for k, v in one.items() if isinstance(v, float)} == pytest.approx(
        {k: v for k, v in other.items() if isinstance(v, float)}
    )


def test_no_films_have_no_score() -> None:
    found = dense_caption_scores({}, {})
    assert {found[name] for name in ("precision@0.3", "f1@0.9", "cider", "soda_c", "meteor")} == {None}


@pytest.mark.parametrize(
    ("preds", "similarity", "what"),
    [
        ({"v1": [{"span": [0, float("inf")], "caption": "a"}]}, None, "only finite numbers"),
        ({"x": [{"span": [0, 1]}]}, None, "a predicted event of x"),
        ({"v1": "a man"}, None, "give a list"),
        ({}, "bleu", "give a function of two captions"),
    ],
)
def test_what_is_no_prediction_is_refused(preds: Any, similarity: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        dense_caption_scores(preds, GOLDS, similarity)
