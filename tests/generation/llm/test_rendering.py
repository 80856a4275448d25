"""Prompts and schemas: a user's words stay data, an edited prompt is another request, strict servers take a schema."""

import json
import shutil
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm import rendering
from moviellm.generation.llm.rendering import data_block, llm_request, render
from moviellm.generation.llm.strict import strict_schema
from tests.generation.llm.kit import Note, recipe
from tests.servers.openai_answers import task_of


@pytest.fixture
def prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "prompts"
    shutil.copytree(rendering.PROMPTS, folder)
    (folder / "mine.md").write_text("# System\nYou write {{ what }}.\n# User\nWrite.\n", encoding="utf-8")
    monkeypatch.setattr(rendering, "PROMPTS", folder)
    return folder


def test_a_prompt_has_its_slots_filled_and_ends_with_its_data(prompts: Path) -> None:
    prompt = render("mine", data={"theme": "a map"}, what="notes")
    assert prompt.messages[0] == {"role": "system", "content": "You write notes."}
    assert prompt.messages[1] == {"role": "user", "content": 'Write.\n\n```json\n{"theme":"a map"}\n```'}


@given(st.text())
def test_no_theme_leaves_its_block(theme: str) -> None:
    said = f"Write.\n\n{data_block({'theme': theme})}"
    assert said.count("```") == 2
    assert task_of({"messages": [{"role": "user", "content": said}]}).data == {"theme": theme}


def test_an_edited_prompt_is_another_request(prompts: Path) -> None:
    before = llm_request("note", recipe(), render("mine", data={}, what="notes"), 1, Note)
    (prompts / "mine.md").write_text("# User\nWrite better.\n", encoding="utf-8")
    after = llm_request("note", recipe(), render("mine", data={}, what="notes"), 1, Note)
    assert (before.prompt_id, before.prompt_sha256 == after.prompt_sha256) == ("mine", False)


def test_an_edit_of_what_the_ladder_says_is_another_request(prompts: Path) -> None:
    before = llm_request("note", recipe(), render("mine", data={}, what="notes"), 1, Note)
    (prompts / "repair.md").write_text("# User\nNo: {{ fault }}\n", encoding="utf-8")
    assert llm_request("note", recipe(), render("mine", data={}, what="notes"), 1, Note).body() != before.body()


def test_limits_addresses_and_money_are_in_no_request(prompts: Path) -> None:
    prompt = render("mine", data={}, what="notes")
    one = llm_request("note", recipe(), prompt, 1, Note)
    other = recipe(concurrency=2, retries=9, max_usd=5.0, batch=True, timeout_s=1.0)
    two = llm_request("note", other, prompt, 1, Note)
    assert one.body() == two.body()


def test_a_slot_that_is_not_filled_is_an_error(prompts: Path) -> None:
    with pytest.raises(Exception, match="'what' is undefined"):
        render("mine", data={})


def test_a_prompt_that_is_not_there_is_named(prompts: Path) -> None:
    with pytest.raises(ValueError, match="no prompt yours; there are .*mine"):
        render("yours", data={})


def test_a_recipe_without_a_model_says_what_to_give(prompts: Path) -> None:
    with pytest.raises(ValueError, match="give --model NAME, or set OPENAI_MODEL"):
        llm_request("note", Recipe(), render("mine", data={}, what="notes"), 1, Note)


class Part(BaseModel):
    kind: Literal["a", "b"]
    when: tuple[float, float] | None = None


class Whole(BaseModel):
    parts: list[Part] = Field(min_length=1, max_length=9)
    name: str = Field(default="x", pattern="^x")
    share: float = Field(ge=0.0, le=1.0)


def nodes(value: Any) -> Any:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


def test_a_strict_schema_requires_everything_and_allows_nothing_else() -> None:
    objects = [node for node in nodes(strict_schema(Whole)) if node.get("type") == "object"]
    assert len(objects) == 2
    for node in objects:
        assert node["required"] == list(node["properties"])
        assert node["additionalProperties"] is False


def test_a_strict_schema_has_none_of_the_words_that_strict_servers_refuse() -> None:
    text = json.dumps(strict_schema(Whole))
    refused = ("minItems", "maxItems", "pattern", "minimum", "maximum", "default", "oneOf", "prefixItems", "title")
    assert [word for word in refused if f'"{word}"' in text] == []


def test_a_field_called_like_a_keyword_stays() -> None:
    assert list(strict_schema(Note)["properties"]) == ["title", "pages"]  # type: ignore[arg-type]


def test_free_keys_are_refused() -> None:
    class Free(BaseModel):
        counts: dict[str, int]

    with pytest.raises(ValueError, match="free keys"):
        strict_schema(Free)
