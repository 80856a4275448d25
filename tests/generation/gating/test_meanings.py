"""Questions alike in meaning: by a tiny random text encoder, built here."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.config.models import GatesConfig
from moviellm.generation.gating.meanings import Embedder, nearest_earlier
from moviellm.generation.gating.verdicts import verdicts
from moviellm.generation.protocols import StoppedError
from moviellm.generation.schema import Score
from tests.factories import make_movie
from tests.generation.gatekit import Models, keep, recipe

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "who", "hides", "the", "key", "where", "is", "map", "ada")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny BERT."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=len(WORDS), **shape)).save_pretrained(folder)
    BertTokenizer(vocab={word: i for i, word in enumerate(WORDS)}).save_pretrained(folder)
    return folder


def meanings(movie):
    return [score for question in movie.qa_pairs for score in question.gates if score.name == "repeats_meaning"]


def made(encoder: Path | str):
    return recipe(models=(), embedder=str(encoder))


def test_every_question_of_a_model_is_compared_once(encoder: Path, tmp_path: Path) -> None:
    movie, bench = keep(tmp_path, make_movie(0), made(encoder), Models(None))
    assert [score.value for score in meanings(movie)][0] == 0.0
    assert len(meanings(movie)) == len(movie.qa_pairs)
    again, second = keep(tmp_path, make_movie(0), made(encoder), Models(None))
    assert again == movie and second.shard.made["gates"] == 0 and bench.shard.made["gates"] == 1


def test_the_score_names_the_model_and_its_contents(encoder: Path, tmp_path: Path) -> None:
    movie, _ = keep(tmp_path, make_movie(0), made(encoder), Models(None))
    assert {score.measured_by for score in meanings(movie)} == {f"{encoder.name}@{Embedder(str(encoder)).revision}"}


def test_the_same_words_have_the_same_vector_beside_any_others(encoder: Path) -> None:
    embedder = Embedder(str(encoder))
    alone, beside = embedder.vectors(["who hides the key"]), embedder.vectors(["where is ada", "who hides the key"])
    assert np.array_equal(alone[0], beside[1])
    assert nearest_earlier(embedder.vectors(["where is the map", "where is the map"])) == [0.0, 1.0]


def test_a_model_that_is_not_there_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(StoppedError, match=r"gates\.embedder"):
        keep(tmp_path, make_movie(0), made("./no-such-folder"), Models(None))


def test_the_threshold_is_on_stored_scores() -> None:
    score = Score(name="repeats_meaning", value=0.9, measured_by="m")
    question = make_movie(0).qa_pairs[0].model_copy(update={"gates": (score,)})
    assert verdicts(question, GatesConfig(meaning_max=0.9)) == ("repeated",)
    assert verdicts(question, GatesConfig(meaning_max=0.91)) == ()


@given(st.integers(0, 99), st.integers(1, 6))
def test_only_earlier_ones_count(seed: int, count: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for at, value in enumerate(nearest_earlier(vectors)):
        assert value == round(max([0.0, *(float(vectors[at] @ vectors[i]) for i in range(at))]), 6)
