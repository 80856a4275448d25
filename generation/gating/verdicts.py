"""What the scores of the language models' gates say about a question: flags, by the recipe's thresholds.

    question.model_copy(update={"flags": verdicts(question, recipe.gates)})

Pure: it reads stored scores and asks nobody, so that another threshold is another label and no call. A gate without a
value flags nothing. A solver is right too often from its `..._max` on, whichever model it is. Who asks is in
gatekeeping.py; the exact gates that need no model are in measured.py.
"""

from collections.abc import Iterable
from typing import Final

from moviellm.generation.config.models import GatesConfig
from moviellm.generation.schema import Flag, QAPair

BLIND: Final = "llm_blind"
DIALOGUE: Final = "llm_dialogue_only"
SYNOPSIS: Final = "llm_synopsis_only"
TITLE: Final = "llm_title_only"
EVIDENCE: Final = "llm_evidence"
SINGLE_FRAME: Final = "llm_single_frame"
SHUFFLED: Final = "llm_shuffled"
FULL: Final = "llm_full"
SHOWN: Final = "image_text"
SHOWN_OTHERS: Final = "image_text_others"
REPEATS: Final = "repeats"
MEANING: Final = "repeats_meaning"
LLM_GATES: Final = (
    BLIND, TITLE, DIALOGUE, SYNOPSIS, SINGLE_FRAME, SHUFFLED, EVIDENCE, FULL, SHOWN, SHOWN_OTHERS, REPEATS, MEANING,
)  # fmt: skip
"""Names of the scores, in the order in which they are told."""
OPTIONS_MAX: Final = 26
"""Options are shown with a letter each."""
UNSHOWN: Final = ("unanswerable", "overview", "order")
"""Question types whose answer is in no one picture."""
TELLING: Final = ("overview", "plot")
"""Question types that a synopsis may answer."""


def concerns(gate: str, question: QAPair) -> bool:
    """Whether a gate says anything about a question: whether its solver lacks what the question requires."""
    if question.answer_format == "dense_captioning" or len(question.options) > OPTIONS_MAX:
        return False
    if gate == DIALOGUE:
        return "vision" in question.requires
    if gate == SYNOPSIS:
        return question.question_type not in TELLING
    if gate in (SINGLE_FRAME, SHUFFLED):
        return "order" in question.requires
    if gate in (SHOWN, SHOWN_OTHERS):
        # No one picture shows the answer to these, and where it takes dialogue too a line may hold it.
        told = question.question_type in UNSHOWN or question.answer_format == "temporal_grounding"
        seen = "vision" in question.requires and "dialogue" not in question.requires
        return seen and bool(question.keyframe_ids) and not told
    if gate == EVIDENCE:  # a moment is what is cited: whoever is shown it is told when it is
        told = question.answer_format == "temporal_grounding"
        return bool(question.keyframe_ids or question.line_ids) and not told
    return gate in (BLIND, TITLE, FULL)


def verdicts(question: QAPair, gates: GatesConfig) -> tuple[Flag, ...]:
    """The flags of a question, in a fixed order."""
    found: list[Flag] = []
    limits: tuple[tuple[str, float, Flag], ...] = (
        (BLIND, gates.blind_max, "guessable"),
        (TITLE, gates.blind_max, "guessable"),
        (DIALOGUE, gates.dialogue_max, "dialogue_enough"),
        (SYNOPSIS, gates.synopsis_max, "synopsis_leaks"),
        (SINGLE_FRAME, gates.single_frame_max, "one_frame_enough"),
        (SHUFFLED, gates.shuffled_max, "order_free"),
    )
    for gate, limit, flag in limits:
        if concerns(gate, question) and any(value >= limit for value in _values(question, gate)):
            found.append(flag)
    found = list(dict.fromkeys(found))
    if any(value < gates.full_min for gate in (EVIDENCE, FULL) for value in _values(question, gate)):
        found.append("wrong_or_unanswerable")
    shown, others = _values(question, SHOWN), _values(question, SHOWN_OTHERS)
    if concerns(SHOWN, question) and shown:
        margin = shown[-1] - others[-1] if others else 1.0
        if shown[-1] < gates.shown_min or margin < gates.shown_margin:
            found.append("not_shown")
    by_words = any(value >= gates.repeats_max for value in _values(question, REPEATS))
    if by_words or any(value >= gates.meaning_max for value in _values(question, MEANING)):
        found.append("repeated")
    return tuple(found)


def flagged(question: QAPair, gates: GatesConfig) -> QAPair:
    """The question with the flags that its scores say."""
    return question.model_copy(update={"flags": verdicts(question, gates)})


def _values(question: QAPair, gate: str) -> list[float]:
    scores: Iterable[float | None] = (score.value for score in question.gates or () if score.name == gate)
    return [value for value in scores if value is not None]
