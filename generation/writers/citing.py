"""How questions that a model answers become drafts: everything exact in them follows from what they cite.

    draft = questions_draft(answer, context)        # QuestionsDraft; ValueError says what is wrong

Evidence, spans, what a question requires, the answers that count, order or date are computed here from the cited
keyframes and lines; the model writes none of them. Options are shuffled by the seed of the request. Level, type and
format are those of the slot. What is asked in which part: asking.py.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from moviellm.generation.briefs import QuestionDraft, QuestionsDraft
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Channel, TemporalSpan
from moviellm.generation.writers.answers import ItemAnswer, QuestionAnswer, QuestionsAnswer
from moviellm.generation.writers.checks import alike_faults, interrogative_faults, language_faults
from moviellm.generation.writers.drafting import Context, raise_faults

DISTRACTORS = 3
ITEMS_OF_ORDER = (3, 4)
SKIPPED_SHARE_MAX = 0.5
"""Slots of a part that may be left empty; at least one may."""
NAMES_AN_ID: Final = re.compile(r"\bc\d+s\d+|\bkeyframes?\b|\bcaptions?\b|\bslot\b", re.IGNORECASE)
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "span": "From {start} to {end} seconds.",
        "then": ", then ",
        "order": "In which order do these happen: {items}?",
        "or": " or ",
        "unanswerable": "The movie does not show or say that.",
    },
    "es": {
        "span": "De {start} a {end} segundos.",
        "then": ", luego ",
        "order": "¿En qué orden ocurre esto: {items}?",
        "or": " o ",
        "unanswerable": "La película no lo muestra ni lo dice.",
    },
}
"""What is worded here; other languages use the English numbers and commas of `en`."""
Spans = Mapping[str, Sequence[float]]


def questions_draft(answer: QuestionsAnswer, context: Context) -> QuestionsDraft:
    """The questions of a part."""
    slots = {int(slot["slot"]): slot for slot in context["slots"]}
    faults = list(_slot_faults(answer, slots))
    known = [question for question in answer.questions if question.slot in slots]
    for question in known:
        wrong = [*_citation_faults(question, slots[question.slot], context), *_text_faults(question)]
        wrong += [] if wrong else _kind_faults(question, slots[question.slot], context)
        faults += [f"slot {question.slot}: {fault}" for fault in wrong]
    texts = [_text(question, slots[question.slot], context) for question in known]
    same = {text for text in texts if texts.count(text) > 1}
    faults += [f"two questions are the same: {text!r}" for text in sorted(same)]
    faults += interrogative_faults(texts, context["language"])
    answers = [question.answer for question in answer.questions]
    faults += language_faults([*texts, *answers], context["language"])
    raise_faults(faults)
    ordered = sorted(known, key=lambda question: question.slot)
    return QuestionsDraft(questions=tuple(_question(q, slots[q.slot], context) for q in ordered))


def _slot_faults(answer: QuestionsAnswer, slots: Mapping[int, Any]) -> Iterator[str]:
    filled = [question.slot for question in answer.questions]
    given = filled + [skipped.slot for skipped in answer.skipped]
    for number in sorted(set(given) - set(slots)):
        yield f"there is no slot {number}"
    for number in sorted({number for number in given if given.count(number) > 1}):
        yield f"slot {number} is filled or skipped twice"
    missing = sorted(set(slots) - set(given))
    if missing:
        yield f"slots {', '.join(map(str, missing))} are neither filled nor skipped"
    if len(answer.skipped) > max(1, SKIPPED_SHARE_MAX * len(slots)):
        yield f"{len(answer.skipped)} of {len(slots)} slots are skipped; find material for more of them"


def _citation_faults(question: QuestionAnswer, slot: Mapping[str, Any], context: Context) -> Iterator[str]:
    for cited in _frames_of(question):
        if cited not in context["frames"]:
            yield f"there is no keyframe {cited!r} in this part"
    for cited in question.lines:
        if cited not in context["lines"]:
            yield f"there is no line {cited!r} in this part"
    if slot["type"] == "unanswerable":
        if _frames_of(question) or question.lines:
            yield "it is unanswerable and cites evidence"
    elif not _frames_of(question) and not question.lines:
        yield "it cites neither a keyframe nor a line"
    elif slot["type"] == "dialogue" and not question.lines:
        yield "it asks about dialogue and cites no line"
    elif slot["type"] == "visual" and not question.keyframes:
        yield "it asks what can be seen and cites no keyframe"


def _text_faults(question: QuestionAnswer) -> Iterator[str]:
    texts = [question.question, question.answer, *question.distractors, *(item.text for item in question.items)]
    named = next((match[0] for text in texts if (match := NAMES_AN_ID.search(text))), None)
    if named is not None:
        yield f"{named!r} is of this text, not of the movie; say it in the movie's own words"
    if not question.question.strip():
        yield "the question is empty"


def _kind_faults(question: QuestionAnswer, slot: Mapping[str, Any], context: Context) -> Iterator[str]:
    kind, answer_format = slot["type"], slot["format"]
    scenes = {cited.partition("k")[0].partition("d")[0] for cited in (*_frames_of(question), *question.lines)}
    if slot["level"] in ("scene", "keyframe") and len(scenes) > 1:
        yield f"it is about one {slot['level']} and cites several scenes ({', '.join(sorted(scenes))})"
    if slot["level"] == "keyframe" and len(_frames_of(question)) > 1:
        yield f"it is about one keyframe and cites {len(_frames_of(question))}"
    if kind in ("count", "order") or answer_format == "dense_captioning":
        yield from _item_faults(question, slot, context)
    elif answer_format == "temporal_grounding":
        if len(_stretches(question.keyframes, context["frames"])) != 1:
            yield "a moment is one stretch: cite keyframes that follow each other, without a gap"
    elif answer_format == "multiple_choice":
        yield from _option_faults(question)
    elif kind != "unanswerable" and not question.answer.strip():
        yield "it has no answer"


def _option_faults(question: QuestionAnswer) -> Iterator[str]:
    if len(question.distractors) != DISTRACTORS:
        yield f"multiple choice has {DISTRACTORS} distractors, got {len(question.distractors)}"
    if not all(option.strip() for option in (question.answer, *question.distractors)):
        yield "an option is empty"
    yield from alike_faults(question.answer, question.distractors)


def _item_faults(question: QuestionAnswer, slot: Mapping[str, Any], context: Context) -> Iterator[str]:
    texts = [item.text.strip().casefold() for item in question.items]
    if not all(texts) or len(set(texts)) < len(texts):
        yield f"its items must be named and differ, got {texts}"
    if not question.items:
        yield f"a {slot['type']} question lists its items, each with the keyframe that shows it"
    if slot["type"] == "order":
        least, most = ITEMS_OF_ORDER
        starts = [context["frames"][item.keyframe][0] for item in question.items]
        if not least <= len(question.items) <= most:
            yield f"order takes {least} or {most} items, got {len(question.items)}"
        if len(set(starts)) < len(starts):
            yield "two items to be ordered are shown by the same keyframe"


def _frames_of(question: QuestionAnswer) -> list[str]:
    """Keyframes that a question or its items cite, each once."""
    return list(dict.fromkeys([*question.keyframes, *(item.keyframe for item in question.items)]))


def _words(context: Context) -> Mapping[str, str]:
    return WORDS.get(context["language"], WORDS["en"])


def _text(question: QuestionAnswer, slot: Mapping[str, Any], context: Context) -> str:
    """The question's words: those of an order question are ours, so that its options and its words agree."""
    if slot["type"] != "order" or not question.items:
        return question.question.strip()
    rng = random.Random(derive_seed(context["seed"], "items", question.slot))
    texts = [item.text.strip().rstrip(".") for item in question.items]
    rng.shuffle(texts)
    words = _words(context)
    return words["order"].format(items=", ".join(texts[:-1]) + words["or"] + texts[-1])


def _question(question: QuestionAnswer, slot: Mapping[str, Any], context: Context) -> QuestionDraft:
    """One draft, of an answer without faults."""
    frames, lines, movie_id = context["frames"], context["lines"], context["movie_id"]
    cited = sorted(_frames_of(question), key=lambda name: frames[name][0])
    said = sorted(dict.fromkeys(question.lines), key=lambda name: lines[name][0])
    spans = _merged([frames[name] for name in cited] + [lines[name] for name in said])
    answer, wrong = _answer(question, slot, spans, context)
    options: list[str] = []
    if slot["format"] == "multiple_choice":
        options = [answer, *wrong]
        random.Random(derive_seed(context["seed"], "options", question.slot)).shuffle(options)
    return QuestionDraft(
        level=slot["level"],
        question_type=slot["type"],
        answer_format=slot["format"],
        question=_text(question, slot, context),
        answer=answer,
        options=tuple(options),
        answer_index=options.index(answer) if options else None,
        evidence=tuple(TemporalSpan(start_s=start, end_s=end) for start, end in spans),
        keyframe_ids=tuple(_long(movie_id, name) for name in cited),
        line_ids=tuple(_long(movie_id, name) for name in said),
        requires=tuple(_requires(slot, cited, said)),
    )


def _answer(
    question: QuestionAnswer, slot: Mapping[str, Any], spans: Sequence[Sequence[float]], context: Context
) -> tuple[str, list[str]]:
    """The right answer and the wrong options."""
    words, frames = _words(context), context["frames"]
    rng = random.Random(derive_seed(context["seed"], "wrong", question.slot))
    if slot["type"] == "unanswerable":
        return words["unanswerable"], []
    if slot["type"] == "count":
        return str(len(question.items)), _wrong_numbers(len(question.items), rng)
    items = sorted(question.items, key=lambda item: frames[item.keyframe][0])
    if slot["format"] == "dense_captioning":
        told = [f"{frames[i.keyframe][0]}-{frames[i.keyframe][1]} s: {i.text.strip().rstrip('.')}." for i in items]
        return " ".join(told), []
    if slot["type"] == "order":
        return _orders(items, words, rng)
    if slot["format"] == "temporal_grounding":
        return words["span"].format(start=spans[0][0], end=spans[0][1]), []
    return question.answer.strip(), [option.strip() for option in question.distractors]


def _orders(items: Sequence[ItemAnswer], words: Mapping[str, str], rng: random.Random) -> tuple[str, list[str]]:
    texts = [item.text.strip().rstrip(".") for item in items]
    right = words["then"].join(texts)
    wrong: list[str] = []
    while len(wrong) < DISTRACTORS:
        option = words["then"].join(rng.sample(texts, len(texts)))
        if option != right and option not in wrong:
            wrong.append(option)
    return right, wrong


def _wrong_numbers(right: int, rng: random.Random) -> list[str]:
    """Numbers near the right one; which place it has among them is left to chance."""
    below = rng.randint(0, min(DISTRACTORS, right - 1)) if right > 1 else 0
    numbers = [number for number in range(right - below, right - below + DISTRACTORS + 1) if number != right]
    return [str(number) for number in numbers]


def _requires(slot: Mapping[str, Any], frames: Sequence[str], lines: Sequence[str]) -> Iterator[Channel]:
    """What cannot be done without: what is cited, and the order of things where it is asked for."""
    if slot["type"] == "unanswerable" or (frames and slot["type"] != "dialogue"):
        yield "vision"
    if lines:
        yield "dialogue"
    if slot["type"] in ("order", "moment") or slot["format"] in ("temporal_grounding", "dense_captioning"):
        yield "order"


def _long(movie_id: str, name: str) -> str:
    """`m00042-c03-s02-k04` for `c03s02k04`."""
    return "-".join([movie_id, *re.findall(r"[a-z]\d+", name)])


def _stretches(cited: Sequence[str], spans: Spans) -> list[list[float]]:
    return _merged([spans[name] for name in cited])


def _merged(spans: Sequence[Sequence[float]]) -> list[list[float]]:
    """Spans in order, those that touch or overlap as one."""
    merged: list[list[float]] = []
    for start, end in sorted((span[0], span[1]) for span in spans):
        if merged and start <= merged[-1][1] + 1e-6:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return merged
