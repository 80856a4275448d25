"""Dialogue: said by who is in the picture, short enough for it, about what happens, and honest about what it tells."""

import re
from collections.abc import Iterator
from datetime import date

import pytest

from moviellm.generation.briefs import EventDraft, KeyframeDraft, LineDraft
from moviellm.generation.diversity import opening_repetition
from moviellm.generation.studio.script.saying import SAYS
from tests.generation.studio.drafts import WRITER, Told, told

WORDS_MAX = 10
SEEN = ("pick_up", "drop", "give", "take", "steal", "hide", "bury", "dig", "find", "search", "light", "break", "eat")
"""Actions that a picture shows: their lines say neither the thing nor the place."""


def movies() -> list[Told]:
    return [told(i, (2, 3, 6)) for i in range(20)]


def lines(found: list[Told]) -> Iterator[tuple[Told, LineDraft, KeyframeDraft, EventDraft | None]]:
    """Every line with its picture and its event."""
    for movie in found:
        for _, draft, spoken in movie.scenes:
            events = {event.key: event for event in draft.events}
            for line in spoken.lines:
                yield movie, line, draft.keyframes[line.keyframe_index], events.get(line.event_key or "")


def test_speakers_are_in_the_picture_they_speak_in():
    for _, line, keyframe, _ in lines(movies()):
        assert line.speaker is None or line.speaker in [figure.name for figure in keyframe.figures]


def test_a_line_belongs_to_the_event_of_its_picture():
    for _, line, keyframe, _ in lines(movies()):
        assert line.event_key == (keyframe.event_key if line.speaker else None)


def test_a_keyframe_has_no_more_words_than_time():
    for movie in movies():
        for _, draft, spoken in movie.scenes:
            for i in range(len(draft.keyframes)):
                said = [line.text for line in spoken.lines if line.keyframe_index == i]
                assert sum(len(text.split()) for text in said) <= WORDS_MAX


def test_most_scenes_have_lines():
    spoken = [bool(lines.lines) for movie in movies() for _, _, lines in movie.scenes]
    assert sum(spoken) > 0.8 * len(spoken)


def test_a_narrator_opens_the_movie():
    assert all(movie.scenes[0][2].lines[0].speaker is None for movie in movies())


def test_no_density_is_silence():
    assert not any(spoken.lines for _, _, spoken in told(3, (2, 2, 5), density=0.0).scenes)


def test_density_scales_what_is_said():
    counts = [sum(1 for _ in lines([told(i, (2, 3, 6), density=d) for i in range(20)])) for d in (0.5, 1.0)]
    assert 0.35 < counts[0] / counts[1] < 0.65


def test_who_tells_says_where_or_with_whom():
    found = 0
    for _, line, _, event in lines(movies()):
        if event and event.action in ("tell", "lie") and line.speaker == event.participants[0]:
            where = [fact for fact in line.says if fact.attribute in ("where", "at")]
            assert [fact.entity for fact in where] == [event.topic]
            assert where[0].value.removeprefix("at:").removeprefix("held:") == event.target
            assert event.target in line.text
            found += 1
    assert found > 10


def test_what_is_told_is_nearly_always_spoken():
    told_events = {event.key + movie.outline.title for movie in movies() for _, draft, _ in movie.scenes
                   for event in draft.events if event.action in ("tell", "lie", "promise", "call")}  # fmt: skip
    spoken = {event.key + movie.outline.title for movie, _, _, event in lines(movies()) if event}
    assert len(told_events & spoken) > 0.9 * len(told_events)


def test_what_pictures_show_is_not_said():
    for _, line, _, event in lines(movies()):
        if event and event.action in SEEN and event.variant != "vain" and line.speaker and event.object:
            rest = line.text.lower()
            assert not line.says
            assert event.object not in rest or event.action == "search"


def test_what_a_rule_says_is_in_every_alternative():
    grammar = WRITER._speaker("en", "rich").grammars["dialogue"]
    unnamed = {"say.open.vain.actor", "say.ask.vain.other"}
    for rule, said in SAYS.items():
        assert grammar.has(rule), rule
        needed = set(re.findall(r"\{(topic|thing)\}", "".join("".join(fact) for fact in said)))
        for _, text in grammar.rules[rule] if rule not in unnamed else ():
            slots = set(re.findall(r"\{(\w+)", text))
            if "{where}" in text or "where" in slots:
                slots |= {"topic", "thing"}
            wanted = needed - {"thing"} if "message" in rule or "proof" in rule else needed
            assert wanted <= slots, (rule, text)


def test_beliefs_name_the_place_or_the_person_in_every_alternative():
    grammar = WRITER._speaker("en", "rich").grammars["dialogue"]
    for rule in [rule for rule, said in SAYS.items() if any("{target}" in "".join(fact) for fact in said)]:
        assert all(re.search(r"\{(spot|holder|where|to)\b", text) for _, text in grammar.rules[rule]), rule


def test_emotions_are_those_of_the_face():
    for _, line, keyframe, _ in lines(movies()):
        faces = {figure.name: figure.emotion for figure in keyframe.figures}
        assert line.speaker is None or line.emotion == faces[line.speaker]


@pytest.mark.parametrize("level", ["rich", "plain"])
def test_lines_are_sentences(level: str):
    for _, line, *_ in lines([told(i, (2, 2, 5), level) for i in range(20)]):
        assert line.text[0].isupper() and line.text[-1] in ".!?"
        assert "{" not in line.text and "  " not in line.text


def test_movies_do_not_open_with_the_same_line():
    openings = [told(i, (1, 1, 4)).scenes[0][2].lines[0].text for i in range(200)]
    assert opening_repetition(openings) < 0.02


def test_a_jump_in_time_is_told():
    jumps = 0
    for movie in [told(i, (2, 3, 5), jump=True) for i in range(8)]:
        for (before, _, _), (head, _, spoken) in zip(movie.scenes, movie.scenes[1:], strict=False):
            assert before.date and head.date
            if (date.fromisoformat(head.date) - date.fromisoformat(before.date)).days > 8:
                jumps += 1
                for text in (spoken.lines[0].text, head.summary):
                    assert "later" in text or "have passed" in text
    assert jumps >= 6
