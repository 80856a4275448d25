"""The view `sft`: every question of a dataset as TRL's trainer takes it, `prompt` and `completion`.

    for row in sft_rows(movie, look, seed=0): ...

The prompt is the film, then the question in the form its answer format asks for; a follow-up has the turns before it.
The completion is the dataset's answer; that of a multiple-choice question begins with its letter. With times as
hundredths, what a question says in minutes is turned into them, and answers that are times are said anew. Questions
that somebody found to be wrong, not shown or repeated are left out, and counted on the card.
"""

import random
from collections.abc import Iterator, Mapping
from string import ascii_uppercase

from moviellm.generation.dataset.features import Features, Row
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Event, Flag, Movie, QAPair
from moviellm.training.rows.film import Look, Shown, show, whole
from moviellm.training.rows.talk import MESSAGES, REFERENCES, SPAN, Talk
from moviellm.training.rows.words import Chooser, bare, plain, words_for

SPOILT: frozenset[Flag] = frozenset({"wrong_or_unanswerable", "not_shown", "repeated"})
"""Flags of questions that teach something wrong, or the same twice."""
COLUMNS: Features = {
    "prompt": MESSAGES,
    "completion": MESSAGES,
    "images": REFERENCES,
    "question_id": "string",
    "question_type": "string",
    "answer_format": "string",
    "level": "string",
    "group_id": "string",
    "turn_of": "string",
    "flags": ["string"],
    "answer_index": "int64",
    "evidence": [SPAN],
    "duration_s": "float64",
    "templates": ["string"],
}


def sft_rows(movie: Movie, look: Look, seed: int) -> Iterator[Row]:
    """Rows of a movie, without the columns that all views share."""
    chooser = Chooser(words_for(movie.language), random.Random(derive_seed(seed, "sft", movie.movie_id)))
    shown = show(whole(movie), look, chooser.words)
    if not shown.keyframes:
        return
    known = {question.question_id: question for question in movie.qa_pairs or ()}
    for question in known.values():
        chain = chain_of(question, known)
        if not any(SPOILT.intersection(one.flags) for one in chain):
            yield _row(movie, chain, look, shown, chooser)


def threads_of(movie: Movie) -> list[list[QAPair]]:
    """Questions with their follow-ups behind them, each question once, but where two follow up the same one.

    Such a question comes again before the second of them. What is left out for its flags takes its follow-ups along.
    """
    known = {question.question_id: question for question in movie.qa_pairs or ()}
    threads: list[list[QAPair]] = []
    for question in known.values():
        chain = chain_of(question, known)
        if any(SPOILT.intersection(one.flags) for one in chain):
            continue
        open_thread = next((one for one in threads if len(chain) > 1 and one[-1] is chain[-2]), None)
        if open_thread is not None:
            open_thread.append(question)
        else:
            threads.append(chain)
    return threads


def chain_of(question: QAPair, known: Mapping[str, QAPair]) -> list[QAPair]:
    """The question and those that it follows up, the first one first."""
    chain = [question]
    while (before := chain[0].turn_of) is not None and before in known and len(chain) <= len(known):
        chain.insert(0, known[before])
    return chain


def spoilt(movie: Movie) -> int:
    """Questions of a movie that are left out for their flags."""
    known = {question.question_id: question for question in movie.qa_pairs or ()}
    return sum(any(SPOILT.intersection(one.flags) for one in chain_of(q, known)) for q in known.values())


def _row(movie: Movie, chain: list[QAPair], look: Look, shown: Shown, chooser: Chooser) -> Row:
    talk = Talk(whole(movie), look, chooser.words, shown)
    _speak(chain, movie, talk, chooser)
    messages = talk.messages()
    asked = chain[-1]
    return {
        "prompt": messages[:-1],
        "completion": messages[-1:],
        "images": talk.images(),
        "question_id": asked.question_id,
        "question_type": asked.question_type,
        "answer_format": asked.answer_format,
        "level": asked.level,
        "group_id": asked.group_id,
        "turn_of": asked.turn_of,
        "flags": list(asked.flags),
        "answer_index": asked.answer_index,
        "evidence": [{"start_s": span.start_s, "end_s": span.end_s} for span in asked.evidence],
        "duration_s": movie.duration_s,
        "templates": list(talk.templates),
    }


def _speak(questions: list[QAPair], movie: Movie, talk: Talk, chooser: Chooser) -> None:
    for number, question in enumerate(questions):
        talk.ask(*_question(question, talk, chooser, follows=number > 0))
        talk.answer(_answer(question, movie, talk, chooser))


def _question(question: QAPair, talk: Talk, chooser: Chooser, follows: bool) -> tuple[str, str]:
    by_index = talk.look.times == "index"
    text = plain(question.question)
    task = f"hint_{question.answer_format}"
    if follows and question.answer_format == "open_ended":
        task = "follow_up"
    slots = {
        "question": talk.ledger.with_clock_times(text) if by_index else text,
        "options": "\n".join(f"{letter}. {option}" for letter, option in lettered(question)),
        "in_unit": "" if by_index else chooser.words.line("in_unit"),
    }
    return chooser.say(task, **slots)


def lettered(question: QAPair) -> list[tuple[str, str]]:
    """The options with their letters; after Z come AA, AB and so on."""
    return [(letter_of(number), plain(option)) for number, option in enumerate(question.options)]


def letter_of(number: int) -> str:
    """`A` for 0."""
    last = ascii_uppercase[number % 26]
    return last if number < 26 else letter_of(number // 26 - 1) + last


def _answer(question: QAPair, movie: Movie, talk: Talk, chooser: Chooser) -> str:
    if question.answer_index is not None:
        return f"{letter_of(question.answer_index)}. {plain(question.answer)}"
    if talk.look.times == "index":
        if question.answer_format == "temporal_grounding" and question.evidence:
            return " ".join(chooser.words.line("ground_answer", **talk.times(span)) for span in question.evidence)
        if question.answer_format == "dense_captioning":
            return _dense_by_index(question, movie, talk, chooser)
    return plain(question.answer)


def _dense_by_index(question: QAPair, movie: Movie, talk: Talk, chooser: Chooser) -> str:
    """The events at the evidence of a dense captioning question; its own words where they are not known."""
    events: dict[tuple[float, float], Event] = {(e.span.start_s, e.span.end_s): e for e in movie.events}
    found = [events.get((span.start_s, span.end_s)) for span in question.evidence]
    if not found or None in found:
        return plain(question.answer)
    known = [event for event in found if event is not None]
    lines = [chooser.words.line("dense_item", caption=bare(e.caption), **talk.times(e.span)) for e in known]
    return "\n".join(lines)
