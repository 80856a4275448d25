"""The text side: windows of 77 tokens, what is left out, what is read once."""

from moviellm.generation.painters.texts import WINDOWS_MAX, Reader
from tests.generation.painters.painting import pipeline

LONG = "a tall person with red bob hair and fair skin and a teal coat and glasses on the old pier by day"


def reader(kind: str = "sdxl", guidance: float = 5.0) -> Reader:
    return Reader(pipeline(kind), guidance)


def tokens(text: str) -> int:
    return len(pipeline("sdxl").tokenizer.tokenize(text))


def test_a_short_prompt_is_one_window() -> None:
    assert reader().fit(["ink on paper", "a pier"], None).windows == ("ink on paper, a pier",)


def test_a_long_prompt_breaks_between_phrases_and_no_window_is_too_long() -> None:
    phrases = [f"{LONG} {number}" for number in range(4)]
    text = reader().fit(phrases, None)
    assert ", ".join(text.windows) == ", ".join(phrases)
    assert len(text.windows) > 1
    assert all(tokens(window) <= 75 for window in text.windows)


def test_what_no_window_has_room_for_is_said() -> None:
    phrases = [f"{LONG} {LONG} {number}" for number in range(5)]
    text = reader().fit(phrases, None)
    assert len(text.windows) == WINDOWS_MAX
    assert [*text.windows, *text.left_out] == phrases


def test_a_phrase_longer_than_a_window_is_cut_at_a_word() -> None:
    text = reader().fit([f"{LONG} {LONG} {LONG} {LONG} {LONG}"], None)
    assert tokens(text.windows[0]) <= 75
    assert f"{text.windows[0]} {text.left_out[0]}" == f"{LONG} {LONG} {LONG} {LONG} {LONG}"


def test_a_language_model_reads_everything_at_once() -> None:
    text = reader("klein").fit([LONG] * 6, None)
    assert (len(text.windows), text.left_out) == (1, ())


def test_windows_lie_side_by_side_and_the_first_is_pooled() -> None:
    of = reader()
    two = of.fit([LONG, LONG, LONG, LONG], "fog")
    first = of.fit([two.windows[0]], "fog")
    both, one = of.encode(two), of.encode(first)
    assert both is not None and one is not None
    assert both["prompt_embeds"].shape[1] == both["negative_prompt_embeds"].shape[1] == 77 * len(two.windows)
    assert both["prompt_embeds"][:, :77].equal(one["prompt_embeds"])
    assert both["pooled_prompt_embeds"].equal(one["pooled_prompt_embeds"])


def test_a_text_is_read_once() -> None:
    of = reader()
    for _ in range(3):
        of.encode(of.fit(["ink", "a pier"], None))
    assert of.encoded == 1


def test_the_same_words_under_another_learned_style_are_read_again() -> None:
    of = reader()
    of.encode(of.fit(["a pier"], None, "one"))
    of.encode(of.fit(["a pier"], None, "other"))
    assert of.encoded == 2


def test_without_guidance_no_negative_is_read() -> None:
    of = reader(guidance=1.0)
    said = of.encode(of.fit(["a pier"], None))
    assert said is not None and "negative_prompt_embeds" not in said


def test_a_pipeline_that_nobody_knows_gets_the_words() -> None:
    class Unknown:
        pass

    of = Reader(Unknown(), 5.0)
    text = of.fit(["ink", "a pier"], "fog")
    assert of.encode(text) is None
    assert (text.windows, text.negative) == (("ink, a pier",), "fog")
