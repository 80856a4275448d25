"""The card: only measured numbers, the metadata of the Hub, and nothing that texts could break."""

import re
from pathlib import Path

import pytest
import yaml

from moviellm.training.checkpoints.card import MARK, write_card
from moviellm.training.checkpoints.record import Evaluation, Lora, Loss, write_record
from tests.training.checkpoints.records import record, source, stage
from tests.training.checkpoints.results import write_results


def card(folder: Path, *stages, base=None, **options) -> str:
    write_record(folder, record(*stages, **(base or {})))
    assert write_card(folder, **options)
    return (folder / "README.md").read_text(encoding="utf-8")


def front(text: str) -> dict:
    return yaml.safe_load(text.split("---\n")[1])


def test_the_hub_lists_it_by_base_data_task_library_and_licence(tmp_path: Path) -> None:
    assert front(card(tmp_path)) == {
        "license": "other",
        "license_name": "apache-2.0-and-cc-by-4.0",
        "library_name": "transformers",
        "pipeline_tag": "video-text-to-text",
        "base_model": ["org/base"],
        "base_model_relation": "finetune",
        "datasets": ["moviellm/clips", "moviellm/films"],
        "tags": ["moviellm", "long-video", "video", "temporal-grounding", "trl"],
    }


def test_folders_of_this_machine_are_no_links(tmp_path: Path) -> None:
    text = card(
        tmp_path,
        stage(sources=(source(dataset="films", revision="1.0.0"),)),
        base={"model_id": "mine", "revision": None},
    )
    assert not {"base_model", "datasets"} & set(front(text))


def test_every_number_of_the_record_is_shown(tmp_path: Path) -> None:
    text = card(tmp_path)
    for shown in (
        "1,000,000 parameters",
        "34,567 learned",
        "123,456",
        "2,345",
        "960",
        "1.5",
        "75%",
        "25%",
        "12 movies",
    ):
        assert shown in text, shown


def test_no_number_is_typed_into_the_template() -> None:
    from importlib.resources import files

    text = (files("moviellm.training.checkpoints") / "card.md.j2").read_text(encoding="utf-8")
    body = re.sub(r"\{[{%].*?[}%]\}", "", text, flags=re.DOTALL)
    assert re.findall(r"\b\d[\d,.]*\b", body.replace("95 %", "").replace('width="60%"', "")) == []


def test_evaluations_stand_with_intervals_and_controls_side_by_side(tmp_path: Path) -> None:
    write_results(tmp_path / "evaluations/3/results.json", 0.6)
    write_results(tmp_path / "evaluations/alone/results.json", 0.3, control="question-only")
    text = card(tmp_path, stage(evaluations=(Evaluation(step=3, results="evaluations/3/results.json"),)))
    assert "| task | measure | all shown | question-only | chance | n |" in text
    assert "| `qa_mc` | accuracy | 0.600 [0.500, 0.700] | 0.300 [0.200, 0.400] | 0.250 | 240 |" in text
    assert "after step 3, 32 frames" in text
    assert "`question-only` is this model without the film" in text
    assert "group\\_accuracy" not in text


def test_without_a_blind_run_the_card_says_so(tmp_path: Path) -> None:
    write_results(tmp_path / "evaluations/final/results.json")
    assert "It was not measured blind" in card(tmp_path)


def test_without_any_evaluation_the_card_says_how(tmp_path: Path) -> None:
    assert "Nobody has measured it yet: `moviellm eval run --model" in card(tmp_path)


def test_all_stages_are_told(tmp_path: Path) -> None:
    lora = Lora(r=64, alpha=128, dropout=0.05, targets="all-linear", bits=4)
    second = stage(name="stage2_boundary", parent="stage1", lora=lora, trains=("lora",), notes=("It is a try.",))
    text = card(tmp_path, stage(), second)
    assert "learned in the last of 2 stages" in text
    assert "| stage2\\_boundary | lora (r 64, alpha 128, base in 4 bits) | stage1 |" in text
    assert "- stage2\\_boundary: It is a try." in text
    assert text.count("<details><summary>Recipe of") == 2


def test_the_loss_curve_lies_beside_it(tmp_path: Path) -> None:
    assert '<img src="card/loss.svg"' in card(tmp_path, stage(), stage())
    assert (tmp_path / "card/loss.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_loss_without_a_curve_draws_none(tmp_path: Path) -> None:
    assert "loss.svg" not in card(tmp_path, stage(losses=(Loss(step=1, loss=1.0),)))


def test_texts_stay_texts(tmp_path: Path) -> None:
    odd = "<b>*x*</b>|`y`"
    text = card(tmp_path, stage(name=odd, notes=(odd,), recipe="a: ```\nb: '</details>'\n"), title=odd)
    assert odd not in text
    assert "````yaml\na: ```" in text


def test_the_same_record_gives_the_same_card(tmp_path: Path) -> None:
    assert card(tmp_path) == card(tmp_path)


def test_a_card_of_a_person_is_left_as_it_is(tmp_path: Path) -> None:
    write_record(tmp_path, record())
    (tmp_path / "README.md").write_text("# Mine\n", encoding="utf-8")
    assert not write_card(tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "# Mine\n"


def test_a_card_that_peft_wrote_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Model Card\n[More Information Needed]\n", encoding="utf-8")
    assert MARK in card(tmp_path)


def test_a_licence_may_be_stated(tmp_path: Path) -> None:
    text = card(tmp_path, stage(sources=(source(licence=None),)), licence="Apache-2.0")
    assert front(text)["license"] == "apache-2.0"
    assert "**Apache 2.0**." in text


def test_a_folder_without_a_record_has_no_card(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no training\.json"):
        write_card(tmp_path)
