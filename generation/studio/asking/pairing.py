"""Questions asked of both twins: the same words, options and form, and different answers.

    for one, two in twin_questions(askers, ideas, config): ...     # (idea, draft) for the original and for its twin

Whoever answers without looking says the same of both and is never right about both. The questions are chosen from the
pair alone, in one order, so that it does not matter which of the two movies asks. Their words name nothing that is in
one of the films only, and what they ask about comes after the point where the films part.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from moviellm.generation.briefs import QuestionDraft
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import canonical_json
from moviellm.generation.studio.asking.asker import OPTIONS_MAX, OPTIONS_MIN, Asker, Idea
from moviellm.generation.studio.asking.forms import answer

TWINS_MAX, TWINS_MIN = 4, 2
ASKS: Final = (
    "event", "fact", "belief", "knower", "count", "count_scenes", "count_places", "count_holders", "first", "last",
    "before", "setting",
)  # fmt: skip
"""Forms whose words do not quote one of the films."""
Made = tuple[Idea, QuestionDraft]


def twin_questions(
    askers: Sequence[Asker], ideas: Sequence[Sequence[Idea]], config: Mapping[str, Any]
) -> list[tuple[Made, Made]]:
    """Two to four pairs of questions, one for the original and one for its twin; fewer where fewer answers differ."""
    one, two = ({idea.key: idea for idea in found if idea.form["ask"] in ASKS and not idea.denies} for found in ideas)
    shared = [(one[key], two[key]) for key in sorted(set(one) & set(two))]
    shared = [pair for pair in shared if pair[0].value != pair[1].value and _after(askers, pair)]
    near, far = config["distance_min"], config["distance_max"]
    shared = [p for p in shared if all(a.within(idea, near, far) for a, idea in zip(askers, p, strict=True))]
    rng = random.Random(derive_seed(0, *(canonical_json(pair[0].form) for pair in shared)))
    rng.shuffle(shared)
    most = min(TWINS_MAX, max(TWINS_MIN, config["per_movie"] // 4), config["per_movie"])
    found: list[tuple[Made, Made]] = []
    kinds: dict[str, int] = {}
    while shared and len(found) < most:
        shared.sort(key=lambda pair: kinds.get(pair[0].form["ask"], 0))
        pair = shared.pop(0)
        made = _made(askers, pair, rng, f"twin-{len(found):02d}")
        if made is not None:
            kinds[pair[0].form["ask"]] = kinds.get(pair[0].form["ask"], 0) + 1
            found.append(made)
    return found


def _after(askers: Sequence[Asker], pair: tuple[Idea, Idea]) -> bool:
    """Whether the evidence reaches beyond the point where the films part, in both."""
    parts = max(asker.log.movie["diverges_s"] or 0.0 for asker in askers)
    return all(idea.ends_s() > parts for idea in pair)


def _made(
    askers: Sequence[Asker], pair: tuple[Idea, Idea], rng: random.Random, group: str
) -> tuple[Made, Made] | None:
    """The questions, as multiple choice where there are enough options."""
    pools = [asker.pool(idea) for asker, idea in zip(askers, pair, strict=True)]
    barred = [*pair[0].barred, *pair[1].barred]
    both = [pair[0].value, pair[1].value]
    pool = [value for value in dict.fromkeys(_flat(pools)) if value not in barred or value in both]
    for asker, idea in zip(askers, pair, strict=True):
        if answer(idea.form, asker.log) != idea.value or not asker.reader.settled(idea.form, "film", pool):
            return None
    wrong = [value for value in pool if value not in both]
    options = [*both, *rng.sample(wrong, min(len(wrong), OPTIONS_MAX - 2))]
    rng.shuffle(options)
    text = askers[0].question_text(pair[0])
    made: list[Made] = []
    for asker, idea in zip(askers, pair, strict=True):
        if "multiple_choice" in idea.formats and len(options) >= OPTIONS_MIN:
            draft: QuestionDraft | None = asker.choice(idea, options, text)
        else:
            draft = asker.draft(idea, "open_ended", text)
        if draft is None:
            return None
        made.append((idea, draft.model_copy(update={"group": group})))
    same = made[0][1].options == made[1][1].options and made[0][1].form == made[1][1].form
    return (made[0], made[1]) if same else None


def _flat(pools: Sequence[Sequence[object]]) -> Iterator[object]:
    for pool in pools:
        yield from pool
