"""What the format allows is accepted, in every form, and says the same in each."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.submissions.canonical import canonical_files, sha256_of
from moviellm.eval.submissions.checking import check_bundle
from tests.eval.submissions.hostile_packed import SPANS, parquet
from tests.eval.submissions.kit import DECLARED, INDEX, ROWS, codes, declared, files, lines, write_folder, write_zip


def sha256(path: Path) -> str:
    found = check_bundle(path, INDEX, keep=True)
    assert found.problems.accepted, found.problems.listed()
    return sha256_of(canonical_files(found.submission))


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "good", files())


def test_a_folder_is_accepted_without_a_word(good: Path) -> None:
    assert codes(good) == set()


def test_a_zip_is_accepted_with_or_without_entries_for_folders(tmp_path: Path) -> None:
    assert codes(write_zip(tmp_path / "a.zip", files().items())) == set()
    assert codes(write_zip(tmp_path / "b.zip", [("predictions/", b""), *files().items()])) == set()
    assert codes(write_zip(tmp_path / "c.zip", files().items(), packed=False)) == set()


@pytest.mark.parametrize("task", ROWS)
def test_one_file_covers_its_task(good: Path, task: str) -> None:
    assert codes(good / "predictions" / f"{task}.jsonl", task) == set()


def test_parquet_has_the_columns_of_the_lines(tmp_path: Path) -> None:
    import pyarrow as pa

    events = pa.list_(pa.struct([("span", SPANS), ("caption", pa.string())]))
    columns = {
        "grounding": {"span": pa.array([row["span"] for row in ROWS["grounding"]], SPANS)},
        "dense_captioning": {"events": pa.array([row["events"] for row in ROWS["dense_captioning"]], events)},
        "qa_mc": {"choice": ["D", "A"]},
        "qa_open": {"answer": ["a brass key"]},
        "movie_answers": {"answer": ["Ada finds the key."]},
    }
    content = {"submission.yaml": DECLARED.encode()}
    for task, more in columns.items():
        content[f"predictions/{task}.parquet"] = parquet({"id": [row["id"] for row in ROWS[task]], **more})
    parquets = write_folder(tmp_path / "parquet", content)
    assert sha256(parquets) == sha256(write_folder(tmp_path / "lines", files()))


def test_every_form_of_the_same_predictions_has_one_hash(good: Path, tmp_path: Path) -> None:
    rows = random.Random(0).sample(ROWS["grounding"], 2)
    other = files(grounding=b"\xef\xbb\xbf" + lines(rows).replace(b"\n", b"\r\n") + b"\n")
    assert sha256(write_zip(tmp_path / "other.zip", other.items())) == sha256(good)


def test_another_prediction_or_another_word_of_the_declaration_has_another_hash(good: Path, tmp_path: Path) -> None:
    spoilt = files(qa_mc=lines([{**ROWS["qa_mc"][0], "choice": "A"}, ROWS["qa_mc"][1]]))
    assert sha256(write_folder(tmp_path / "a", spoilt)) != sha256(good)
    renamed = files(declared=declared("MovieLLM 7B", "MovieLLM 8B"))
    assert sha256(write_folder(tmp_path / "b", renamed)) != sha256(good)


def test_the_one_form_is_accepted_and_its_own_one_form(good: Path, tmp_path: Path) -> None:
    found = check_bundle(good, INDEX, keep=True)
    form = write_folder(tmp_path / "form", canonical_files(found.submission))
    assert codes(form) == set()
    assert sha256(form) == sha256(good)


BAREST = "{a: [" + ",".join("b" * 25_000) + "]}"
"""Short as it is sent, and three times as long with a value a line."""
TIGHT = b'{"id":"d1","events":[' + b",".join([b'{"span":[1,2],"caption":"' + b"x" * 627 + b'"}'] * 100) + b"]}\n"


@pytest.mark.parametrize(
    "content",
    [
        files(declared=declared('{temperature: 0, stop: [".", "!"]}', BAREST)),
        files(dense_captioning=TIGHT),
    ],
    ids=["declaration", "line"],
)
def test_what_could_not_be_read_again_in_its_one_form_is_refused_at_once(
    content: dict[str, bytes], tmp_path: Path
) -> None:
    assert codes(write_folder(tmp_path, content)) == {"E015"}


def test_a_file_that_would_be_too_long_in_its_one_form_is_refused_at_once(tmp_path: Path) -> None:
    small = INDEX.model_copy(update={"limits": INDEX.limits.model_copy(update={"max_file_bytes": 600})})
    events = b",".join([b'{"span":[1,2],"caption":"x"}'] * 19)
    row = b'{"id":"d1","events":[' + events + b"]}"
    assert len(row) < 600
    (tmp_path / "d.jsonl").write_bytes(row)
    assert codes(tmp_path / "d.jsonl", "dense_captioning", small) == {"E015"}


def test_a_question_of_two_tasks_has_one_answer(tmp_path: Path) -> None:
    both = INDEX.model_copy(update={"tasks": {**INDEX.tasks, "movie_answers": INDEX.tasks["qa_open"]}})
    told = lines([{"id": "q1", "answer": "a lamp"}])
    assert codes(write_folder(tmp_path / "one", files(qa_open=told, movie_answers=told)), index=both) == set()
    two = files(qa_open=told, movie_answers=lines([{"id": "q1", "answer": "a key"}]))
    assert codes(write_folder(tmp_path / "two", two), index=both) == {"E006"}


def test_the_end_of_a_span_is_the_end_of_its_movie(tmp_path: Path) -> None:
    rows = [{"id": "g1", "span": [1, 60.6]}, ROWS["grounding"][1]]
    found = check_bundle(write_folder(tmp_path, files(grounding=lines(rows))), INDEX, keep=True)
    assert found.submission.rows["grounding"]["g1"] == {"id": "g1", "span": [1.0, 60.0]}


def test_the_separator_of_old_programs_is_taken_apart(tmp_path: Path) -> None:
    rows = [{"id": "q1", "answer": "a ||| b |||| c"}]
    found = check_bundle(write_folder(tmp_path, files(qa_open=lines(rows))), INDEX, keep=True)
    assert found.submission.rows["qa_open"]["q1"]["answer"] == "a | | | b | | | | c"


@pytest.mark.parametrize(
    "fields",
    [
        ('"1.0"', "1.0"),
        ('"' + "1" * 40 + '"', "1" * 40),
        ("parameters_b: 7.5", "parameters_b: 7"),
        ("parameters_b: 7.5", "parameters_b: 6.7e-1"),
        ("  parameters_b: 7.5\n", ""),
        ("base_model: org/base", "base_model: null"),
        ("frames: 64, fps: null, max_pixels: null, ", ""),
        ("frames: 64, fps: null", "frames: null, fps: 0.5"),
        ("[MovieLLM-tiny, 20]", "[]"),
        ('{temperature: 0, stop: [".", "!"]}', "{}"),
        ("MovieLLM 7B (64 frames)", "映画の言語モデル"),
        ("MovieLLM 7B (64 frames)", "Модель 2"),
        ("MovieLLM 7B (64 frames)", "null"),
        ("MovieLLM 7B (64 frames)", "2026"),
        ("MovieLLM 7B (64 frames)", "Café & Co., v1.0_b #2: a/b+c (x@y)-"),
    ],
)
def test_what_the_declaration_may_say(tmp_path: Path, fields: tuple[str, str]) -> None:
    assert codes(write_folder(tmp_path, files(declared=declared(*fields)))) == set()


def test_a_commit_of_digits_stays_a_text(tmp_path: Path) -> None:
    path = write_folder(tmp_path, files(declared=declared('"' + "1" * 40 + '"', "0" * 40)))
    found = check_bundle(path, INDEX, keep=True).submission.declared
    assert found is not None and found["model"]["revision"] == "0" * 40


TURNS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HARMLESS = st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Cn"), blacklist_characters=TURNS)
texts = st.text(HARMLESS, min_size=1, max_size=60)
times = st.floats(0, 60, allow_nan=False)


@given(span=st.tuples(times, times).map(sorted), answer=texts, choice=st.sampled_from("ABCD"))
def test_whatever_is_of_the_form_is_accepted_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, span: list[float], answer: str, choice: str
) -> None:
    content = files(
        grounding=lines([{"id": "g1", "span": span}, ROWS["grounding"][1]]),
        qa_open=lines([{"id": "q1", "answer": answer}]),
        qa_mc=lines([{"id": "m1", "choice": choice}, ROWS["qa_mc"][1]]),
    )
    found = check_bundle(write_folder(tmp_path_factory.mktemp("given"), content), INDEX, keep=True)
    assert found.problems.accepted, found.problems.listed()
    assert found.submission.rows["grounding"]["g1"]["span"] == span
    assert found.submission.rows["qa_mc"]["m1"]["choice"] == choice
    assert found.submission.rows["qa_open"]["q1"]["answer"].replace(" ", "") == answer.replace(" ", "")
