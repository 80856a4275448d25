"""What cannot be trained on, or from, is refused before the first step in words that say what to do."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from moviellm.training.data.budget import check_length, rows_that_fit
from moviellm.training.data.encoding import Encoder
from moviellm.training.data.units import Ask, Unit, video_first
from moviellm.training.media.film import Film
from tests.training.kit import dataset, train
from tests.training.model.tiny import tiny


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset(tmp_path_factory.mktemp("bad") / "films")


@pytest.fixture(scope="module")
def checkpoint(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(films, tmp_path_factory.mktemp("checkpoint") / "run", max_steps=1)[0]


def refused(films: Path | None, out: Path, message: str, **keys: Any) -> None:
    with pytest.raises(ValueError, match=message):
        train(films, out / "run", **keys)
    assert not (out / "run" / "model.safetensors").exists()


def copied(checkpoint: Path, place: Path) -> Path:
    shutil.copytree(checkpoint, place)
    return place


def changed(path: Path, **keys: Any) -> None:
    data = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in {**data, **keys}.items() if value is not None}))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"data": [{"path": "nowhere"}]}, "nowhere is no folder, and no Hub id"),
        ({"dataset_revision": "v9"}, "is a folder and has no revision 'v9'"),
        ({"data": [{"split": "trian"}]}, "has no split 'trian'; it has train, "),
        ({"data": [{"config": "qa"}]}, "say what is made of it by `view`, not `config: qa`"),
        ({"train": ["compresor"]}, r"no part 'compresor' \(did you mean compressor\?\)"),
        ({"train": ["language_model"], "lora": {"r": 2}}, "only `compressor` learns whole beside an adapter"),
        ({"merge_previous": True}, "a model that is built new has no adapter"),
        ({"max_length": 60}, "m00000 with its longest question has .* `max_length` allows 60; not one frame would"),
        ({"chat_template": "none.jinja"}, "chat_template: no file none.jinja; `default` is ours"),
        ({"pack_movies": True}, "pack_movies needs `max_length`"),
        ({"frame_settings": {"size": 8}}, "frame_settings are for whole models of transformers"),
    ],
)
def test_a_recipe_that_cannot_be_trained_by(films: Path, tmp_path: Path, keys: dict[str, Any], message: str) -> None:
    refused(films, tmp_path, message, **keys)


def test_a_recipe_without_data(tmp_path: Path) -> None:
    refused(None, tmp_path, "names no `path`, and the recipe no `dataset`: --dataset FOLDER_OR_HUB_ID")


def test_rows_without_pictures(tmp_path: Path) -> None:
    import datasets

    (tmp_path / "text").mkdir()
    datasets.Dataset.from_list([{"prompt": "a", "completion": "b"}]).to_parquet(tmp_path / "text" / "train.parquet")
    refused(
        None,
        tmp_path,
        "has no pictures: its rows have the columns prompt, completion",
        data=[{"path": str(tmp_path / "text")}],
    )


def test_a_model_of_another_architecture(films: Path, checkpoint: Path, tmp_path: Path) -> None:
    model = copied(checkpoint, tmp_path / "model")
    changed(model / "config.json", model_type="bert")
    refused(films, tmp_path, "is a `bert` model, which sees no pictures", model=str(model))


def test_a_pickle(films: Path, checkpoint: Path, tmp_path: Path) -> None:
    model = copied(checkpoint, tmp_path / "model")
    torch.save({"a": torch.zeros(1)}, model / "pytorch_model.bin")
    (model / "model.safetensors").unlink()
    refused(films, tmp_path, "no safetensors weights. Pickle checkpoints .* are not loaded", model=str(model))


def test_a_model_without_a_chat_template_says_what_to_do_and_takes_ours(
    films: Path, checkpoint: Path, tmp_path: Path
) -> None:
    model = copied(checkpoint, tmp_path / "model")
    for path in model.glob("chat_template*"):
        path.unlink()
    for name in ("tokenizer_config.json", "processor_config.json"):
        changed(model / name, chat_template=None)
    refused(films, tmp_path, "has no chat template.*`chat_template: default` for ours", model=str(model))
    out, _ = train(films, tmp_path / "ours", model=str(model), chat_template="default", max_steps=1)
    assert (out / "chat_template.jinja").is_file()


@pytest.mark.slow
def test_an_adapter_for_another_base(films: Path, checkpoint: Path, tmp_path: Path) -> None:
    adapter, _ = train(films, tmp_path / "adapter", model=str(checkpoint), lora={"r": 2, "alpha": 4}, max_steps=1)
    other, _ = train(films, tmp_path / "other", max_steps=1, seed=9)
    changed(adapter / "base.json", place=str(other))
    changed(adapter / "adapter_config.json", base_model_name_or_path=str(other))
    refused(films, tmp_path, "is for another base: it wants", model=str(adapter))


def test_a_folder_that_is_no_checkpoint(films: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(films, tmp_path, "is no checkpoint: it has no config.json", model=str(tmp_path / "empty"))
    refused(films, tmp_path, "is no folder that is there, and no Hub id", model=str(tmp_path / "none"))


def test_a_stage_does_not_write_into_the_checkpoint_that_it_goes_on_from(films: Path, checkpoint: Path) -> None:
    with pytest.raises(ValueError, match="a stage goes on from one folder and writes another"):
        train(films, checkpoint, model=str(checkpoint))


def test_a_training_does_not_write_into_a_dataset(films: Path) -> None:
    with pytest.raises(ValueError, match="holds a dataset"):
        train(films, films)


def test_a_loss_that_is_no_number_stops_with_the_samples_name(films: Path, tmp_path: Path) -> None:
    refused(films, tmp_path, r"is no number .* after step \d, with m\d+\. Nothing was learned", learning_rate=1e30)


def test_a_gradient_that_is_no_number_names_all_samples_of_the_step(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import transformers

    monkeypatch.setattr(transformers.Trainer, "_get_grad_norm", lambda *_, **__: torch.tensor(float("nan")))
    message = r"The gradient is no number .* after step 0, with m\d+, m\d+\. Nothing was learned"
    refused(films, tmp_path, message, gradient_accumulation_steps=2, max_grad_norm=0.0)


def test_an_evaluation_of_nothing_is_refused_before_the_first_step(films: Path, tmp_path: Path) -> None:
    message = "`evaluate` has no `data`, and the recipe no `dataset`"
    refused(None, tmp_path, message, data=[{"path": str(films)}], evaluate={"tasks": ["qa_open"]})
    assert not (tmp_path / "run").exists()


def test_a_movie_of_one_frame_is_trained_on(tmp_path: Path) -> None:
    from tests.stories import build, make_story

    build(tmp_path / "films", [make_story(number, chapters=1, scenes=1, keyframes=1) for number in range(3)])
    out, said = train(tmp_path / "films", tmp_path / "run", max_steps=1)
    assert (out / "model.safetensors").is_file() and "trained in 1 steps" in said


class Endless:
    """So many frames, none of which may be looked at."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count


def long_movie(frames: int) -> Unit:
    times = tuple(float(number) for number in range(frames))
    film = Film("m00001", Endless(frames), times_s=times, duration_s=float(frames))  # type: ignore[arg-type]
    messages = (
        {"role": "user", "content": video_first("who is it ?")},
        {"role": "assistant", "content": [{"type": "text", "text": "red"}]},
    )
    return Unit("m00001", (Ask("q1", messages),), film)


def test_a_movie_of_20_000_frames_is_an_error_that_says_how_many_would_fit() -> None:
    encoded = Encoder(tiny(context_tokens=200_000, time="none")[1]).encode(long_movie(20_000))
    with pytest.raises(ValueError, match=r"20,000 frames among them.*`max_length` allows 65,536.*`frames: 16,?3\d\d`"):
        rows_that_fit(encoded, 65_536, 0)
    with pytest.raises(ValueError, match=r"the model reads 4,096.*or raise `context_tokens` of the model"):
        check_length(encoded, 4096, model=True)


def test_as_many_frames_as_it_says_do_fit() -> None:
    encoder = Encoder(tiny(context_tokens=200_000, time="none")[1])
    encoded = encoder.encode(long_movie(2_000))
    with pytest.raises(ValueError, match="Nothing is cut") as caught:
        rows_that_fit(encoded, 5_000, 0)
    fitting = int(str(caught.value).split("`frames: ")[1].split("`")[0])
    assert rows_that_fit(encoder.encode(long_movie(fitting)), 5_000, 0)
    with pytest.raises(ValueError, match="Nothing is cut"):
        rows_that_fit(encoder.encode(long_movie(fitting + 1)), 5_000, 0)
