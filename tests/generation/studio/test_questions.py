"""Questions: an independent reader of the movie, written here from the questions' meaning, gives the same answers."""

import re
from collections import Counter

import pytest

from moviellm.generation.schema import Event, Movie, QAPair
from tests.generation.studio.kit import STYLE, THEMES, WRITER, make

SEEDS = range(30)
PREPOSITION = {kind: entry["at"] for kind, entry in WRITER._vocabulary.data["places"].items()}


def movie_of(seed: int) -> Movie:
    return make(THEMES[seed % len(THEMES)], 2 + seed % 2, 2, 5, seed, 60)


class Reader:
    """Reads the answers out of the events, the keyframes and the lines."""

    def __init__(self, movie: Movie) -> None:
        self.movie = movie
        self.names = {person.character_id: person.name for person in movie.characters}
        self.events = list(movie.events)

    def at(self, place: str) -> str:
        return f"{PREPOSITION[place.split()[-1]]} {place}"

    def said(self, event: Event) -> str:
        """The event in the words of a question."""
        people = [self.names[person] for person in event.participants]
        a, b = people[0], (people[1] if len(people) > 1 else "somebody")
        o = f"the {event.object}" if event.object else "somebody" if event.action in ("ask", "tell") else "something"
        at, place = self.at(event.location), event.location
        if event.action == "take" and len(people) == 1:
            return f"{a} takes out {o} {at}"
        return {
            "go": f"{a} leaves {place}", "enter": f"{a} arrives {at}", "flee": f"{a} flees from {place}",
            "follow": f"{a} follows {b} away from {place}", "search": f"{a} searches {place} for {o}",
            "find": f"{a} finds {o}", "pick_up": f"{a} picks up {o} {at}", "drop": f"{a} puts down {o} {at}",
            "give": f"{a} gives {o} to {b}", "take": f"{a} takes {o} from {b}", "steal": f"{a} steals {o} from {b}",
            "hide": f"{a} hides {o} {at}", "open": f"{a} opens {o}", "lock": f"{a} locks {o}",
            "read": f"{a} reads {o} {at}", "light": f"{a} lights {o}", "tell": f"{a} tells {b} about {o}",
            "ask": f"{a} asks {b} about {o}", "argue": f"{a} argues with {b} {at}", "hug": f"{a} hugs {b} {at}",
            "wait": f"{a} waits {at}", "watch": f"{a} watches {b} {at}",
        }[event.action]  # fmt: skip

    def the_one(self, clause: str) -> Event:
        found = [event for event in self.events if self.said(event) == clause]
        assert len(found) == 1, f"{clause!r} names {len(found)} events"
        return found[0]

    def holder(self, thing: str, until: Event) -> tuple[str | None, str] | None:
        known = None
        for event in self.events:
            if event.object == thing:
                if event.action in ("pick_up", "take", "steal"):
                    known = (self.names[event.participants[0]], event.location)
                elif event.action == "give":
                    known = (self.names[event.participants[1]], event.location)
                elif event.action in ("drop", "hide"):
                    known = (None, event.location)
            if event is until:
                break
        return known


def asked(question_type: str) -> list[tuple[Reader, QAPair]]:
    readers = [Reader(movie_of(seed)) for seed in SEEDS]
    found = [(r, q) for r in readers for q in r.movie.qa_pairs or () if q.question_type == question_type]
    assert len(found) >= 20, f"only {len(found)} {question_type} questions in {len(readers)} movies"
    return found


def test_state_answers_are_those_of_the_log():
    for reader, question in asked("state"):
        match = re.fullmatch(r"(?:Who has|In whose hands is|Where is) the (\w+ \w+) when (.+)\?", question.question)
        assert match, question.question
        known = reader.holder(match[1], reader.the_one(match[2]))
        assert known is not None
        holder, place = known
        assert question.answer == (holder or reader.at(place))


def test_moments_are_the_spans_of_their_events():
    for _, question in [(r, q) for r, q in asked("moment") if q.answer_format == "temporal_grounding"]:
        assert len(question.evidence) == 1
        span = question.evidence[0]
        assert question.answer == f"From {span.start_s:.1f} to {span.end_s:.1f} seconds."
    for reader, question in asked("moment"):
        match = re.fullmatch(r"Find the moment when (.+)\.", question.question)
        if match:
            assert question.evidence == (reader.the_one(match[1]).span,)


def test_order_answers_come_first_or_last():
    for reader, question in asked("order"):
        match = re.fullmatch(r"(?:Which happens|What comes) (first|last): (.+)\?", question.question)
        assert match, question.question
        events = [next(e for e in reader.events if reader.said(e) == option) for option in question.options]
        times = [event.span.start_s for event in events]
        right = min(times) if match[1] == "first" else max(times)
        assert times[question.options.index(question.answer)] == right
        assert len(set(times)) == len(times)


def test_counts_are_those_of_the_log():
    verbs = {
        "search for something": "search", "ask somebody about something": "ask", "give something to somebody": "give",
        "start an argument": "argue", "steal something": "steal", "hide something": "hide", "wait somewhere": "wait",
        "find something hidden": "find", "pick something up": "pick_up", "read something": "read",
    }  # fmt: skip
    for reader, question in asked("count"):
        match = re.fullmatch(r"How many times does (\w+) (.+)\?", question.question)
        if match:
            done = [
                e for e in reader.events if e.action == verbs[match[2]] and reader.names[e.participants[0]] == match[1]
            ]
            assert question.answer == str(len(done))
            continue
        if "different places" in question.question:
            assert question.answer == str(len({scene.location for scene in reader.movie.scenes()}))
            continue
        match = re.search(r"(?:does (\w+) appear|show (\w+))\?", question.question)
        assert match, question.question
        name = match[1] or match[2]
        who = next(key for key, value in reader.names.items() if value == name)
        scenes = [s for s in reader.movie.scenes() if any(who in k.character_ids for k in s.keyframes)]
        assert question.answer == str(len(scenes))


def test_causes_are_because_edges_and_wrong_options_are_not():
    for reader, question in asked("cause"):
        shown = {frame.event_id for frame in reader.movie.keyframes() if frame.keyframe_id in question.keyframe_ids}
        pair = [event for event in reader.events if event.event_id in shown]
        assert len(pair) == 2
        cause, effect = pair
        assert cause.event_id in (effect.because or ())
        assert question.answer == cause.caption
        behind, todo = set(), list(effect.because or ())
        while todo:
            key = todo.pop()
            behind.add(key)
            todo += next(e for e in reader.events if e.event_id == key).because or ()
        captions = {e.caption for e in reader.events if e.event_id in behind}
        assert captions & set(question.options) <= {question.answer}


def test_who_did_it_did_it_and_nobody_else():
    for reader, question in asked("character"):
        frames = [k for k in reader.movie.keyframes() if k.keyframe_id in question.keyframe_ids]
        event = next(e for e in reader.events if e.event_id == frames[0].event_id)
        whom = question.question.startswith(("To whom", "From whom does", "Whom", "Who receives"))
        receives = question.question.startswith("From whom does") and event.action in ("give", "tell")
        answer = event.participants[1] if whom and not receives else event.participants[0]
        assert question.answer == reader.names[answer]
        rest = tuple(p for p in event.participants if p != answer)
        same = [
            e for e in reader.events
            if (e.action, e.object) == (event.action, event.object)
            and (e.location == event.location or event.location not in question.question)
            and (not rest or (rest == tuple(p for p in e.participants if p in rest) and len(e.participants) == 2))
            and ([p in rest for p in e.participants] == [p in rest for p in event.participants])
        ]  # fmt: skip
        assert {e.participants for e in same} == {event.participants}


def test_spoken_lines_are_said_by_the_answer():
    for reader, question in asked("dialogue"):
        lines = {line.line_id: line for line in reader.movie.dialogue()}
        text = re.search(r'"(.+)"', question.question)
        assert text
        said = [line for line in lines.values() if line.text == text[1]]
        assert len(said) == 1
        if question.question.startswith(("Who", "Which")):
            assert question.answer == reader.names[said[0].character_id]
        else:
            order = list(lines.values())
            assert question.answer == order[order.index(said[0]) + 1].text


def test_what_is_seen_is_in_the_keyframe_of_that_time():
    for reader, question in asked("visual"):
        if question.level != "keyframe":
            continue
        match = re.search(r"at (\d+):(\d\d)", question.question)
        assert match
        at_s = int(match[1]) * 60 + int(match[2])
        frame = next(k for k in reader.movie.keyframes() if k.span.start_s <= at_s < k.span.end_s)
        scene = next(s for s in reader.movie.scenes() if frame in s.keyframes)
        facts = {f"the {f.holding}" for f in frame.figures} | {reader.names[p] for p in frame.character_ids}
        facts |= {f"the {prop}" for prop in frame.props} | {reader.at(scene.location)}
        assert question.answer in facts
        assert frame.keyframe_id in question.keyframe_ids


def test_what_comes_next_is_the_next_event():
    for reader, question in asked("plot"):
        match = re.fullmatch(r"What happens right after (.+)\?|(.+)\. What happens next\?", question.question)
        if match is None:
            assert question.answer == reader.events[-1].caption
            continue
        clause = match[1] or match[2]
        event = next(e for e in reader.events if reader.said(e) == clause)
        assert question.answer == reader.events[reader.events.index(event) + 1].caption


def test_unanswerable_questions_name_nobody_and_nothing_of_the_movie_or_a_deed_that_never_was():
    for reader, question in asked("unanswerable"):
        assert question.evidence == () and question.keyframe_ids == ()
        names = set(re.findall(r"\b[A-Z]\w+", question.question[1:]))
        things = set(re.findall(r"the (\w+ \w+)", question.question))
        stranger = bool(names - set(reader.names.values()))
        props = {prop for frame in reader.movie.keyframes() for prop in frame.props}
        props |= {f.holding for frame in reader.movie.keyframes() for f in frame.figures if f.holding}
        kinds = {(e.object or "").split(" ")[-1] for e in reader.events} | {p.split()[-1] for p in props}
        unknown = any(thing.split()[-1] not in kinds for thing in things)
        deed = re.search(r"(?:Why|When) does (.+) (give|steal|take|find) the (\w+ \w+)", question.question)
        after = re.search(r"after (\w+) (give|steal|take|find)s the (\w+ \w+)", question.question)
        never = deed or after
        assert stranger or unknown or never, question.question
        if never and not stranger and not unknown:
            who = next(key for key, value in reader.names.items() if value == never[1])
            assert not [
                e for e in reader.events if (e.action, e.object) == (never[2], never[3]) and who in e.participants
            ]


def test_colours_are_asked_only_where_the_style_shows_them():
    from moviellm.generation.protocols import QuestionsBrief, QuestionsDraft
    from moviellm.generation.studio.writing.questions import ask, question_inputs

    def coats(style_id: str) -> int:
        movie = movie_of(3).model_copy(update={"style": STYLE.model_copy(update={"style_id": style_id})})
        inputs = question_inputs(QuestionsBrief(movie=movie, questions=200))
        draft: QuestionsDraft = ask(inputs, WRITER._grammars["questions"], WRITER._vocabulary, 1)
        return sum("colour" in question.question for question in draft.questions)

    assert coats("storybook") > 0
    assert coats("noir") == coats("chalk") == 0


def test_questions_are_no_more_than_asked_for_and_never_twice():
    for seed in SEEDS:
        questions = [q.question for q in movie_of(seed).qa_pairs or ()]
        assert len(questions) == len(set(questions)) <= 60


def test_a_movie_of_one_keyframe_has_fewer_questions_and_no_wrong_ones():
    pairs = make(THEMES[0], 1, 1, 1, 3, 50).qa_pairs or ()
    assert 0 < len(pairs) < 50


def test_options_are_three_to_four_and_the_right_one_is_anywhere():
    places: Counter[int] = Counter()
    for seed in SEEDS:
        for question in movie_of(seed).qa_pairs or ():
            if question.answer_format == "multiple_choice":
                assert 3 <= len(question.options) <= 5
                if len(question.options) == 4:
                    places[question.answer_index or 0] += 1
    total = sum(places.values())
    assert total > 300
    for place in range(4):
        assert abs(places[place] / total - 0.25) < 0.07


def test_every_kind_and_format_is_asked():
    pairs = [q for seed in SEEDS for q in movie_of(seed).qa_pairs or ()]
    assert {q.question_type for q in pairs} == {
        "overview", "plot", "cause", "character", "dialogue", "visual", "state", "count", "order", "moment",
        "unanswerable",
    }  # fmt: skip
    assert {q.answer_format for q in pairs} == {
        "open_ended", "multiple_choice", "temporal_grounding", "dense_captioning"
    }  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_dense_captioning_holds_every_event_once_a_movie(seed: int):
    movie = movie_of(seed)
    dense = [q for q in movie.qa_pairs or () if q.answer_format == "dense_captioning"]
    assert len(dense) == 1
    assert len(dense[0].evidence) == len(movie.events)


def test_no_option_counts_more_scenes_than_there_are():
    asked = 0
    for seed in SEEDS:
        movie = movie_of(seed)
        scenes = sum(1 for _ in movie.scenes())
        for question in movie.qa_pairs or ():
            if question.question_type == "count" and "scenes" in question.question:
                asked += 1
                assert all(int(option) <= scenes for option in question.options), question
    assert asked > 10


def test_what_must_be_heard_names_the_lines_that_say_it():
    asked = 0
    for seed in SEEDS:
        movie = movie_of(seed)
        spans = {line.line_id: line.span for line in movie.dialogue()}
        for question in movie.qa_pairs or ():
            if "dialogue" in question.requires and question.evidence:
                asked += 1
                assert question.line_ids, question
                for line_id in question.line_ids:
                    line = spans[line_id]
                    assert any(line.start_s < e.end_s and e.start_s < line.end_s for e in question.evidence)
    assert asked > 50
