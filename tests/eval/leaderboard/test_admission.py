"""Judges that are models are asked only where a gate admitted them; else their numbers are left out, with a reason."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.judging.rubric import open_rubric
from moviellm.eval.leaderboard.admission import read_gates, refused_after, refused_before
from moviellm.eval.leaderboard.bench import Bench
from moviellm.eval.leaderboard.items import item_html
from moviellm.eval.leaderboard.judged import Judges
from moviellm.eval.leaderboard.places import FolderPlace
from moviellm.eval.leaderboard.room import Room, Settings
from moviellm.eval.submissions.index import INDEX_FILE, index_of
from moviellm.generation.cli.app import call
from tests.eval.leaderboard.real_requests import real_requests
from tests.eval.leaderboard.worker_kit import PARAMS, gate_of
from tests.eval.submissions.conftest import called_here
from tests.eval.submissions.kit import REVISION, write_folder
from tests.servers.gate_judge_double import LABELS, GateJudge, shown_in
from tests.servers.judge_double import JudgeDouble
from tests.servers.openai_answers import Spoken
from tests.servers.openai_double import openai_double

RUBRIC = open_rubric("correctness")
JUDGE = "judge-2026-03-17"


def refused(*folders: Path, judge: str = "openai:j", **params: Any) -> str | None:
    return refused_before((judge,), RUBRIC, PARAMS | params, read_gates(folders))


def test_a_judge_that_its_gate_admitted_may_judge(tmp_path: Path) -> None:
    assert refused(gate_of(tmp_path / "gate")) is None


@pytest.mark.parametrize(
    ("told", "asked", "reason"),
    [
        ({"admitted": False, "refused_for": ["agrees with nobody"]}, {}, "refused by its gate: agrees with nobody"),
        ({"gate_version": 0}, {}, "another version of the gate"),
        ({"rubrics": {"answers": {"id": "rubric-9", "text_sha256": "0"}}}, {}, "tried by the rubric rubric-9"),
        ({}, {"temperature": 0.5}, "judges with max_tokens 2048, temperature 0.5"),
        ({}, {"judge": "openai:other"}, "openai:other was never tried"),
        ({}, {"judge": "openai:j@two"}, "openai:j@two was never tried"),
    ],
)
def test_one_that_was_not_is_refused_with_the_reason(
    told: dict[str, Any], asked: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    assert reason in str(refused(gate_of(tmp_path / "gate", **told), **asked))


def test_a_later_gate_of_the_same_judge_counts(tmp_path: Path) -> None:
    later = {"admitted": False, "times": {"decided_at": "2026-11-09T00:00:00+00:00"}}
    gates = gate_of(tmp_path / "first"), gate_of(tmp_path / "later", **later)
    assert refused(*gates) and refused(*reversed(gates))


def test_a_panel_needs_a_gate_of_every_judge(tmp_path: Path) -> None:
    gates = read_gates([gate_of(tmp_path / "one", "openai:a", "a"), gate_of(tmp_path / "two", "openai:b", "b")])
    assert refused_before(("openai:a", "openai:b"), RUBRIC, PARAMS, gates) is None
    assert "openai:c was never" in str(refused_before(("openai:a", "openai:b", "openai:c"), RUBRIC, PARAMS, gates))


def test_who_is_served_under_the_name_must_be_who_was_tried(tmp_path: Path) -> None:
    gates = read_gates([gate_of(tmp_path / "gate")])
    by = {"asked_as": "openai:j", "version": "j", "params": PARAMS}
    judgement = {"judges": [by], "rubric": {"id": RUBRIC.id, "text_sha256": RUBRIC.text_sha256}}
    assert refused_after(judgement, gates) is None
    judgement["judges"] = [by | {"version": "j-2026-11"}]
    assert refused_after(judgement, gates) == "openai:j is served as j-2026-11, and j was admitted"


@pytest.mark.parametrize("content", [{}, {"gate.json": b"{}"}, {"gate.json": b"[" * 9_000}])
def test_what_is_no_gate_is_told(content: dict[str, bytes], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--gate"):
        read_gates([write_folder(tmp_path / "gate", content or {"other": b""})])


def test_rules_need_no_gate() -> None:
    judges = Judges(names=("lexical", "fact-recall"))
    judges.check()
    assert judges.left_out is None
    with pytest.raises(ValueError, match="need none"):
        Judges(names=("lexical",), gates=(Path("gate"),)).check()


# ------------------------------------------------------------------------ a judge behind a server


@dataclass(kw_only=True)
class Tried(GateJudge):
    """A good judge: of the gate's cases by their labels, of others by the reference."""

    def _spoken(self, body: dict[str, Any], fault: str | None) -> Spoken:
        if any(one.question == shown_in(body)["question"] for one in LABELS):
            return super()._spoken(body, fault)
        return Spoken(json.dumps(JudgeDouble().truth(shown_in(body))))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Tried]:
    prices = f'id: mine\ndate: "2026-11-01"\nmodels: {{{JUDGE}: {{in: 1.0, out: 4.0}}}}\n'
    (tmp_path / "prices.yaml").write_text(prices, encoding="utf-8")
    with openai_double(Tried, served=JUDGE) as double:
        assert isinstance(double, Tried)
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("MOVIELLM_PRICES", str(tmp_path / "prices.yaml"))
        yield double


@pytest.fixture
def place(films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two requests, and cells that are called in this process."""
    for module in ("leaderboard.worker", "submissions.check_verb", "submissions.scoring"):
        monkeypatch.setattr(f"moviellm.eval.{module}.in_a_cell", called_here)
    monkeypatch.setattr("moviellm.eval.tasks.scoring.RESAMPLES", 300)
    monkeypatch.setattr("moviellm.eval.tasks.scoring.RESAMPLES_OF_PARTS", 50)
    index = index_of(films, benchmark="example-org/moviellm-bench", revision=REVISION)
    sent = {path: data for one in real_requests(films, index, 2).values() for path, data in one.items()}
    write_folder(tmp_path / "queue", {INDEX_FILE: index.text().encode(), **sent})
    return tmp_path


def score(place: Path, films: Path, *more: str) -> int:
    places = ["--requests", str(place / "queue"), "--results", str(place / "results"), "--labels", str(films)]
    return call(["leaderboard", "score", *places, "--work", str(place / "work"), "--judge", f"openai:{JUDGE}", *more])


def statuses(place: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in sorted((place / "queue" / "status").iterdir())]


def test_without_a_gate_the_column_is_left_out_and_the_queue_goes_on(
    place: Path, films: Path, server: Tried, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(place, films, "--judge", "lexical") == 0
    assert "never tried: no gate of it was given" in capsys.readouterr().err
    assert [one["state"] for one in statuses(place)] == ["scored"] * 2 and not server.calls
    for told in statuses(place):
        (problem,) = [one for one in told["problems"] if one["code"] == "R009"]
        assert "scored without its judged numbers" in problem["message"]
        row = json.loads((place / "results" / told["result_path"] / "entry.json").read_bytes())
        assert list(row["judged"]) and not [name for name in row["judged"] if JUDGE in name]
        assert "never tried" in row["judges_left_out"]


@pytest.mark.slow
def test_a_judge_is_tried_admitted_paid_up_to_the_cap_and_shown_on_the_board(
    place: Path, films: Path, server: Tried, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = ["eval", "judge-gate", "--judge", f"openai:{JUDGE}", "--labels", "built-in", "--out", str(place / "gate")]
    assert call([*gate, "--max-usd", "5"]) == 0, capsys.readouterr().out
    server.calls.clear()
    server.billed.clear()

    assert score(place, films, "--gate", str(place / "gate"), "--max-usd", "0.0001") == 0
    assert "the budget is spent" in capsys.readouterr().err
    (waits,) = statuses(place)
    assert (waits["state"], waits["attempts"]) == ("queued", 0)
    assert (waits["problems"][0]["code"], waits["problems"][0]["message"].split(";")[0]) == (
        "R007",
        "judges have no money left",
    )

    assert score(place, films, "--gate", str(place / "gate"), "--max-usd", "1", "--json") == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["requests"]["scored"] == 2 and 0 < told["spent_usd"] <= 1
    room = Room(FolderPlace(place / "results"), bench=Bench(str(films), None, "test"), desk=None, settings=Settings())
    board = room.board()
    (name,) = {name for row in board.rows.values() for name in row.judged}
    assert JUDGE in name and all(row.judgements[name].valid for row in board.rows.values())
    item = next(json.loads(line)["item_id"] for line in transcripts(place) if "qa_open" in json.loads(line)["tasks"])
    assert room.bench is not None
    shown = item_html(room.bench, board, item)
    assert JUDGE in shown and "correct" not in shown and JUDGE in room.board_html()


def transcripts(place: Path) -> list[str]:
    (path, *_) = sorted((place / "results" / "results").glob("*/transcripts.jsonl"))
    return path.read_text(encoding="utf-8").splitlines()
