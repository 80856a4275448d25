"""The view `align` (VTimeLLM's stage 1): one picture, an instruction, a caption.

    for row in align_rows(movie, seed=0): ...

`brief` rows are answered with the keyframe's caption. Captions name people, whom no picture names; so the instruction
says who is there, from left to right, where it is known what can be seen. `detailed` rows are answered with a
description made of how the frame was staged (describing.py), in English, without names. A twin's pictures from before
it differs are those of its original and are left out.
"""

import random
from collections.abc import Iterator

from moviellm.generation.dataset.features import Features, Row
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Keyframe, Movie
from moviellm.training.rows.describing import describe, seen_people
from moviellm.training.rows.film import repeated, text_message
from moviellm.training.rows.talk import MESSAGES, REFERENCES, references
from moviellm.training.rows.words import Chooser, Words, capital, plain, words_for

COLUMNS: Features = {
    "prompt": MESSAGES,
    "completion": MESSAGES,
    "images": REFERENCES,
    "keyframe_id": "string",
    "kind": "string",
    "templates": ["string"],
}


def align_rows(movie: Movie, seed: int) -> Iterator[Row]:
    """Rows of a movie, without the columns that all views share."""
    chooser = Chooser(words_for(movie.language), random.Random(derive_seed(seed, "align", movie.movie_id)))
    for keyframe in movie.keyframes():
        if keyframe.image_sha256 is None or repeated(movie, keyframe.span):
            continue
        brief = _brief(movie, keyframe, chooser)
        if brief is not None:
            yield brief
        detailed = describe(movie, keyframe)
        if detailed is not None:
            yield _row(keyframe, "detailed", *chooser.say("align_detailed"), detailed)


def _brief(movie: Movie, keyframe: Keyframe, chooser: Chooser) -> Row | None:
    caption = plain(keyframe.caption).strip()
    named = [person.name for person in movie.characters if person.name in keyframe.caption]
    who = _who_is_there(movie, keyframe, chooser.words)
    if not caption or (named and who is None):
        return None
    template, text = chooser.say("align_brief")
    return _row(keyframe, "brief", template, f"{who} {text}" if who else text, caption)


def _who_is_there(movie: Movie, keyframe: Keyframe, words: Words) -> str | None:
    """Names from left to right; empty where nobody is to be seen, None where it is not known who is where."""
    seen = seen_people(movie, keyframe)
    if seen is None and len(keyframe.character_ids) == 1:
        seen = [person for person in movie.characters if person.character_id == keyframe.character_ids[0]]
    if seen is None:
        return None
    if not seen:
        return ""
    names = [plain(person.name) for person in seen]
    line = words.data["who_is_there"]["one" if len(names) == 1 else "more"]
    return capital(str(line).format(who=words.listing(names)))


def _row(keyframe: Keyframe, kind: str, template: str, question: str, answer: str) -> Row:
    picture: Row = {"type": "image", "text": None}
    return {
        "prompt": [{"role": "user", "content": [picture, {"type": "text", "text": f"\n{question}"}]}],
        "completion": [text_message("assistant", answer)],
        "images": references([keyframe]),
        "keyframe_id": keyframe.keyframe_id,
        "kind": kind,
        "templates": [template],
    }
