"""Readers of published annotations: files of every shape, and what is wrong in them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moviellm.eval.published.opening import KINDS, is_published, open_published
from moviellm.eval.tasks.items import choose
from moviellm.eval.tasks.table import task_named
from tests.eval.published.files import CHARADES, MSRVTT, MSVD, ONE, OTHER, put, two_files, vcgbench


def test_msvd_films_have_the_names_that_their_table_tells(tmp_path: Path) -> None:
    put(tmp_path / "youtube_mapping.txt", "mv89psg6zh4_33_46 vid1451\n")
    told = KINDS["msvd-qa"](str(put(tmp_path / "test_qa.json", [MSVD])))
    assert told.names == {"vid1451": ("mv89psg6zh4_33_46", "vid1451")}


def test_a_question_of_msvd_is_of_its_first_word_and_has_one_answer(tmp_path: Path) -> None:
    question = KINDS["msvd-qa"](str(put(tmp_path / "test_qa.json", [MSVD]))).questions["39"]
    assert (question.question_type, question.answer, question.answer_format) == ("who", "man", "open_ended")


def test_msrvtt_films_are_called_by_their_number(tmp_path: Path) -> None:
    assert KINDS["msrvtt-qa"](str(put(tmp_path / "q.json", [MSRVTT]))).names == {"video7010": ("video7010",)}


def test_activitynet_films_are_sought_with_and_without_their_prefix(tmp_path: Path) -> None:
    assert KINDS["activitynet-qa"](str(two_files(tmp_path, type=3))).names == {"v_ABC": ("v_ABC", "ABC")}


def test_the_types_of_activitynet_have_names(tmp_path: Path) -> None:
    told = KINDS["activitynet-qa"](str(two_files(tmp_path, type=3)))
    assert told.questions["ABC_1"].question_type == "yes/no"


def test_the_answers_beside_the_questions_are_found(tmp_path: Path) -> None:
    two_files(tmp_path, "video7010")
    told = KINDS["zero-shot-qa"](str(tmp_path / "test_q.json"))
    assert told.questions["video7010_1"].answer == "yes"


def test_answers_are_paired_by_id_and_not_by_place(tmp_path: Path) -> None:
    asked = [{"video_name": "a", "question": "what", "question_id": name} for name in ("1", "2")]
    put(tmp_path / "test_q.json", asked)
    put(tmp_path / "test_a.json", [{"question_id": name, "answer": f"of {name}"} for name in ("2", "1")])
    questions = KINDS["zero-shot-qa"](str(tmp_path)).questions
    assert [questions[name].answer for name in ("1", "2")] == ["of 1", "of 2"]


def test_two_questions_of_consistency_are_a_group(tmp_path: Path) -> None:
    questions = KINDS["vcgbench"](str(vcgbench(tmp_path))).questions
    groups = [one.group for one in questions.values() if one.question_type == "consistency"]
    assert groups == ["v_ABC-consistency-00"] * 2 + ["v_ABC-consistency-01"] * 2


def test_questions_of_vcgbench_are_of_the_file_they_stand_in(tmp_path: Path) -> None:
    questions = KINDS["vcgbench"](str(vcgbench(tmp_path))).questions
    assert questions["v_ABC-generic-00"].question_type == "generic"


def test_a_query_of_charades_is_a_moment(tmp_path: Path) -> None:
    question = KINDS["charades-sta"](str(put(tmp_path / "test.txt", CHARADES))).questions["3MSZA-00"]
    assert question.spans == ((24.3, 30.4),)
    assert question.text == "When does this happen: person turn a light on?"


def test_lengths_of_charades_are_read_where_their_table_is(tmp_path: Path) -> None:
    put(tmp_path / "Charades_v1_test.csv", "id,subject,length\n3MSZA,x,30.96\nYVKIV,x,31.5\n")
    told = KINDS["charades-sta"](str(put(tmp_path / "charades_sta_test.txt", CHARADES)))
    assert told.questions["3MSZA-00"].duration_s == 30.96


def test_a_span_that_ends_before_it_starts_is_counted_and_not_asked(tmp_path: Path) -> None:
    told = KINDS["charades-sta"](str(put(tmp_path / "test.txt", CHARADES + "3MSZA 9 3##a man.\n")))
    assert told.left_out == {"3MSZA-01": "its span ends before it starts"}


def test_two_tellings_of_a_video_are_one_question(tmp_path: Path) -> None:
    put(tmp_path / "val_1.json", ONE)
    put(tmp_path / "val_2.json", OTHER)
    question = KINDS["activitynet-captions"](str(tmp_path)).questions["v_ABC-events"]
    assert [len(question.events), *map(len, question.others)] == [2, 1]


def test_every_sentence_of_a_video_is_also_a_moment(tmp_path: Path) -> None:
    told = KINDS["activitynet-captions"](str(put(tmp_path / "val_2.json", ONE)))
    assert told.questions["v_ABC-val_2-01"].spans == ((2.0, 6.0),)


def test_a_subset_is_the_same_whether_or_not_films_are_there(tmp_path: Path) -> None:
    path = put(tmp_path / "q.json", [{**MSRVTT, "id": number, "video_id": number % 9} for number in range(60)])
    (tmp_path / "films").mkdir()
    (tmp_path / "films/video3.mp4").touch()
    task = task_named("qa_open")
    one, other = (open_published(f"msrvtt-qa:{path}", videos) for videos in (None, tmp_path / "films"))
    drawn = [[question.item_id for question in choose(data, task, limit=20, seed=1)] for data in (one, other)]
    assert drawn[0] == drawn[1] and len(drawn[0]) == 20


def test_a_folder_whose_name_has_a_colon_is_no_annotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("msvd-qa:x").mkdir()
    assert (is_published("msvd-qa:x"), is_published("msvd-qa:y"), is_published("org/name")) == (False, True, False)


WRONG: list[tuple[str, str, Any, str]] = [
    ("msvd-qa", "q.json", "{", "is not JSON"),
    ("msvd-qa", "q.json", '[{"id": NaN}]', "NaN is no number"),
    ("msvd-qa", "q.json", '[{"id": 1, "id": 2}]', "comes twice"),
    ("msvd-qa", "q.json", {"a": 1}, "holds an object"),
    ("msvd-qa", "q.json", [], "holds no rows"),
    ("msvd-qa", "q.json", [{"id": 1}], "row 0: no question, answer, video_id"),
    ("msvd-qa", "q.json", [{**MSVD, "video_id": "cat"}], "it is the number of a video"),
    ("msrvtt-qa", "q.json", [MSRVTT, MSRVTT], "row 1: question '158581' comes twice"),
    ("msrvtt-qa", "q.json", "[" * 100_000, "nested too deep"),
    ("charades-sta", "c.txt", "3MSZA 1 2 person\n", "line 1: '3MSZA 1 2 person'; a line is VIDEO START END##sentence"),
    ("charades-sta", "c.txt", "3MSZA 1 nan##person\n", "only finite numbers"),
    ("charades-sta", "c.txt", "3MSZA 1 2##. \n", "no sentence behind ##"),
    ("charades-sta", "c.txt", "\n", "no queries"),
    ("activitynet-captions", "v.json", {"v_A": {"duration": 0, "timestamps": [], "sentences": []}}, "duration is 0"),
    (
        "activitynet-captions",
        "v.json",
        {"v_A": {"duration": 9, "timestamps": [[1]], "sentences": []}},
        "of one length",
    ),
    ("vcgbench", "q.json", [{"Q": "a", "A": "b", "video_name": "c"}], "which questions are these"),
]


@pytest.mark.parametrize(("kind", "name", "value", "said"), WRONG)
def test_a_wrong_file_is_one_line_that_names_it(tmp_path: Path, kind: str, name: str, value: Any, said: str) -> None:
    path = put(tmp_path / name, value)
    with pytest.raises(ValueError) as told:
        open_published(f"{kind}:{path}", None)
    assert said in str(told.value) and str(path) in str(told.value) and "\n" not in str(told.value)


def test_an_unknown_kind_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean msrvtt-qa"):
        open_published("msrvtt:q.json", None)


def test_questions_without_answers_are_refused(tmp_path: Path) -> None:
    two_files(tmp_path)
    put(tmp_path / "test_a.json", [{"question_id": "another", "answer": "yes"}])
    with pytest.raises(ValueError, match="'ABC_1' has no answer"):
        open_published(f"zero-shot-qa:{tmp_path}", None)


def test_an_empty_folder_is_answered_with_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds no val_1\.json or val_2\.json"):
        open_published(f"activitynet-captions:{tmp_path}", None)


KEYS = ("id", "question", "answer", "video_id", "question_id", "video_name", "type", "Q", "A", "Q1", "Q2", "duration",
        "timestamps", "sentences")  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner), max_leaves=20
)
TEXTS = st.text(max_size=40) | st.from_regex(r"[A-Z]{2} [0-9.e]{1,4} [0-9.e]{1,4}##[a-z]{0,4}")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON, JSON, TEXTS)
def test_any_file_is_read_or_refused_in_one_line(tmp_path: Path, one: Any, other: Any, text: str) -> None:
    for name, value in (("test_q.json", one), ("test_a.json", other), ("generic_qa.json", one)):
        (tmp_path / name).write_text(json.dumps(value), encoding="utf-8")
    (tmp_path / "c.txt").write_bytes(text.encode("utf-8", "surrogatepass"))
    names = {"vcgbench": "generic_qa.json", "charades-sta": "c.txt"}
    for kind, read in KINDS.items():
        _read_or_refused(read, str(tmp_path / names.get(kind, "test_q.json")))


def _read_or_refused(read: Callable[[str], Any], place: str) -> None:
    try:
        assert read(place).files
    except ValueError as error:
        assert "\n" not in str(error)
