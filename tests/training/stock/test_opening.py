"""Opening a stock model: from a folder or the Hub at a revision, and what is refused, with what to do."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from moviellm.training.stock import opening
from moviellm.training.stock.opening import open_processor, open_stock
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.training.stock.tiny import film, written

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as it lies on the Hub."""
    return written("internvl", tmp_path_factory.mktemp("stock") / "internvl")


@pytest.fixture
def broken(whole: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(whole, tmp_path / "broken"))


def changed(folder: Path, name: str, **values: Any) -> Path:
    """The checkpoint with some values of a JSON file changed."""
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    return folder


def test_the_hub_gives_a_model_at_a_revision(hub_here: Any, whole: Path) -> None:  # noqa: F811
    from huggingface_hub import HfApi

    api = HfApi()
    api.create_repo("moviellm/stock")
    api.upload_folder(repo_id="moviellm/stock", folder_path=whole)
    api.create_tag("moviellm/stock", tag="v1.0.0")
    model, processor = open_stock("moviellm/stock", revision="v1.0.0", dtype="bfloat16")
    assert model.dtype == torch.bfloat16
    assert processor.see(film(2)).text == open_processor(whole).see(film(2)).text
    with pytest.raises(ValueError, match="moviellm/stock has no revision 'v9'"):
        open_stock("moviellm/stock", revision="v9")
    with pytest.raises(ValueError, match="no folder and no model on the Hub called 'moviellm/none'"):
        open_stock("moviellm/none")


def test_what_cannot_be_a_place_is_refused(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no folder and no model"):
        open_stock("no such/thing/at all")
    with pytest.raises(ValueError, match="is a folder and has no revisions"):
        open_stock(whole, revision="main")
    with pytest.raises(ValueError, match="is no checkpoint: it has no config.json"):
        open_stock(tmp_path)


def test_pickled_weights_are_refused(broken: Path) -> None:
    from safetensors.torch import load_file

    torch.save(load_file(broken / "model.safetensors"), broken / "pytorch_model.bin")
    (broken / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="no safetensors weights"):
        open_stock(broken)


def test_a_checkpoint_that_lacks_weights_is_refused(broken: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(broken / "model.safetensors")
    del weights[min(weights)]
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match="lacks weights that its config asks for"):
        open_stock(broken)


def test_an_architecture_that_transformers_does_not_know_is_refused(broken: Path) -> None:
    with pytest.raises(ValueError, match="an architecture that transformers does not know"):
        open_stock(changed(broken, "config.json", model_type="film_brain"))


def test_code_in_a_checkpoint_is_not_run(broken: Path) -> None:
    (broken / "code.py").write_text("raise SystemExit('code of a checkpoint was run')")
    auto = {"AutoConfig": "code.Config", "AutoModelForImageTextToText": "code.Model"}
    with pytest.raises(ValueError, match="an architecture that transformers does not know"):
        open_stock(changed(broken, "config.json", model_type="film_brain", auto_map=auto))


def test_a_language_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(ValueError, match=r"`llama` model, which sees no pictures.*Qwen3-VL"):
        open_stock(tmp_path)


def test_a_model_that_is_told_of_films_in_an_unknown_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "idefics3"}))
    with pytest.raises(ValueError, match="sees pictures, but how it is told of films is not known"):
        open_stock(tmp_path)


def test_a_model_without_a_chat_template_is_refused(broken: Path) -> None:
    (broken / "chat_template.jinja").unlink()
    with pytest.raises(ValueError, match="has no chat template"):
        open_processor(broken)


def test_a_checkpoint_that_does_not_say_how_frames_are_seen_is_refused(broken: Path) -> None:
    (broken / "video_preprocessor_config.json").unlink()
    with pytest.raises(ValueError, match="does not say how frames are seen"):
        open_processor(broken)


def test_a_processor_of_another_model_is_refused(broken: Path) -> None:
    changed(broken, "video_preprocessor_config.json", size={"height": 32, "width": 32})
    with pytest.raises(ValueError, match="frames of 32 x 32 px, and its model takes 16 x 16"):
        open_processor(broken).see(film(1))


def test_a_smolvlm_without_num2words_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "smolvlm"}))
    monkeypatch.setattr(opening.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install num2words"):
        open_stock(tmp_path)


def test_given_frame_settings_are_used_and_saved(tmp_path: Path) -> None:
    base = written("qwen3_vl", tmp_path / "base")
    small = open_processor(base, frame_settings={"size": {"shortest_edge": 64, "longest_edge": 64 * 5}})
    assert small.see(film(5)).look.tensors["video_grid_thw"].tolist() == [[3, 2, 2]]
    small.save_pretrained(tmp_path / "kept")
    shutil.copy(base / "config.json", tmp_path / "kept")
    assert open_processor(tmp_path / "kept").rules == small.rules
    with pytest.raises(ValueError, match=r"'sise'.*they can have .*size"):
        open_processor(base, frame_settings={"sise": 4})


def test_the_older_place_of_a_chat_template_is_read(broken: Path) -> None:
    template = (broken / "chat_template.jinja").read_text()
    (broken / "chat_template.jinja").unlink()
    (broken / "chat_template.json").write_text(json.dumps({"chat_template": template}))
    assert open_processor(broken).chat_template == template
