"""Dialogue: said by who is in the picture, short enough for it, about what happens."""

from moviellm.generation.schema import Movie
from tests.generation.studio.kit import THEMES, make

WORDS_MAX = 10


def movies() -> list[Movie]:
    return [make(THEMES[i % len(THEMES)], 2, 3, 6, i, 0) for i in range(12)]


def test_speakers_are_in_the_picture_they_speak_in():
    for movie in movies():
        for scene in movie.scenes():
            for line in scene.dialogue or ():
                frame = next(k for k in scene.keyframes if k.span.covers(line.span))
                assert line.character_id is None or line.character_id in frame.character_ids


def test_a_keyframe_has_no_more_words_than_time():
    for movie in movies():
        for scene in movie.scenes():
            for frame in scene.keyframes:
                said = [line.text for line in scene.dialogue or () if frame.span.covers(line.span)]
                assert sum(len(text.split()) for text in said) <= WORDS_MAX


def test_most_scenes_have_lines_and_some_a_narrator():
    spoken = [bool(scene.dialogue) for movie in movies() for scene in movie.scenes()]
    assert sum(spoken) > 0.8 * len(spoken)
    assert any(line.character_id is None for movie in movies() for line in movie.dialogue())


def test_who_tells_says_where():
    told = 0
    for movie in movies():
        events = {event.event_id: event for event in movie.events}
        for scene in movie.scenes():
            for line in scene.dialogue or ():
                frame = next(k for k in scene.keyframes if k.span.covers(line.span))
                event = events[frame.event_id]
                if event.action == "tell" and line.character_id == event.participants[0]:
                    places = [place.name for place in movie.locations]
                    people = [person.name for person in movie.characters]
                    assert any(name in line.text for name in places + people)
                    told += 1
    assert told > 2


def test_emotions_are_those_of_the_face():
    for movie in movies():
        for scene in movie.scenes():
            for line in scene.dialogue or ():
                frame = next(k for k in scene.keyframes if k.span.covers(line.span))
                faces = {figure.character_id: figure.emotion for figure in frame.figures}
                assert line.character_id is None or line.emotion == faces[line.character_id]


def test_lines_are_sentences():
    for movie in movies():
        for line in movie.dialogue():
            assert line.text[0].isupper() and line.text[-1] in ".!?"
            assert "{" not in line.text
