"""The licence of a checkpoint follows from what went in."""

from pathlib import Path

import pytest

from moviellm.training.checkpoints.record import Base
from moviellm.training.checkpoints.terms import licence_of, stated_licence
from tests.training.checkpoints.records import record, source, stage


def of(base: str | None, *data: str | None, **more) -> tuple[str, str | None]:
    sources = tuple(source(dataset=f"org/data{number}", licence=one) for number, one in enumerate(data))
    found = licence_of(record(stage(sources=sources), licence=base, **more))
    return found.spdx, found.name


@pytest.mark.parametrize(
    ("base", "data", "licence"),
    [
        ("apache-2.0", ["apache-2.0"], ("apache-2.0", None)),
        ("apache-2.0", ["cc-by-4.0"], ("other", "apache-2.0-and-cc-by-4.0")),
        ("llama3.2", ["llama3.2"], ("other", "llama3.2")),
        ("apache-2.0", ["cc-by-4.0", None], ("unknown", None)),
        (None, ["cc-by-4.0"], ("unknown", None)),
        ("apache-2.0", ["unknown"], ("unknown", None)),
    ],
)
def test_licences_come_together(base, data, licence) -> None:
    assert of(base, *data) == licence


def test_random_weights_have_no_terms() -> None:
    assert of(None, "cc-by-4.0", from_scratch=True) == ("cc-by-4.0", None)


def test_a_model_of_parts_has_the_terms_of_its_parts() -> None:
    parts = (Base(model_id="org/tower", licence="mit"), Base(model_id="org/llm", licence="apache-2.0"))
    assert of(None, "mit", parts=parts) == ("other", "apache-2.0-and-mit")


def test_every_stage_counts() -> None:
    first = stage(sources=(source(licence="cc-by-nc-4.0"),))
    second = stage(sources=(source(dataset="org/other", licence="cc-by-4.0"),))
    assert licence_of(record(first, second, licence="cc-by-4.0")).name == "cc-by-4.0-and-cc-by-nc-4.0"


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("---\nlicense: mit\n---\n# A", "mit"),
        ("---\nlicense: other\nlicense_name: llama3.2\n---\n", "llama3.2"),
        ("---\nlicense: unknown\n---\n", None),
        ("---\n: [\n---\n", None),
        ("# A card", None),
    ],
)
def test_a_card_states_a_licence(tmp_path: Path, text: str, licence: str | None) -> None:
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    assert stated_licence(str(tmp_path)) == licence
