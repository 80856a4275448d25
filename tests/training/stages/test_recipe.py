"""Recipes of training: packaged ones are whole, keys are checked, the command line overrides."""

from pathlib import Path

import pytest

from moviellm.training.stages.recipe import packaged_recipes, read_recipe

MODEL = ["--model", "org/name", "--dataset", "films"]


@pytest.fixture
def empty(tmp_path: Path) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text("dataset: films\nmodel: org/name\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", packaged_recipes())
def test_a_packaged_recipe_can_be_read(name: str) -> None:
    recipe, args = read_recipe([name, "--dataset", "films"])
    assert recipe.name == name and args.output_dir.startswith("runs/")


def test_the_recipes_of_the_issue_are_there() -> None:
    wanted = {"stage1_align", "stage2_boundary", "stage3_instruct", "long_video", "qlora_24gb", "stock_vlm", "tiny"}
    assert wanted == set(packaged_recipes())


def test_each_stage_goes_on_from_the_output_of_the_one_before() -> None:
    stages = [read_recipe([name, "--dataset", "x"]) for name in ("stage1_align", "stage2_boundary", "stage3_instruct")]
    assert [recipe.model for recipe, _ in stages[1:]] == [args.output_dir for _, args in stages[:-1]]
    assert [recipe.merge_previous for recipe, _ in stages] == [False, False, True]


def test_a_block_is_left_out_on_the_command_line() -> None:
    assert read_recipe(["stage3_instruct", "--dataset", "x"])[0].evaluate is not None
    assert read_recipe(["stage3_instruct", "--dataset", "x", "--evaluate", "null"])[0].evaluate is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--learnin_rate", "3"], r"unknown key learnin_rate \(did you mean learning_rate\?\)"),
        (["--lora", "{rr: 3}"], r"unknown key rr in lora"),
        (["--data.0.vieww", "sft"], r"unknown key vieww in data\[0\] \(did you mean view\?\)"),
        (["--data", "[{view: moments}]"], r"data\[0\].view: input should be 'sft', 'align'"),
        (["--learning_rate", "fast"], "--learning_rate.*invalid float value: 'fast'"),
        (["--packing", "true"], "packing cannot be set: movies are packed by `pack_movies`"),
        (["--trust_remote_code", "true"], "code from the Hub is never run"),
        (["--questions", "alone"], "questions is 'alone': it can be together or apart"),
        (["--replay", "[{share: 0.6}, {share: 0.5}]"], "the shares of `replay` make 1 or more"),
        (["--lora"], "--lora has no value"),
        (["--lora", "{r: 8"], r"--lora '\{r: 8' is no YAML"),
        (["--per_device_train_batch_size", "0"], "per_device_train_batch_size is 0: it is 1 or more"),
        (["--max_length", "-5"], "max_length is -5: it is 1 or more"),
        (["--skip_frames", "-1"], "skip_frames is -1: it is 0 or more"),
        (["--data", "[]"], "`data` is empty"),
        (["--build", "{text: org/llm}"], "`model: FOLDER_OR_ID`, or a block `build`"),
    ],
)
def test_a_wrong_key_or_value_is_an_error_that_says_so(empty: str, words: list[str], message: str) -> None:
    if "--data.0" in words[0]:
        words = ["--data", "[{view: sft}]", *words]
    with pytest.raises(ValueError, match=message):
        read_recipe(["--config", empty, *words])


@pytest.mark.parametrize(
    ("line", "said"),
    [("max_steps: [1]", r"max_steps is \[1\]"), ("model_revision: {a: 1}", "a"), ("seed:", "seed is nothing")],
)
def test_a_value_of_another_kind_is_an_error_that_names_the_key(empty: str, line: str, said: str) -> None:
    with Path(empty).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    with pytest.raises(ValueError, match=f"recipe .*: .*{said}.*one word or number; leave it out for its default"):
        read_recipe(["--config", empty])


def test_a_key_that_takes_a_list_or_a_mapping_gets_it(empty: str) -> None:
    with Path(empty).open("a", encoding="utf-8") as file:
        file.write("report_to: [tensorboard]\nlr_scheduler_kwargs: {min_lr: 0.1}\nmodel_revision:\n")
    _, args = read_recipe(["--config", empty])
    assert (args.report_to, args.lr_scheduler_kwargs) == (["tensorboard"], {"min_lr": 0.1})


def test_a_recipe_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no recipe 'tinny' \(did you mean tiny\?\); packaged recipes are"):
        read_recipe(["tinny"])
    with pytest.raises(ValueError, match="no recipe file"):
        read_recipe(["--config", str(tmp_path / "none.yaml")])
    with pytest.raises(ValueError, match="moviellm prove"):
        read_recipe(["proof"])
    with pytest.raises(ValueError, match=r"which recipe\?"):
        read_recipe([])


def test_the_command_line_overrides_keys_blocks_and_dotted_keys(empty: str) -> None:
    words = ["--learning_rate=1e-4", "--lora", "{r: 8}", "--lora.alpha", "4", "--replay", "[{share: 0.25}]"]
    recipe, args = read_recipe(["--config", empty, *words, "--replay.0.view", "align"])
    assert (args.learning_rate, recipe.lora.r, recipe.lora.alpha) == (1e-4, 8, 4)
    assert (recipe.replay[0].share, recipe.replay[0].view) == (0.25, "align")


def test_the_recipe_as_it_was_used_reads_as_the_same_recipe(empty: str, tmp_path: Path) -> None:
    recipe, args = read_recipe(["--config", empty, "--lora", "{r: 8}", "--max_steps", "3", "--report_to", "none"])
    again = tmp_path / "again.yaml"
    again.write_text(recipe.text, encoding="utf-8")
    same, others = read_recipe(["--config", str(again)])
    assert (same.lora, same.data, others.max_steps) == (recipe.lora, recipe.data, args.max_steps)


def test_rows_are_not_cut_unless_a_length_is_given(empty: str) -> None:
    assert read_recipe(["--config", empty])[1].max_length is None


def test_a_push_is_ours_and_not_the_trainers(empty: str) -> None:
    recipe, args = read_recipe(["--config", empty, "--push_to_hub", "org/mine", "--push_tag", "1.0.0"])
    assert (recipe.push_to, recipe.push_tag, args.push_to_hub) == ("org/mine", "1.0.0", False)
