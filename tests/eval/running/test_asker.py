"""Questions asked as a cluster asks them: parts, one asker each, what earlier askers left, what is refused."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.running import asker as asking_part
from moviellm.eval.running import spreading
from moviellm.eval.running.asker import PARTS, Asker, Order, Part, part_number, parts_of, wait_for_askers
from moviellm.eval.running.asking import Settings, ask_all
from moviellm.eval.running.evaluating import Wish
from moviellm.eval.running.films import Showing, frame_policy
from moviellm.eval.running.journal import Journal
from moviellm.eval.running.protocol import Said
from moviellm.eval.running.spreading import for_nodes, gpus_for, wish_for_nodes
from moviellm.eval.tasks.items import Data, open_data
from moviellm.generation.cli.app import call
from moviellm.generation.cluster.desk import Desk
from moviellm.generation.cluster.limits import Limits
from moviellm.generation.llm.exchanges import logs_of
from moviellm.generation.runs.lock import lock_shard
from tests.eval.running.models import Knowing
from tests.generation.cluster.test_shards import Actor
from tests.servers.openai_double import Double, openai_double

pytest.importorskip("ray")


@pytest.fixture(scope="module")
def data(films: Path) -> Data:
    return open_data(str(films), split="test")


def order(data: Data, kept: Path, **fields: Any) -> Order:
    defaults = {
        "wish": Wish(model="knowing", data=data.place, out=kept.parent),
        "showing": Showing(data, frame_policy(None, None)),
        "kept": kept,
        "settings": Settings(),
        "controls": ("none", "question-only"),
        "revision": "1",
        "served": False,
    }
    return Order(**{**defaults, **fields})


@pytest.fixture
def knowing(monkeypatch: pytest.MonkeyPatch) -> Knowing:
    """The model of every asker."""
    model = Knowing()
    monkeypatch.setattr(asking_part, "open_model", lambda *_: model)
    return model


def all_of(asker: Asker, data: Data) -> dict[str, dict[str, Said]]:
    found: dict[str, dict[str, Said]] = {}
    for part in reversed(parts_of(data.questions.values())):
        outcome = asker.ask(part)
        assert (outcome.error, outcome.held, outcome.stopped) == (None, None, None)
        for control, said in outcome.answers.items():
            found.setdefault(control, {}).update(said)
    return found


def test_parts_hold_every_question_once_and_every_movie_whole(data: Data) -> None:
    parts = parts_of(data.questions.values())
    assert sorted(name for part in parts for name in part.items) == sorted(data.questions)
    movies = [{data.questions[name].movie_id for name in part.items} for part in parts]
    assert sum(map(len, movies)) == len(set.union(*movies))
    assert all(0 <= part.number < PARTS for part in parts)


def test_a_movie_falls_into_the_same_part_whatever_else_is_asked(data: Data) -> None:
    few = [question for question in data.questions.values() if question.movie_id == "m00003"]
    assert [part.number for part in parts_of(few)] == [part_number("m00003")]


def test_askers_give_what_one_machine_gives(data: Data, tmp_path: Path, knowing: Knowing) -> None:
    told = order(data, tmp_path / "kept")
    alone = ask_all(
        Knowing(), data.questions.values(), data, told.showing, Journal(tmp_path / "one"), Settings(), told.controls
    )
    assert all_of(Asker(told, None), data) == alone


def test_what_another_asker_left_is_not_asked_again(data: Data, tmp_path: Path, knowing: Knowing) -> None:
    second = Asker(order(data, tmp_path / "kept"), None)  # it is there before the first one asks
    first = all_of(Asker(order(data, tmp_path / "kept"), None), data)
    asked = len(knowing.asked)
    assert all_of(second, data) == first
    assert len(knowing.asked) == asked


def test_every_asker_writes_a_file_of_its_own(data: Data, tmp_path: Path, knowing: Knowing) -> None:
    parts = parts_of(data.questions.values())
    for part in parts[:2]:
        Asker(order(data, tmp_path / "kept"), None).ask(part)
    assert len(list((tmp_path / "kept").glob("*.jsonl"))) == 2


def test_one_machine_goes_on_with_what_askers_left(data: Data, tmp_path: Path, knowing: Knowing) -> None:
    told = order(data, tmp_path / "kept")
    said = all_of(Asker(told, None), data)
    alone = Knowing()
    journal = Journal(tmp_path / "kept")
    assert ask_all(alone, data.questions.values(), data, told.showing, journal, Settings(), told.controls) == said
    assert alone.asked == []


def test_a_part_that_somebody_asks_is_left_to_them(
    data: Data, tmp_path: Path, knowing: Knowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking_part, "HELD_WAIT_S", 0.0)
    part, asker = parts_of(data.questions.values())[0], Asker(order(data, tmp_path / "kept"), None)
    with lock_shard(tmp_path / "kept", part.number, "node-b"):
        assert "node-b" in (asker.ask(part).held or "")
        assert knowing.asked == []
    wait_for_askers(tmp_path / "kept")
    assert asker.ask(part).held is None


def test_other_weights_on_a_node_end_the_run_in_words(data: Data, tmp_path: Path, knowing: Knowing) -> None:
    outcome = Asker(order(data, tmp_path / "kept", revision="2"), None).ask(Part(number=0, items=()))
    assert "finds another knowing than the driver's machine (1, not 2)" in (outcome.error or "")


def test_secrets_do_not_show_in_an_order(data: Data, tmp_path: Path) -> None:
    assert "sk-secret" not in repr(order(data, tmp_path, environment={"OPENAI_API_KEY": "sk-secret"}))


# ------------------------------------------------------------------------ an endpoint


def served(data: Data, kept: Path, double: Double, **wish: Any) -> Order:
    """An order to ask a server, as the driver gives it."""
    from moviellm.eval.running.models import open_model

    asked = Wish(model="openai:eyes", data=data.place, out=kept.parent, **wish)
    environment = {"OPENAI_BASE_URL": double.base_url, "OPENAI_API_KEY": "none"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        revision = open_model(asked, data, kept).revision
    return order(data, kept, wish=asked, revision=revision, served=True, environment=environment, controls=("none",))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an asker puts into the environment goes with the test."""
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "")


def test_a_part_pays_into_a_log_of_its_own_and_nobody_pays_again(data: Data, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    parts = parts_of(data.questions.values())[:2]
    with openai_double() as double:
        told = served(data, kept, double)
        costs = [Asker(told, Actor(Desk(str(kept), Limits()))).ask(part).cost["calls"] for part in parts]
        assert [path.name for path in logs_of(kept)] == sorted(f"{part.number:06d}.jsonl" for part in parts)
        for path in kept.glob("*.jsonl"):  # answers are lost, what was paid for is not
            path.unlink()
        again = [Asker(told, Actor(Desk(str(kept), Limits()))).ask(part) for part in parts]
        assert len(double.requests) == sum(costs)
    assert [outcome.cost["calls"] for outcome in again] == costs


def test_money_that_is_spent_stops_a_part_and_says_why(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text('id: mine\ndate: "2026-11-01"\nmodels: {eyes: {in: 10.0, out: 30.0}}\n', encoding="utf-8")
    monkeypatch.setenv("MOVIELLM_PRICES", str(prices))
    kept = tmp_path / "kept"
    with openai_double() as double:
        asker = Asker(served(data, kept, double, max_usd=0.2), Actor(Desk(str(kept), Limits(max_usd=0.2))))
        outcomes = [asker.ask(part) for part in parts_of(data.questions.values())]
    assert "the budget is spent" in (outcomes[-1].stopped or "")


# ------------------------------------------------------------------------ what a cluster is asked for


def nodes(*gpus: float) -> list[Mapping[str, Any]]:
    return [{"Alive": True, "Resources": {"CPU": 4.0, "GPU": one}} for one in gpus]


@pytest.mark.parametrize(
    ("kind", "device", "there", "each"),
    [
        ("checkpoint", None, (2.0, 0.0), 1.0),
        ("checkpoint", "cuda", (1.0,), 1.0),
        ("checkpoint", "cpu", (2.0,), 0.0),
        ("checkpoint", None, (0.0,), 0.0),
        ("openai", None, (2.0,), 0.0),
    ],
)
def test_a_checkpoint_takes_a_gpu_where_there_are_any(
    kind: str, device: str | None, there: tuple[float, ...], each: float
) -> None:
    assert gpus_for(nodes(*there), kind, device) == each


def test_gpus_that_the_cluster_has_not_are_said() -> None:
    with pytest.raises(ValueError, match="--device cuda: the cluster has no GPU"):
        gpus_for(nodes(0.0), "checkpoint", "cuda")


def test_folders_are_told_by_whole_paths(data: Data, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(films.parent)
    there, inputs = for_nodes(replace(data, place="films"))
    assert (there.place, inputs) == (str(films), [films])
    model = type("Local", (), {"kind": "checkpoint", "revision": "1"})
    told, more = wish_for_nodes(Wish(model="films", data="films", out=Path("out"), device="cuda:1"), model)  # type: ignore[arg-type]
    assert (told.model, told.device, more) == (str(films), "cuda", [films])


def test_a_model_of_the_hub_is_pinned_for_all_nodes() -> None:
    model = type("Hub", (), {"kind": "checkpoint", "revision": "c0ffee"})
    told, more = wish_for_nodes(Wish(model="org/name", data="d", out=Path("out")), model)  # type: ignore[arg-type]
    assert (told.model, told.model_revision, more) == ("org/name", "c0ffee", [])


def test_a_file_of_answers_needs_no_cluster(films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "answers.json").write_text(json.dumps({"m00000-q002": "Ada"}), encoding="utf-8")
    model = f"replay:{tmp_path}/answers.json"
    assert (
        call(["eval", "run", "--model", model, "--data", str(films), "--out", str(tmp_path / "o"), "--on", "ray"]) == 2
    )
    assert "a file of answers is asked nothing; leave out --on" in capsys.readouterr().err


def test_a_cluster_where_nobody_listens_is_said_before_anything_is_asked(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["eval", "run", "--model", "openai:eyes", "--data", str(films), "--out", str(tmp_path / "o")]
    assert call([*command, "--on", "ray://127.0.0.1:9"]) == 2
    assert "nobody listens at ray://127.0.0.1:9" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_a_process_that_is_lost_again_and_again_is_an_error() -> None:
    seen = spreading._Seen(1)
    driver = spreading._Spreading.__new__(spreading._Spreading)
    driver._lost = Counter()
    with pytest.raises(ValueError, match="part 7 was lost 20 times"):
        for _ in range(21):
            driver._count_lost(7, OSError("killed"), seen)
    assert seen.lost == 21
