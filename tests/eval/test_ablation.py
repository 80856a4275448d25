"""The ablation: which arms there are, what is taken from what, and the whole of it on the offline studio."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from moviellm.eval.ablation import Arm, Outcome, _facts, _markdown
from moviellm.eval.tally import Tally
from moviellm.generation.cli.app import call
from tests.eval.painted import ColourSeer
from tests.tiny_clip import save_tiny_clip

SMALL = ["movies=2", "story.chapters=1", "story.keyframes=1", "image.width_px=64", "image.height_px=64"]


def outcome(arm: Arm, **values: Sequence[float]) -> Outcome:
    """An arm with a value for each movie."""
    tallies = []
    for measure, numbers in values.items():
        tally = Tally(measure=measure, unit="cosine", counted="pairs", definition=f"of {measure}", by=ColourSeer())
        for number, value in enumerate(numbers):
            tally.add(f"m{number:05d}", value, 1)
        tallies.append(tally)
    return Outcome(arm, tuple(one.metric() for one in tallies), {one.name: one.values for one in tallies})


FOUR = [
    outcome(Arm(True, True), clip_next=[0.8, 0.9, 0.7, 0.8, 0.8], style_gap=[0.3] * 5),
    outcome(Arm(False, True), clip_next=[0.6, 0.7, 0.5, 0.6, 0.6], style_gap=[0.1] * 5),
    outcome(Arm(True, False), clip_next=[0.7, 0.8, 0.6, 0.7], style_gap=[0.2] * 4),
    outcome(Arm(False, False), clip_next=[0.6, 0.7, 0.5, 0.6, 0.6], style_gap=[0.1] * 5),
]


def test_each_axis_is_taken_at_both_ends_of_the_other() -> None:
    pairs = [(row["axis"], row["with"], row["without"]) for row in _facts("llm", FOUR)["differences"]]
    assert pairs == [
        ("style locked", "locked-levels", "loose-levels"),
        ("style locked", "locked-one_shot", "loose-one_shot"),
        ("story expanded", "locked-levels", "locked-one_shot"),
        ("story expanded", "loose-levels", "loose-one_shot"),
    ]


def test_differences_are_taken_movie_by_movie() -> None:
    first, _, third, fourth = _facts("llm", FOUR)["differences"]
    assert first["estimate"] == pytest.approx(0.2)
    assert (first["low"], first["high"]) == pytest.approx((0.2, 0.2))  # movies differ, their differences do not
    assert (third["movies"], third["low"]) == (4, None)  # one movie failed in an arm: too few are left
    assert fourth["estimate"] == 0.0


def test_the_table_shows_every_arm_and_which_way_is_better() -> None:
    text = _markdown("tiny", _facts("llm", FOUR))
    assert "| style locked | story expanded | clip_next ↑ | style_gap ↑ | movies |" in text
    assert "| ✓ | ✓ | 0.8000 | 0.3000 | 5 |" in text
    assert "| ✗ | ✗ | 0.6000 | 0.1000 | 5 |" in text
    assert "- `clip_next@tests/colour@0123456`: of clip_next" in text


def test_without_a_language_model_there_is_one_axis_and_the_table_says_so() -> None:
    facts = _facts("offline", FOUR[:2])
    assert {row["axis"] for row in facts["differences"]} == {"style locked"}
    assert "so there is one axis" in _markdown("tiny", facts)


@pytest.fixture
def verbs(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Verbs that were started, in place of starting them; each leaves what the real one does, as far as it is read."""
    started: list[list[str]] = []

    def run_verb(arguments: list[str], *, quiet: bool) -> int:
        started.append(arguments)
        if arguments[0] == "make":
            run = Path(arguments[arguments.index("--out") + 1])
            assert "loose" not in str(run) or run.exists()  # a copy of its twin
            run.mkdir(parents=True, exist_ok=True)
        if arguments[0] == "measure":
            movies = Path(arguments[arguments.index("--movies") + 1])
            one = FOUR[0] if "locked-" in str(movies) else FOUR[1]
            movies.write_text(json.dumps(one.by_movie), encoding="utf-8")
        return 0

    def read_results(data: Path) -> SimpleNamespace:
        return SimpleNamespace(metrics=(FOUR[0] if "locked-" in str(data) else FOUR[1]).metrics)

    monkeypatch.setattr("moviellm.eval.ablation.run_verb", run_verb)
    monkeypatch.setattr("moviellm.eval.ablation.read_results", read_results)
    monkeypatch.setattr("moviellm.eval.ablation.revision_of", lambda judge, revision: "0")
    return started


def test_every_arm_is_made_built_and_measured_and_again_gives_the_same(verbs: list[list[str]], tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["ablate", "tiny", "--out", str(out), "--model", "some/clip", "--set", *SMALL]
    assert call(command) == 0
    assert [verb[0] for verb in verbs] == ["make", "dataset", "measure"] * 2
    assert ["--set=style.locked=false" in verb for verb in verbs if verb[0] == "make"] == [False, True]
    facts = json.loads((out / "ablation.json").read_text(encoding="utf-8"))
    assert [arm["arm"] for arm in facts["arms"]] == ["locked-levels", "loose-levels"]
    before = (out / "ablation.json").read_bytes()
    assert call(command) == 0
    assert (out / "ablation.json").read_bytes() == before


@pytest.mark.slow
def test_it_runs_offline_and_again_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = save_tiny_clip(tmp_path / "tiny-clip")
    verbs: list[list[str]] = []

    def in_this_process(arguments: list[str], *, quiet: bool) -> int:
        verbs.append(arguments)
        return call(arguments)

    monkeypatch.setattr("moviellm.eval.ablation.run_verb", in_this_process)
    out = tmp_path / "out"
    command = ["ablate", "tiny", "--out", str(out), "--model", str(clip), "--cache", str(tmp_path / "cache"), "--set"]
    assert call([*command, *SMALL]) == 0
    assert [verb[0] for verb in verbs] == ["make", "dataset", "measure"] * 2
    facts = json.loads((out / "ablation.json").read_text(encoding="utf-8"))
    assert [arm["arm"] for arm in facts["arms"]] == ["locked-levels", "loose-levels"]
    style = next(row for row in facts["differences"] if row["metric"].startswith("style_within"))
    assert style["movies"] == 2 and style["estimate"] > 0
    before = (out / "ablation.json").read_bytes()
    capsys.readouterr()
    assert call([*command, *SMALL]) == 0
    assert capsys.readouterr().out.count("nothing to make: all") == 2
    assert (out / "ablation.json").read_bytes() == before


@pytest.mark.parametrize("key", ["style.locked=false", "story.expand=one_shot writer=llm"])
def test_what_an_ablation_varies_is_not_fixed_by_its_recipe(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["ablate", "tiny", "--out", str(tmp_path), "--set", *key.split()]) == 2
    assert "are what an ablation varies" in capsys.readouterr().err


def test_an_arm_that_fails_stops_the_ablation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moviellm.eval.ablation.run_verb", lambda arguments, *, quiet: 3)
    monkeypatch.setattr("moviellm.eval.ablation.revision_of", lambda judge, revision: "0")
    assert call(["ablate", "tiny", "--out", str(tmp_path / "out"), "--model", "some/clip"]) == 3
    assert not (tmp_path / "out" / "ablation.json").exists()


def test_nothing_is_made_for_a_judge_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["ablate", "tiny", "--out", str(tmp_path / "out"), "--model", "no/such/judge"]) == 2
    assert "no model no/such/judge" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
