"""Questions: as many of each type and format as asked, answers that give nothing away, evidence, groups, twins.

That answers are right is checked by a second reader: see test_independent.py and test_by_hand.py.
"""

import asyncio
import json
import re
from collections import Counter
from functools import lru_cache
from typing import Any, cast

from moviellm.generation.briefs import QuestionDraft, QuestionsBrief, QuestionsDraft
from moviellm.generation.config.recipe import QuestionConfig, Recipe
from moviellm.generation.dialogue import write_dialogue
from moviellm.generation.movie import diverges_s
from moviellm.generation.orders import MovieOrder
from moviellm.generation.plot import write_plot
from moviellm.generation.schema import Movie
from moviellm.generation.studio.asking.reader import Log, Reader, question_inputs
from moviellm.generation.studio.asking.wording import Words
from moviellm.generation.workbench import Workbench
from tests.generation.studio.kit import STYLE, THEMES, WRITER, DirectBench

EVERYTHING = STYLE.model_copy(update={"shows": ("colour", "time_of_day", "weather", "feeling")})
MOVIES = 40
HIDDEN = "It is not shown."
FORMATS = {"multiple_choice": 0.5, "open_ended": 0.3, "temporal_grounding": 0.15, "dense_captioning": 0.05}


@lru_cache(maxsize=256)
def told(seed: int, twin: bool = False, level: str = "rich", scenes: int = 3) -> Movie:
    """A movie of three chapters without pictures or questions, in a style that shows everything."""
    size = {"chapters": 3, "scenes": scenes, "keyframes": 5}
    bench = DirectBench(Recipe.model_validate({"story": size, "language": {"level": level}}))
    order = MovieOrder(
        movie_id=f"m{2 * seed + twin:05d}", theme=THEMES[seed % len(THEMES)], seed=seed, **size,
        twin_of=f"m{2 * seed:05d}" if twin else None, held_out=False,
    )  # fmt: skip

    async def line() -> Movie:
        room = cast(Workbench, bench)
        plot = await write_plot(room, order)
        return await write_dialogue(room, plot.movie, plot.story, plot.outline, plot.heads, plot.drafts)

    return asyncio.run(line()).model_copy(update={"style": EVERYTHING})


def ask(movie: Movie, twin: Movie | None = None, seed: int = 1, **config: Any) -> tuple[QuestionDraft, ...]:
    asked = QuestionConfig.model_validate({"per_movie": 24, **config})
    request = WRITER.request("questions", QuestionsBrief(movie=movie, questions=asked, twin=twin), seed)
    return QuestionsDraft.model_validate(asyncio.run(WRITER.write(request))).questions


@lru_cache(maxsize=4)
def asked() -> tuple[tuple[Movie, QuestionDraft], ...]:
    """The questions of MOVIES movies, with the formats of FORMATS."""
    movies = [told(seed) for seed in range(MOVIES)]
    return tuple((movie, q) for i, movie in enumerate(movies) for q in ask(movie, seed=i, formats=FORMATS))


def choices() -> list[tuple[Movie, QuestionDraft]]:
    return [(movie, q) for movie, q in asked() if q.answer_format == "multiple_choice"]


def form(question: QuestionDraft) -> dict[str, Any]:
    assert question.form is not None
    return cast(dict[str, Any], json.loads(question.form))


def log_of(movie: Movie) -> Log:
    return Log(question_inputs(QuestionsBrief(movie=movie, questions=QuestionConfig())))


def test_types_come_in_equal_parts_where_nothing_is_asked_for():
    counts = Counter(q.question_type for _, q in asked())
    assert len(counts) == 11
    for name, count in counts.items():
        assert abs(count / len(asked()) - 1 / 11) < 0.02, name


def test_types_come_as_asked():
    shares = {"state": 0.5, "order": 0.3, "visual": 0.2}
    counts = Counter(q.question_type for seed in range(MOVIES) for q in ask(told(seed), seed=seed, types=shares))
    for name, share in shares.items():
        assert abs(counts[name] / counts.total() - share) < 0.02


def test_formats_come_as_asked():
    counts = Counter(q.answer_format for _, q in asked())
    for name, share in FORMATS.items():
        assert abs(counts[name] / counts.total() - share) < 0.02, name


def test_a_movie_gets_no_more_questions_than_asked_for_and_none_twice():
    for seed in range(MOVIES):
        texts = [q.question for movie, q in asked() if movie is told(seed) and q.turn_of is None]
        assert len(texts) <= 24
        assert len(texts) == len(set(texts))


def test_a_movie_of_few_events_gets_fewer_questions():
    questions = ask(told(3, scenes=1), per_movie=200)
    assert 20 < len(questions) < 200


def test_no_questions_are_asked_where_none_are_wanted():
    assert ask(told(3), per_movie=0) == ()


def test_the_same_request_gives_the_same_questions():
    assert ask(told(5), seed=4) == ask(told(5), seed=4)


def test_another_seed_gives_other_questions():
    assert ask(told(5), seed=4) != ask(told(5), seed=5)


def test_multiple_choice_has_three_or_four_different_options():
    for _, q in choices():
        assert 3 <= len(q.options) <= 4
        assert len(set(q.options)) == len(q.options)
        assert q.options[q.answer_index or 0] == q.answer


def test_the_right_option_is_anywhere():
    places = Counter(q.answer_index for _, q in choices() if len(q.options) == 4)
    assert places.total() > 200
    for place in range(4):
        assert abs(places[place] / places.total() - 0.25) < 0.09


def test_the_protagonist_is_no_likelier_an_answer_than_others():
    right, offered = 0, 0.0
    for movie, q in choices():
        hero = next((p.name for p in movie.characters if p.role == "protagonist"), None)
        if hero in q.options:
            right += q.answer == hero
            offered += 1 / len(q.options)
    assert offered > 15
    assert abs(right - offered) < 3 * offered**0.5


def test_what_is_not_shown_is_right_in_a_quarter_of_the_questions_that_offer_it():
    offering = [q for _, q in choices() if HIDDEN in q.options]
    right = sum(q.answer == HIDDEN for q in offering)
    assert len(offering) > 30
    assert abs(right / len(offering) - 0.25) < 0.1


def test_yes_and_no_are_as_likely():
    answers = Counter(
        q.answer
        for seed in range(MOVIES)
        for q in ask(told(seed), seed=seed, per_movie=12, types={"state": 1.0}, formats={"open_ended": 1.0})
        if q.answer in ("Yes", "No")
    )
    assert answers.total() > 40
    assert abs(answers["Yes"] / answers.total() - 0.5) < 0.15


def test_whoever_sees_and_hears_everything_can_tell_the_right_option():
    readers = {id(movie): Reader(log_of(movie)) for movie, _ in asked()}
    for movie, q in choices():
        options = form(q)["options"]
        assert readers[id(movie)].remaining(form(q), "film", options) == [options[q.answer_index or 0]], q.question


def test_what_comes_first_or_last_is_asked_of_the_options_alone():
    sizes = Counter[tuple[int, int]]()
    for seed in range(16):
        movie = told(seed)
        for q in ask(movie, seed=seed, per_movie=8, types={"order": 1.0}, formats={"multiple_choice": 1.0}):
            logical = form(q)
            if q.options and logical["ask"] in ("first", "last"):
                assert sorted(logical["options"]) == list(range(len(logical["events"]))), q
                assert all(option.rstrip(".").lower() in q.question.lower() for option in q.options), q
                assert len(q.evidence) <= len(q.options), q
                named = re.split(r", | or ", q.question.partition(": ")[2])
                sizes[len(q.options), len(named)] += 1
    assert {options for options, _ in sizes} == {3, 4}
    assert all(options == named for options, named in sizes), sizes


def test_whoever_lacks_a_required_channel_can_rule_out_no_option():
    readers = {id(movie): Reader(log_of(movie)) for movie, _ in asked()}
    without = {"vision": "dialogue", "dialogue": "vision", "order": "shuffled"}
    for movie, q in choices():
        for channel in q.requires:
            options = form(q)["options"]
            assert readers[id(movie)].remaining(form(q), without[channel], options) == options  # type: ignore[arg-type]


def test_every_channel_is_required_by_some():
    needs = Counter(channel for _, q in asked() for channel in q.requires)
    assert min(needs[name] for name in ("vision", "dialogue", "order")) > 0.1 * len(asked())


def test_evidence_names_pictures_and_lines_of_the_movie_within_it():
    for movie, q in asked():
        frames = {frame.keyframe_id for frame in movie.keyframes()}
        lines = {line.line_id for line in movie.dialogue()}
        assert set(q.keyframe_ids) <= frames and set(q.line_ids) <= lines
        assert all(span.end_s <= movie.duration_s for span in q.evidence)
        assert q.evidence or q.question_type == "unanswerable", q


def test_forms_hold_no_ids():
    assert not [q.form for _, q in asked() if re.search(r'"m\d{5}', q.form or "")]


def test_clauses_mean_one_event_each():
    movie = told(2)
    log = log_of(movie)
    speaker = WRITER._speaker("en", "rich")
    words = Words(speaker.grammars["questions"], cast(Any, None), log, {})
    words.at = lambda place: f"at {place}"  # type: ignore[method-assign]
    words.say = lambda name, slots=None: str(slots)  # type: ignore[assignment, method-assign]
    texts = [clause.text for event in log.events if (clause := words.clause(event))]
    assert len(texts) > 0.5 * len(log.events)
    assert len(texts) == len(set(texts))


def test_all_levels_are_asked_about():
    assert {q.level for _, q in asked()} == {"movie", "chapter", "scene", "keyframe"}


def test_a_question_at_the_level_of_a_chapter_has_its_evidence_in_one():
    found = 0
    for movie, q in asked():
        if q.level == "chapter":
            found += 1
            assert any(all(c.span.covers(span) for span in q.evidence) for c in movie.chapters), q.question
    assert found > 20


def test_some_evidence_lies_further_apart_than_half_the_movie():
    far = [q for m, q in asked() if q.evidence and q.evidence[-1].start_s - q.evidence[0].start_s > m.duration_s / 2]
    assert len(far) > 0.05 * len(asked())


def test_the_distance_to_the_end_is_kept():
    for seed in range(8):
        movie = told(seed)
        for q in ask(movie, distance_min=0.3, distance_max=0.6):
            if q.question_type in ("overview", "unanswerable") or q.answer_format == "dense_captioning":
                continue
            left = (movie.duration_s - max(span.end_s for span in q.evidence)) / movie.duration_s
            assert 0.3 - 1e-6 <= left <= 0.6 + 1e-6, q.question


def test_groups_have_two_to_four_questions():
    groups = Counter((movie.movie_id, q.group) for movie, q in asked() if q.group)
    assert set(groups.values()) <= {2, 3, 4}
    assert abs(groups.total() / len(asked()) - 0.2) < 0.03


def test_follow_ups_come_after_what_they_follow_up():
    found = 0
    for seed in range(MOVIES):
        questions = [q for movie, q in asked() if movie is told(seed)]
        for i, q in enumerate(questions):
            if q.turn_of is not None:
                found += 1
                assert 0 <= q.turn_of < i
    assert found > 0.03 * len(asked())


def test_colours_are_asked_only_where_the_style_shows_them():
    def coloured(shows: tuple[str, ...] | None) -> int:
        style = STYLE.model_copy(update={"shows": shows})
        questions = [
            q
            for seed in range(4)
            for q in ask(told(seed).model_copy(update={"style": style}), per_movie=60, types={"character": 1.0})
        ]
        return sum(form(q).get("what") == "colour" for q in questions)

    assert coloured(("colour",)) > 0
    assert coloured(("weather",)) == coloured(None) == 0


def test_without_colours_only_the_only_one_of_its_kind_is_asked_about_by_sight():
    style = STYLE.model_copy(update={"shows": ()})
    found = 0
    for seed in range(12):
        movie = told(seed).model_copy(update={"style": style})
        kinds = Counter(thing.kind for thing in movie.objects)
        kind_of = {thing.name: thing.kind for thing in movie.objects}
        for q in ask(movie, per_movie=40, types={"visual": 1.0}):
            if form(q)["what"] in ("holding", "lying"):
                found += 1
                name = q.answer.removeprefix("The ").rstrip(".")
                assert kinds[kind_of[name]] == 1
    assert found > 10


def twins(seed: int) -> tuple[Movie, Movie]:
    one, two = told(seed), told(seed, twin=True)
    return one, two.model_copy(update={"diverges_s": diverges_s(one, two)})


def shared(movie: Movie, other: Movie, seed: int) -> dict[str, QuestionDraft]:
    return {q.group: q for q in ask(movie, other, seed) if q.group and q.group.startswith("twin-")}


def test_twins_are_asked_the_same_in_the_same_words_and_answer_otherwise():
    for seed in range(10):
        one, two = twins(seed)
        mine, its = shared(one, two, 1), shared(two, one, 2)
        assert mine.keys() == its.keys() and 1 <= len(mine) <= 4
        for name, q in mine.items():
            assert (q.question, q.options, q.form) == (its[name].question, its[name].options, its[name].form)
            assert q.answer != its[name].answer


def test_twins_are_asked_about_what_comes_after_they_part():
    for seed in range(10):
        one, two = twins(seed)
        for q in (*shared(one, two, 1).values(), *shared(two, one, 2).values()):
            assert q.evidence[-1].end_s > (two.diverges_s or 0.0)


def test_clozes_have_few_words():
    words: Counter[str] = Counter()
    for seed in range(10):
        movie = told(seed, level="cloze")
        names = {p.name.lower() for p in movie.characters} | {o.name.split()[0] for o in movie.objects}
        for q in ask(movie):
            assert q.question == q.question.lower() and q.question.endswith("?") or " ? " in q.question, q.question
            words.update(w for w in re.findall(r"[a-z]+", q.question) if w not in names)
    strangers = {
        name.lower() for names in WRITER._speaker("en", "cloze").vocabulary.data["names"].values() for name in names
    }
    assert len(set(words) - strangers) < 200


def test_clozes_come_in_all_four_formats():
    formats = {q.answer_format for seed in range(10) for q in ask(told(seed, level="cloze"), formats=FORMATS)}
    assert len(formats) == 4
