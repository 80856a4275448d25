"""lmms-eval itself, with our plugin and our task files, on a tiny checkpoint.

lmms-eval 0.7.3 and what it touches of its dependencies are really installed, and moviellm from a copy of this
checkout; torch, transformers and datasets are those of this environment. The task files of Video-MME, MVBench,
EgoSchema and OVO-Bench are lmms-eval's own, prompts and scoring included; their rows and films are made here, for
nothing can be downloaded. Slow: runs pip.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.tasks.items import open_data
from moviellm.generation.cli.app import call
from tests.eval.lmms_eval.test_questions import FILES, half_right
from tests.eval.other_environment import environment, run
from tests.eval.running.models import save_tiny
from tests.generation.imports.films.filmkit import make_film
from tests.hub import environment as environment_of
from tests.servers.hub_double import hub_double

pytestmark = pytest.mark.slow

PACKAGES = [
    "lmms-eval==0.7.3", "filelock<4", "loguru", "tenacity", "sacrebleu", "portalocker", "tabulate", "colorama", "lxml",
    "pytablewriter", "DataProperty", "mbstrdecoder", "pathvalidate", "tabledata", "tcolorpy", "typepy", "chardet",
    "tqdm-multiprocess", "numexpr", "python-dotenv",
]  # fmt: skip
SHORT = "max_new_tokens=4"
PUBLIC = {
    "videomme": ("videomme/videomme.yaml", "test"),
    "mvbench": ("mvbench/mvbench_action_sequence.yaml", "train"),
    "egoschema": ("egoschema/egoschema_subset_mcppl.yaml", "test"),
    "ovobench": ("ovobench/ovo_forward.yaml", "test"),
}
OPTIONS = ["A. red", "B. blue", "C. green", "D. white", "E. brown"]
VIDEOMME = [
    {"videoID": name, "question_id": f"{name}-{number}", "duration": "short", "domain": "Knowledge",
     "sub_category": "Astronomy", "task_type": "OCR Problems", "question": f"Which colour comes at {number}?",
     "options": OPTIONS[:4], "answer": "A"}
    for name in ("one", "two") for number in range(2)
]  # fmt: skip
ROWS: dict[str, list[dict[str, Any]]] = {
    "videomme": VIDEOMME,
    "mvbench": [{"video": "one.mp4", "question": "Which is first?", "candidates": ["red", "blue"], "answer": "red"}],
    "egoschema": [{"video_idx": "one", "question": "Which is first?", "option": OPTIONS, "answer": 1}],
    "ovobench": [{"id": 7, "task": "REC", "activity": "jump", "test_info": [{"count": 1}, {"count": 2}]}],
}


def task_files(folder: Path, python: Path) -> Path:
    """lmms-eval's own task files, over rows of ours."""
    theirs = next((python.parent.parent / "lib").glob("python*/site-packages/lmms_eval/tasks"))
    folder.mkdir()
    for name, (file, split) in PUBLIC.items():
        rows = "".join(json.dumps(row) + "\n" for row in ROWS[name])
        (folder / f"{name}.jsonl").write_text(rows, encoding="utf-8")
        more = "" if name != "ovobench" else "metric_list: [{metric: forward_acc, aggregation: bypass}]\n"
        (folder / f"{name}.yaml").write_text(
            f"include: {theirs / file}\ntask: {name}_here\ndataset_path: json\ndataset_name: null\n"
            f"dataset_kwargs: {{data_files: {{{split}: {name}.jsonl}}}}\n{more}",
            encoding="utf-8",
        )
    return folder


def film_files(home: Path) -> None:
    """Films where those tasks look for them."""
    folders = ("videomme/data", "mvbench_video/star/Charades_segment", "egoschema/videos", "ovobench/chunked_videos")
    for folder in folders:
        (home / folder).mkdir(parents=True)
        for name in ("7_0", "7_1") if folder.startswith("ovo") else ("one", "two"):
            shots = [("red", 2.0), ("blue", 2.0)] if name != "two" else [("blue", 3.0)]
            make_film(home / folder / f"{name}.mp4", shots, lines=[(0.0, 1.0, "a whisper")])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder to work in, and the Python that has lmms-eval."""
    folder = tmp_path_factory.mktemp("environment")
    python = environment(folder, PACKAGES)
    film_files(folder / "hf")
    return folder, python


@pytest.fixture(scope="module")
def ran(place: tuple[Path, Path], films: Path, tiny: Path) -> dict[str, dict[str, Any]]:
    """What came of every job."""
    folder, python = place
    (folder / "said.json").write_text(json.dumps(half_right(films)), encoding="utf-8")
    (ours,) = run(python, "-m", "moviellm.eval.lmms_eval", cwd=folder, env={}).splitlines()
    public = task_files(folder / "public", python)
    ask = {"model": "moviellm", "args": f"pretrained={tiny},device=cpu,n=3", "tasks_in": [ours, str(public)]}
    ask |= {"settings": SHORT, "cache": str(folder / "cache")}
    jobs = {
        "told": {"model": "told", "answers": "said.json", "tasks": list(FILES), "tasks_in": [ours]},
        "asked": {**ask, "tasks": ["moviellm", "videomme_here", "mvbench_here"]},
        "again": {**ask, "tasks": ["moviellm", "videomme_here", "mvbench_here"]},
        "simple": {**ask, "tasks": ["moviellm_mc", "egoschema_here", "ovobench_here"], "simple": True, "cache": None},
    }
    (folder / "jobs.json").write_text(json.dumps(list(jobs.values())), encoding="utf-8")
    driver = Path(__file__).with_name("driver.py")
    printed = run(python, str(driver), "jobs.json", cwd=folder, env={"MOVIELLM_DATA": str(films)})
    return dict(zip(jobs, json.loads(printed.splitlines()[-1]), strict=True))


def eval_run(films: Path, out: Path, *model: str) -> dict[str, Any]:
    """What `moviellm eval run` makes of a model."""
    assert call(["eval", "run", "--data", str(films), "--out", str(out), *model]) == 0
    found: dict[str, Any] = json.loads((out / "results.json").read_bytes())
    return found


def said_to(task: str, job: dict[str, Any]) -> list[Any]:
    """The answers to the questions of a task."""
    return [answers[0] for answers in job["answers"][task]]


def test_numbers_are_those_of_eval_run(ran: dict[str, Any], films: Path, tmp_path: Path) -> None:
    (tmp_path / "said.json").write_text(json.dumps(half_right(films)), encoding="utf-8")
    tasks = eval_run(films, tmp_path / "out", "--model", f"replay:{tmp_path / 'said.json'}")["tasks"]
    for name, task in FILES.items():
        wanted = {number: told["value"] for number, told in tasks[task]["metrics"].items()}
        found = ran["told"]["results"][name]
        made = {number: found[f"{number},none"] for number in wanted}
        assert made == pytest.approx(wanted)
        assert 0 < found[f"{tasks[task]['headline']},none"] < 1
        assert found["unread,none"] > 0 or name == "moviellm_open"


def test_standard_errors_are_clustered_by_movie(ran: dict[str, Any]) -> None:
    assert ran["told"]["results"]["moviellm_mc"]["accuracy_stderr_clustered,none"] > 0


def test_a_model_that_is_not_ours_gets_pictures_and_words(ran: dict[str, Any]) -> None:
    text, pictures = ran["told"]["seen"]["m00000-q001"]
    assert pictures == [[64, 36]] * 4
    assert text.startswith("A movie of 16.0 s. Its 4 pictures are shown from these seconds on: 0.0, 4.0, 8.0, 12.0.")


def test_our_model_answers_as_in_eval_run(ran: dict[str, Any], films: Path, tiny: Path, tmp_path: Path) -> None:
    eval_run(films, tmp_path / "out", "--model", str(tiny), "--device", "cpu", "--frames", "3", "--max-tokens", "4")
    rows = [json.loads(line) for line in (tmp_path / "out/answers.jsonl").read_text(encoding="utf-8").splitlines()]
    said = {row["id"]: row["answer"] for row in rows}
    data = open_data(str(films), split="test")
    for name, task in (("moviellm_mc", "multiple_choice"), ("moviellm_grounding", "temporal_grounding")):
        wanted = [said[one.item_id] for one in data.questions.values() if one.answer_format == task]
        assert said_to(name, ran["asked"]) == wanted
    assert said_to("moviellm_mc", ran["simple"]) == said_to("moviellm_mc", ran["asked"])


def test_questions_on_one_film_are_read_once(ran: dict[str, Any]) -> None:
    films_of_public_tasks, movies = [1, 2, 2], [7, 7, 6, 6, 7, 7]
    assert ran["asked"]["asked"] == [*films_of_public_tasks, *movies]


def test_a_second_run_asks_nothing(ran: dict[str, Any]) -> None:
    assert ran["again"]["asked"] == []
    assert ran["again"]["answers"] == ran["asked"]["answers"]


def test_public_tasks_are_answered_by_what_a_film_shows(ran: dict[str, Any], tiny: Path, place: Any) -> None:
    from dataclasses import replace

    from moviellm.training.ask.opening import open_model
    from moviellm.training.media import FramePolicy, read_film

    film = read_film(place[0] / "hf/mvbench_video/star/Charades_segment/one.mp4", FramePolicy(n=3))
    assert film.dialogue  # which nobody asked to show
    asked = "Question:Which is first?\nOption:\n(A) red\n(B) blue\nOnly give the best option."
    said = open_model(str(tiny), device="cpu").answer(replace(film, dialogue=()), [asked], max_new_tokens=4)
    assert said_to("mvbench_here", ran["asked"]) == said
    assert "videomme_perception_score,none" in ran["asked"]["results"]["videomme_here"]


def test_options_are_weighed_by_their_likelihood(ran: dict[str, Any]) -> None:
    (weighed,) = ran["simple"]["answers"]["egoschema_here"]
    losses = [loss for loss, _ in weighed]
    assert len(losses) == 5 and all(loss > 0 and math.isfinite(loss) for loss in losses)
    assert len(set(losses)) == 5


def test_a_task_of_several_rounds_is_answered_round_by_round(ran: dict[str, Any]) -> None:
    (said,) = said_to("ovobench_here", ran["simple"])
    assert isinstance(said, list) and len(said) == 2


def test_the_documented_command_line_asks_a_dataset_on_the_hub_and_logs_become_predictions(
    place: tuple[Path, Path], films: Path, tiny: Path, tmp_path: Path
) -> None:
    folder, python = place
    (ours,) = run(python, "-m", "moviellm.eval.lmms_eval", cwd=folder, env={}).splitlines()
    told = ["--model", "moviellm", "--model_args", f"pretrained={tiny},n=2,kept=kept", "--device", "cpu"]
    told += ["--include_path", ours, "--tasks", "moviellm_mc", "--gen_kwargs", SHORT]
    told += ["--log_samples", "--output_path", "logs"]
    with hub_double() as hub:
        files = {path.relative_to(films).as_posix(): path.read_bytes() for path in films.rglob("*") if path.is_file()}
        hub.write("moviellm/films", files)
        hub.store.repos["dataset", "moviellm/films"].tag("v1.0.0", "main")
        seen = {**environment_of(hub, folder / "hub"), "HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0"}
        del seen["PYTHONPATH"], seen["PATH"]
        seen |= {"MOVIELLM_DATA": "moviellm/films", "MOVIELLM_REVISION": "v1.0.0"}
        printed = run(python, "-m", "lmms_eval", *told, cwd=folder, env=seen)
    assert "|moviellm_mc|" in printed and "twin_accuracy" in printed
    (log,) = (folder / "logs").rglob("*_samples_moviellm_mc.jsonl")
    lines = run(python, "-m", "moviellm.eval.lmms_eval.logs", str(log), cwd=folder, env={})
    (tmp_path / "said.jsonl").write_text(lines, encoding="utf-8")
    replayed = ["--model", f"replay:{tmp_path / 'said.jsonl'}", "--tasks", "qa_mc"]
    assert eval_run(films, tmp_path / "out", *replayed)["tasks"]["qa_mc"]["counts"]["unanswered"] == 0
    assert list((folder / "kept").glob("*.jsonl"))
