"""What a text-to-image model is asked."""

from moviellm.generation.painters.prompts import (
    keyframe_phrases,
    portrait_phrases,
    prompts_sha256,
    style_phrase,
)
from moviellm.generation.paintings import FigureBrief, ObjectBrief, PortraitBrief
from moviellm.generation.schema import Figure
from tests.generation.studio.painted import PHRASES, brief, figures, state, style


def person(name: str, appearance: str, number: int = 0, holding: str | None = None) -> FigureBrief:
    figure = Figure(character_id=f"p0{number}", pose="reach", emotion="surprised", holding=holding)
    return FigureBrief(figure=figure, name=name, appearance=appearance)


def asked(prompt: str, style_words: str = "ink on paper", **changes: object) -> str:
    values = {"props": (), "figures": (), **changes}
    return ", ".join(keyframe_phrases(brief(prompt=prompt, **values), style_words, {}))


def test_a_name_becomes_the_phrase_of_the_looks() -> None:
    ada = person("Ada", "a tall person with a red coat")
    assert "a tall person with a red coat finds the key" in asked("Ada finds the key", figures=(ada,))


def test_no_name_is_left() -> None:
    people = (person("Ada", "a tall person"), person("Ada Lee", "a child", 1))
    text = asked("Ada Lee waves; Ada's hat falls; Ada laughs", figures=people)
    assert "Ada" not in text and "Lee" not in text
    assert "a child waves, a tall person's hat falls" in text


def test_a_name_said_again_is_not_described_again() -> None:
    text = asked("Ada runs. Ada falls.", figures=(person("Ada", "a tall person with a hat, blue eyes"),))
    assert "a tall person with a hat, blue eyes runs, the tall person falls" in text


def test_a_name_inside_a_word_stays() -> None:
    assert "Annual fair" in asked("Annual fair", figures=(person("Ann", "a tall person"),))


def test_the_style_comes_first() -> None:
    assert asked("a pier").startswith("ink on paper, ")


def test_the_styles_own_words_are_not_said_twice() -> None:
    look = style().model_copy(update={"description": "ink on paper"})
    assert asked("a pier; ink on paper", style=look).count("ink on paper") == 1


def test_a_prompt_that_says_everything_is_not_repeated() -> None:
    looks = PHRASES[0]
    whole = f"medium shot of {looks}, standing, with a silver key in hand; the old street; at night, rain"
    said = asked(
        whole, shot="medium", figures=figures("stand", holding=("silver key",)), time_of_day="night", weather="rain"
    )
    assert said == f"ink on paper, {whole.replace(';', ',')}"


def test_what_the_prompt_leaves_out_is_added() -> None:
    text = asked(
        "somebody at the door",
        figures=(person("Ada", "a tall person", holding="brass key"),),
        props=("red umbrella",),
        states=(state("red umbrella", "open"),),
        time_of_day="dusk",
        weather="fog",
        location_kind="street",
    )
    for part in (
        "wide shot of somebody",
        "a tall person, reaching out, surprised face, with a brass key in hand",
        "a red umbrella, open",
        "street",
        "at dusk, fog",
    ):
        assert part in text, part
    assert text.count("brass key") == 1


def test_an_object_is_asked_for_by_its_looks() -> None:
    looks = (ObjectBrief(name="Grandmother's locket", appearance="gold locket"),)
    assert "a gold locket" in asked("a table", props=("Grandmother's locket",), objects=looks)


def test_indoors_has_no_weather() -> None:
    assert "storm" not in asked("a kitchen", indoor=True, weather="storm")


def test_a_reference_image_is_named_behind_the_person_it_shows() -> None:
    ada = person("Ada", "a tall person")
    phrases = keyframe_phrases(brief(prompt="Ada waits", figures=(ada,), props=()), "ink", {"p00": 2})
    assert "a tall person (the person of image 2) waits" in ", ".join(phrases)


def test_a_style_without_keyword_is_its_phrases_and_without_both_nothing() -> None:
    assert style_phrase("ink", "ink on paper") == "ink on paper"
    assert style_phrase("gothic", "long shadows") == "gothic style, long shadows"
    assert style_phrase("", "wet paper") == "wet paper"
    assert style_phrase("", "") == ""


def test_a_portrait_shows_one_person_and_the_style() -> None:
    asked_for = PortraitBrief(name="Ada", appearance="a tall person", style=style(), width_px=64, height_px=64)
    text = ", ".join(portrait_phrases(asked_for, "ink"))
    assert "portrait of a tall person" in text and "Ada" not in text and text.endswith("ink")


def test_the_hash_of_the_wordings_is_stable() -> None:
    assert prompts_sha256() == prompts_sha256()
    assert len(prompts_sha256()) == 64
