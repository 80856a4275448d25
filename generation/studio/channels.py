"""The logical gates: how often somebody is right who has one channel of a movie and reads it exactly.

    read_channels(movie)["m00042-q017"]      # {"dialogue_only": 0.25, "single_frame": 0.5, "shuffled": 0.25}

Where the channel settles the answer the value is 1; else the reader draws among what remains, and the value is one
over that many; 0 would say that it was led astray. Only multiple-choice questions with a logical form have these
gates. The reader is asking/reader.py; generation/gating/measured.py stores what it finds.
"""

import json
from typing import Final

from moviellm.generation.briefs import QuestionsBrief
from moviellm.generation.config.recipe import QuestionConfig
from moviellm.generation.schema import Movie, QAPair
from moviellm.generation.studio.asking.reader import Log, Reader, question_inputs
from moviellm.generation.studio.asking.views import ViewName

VIEWS: Final[dict[str, ViewName]] = {"dialogue_only": "dialogue", "single_frame": "frame", "shuffled": "shuffled"}
"""Gate -> the channel that its reader has."""


def read_channels(movie: Movie) -> dict[str, dict[str, float]]:
    """Expected accuracy by question id and gate."""
    asked = [question for question in movie.qa_pairs or () if question.form is not None and question.options]
    if not asked:
        return {}
    brief = QuestionsBrief(movie=movie, questions=QuestionConfig())
    reader = Reader(Log(question_inputs(brief)["movie"]))
    return {question.question_id: _expected(reader, question) for question in asked}


def _expected(reader: Reader, question: QAPair) -> dict[str, float]:
    form = json.loads(question.form or "")
    candidates = form["options"]
    right = candidates[question.answer_index]
    found = {}
    for gate, view in VIEWS.items():
        left = reader.remaining(form, view, candidates)
        found[gate] = 1 / len(left) if right in left else 0.0
    return found
