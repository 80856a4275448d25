"""What a benchmark is made of."""

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from moviellm.eval.bench import leaks, withholding
from moviellm.eval.bench.eval_yaml import not_yet, read_eval_yaml
from moviellm.eval.bench.folders import COLUMNS
from moviellm.eval.bench.leaks import label_leaks
from moviellm.eval.bench.withholding import SHOWN
from moviellm.eval.submissions.index import index_of, read_index
from moviellm.generation.dataset.features import FEATURES
from moviellm.generation.dataset.folder import read_manifest
from moviellm.generation.dataset.movie_rows import shards_of
from moviellm.generation.schema import Movie
from tests.eval.bench.kit import bench, dataset, movie, picture


def rows(folder: Path, config: str, split: str) -> list[dict[str, Any]]:
    return pq.ParquetDataset(sorted((folder / config).glob(f"{split}-*.parquet"))).read().to_pylist()


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_dataset_gives_the_same_bytes(built: Path, source: Path, train: Path, tmp_path: Path) -> None:
    assert hashes(bench(source, train, tmp_path / "again", version="1.0.0")) == hashes(built)


def test_dev_has_answers_and_test_has_none(built: Path) -> None:
    dev, test = rows(built / "public", "qa", "dev"), rows(built / "public", "qa", "test")
    assert all(row["answer"] for row in dev)
    assert [row for row in test if row["answer"] or row["answer_index"] is not None or row["evidence"]] == []


@pytest.mark.parametrize("config", sorted(FEATURES))
def test_of_test_every_column_that_is_not_named_is_null(built: Path, config: str) -> None:
    if not SHOWN[config]:
        assert not [*(built / "public" / config).glob("test-*")]
        return
    if config == "films":
        return
    for row in rows(built / "public", config, "test"):
        assert {name for name, value in row.items() if value is not None} <= SHOWN[config] | {"canary"}


def test_the_answers_of_test_lie_in_private(built: Path) -> None:
    asked = [row["question_id"] for row in rows(built / "public", "qa", "test")]
    right = rows(built / "private", "qa", "test")
    assert [row["question_id"] for row in right] == asked and all(row["answer"] for row in right)
    assert read_manifest(built / "private").splits == ("test",)


def test_what_a_picture_file_says_beside_the_picture_is_not_published(train: Path, tmp_path: Path) -> None:
    movies = [movie(number) for number in range(4)]
    source = dataset(tmp_path / "source", movies, {name: data for one in movies for name, data in saying(one)})
    made = bench(source, train, tmp_path / "bench")
    for split in ("dev", "test"):
        for row in rows(made / "public", "keyframes", split):
            assert b"hides the key" not in row["image"]["bytes"]
            assert hashlib.sha256(row["image"]["bytes"]).hexdigest() == row["image_sha256"]
    assert list(label_leaks(made / "public", made / "private")) == []


def saying(one: Movie) -> Iterator[tuple[str, bytes]]:
    """Pictures in whose files stands what they show."""
    for frame in one.keyframes():
        out = io.BytesIO()
        with Image.open(io.BytesIO(picture(f"{one.title} {frame.index}"))) as shown:
            shown.save(out, "JPEG", comment=b"Ada hides the key")
        yield frame.keyframe_id, out.getvalue()


def test_a_picture_with_tags_in_public_is_told(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "bare", lambda data: data[:-1])
    assert "texts or tags beside" in next(label_leaks(built / "public", built / "private"))


def test_twins_are_in_one_split(built: Path) -> None:
    families = {
        row["movie_id"]: row["twin_of"]
        for row in rows(built / "private", "movies", "test") + rows(built / "public", "movies", "dev")
    }
    (twin, original), *more = [(one, other) for one, other in families.items() if other]
    shown = {row["movie_id"] for row in rows(built / "public", "movies", "test")}
    assert more == [] and (twin in shown) == (original in shown)


def test_ids_and_orders_are_not_those_of_the_dataset(built: Path, source: Path) -> None:
    old = {row["question"]: row for split in ("train", "test", "validation") for row in _qa(source, split)}
    new = rows(built / "private", "qa", "test") + rows(built / "public", "qa", "dev")
    assert len({row["question"] for row in new} & set(old)) > 20
    moved = [row["question_id"][-4:] != old[row["question"]]["question_id"][-4:] for row in new]
    assert sum(moved) > len(moved) / 2


def _qa(folder: Path, split: str) -> list[dict[str, Any]]:
    return rows(folder, "qa", split) if [*(folder / "qa").glob(f"{split}-*")] else []


def test_a_follow_up_comes_behind_what_it_follows(built: Path) -> None:
    for row in rows(built / "public", "qa", "test"):
        assert row["turn_of"] is None or row["turn_of"] < row["question_id"]


def test_no_seed_and_no_parameters_are_public(built: Path) -> None:
    for row in rows(built / "public", "movies", "dev"):
        assert row["seed"] == 0 and {(made["seed"], made["params"]) for made in row["provenance"]} == {(0, "{}")}


def test_options_of_one_question_have_one_order_in_both_twins(built: Path) -> None:
    found: dict[str, set[tuple[str, ...]]] = {}
    for row in rows(built / "public", "qa", "test"):
        if row["options"]:
            found.setdefault(row["question"], set()).add(tuple(row["options"]))
    assert all(len(orders) == 1 for orders in found.values())


def test_the_right_option_is_still_right(built: Path) -> None:
    for row in rows(built / "private", "qa", "test"):
        if row["options"]:
            assert row["options"][row["answer_index"]] == row["answer"]


def test_every_row_and_card_has_the_canary(built: Path) -> None:
    canary = json.loads((built / "public" / "FROZEN.json").read_text())["canary"]
    for folder in (built / "public", built / "private"):
        manifest = read_manifest(folder)
        assert canary in (folder / "README.md").read_text()
        for split in manifest.splits:
            for file in shards_of(manifest, split):
                assert set(pq.read_table(folder / file.path, columns=["canary"])["canary"].to_pylist()) == {canary}


def test_the_index_lists_the_items_of_test(built: Path) -> None:
    index = read_index(built / "public" / "INDEX.json")
    assert index.benchmark == "org/bench"
    assert index == index_of(built / "public", benchmark=index.benchmark, revision=index.revision)
    assert index.tasks.keys() == {"grounding", "dense_captioning", "qa_mc", "qa_open", "movie_answers"}


def test_eval_yaml_is_what_the_hub_takes_but_for_its_framework(built: Path) -> None:
    stated = read_eval_yaml((built / "public" / "eval.yaml").read_text())
    assert [task.id for task in stated.tasks][:2] == ["grounding_miou", "dense_soda_c"]
    assert "moviellm-bench" in not_yet(stated)[0]
    assert not_yet(stated)[0].replace("`", "") in (built / "public" / "README.md").read_text().replace("`", "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nmae": "x"}, "nmae"),
        ({"evaluation_framework": None}, "evaluation_framework"),
        ({"tasks": [{"id": "a"}, {"id": "a"}]}, "two tasks have one id"),
        ({"tasks": [{"id": "a", "scorer": []}]}, "scorer"),
        ({"tasks": [{"id": "a", "scorers": [{}]}]}, "for inspect-ai only"),
        ({"tasks": []}, "tasks"),
    ],
)
def test_an_eval_yaml_with_a_wrong_field_is_refused(built: Path, change: dict[str, Any], said: str) -> None:
    stated = yaml.safe_load((built / "public" / "eval.yaml").read_text())
    with pytest.raises(ValueError, match=said):
        read_eval_yaml(yaml.safe_dump({**stated, **change}))


def test_a_column_that_nobody_named_is_withheld(built: Path) -> None:
    assert all(SHOWN[config] <= set(columns) for config, columns in FEATURES.items())
    assert "gates" in FEATURES["qa"] and "gates" not in SHOWN["qa"] and COLUMNS["qa"]["canary"] == "string"


def test_a_build_that_would_tell_a_label_writes_nothing(
    source: Path, train: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {**SHOWN, "keyframes": SHOWN["keyframes"] | {"caption"}, "movies": SHOWN["movies"] | {"synopsis"}}
    monkeypatch.setattr(withholding, "SHOWN", told)
    with pytest.raises(ValueError, match="would tell a label of test .*caption"):
        bench(source, train, tmp_path / "bench")
    assert not (tmp_path / "bench").exists()


def test_flagged_questions_and_what_belongs_with_them_are_left_out(tmp_path: Path, train: Path) -> None:
    made = movie(0)
    pairs = list(made.qa_pairs or ())
    pairs[1] = pairs[1].model_copy(update={"flags": ("guessable",)})
    flagged = made.model_copy(update={"qa_pairs": tuple(pairs)})
    ours = dataset(tmp_path / "ours", [flagged, movie(1), movie(2)])
    out = bench(ours, train, tmp_path / "bench")
    asked = {row["question"] for split in ("dev", "test") for row in rows(out / "public", "qa", split)}
    assert pairs[0].question in asked and not {pairs[1].question, pairs[2].question} & asked


def test_another_folder_is_not_overwritten(source: Path, train: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="is no benchmark"):
        bench(source, train, tmp_path)


@pytest.mark.parametrize(("wish", "said"), [({"dev": 0.0}, "--dev"), ({"shared_places": 2.0}, "--shared-places")])
def test_a_share_that_is_none_is_refused(
    source: Path, train: Path, tmp_path: Path, wish: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        bench(source, train, tmp_path / "bench", **wish)
