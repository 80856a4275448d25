"""The double itself: it speaks what the SDK speaks, and its faults follow from the request."""

from collections import Counter
from typing import Any

import pytest

from tests.generation.llm.kit import Note, ask, ask_all, strict_schema
from tests.servers.openai_answers import instance
from tests.servers.openai_double import Double, mixed, openai_double


def client(double: Double) -> Any:
    from openai import OpenAI

    return OpenAI(base_url=double.base_url, api_key="none", max_retries=0)


def test_it_speaks_chat_responses_and_models_to_the_sdk() -> None:
    messages = [{"role": "user", "content": "hello"}]
    with openai_double() as double:
        sdk = client(double)
        assert isinstance(
            sdk.chat.completions.parse(model="m", messages=messages, response_format=Note).choices[0].message.parsed,
            Note,
        )
        assert isinstance(sdk.responses.parse(model="m", input="hello", text_format=Note).output_parsed, Note)
        assert [model.id for model in sdk.models.list()] == ["any"]


@pytest.mark.parametrize(("form", "magic"), [("jpeg", b"\xff\xd8"), ("png", b"\x89PNG")])
def test_it_paints_pictures_of_the_asked_size(form: str, magic: bytes) -> None:
    import base64
    import io

    from PIL import Image

    with openai_double(image_format=form) as double:
        made = client(double).images.generate(model="p", prompt="a pier", size="96x64")
    data = base64.b64decode(made.data[0].b64_json)
    assert data.startswith(magic)
    assert Image.open(io.BytesIO(data)).size == (96, 64)


def test_another_prompt_is_another_picture() -> None:
    with openai_double() as double:
        sdk = client(double)
        one, two = (sdk.images.generate(model="p", prompt=name, size="64x64") for name in ("a pier", "a mill"))
    assert one.data[0].b64_json != two.data[0].b64_json


def test_an_instance_of_a_schema_fits_it_and_follows_from_the_seed() -> None:
    schema = strict_schema(Note)
    assert Note.model_validate(instance(schema, 3)) == Note.model_validate(instance(schema, 3))
    assert instance(schema, 3) != instance(schema, 4)


def test_which_request_meets_which_fault_repeats_and_has_its_share(tmp_path: Any) -> None:
    def met() -> Counter[str]:
        with openai_double(faults={kind: share for kind, share in mixed(0.5).items() if kind != "drip"}) as double:

            async def job(service: Any) -> None:
                for number in range(60):
                    try:
                        await service.exchange(ask(number))
                    except ValueError:
                        continue

            ask_all(double, tmp_path / str(len(list(tmp_path.iterdir()))), job, retries=8)
            return double.injected

    first = met()
    assert first == met()
    assert 25 <= sum(first.values()) <= 75
