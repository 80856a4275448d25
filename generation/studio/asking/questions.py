"""Questions about a movie, computed from its log.

    draft = ask(question_inputs(brief), grammar, vocabulary, seed)      # brief: protocols.QuestionsBrief

Ideas come from asking.py, seeing.py, stating.py and denying.py; choosing.py takes as many of each type and format as
the recipe asks; pairing.py adds those asked of both twins. A short movie gets fewer questions and never a doubtful
one.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from moviellm.generation.briefs import QuestionsDraft
from moviellm.generation.studio.asking.asker import Asker, Idea
from moviellm.generation.studio.asking.asking import cause, dialogue, moment, order, overview, plot
from moviellm.generation.studio.asking.choosing import Choice
from moviellm.generation.studio.asking.denying import unanswerable
from moviellm.generation.studio.asking.movieinputs import question_inputs
from moviellm.generation.studio.asking.movielog import Log
from moviellm.generation.studio.asking.pairing import twin_questions
from moviellm.generation.studio.asking.parts import parts
from moviellm.generation.studio.asking.reader import Reader
from moviellm.generation.studio.asking.seeing import visual
from moviellm.generation.studio.asking.stating import count, state
from moviellm.generation.studio.asking.wording import Words
from moviellm.generation.studio.script.language import Grammar, Voice
from moviellm.generation.studio.world.world import Vocabulary

__all__ = ["ask", "question_inputs"]

SOURCES: Final[Sequence[Callable[[Asker], list[Idea]]]] = (
    overview, plot, cause, parts, dialogue, visual, state, count, order, moment, unanswerable,
)  # fmt: skip


def ask(inputs: Mapping[str, Any], grammar: Grammar, vocabulary: Vocabulary, seed: int) -> QuestionsDraft:
    """At most as many questions as asked for."""
    config = inputs["questions"]
    asker = _asker(inputs["movie"], grammar, vocabulary, random.Random(seed))
    asker.breadth = max(asker.breadth, 2 * config["per_movie"])
    ideas = _ideas(asker)
    choice = Choice(asker, ideas, config)
    if inputs.get("twin") and config["per_movie"]:
        other = inputs["twin"]
        # The pair in one order, whoever asks: both films get the same questions.
        movies = [inputs["movie"], other] if inputs["movie"]["original"] else [other, inputs["movie"]]
        rngs = [random.Random(0), random.Random(0)]
        askers = [_asker(movie, grammar, vocabulary, rng) for movie, rng in zip(movies, rngs, strict=True)]
        for one in askers:
            one.thorough = True
        found = [_ideas(one) for one in askers]
        mine = 0 if inputs["movie"]["original"] else 1
        for pair in twin_questions(askers, found, config):
            choice.keep(*pair[mine])
    return QuestionsDraft(questions=tuple(choice.drafts(config["per_movie"])))


def _asker(movie: Mapping[str, Any], grammar: Grammar, vocabulary: Vocabulary, rng: random.Random) -> Asker:
    log = Log(movie)
    prepositions = {kind: entry["at"] for kind, entry in vocabulary.data["places"].items()}
    words = Words(grammar, Voice(grammar, rng), log, prepositions)
    return Asker(log, Reader(log), words, rng, vocabulary.data)


def _ideas(asker: Asker) -> list[Idea]:
    ideas = [idea for source in SOURCES for idea in source(asker) if asker.words.has(idea.rule)]
    asker.learn(ideas)
    return ideas
