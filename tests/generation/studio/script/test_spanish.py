"""Spanish through the same mechanism: every rule has its twin, story and pictures stay the same, only words differ."""

import json
import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.keyframes import _brief, _Frame
from moviellm.generation.schema import Movie, QAPair, Style
from moviellm.generation.studio.painter import _keyframe_inputs
from moviellm.generation.studio.script.language import SLOT, Grammar
from tests.generation.studio.independent import Film, disagreement, form_of
from tests.generation.studio.kit import STYLE, WRITER, DirectBench, line

GRAMMAR = files("moviellm.generation.studio.grammar")
TRANSLATED = ("captions", "dialogue", "events", "outline", "questions", "summaries")
THEMES = (
    "un farero encuentra un mapa",
    "dos hermanas esconden una carta de su padre",
    "un ladrón roba una corona",
    "una enfermera cura a un soldado en la guerra",
    "el reloj roto",
    "un preso inocente",
    "🦊🌙",
    "un fantasma en el viejo cementerio",
)
ENGLISH_TEXT = """
the and with of in from to is are was have his her she it its they their this that there here who what when where which
while for by at an into out up down away back not but then soon next after before looks gives takes key map letter old
girl boy young red blue green white black yellow silver gold none nothing someone somebody nobody
"""
ENGLISH = frozenset(ENGLISH_TEXT.split())
"""English words that are no Spanish ones."""
EQUIVALENT = (("a lighthouse keeper finds a map", "un farero encuentra un mapa"), ("🦊🌙", "🦊🌙"))
"""The same theme in English and in Spanish."""
SHOWS = ("colour", "time_of_day", "weather", "feeling")


def data(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(GRAMMAR.joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def rules(name: str) -> dict[str, list[str]]:
    found = Grammar(data(name)).rules.items()
    return {rule: [text for _, text in texts] for rule, texts in found if not rule.startswith("cloze.")}


def slots(text: str, own: dict[str, list[str]]) -> set[str]:
    """Slots that a text needs: rules it calls are not slots."""
    return {name for name, _ in SLOT.findall(text) if name not in own}


@lru_cache
def movie(number: int, tag: str = "es", level: str = "rich", theme: str | None = None) -> Movie:
    """A film in Spanish or, from the same seed, in English; of a style that shows everything."""
    size = {"chapters": 2, "scenes": 2 + number % 2, "keyframes": 3}
    language = {"tag": tag, "level": level}
    recipe = Recipe.model_validate({"story": size, "questions": {"per_movie": 16}, "language": language})
    style = Style(**{**STYLE.model_dump(), "shows": SHOWS})
    return line(theme or THEMES[number % len(THEMES)], DirectBench(recipe), 11 + number, style)


def texts(film: Movie) -> list[str]:
    """Everything that a movie says to its reader."""
    found = [film.title, film.genre, film.logline, film.synopsis]
    found += [text for p in film.characters for text in (p.name, p.description)]
    found += [text for place in film.locations for text in (place.name, place.description)]
    found += [thing.name for thing in film.objects]
    found += [event.caption for event in film.events]
    for chapter in film.chapters:
        found += [chapter.title, chapter.summary]
    for scene in film.scenes():
        found += [scene.heading, scene.summary, *(k.caption for k in scene.keyframes)]
        found += [spoken.text for spoken in scene.dialogue or ()]
    for asked in film.qa_pairs or ():
        found += [asked.question, asked.answer, *(asked.options or ())]
    return found


@lru_cache
def everything() -> tuple[tuple[int, str], ...]:
    return tuple((number, text) for number in range(30) for text in texts(movie(number)))


@pytest.mark.parametrize("name", TRANSLATED)
def test_every_rule_has_its_spanish_twin(name: str):
    english, spanish = set(rules(name)), set(rules(f"{name}.es"))
    assert (english - spanish, spanish - english) == (set(), set())


@pytest.mark.parametrize("name", TRANSLATED)
def test_spanish_rules_ask_for_no_slot_that_the_english_do_not(name: str):
    mine, theirs = rules(f"{name}.es"), rules(name)
    offered = {slot for texts in theirs.values() for text in texts for slot in slots(text, theirs)}
    offered |= {"actor"} if name == "events" else set()
    assert {slot for texts in mine.values() for text in texts for slot in slots(text, mine)} <= offered


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_spanish_rule_can_be_said_wherever_the_english_can(name: str):
    same = {"at": "place", "home_at": "home", "end_at": "The_end", "bare": "thing", "target_bare": "target"}
    same["At"] = "The_place"
    mine, theirs = rules(f"{name}.es"), rules(name)

    def needs(text: str, own: dict[str, list[str]]) -> set[str]:
        return {same.get(slot, slot) for slot in slots(text, own)}

    for rule, english in theirs.items():
        least = [needs(text, theirs) for text in english]
        if [] in [sorted(need) for need in least] or rule == "title":
            continue
        for need in least:
            fits = [text for text in mine[rule] if needs(text, mine) <= need]
            assert fits or any(needs(text, mine) <= other for other in least for text in mine[rule]), rule


@pytest.mark.parametrize("name", TRANSLATED)
def test_wording_is_as_varied_as_in_english(name: str):
    mine, theirs = rules(f"{name}.es"), rules(name)
    assert [rule for rule, english in theirs.items() if len(mine[rule]) < min(len(english), 3)] == []


def test_everything_of_the_world_has_a_spanish_name():
    english, spanish, tongue = data("world"), data("world.es"), data("tongue.es")
    for kind, place in english["places"].items():
        assert len(spanish["places"][kind]["names"]) == len(place["adjectives"]), kind
        assert len(spanish["places"][kind]["look"]) == len(place["look"]), kind
    colours = {colour for thing in english["objects"].values() for colour in thing["colours"]}
    assert {*english["places"], *english["objects"], *colours} <= set(tongue["words"])
    assert set(english["occupations"]) <= set(spanish["occupations"])
    assert set(english["genres"]) == set(spanish["genres"])
    for she in ("she", "he"):
        assert set(english["names"][she]) <= set(spanish["names"][she])


def test_no_two_things_of_the_world_have_one_name():
    words = data("tongue.es")["words"]
    nouns = [words[kind] for kind in data("world")["objects"]]
    names = [name for place in data("world.es")["places"].values() for name in place["names"]]
    names += [name for group in data("world.es")["names"].values() for name in group.values()]
    assert len(set(nouns)) == len(nouns)
    assert len(set(names)) == len(names)


def test_no_english_word_is_left():
    leaks = {word for _, text in everything() for word in re.findall(r"\w+", text.lower())} & ENGLISH
    assert leaks == set()


def test_every_slot_is_filled():
    assert [text for _, text in everything() if re.search(r"[{}|]", text)] == []


def test_articles_are_drawn_together_and_sounds_kept_apart():
    wrong = re.compile(r"\b([Dd]e|[Aa]) el\b|\by h?[ií](?![aeou])\w|\bo h?[oó]\w", re.IGNORECASE)
    assert [text for _, text in everything() if wrong.search(text)] == []


def test_words_agree_with_their_noun():
    feminine = data("tongue.es")["gender"]["f"]
    nouns = "|".join(word for word in feminine if len(word) > 3)
    masculine = "rojo|negro|blanco|amarillo|dorado|plateado|morado"
    wrong = re.compile(rf"\b(el|un|del|al) ({nouns})\b|\b({nouns}) ({masculine})\b")
    assert [text for _, text in everything() if wrong.search(text.lower())] == []


def test_questions_and_exclamations_are_opened():
    def balanced(text: str) -> bool:
        return text.count("¿") == text.count("?") and text.count("¡") == text.count("!")

    assert [text for _, text in everything() if not balanced(text)] == []


def test_no_sentence_has_a_hole():
    wrong = re.compile(r"  |\s[.,;:?!](?!\.\.)|\b(de|a|con|por|en|que)[.,?]|\([^)]*$")
    assert [text for _, text in everything() if wrong.search(text)] == []


def test_painters_are_asked_for_the_same_pictures():
    """The same theme and seed in both languages, but for what people, places and things are called."""
    for number in range(8):
        themes = EQUIVALENT[number % 2]
        films = [movie(number, tag, "rich", theme) for tag, theme in zip(("en", "es"), themes, strict=True)]
        names = [[named.name for named in (*film.characters, *film.objects)] for film in films]
        renamed = dict(zip(*names, strict=True))
        asked = [[_inputs(film, frame) for frame in film.keyframes()] for film in films]
        english = [json.loads(_renamed(json.dumps(inputs), renamed)) for inputs in asked[0]]
        assert english == asked[1]
        assert [k.prompt for k in films[0].keyframes()] == [k.prompt for k in films[1].keyframes()]
        assert [c.appearance for c in films[0].characters] == [c.appearance for c in films[1].characters]


def _inputs(film: Movie, frame: Any) -> Any:
    scene = next(scene for scene in film.scenes() if frame in scene.keyframes)
    event = next((event for event in film.events if event.event_id == frame.event_id), None)
    bench: Any = DirectBench(Recipe())
    assert film.style is not None
    return json.loads(json.dumps(_keyframe_inputs(_brief(bench, _Frame(film, scene, frame, event, film.style)))))


def _renamed(text: str, names: dict[str, str]) -> str:
    """Names exchanged where they stand as a whole value under `name`."""
    return re.sub(r'"name": "([^"]*)"', lambda m: f'"name": {json.dumps(names.get(m[1], m[1]))}', text)


def test_the_log_is_the_same_but_for_the_names():
    def log(film: Movie) -> list[Any]:
        return [(e.action, e.variant, e.participants, e.because, len(e.changes), e.span) for e in film.events]

    assert log(movie(3, "en", "rich", "🦊🌙")) == log(movie(3, "es", "rich", "🦊🌙"))


def test_a_theme_steers_in_spanish_as_its_words_do_in_english():
    pairs = {
        "un farero encuentra un mapa": "a lighthouse keeper finds a map",
        "dos hermanas esconden una carta de su padre": "two sisters hide a letter of their father",
        "El ladrón roba unas llaves": "the thief steals unas keys",
    }
    lexicon = WRITER._speaker("es", "rich").lexicon
    assert lexicon is not None
    assert {theme: lexicon.in_english(theme) for theme in pairs} == pairs
    assert all(WRITER.understood(theme, "es") == WRITER.understood(meant) for theme, meant in pairs.items())


def test_no_word_of_a_theme_means_two_things():
    words = [word for group in data("world.es")["theme"].values() for word in group]
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_the_same_seed_and_the_same_words_tell_the_same_story():
    def brief(theme: str, language: str) -> StoryBrief:
        return StoryBrief(theme=theme, language=language, chapters=2, scenes=2, keyframes=4, seed=5)

    english = WRITER._story(brief("a lighthouse keeper finds a map", "en"))
    spanish = WRITER._story(brief("un farero encuentra un mapa", "es"))
    acts = [[event.act.action for scene in s.scenes for event in scene.events] for s in (english, spanish)]
    assert acts[0] == acts[1]
    assert [place.kind for place in english.world.places] == [place.kind for place in spanish.world.places]


SAID = {"yes": "sí", "no": "no"}


def said(value: Any) -> Any:
    """A value of the story world as a Spanish answer says it."""
    asked, words = data("questions.es"), data("tongue.es")["words"]
    tables = [SAID, *(asked[name] for name in ("light", "weather", "feeling", "pose", "colour")), words]
    return next((table[value] for table in tables if isinstance(value, str) and value in table), value)


def test_the_independent_reader_finds_the_same_answers():
    wrong = []
    for number in range(8):
        film = Film(movie(number))
        wrong += [(q.question, q.answer, w) for q in movie(number).qa_pairs or () if (w := _disagreement(film, q))]
    assert wrong == []


def _disagreement(film: Film, question: QAPair) -> str | None:
    """As in English; a word of the world in an open answer is compared in Spanish."""
    form = form_of(question)
    assert form is not None
    found = film.answer(form)
    if question.answer_format == "open_ended" and isinstance(said(found), str) and said(found) != found:
        return None if question.answer.casefold() == said(found).casefold() else f"finds {found!r}"
    return disagreement(film, question)


def test_questions_are_asked_of_spanish_movies_as_of_english():
    def asked(tag: str) -> int:
        return sum(len(movie(number, tag, "rich", "🦊🌙").qa_pairs or ()) for number in (0, 2, 4, 6))

    assert asked("es") >= 0.9 * asked("en")


def test_facts_are_said_by_the_words_of_the_line():
    """Every name in what a line says of the world is in its text, or is who speaks or listens."""
    film = movie(4)
    people = {p.character_id: p.name for p in film.characters}
    for scene in film.scenes():
        for spoken in scene.dialogue or ():
            for fact in spoken.says:
                if fact.attribute == "where":
                    assert fact.entity in spoken.text
                    assert people[spoken.character_id or ""] != fact.entity


def test_lines_do_not_say_what_is_asked_of_the_pictures():
    """Hours, weather and faces: a reader of the lines looks for these very words."""
    asked = data("questions.es")
    words = {
        word for name in ("light", "weather", "feeling") for text in asked[name].values() for word in text.split()
    }
    spoken = [text for texts in rules("dialogue.es").values() for text in texts]
    assert [text for text in spoken if words & set(re.findall(r"\w+", text.lower()))] == []


def test_the_plain_level_says_a_thing_in_one_way():
    film = movie(2, "es", "plain")
    spoken = {event.action: set[str]() for event in film.events}
    for event in film.events:
        names = {person.name: "X" for person in film.characters}
        spoken[event.action].add(" ".join(names.get(word.strip(".,"), word) for word in event.caption.split()[:2]))
    assert all(len(ways) <= 2 for ways in spoken.values())


def test_the_cloze_level_is_english_only():
    with pytest.raises(ValidationError, match="cloze level is English only"):
        Recipe.model_validate({"language": {"tag": "es", "level": "cloze"}})


def test_a_language_without_files_is_refused():
    with pytest.raises(ValueError, match=r"no grammar file .*\.xx\.yaml"):
        WRITER._speaker("xx", "rich")
