"""`moviellm train push`: what arrives, what stays, what is refused, and that it comes back to the bit."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from moviellm.training.checkpoints.folders import open_adapter
from moviellm.training.checkpoints.pushing import card, push
from moviellm.training.checkpoints.record import write_record
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub
from tests.training.checkpoints.models import logits, tiny
from tests.training.checkpoints.records import record, source, stage
from tests.training.checkpoints.results import write_results
from tests.training.checkpoints.test_folders import adapter_on, saved

REPO = "moviellm/tiny"
FINE = "moviellm/tiny-adapter"


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A checkpoint as a training leaves it."""
    folder = tmp_path / "stage1"
    model, words = tiny()
    model.save_pretrained(folder, max_shard_size="60KB")
    words.save_pretrained(folder)
    write_record(folder, record())
    write_results(folder / "evaluations/final/results.json")
    (folder / "checkpoint-3").mkdir()
    save_file({"a": torch.ones(1)}, folder / "checkpoint-3/model.safetensors")
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth", "training_args.bin"):
        torch.save({}, folder / "checkpoint-3" / name)
        torch.save({}, folder / name)
    (folder / "trainer_state.json").write_text("{}", encoding="utf-8")
    (folder / "runs/now").mkdir(parents=True)
    (folder / "runs/now/events.out.tfevents.1.host").write_bytes(b"\0")
    return folder


def test_a_model_comes_back_to_the_bit(hub_here: Hub, whole: Path) -> None:  # noqa: F811
    from transformers import AutoModelForImageTextToText, AutoProcessor

    push(whole, REPO, version="1.0.0")
    again = AutoModelForImageTextToText.from_pretrained(REPO, revision="v1.0.0")
    words = AutoProcessor.from_pretrained(REPO, revision="v1.0.0")
    first, _ = tiny()
    assert all(torch.equal(one, again.state_dict()[name]) for name, one in first.state_dict().items())
    assert torch.equal(logits(again, words), logits(first, words))


def test_what_only_a_trainer_needs_stays_here(hub_here: Hub, whole: Path) -> None:  # noqa: F811
    push(whole, REPO, version="1.0.0")
    there = set(map(str, hub_here.tree(REPO, kind="model", revision="v1.0.0")))
    assert len([name for name in there if name.endswith(".safetensors")]) > 1
    assert not [name for name in there if "checkpoint-" in name or name.endswith((".pt", ".pth", ".bin", ".1.host"))]
    assert {
        "README.md", "card/loss.svg", "config.json", "training.json", "evaluations/final/results.json",
        "model.safetensors.index.json", "processor_config.json", ".eval_results/moviellm-films-test.yaml",
    } <= there  # fmt: skip


def test_the_card_names_the_repository_and_the_tag(hub_here: Hub, whole: Path) -> None:  # noqa: F811
    push(whole, REPO, version="1.0.0")
    text = (whole / "README.md").read_text(encoding="utf-8")
    assert f'AutoModelForImageTextToText.from_pretrained("{REPO}", revision="v1.0.0")' in text


def test_a_version_is_sent_once(hub_here: Hub, whole: Path, capsys) -> None:  # noqa: F811
    push(whole, REPO, version="1.0.0")
    push(whole, REPO, version="1.0.0")
    assert "is already there, with these very files" in capsys.readouterr().out
    model, _ = tiny(seed=1)
    model.save_pretrained(whole, max_shard_size="60KB")
    with pytest.raises(ValueError, match=r"v1\.0\.0"):
        push(whole, REPO, version="1.0.0")


def test_a_dry_run_sends_nothing(hub_here: Hub, whole: Path, capsys) -> None:  # noqa: F811
    push(whole, REPO, version="1.0.0", dry_run=True)
    assert "would be pushed" in capsys.readouterr().out
    assert ("model", REPO) not in hub_here.store.repos


@pytest.mark.parametrize("name", ["pytorch_model.bin", "weights.pt", "extra.pkl"])
def test_a_pickle_is_refused(hub_here: Hub, whole: Path, name: str) -> None:  # noqa: F811
    torch.save({}, whole / name)
    with pytest.raises(ValueError, match=f"holds {name}, a pickle"):
        push(whole, REPO, version="1.0.0")
    assert ("model", REPO) not in hub_here.store.repos


def test_a_trainers_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out/checkpoint-30").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"neither config\.json nor adapter_config\.json; .*checkpoint-30"):
        push(tmp_path / "out", REPO, version="1.0.0")


def test_unknown_terms_are_refused_unless_stated(hub_here: Hub, whole: Path) -> None:  # noqa: F811
    write_record(whole, record(stage(sources=(source(licence=None),))))
    with pytest.raises(ValueError, match="the licence of this checkpoint is not known; state it with --licence"):
        push(whole, REPO, version="1.0.0")
    push(whole, REPO, version="1.0.0", licence="apache-2.0")
    assert "license: apache-2.0" in (whole / "README.md").read_text(encoding="utf-8")


def test_an_adapter_comes_back_to_the_bit_on_its_base_from_the_hub(
    hub_here: Hub,  # noqa: F811
    whole: Path,
    tmp_path: Path,
) -> None:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    push(whole, REPO, version="1.0.0")
    made, words = adapter_on(saved(tmp_path / "base"), tmp_path / "adapter")
    write_record(tmp_path / "adapter", record())
    push(tmp_path / "adapter", FINE, version="1.0.0", base=REPO, base_revision="v1.0.0")
    again, _ = open_adapter(FINE, revision="v1.0.0")
    assert torch.equal(logits(again, words), logits(made, words))
    plain = AutoModelForImageTextToText.from_pretrained(FINE)
    assert torch.equal(logits(plain, AutoProcessor.from_pretrained(FINE)), logits(made, words))
    text = (tmp_path / "adapter/README.md").read_text(encoding="utf-8")
    assert f"base_model:\n- {REPO}\nbase_model_relation: adapter" in text


def test_an_adapter_of_a_folder_needs_its_base_on_the_hub(hub_here: Hub, tmp_path: Path) -> None:  # noqa: F811
    adapter_on(saved(tmp_path / "base"), tmp_path / "adapter")
    write_record(tmp_path / "adapter", record())
    with pytest.raises(ValueError, match="is for base, a folder on this machine: push that first"):
        push(tmp_path / "adapter", FINE, version="1.0.0")


def test_another_base_on_the_hub_is_refused(hub_here: Hub, whole: Path, tmp_path: Path) -> None:  # noqa: F811
    push(whole, REPO, version="1.0.0")
    adapter_on(saved(tmp_path / "base", seed=1), tmp_path / "adapter")
    write_record(tmp_path / "adapter", record())
    with pytest.raises(ValueError, match=r"--base moviellm/tiny is another base: the adapter wants weights \w{12}"):
        push(tmp_path / "adapter", FINE, version="1.0.0", base=REPO)


def test_more_results_come_into_the_card(whole: Path, tmp_path: Path) -> None:
    more = write_results(tmp_path / "out/results.json", 0.9, split="validation")
    card(whole, [more])
    assert "0.900 [0.800, 1.000]" in (whole / "README.md").read_text(encoding="utf-8")
    assert (whole / ".eval_results/moviellm-films-validation.yaml").is_file()
