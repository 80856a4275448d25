"""Old result files: the arithmetic of the scripts as it was, and the right one beside it, on hand-made files."""

import json
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.published.legacy import legacy, read_old
from tests.eval.published.files import put

GOLD = {"v_A": {"duration": 50.0, "timestamps": [[0.0, 29.55], [10.0, 20.0]], "sentences": ["a", "b"]}}


def _line(at: int, answer: str, movie: str = "v_A") -> str:
    row = {"video_id": movie, "task": "grounding", "query_id": 0, "answer": answer, "info": {"sentence_id": at}}
    return json.dumps(row) + "\n"


def _vtimellm(folder: Path, log: str) -> list[Path]:
    return [put(folder / "log.txt", log), put(folder / "val_2.json", GOLD)]


def _movie(verdict: str, ours: float, other: float) -> dict[str, Any]:
    one = {"better one": verdict, "score": {"first one": ours, "second one": other}}
    return {"QA_res": {"overview_qa": [one], "plot_qa": [one, one], "temporal_qa": [one]}}


def test_vtimellm_passes_what_it_rounds_and_the_right_number_does_not(tmp_path: Path) -> None:
    gold = {"v_A": {"duration": 100.0, "timestamps": [[0.0, 67.0]], "sentences": ["a"]}}
    log = put(tmp_path / "log.txt", _line(0, "From 00 to 20."))  # 20 / 67 = 0.2985
    old = read_old("vtimellm", [log, put(tmp_path / "gold.json", gold)])
    assert (old.legacy["r1@0.3"], old.right["r1@0.3"]["value"]) == (1.0, 0.0)


def test_queries_that_vtimellm_did_not_answer_count_where_it_is_right(tmp_path: Path) -> None:
    old = read_old("vtimellm", _vtimellm(tmp_path, _line(1, "From 20 to 40.")))
    assert (old.legacy["miou"], old.right["miou"]["value"]) == (1.0, 0.5)
    assert old.notes == ["1 of 2 queries have no answer: left out by the script, here 0"]


def test_a_log_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    old = read_old("vtimellm", _vtimellm(tmp_path, _line(1, "From 20 to 40.") + '{"video'))
    assert "1 lines are not JSON: left out" in old.notes


def test_an_answer_about_another_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no sentence 0 of 'v_B'"):
        read_old("vtimellm", _vtimellm(tmp_path, _line(0, "From 00 to 20.", "v_B")))


def test_vcgbench_cuts_scores_and_finds_no_in_unknown(tmp_path: Path) -> None:
    put(tmp_path / "v_A_0.json", [{"pred": "yes", "score": 4.8}, {}])
    put(tmp_path / "v_B_0.json", [{"pred": "unknown", "score": 1}, {}])
    old = read_old("vcgbench", [tmp_path])
    assert old.legacy == {"accuracy": 0.5, "average_score": 2.5}
    assert (old.right["accuracy"]["value"], old.right["average_score"]["value"]) == (1.0, 2.9)
    assert old.notes == [
        "1 of 2 verdicts are neither yes nor no: left out; more than 1 %: the right numbers are not valid"
    ]


def test_the_combined_file_of_vcgbench_is_the_same_as_its_folder(tmp_path: Path) -> None:
    row = [{"pred": "yes", "score": 4}, {}]
    put(tmp_path / "folder/v_A_0.json", row)
    whole = put(tmp_path / "all.json", {"v_A_0": row})
    assert read_old("vcgbench", [whole]) == read_old("vcgbench", [tmp_path / "folder"])


def test_aspects_without_verdicts_have_no_accuracy(tmp_path: Path) -> None:
    put(tmp_path / "v_A_0.json", [{"score": 3}, {}])
    assert set(read_old("vcgbench", [tmp_path]).right) == {"average_score"}


def test_moviellm_divides_by_a_hundred_however_many_there_are(tmp_path: Path) -> None:
    for number in range(10):
        put(tmp_path / f"{number}.json", _movie("first one", 5, 2))
    old = read_old("moviellm", [tmp_path])
    assert (old.legacy["overview ratio"], old.right["overview ratio"]["value"]) == (0.1, 1.0)
    assert (old.legacy["plot ours"], old.right["plot ours"]["value"]) == (0.5, 5.0)


def test_verdicts_against_their_own_scores_are_counted(tmp_path: Path) -> None:
    put(tmp_path / "a.json", _movie("second one", 5, 2))
    assert "4 of 4 verdicts are against the judge's own two scores" in read_old("moviellm", [tmp_path]).notes


def test_answers_without_verdicts_are_no_wins(tmp_path: Path) -> None:
    texts = {"ground_truth": "a man waits", "ours": "a man waits", "baseline": "nothing"}
    for name, text in texts.items():
        put(tmp_path / name / "m.json", {"QA": {"overview_qa": [{"Question": "?", "Answer": text}]}})
    old = read_old("moviellm", [tmp_path])
    assert (old.legacy, old.right["overview difference"]["value"]) == ({}, 1.0)
    assert "answers and no verdicts" in old.notes[0]


def test_both_columns_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    legacy("vtimellm", _vtimellm(tmp_path, _line(1, "From 20 to 40.")), out=None, as_json=False)
    assert "miou     1.000   0.500" in capsys.readouterr().out


def test_an_unknown_kind_is_answered_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there are vtimellm, vcgbench, moviellm"):
        read_old("vtime", [tmp_path])
