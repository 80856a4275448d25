"""CIDEr-D, BLEU and ROUGE-L: the numbers of pycocoevalcap, laws, refusals, speed."""

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.core import bleu, cider_d, rouge_l

GOLDEN = json.loads((Path(__file__).parent / "references/captions.json").read_text(encoding="utf-8"))
CANDS, REFS = GOLDEN["asked"]["cands"], GOLDEN["asked"]["refs"]
WORDS = st.lists(st.sampled_from(["a", "man", "walks", "dog", "runs"]), max_size=6).map(" ".join)
CORPUS = st.dictionaries(st.text(max_size=2), st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=3)), max_size=5)
SCORES = [cider_d, bleu, rouge_l]


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.__name__)
def test_scores_are_those_of_pycocoevalcap(score: Any) -> None:
    """Made by references/captions.py; see there."""
    mine, theirs = score(CANDS, REFS), GOLDEN["found"][score.__name__]
    assert mine["score"] == pytest.approx(theirs["score"], abs=1e-9)
    for one, other in zip(mine["per_item"].values(), theirs["per_item"], strict=True):
        assert one == pytest.approx(other, abs=1e-9)


@given(CORPUS)
def test_scores_stay_in_their_bounds(corpus: dict[str, Any]) -> None:
    cands, refs = ({name: row[side] for name, row in corpus.items()} for side in (0, 1))
    for score, most in ((cider_d, 10.0), (rouge_l, 1.0)):
        assert all(0.0 <= value <= most + 1e-9 for value in score(cands, refs)["per_item"].values())
    assert all(0.0 <= value <= 1.0 + 1e-6 for values in bleu(cands, refs)["per_item"].values() for value in values)


@given(CORPUS, st.randoms(use_true_random=False))
def test_the_order_of_items_and_references_changes_nothing(corpus: dict[str, Any], lot: random.Random) -> None:
    names = list(corpus)
    lot.shuffle(names)
    for score in SCORES:
        one = score({name: row[0] for name, row in corpus.items()}, {name: row[1] for name, row in corpus.items()})
        other = score({name: corpus[name][0] for name in names}, {name: corpus[name][1][::-1] for name in names})
        for name in names:
            assert one["per_item"][name] == pytest.approx(other["per_item"][name])


def test_a_caption_that_is_a_reference_has_the_full_score() -> None:
    cands = {"a": "a man walks his old dog", "b": "two women ride brown horses"}
    refs = {name: [text, "something else happens here"] for name, text in cands.items()}
    assert rouge_l(cands, refs)["score"] == pytest.approx(1.0)
    assert bleu(cands, refs)["score"] == pytest.approx([1.0] * 4)
    assert cider_d(cands, {name: [text] for name, text in cands.items()})["score"] == pytest.approx(10.0)


def test_one_item_has_no_idf_and_no_cider() -> None:
    assert cider_d({"a": "a man"}, {"a": ["a man"]})["score"] == 0.0


def test_no_items_have_no_score() -> None:
    assert cider_d({}, {}) == {"score": None, "per_item": {}}
    assert rouge_l({}, {}) == {"score": None, "per_item": {}}
    assert bleu({}, {}) == {"score": [None] * 4, "per_item": {}}


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.__name__)
@pytest.mark.parametrize(
    ("cands", "refs", "what"),
    [
        ({"a": "x"}, {"b": ["x"]}, "2 ids are on one side only"),
        ({"a": "x"}, {"a": []}, "at least one text"),
        ({"a": "x"}, {"a": "x"}, "at least one text"),
        ({"a": None}, {"a": ["x"]}, "a caption is text"),
    ],
)
def test_captions_that_do_not_belong_together_are_refused(score: Any, cands: Any, refs: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        score(cands, refs)


@pytest.mark.slow
def test_2000_captions_with_10_references_take_seconds() -> None:
    lot = random.Random(0)
    words = [f"{a}{b}" for a in "bcdfghk" for b in ("ar", "ing", "ed", "oon")]

    def caption() -> str:
        return " ".join(lot.choice(words) for _ in range(10)) + "."

    cands = {str(at): caption() for at in range(2000)}
    refs = {name: [caption() for _ in range(10)] for name in cands}
    start = time.process_time()
    cider_d(cands, refs)
    assert time.process_time() - start < 10
